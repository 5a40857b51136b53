"""What the manifest of an index on Weaviate names and the caller may see, out of what is found."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from haystack import Document
from haystack_integrations.document_stores.weaviate._filters import convert_filters
from weaviate.classes.query import Filter
from weaviate.exceptions import WeaviateBaseError

from tasks_lib.assistant.contract.access import caller
from tasks_lib.assistant.stores.weaviate.access import KnownAccess
from tasks_lib.assistant.stores.weaviate.chunks import Chunks, Place
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry, Manifest
from tasks_lib.assistant.stores.weaviate.schema import AUDIENCE, to_chunk
from tasks_lib.assistant.stores.weaviate.search import Search

TRIES = 4
"""Of a search while documents change under it."""
_MOST = 10_000
"""Results that a server gives of a query, unless its settings say otherwise."""


class Searched(Protocol):
    """What is searched: the chunks of an index, in the state that is read."""

    chunks: Chunks

    def is_there(self) -> bool:
        """Whether the index has its collections."""
        ...

    def shown_state(self) -> int | None:
        """The state that is read; `None` for the latest."""
        ...

    def manifest(self) -> Manifest:
        """The documents of that state."""
        ...

    def known_access(self) -> KnownAccess:
        """Who may see what, as it is now."""
        ...

    def last_access(self) -> KnownAccess:
        """Who may see what, as it was read last."""
        ...


def visible(store: Searched, search: Search, filters: dict[str, Any] | None, top_k: int | None) -> list[Document]:
    """The best `top_k` chunks, or all.

    While a document changes, both its generations may be found, or the manifest may turn after the search: then the
    search is done again, as it is where the access changed under it.
    """
    if not store.is_there():
        return []
    wanted = top_k
    documents: list[Document] = []
    for _ in range(TRIES):
        found, used = _candidates(store, search, _narrowed(store, filters), wanted)
        best = sorted(found, key=lambda document: (-(document.score or 0.0), document.id))[:wanted]
        documents, now = _shown(store, best)
        hidden = len(best) - len(documents)
        if now is used and (top_k is None or not hidden or len(documents) >= top_k):
            break
        wanted = None if top_k is None else top_k + 2 * hidden
    return [to_chunk(document) for document in documents[:top_k]]


def is_live(document: Document, live: Mapping[DocumentKey, Entry]) -> bool:
    """Whether a chunk is of the generation that `live` names of its document."""
    entry = live.get(key_of(document))
    return entry is not None and entry.generation == document.meta.get("generation")


def key_of(document: Document) -> DocumentKey:
    """Source and path."""
    return document.meta["source"], document.meta["document"]


def both(first: Any, second: Any) -> Any:
    """A Weaviate filter that asks for both, where there are two."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _narrowed(store: Searched, filters: dict[str, Any] | None) -> Any:
    """`filters` for Weaviate, and that a chunk came with the state that is read or before."""
    state = store.shown_state()
    came = None if state is None else Filter.by_property("generation").less_or_equal(state)
    return both(convert_filters(filters) if filters else None, came)


def _candidates(
    store: Searched, search: Search, condition: Any, wanted: int | None
) -> tuple[list[Document], KnownAccess]:
    """What is found, and by which access it was decided where: what the caller may not see is not ranked."""
    used = store.last_access()
    while True:
        try:
            return _searched(store, used, search, condition, wanted), used
        except WeaviateBaseError:
            now = store.known_access()
            if now is used:
                raise
            used = now  # a tenant was searched that is gone by now


def _searched(
    store: Searched, access: KnownAccess, search: Search, condition: Any, wanted: int | None
) -> list[Document]:
    marks, sees_all = access.marks_for(caller()), caller().sees_all
    found: dict[tuple[str, int], Document] = {}
    for place in store.chunks.places(marks):
        met = condition
        if place.mark is None and access.access.controlled and not sees_all:
            met = both(condition, Filter.by_property(AUDIENCE).contains_any(marks))
        for document in _best_of(place, search, met, wanted):  # a chunk that is being moved is found at both places
            found[document.id, document.meta["generation"]] = document
    return list(found.values())


def _best_of(place: Place, search: Search, condition: Any, wanted: int | None) -> list[Document]:
    """The best documents of a place, and those that are as good as the last of them.

    Of equal ones a server takes any; the caller takes them in the order of their ids.
    """
    asked = None if wanted is None else min(wanted + 1, _MOST)
    while True:
        found = list(search(place, condition, asked))
        if wanted is None or asked is None or len(found) < asked or asked == _MOST:
            return found
        if found[-1].score != found[wanted - 1].score:
            return found
        asked = min(2 * asked, _MOST)


def _shown(store: Searched, candidates: Sequence[Document]) -> tuple[list[Document], KnownAccess]:
    """Those of `candidates` that are visible, and by which access."""
    live = store.manifest().lookup(key_of(document) for document in candidates)
    now, asking = store.known_access(), caller()
    shown = [document for document in candidates if is_live(document, live)]
    if now.access.controlled:
        shown = [document for document in shown if now.access.shows(asking, document.meta)]
    return shown, now
