"""What was forgotten does not come back: texts are blacked out of what an ingest writes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from haystack import Document

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import chunk_id
from tasks_lib.ingestion.batch import PreparedBatch
from tasks_lib.ingestion.chunk import content_hash, embedding_text
from tasks_lib.registry.denials import Denials


def without_forgotten(
    prepared: Iterable[PreparedBatch], denials: Denials, embedder: Embedder
) -> Iterator[PreparedBatch]:
    """The batches without texts that were forgotten; what had one is embedded anew."""
    for batch in prepared:
        changed = {at: clean for at, chunk in enumerate(batch.chunks) if (clean := denials.without_texts(chunk))}
        if not changed:
            yield batch
            continue
        made = dict(zip(changed, embedded(list(changed.values()), embedder), strict=True))
        vectors = batch.vectors.copy()
        for at, chunk in made.items():
            vectors[at] = np.asarray(chunk.embedding, dtype=np.float32)
        yield replace(batch, chunks=[made.get(at, chunk) for at, chunk in enumerate(batch.chunks)], vectors=vectors)


def embedded(chunks: Sequence[Document], embedder: Embedder) -> list[Document]:
    """Chunks whose text was changed, with the ids, hashes and vectors that belong to it."""
    vectors = embedder.embed([embedding_text(chunk) for chunk in chunks]) if chunks else []
    made = []
    for chunk, vector in zip(chunks, vectors, strict=True):
        meta = {**chunk.meta, "content_hash": content_hash(chunk)}
        start, end = int(meta.get("start") or 0), int(meta.get("end") or 0)
        own = chunk_id(str(meta["source"]), str(meta["document"]), start, end, chunk.content or "")
        made.append(Document(id=own, content=chunk.content, meta=meta, embedding=list(vector)))
    return made
