"""The questions pipeline on a small library, with doubles of models where a test gives them."""

import uuid
from dataclasses import dataclass
from typing import Any

from haystack import Pipeline

from blocks.local import LocalPlatform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.pipeline import questions_pipeline
from tasks_lib.dataset.questions import Generated
from tasks_lib.dataset.questions import generate as generate_with

MODEL = "test/model"


@dataclass(frozen=True)
class LibraryPlatform(LocalPlatform):
    """The local platform with the index of a library, and maybe a language model and a judge."""

    library: Any = None
    generator: Any = None
    critic: Any = None

    def index(self, rag: Any, *, version: str | None = None) -> Any:
        return self.library.index

    def embedder(self, model: str) -> Any:
        return self.library.embedder

    def chat_generator(self, llm: LlmConfig) -> Any:
        return self.generator

    def judge(self) -> Any:
        return self.critic


def pipeline_of(library: Any, config: DatasetConfig, *, generator: Any = None, critic: Any = None) -> Pipeline:
    """The built-in pipeline; its journal is its own."""
    dataset = config.model_copy(update={"name": f"q-{uuid.uuid4().hex}"})
    llm = LlmConfig() if generator is None else LlmConfig(model=MODEL)
    return questions_pipeline(
        LibraryPlatform(library=library, generator=generator, critic=critic), Settings(dataset=dataset, llm=llm)
    )


def generate(
    library: Any, config: DatasetConfig, *, generator: Any = None, critic: Any = None, kept: Any = ()
) -> Generated:
    """A set of questions about the library."""
    pipeline = pipeline_of(library, config, generator=generator, critic=critic)
    return generate_with(pipeline, library.index, library.embedder, config, model=MODEL, kept=kept)
