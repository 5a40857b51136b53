"""The corpora and questions of chunking_evaluation, the indexes made of them, and what a ranking is worth."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from haystack import Document

from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.gate.spans import Span, precision, recall
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert

CORPORA = ("state_of_the_union", "wikitexts", "finance")
BUDGET = 1_250
"""Tokens (WordPiece, without special tokens) that may be retrieved for a question."""
SOURCE = "benchmark"

Chunker = Callable[[str, bytes], Iterable[Chunk]]


@dataclass(frozen=True)
class Question:
    """A question with the excerpts that answer it."""

    text: str
    corpus: str
    references: tuple[Span, ...]


@dataclass(frozen=True)
class Result:
    """What was retrieved for one question."""

    recall: float
    precision: float
    tokens: int


def data_folder() -> Path:
    """The folder named on the command line, else the one beside the checkout."""
    named = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    folder = named[0] if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not (folder / "retrieval").is_dir():
        sys.exit(f"the evaluation data is not at {folder}: name its folder as the argument")
    return folder / "retrieval"


def questions(folder: Path) -> list[Question]:
    """All questions, in the order of the file."""
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Question(
            row["question"],
            row["corpus"],
            tuple(Span(f"{row['corpus']}.md", r["start_index"], r["end_index"]) for r in row["references"]),
        )
        for row in map(json.loads, lines)
    ]


@lru_cache(maxsize=1)
def embedder() -> MiniLM:
    """The embedder of all rows."""
    return MiniLM()


@lru_cache(maxsize=100_000)
def tokens_of(text: str) -> int:
    """Tokens of a passage."""
    return len(embedder().token_spans(text))


def index_of(folder: Path, chunker: Chunker, corpora: Sequence[str] = CORPORA) -> LanceDBIndex:
    """One index of `corpora`, cut by `chunker`, in a folder that the process leaves to the system to clear."""
    home = Path(tempfile.mkdtemp(prefix="retrieval-benchmark-"))
    index = LanceDBIndex(str(home / "lancedb"), "corpora", MiniLM.dimension, lock_folder=home)
    chunks = [c for name in corpora for c in chunker(f"{name}.md", (folder / f"{name}.md").read_bytes())]
    vectors = embedder().embed([chunk.embedding_text for chunk in chunks])
    documents = [chunk.to_document(vector) for chunk, vector in zip(chunks, vectors, strict=True)]
    with index.writing(10):
        index.replace(SOURCE, [f"{name}.md" for name in corpora], documents)
        index.commit()
    return index


def ours(chunking: ChunkingConfig) -> Chunker:
    """The project's own chunks."""

    def chunks(document: str, data: bytes) -> Iterable[Chunk]:
        converted = convert(document, data)
        return chunk_document(converted, chunking, embedder(), source=SOURCE, document=document, document_hash="")

    return chunks


def fixed(tokens: int) -> Chunker:
    """A chunk every `tokens` tokens, without title or headings."""

    def chunks(document: str, data: bytes) -> Iterable[Chunk]:
        text = data.decode()
        spans = embedder().token_spans(text)
        for first in range(0, len(spans), tokens):
            window = spans[first : first + tokens]
            yield _plain(document, text, window[0][0], window[-1][1])

    return chunks


def haystack_default() -> Chunker:
    """Haystack's DocumentSplitter as it comes: 200 words, no overlap."""
    from haystack.components.preprocessors import DocumentSplitter

    splitter = DocumentSplitter()

    def chunks(document: str, data: bytes) -> Iterable[Chunk]:
        text = data.decode()
        for piece in splitter.run(documents=[Document(content=text)])["documents"]:
            start = piece.meta["split_idx_start"]
            yield _plain(document, text, start, start + len(piece.content))

    return chunks


def _plain(document: str, text: str, start: int, end: int) -> Chunk:
    return Chunk(source=SOURCE, document=document, content=text[start:end], start=start, end=end, document_hash="")


def measure(question: Question, ranking: Sequence[Document]) -> Result:
    """The longest beginning of `ranking` that keeps within the budget, held against the references."""
    kept: list[Document] = []
    used = 0
    for document in ranking:
        tokens = tokens_of(document.content or "")
        if used + tokens > BUDGET:
            break
        kept.append(document)
        used += tokens
    spans = [Span(d.meta["document"], d.meta["start"], d.meta["end"]) for d in kept]
    return Result(recall(question.references, spans) or 0.0, precision(question.references, spans) or 0.0, used)


def interval(values: Sequence[float], *, resamples: int = 10_000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over questions."""
    array = np.asarray(values)
    rows = np.random.default_rng(seed).integers(0, len(array), (resamples, len(array)))
    low, high = np.percentile(array[rows].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
