"""``GateConfig``: the section `gate`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from tasks_lib.config.pipelines import EvaluatorConfig, EvaluatorName
from tasks_lib.config.runner import RunnerConfig

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
