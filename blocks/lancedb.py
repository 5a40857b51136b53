"""``LanceDBStore``: indexes in LanceDB, in a folder or in an object store."""

from typing import TYPE_CHECKING, Any

from prefect.types import SecretDict
from pydantic import Field

from blocks.base import Address, link
from blocks.store import IndexStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.home import Home


class LanceDBStore(IndexStore):
    """
    Indexes in LanceDB, in a folder or in an object store.

    Example:
        Save the block, and use it:
        ```python
        from blocks.lancedb import LanceDBStore
        from tasks_lib.home import Home

        LanceDBStore(uri="s3://acme-llmops/indexes", storage_options={"region": "eu-central-1"}).save("BLOCK_NAME")

        lancedb_store = LanceDBStore.load("BLOCK_NAME")
        lancedb_store.indexes(Home.from_environment())
        ```
    """

    _block_type_name = "LLMOps LanceDB store"
    _block_type_slug = "llmops-lancedb-store"
    _description = "Indexes in LanceDB, in a folder or in an object store."
    _documentation_url = link("https://lancedb.github.io/lancedb/guides/storage/")

    uri: Address | None = Field(
        default=None,
        title="Folder or URI",
        description="Folder of the database, or its address such as `s3://bucket/prefix`. Empty: below LLMOPS_HOME.",
    )
    storage_options: SecretDict | None = Field(
        default=None,
        title="Storage options",
        description="Options of the object store, such as region, endpoint, aws_access_key_id and "
        'aws_secret_access_key, as `{"region": "eu-central-1"}`.',
    )

    def index(
        self,
        name: str,
        home: "Home",
        *,
        version: str | None = None,
        released: bool = False,
        dimension: "Callable[[], int] | None" = None,
    ) -> "Index":
        """The table `name`."""
        from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex

        def opened(length: int | None) -> LanceDBIndex:
            return LanceDBIndex(
                self._uri(home),
                name,
                length,
                version=version,
                released=released,
                lock_folder=home.ensure().locks,
                storage_options=self._options(),
                stored_as=self.stored_as(name, version, released=released),
            )

        index = opened(None)
        return index if dimension is None or version is not None or released or index.exists() else opened(dimension())

    def indexes(self, home: "Home") -> list[str]:
        """Names of the tables."""
        from tasks_lib.assistant.stores.lancedb.index import list_indexes

        return list_indexes(self._uri(home), storage_options=self._options())

    def check(self, home: "Home") -> str:
        """List the tables."""
        names = self.indexes(home)
        return f"{self._uri(home)} holds {len(names)} index{'es' if len(names) != 1 else ''}"

    def _uri(self, home: "Home") -> str:
        return self.uri or str(home.ensure().indexes)

    def _options(self) -> dict[str, Any] | None:
        from haystack.utils import Secret

        options = self.storage_options.get_secret_value() if self.storage_options else {}
        return {name: Secret.from_token(str(value)) for name, value in options.items()} or None
