"""``Settings``: the configuration of every verb, `RagConfig` at the top level and one section for each verb."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.pipelines import EvaluatorConfig, EvaluatorName, PipelinesConfig
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
from tasks_lib.config.runner import RunnerConfig
from tasks_lib.config.serve import ReviewConfig, ServeConfig, UpConfig
from tasks_lib.config.strict import StrictModel
from tasks_lib.home import DEFAULT_ASSISTANT

ASSISTANT_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
AssistantName = Annotated[str, Field(pattern=ASSISTANT_NAME)]
"""What the registered model, the experiment, the collection and the paths of an endpoint can be called alike."""


def is_assistant_name(text: str) -> bool:
    """Whether a new assistant may be called so."""
    return re.fullmatch(ASSISTANT_NAME, text) is not None


ModelName = Annotated[str, Field(pattern=r"^[^/:\s]+$")]
"""What MLflow takes as a registered model's name."""


def _alias(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", text) or re.fullmatch(r"latest|[vV]\d+", text):
        msg = f"{text!r} is no alias: MLflow takes letters, digits, _ and -, and keeps `latest` and `v1` for itself"
        raise ValueError(msg)
    return text


AliasName = Annotated[str, AfterValidator(_alias)]
"""What MLflow takes as an alias of a version."""


DEFAULT_THRESHOLDS: dict[str, float | None] = {
    "right_or_refused": 0.5,
    "retrieval_recall": 0.6,
    "groundedness": 0.7,
    "refusal_accuracy": 0.4,
    "guardrail_accuracy": 0.9,
    "latency_p95_seconds": 10.0,
}
AliasRole = Literal["candidate", "production", "previous"]
DEFAULT_ALIASES: dict[AliasRole, str] = {"candidate": "candidate", "production": "production", "previous": "previous"}
DEFAULT_GUARD_METRICS: dict[str, float | None] = {"retrieval_recall": 0.1, "groundedness": 0.1, "latency_seconds": 1.0}
MERGED: dict[str, Mapping[Any, Any]] = {
    "thresholds": DEFAULT_THRESHOLDS,
    "guard_metrics": DEFAULT_GUARD_METRICS,
    "aliases": DEFAULT_ALIASES,
}
"""Key of `gate` → the defaults over which given ones are merged."""


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
    pipeline: str | None = Field(
        default=None,
        description="File with a Haystack pipeline in YAML that makes the questions instead of the built-in one.",
    )
    import_file: str | None = Field(default=None, description="JSONL or CSV of one's own examples.")
    add_from_traces: bool = Field(default=False, description="Add production traces with bad feedback.")


class GateConfig(RunnerConfig):
    """What a version must show before it is promoted."""

    dataset: str | None = Field(default=None, description="`name` or `name:version`; empty for the newest.")
    thresholds: dict[str, float | None] = Field(
        default_factory=lambda: dict(DEFAULT_THRESHOLDS),
        description="Metric → floor (quality) or ceiling (latency, tokens, cost). Given ones are merged over the "
        "defaults; null takes one away.",
    )
    primary: str = Field(default="right_or_refused", description="Metric of the comparison with production.")
    margin: float = Field(default=0.05, ge=0, lt=1, description="Loss in the primary metric that is tolerated.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    guard_metrics: dict[str, float | None] = Field(
        default_factory=lambda: dict(DEFAULT_GUARD_METRICS),
        description="Metric → margin; rejects only if proven worse beyond it (Holm). Merged like `thresholds`.",
    )
    resamples: int = Field(default=10_000, ge=1000, le=1_000_000)
    seed: int = 0
    minimum_questions: int = Field(default=20, ge=2, description="Fewer questions decide nothing.")
    maximum_questions: int | None = Field(
        default=None, ge=2, description="Questions of the set that are asked at most; empty for all of them."
    )
    make_up_to: int | None = Field(
        default=None,
        ge=2,
        description="Questions up to which more are made, as the set was made, while the comparison is undecided; "
        "empty: none are made.",
    )
    looks: int = Field(
        default=4,
        ge=1,
        le=20,
        description="Times that the comparison is looked at, after equal parts of the questions; it stops when it is "
        "proven. 1 asks all questions first.",
    )
    first_look: int = Field(default=100, ge=2, description="No look comes before so many questions.")
    spending: Literal["obrien-fleming", "pocock"] = Field(
        default="obrien-fleming",
        description="How the looks share the error rate: hardly any of it early, or about the same at each.",
    )
    segments: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=("kind", "language", "folder"),
        description="Keys by which the questions are divided: `kind`, `language`, `folder` (of the documents), `turn`, "
        "or a key of the examples. A version that is proven worse in one part of them is rejected.",
    )
    segment_margin: float = Field(
        default=0.1, ge=0, lt=1, description="Loss in the primary metric that is tolerated in any one segment."
    )
    repeats: int = Field(
        default=1,
        ge=1,
        le=20,
        description="Times that each question is asked, for models that answer differently each time; the mean counts.",
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="Questions in flight per version; on Dask, per batch.")
    batch_questions: int = Field(
        default=100, ge=1, description="Questions of a batch on Dask, each of which loads the version anew."
    )
    question_timeout_seconds: float = Field(default=60.0, gt=0)
    validation_latency_seconds: float = Field(default=20.0, gt=0, description="Ceiling of one validation question.")
    forbidden_questions: int = Field(
        default=20,
        ge=0,
        description="Questions about documents that the asker may not see, put to a candidate before it is evaluated.",
    )
    judge_guidelines: tuple[str, ...] = Field(
        default=(), description="Rules that the judge, if the platform names one, holds every answer against."
    )
    judge_timeout_seconds: float = Field(default=60.0, gt=0, description="Deadline of one judgement.")
    evaluators: dict[EvaluatorName, EvaluatorConfig] = Field(
        default_factory=dict, description="Metric → Haystack evaluator that measures it, on every question."
    )
    pipeline: str | None = Field(
        default=None, description="File in Haystack's YAML form that stands in place of the whole evaluation pipeline."
    )
    trials: int = Field(
        default=1,
        ge=1,
        description="Configurations that the candidate was chosen from: its proof must be as much harder.",
    )
    approve: bool = Field(default=False, description="Pause for a person before promotion.")
    promote_unattended: bool = Field(
        default=False,
        description="Let runs that an automation or a schedule started promote without a person's approval.",
    )
    budget: float | None = Field(
        default=None,
        ge=0,
        description="What one deployment may cost at most, in the currency of the provider's prices: what is estimated "
        "to cost more, or has no price, is not begun. Empty: no limit.",
    )
    estimate: bool = Field(
        default=False, description="Time one answer, tell calls, minutes and cost; evaluate nothing."
    )
    first: bool = Field(
        default=False,
        description="Where nothing is in production yet: let the thresholds decide on however few questions.",
    )
    replace_broken: bool = Field(default=False, description="Decide by thresholds if production cannot run.")
    move_collection: bool = Field(
        default=False,
        description="Let a version replace one in production that reads another collection; else it is refused.",
    )
    aliases: dict[AliasRole, AliasName] = Field(
        default_factory=lambda: dict(DEFAULT_ALIASES),
        description="Role → alias in MLflow's registry. Given ones are merged over the defaults.",
    )
    model_name: ModelName | None = Field(default=None, description="Old name of `assistant`: the two must agree.")

    @field_validator("thresholds", "guard_metrics", "aliases", mode="before")
    @classmethod
    def _merge_over_defaults(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            return value
        return {**MERGED[str(info.field_name)], **value}

    @field_validator("aliases")
    @classmethod
    def _have_names_of_their_own(cls, aliases: dict[AliasRole, str]) -> dict[AliasRole, str]:
        if len(set(aliases.values())) < len(aliases):
            msg = f"{aliases} give two roles one alias: a candidate would be live before the gate has decided"
            raise ValueError(msg)
        return aliases

    @model_validator(mode="after")
    def _asks_enough(self) -> "GateConfig":
        if self.maximum_questions is not None and self.maximum_questions < self.minimum_questions:
            msg = (
                f"maximum_questions {self.maximum_questions} is less than minimum_questions {self.minimum_questions}: "
                "nothing could be decided"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _makes_what_it_may_ask(self) -> "GateConfig":
        if self.make_up_to is None:
            return self
        if self.maximum_questions is not None and self.make_up_to > self.maximum_questions:
            msg = (
                f"make_up_to {self.make_up_to} is more than maximum_questions {self.maximum_questions}: what is made "
                "could not be asked"
            )
            raise ValueError(msg)
        if self.dataset and ":" in self.dataset:
            msg = f"make_up_to adds questions to a set, and dataset {self.dataset!r} names one version: name the set"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_way_to_evaluate(self) -> "GateConfig":
        if self.pipeline and self.evaluators:
            msg = "evaluators and pipeline exclude each other: add the evaluators to the file"
            raise ValueError(msg)
        return self

    @property
    def limits(self) -> dict[str, float]:
        """Thresholds in force: those that are not null."""
        return {name: limit for name, limit in self.thresholds.items() if limit is not None}

    @property
    def guard_margins(self) -> dict[str, float]:
        """Guard metrics in force: those that are not null."""
        return {name: margin for name, margin in self.guard_metrics.items() if margin is not None}


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
