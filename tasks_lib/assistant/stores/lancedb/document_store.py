"""``LanceDBDocumentStore``: Haystack's document store on an embedded LanceDB table."""

import asyncio
from copy import deepcopy
from typing import Any

from haystack import Document, default_from_dict, default_to_dict
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret, deserialize_secrets_inplace

from tasks_lib.assistant.stores.lancedb.sync_document_store import Filters, SyncLanceDBDocumentStore


class LanceDBDocumentStore(SyncLanceDBDocumentStore):
    """Documents in a LanceDB table, with vector and keyword search and metadata filters that run inside the search.

    Nothing is opened before the first use, and the table is created by the first write. Reads always see the latest
    commit, of whatever process. Embeddings are kept as 32-bit floats; dates in metadata come back as ISO 8601 texts.
    Each method has a twin with the suffix `_async` that runs it in a thread: LanceDB works outside Python's lock.

    :param uri: Folder of the database, or an object store's address such as `s3://bucket/prefix`.
    :param table: Name of the table: letters, digits, `_`, `-` and `.`.
    :param embedding_dimension: Length of the embeddings of a table that is created.
    :param version: Opens this version of the table, for reading only.
    :param released: Reads the version that `LanceDBIndex.save_states` names as released, from then on.
    :param storage_options: Options of the object store; give credentials as Haystack secrets of the environment.
    :param stored_as: What a stored pipeline holds in place of address and options, where somebody else keeps them.

    Example:
        ```python
        store = LanceDBDocumentStore("data/lancedb", embedding_dimension=384)
        store.write_documents([Document(content="Paid leave is 25 days.", meta={"page": 3})])
        store.filter_documents({"field": "meta.page", "operator": ">", "value": 2})
        ```

    """

    def to_dict(self) -> dict[str, Any]:
        """Serialise: as `stored_as` says, else secrets as the names of their environment variables."""
        if self.stored_as is not None:
            return deepcopy(self.stored_as)
        options = {
            name: value.to_dict() if isinstance(value, Secret) else value
            for name, value in (self.storage_options or {}).items()
        }
        return default_to_dict(
            self,
            uri=self.uri,
            table=self.table,
            embedding_dimension=self.embedding_dimension,
            version=self.version,
            storage_options=options or None,
            **({"released": True} if self.released else {}),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "LanceDBDocumentStore":
        """Deserialise."""
        options = data["init_parameters"].get("storage_options") or {}
        secrets = [name for name, value in options.items() if isinstance(value, dict)]
        deserialize_secrets_inplace(options, keys=secrets)
        store: LanceDBDocumentStore = default_from_dict(cls, data)
        return store

    async def count_documents_async(self) -> int:
        """Twin of `count_documents`."""
        return await asyncio.to_thread(self.count_documents)

    async def count_documents_by_filter_async(self, filters: Filters) -> int:
        """Twin of `count_documents_by_filter`."""
        return await asyncio.to_thread(self.count_documents_by_filter, filters)

    async def filter_documents_async(self, filters: Filters = None) -> list[Document]:
        """Twin of `filter_documents`."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """Twin of `write_documents`."""
        return await asyncio.to_thread(self.write_documents, documents, policy)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """Twin of `delete_documents`."""
        await asyncio.to_thread(self.delete_documents, document_ids)

    async def delete_all_documents_async(self, *, recreate_index: bool = False) -> None:
        """Twin of `delete_all_documents`."""
        await asyncio.to_thread(self.delete_all_documents, recreate_index=recreate_index)

    async def delete_by_filter_async(self, filters: Filters) -> int:
        """Twin of `delete_by_filter`."""
        return await asyncio.to_thread(self.delete_by_filter, filters)

    async def update_by_filter_async(self, filters: Filters, meta: dict[str, Any]) -> int:
        """Twin of `update_by_filter`."""
        return await asyncio.to_thread(self.update_by_filter, filters, meta)

    async def count_unique_metadata_by_filter_async(
        self, filters: Filters, metadata_fields: list[str]
    ) -> dict[str, int]:
        """Twin of `count_unique_metadata_by_filter`."""
        return await asyncio.to_thread(self.count_unique_metadata_by_filter, filters, metadata_fields)

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """Twin of `get_metadata_fields_info`."""
        return await asyncio.to_thread(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """Twin of `get_metadata_field_min_max`."""
        return await asyncio.to_thread(self.get_metadata_field_min_max, metadata_field)

    async def get_metadata_field_unique_values_async(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters = None,
    ) -> tuple[list[Any], int]:
        """Twin of `get_metadata_field_unique_values`."""
        return await asyncio.to_thread(
            self.get_metadata_field_unique_values, metadata_field, search_term, from_, size, filters
        )

    async def embedding_retrieval_async(
        self, query_embedding: list[float], *, filters: Filters = None, top_k: int = 10
    ) -> list[Document]:
        """Twin of `embedding_retrieval`."""
        return await asyncio.to_thread(self.embedding_retrieval, query_embedding, filters=filters, top_k=top_k)

    async def keyword_retrieval_async(self, query: str, *, filters: Filters = None, top_k: int = 10) -> list[Document]:
        """Twin of `keyword_retrieval`."""
        return await asyncio.to_thread(self.keyword_retrieval, query, filters=filters, top_k=top_k)
