"""Erasure in Weaviate: objects of chunks are deleted or replaced where they are, in every generation that is kept."""

from collections import Counter
from dataclasses import replace

from weaviate.classes.query import Filter
from weaviate.util import generate_uuid5

from tasks_lib.assistant.contract.index import Rewriting
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry
from tasks_lib.assistant.stores.weaviate.schema import AUDIENCE, to_chunk, to_properties
from tasks_lib.assistant.stores.weaviate.search import as_document
from tasks_lib.assistant.stores.weaviate.store import WeaviateIndexStore


def rewrite(store: WeaviateIndexStore, change: Rewriting) -> int:
    """Let `change` decide about every object of the index; the chunks that went or changed.

    A document of which nothing is left is in no state any more, its name neither.
    """
    manifest, names = store.manifest(), store.chunks.properties()
    differing = 0
    for key, entry in list(manifest.records()):
        left, changed = _rewrite_document(store, key, change, names)
        differing += changed
        if changed or not left:
            past = tuple(each for each in entry.past if left[each.came])
            kept: Entry = replace(entry, chunks=left[entry.generation], past=past)
            manifest.turn(key, kept if left else None)
    return differing


def _rewrite_document(
    store: WeaviateIndexStore, key: DocumentKey, change: Rewriting, names: list[str]
) -> tuple[Counter[int], int]:
    """Generation → chunks that are left of a document, and how many went or changed."""
    condition = Filter.by_property("source").equal(key[0]) & Filter.by_property("document").equal(key[1])
    objects = list(store.chunks.fetch(condition, names, vectors=True))
    generations: dict[int, list[int]] = {}
    for at, (_, item) in enumerate(objects):
        generations.setdefault(int(item.properties["generation"]), []).append(at)
    left: Counter[int] = Counter()
    changed = 0
    for generation, places in generations.items():
        lies, mark = objects[places[0]][0].chunks, objects[places[0]][1].properties.get(AUDIENCE)
        before = [to_chunk(as_document(objects[at][1])) for at in places]
        after = change(before)
        left[generation] = len(after)
        kept = {id(chunk) for chunk in after}
        for at, chunk in zip(places, before, strict=True):
            if id(chunk) not in kept:
                lies.data.delete_by_id(objects[at][1].uuid)
                changed += 1
        known = {id(chunk) for chunk in before}
        for chunk in after:
            if id(chunk) not in known:
                uuid = generate_uuid5(chunk.id, generation)
                properties = to_properties(chunk, generation, names, mark)
                lies.data.insert(properties=properties, uuid=uuid, vector=chunk.embedding)
    return left, changed
