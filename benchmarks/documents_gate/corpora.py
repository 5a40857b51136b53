"""The two collections as Markdown in temporary folders, their questions, and the assistant over them."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from haystack import Document

from blocks.local import LocalPlatform, examples_folder
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.home import Home
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

BENCHMARKS = Path(__file__).resolve().parents[1]
LONGEST = 30_000
"""Characters of a page that is changed."""


@dataclass
class Collection:
    """Documents in a folder and in an index, and an assistant that reads the latest state."""

    folder: Path
    texts: dict[str, str]
    examples: list[Example]
    platform: LocalPlatform
    assistant: Assistant

    @property
    def settings(self) -> Settings:
        """The default configuration, over this folder."""
        return Settings(ingest=IngestConfig(source=str(self.folder), allow_mass_delete=True))

    @property
    def index(self) -> Index:
        """The latest state."""
        return self.platform.index(self.settings.rag)

    def write(self, edits: Mapping[str, str | None]) -> None:
        """Change files and synchronise."""
        for name, text in edits.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text, encoding="utf-8")
        synchronise(self.platform, self.settings)

    def restore(self, names: Sequence[str], chunks: Sequence[Document]) -> None:
        """Bring documents back as they were, with the chunks that they had."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)
            if name in self.texts:
                (self.folder / name).write_text(self.texts[name], encoding="utf-8")
        index = self.index
        with index.writing(60):
            index.replace(self.source, names, chunks)
            index.commit()

    @property
    def source(self) -> str:
        """The URI of the folder, as the index has it."""
        (known,) = self.index.info().sources
        return known

    def chunks(self, documents: Sequence[str]) -> list[Document]:
        """Chunks of some documents, with their vectors."""
        if not documents:
            return []
        store = self.platform.index(self.settings.rag).store  # type: ignore[attr-defined]
        found: list[Document] = store.filter_documents(
            {"field": "meta.document", "operator": "in", "value": list(documents)}
        )
        return found

    def ask(self, ids: Sequence[str]) -> dict[str, Answer]:
        """Answers on the latest state."""
        wanted = [example for example in self.examples if example.id in set(ids)]
        return {example.id: self.assistant.answer(list(example.messages)) for example in wanted}


def collection(texts: dict[str, str], examples: list[Example]) -> Collection:
    """An index of `texts` in a temporary home."""
    folder = Path(tempfile.mkdtemp(prefix="documents-gate-"))
    platform = LocalPlatform(Home(Path(tempfile.mkdtemp(prefix="documents-gate-home-"))).ensure())
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    settings = Settings(ingest=IngestConfig(source=str(folder)))
    synchronise(platform, settings)
    return Collection(folder, texts, examples, platform, build_assistant(settings.rag, platform))


def texts_of(folder: Path) -> dict[str, str]:
    """Every file as Markdown, by its path."""
    texts = {}
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        name = file.relative_to(folder).as_posix()
        try:
            text = file.read_text("utf-8") if file.suffix == ".md" else convert(file.name, file.read_bytes()).text
        except UnreadableDocumentError:
            continue
        if text.strip():
            texts[name if file.suffix == ".md" else f"{name}.md"] = text
    return texts


def handbook() -> Collection:
    """The sample handbook and its hand-checked questions."""
    return collection(texts_of(examples_folder() / "handbook"), handbook_questions())


def handbook_questions() -> list[Example]:
    """The sixty hand-checked questions."""
    lines = (examples_folder() / "handbook-questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Example.model_validate_json(line) for line in lines]


def argo_cd(data: Path) -> Collection:
    """Argo CD's documentation, and the forty questions of benchmarks/answers."""
    return collection(texts_of(data / "docs" / "argo-cd"), read_questions("argo-cd"))


def prometheus(folder: Path) -> Collection:
    """Prometheus' documentation, a checkout's folder `docs`, and its forty questions."""
    return collection(texts_of(folder), read_questions("prometheus"))


def read_questions(name: str) -> list[Example]:
    """Questions with the answers that a reader gave."""
    lines = (BENCHMARKS / "answers" / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Example(
            id=row["id"],
            kind="answerable" if row["answer"] else "unanswerable",
            messages=(Message(role="user", content=row["question"]),),
            answer=row["answer"],
        )
        for row in map(json.loads, lines)
    ]


def foreign_texts(data: Path) -> list[str]:
    """German, Spanish and Chinese articles of XQuAD in turn."""
    found: list[list[str]] = []
    for language in ("de", "es", "zh"):
        articles = json.loads((data / "multilingual" / f"xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        found.append(
            [
                f"# {article['title'].replace('_', ' ')}\n\n"
                + "\n\n".join(paragraph["context"].strip() for paragraph in article["paragraphs"])
                for article in articles[:6]
            ]
        )
    return [text for texts in zip(*found, strict=False) for text in texts]


def unrelated_texts(data: Path, skip: int = 0) -> list[str]:
    """Passages of Wikipedia from CLAPNQ, each as a page."""
    lines = (data / "qa" / "clapnq_dev_answerable_100.jsonl").read_text("utf-8").splitlines()[skip:]
    return [
        f"# {passage['title']}\n\n{passage['text']}\n" for row in map(json.loads, lines) for passage in row["passages"]
    ]
