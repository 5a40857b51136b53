"""``WeaviateIndexStore``: Haystack's Weaviate store on a connection of ours, that shows only the visible chunks."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from haystack import Document, default_from_dict, default_to_dict
from haystack_integrations.document_stores.weaviate import WeaviateDocumentStore
from weaviate.exceptions import WeaviateBaseError

from tasks_lib.assistant.contract.access import IndexAccess
from tasks_lib.assistant.contract.states import IndexStates, seen_state
from tasks_lib.assistant.stores.weaviate.access import OPEN, AccessRecord, KnownAccess
from tasks_lib.assistant.stores.weaviate.chunks import Chunks
from tasks_lib.assistant.stores.weaviate.connection import Read, WeaviateConnection
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry, Manifest, State
from tasks_lib.assistant.stores.weaviate.schema import (
    AUDIENCE,
    KEYWORDS,
    MANIFEST_SUFFIX,
    chunk_collection,
    collection_name,
    to_chunk,
)
from tasks_lib.assistant.stores.weaviate.search import as_document, matching, near, with_words
from tasks_lib.assistant.stores.weaviate.visible import is_live, visible
from tasks_lib.errors import IndexUnavailableError

if TYPE_CHECKING:
    from weaviate import WeaviateClient
    from weaviate.collections import Collection

UNREAD = {KEYWORDS, AUDIENCE}
"""Properties that earlier indexes do not have, and that no chunk is made of."""


class WeaviateIndexStore(WeaviateDocumentStore):
    """The chunks of one index.

    :param index: Name of the index.
    :param version: The state that is read: the current one, or one that the index keeps (`IndexStates.needed`).
    :param released: Reads the released state, whichever that is then.
    :param stored_as: What a stored pipeline holds in place of the connection, where somebody else keeps that.
    """

    def __init__(
        self,
        connection: WeaviateConnection,
        index: str,
        *,
        version: str | None = None,
        released: bool = False,
        stored_as: dict[str, Any] | None = None,
    ) -> None:
        WeaviateDocumentStore.__init__(self, url=connection.url, collection_settings=chunk_collection(index))
        self.connection = connection
        self.index = index
        self.version = version
        self.released = released
        self.stored_as = stored_as
        self.chunks = Chunks(lambda: self.collection)
        self._access = AccessRecord(index)
        self._there = False
        self._is_at_version = False
        self._dimension = 0

    def to_dict(self) -> dict[str, Any]:
        """Serialise: as `stored_as` says, else with the connection.

        :raises SerializationError: If that holds a key.
        """
        if self.stored_as is not None:
            return deepcopy(self.stored_as)
        released = {"released": True} if self.released else {}
        return default_to_dict(
            self, connection=self.connection.to_dict(), index=self.index, version=self.version, **released
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "WeaviateIndexStore":
        """Deserialise."""
        parameters = data["init_parameters"]
        parameters["connection"] = WeaviateConnection(**parameters["connection"])
        store: WeaviateIndexStore = default_from_dict(cls, data)
        return store

    @property
    def client(self) -> "WeaviateClient":
        """The client that the process shares; reading creates no collection."""
        return self.connection.client()

    @property
    def collection(self) -> "Collection[Any, Any]":
        """The chunks, as they are on the server."""
        return self.client.collections.get(collection_name(self.index))

    def is_there(self) -> bool:
        """Whether the index has its collections."""
        if not self._there:
            self._there = self.client.collections.exists(collection_name(self.index) + MANIFEST_SUFFIX)
        return self._there

    def forget(self) -> None:
        """Look again whether the index has its collections."""
        self._there = False

    def manifest(self) -> Manifest:
        """The manifest of the index, as its documents are in the state that is read."""
        return Manifest(self._manifest_collection(), self.shown_state())

    def shown_state(self) -> int | None:
        """The state that is read; `None` for the latest."""
        if self.version is not None:
            return int(self.version)
        if not self.released:
            return None
        state = seen_state(self.index, lambda: self.states().released)
        return int(state) if state else None

    def states(self) -> IndexStates:
        """What is released and kept."""
        text = self.state().states
        return IndexStates.model_validate_json(text) if text else IndexStates()

    def _manifest_collection(self) -> "Collection[Any, Any]":
        return self.client.collections.get(collection_name(self.index) + MANIFEST_SUFFIX)

    def state(self) -> State:
        """The state of the index."""
        return self._of_manifest(lambda manifest: Manifest(manifest).state(), State())

    def known_access(self) -> KnownAccess:
        """Who may see what, as it is now.

        :raises IndexUnavailableError: If that cannot be read: then nothing is shown.
        """
        return self._of_manifest(self._access.read, OPEN)

    def last_access(self) -> KnownAccess:
        """Who may see what, as it was read last."""
        return self._access.known or self.known_access()

    def save_access(self, access: IndexAccess, *, marked: bool) -> None:
        """Write who may see what, which holds from then on."""
        self._access.write(self.manifest(), access, marked=marked)

    def _of_manifest(self, read: "Callable[[Collection[Any, Any]], Read]", otherwise: Read) -> Read:
        """What the manifest says; `otherwise` where there is none."""

        def ask() -> Read:
            if not self.is_there():
                return otherwise
            try:
                return read(self._manifest_collection())
            except WeaviateBaseError:
                self.forget()
                if self.is_there():
                    raise
                return otherwise  # it was dropped since it was opened

        return self.connection.read(f"index {self.index!r}", ask)

    def require_version(self) -> None:
        """Refuse a state that is not kept; asks the server once.

        :raises IndexUnavailableError: If the index went on without it.
        """
        if self.version is None or self._is_at_version:
            return
        current = self.state().generation or None
        if self.version not in {str(current), *self.states().needed}:
            raise IndexUnavailableError(
                f"index {self.index!r} is at version {current}, and {self.version} was asked for, which is not kept",
                hint="Weaviate keeps the released states only: set index.follow to latest or gated.",
            )
        self._is_at_version = True

    def require_dimension(self, query_embedding: Sequence[float]) -> None:
        """Refuse the vector of another embedder.

        :raises IndexUnavailableError: If it is not as long as those of the index.
        """
        self._dimension = self._dimension or self.state().dimension
        if self._dimension and len(query_embedding) != self._dimension:
            raise IndexUnavailableError(
                f"index {self.index!r} has vectors of {self._dimension} dimensions, "
                f"and the embedder gives {len(query_embedding)}",
                hint="Use the embedder that the index was made with, or ingest again under another collection.",
            )

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """The chunks that satisfy a filter of Haystack, that the manifest names and that the caller may see."""
        return visible(self, matching, filters, None)

    def _embedding_retrieval(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
        distance: float | None = None,
        certainty: float | None = None,
    ) -> list[Document]:
        return visible(self, near(query_embedding, distance, certainty), filters, top_k)

    def _bm25_retrieval(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> list[Document]:
        return visible(self, with_words(query), filters, top_k)

    def _hybrid_retrieval(self, *_: Any, **__: Any) -> list[Document]:
        raise IndexUnavailableError(
            f"index {self.index!r} is not searched by Weaviate's hybrid search",
            hint="Set retriever.mode to hybrid: that joins both searches of the index.",
        )

    async def filter_documents_async(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """Twin of `filter_documents`."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def _embedding_retrieval_async(self, *given: Any, **named: Any) -> list[Document]:
        return await asyncio.to_thread(self._embedding_retrieval, *given, **named)

    async def _bm25_retrieval_async(self, *given: Any, **named: Any) -> list[Document]:
        return await asyncio.to_thread(self._bm25_retrieval, *given, **named)

    async def _hybrid_retrieval_async(self, *_: Any, **__: Any) -> list[Document]:
        return self._hybrid_retrieval()

    def read(self, condition: Any, live: Mapping[DocumentKey, Entry], *, vectors: bool = False) -> Iterator[Document]:
        """Chunks that satisfy a Weaviate filter and that `live` names, whoever may see them."""
        names = [item["name"] for item in chunk_collection(self.index)["properties"] if item["name"] not in UNREAD]
        for _, item in self.chunks.fetch(condition, names, vectors=vectors):
            document = as_document(item)
            if is_live(document, live):
                yield to_chunk(document, keep_vector=vectors)

    def live_ids(self, live: Mapping[DocumentKey, Entry]) -> Iterator[str]:
        """Ids of all chunks that `live` names."""
        for item in self.chunks.every(["_original_id", "source", "document", "generation"]):
            properties = item.properties
            entry = live.get((str(properties["source"]), str(properties["document"])))
            if entry and entry.generation == properties["generation"]:
                yield str(properties["_original_id"])
