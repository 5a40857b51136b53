"""``Settings``: the configuration of every verb, `RagConfig` at the top level and one section for each verb."""

import re
from typing import Annotated

from pydantic import Field, model_validator

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.pipelines import PipelinesConfig
from tasks_lib.config.rag import (
    ChunkingConfig,
    Fusion,
    ModelId,
    PromptConfig,
    RagConfig,
    RetrieverMode,
)
from tasks_lib.config.release import ReleaseConfig
from tasks_lib.config.retention import RetentionConfig
from tasks_lib.config.serve import ReviewConfig, ServeConfig, UpConfig
from tasks_lib.config.strict import StrictModel
from tasks_lib.home import DEFAULT_ASSISTANT

ASSISTANT_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
AssistantName = Annotated[str, Field(pattern=ASSISTANT_NAME)]
"""What the registered model, the experiment, the collection and the paths of an endpoint can be called alike."""


def is_assistant_name(text: str) -> bool:
    """Whether a new assistant may be called so."""
    return re.fullmatch(ASSISTANT_NAME, text) is not None


class DatasetConfig(StrictModel):
    """How the evaluation set is made."""

    name: str = Field(default="questions", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    size: int = Field(default=60, ge=1, le=10_000, description="Questions wanted.")
    seed: int = 0
    unanswerable_share: float = Field(default=0.15, ge=0, le=0.5)
    off_topic_share: float = Field(default=0.15, ge=0, le=0.5)
    conversations: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Conversations of three to five turns that are made of the questions, beside them; each turn is "
        "scored.",
    )
    clarifications: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Conversations that begin with a question that is not clear, made where documents name two things "
        "alike: asking back is right. The assistant without a model does not ask back.",
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="Calls of the language model in flight.")
    budget: float | None = Field(
        default=None,
        ge=0,
        description="What one making of questions with a language model may cost at most, in the currency of the "
        "provider's prices: what is estimated to cost more, or has no price, is not begun, and no call is made that "
        "could exceed it. Empty: no limit.",
    )
    pipeline: str | None = Field(
        default=None,
        description="File with a Haystack pipeline in YAML that makes the questions instead of the built-in one.",
    )
    import_file: str | None = Field(default=None, description="JSONL or CSV of one's own examples.")
    add_from_traces: bool = Field(default=False, description="Add production traces with bad feedback.")


class TuneConfig(StrictModel):
    """What is tried: every combination of these. An empty list keeps what is configured."""

    chunkings: tuple[ChunkingConfig, ...] = Field(default=(), description="Chunkings that were ingested already.")
    modes: tuple[RetrieverMode, ...] = ("vector", "keyword", "hybrid")
    passages: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        default=(3, 5, 10), description="Values of `retriever.top_k`."
    )
    fusions: tuple[Fusion, ...] = Field(default=("normalised", "rrf"), description="For `hybrid` only.")
    prompts: tuple[PromptConfig, ...] = Field(default=(), description="For language models only.")
    models: tuple[ModelId, ...] = Field(default=(), description="Language models, as `provider/model`.")
    maximum: int = Field(default=60, ge=1, le=1000, description="A larger grid is refused before anything is spent.")


class Settings(RagConfig):
    """All keys a configuration file may hold; each verb reads the top level and its own section."""

    assistant: AssistantName = Field(
        default=DEFAULT_ASSISTANT,
        description="Name that keeps what belongs to one assistant apart: its registered model, evaluation sets, "
        "traces, monitored windows, events and, unless `collection` is given, its documents.",
    )
    pipelines: PipelinesConfig = PipelinesConfig()
    ingest: IngestConfig = IngestConfig()
    dataset: DatasetConfig = DatasetConfig()
    gate: GateConfig = GateConfig()
    release: ReleaseConfig = ReleaseConfig()
    retention: RetentionConfig = RetentionConfig()
    tune: TuneConfig = TuneConfig()
    monitor: MonitorConfig = MonitorConfig()
    serve: ServeConfig = ServeConfig()
    review: ReviewConfig = ReviewConfig()
    up: UpConfig = UpConfig()

    @model_validator(mode="after")
    def _follows_the_assistant(self) -> "Settings":
        """Fill what follows from the assistant's name; nothing of it counts as given."""
        old = self.gate.model_name
        if old is not None and old != self.assistant:
            if "assistant" in self.model_fields_set:
                msg = f"assistant {self.assistant!r} and gate.model_name {old!r} name two assistants: leave one out"
                raise ValueError(msg)
            self.__dict__["assistant"] = old
        elif self.assistant != DEFAULT_ASSISTANT and "collection" not in self.model_fields_set:
            self.__dict__["collection"] = self.assistant
        return self

    @model_validator(mode="after")
    def _components_are_allowed(self) -> "Settings":
        """A version later runs what it was registered with; here is where a configuration may be refused."""
        for part in self.retriever.haystack_components:
            for module in part.modules:
                if not self.pipelines.allows(module):
                    msg = (
                        f"retriever.components names a class of the module {module!r}, which is not allowed; "
                        "if you trust it, name it in pipelines.allowed_modules"
                    )
                    raise ValueError(msg)
        return self

    @property
    def names_an_assistant(self) -> bool:
        """Whether an assistant was named, be it the default one."""
        return "assistant" in self.model_fields_set or self.gate.model_name is not None

    @property
    def rag(self) -> RagConfig:
        """The part that shapes an answer."""
        return RagConfig(**{name: getattr(self, name) for name in RagConfig.model_fields})
