"""From a location to its source: a folder, or an S3 prefix. Both list in the order of paths, and hold no content."""

from collections.abc import Collection

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.sources.document_source import DocumentSource
from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sources.name import S3_SCHEME, folder_of, is_other_address
from tasks_lib.ingestion.sources.s3 import S3Source
from tasks_lib.network import require_no_proxy_set_aside


def open_source(location: DocumentLocation, suffixes: Collection[str] = FORMATS) -> DocumentSource:
    """The source at `location`.

    :param suffixes: Endings of the files that are documents, where the location has no globs.
    :raises InputError: If it is no folder, or no address that is understood.
    :raises ConfigurationError: If the way there is a proxy that cannot be used.
    """
    uri = location.uri
    if uri.startswith(S3_SCHEME):
        require_no_proxy_set_aside()
        return S3Source(uri, location.include, location.s3_client, suffixes)
    if is_other_address(uri):
        msg = f"source {uri!r} is not understood"
        raise InputError(msg, hint="Name a folder, or a prefix as s3://bucket/prefix.")
    return FolderSource(folder_of(uri), location.include, suffixes)
