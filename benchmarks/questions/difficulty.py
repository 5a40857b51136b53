"""Are made questions easier than people's? One assistant, asked both, on each kind of documents.

    python benchmarks/questions/difficulty.py [DATA] [CORPUS …] [--size N] [--seed N]

The assistant is the product's own without a model (`local/extractive`), the questions that are made are those of
`llmops dataset` on the same index, and both are judged as the gate judges: right is an answer that says what the gold
answer says and cites the passage (`right_or_refused`). Chroma's questions come without answers: there, both kinds are
judged by the passage alone. `cited` is that share for all. Only answerable questions without history are compared.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from readers import ReadersQuestion, readers_questions

from blocks.local import LocalPlatform, examples_folder
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.examples import Example, example_of
from tasks_lib.dataset.pipeline import questions_pipeline
from tasks_lib.dataset.questions import generate
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate.answer_metrics import Row, right_or_refused
from tasks_lib.home import Home

CORPORA = (
    "argo-cd",
    "handbook",
    "icdar",
    "finance",
    "wikitexts",
    "state_of_the_union",
    "xquad-de",
    "xquad-es",
    "xquad-zh",
)
"""`state_of_the_union` was not looked at while the making was written."""


def documents_of(corpus: str, data: Path) -> Path:
    """A folder with the documents of the corpus."""
    if corpus == "argo-cd":
        return data / "docs" / "argo-cd"
    if corpus == "handbook":
        return examples_folder() / "handbook"
    folder = Path(tempfile.mkdtemp(prefix=f"{corpus}-"))
    if corpus == "icdar":
        for file in (data / "tables" / "icdar2013-eu").glob("*.pdf"):
            (folder / file.name).write_bytes(file.read_bytes())
    elif corpus.startswith("xquad-"):
        text = (data / "multilingual" / f"xquad.{corpus.removeprefix('xquad-')}.json").read_text(encoding="utf-8")
        for number, article in enumerate(json.loads(text)["data"]):
            passages = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
            (folder / f"{number:02}.txt").write_text(passages, encoding="utf-8")
    else:
        (folder / f"{corpus}.md").write_bytes((data / "retrieval" / f"{corpus}.md").read_bytes())
    return folder


def platform_over(corpus: str, data: Path, homes: Path | None) -> LocalPlatform:
    """The local platform over the documents; an index below `homes` that is there already is used again."""
    home = homes / corpus if homes else Path(tempfile.mkdtemp(prefix="difficulty-"))
    platform = LocalPlatform(Home(home).ensure())
    if not platform.index(Settings().rag).exists():
        synchronise(platform, Settings(ingest=IngestConfig(source=str(documents_of(corpus, data)))))
    return platform


def asked_by_readers(questions: Sequence[ReadersQuestion], corpus: Corpus) -> list[Example]:
    """Examples with the place of their evidence, but for those whose evidence the text does not hold."""
    examples = []
    for asked in questions:
        places = [corpus.locate(excerpt, asked.document) for excerpt in asked.evidence]
        references = [place for place in places if place is not None]
        if references:
            examples.append(example_of("answerable", asked.question, asked.answer, references))
    return examples


def made_set(platform: LocalPlatform, size: int, seed: int) -> list[Example]:
    """The questions of one set, of all kinds."""
    settings = Settings(dataset=DatasetConfig(size=size, seed=seed))
    pipeline = questions_pipeline(platform, settings)
    index = platform.index(settings.rag)
    set_of = generate(pipeline, index, platform.embedder(settings.embedder), settings.dataset, model=settings.llm.model)
    return list(set_of.examples)


def made(platform: LocalPlatform, size: int, seed: int) -> list[Example]:
    """The answerable questions of one set."""
    return [example for example in made_set(platform, size, seed) if example.kind == "answerable"]


def scores(assistant: Assistant, examples: Sequence[Example], similarity: Similarity) -> tuple[np.ndarray, np.ndarray]:
    """Right by answer and passage, and by passage alone; 1 or 0 a question."""
    rows = [Row(example, assistant.answer(list(example.messages)), None, similarity) for example in examples]
    bare = [example.model_copy(update={"answer": ""}) for example in examples]
    cited = [Row(example, row.answer, None, similarity) for example, row in zip(bare, rows, strict=True)]
    return np.array([*map(right_or_refused, rows)]), np.array([*map(right_or_refused, cited)])


def main() -> None:
    """One line a corpus."""
    parser = argparse.ArgumentParser()
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    parser.add_argument("data", nargs="?", type=Path, default=default)
    parser.add_argument("corpora", nargs="*", default=CORPORA)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--homes", type=Path, help="Folder in which the indexes are kept.")
    arguments = parser.parse_args()
    print(
        f"{'corpus':<20}{'readers':>9}{'made':>7}{'difference':>12}{'cited: readers':>16}{'made':>7}{'questions':>16}"
    )
    for name in arguments.corpora:
        platform = platform_over(name, arguments.data, arguments.homes)
        similarity = Similarity(platform.embedder(Settings().embedder))
        assistant = build_assistant(Settings().rag, platform)
        corpus = Corpus.of(platform.index(Settings().rag))
        readers = asked_by_readers(readers_questions(name, arguments.data), corpus)
        ours = made(platform, arguments.size, arguments.seed)
        right, cited = scores(assistant, readers, similarity)
        right_made, cited_made = scores(assistant, ours, similarity)
        if not any(example.answer for example in readers):
            right_made = cited_made
        print(
            f"{name:<20}{right.mean():>9.3f}{right_made.mean():>7.3f}{right_made.mean() - right.mean():>+12.3f}"
            f"{cited.mean():>16.3f}{cited_made.mean():>7.3f}{len(readers):>9}/{len(ours)}",
            flush=True,
        )
        ways = sorted({example.made_by for example in ours})
        for way in ways:
            chosen = np.array([example.made_by == way for example in ours])
            print(
                f"    {way:<16}{right_made[chosen].mean():>32.3f}{cited_made[chosen].mean():>35.3f}{chosen.sum():>16}",
                flush=True,
            )


if __name__ == "__main__":
    main()
