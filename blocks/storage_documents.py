"""``StorageDocuments``: documents in any storage that fsspec reads, with its credentials."""

from typing import Any

from prefect.types import SecretDict
from pydantic import Field

from blocks.base import Address, link
from blocks.documents import Documents
from tasks_lib.assistant.contract.documents import DocumentLocation


class StorageDocuments(Documents):
    """
    Documents below an address that fsspec reads: Google Cloud Storage, Azure, SFTP, WebDAV, GitHub, web folders.

    Example:
        Save the block, and use it:
        ```python
        from blocks.storage_documents import StorageDocuments

        StorageDocuments(
            uri="sftp://files.acme.com/handbook", storage_options={"username": "reader", "password": "…"}
        ).save("BLOCK_NAME")

        storage_documents = StorageDocuments.load("BLOCK_NAME")
        storage_documents.location()
        ```
    """

    _block_type_name = "LLMOps documents in storage"
    _block_type_slug = "llmops-storage-documents"
    _description = (
        "Documents below an address that fsspec reads: gs://, az://, sftp://, webdav://, github://, https://."
    )
    _documentation_url = link("https://filesystem-spec.readthedocs.io/en/latest/api.html#built-in-implementations")

    uri: Address = Field(
        min_length=1,
        title="Address",
        description="Folder of the documents, such as `gs://bucket/prefix` or `sftp://host/folder`.",
    )
    storage_options: SecretDict | None = Field(
        default=None,
        title="Storage options",
        description='Credentials and options as the file system takes them, such as `{"username": "reader", '
        '"password": "…", "known_hosts": "…"}` for SFTP or `{"account_name": "…", "account_key": "…"}` for Azure.',
    )
    include: list[str] = Field(
        default_factory=list,
        title="Patterns",
        description='Files to take, as `["*.md", "*.pdf"]`. Empty: every known format.',
    )

    def location(self, include: tuple[str, ...] = ()) -> DocumentLocation:
        """The folder."""
        return self.location_at(self.uri, include)

    def location_at(self, uri: str, include: tuple[str, ...] = ()) -> DocumentLocation:
        """A folder below it, with the same options."""
        return DocumentLocation(uri, include or tuple(self.include), options=self.options)

    def opens(self, uri: str) -> bool:
        """Whether `uri` is the folder, or lies in it."""
        return f"{uri.rstrip('/')}/".startswith(f"{self.uri.rstrip('/')}/")

    def options(self) -> dict[str, Any]:
        """The storage options, revealed."""
        return dict(self.storage_options.get_secret_value()) if self.storage_options else {}
