"""Median seconds of a query at 10,000 and 100,000 chunks: vector, keyword and hybrid, with and without a filter.

``python benchmarks/ingestion/queries.py [--chunks 10000 100000]``. Chunks are sentences of the handbook in seeded order
with random unit vectors of 384 numbers; embedding the question (the same for every store) is not part of the time.
Beside it, at 10,000 chunks, Haystack's in-memory store.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from corpus import sentences
from haystack import Document
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.ingestion.chunk import Chunk

SOURCE = "file:///benchmark"
CHUNKS_OF_A_DOCUMENT = 10
QUERIES = 60
TOP_K = 50
FILTERED_DOCUMENTS = 100
"""Documents that the filter leaves: a thousand chunks."""

QUESTIONS = (
    "How many days of leave do employees receive?",
    "Who approves travel expenses?",
    "What must I do when my laptop is lost?",
    "Is remote work abroad allowed?",
    "When are salaries paid?",
)
Query = Callable[[str, list[float]], object]


def make_chunks(count: int) -> Iterator[list[Document]]:
    """Chunks of about 120 tokens, a thousand documents at a time."""
    rng, numbers = random.Random(0), np.random.default_rng(0)
    pool = sentences()
    batch: list[Document] = []
    for number in range(count):
        text = " ".join(rng.choices(pool, k=6)) + f" Rule {number}."
        path, place = f"d{number // CHUNKS_OF_A_DOCUMENT:06}.md", number % CHUNKS_OF_A_DOCUMENT * 1000
        vector = numbers.standard_normal(MiniLM.dimension)
        chunk = Chunk(SOURCE, path, text, place, place + len(text), "h", title=path, page=place // 1000)
        batch.append(chunk.to_document((vector / np.linalg.norm(vector)).tolist()))
        if len(batch) == 10_000:
            yield batch
            batch = []
    if batch:
        yield batch


def wanted() -> dict[str, object]:
    """A filter by document, as an application narrows a question down to a folder."""
    names = [f"d{number:06}.md" for number in range(FILTERED_DOCUMENTS)]
    return {"field": "meta.document", "operator": "in", "value": names}


def lancedb(batches: Iterator[list[Document]], folder: Path) -> dict[str, Query]:
    """The project's index, filled and committed."""
    index = LanceDBIndex(str(folder / "lancedb"), "queries", MiniLM.dimension, lock_folder=folder)
    for batch in batches:
        index.replace(SOURCE, sorted({document.meta["document"] for document in batch}), batch)
    index.commit()
    queries: dict[str, Query] = {}
    for suffix, filters in (("", None), (", filtered", wanted())):
        vector = index.vector_retriever(top_k=TOP_K, filters=filters)
        keyword = index.keyword_retriever(top_k=TOP_K, filters=filters)
        queries |= modes(vector, keyword, suffix)
    return queries


def in_memory(batches: Iterator[list[Document]]) -> dict[str, Query]:
    """Haystack's in-memory store."""
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    for batch in batches:
        store.write_documents(batch)
    queries: dict[str, Query] = {}
    for suffix, filters in (("", None), (", filtered", wanted())):
        vector = InMemoryEmbeddingRetriever(store, top_k=TOP_K, filters=filters)
        keyword = InMemoryBM25Retriever(store, top_k=TOP_K, filters=filters)
        queries |= modes(vector, keyword, suffix)
    return queries


def modes(vector: object, keyword: object, suffix: str) -> dict[str, Query]:
    """The three ways to ask a store."""
    by_vector: Any = vector
    by_words: Any = keyword
    fusion: Any = HybridFusion()

    def hybrid(question: str, embedding: list[float]) -> object:
        near = by_vector.run(query_embedding=embedding)["documents"]
        return fusion.run(vector=near, keyword=by_words.run(query=question)["documents"])

    return {
        f"vector{suffix}": lambda _, embedding: by_vector.run(query_embedding=embedding),
        f"keyword{suffix}": lambda question, _: by_words.run(query=question),
        f"hybrid{suffix}": hybrid,
    }


def p50(query: Query, count: int) -> float:
    """Median milliseconds of `count` queries after three that warm up."""
    numbers = np.random.default_rng(1)
    times = []
    for number in range(count + 3):
        embedding = numbers.standard_normal(MiniLM.dimension).tolist()
        started = time.perf_counter()
        query(QUESTIONS[number % len(QUESTIONS)], embedding)
        times.append(time.perf_counter() - started)
    return statistics.median(times[3:]) * 1000


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    sizes = parser.parse_args().chunks
    columns = [f"{mode}{suffix}" for suffix in ("", ", filtered") for mode in ("vector", "keyword", "hybrid")]
    print(f"| store | chunks | {' | '.join(columns)} |\n{'|---' * 8}|")
    for size in sizes:
        folder = Path(tempfile.mkdtemp(prefix="query-benchmark-"))
        stores = {"LanceDB": lancedb(make_chunks(size), folder)}
        if size <= 10_000:
            stores["Haystack in memory"] = in_memory(make_chunks(size))
        for name, queries in stores.items():
            count = QUERIES if name == "LanceDB" else 5
            cells = " | ".join(f"{p50(query, count):.1f}" for query in queries.values())
            print(f"| {name} | {size:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
