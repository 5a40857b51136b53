"""Chunks per second of the whole flow, beside a loop that only embeds, and beside what a user could have built.

``python benchmarks/ingestion/throughput.py [--documents 64] [--rounds 6]``. The embedder is the same int8 MiniLM in
every row. Model, database and the flow's server are warm before the clock starts; rows alternate over the rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import measuring
from corpus import write_documents
from haystack import Document, Pipeline, component
from haystack.components.converters import MarkdownToDocument
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert

TOKENS = 500
WORDS = 85
"""Of Haystack's splitter: about the tokens of a chunk of ours."""

Row = Callable[[], tuple[int, int]]
"""Does the work once, and returns how many chunks were embedded and how many tokens they have."""


@component
class PlainEmbedder:
    """A document embedder as a pipeline has it: batches of 32 in the order of the documents."""

    def __init__(self, embedder: MiniLM, batch: int = 32) -> None:
        self.embedder, self.batch = embedder, batch

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """Give every document its embedding."""
        embedded: list[Document] = []
        for first in range(0, len(documents), self.batch):
            portion = documents[first : first + self.batch]
            vectors = self.embedder.embed([document.content or "" for document in portion])
            embedded += [replace(d, embedding=vector) for d, vector in zip(portion, vectors, strict=True)]
        return {"documents": embedded}


def our_chunks(folder: Path, embedder: MiniLM) -> list[Chunk]:
    """What the flow embeds."""
    chunks: list[Chunk] = []
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        converted = convert(name, path.read_bytes())
        chunks += chunk_document(
            converted, ChunkingConfig(), embedder, source="benchmark", document=name, document_hash=""
        )
    return chunks


def haystack_pipeline(folder: Path, embedder: MiniLM, batch: int) -> Row:
    """Haystack's own indexing pipeline: converter, splitter, embedder, writer."""

    def run() -> tuple[int, int]:
        store = InMemoryDocumentStore()
        pipeline = Pipeline()
        pipeline.add_component("convert", MarkdownToDocument(progress_bar=False))
        pipeline.add_component("split", DocumentSplitter(split_by="word", split_length=WORDS))
        pipeline.add_component("embed", PlainEmbedder(embedder, batch))
        pipeline.add_component("write", DocumentWriter(store))
        pipeline.connect("convert", "split")
        pipeline.connect("split", "embed")
        pipeline.connect("embed", "write")
        pipeline.run({"convert": {"sources": sorted(folder.rglob("*.md"))}})
        texts = [document.content or "" for document in store.filter_documents()]
        return len(texts), sum(len(embedder.token_spans(text)) for text in texts)

    return run


def whole_flow(folder: Path, tokens: int) -> Row:
    """`ingest` of this project, into a new collection each time."""
    from flows.ingest import ingest

    made = iter(range(1000))

    def run() -> tuple[int, int]:
        settings = Settings(collection=f"throughput-{next(made)}", ingest=IngestConfig(source=str(folder)))
        return ingest(settings).embedded_chunks, tokens

    return run


def main() -> None:
    """Print every row, and what the flow reaches of the faster bare loop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    embedder = MiniLM()
    folder = Path(tempfile.mkdtemp(prefix="ingestion-benchmark-"))
    write_documents(folder / "documents", arguments.documents, TOKENS, embedder)
    write_documents(folder / "warm", 2, TOKENS, embedder, seed=1)
    texts = [chunk.embedding_text for chunk in our_chunks(folder / "documents", embedder)]
    tokens = sum(len(embedder.token_spans(text)) for text in texts)
    documents = folder / "documents"
    with measuring.prefect_server(), measuring.home(folder / "home"):
        whole_flow(folder / "warm", 0)()
        rows: dict[str, Row] = {
            "bare loop, one text a call": lambda: (sum(len(embedder.embed([t])) for t in texts), tokens),
            "bare loop, grouped by length": lambda: (len(embedder.embed(texts)), tokens),
            "**whole flow**": whole_flow(documents, tokens),
            "plain Haystack pipeline, 32 texts a call": haystack_pipeline(documents, embedder, 32),
            "the same, one call for each chunk": haystack_pipeline(documents, embedder, 1),
        }
        report(rows, arguments.rounds)


def report(rows: dict[str, Row], rounds: int) -> None:
    """Fastest of the rounds, as a Markdown table: what else runs on the machine only ever adds time."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    sizes: dict[str, tuple[int, int]] = {}
    for _ in range(rounds):
        for name, row in rows.items():
            started = time.perf_counter()
            sizes[name] = row()
            seconds[name].append(time.perf_counter() - started)
    speeds = {name: sizes[name][1] / min(seconds[name]) for name in rows}
    best = max(speed for name, speed in speeds.items() if name.startswith("bare"))
    print("| | chunks | seconds (each round) | chunks/s | tokens/s | ÷ faster bare loop |\n|---|---|---|---|---|---|")
    for name, speed in speeds.items():
        chunks, fastest = sizes[name][0], min(seconds[name])
        rounds_of = ", ".join(f"{value:.1f}" for value in seconds[name])
        print(f"| {name} | {chunks} | {rounds_of} | {chunks / fastest:.1f} | {speed:,.0f} | {speed / best:.2f} |")


if __name__ == "__main__":
    main()
