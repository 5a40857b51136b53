"""From a location to its source, by the scheme of its address. All list in the order of paths, and hold no content."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError, PluginError
from tasks_lib.home import Home
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.sources.document_source import DocumentSource
from tasks_lib.ingestion.sources.file_system import FileSystemSource
from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sources.fsspec_client import require_file_system, scheme_of
from tasks_lib.ingestion.sources.git.address import SCHEMES as GIT_SCHEMES
from tasks_lib.ingestion.sources.git.source import GitSource
from tasks_lib.ingestion.sources.name import S3_SCHEME, folder_of, is_other_address, source_name
from tasks_lib.ingestion.sources.s3 import S3Source
from tasks_lib.network import require_no_proxy_set_aside
from tasks_lib.plugins import Plugin, plugins

SITE_SCHEMES = ("sitemap+https", "sitemap+http")
SITEMAP_ENDINGS = (".xml", ".xml.gz")
OURS = frozenset({"file", "s3", "http", "https", *GIT_SCHEMES, *SITE_SCHEMES})
"""Schemes that no plug-in can take."""


def source_of(platform: Platform, settings: Settings, suffixes: Collection[str] = FORMATS) -> DocumentSource:
    """The source that the settings name, with the credentials of the platform.

    :param suffixes: Endings of the files that are documents, where there are no globs.
    :raises InputError: As :func:`open_source`.
    """
    location = platform.documents(settings.ingest.source, settings.ingest.include)
    return open_source(location, suffixes, settings.ingest)


def open_source(
    location: DocumentLocation, suffixes: Collection[str] = FORMATS, config: IngestConfig | None = None
) -> DocumentSource:
    """The source at `location`. Nothing is asked yet, so that what it names may turn out to be missing when it is.

    :param suffixes: Endings of the files that are documents, where the location has no globs.
    :param config: Bounds of what is read of a web site, and the tag of S3 objects that tells their access.
    :raises InputError: If it is no folder, or no address that is understood.
    :raises ConfigurationError: If a package is missing, or the way there is a proxy that cannot be used.
    :raises PluginError: If a package brings the source, and it cannot be made.
    """
    uri = location.uri
    if not is_other_address(uri) and not uri.startswith(S3_SCHEME):
        return FolderSource(folder_of(uri), location.include, suffixes)
    _require_no_password(uri)
    require_no_proxy_set_aside()
    if uri.startswith(S3_SCHEME):
        tag = config.access.s3_tag if config else None
        return S3Source(uri, location.include, location.s3_client, suffixes, tag)
    scheme = scheme_of(uri)
    options = location.options() if location.options else {}
    if scheme in plugin_sources():
        return _brought(plugin_sources()[scheme], location, suffixes)
    if scheme in GIT_SCHEMES:
        return GitSource(uri, _kept_in("git", uri.partition("#")[0]), location.include, options, suffixes)
    if is_sitemap(uri):
        return _site(uri, location.include, options, suffixes, config or IngestConfig())
    require_file_system(uri)
    return FileSystemSource(uri, location.include, options, suffixes)


def is_sitemap(uri: str) -> bool:
    """Whether an address is that of a sitemap: it says so, or is a web page whose name ends as one."""
    scheme, path = scheme_of(uri), urlsplit(uri).path.lower()
    return scheme in SITE_SCHEMES or (scheme in {"http", "https"} and path.endswith(SITEMAP_ENDINGS))


def plugin_sources() -> Mapping[str, Plugin]:
    """Sources of other packages by the schemes of their addresses.

    :raises PluginError: If one takes a scheme of ours.
    """
    brought = plugins("sources")
    for scheme in sorted(OURS & brought.keys()):
        raise brought[scheme].failed("takes a scheme of ours")
    return brought


def _brought(part: Plugin, location: DocumentLocation, suffixes: Collection[str]) -> DocumentSource:
    make = part.load()
    try:
        source: DocumentSource = make(location, frozenset(suffixes))
    except LlmopsError:
        raise
    except Exception as error:  # the package is not ours
        raise part.failed(f"cannot open {location.uri!r}", error) from error
    missing = [
        name for name in ("uri", "former", "files", "skipped", "content_hash", "read") if not hasattr(source, name)
    ]
    if missing:
        raise PluginError(
            f"the plug-in {part} gave a {type(source).__name__} without {', '.join(missing)}",
            hint="Write it as tasks_lib.ingestion.sources.document_source.DocumentSource.",
        )
    return source


def _site(
    uri: str, include: tuple[str, ...], options: Mapping[str, Any], suffixes: Collection[str], config: IngestConfig
) -> DocumentSource:
    from tasks_lib.ingestion.sources.web.site import SiteSource

    largest = int(config.max_file_megabytes * 2**20)
    return SiteSource(uri, _kept_in("sites", uri), include, config.site, options, suffixes, largest)


def _kept_in(kind: str, uri: str) -> Path:
    """The folder of the home where is kept what was fetched of a source; whoever removes it has it fetched anew."""
    digest = hashlib.sha256(source_name(uri).encode()).hexdigest()[:16]
    return Home.from_environment().ensure().root / "cache" / kind / digest


def _require_no_password(uri: str) -> None:
    """Refuse an address with a password, without repeating it: addresses are logged, and stored with each chunk."""
    place = uri.partition("://")[2].partition("/")[0]
    if scheme_of(uri) != "github" and ":" in place.rpartition("@")[0]:  # github://owner:repository@branch
        raise InputError(
            f"the address {scheme_of(uri)}://…@{place.rpartition('@')[2]} carries a password",
            hint="Save it in a block of the platform's `sources`; see the page on sources.",
        )
