"""The two collections as Markdown in temporary folders, their questions, and the assistant over them."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from haystack import Document

from blocks.chat_generator import chat_generator_of
from blocks.local import LocalPlatform, examples_folder
from blocks.openai import OpenAICompatibleModels
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Answer, Message
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.home import Home
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

STUB = "stub/stub-chat"
"""The language model that stands for one, on a local server."""
BENCHMARKS = Path(__file__).resolve().parents[1]
LONGEST = 30_000
"""Characters of a page that is changed."""


@dataclass(frozen=True)
class StubbedPlatform(LocalPlatform):
    """The local platform, with a language model behind the client of OpenAI.

    :param url: Of a server that speaks OpenAI's API; without it, there is no model.
    """

    url: str = ""

    def chat_generator(self, llm: LlmConfig) -> "ChatGenerator | None":
        """The server's model, for :data:`STUB`."""
        if not self.url or llm.model != STUB:
            return super().chat_generator(llm)
        return chat_generator_of(OpenAICompatibleModels(provider="stub", base_url=self.url), llm)


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
        llm = LlmConfig(model=STUB) if isinstance(self.platform, StubbedPlatform) and self.platform.url else LlmConfig()
        return Settings(ingest=IngestConfig(source=str(self.folder), allow_mass_delete=True), llm=llm)

    def answered_by(self, url: str) -> "Collection":
        """The same documents and questions, answered by the model of a server that speaks OpenAI's API."""
        platform = StubbedPlatform(self.platform.home, url=url)
        rag = self.settings.rag.model_copy(update={"llm": LlmConfig(model=STUB)})
        return replace(self, platform=platform, assistant=build_assistant(rag, platform))

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


def collection(texts: dict[str, str], examples: list[Example], work: Path | None = None) -> Collection:
    """An index of `texts`.

    :param work: Folder for documents and home, where a later run finds what is embedded already; a temporary one
        without it.
    """
    work = (work or Path(tempfile.mkdtemp(prefix="documents-gate-"))).resolve()
    folder, home = ((work / name).resolve() for name in ("documents", "home"))
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(exist_ok=True)
    platform = LocalPlatform(Home(home).ensure())
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
