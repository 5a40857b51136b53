"""Which documents an index holds, and which generation of each is the visible one.

Weaviate has no transactions. A change writes the new chunks under a new generation, then turns the document's one
manifest object over to it, then deletes the old chunks: readers take only chunks of the generation that the manifest
names, so they see a document as it was before or as it is after.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from weaviate.util import generate_uuid5

from tasks_lib.assistant.stores.weaviate.schema import UUID_SPACE

DocumentKey = tuple[str, str]
"""Source and path."""

_STATE: DocumentKey = ("", "")
_LOOKUP = 1000


@dataclass(frozen=True)
class Entry:
    """A document of the index."""

    document_hash: str
    generation: int
    chunks: int


@dataclass(frozen=True)
class State:
    """The index as a whole.

    :param generation: Of the newest change, finished or not; it is the version of the index.
    :param dimension: Length of the vectors; 0 before the first.
    :param pending: Documents of a change that is under way, or was interrupted.
    """

    generation: int = 0
    dimension: int = 0
    pending: tuple[DocumentKey, ...] = ()


class Manifest:
    """The manifest collection of an index.

    :param collection: Weaviate's collection, as its client gives it.
    """

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def state(self) -> State:
        """The state of the index."""
        item = self._collection.query.fetch_object_by_id(_uuid(_STATE))
        if item is None:
            return State()
        properties = item.properties
        pending = tuple((source, document) for source, document in json.loads(properties["pending"] or "[]"))
        return State(int(properties["generation"]), int(properties["dimension"] or 0), pending)

    def save_state(self, state: State) -> None:
        """Write the state of the index."""
        self._put(
            _STATE,
            {"generation": state.generation, "dimension": state.dimension, "pending": json.dumps(state.pending)},
        )

    def entries(self) -> Iterator[tuple[DocumentKey, Entry]]:
        """All documents."""
        for item in self._collection.iterator():
            key = (item.properties["source"], item.properties["document"])
            if key != _STATE:
                yield key, _entry(item.properties)

    def lookup(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Entry]:
        """Those of `keys` that the index holds."""
        wanted = list(dict.fromkeys(keys))
        entries: dict[DocumentKey, Entry] = {}
        for start in range(0, len(wanted), _LOOKUP):
            ids = [_uuid(key) for key in wanted[start : start + _LOOKUP]]
            objects = self._collection.query.fetch_objects_by_ids(ids, limit=len(ids)).objects
            entries |= {
                (item.properties["source"], item.properties["document"]): _entry(item.properties) for item in objects
            }
        return entries

    def turn(self, key: DocumentKey, entry: Entry | None) -> None:
        """Make `entry` the visible state of a document in one step; without one the document is gone."""
        if entry is None:
            self._collection.data.delete_by_id(_uuid(key))
        else:
            properties = {
                "document_hash": entry.document_hash,
                "generation": entry.generation,
                "chunks": entry.chunks,
            }
            self._put(key, properties)

    def _put(self, key: DocumentKey, properties: Mapping[str, Any]) -> None:
        uuid = _uuid(key)
        data = {"source": key[0], "document": key[1], **properties}
        if self._collection.data.exists(uuid):
            self._collection.data.replace(uuid=uuid, properties=data)
        else:
            self._collection.data.insert(properties=data, uuid=uuid)


def _entry(properties: Mapping[str, Any]) -> Entry:
    return Entry(properties["document_hash"] or "", int(properties["generation"]), int(properties["chunks"] or 0))


def _uuid(key: DocumentKey) -> UUID:
    return UUID(generate_uuid5("\x1f".join(key), UUID_SPACE))
