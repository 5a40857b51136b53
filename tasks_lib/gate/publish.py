"""Publish the outcome of the gate: version tags, the MLflow run, Prefect's artifacts and events."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from tasks_lib.dataset.examples import Example
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.gate_page import gate_page
from tasks_lib.gate.gate_report import GateRun, figure_rows, gate_report
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.trials import Trial
from tasks_lib.gate.validate import Check
from tasks_lib.registry.events import Event, artifact_key, emit
from tasks_lib.registry.tracking import APPROVED_BY_TAG, COMMENT_TAG, DECIDED_AT_TAG, RUN_NAME_TAG, VERB_TAG

REPORT_FILE = "report.md"
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
    decided_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    def with_decision(self, decision: Decision) -> "Outcome":
        """The outcome as it was decided now."""
        return self.model_copy(update={"decision": decision, "decided_at": datetime.now(UTC)})

    @property
    def title(self) -> str:
        """Version and verdict, such as `rag-assistant v2: reject`."""
        return f"{self.model} v{self.version}: {self.decision.decision}"

    @property
    def measured(self) -> Measurement | None:
        """The figures that the decision is about."""
        return self._run.measured

    @property
    def metrics(self) -> dict[str, float | None]:
        """Metric → value; empty when nothing was measured."""
        return dict(self.measured.metrics) if self.measured else {}

    @property
    def version_tags(self) -> Mapping[str, Any]:
        """What the registry remembers; a promotion is no decision before the version is live."""
        evidence: dict[str, Any] = {
            "passed_tests": self.passed_tests,
            "beats_threshold": self.decision.beats_threshold,
            "decided_at": self.decided_at.isoformat(timespec="seconds"),
        }
        if self.decision.settled_by:
            evidence["approved_by" if self.decision.decision == "promote" else "denied_by"] = self.decision.settled_by
        if self.decision.decision == "promote":
            return evidence
        return {**evidence, "decision": self.decision.decision}

    @property
    def run_tags(self) -> dict[str, str]:
        """What the MLflow run is found and listed by."""
        decision = self.decision
        settled = {APPROVED_BY_TAG: decision.settled_by, COMMENT_TAG: decision.comment}
        return {
            "llmops.decision": decision.decision,
            "llmops.version": str(self.version),
            "llmops.reasons": decision.reasons[0],
            DECIDED_AT_TAG: self.decided_at.isoformat(timespec="seconds"),
            RUN_NAME_TAG: self.title,
            **{name: value for name, value in settled.items() if value},
        }

    def answered_question(self, examples: Sequence[Example]) -> Example:
        """A question that the candidate answered in the evaluation: it must answer it again."""
        rows = self.candidate.rows if self.candidate else []
        answered = {
            row.example_id for row in rows if row.answer and not row.answer.get("refused") and row.response.strip()
        }
        return next(example for example in examples if example.id in answered)

    def report(self) -> str:
        """The report, as Markdown."""
        return gate_report(self._run)

    def page(self) -> str:
        """The report with pictures, as HTML."""
        return gate_page(self._run)

    @property
    def _run(self) -> GateRun:
        checks = [(check.name, check.ok, check.detail) for check in self.checks]
        return GateRun(self.model, self.decision, self.candidate, self.production, checks, self.lineage)


def record(outcome: Outcome) -> None:
    """Write the outcome to the active MLflow run."""
    import mlflow

    mlflow.set_tags(outcome.run_tags)
    mlflow.log_metrics({name: value for name, value in outcome.metrics.items() if value is not None})
    mlflow.log_text(outcome.report(), REPORT_FILE)
    mlflow.log_text(outcome.page(), "report.html")
    mlflow.log_text(json.dumps(outcome.model_dump(mode="json"), indent=2, ensure_ascii=False), "report.json")


def announce(outcome: Outcome) -> None:
    """Show the report and the figures in Prefect and send the event."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    about = f"{outcome.model} version {outcome.version}: {outcome.decision.decision}"
    key = artifact_key("gate-report", outcome.model)
    create_markdown_artifact(key=key, markdown=outcome.report(), description=about)
    figures = figure_rows(outcome.candidate, outcome.production)
    if figures:
        create_table_artifact(key=artifact_key("gate-figures", outcome.model), table=figures, description=about)
    decision = outcome.decision
    payload = {"reasons": decision.reasons, "beats_threshold": decision.beats_threshold}
    degraded = decision.decision == "reject" and outcome.candidate is None and outcome.production is not None
    if degraded:
        emit("llmops.production.degraded", outcome.model, outcome.version, payload)
    elif decision.decision in EVENTS:
        emit(EVENTS[decision.decision], outcome.model, outcome.version, payload)


def record_trials(trials: Sequence[Trial], best: Sequence[Trial], assistant: str) -> None:
    """Write trials, best first, to the active MLflow run, each as a run of its own below it, and to Prefect.

    MLflow's charts then show quality against latency and cost.
    """
    import mlflow
    from prefect.artifacts import create_table_artifact

    rows = [{**trial.model_dump(), "front": trial in best} for trial in trials]
    for row in rows:
        labels = {name: row[name] for name in ("chunking", "mode", "fusion", "top_k", "model", "prompt", "front")}
        figures = {
            name: row[name] for name in ("primary", "latency_seconds", "cost", "failed") if row[name] is not None
        }
        with mlflow.start_run(run_name=", ".join(map(str, labels.values())), nested=True, tags={VERB_TAG: "trial"}):
            mlflow.log_params(labels)
            mlflow.log_metrics(figures)
    mlflow.log_table({name: [row[name] for row in rows] for name in rows[0]}, "trials.json")
    key = artifact_key("tune-trials", assistant)
    create_table_artifact(key=key, table=rows, description="Best first; `front`: no other is better in all")
