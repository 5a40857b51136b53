"""Which documents an index holds, and which generation of each is the visible one.

Weaviate has no transactions. A change writes the new chunks under a new generation, then turns the document's one
manifest object over to it, then deletes the old chunks: readers take only chunks of the generation that the manifest
names, so they see a document as it was before or as it is after. Of a generation that a kept state of the index needs,
the manifest says with which change it came and with which it left, and its chunks stay: who reads a state takes of each
document the generation that it had then.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any
from uuid import UUID

from weaviate.util import generate_uuid5

from tasks_lib.assistant.stores.weaviate.schema import UUID_SPACE

DocumentKey = tuple[str, str]
"""Source and path."""

STATE: DocumentKey = ("", "")
ACCESS: DocumentKey = ("", "access")
_LOOKUP = 1000
_AT_ONCE = 5000
"""Chunks that are asked for at once: a server gives 10,000 results of a query."""


@dataclass(frozen=True)
class Past:
    """What a document was from one change until another."""

    came: int
    left: int
    document_hash: str
    chunks: int

    def is_needed(self, states: Iterable[int]) -> bool:
        """Whether one of `states` shows it."""
        return any(self.came <= state < self.left for state in states)


@dataclass(frozen=True)
class Entry:
    """A document of the index; one without chunks is gone, and only its past is known."""

    document_hash: str
    generation: int
    chunks: int
    past: tuple[Past, ...] = ()

    @property
    def generations(self) -> list[int]:
        """Those whose chunks are kept."""
        return [*([self.generation] if self.chunks else []), *(past.came for past in self.past)]

    def at(self, state: int | None) -> "Entry | None":
        """The document as it is, or as it was in a state; `None` where there is none."""
        if state is None or self.generation <= state:
            return self if self.chunks else None
        found = next((past for past in self.past if past.came <= state < past.left), None)
        return Entry(found.document_hash, found.came, found.chunks) if found else None

    def followed_by(self, entry: "Entry", states: Iterable[int]) -> "Entry":
        """`entry`, which knows of this one and of those before it what `states` need."""
        own = [Past(self.generation, entry.generation, self.document_hash, self.chunks)] if self.chunks else []
        needed = [past for past in (*own, *self.past) if past.is_needed(states)]
        return replace(entry, past=tuple(needed))


@dataclass(frozen=True)
class State:
    """The index as a whole.

    :param generation: Of the newest change, finished or not; it is the version of the index.
    :param dimension: Length of the vectors; 0 before the first.
    :param pending: Documents of a change that is under way, or was interrupted.
    :param states: What is released and kept, as JSON of `IndexStates`; empty where nothing was.
    """

    generation: int = 0
    dimension: int = 0
    pending: tuple[DocumentKey, ...] = ()
    states: str = ""


class Manifest:
    """The manifest collection of an index.

    :param collection: Weaviate's collection, as its client gives it.
    :param at: The state whose documents are shown; the latest without it.
    """

    def __init__(self, collection: Any, at: int | None = None) -> None:
        self._collection = collection
        self._at = at

    def state(self) -> State:
        """The state of the index."""
        item = self._collection.query.fetch_object_by_id(uuid_of(STATE))
        if item is None:
            return State()
        properties = item.properties
        pending = tuple((source, document) for source, document in json.loads(properties["pending"] or "[]"))
        generation, dimension = int(properties["generation"]), int(properties["dimension"] or 0)
        return State(generation, dimension, pending, properties.get("states") or "")

    def save_state(self, state: State) -> None:
        """Write the state of the index."""
        self.put(
            STATE,
            {
                "generation": state.generation,
                "dimension": state.dimension,
                "pending": json.dumps(state.pending),
                "states": state.states,
            },
        )

    def entries(self) -> Iterator[tuple[DocumentKey, Entry]]:
        """All documents."""
        for key, entry in self.records():
            if shown := entry.at(self._at):
                yield key, shown

    def records(self) -> Iterator[tuple[DocumentKey, Entry]]:
        """All that is known of documents, those that are gone included."""
        for item in self._collection.iterator():
            key = (item.properties["source"], item.properties["document"])
            if key not in (STATE, ACCESS):
                yield key, _entry(item.properties)

    def lookup(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Entry]:
        """Those of `keys` that the index holds."""
        found = ((key, entry.at(self._at)) for key, entry in self.known(keys).items())
        return {key: entry for key, entry in found if entry}

    def known(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Entry]:
        """What is known of `keys`, those that are gone included."""
        wanted = list(dict.fromkeys(keys))
        entries: dict[DocumentKey, Entry] = {}
        for start in range(0, len(wanted), _LOOKUP):
            ids = [uuid_of(key) for key in wanted[start : start + _LOOKUP]]
            objects = self._collection.query.fetch_objects_by_ids(ids, limit=len(ids)).objects
            entries |= {
                (item.properties["source"], item.properties["document"]): _entry(item.properties) for item in objects
            }
        return entries

    def turn(self, key: DocumentKey, entry: Entry | None) -> None:
        """Make `entry` the visible state of a document in one step; without one, the document is gone."""
        if entry is None or not entry.generations:
            self._collection.data.delete_by_id(uuid_of(key))
        else:
            properties = {
                "document_hash": entry.document_hash,
                "generation": entry.generation,
                "chunks": entry.chunks,
                "past": json.dumps([astuple(past) for past in entry.past]) if entry.past else "",
            }
            self.put(key, properties)

    def put(self, key: DocumentKey, properties: Mapping[str, Any]) -> None:
        """Write one object whole."""
        uuid = uuid_of(key)
        data = {"source": key[0], "document": key[1], **properties}
        if self._collection.data.exists(uuid):
            self._collection.data.replace(uuid=uuid, properties=data)
        else:
            self._collection.data.insert(properties=data, uuid=uuid)


def batches(entries: Iterable[tuple[str, Entry]]) -> Iterator[list[str]]:
    """Documents, as many at a time as can be asked for at once with all that is kept of them."""
    names: list[str] = []
    chunks = 0
    for name, entry in entries:
        kept = entry.chunks + sum(past.chunks for past in entry.past)
        if names and chunks + kept > _AT_ONCE:
            yield names
            names, chunks = [], 0
        names.append(name)
        chunks += kept
    if names:
        yield names


def _entry(properties: Mapping[str, Any]) -> Entry:
    past = tuple(Past(*each) for each in json.loads(properties.get("past") or "[]"))
    return Entry(properties["document_hash"] or "", int(properties["generation"]), int(properties["chunks"] or 0), past)


def uuid_of(key: DocumentKey) -> UUID:
    """Id of the object of a document, or of what stands for one."""
    return UUID(generate_uuid5("\x1f".join(key), UUID_SPACE))
