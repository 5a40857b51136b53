"""``ReleaseResult``, and how it is published: an MLflow run, Prefect's event and artifact."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from tasks_lib.documents_gate.decision import DocumentsDecision, Questions, Verdict
from tasks_lib.documents_gate.difference import ChangedDocument, in_words
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.registry.changes import CHANGED_TAG
from tasks_lib.registry.events import artifact_key
from tasks_lib.registry.history import DOCUMENTS_TAG
from tasks_lib.registry.tracking import DECIDED_AT_TAG, RUN_NAME_TAG, last_releases

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

INDEX_TAG = "llmops.index"
INDEX_VERSION_TAG = "llmops.index_version"
RELEASED_TAG = "llmops.released_state"
EVENTS = {"released": "llmops.documents.released", "rolled back": "llmops.documents.rolled-back"}
"""Decision → event; all else was held."""
DECIDED_BY = "llmops.decided-by"
"""Label of the event's resource: `gate` or `person`."""
RESULT_FILE = "release.json"
LONGEST_TAG = 4000
"""Characters that MLflow surely takes."""


class ChangedDocuments(BaseModel):
    """Paths of the documents that differ from the released state."""

    added: list[str] = Field(default_factory=list)
    changed: list[str] = Field(default_factory=list)
    deleted: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, changed: list[ChangedDocument]) -> "ChangedDocuments":
        """The paths by what became of them."""
        paths: dict[str, list[str]] = {"added": [], "changed": [], "deleted": []}
        for each in changed:
            paths[each.kind].append(each.document)
        return cls(**paths)


class ReleaseResult(BaseModel):
    """What became of a change of documents."""

    assistant: str
    index: str
    state: str = Field(description="The state that was decided about.")
    released_state: str = Field(description="The state that is read now.")
    decision: Verdict
    reasons: list[str]
    questions: Questions = Field(default_factory=Questions)
    documents: list[str] = Field(default_factory=list, description="Documents that it is because of.")
    findings: list[Finding] = Field(default_factory=list, description="What is wrong with documents, unasked.")
    changes: ChangedDocuments = Field(default_factory=ChangedDocuments)
    quarantined: list[str] = Field(default_factory=list, description="Documents that went into quarantine by this.")
    proposed: int = Field(default=0, description="Questions that were proposed for what is new.")
    run_id: str | None = Field(default=None, description="MLflow's run; null where nothing changed.")
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """`documents of rag-assistant: held`."""
        return f"documents of {self.assistant}: {self.decision}"


def result_of(
    assistant: str, index: str, state: str, released: str, decision: DocumentsDecision, changed: list[ChangedDocument]
) -> ReleaseResult:
    """The result of a decision."""
    return ReleaseResult(
        assistant=assistant,
        index=index,
        state=state,
        released_state=released,
        decision=decision.decision,
        reasons=decision.reasons,
        questions=decision.questions,
        documents=decision.documents,
        findings=decision.findings,
        changes=ChangedDocuments.of(changed),
    )


def record(result: ReleaseResult, changed: list[ChangedDocument]) -> None:
    """Write the result to the active MLflow run."""
    import mlflow

    mlflow.set_tags(
        {
            DOCUMENTS_TAG: result.decision,
            INDEX_TAG: result.index,
            INDEX_VERSION_TAG: result.state,
            RELEASED_TAG: result.released_state,
            CHANGED_TAG: in_words(changed)[:LONGEST_TAG],
            "llmops.reasons": "; ".join(result.reasons)[:LONGEST_TAG],
            DECIDED_AT_TAG: datetime.now(UTC).isoformat(timespec="seconds"),
            RUN_NAME_TAG: result.title,
        }
    )
    mlflow.log_metrics({"asked": result.questions.asked, "worse": len(result.questions.worse)})
    mlflow.log_dict(result.model_dump(mode="json"), RESULT_FILE)


def read_release(client: "AssistantClient", index: str) -> ReleaseResult:
    """The newest result about an index that was recorded."""
    import mlflow

    run = last_releases(client, index)[0]
    return ReleaseResult.model_validate(mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/{RESULT_FILE}"))


def announce(result: ReleaseResult, *, by_gate: bool) -> None:
    """The event, and a table for people.

    :param by_gate: Whether it was measured; else a person decided, whom no automation needs to ask.
    """
    from prefect.artifacts import create_table_artifact
    from prefect.events import emit_event

    facts = [("decision", result.decision), ("index", result.index), ("state", result.state)]
    facts += [("state that is read", result.released_state), ("questions asked", str(result.questions.asked))]
    facts += [("reason", reason) for reason in result.reasons]
    facts += [(f"{kind} document", path) for kind, paths in result.changes.model_dump().items() for path in paths[:20]]
    create_table_artifact(
        key=artifact_key("documents-gate", result.assistant),
        table=[{"what": name, "value": value} for name, value in facts],
        description=result.title,
    )
    emit_event(
        event=EVENTS.get(result.decision, "llmops.documents.held"),
        resource={
            "prefect.resource.id": f"llmops.index.{result.index}",
            "prefect.resource.name": result.index,
            DECIDED_BY: "gate" if by_gate else "person",
        },
        payload=result.model_dump(mode="json", exclude={"questions", "changes", "findings"}),
    )
