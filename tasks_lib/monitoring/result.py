"""``MonitorResult``: the result of `monitor`, stored with a closed window."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from tasks_lib.gate.prediction_powered import CorrectedEstimate
from tasks_lib.monitoring.slo import ServiceLevel

VerdictName = Literal["healthy", "drifted", "not_enough_traffic", "failed"]


class WorstAnswer(BaseModel):
    """An answer that somebody should read."""

    trace_id: str
    question: str
    response: str
    why: list[str]
    documents: list[str] = Field(default_factory=list)


class RecurringQuestions(BaseModel):
    """Questions of the window that the reference holds word for word, each with its newest answer then and now."""

    asked: int = 0
    refused_now: int = Field(default=0, description="Answered before, refused now.")
    answered_now: int = Field(default=0, description="Refused before, answered now.")
    other_documents: int = Field(default=0, description="The first document of the answer before is no source now.")
    other_numbers: int = Field(default=0, description="The answers hold other numbers.")
    worse: int = Field(
        default=0, description="Answers that were right, and no longer are by any of these or by scores."
    )
    p_value: float | None = Field(default=None, description="McNemar's exact test of the refusals.")


class IndexState(BaseModel):
    """A state of an index, and what the ingest that made it changed."""

    index: str
    version: str
    at: datetime
    inside: bool = Field(description="Whether it was made in the window; else it was there when the window began.")
    source: str = ""
    added: int = 0
    updated: int = 0
    deleted: int = 0
    added_documents: list[str] = Field(default_factory=list)
    updated_documents: list[str] = Field(default_factory=list)
    deleted_documents: list[str] = Field(default_factory=list)
    decision: str = Field(
        default="",
        description="The last one of the documents' gate, or of a person, about it: `released`, `held`, `undecided` or "
        "`rolled back`; empty where none was made.",
    )
    reason: str = Field(default="", description="Why it was decided so.")

    @property
    def read(self) -> bool:
        """Whether answers were made from it, as far as it was decided in time."""
        return self.decision in {"", "released"}


class QuestionGroup(BaseModel):
    """Questions that belong together."""

    size: int
    examples: list[str]


def verdict_title(name: VerdictName, drifted: Sequence[str]) -> str:
    """`drifted (coverage, evidence)`: the verdict, and the metrics that are worse."""
    told = name.replace("_", " ")
    return f"{told} ({', '.join(drifted)})" if drifted else told


class MonitorResult(BaseModel):
    """One monitored window."""

    verdict: VerdictName
    reasons: list[str]
    since: datetime | None
    until: datetime
    traces: int = Field(description="Production traces of the window, malformed and late ones included.")
    metrics: dict[str, float] = Field(default_factory=dict, description="Means and shares of this window.")
    drifted: list[str] = Field(default_factory=list, description="Metrics that are worse, the largest change first.")
    changes: list[dict[str, Any]] = Field(default_factory=list, description="Every metric beside its reference.")
    aggregate_only: bool = Field(default=False, description="Figures alone: no text, and no document's name.")
    reference: str = ""
    service_levels: list[ServiceLevel] = Field(default_factory=list)
    worst: list[WorstAnswer] = Field(default_factory=list)
    new_questions: list[QuestionGroup] = Field(default_factory=list)
    unanswered_questions: list[QuestionGroup] = Field(default_factory=list)
    recurring: RecurringQuestions = RecurringQuestions()
    index_states: list[IndexState] = Field(default_factory=list)
    malformed: dict[str, int] = Field(default_factory=dict, description="Reason → traces that could not be read.")
    errors: dict[str, int] = Field(default_factory=dict, description="Error → questions that failed with it.")
    scorer_failures: dict[str, int] = Field(default_factory=dict, description="Metric → traces it failed on.")
    judged: int = Field(default=0, description="Answers that a user, a judge or an evaluator has judged.")
    judge: CorrectedEstimate | None = Field(
        default=None, description="The judge's correctness with what people's labels say of it."
    )
    is_judged: bool = Field(
        default=False, description="Whether judgements were compared with earlier ones: else nobody knows."
    )
    languages: dict[str, int] = Field(default_factory=dict, description="Language → questions in it.")
    by_language: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="Language → metric → its mean over the questions in it; languages of few questions are left out.",
    )
    late: int = Field(default=0, description="Traces from before the window that no earlier one has seen.")
    sampled: int = Field(default=0, description="Traces that the costly scorers looked at.")
    assessed: int = Field(default=0, description="Traces that got assessments.")
    version: str = Field(default="", description="Version that answered most of the questions.")
    index: str = ""
    run_id: str = ""
    report: str = Field(default="", description="Path of the report; its artifact's address where it is not copied.")
    report_uri: str = ""
    seconds: float = 0.0
    stored: bool = Field(default=False, description="The window was closed before: this is its report.")
