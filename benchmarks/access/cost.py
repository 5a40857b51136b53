"""What access control costs a search: the same queries with and without it, on the same chunks.

``python benchmarks/access/cost.py [--chunks N] [--queries N] [--groups N …]``. Vectors are random directions around 200
centres, words are drawn by Zipf's law: the cost does not depend on what they mean. Each document is open to one of
``max(groups)`` groups, and the caller is in so many of them. Each query is asked of every way in turn.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from haystack import Document

from tasks_lib.quiet import keep_quiet

keep_quiet()

from tasks_lib.assistant.contract.access import NO_CONTROL, Caller, DocumentAccess, asked_by, member_of  # noqa: E402
from tasks_lib.assistant.contract.index import chunk_id  # noqa: E402
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex  # noqa: E402

SOURCE, DIMENSION, VOCABULARY, WORDS, CHUNKS_OF = "file:///synthetic", 384, 20_000, 60, 20
TOP_K = 50
"""As many candidates as the hybrid retriever takes by default."""


def words(rng: np.random.Generator, count: int) -> str:
    """Words by Zipf's law."""
    return " ".join(f"w{min(int(number), VOCABULARY)}" for number in rng.zipf(1.3, count))


def vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Unit vectors around 200 centres."""
    centres = np.random.default_rng(0).normal(size=(200, DIMENSION))
    made = centres[rng.integers(200, size=count)] + rng.normal(scale=0.7, size=(count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def chunks(first: int, count: int, rng: np.random.Generator) -> list[Document]:
    """Chunks `first` to `first + count`."""
    made = []
    for number, vector in enumerate(vectors(rng, count), start=first):
        document, text = f"{number // CHUNKS_OF}.md", words(rng, WORDS)
        start = number % CHUNKS_OF * 1000
        meta = {"source": SOURCE, "document": document, "document_hash": document, "start": start}
        identity = chunk_id(SOURCE, document, start, start + len(text), text)
        meta |= {"end": start + len(text), "content_hash": identity}
        made.append(Document(id=identity, content=text, embedding=vector.tolist(), meta=meta))
    return made


def build(folder: Path, total: int) -> LanceDBIndex:
    """An index of `total` chunks, without access control."""
    index, rng = LanceDBIndex(str(folder), "synthetic", DIMENSION), np.random.default_rng(1)
    for first in range(0, total, 10_000):
        batch = chunks(first, min(10_000, total - first), rng)
        index.replace(SOURCE, list(dict.fromkeys(chunk.meta["document"] for chunk in batch)), batch)
        print(f"  {first + len(batch):,} chunks written", flush=True)
    index.commit()
    return index


def close(index: LanceDBIndex, total: int, groups: int) -> None:
    """Open each document to one group."""
    rng = np.random.default_rng(2)
    given = rng.integers(groups, size=(total + CHUNKS_OF - 1) // CHUNKS_OF)
    stated = {f"{n}.md": DocumentAccess((f"g{group}",), f"{n}.md") for n, group in enumerate(given)}
    index.save_access(NO_CONTROL.with_sync(SOURCE, stated))


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """Print p50, p95 and the ratio to the search without access control."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--folder", type=Path, help="keeps the index for the next run")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = given.folder or Path(place)
        print(f"{given.chunks:,} chunks of {DIMENSION} dimensions, top_k {TOP_K}, {given.queries} queries")
        open_index = LanceDBIndex(str(folder / "open"), "synthetic", DIMENSION)
        if not open_index.exists():
            open_index = build(folder / "open", given.chunks)
        shutil.copytree(folder / "open", folder / "closed", dirs_exist_ok=True)
        closed = LanceDBIndex(str(folder / "closed"), "synthetic", DIMENSION)
        most = max(given.groups)
        close(closed, given.chunks, most)
        ways: dict[str, tuple[LanceDBIndex, Caller]] = {"no access control": (open_index, Caller())}
        for number in given.groups:
            ways[f"caller in {number} of {most} groups"] = (closed, member_of([f"g{n}" for n in range(number)]))
        compare(ways, given.queries)


def compare(ways: dict[str, tuple[LanceDBIndex, Caller]], queries: int) -> None:
    """Ask each query of every way, twenty before it counts."""
    rng = np.random.default_rng(3)
    asked = list(zip(vectors(rng, queries + 20), [words(rng, 8) for _ in range(queries + 20)], strict=True))
    for kind in ("vector", "words", "both"):
        times: dict[str, list[float]] = {name: [] for name in ways}
        for name, (index, caller) in ways.items():
            with asked_by(caller):
                first = milliseconds(lambda index=index, kind=kind: search(index, kind, *asked[0]))
            print(f"  {kind}, {name}: the first one {first:.0f} ms")
        for number, query in enumerate(asked):
            for name, (index, caller) in ways.items():
                with asked_by(caller):
                    took = milliseconds(lambda index=index, kind=kind, query=query: search(index, kind, *query))
                if number >= 20:
                    times[name].append(took)
        baseline = statistics.median(times["no access control"])
        for name, measured in times.items():
            p50, p95 = statistics.median(measured), float(np.quantile(measured, 0.95))
            print(f"{kind:7} {name:28} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  {p50 / baseline:5.2f} x", flush=True)


def search(index: LanceDBIndex, kind: str, vector: np.ndarray, query: str) -> None:
    """Ask the retrievers, as the search pipeline does."""
    if kind != "words":
        index.vector_retriever(top_k=TOP_K).run(query_embedding=vector.tolist())
    if kind != "vector":
        index.keyword_retriever(top_k=TOP_K).run(query=query)


if __name__ == "__main__":
    main()
