"""``WeaviateIndexStore``: Haystack's Weaviate store on a connection of ours, that shows only the visible chunks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from haystack import Document, default_from_dict, default_to_dict
from haystack_integrations.document_stores.weaviate import WeaviateDocumentStore
from haystack_integrations.document_stores.weaviate._filters import convert_filters
from weaviate.exceptions import WeaviateBaseError

from tasks_lib.assistant.contract.states import IndexStates, seen_state
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry, Manifest, State
from tasks_lib.assistant.stores.weaviate.schema import (
    KEYWORDS,
    MANIFEST_SUFFIX,
    chunk_collection,
    collection_name,
    searched_properties,
    to_chunk,
)
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.text.analyser import query_terms
from tasks_lib.text.forms import searchable

if TYPE_CHECKING:
    from weaviate import WeaviateClient
    from weaviate.collections import Collection

PAGE = 1000
LONGEST_QUERY = 256
"""Words of a keyword query that are searched."""
TRIES = 4
"""Of a search while documents change under it."""

Search = Callable[[int], list[Document]]


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
        """The chunks."""
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
        with self.connection.guarded(f"index {self.index!r}"):
            if not self.is_there():
                return State()
            try:
                return Manifest(self._manifest_collection()).state()
            except WeaviateBaseError:
                self.forget()
                if self.is_there():
                    raise
                return State()  # it was dropped since it was opened

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

    def visible(self, search: Search, top_k: int) -> list[Document]:
        """The best `top_k` chunks that the manifest names.

        While a document changes, both its generations may be found, or the manifest may turn after the search: then
        the search is done again.

        :param search: Finds the best n, whether visible or not.
        """
        if not self.is_there():
            return []
        wanted = top_k
        documents: list[Document] = []
        for _ in range(TRIES):
            candidates = search(wanted)
            live = self.manifest().lookup(_key(document) for document in candidates)
            documents = [document for document in candidates if _is_live(document, live)]
            if len(documents) == len(candidates) or len(documents) >= top_k:
                break
            wanted = top_k + 2 * (len(candidates) - len(documents))
        return [to_chunk(document) for document in documents[:top_k]]

    def narrowed(self, filters: dict[str, Any] | None) -> dict[str, Any] | None:
        """`filters`, and that a chunk came with the state that is read or before."""
        state = self.shown_state()
        if state is None:
            return filters
        came = {"field": "meta.generation", "operator": "<=", "value": state}
        return {"operator": "AND", "conditions": [filters, came]} if filters else came

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """The chunks that satisfy a filter of Haystack and that the manifest names."""
        if not self.is_there():
            return []
        found = super().filter_documents(filters)
        live = self.manifest().lookup(_key(document) for document in found)
        return [to_chunk(document) for document in found if _is_live(document, live)]

    def _bm25_retrieval(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> list[Document]:
        """As Haystack's, which searches the content as it was written only; `query` is text, of whatever language."""
        names = [item.name for item in self.collection.config.get().properties]
        searched = searched_properties(names)
        words = query_terms(query, LONGEST_QUERY) if searched == [KEYWORDS] else searchable(query)
        if not words.strip():
            return []
        found = self.collection.query.bm25(
            query=words,
            filters=convert_filters(filters) if filters else None,
            limit=top_k,
            include_vector=True,
            query_properties=searched,
            return_properties=names,
            return_metadata=["score"],
        )
        return [self._to_document(item) for item in found.objects]

    def fetch(self, condition: Any, properties: Sequence[str], *, vectors: bool = False) -> Iterator[Any]:
        """Objects that satisfy a Weaviate filter, visible or not, a page at a time."""
        offset = 0
        while True:
            page = self.collection.query.fetch_objects(
                filters=condition,
                limit=PAGE,
                offset=offset,
                include_vector=vectors,
                return_properties=list(properties),
            ).objects
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE

    def read(self, condition: Any, live: Mapping[DocumentKey, Entry], *, vectors: bool = False) -> Iterator[Document]:
        """Visible chunks that satisfy a Weaviate filter."""
        names = [item["name"] for item in chunk_collection(self.index)["properties"] if item["name"] != KEYWORDS]
        for item in self.fetch(condition, names, vectors=vectors):
            document = self._to_document(item)
            if _is_live(document, live):
                yield to_chunk(document, keep_vector=vectors)

    def visible_ids(self, live: Mapping[DocumentKey, Entry]) -> Iterator[str]:
        """Ids of all visible chunks."""
        for item in self.collection.iterator(return_properties=["_original_id", "source", "document", "generation"]):
            properties = item.properties
            entry = live.get((str(properties["source"]), str(properties["document"])))
            if entry and entry.generation == properties["generation"]:
                yield str(properties["_original_id"])


def _key(document: Document) -> DocumentKey:
    return document.meta["source"], document.meta["document"]


def _is_live(document: Document, live: Mapping[DocumentKey, Entry]) -> bool:
    entry = live.get(_key(document))
    return entry is not None and entry.generation == document.meta.get("generation")
