"""The measurement of one version: a row a question, and the mean metrics that are compared with thresholds."""

from collections import defaultdict
from typing import Any

from pydantic import BaseModel, Field

from tasks_lib.gate.prediction_powered import CorrectedEstimate


class QuestionResult(BaseModel):
    """One question as one version answered it. A metric that does not apply to the question is `None`."""

    example_id: str
    kind: str
    question: str
    expected: str = ""
    answer: dict[str, Any] | None = None
    error: str | None = Field(default=None, description="Why there is no valid answer.")
    trace_id: str | None = None
    segments: dict[str, str] = Field(default_factory=dict, description="Key of `gate.segments` → value.")
    values: dict[str, float | None] = Field(default_factory=dict)

    @property
    def response(self) -> str:
        """What the user would have read."""
        if self.answer is None:
            return f"[failed: {self.error}]"
        return str(self.answer.get("response", ""))


class Measurement(BaseModel):
    """All rows of one version."""

    version: int
    primary: str
    expected_rows: int
    rows: list[QuestionResult]
    metrics: dict[str, float | None] = Field(default_factory=dict)
    ceilings: list[str] = Field(default_factory=list, description="Metrics of evaluators of which less is better.")
    scorer_errors: dict[str, int] = Field(default_factory=dict, description="Scorer → rows on which it failed.")
    scorer_problems: dict[str, str] = Field(default_factory=dict, description="Scorer → why it failed first.")
    unused: dict[str, str] = Field(default_factory=dict, description="Scorer → why its figures are not used.")
    judged: list[CorrectedEstimate] = Field(
        default_factory=list, description="The judge's figures with what people's labels say of them."
    )
    run_id: str | None = None

    @property
    def questions(self) -> int:
        """Questions that were asked, however often."""
        return len({row.example_id for row in self.rows})

    def scored(self) -> dict[str, int]:
        """Metric → questions with a score, of metrics whose scores lie between 0 and 1."""
        by_metric: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            for name, value in row.values.items():
                if value is not None:
                    by_metric[name][row.example_id].append(value)
        return {
            name: len(by_question)
            for name, by_question in by_metric.items()
            if all(0 <= value <= 1 for values in by_question.values() for value in values)
        }

    def failures(self) -> list[str]:
        """Why these figures cannot be trusted; MLflow takes the mean of whatever is left when a scorer fails."""
        reasons = [
            f"the scorer {name} failed on {count} of {self.expected_rows} questions{self._problem(name)}, "
            "so its figure cannot be trusted"
            for name, count in sorted(self.scorer_errors.items())
        ]
        if len(self.rows) != self.expected_rows:
            reasons.append(f"{len(self.rows)} of {self.expected_rows} questions were scored")
        absent = sum(row.values.get(self.primary) is None for row in self.rows)
        if absent and self.primary not in self.scorer_errors:
            reasons.append(f"{self.primary} (gate.primary) is absent on {absent} of {self.expected_rows} questions")
        return reasons

    def _problem(self, name: str) -> str:
        text = " ".join(self.scorer_problems.get(name, "").split())
        return f" ({text[:200]})" if text else ""
