"""The outcome of a gate, told to everyone who asks: version tags, the MLflow run, Prefect's artifacts and events."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from tasks_lib.evaluation.decide import Decision
from tasks_lib.evaluation.gate_report import gate_report
from tasks_lib.evaluation.measurement import Measurement
from tasks_lib.registry.events import Event, emit
from tasks_lib.registry.validate import Check

EVENTS: dict[str, Event] = {
    "promote": "llmops.deployment.promoted",
    "reject": "llmops.deployment.rejected",
    "undecided": "llmops.deployment.undecided",
}


class Outcome(BaseModel):
    """What a gate found out about one version."""

    model: str
    version: int
    decision: Decision
    checks: list[Check] = Field(default_factory=list)
    passed_tests: bool
    candidate: Measurement | None = None
    production: Measurement | None = None
    lineage: dict[str, str] = Field(default_factory=dict)

    @property
    def measured(self) -> Measurement | None:
        """The figures that the decision is about."""
        return self.candidate or self.production

    @property
    def metrics(self) -> dict[str, float | None]:
        """Metric → value; empty when nothing was measured."""
        return dict(self.measured.metrics) if self.measured else {}

    @property
    def version_tags(self) -> Mapping[str, Any]:
        """What the registry remembers of the decision."""
        return {
            "passed_tests": self.passed_tests,
            "beats_threshold": self.decision.beats_threshold,
            "decision": self.decision.decision,
        }

    def report(self) -> str:
        """The report, as Markdown."""
        return gate_report(
            self.model,
            self.decision,
            self.candidate,
            self.production,
            [(check.name, check.ok, check.detail) for check in self.checks],
            self.lineage,
        )


def record(outcome: Outcome) -> None:
    """Write the outcome to the active MLflow run."""
    import mlflow

    tags = {"decision": outcome.decision.decision, "version": outcome.version, "reasons": outcome.decision.reasons[0]}
    mlflow.set_tags({f"llmops.{name}": value for name, value in tags.items()})
    mlflow.log_metrics({name: value for name, value in outcome.metrics.items() if value is not None})
    mlflow.log_text(outcome.report(), "report.md")
    mlflow.log_text(json.dumps(outcome.model_dump(mode="json"), indent=2, ensure_ascii=False), "report.json")


def announce(outcome: Outcome) -> None:
    """Show the report in Prefect and send the event."""
    from prefect.artifacts import create_markdown_artifact

    create_markdown_artifact(
        key="gate-report", markdown=outcome.report(), description=f"{outcome.model} version {outcome.version}"
    )
    decision = outcome.decision
    payload = {"reasons": decision.reasons, "beats_threshold": decision.beats_threshold}
    degraded = decision.decision == "reject" and outcome.candidate is None and outcome.production is not None
    if degraded:
        emit("llmops.production.degraded", outcome.model, outcome.version, payload)
    elif decision.decision in EVENTS:
        emit(EVENTS[decision.decision], outcome.model, outcome.version, payload)
