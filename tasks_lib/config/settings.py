"""``Settings``: the configuration of every verb, `RagConfig` at the top level and one section for each verb."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from tasks_lib.config.pipelines import EvaluatorConfig, EvaluatorName, HaystackComponent, PipelinesConfig
from tasks_lib.config.rag import (
    ChunkingConfig,
    Fusion,
    ModelId,
    PromptConfig,
    RagConfig,
    RetrieverMode,
)
from tasks_lib.config.sources import SiteConfig, Sources
from tasks_lib.config.strict import StrictModel
from tasks_lib.home import DEFAULT_ASSISTANT

Moment = Annotated[datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))]
"""A point in time; without a timezone it is UTC."""


def _suffix(text: str) -> str:
    if not re.fullmatch(r"\.[^./\\]+", text):
        msg = f"{text!r} is no suffix of a file's name; write it with its dot, as in .epub"
        raise ValueError(msg)
    return text.lower()


Suffix = Annotated[str, AfterValidator(_suffix)]
"""Ending of a file's name with its dot, in lower case."""

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


def _origin(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", text):
        msg = (
            f"{text!r} is no origin; write scheme, host and port as a browser does, as in https://intranet.example.org"
        )
        raise ValueError(msg)
    return text


Origin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and, where it is not the scheme's own, port of a page."""

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


class RunnerConfig(StrictModel):
    """Where the tasks run that a verb's work is divided into."""

    task_runner: Literal["threads", "dask"] = Field(default="threads", description="Where batches run.")
    dask_address: str | None = Field(default=None, description="Dask scheduler; empty starts a local cluster.")


class IngestConfig(RunnerConfig):
    """How documents are brought into the index."""

    source: str | None = Field(
        default=None,
        description="Folder, s3:// prefix, https://…/sitemap.xml, git+https://…, any address that fsspec reads, or the "
        "name of one of `sources`; empty for the sample handbook.",
    )
    sources: Sources = Field(
        default=(), description="Sources by name; `llmops bootstrap` gives each the schedule that it names."
    )
    site: SiteConfig = SiteConfig()
    include: tuple[str, ...] = Field(default=(), description="Globs; empty for every format that is understood.")
    dry_run: bool = Field(default=False, description="Print the plan and change nothing.")
    allow_mass_delete: bool = Field(default=False, description="Let a run delete more than `mass_delete_share`.")
    mass_delete_share: float = Field(
        default=0.3, gt=0, le=1, description="Share of a source's documents that a run may delete unasked."
    )
    max_file_megabytes: float = Field(default=50, gt=0, description="Larger files are recorded as failed.")
    mask_pii: bool = Field(
        default=False,
        description="Black out personal data (`guardrails.personal_data`) before documents are cut; lengths stay.",
    )
    comments: bool = Field(default=False, description="Ingest comments in Office files as well.")
    hidden: bool = Field(
        default=False, description="Ingest hidden sheets, rows, columns and slides of Office files as well."
    )
    converters: dict[Suffix, HaystackComponent] = Field(
        default_factory=dict,
        description="Suffix, such as `.epub` → the Haystack converter (`type`, `init_parameters`) of its files.",
    )
    pipeline: str | None = Field(
        default=None,
        description="File with a Haystack pipeline in YAML that is run instead (`llmops pipeline show indexing` prints "
        "one), where every worker finds it. It then decides what is converted, masked and cut.",
    )
    batch_documents: int = Field(default=32, ge=1, le=1000, description="Documents a mapped task takes.")
    lock_timeout_seconds: float = Field(default=600, ge=0, description="How long to wait for another writer.")


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


class ObjectivesConfig(StrictModel):
    """Service levels: what share of the traffic must be how good. Empty objectives are not watched."""

    latency_seconds: float | None = Field(default=10.0, gt=0, description="Ceiling of an answer's latency.")
    latency_share: float = Field(default=0.95, gt=0, lt=1, description="Share of answers that must be as fast.")
    refusals: float | None = Field(default=0.6, gt=0, le=1, description="Largest share of questions refused.")
    errors: float | None = Field(default=0.05, gt=0, le=1, description="Largest share of questions that fail.")
    cost_per_answer: float | None = Field(default=None, gt=0, description="Largest mean cost of an answer.")


class MonitorConfig(RunnerConfig):
    """How production traffic is judged."""

    since: Moment | None = Field(default=None, description="Start of the window; empty for the end of the last one.")
    until: Moment | None = Field(default=None, description="End of the window; empty for now.")
    minimum_traces: int = Field(default=30, ge=2, description="Fewer traces are `not_enough_traffic`.")
    reference_windows: int = Field(default=4, ge=1, description="Healthy windows that make the reference.")
    sample: int | None = Field(default=None, ge=1, description="Traces scored by costly scorers; empty for all.")
    seed: int = 0
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Error rate of one run, over all metrics (Holm).")
    minimum_effect: float = Field(default=0.2, ge=0, description="Smallest effect size that counts as drift.")
    minimum_latency_change_seconds: float = Field(
        default=0.25, ge=0, description="Smallest change of the mean latency that counts, whatever its effect size."
    )
    reference_since: Moment | None = Field(
        default=None, description="Windows before this moment are no reference: set it after a change that you meant."
    )
    late_hours: float = Field(
        default=168, ge=0, description="How far before a window late traces are looked for; explicit windows take none."
    )
    assessed_traces: int = Field(
        default=500,
        ge=0,
        description="Traces that get their scores written back as assessments: the worst, then a seeded sample.",
    )
    judge_guidelines: tuple[str, ...] = Field(
        default=(), description="Rules that the judge, if the platform names one, holds every answer against."
    )
    judge_timeout_seconds: float = Field(default=60.0, gt=0, description="Deadline of one judgement.")
    scorers: dict[EvaluatorName, EvaluatorConfig] = Field(
        default_factory=dict, description="Metric → Haystack evaluator that scores the sampled traces; no ground truth."
    )
    pipeline: str | None = Field(
        default=None, description="File in Haystack's YAML form that stands in place of the whole scoring pipeline."
    )
    batch_traces: int = Field(default=500, ge=1, description="Traces of a batch on Dask.")
    objectives: ObjectivesConfig = ObjectivesConfig()

    @model_validator(mode="after")
    def _one_way_to_score(self) -> "MonitorConfig":
        if self.pipeline and self.scorers:
            msg = "scorers and pipeline exclude each other: add the scorers to the file"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _window_is_ordered(self) -> "MonitorConfig":
        if self.since and self.until and self.since >= self.until:
            msg = f"since {self.since.isoformat()} must be before until {self.until.isoformat()}"
            raise ValueError(msg)
        return self


class ServeConfig(StrictModel):
    """The endpoint."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1024, le=65_535, description="LitServe listens on no port below 1024.")
    assistants: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description='Assistants that are served: their names, or "*" for all in production; empty for one.'
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer, for each assistant.")
    timeout_seconds: float = Field(default=60.0, gt=0, description="Deadline of one answer.")
    slots: int = Field(
        default=16, ge=1, le=1024, description="Answers under way at a time, for each assistant; beyond that 429."
    )
    poll_seconds: float = Field(default=10.0, gt=0, description="Time between two looks at the production alias.")
    origins: tuple[Origin, ...] = Field(
        default=(), description="Origins whose pages may call the endpoint from a browser (CORS); empty for none."
    )
    hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")], ...] = Field(
        default=(),
        description="Names, beside localhost and 127.0.0.1, under which a proxy calls an endpoint without API keys.",
    )
    requests_per_minute: int | None = Field(default=None, ge=1, description="Limit for each API key.")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Limit for each API key.")
    limits_storage: str | None = Field(
        default=None,
        description="Where both are counted: `redis://host:6379` for limits that all replicas share, else "
        "each counts in its own memory. A URL with a password goes into the variable `LLMOPS_LIMITS_STORAGE`.",
    )

    @field_validator("limits_storage")
    @classmethod
    def _has_no_password(cls, url: str | None) -> str | None:
        if url and urlsplit(url).password:
            msg = "it holds a password: set the environment variable LLMOPS_LIMITS_STORAGE instead"
            raise ValueError(msg)
        return url


class ReviewConfig(StrictModel):
    """The page where people label answers."""

    host: str = "127.0.0.1"
    port: int = Field(default=8010, ge=1, le=65_535)


class UpConfig(StrictModel):
    """What `llmops up` starts beside the endpoint, on loopback: neither asks for a password."""

    prefect_port: int = Field(default=4200, ge=1, le=65_535, description="Port of the Prefect server.")
    mlflow_port: int = Field(default=5000, ge=1, le=65_535, description="Port of the MLflow server.")
    pool: str = Field(default="llmops", min_length=1, description="Work pool that the worker takes runs from.")


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
