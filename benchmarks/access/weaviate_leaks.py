"""What a search on Weaviate tells of documents that the caller may not see: paired runs with and without them.

    python benchmarks/access/weaviate_leaks.py [--documents N] [--rounds N] [--questions N] [--closed-later] [DATA]

The documents are the handbook and, up to N, Argo CD's shortest pages; the questions are theirs. In each round every
document is given to groups by chance, and a caller is drawn. One index holds all documents, the other those that this
caller may see; both are asked the same questions, by vectors and by words (the best ten chunks of each). A pair differs
by its chunks, by their order, or by scores alone. `--closed-later` ingests all documents for everybody, and then closes
what is closed. Stores: Weaviate with its filters, Weaviate with a tenant for each set of readers (`strict_access`), and
LanceDB.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}
sys.path += [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "documents_gate")]

from corpora import Collection, collection, handbook_questions, read_questions, texts_of
from haystack import Document

from blocks.local import examples_folder
from tasks_lib.assistant.contract.access import NO_CONTROL, Caller, DocumentAccess, Groups, asked_by, member_of
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex
from tests.stubs.weaviate_server import weaviate_server

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
GROUPS: tuple[Groups, ...] = (("public",), ("public",), ("hr",), ("hr", "legal"), ("legal",), ("sales",), ("nobody",))
CALLERS = (Caller(), member_of(["hr"]), member_of(["legal", "sales"]))
TOP_K = 10
KINDS = ("chunks", "order", "scores", "nothing")
Query = tuple[str, list[float]]
Found = list[tuple[str, float | None]]
Open = Callable[[str], Index]


def main() -> None:
    """Print a table: store and search, and what share of the pairs differs by what."""
    arguments = parsed()
    data = arguments.data
    texts = texts_of(examples_folder() / "handbook")
    pages = sorted(texts_of(data / "docs" / "argo-cd").items(), key=lambda page: len(page[1]))
    texts |= dict(pages[: max(0, arguments.documents - len(texts))])
    held = collection(texts, [*handbook_questions(), *read_questions("argo-cd")])
    queries = embedded(held)
    print(f"{len(held.texts)} documents, {held.index.count()} chunks, {len(queries)} questions")
    folder = Path(tempfile.mkdtemp(prefix="weaviate-leaks-"))
    (folder / "weaviate").mkdir()
    with weaviate_server(folder / "weaviate") as server:
        for name, opened in stores(server, folder).items():
            counted = measured(held, queries, opened, arguments)
            for search, kinds in counted.items():
                total = sum(kinds.values())
                shares = ", ".join(f"{kind} {kinds[kind] / total:.3f}" for kind in KINDS)
                print(f"{name:16} {search:8} {total} pairs differ by: {shares}", flush=True)


def parsed() -> argparse.Namespace:
    """Arguments of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--questions", type=int, default=100, help="asked in each round")
    parser.add_argument("--closed-later", action="store_true")
    parser.add_argument("data", type=Path, nargs="?", default=SHARED)
    return parser.parse_args()


def stores(server: WeaviateConnection, folder: Path) -> dict[str, Open]:
    """How an index is opened, by the store's name."""

    def weaviate(*, strict: bool) -> Open:
        return lambda name: WeaviateIndex(server, f"leaks-{name}-{strict}", strict=strict, lock_folder=folder)

    def lancedb(name: str) -> Index:
        return LanceDBIndex(str(folder / "lancedb"), name, 384, lock_folder=folder)

    return {"weaviate": weaviate(strict=False), "weaviate strict": weaviate(strict=True), "lancedb": lancedb}


def embedded(held: Collection) -> list[Query]:
    """The questions with their vectors."""
    texts = [example.messages[-1].content for example in held.examples]
    vectors = held.platform.embedder(held.settings.rag.embedder).embed(texts)
    return [(text, list(map(float, vector))) for text, vector in zip(texts, vectors, strict=True)]


def measured(
    held: Collection, queries: Sequence[Query], opened: Open, arguments: argparse.Namespace
) -> dict[str, Counter[str]]:
    """Search → by what pairs differ; the same assignments for all stores."""
    chance, documents = random.Random(27), sorted(held.index.manifest(held.source))
    counted: dict[str, Counter[str]] = {"vectors": Counter(), "words": Counter()}
    for turn in range(arguments.rounds):
        access = {name: chance.choice(GROUPS) for name in documents}
        who = CALLERS[turn % len(CALLERS)]
        asked = chance.sample(queries, min(arguments.questions, len(queries)))
        allowed = {name: groups for name, groups in access.items() if who.may(groups)}
        both = [
            results(
                made(opened(name), held, given, closed_later=arguments.closed_later and name == "whole"), asked, who
            )
            for name, given in (("whole", access), ("alone", allowed))
        ]
        for search, kinds in counted.items():
            kinds.update(kind_of(*pair) for pair in zip(both[0][search], both[1][search], strict=True))
    return counted


def made(index: Index, held: Collection, access: Mapping[str, Groups], *, closed_later: bool) -> Index:
    """The index with these documents under this access."""
    index.drop()
    hashes = held.index.manifest(held.source)
    stated = {name: DocumentAccess(groups, hashes[name]) for name, groups in access.items()}
    open_to_all = {name: DocumentAccess(("public",), hashes[name]) for name in access}
    index.save_access(NO_CONTROL.with_sync(held.source, open_to_all if closed_later else stated))
    index.replace(held.source, list(access), held.index.read(held.source, list(access)))
    if closed_later:
        index.save_access(NO_CONTROL.with_sync(held.source, stated))
    index.commit()
    return index


def results(index: Index, queries: Sequence[Query], who: Caller) -> dict[str, list[Found]]:
    """What a caller finds, by either search."""
    near, words = index.vector_retriever(top_k=TOP_K), index.keyword_retriever(top_k=TOP_K)
    with asked_by(who):
        return {
            "vectors": [listed(near.run(query_embedding=vector)["documents"]) for _, vector in queries],
            "words": [listed(words.run(query=text)["documents"]) for text, _ in queries],
        }


def listed(documents: Sequence[Document]) -> Found:
    """Ids and scores, the best first."""
    return [(document.id, document.score) for document in documents]


def kind_of(whole: Found, alone: Found) -> str:
    """By what the results of a pair differ."""
    if whole == alone:
        return "nothing"
    before, after = ([chunk for chunk, _ in found] for found in (whole, alone))
    if before == after:
        return "scores"
    return "order" if set(before) == set(after) else "chunks"


if __name__ == "__main__":
    main()
