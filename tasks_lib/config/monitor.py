"""``MonitorConfig``: the section `monitor`."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tasks_lib.config.pipelines import EvaluatorConfig, EvaluatorName
from tasks_lib.config.runner import RunnerConfig
from tasks_lib.config.strict import StrictModel

Moment = Annotated[datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))]
"""A point in time; without a timezone it is UTC."""


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
    aggregate_only: bool = Field(
        default=False,
        description="Report figures alone: no question, answer or passage, and no document's name; for readers who may "
        "not see every document.",
    )
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
