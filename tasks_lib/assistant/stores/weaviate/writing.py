"""Changes of an index on Weaviate, in the order that leaves a reader, or a killed run, with whole documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from haystack import Document
from weaviate.classes.config import DataType, Property, Tokenization
from weaviate.classes.query import Filter
from weaviate.util import generate_uuid5

from tasks_lib.assistant.contract.access import IndexAccess
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.weaviate.access import KnownAccess
from tasks_lib.assistant.stores.weaviate.chunks import Place
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry, State, batches
from tasks_lib.assistant.stores.weaviate.marks import audiences_of, mark_of
from tasks_lib.assistant.stores.weaviate.schema import (
    AUDIENCE,
    KEPT,
    KEYWORDS,
    MANIFEST_SUFFIX,
    OTHER_FORMS,
    chunk_collection,
    collection_name,
    manifest_collection,
    to_properties,
)
from tasks_lib.assistant.stores.weaviate.store import WeaviateIndexStore
from tasks_lib.errors import AccessNotHeldError, IndexUnavailableError

_BATCH = 200
_IDENTITY = ("source", "document", "document_hash")


class Writer:
    """Writes the collections behind one index; its callers hold the right to.

    :param strict: Whether an index that is made gets a tenant for each audience.
    """

    def __init__(self, store: WeaviateIndexStore, *, strict: bool = False) -> None:
        self.store = store
        self.strict = strict

    def create(self) -> None:
        """Create what is missing; the manifest comes last, so that an index with one is whole.

        :raises AccessNotHeldError: If access is to be strict and the index was made without tenants.
        """
        name = collection_name(self.store.index)
        collections = self.store.client.collections
        for settings in (
            chunk_collection(self.store.index, by_audience=self.strict),
            manifest_collection(self.store.index),
        ):
            if not collections.exists(settings["class"]):
                collections.create_from_dict(settings)
        self.require_strictness()
        manifest = collections.get(name + MANIFEST_SUFFIX)
        known = {item.name for item in manifest.config.get(simple=True).properties}
        for kept in KEPT:
            if kept not in known:
                manifest.config.add_property(
                    Property(name=kept, data_type=DataType.TEXT, index_filterable=False, index_searchable=False)
                )
        names, config = self.store.chunks.properties(), self.store.collection.config
        if not {KEYWORDS, OTHER_FORMS} & set(names):
            words = Tokenization.WORD
            config.add_property(Property(name=OTHER_FORMS, data_type=DataType.TEXT, tokenization=words))
        if AUDIENCE not in names:
            exact = Tokenization.FIELD
            config.add_property(
                Property(name=AUDIENCE, data_type=DataType.TEXT, tokenization=exact, index_searchable=False)
            )
        self.store.forget()
        self.store.chunks.make_tenants(self.store.known_access().audiences)

    def require_strictness(self) -> None:
        """Refuse an index that was made without tenants, where access is to be strict.

        :raises AccessNotHeldError: As that.
        """
        if self.strict and not self.store.chunks.by_audience():
            raise AccessNotHeldError(
                f"access is to be strict, and index {self.store.index!r} was made without a tenant for each audience",
                hint="Drop the index and ingest again, or ingest under another collection.",
            )

    def turn(self, state: State, rows: Sequence[Document]) -> None:
        """Write `rows`, then make them the visible state of the pending documents; those without rows are gone."""
        manifest = self.store.manifest()
        manifest.save_state(state)
        self.insert(rows, state.generation)
        counts = Counter((chunk.meta["source"], chunk.meta["document"]) for chunk in rows)
        hashes = {
            (chunk.meta["source"], chunk.meta["document"]): str(chunk.meta.get("document_hash") or "") for chunk in rows
        }
        known, needed = manifest.known(state.pending), needed_states(state)
        for key in state.pending:
            entry = Entry(hashes.get(key, ""), state.generation, counts[key])
            manifest.turn(key, known[key].followed_by(entry, needed) if key in known else entry)
        self.repaired(state)

    def insert(self, chunks: Sequence[Document], generation: int) -> None:
        """Write chunks where those who may see them look for them."""
        access = self.store.known_access().access
        marks = [mark_of(access.audience(*_content(chunk.meta))) for chunk in chunks]
        self.store.chunks.make_tenants(marks)
        for mark in sorted(set(marks)):
            place = self.store.chunks.place_of(mark)
            objects = [
                (generate_uuid5(chunk.id, generation), to_properties(chunk, generation, place.properties, mark), chunk)
                for chunk, of in zip(chunks, marks, strict=True)
                if of == mark
            ]
            self._write(place, [(uuid, properties, chunk.embedding) for uuid, properties, chunk in objects])

    def repaired(self, state: State) -> State:
        """Delete the chunks that the manifest no longer names, of the change under way or an interrupted one."""
        if not state.pending:
            return state
        known = self.store.manifest().known(state.pending)
        for key in state.pending:
            self.delete_chunks(key, known.get(key))
        state = replace(state, pending=())
        self.store.manifest().save_state(state)
        return state

    def delete_chunks(self, key: DocumentKey, entry: Entry | None) -> None:
        """Delete the chunks of a document that the manifest does not name."""
        condition = of_documents(key[0], [key[1]])
        for generation in entry.generations if entry else ():
            condition &= Filter.by_property("generation").not_equal(generation)
        self.store.chunks.delete(condition)

    def save_access(self, access: IndexAccess) -> None:
        """Let `access` hold: what it closes is closed from then on, what it opens is found when this is done."""
        before = self.store.known_access()
        if before.marked and before.access == access:
            return
        self.store.chunks.make_tenants(audiences_of(access))
        self.store.save_access(access, marked=False)
        self._mark(access, before)
        self.store.save_access(access, marked=True)

    def mark_rest(self) -> None:
        """Mark what an interrupted change of access left as it was."""
        known = self.store.known_access()
        if known.access.controlled and not known.marked:
            self._mark(known.access, known)
            self.store.save_access(known.access, marked=True)

    def _mark(self, access: IndexAccess, before: KnownAccess) -> None:
        """Mark the chunks of documents that others than `before` may see; all, if not all were marked by then."""
        for source, documents in self._differing(access, before):
            condition = of_documents(source, documents)
            misplaced: dict[tuple[str | None, str], list[Any]] = {}
            for place, item in list(self.store.chunks.fetch(condition, [*_IDENTITY, AUDIENCE])):
                mark = mark_of(access.audience(*_content(item.properties)))
                if item.properties.get(AUDIENCE) != mark or place.mark not in (None, mark):
                    misplaced.setdefault((place.mark, mark), []).append(item.uuid)
            for (lies, mark), ids in misplaced.items():
                self._move(ids, lies, mark)

    def _differing(self, access: IndexAccess, before: KnownAccess) -> Iterator[tuple[str, list[str]]]:
        """Source and paths of documents, few enough to be asked for at once."""
        chosen: dict[str, list[tuple[str, Entry]]] = {}
        for key, entry in self.store.manifest().records():
            hashes = {entry.document_hash, *(past.document_hash for past in entry.past)}
            if not before.marked or any(
                mark_of(access.audience(*key, each)) != mark_of(before.access.audience(*key, each)) for each in hashes
            ):
                chosen.setdefault(key[0], []).append((key[1], entry))
        for source, documents in chosen.items():
            yield from ((source, names) for names in batches(documents))

    def _move(self, ids: Sequence[Any], lies: str | None, mark: str) -> None:
        """Mark chunks, and take them to the place of this mark; none is missing meanwhile."""
        place = self.store.chunks.place_of(mark)
        source = self.store.chunks.place_of(lies or mark)
        for start in range(0, len(ids), _BATCH):
            part = list(ids[start : start + _BATCH])
            found = source.chunks.query.fetch_objects_by_ids(
                part, limit=len(part), include_vector=True, return_properties=list(source.properties)
            )
            self._write(
                place,
                [(item.uuid, {**item.properties, AUDIENCE: mark}, item.vector["default"]) for item in found.objects],
            )
            if source.mark != place.mark:
                source.chunks.data.delete_many(Filter.by_id().contains_any(part))

    def _write(self, place: Place, objects: Iterable[tuple[Any, dict[str, Any], Any]]) -> None:
        given = list(objects)
        with place.chunks.batch.fixed_size(_BATCH) as batch:
            for uuid, properties, vector in given:
                batch.add_object(properties=properties, uuid=uuid, vector=vector)
        if failed := place.chunks.batch.failed_objects:
            raise IndexUnavailableError(
                f"Weaviate refused {len(failed)} of {len(given)} chunks of index {self.store.index!r}: "
                f"{failed[0].message}",
                hint="Run the ingestion again; the documents are unchanged until it ends well.",
            )


def needed_states(state: State) -> set[int]:
    """The states that are kept."""
    states = IndexStates.model_validate_json(state.states) if state.states else IndexStates()
    return {int(kept) for kept in states.needed}


def of_documents(source: str, documents: Sequence[str]) -> Any:
    """Weaviate filter for the chunks of documents."""
    return Filter.by_property("source").equal(source) & Filter.by_property("document").contains_any(list(documents))


def _content(meta: Any) -> tuple[str, str, str]:
    """Source, path and hash of the document of a chunk."""
    source, document, digest = (str(meta.get(name) or "") for name in _IDENTITY)
    return source, document, digest
