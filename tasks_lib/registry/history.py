"""The history of an assistant: who deployed, approved, rolled back and held it, when and why.

Nothing is kept for it alone: each of these is an MLflow run of the assistant's experiment, which its own process makes
and no other changes. So writers at the same time are not in each other's way, and a copied home has its history.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from tasks_lib.registry.attempts import ERROR_TAG, FLOW_RUN_TAG, WAITS_UNTIL_TAG
from tasks_lib.registry.changes import CHANGED_TAG
from tasks_lib.registry.tracking import (
    APPROVED_BY_TAG,
    COMMENT_TAG,
    DECIDED_AT_TAG,
    REASON_TAG,
    STARTED_BY_TAG,
    VERB_TAG,
    WAITS_FOR_TAG,
)

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

What = Literal[
    "promoted",
    "unchanged",
    "rejected",
    "undecided",
    "rolled back",
    "hold",
    "hold released",
    "held back",
    "failed",
    "interrupted",
    "waits for approval",
    "not ended",
    "documents changed",
    "documents released",
    "documents held",
    "documents undecided",
    "documents rolled back",
]
DECISIONS: dict[str, What] = {
    "promote": "promoted",
    "unchanged": "unchanged",
    "reject": "rejected",
    "undecided": "undecided",
}
DOCUMENTS_TAG = "llmops.documents"
"""Tag of a run: what the documents' gate, or a person, decided about a state of an index."""
DOCUMENTS: dict[str, What] = {
    "released": "documents released",
    "held": "documents held",
    "undecided": "documents undecided",
    "rolled back": "documents rolled back",
}
VERBS: dict[str, What] = {
    "rollback": "rolled back",
    "hold": "hold",
    "release": "hold released",
    "held": "held back",
    "ingest": "documents changed",
    "documents": "documents released",
}
"""Verb of a run that ended → what happened; of `deploy` its decision tells."""
DOCUMENTS_CHANGED = {"documents changed", *DOCUMENTS.values()}
"""What happened where what changed are documents."""
FAILING = ("ingest", "dataset", "monitor")
"""Verbs that decide nothing; what failed of them is told."""
ENDS: dict[str, What] = {"FAILED": "failed", "KILLED": "interrupted"}
"""Status of a run without a decision → what happened."""
WRONG: tuple[What, ...] = ("failed", "interrupted")
MOVES: tuple[What, ...] = ("promoted", "rolled back")
MOVING = (
    f"tags.`{VERB_TAG}` = 'deploy' AND tags.`llmops.decision` = 'promote'",
    f"tags.`{VERB_TAG}` = 'rollback' AND attributes.status = 'FINISHED'",
)
"""Conditions of the runs that moved production."""
NEWEST = 50
"""Runs that may have begun after another and have ended before it: some wait a day for approval."""
LONGEST = 10_000
"""Entries of a whole history."""


class Entry(BaseModel):
    """One thing that happened."""

    at: datetime = Field(description="When it was decided; of a run that did not end, its start.")
    what: What
    version: int | None = Field(description="The version that it is about; after a rollback, the one that is live.")
    from_version: int | None = Field(default=None, description="Of a rollback, the version that was live.")
    verb: str = Field(default="deploy", description="Of the run.")
    by: str = Field(description="The person, automation or schedule that started it.")
    approved_by: str | None = Field(default=None, description="The person who approved or denied it.")
    comment: str = Field(default="", description="What they said.")
    why: str = Field(default="", description="Why it was started, in the words of who did.")
    changed: str = Field(
        default="",
        description="The configuration and the origin of the version beside the one before it; of an "
        "ingest, the documents.",
    )
    reason: str = Field(default="", description="The first reason of the gate's decision, or the error.")
    run_id: str
    flow_run: str | None = Field(default=None, description="Its flow run in Prefect.")
    compared_with: int | None = Field(default=None, description="The version in production when its gate began.")
    index_version: str | None = Field(default=None, description="State of the documents that its gate saw.")

    @property
    def title(self) -> str:
        """What happened to which version."""
        if self.what == "rolled back":
            return f"rolled back from version {self.from_version} to {self.version}"
        if self.what == "failed" and self.verb in FAILING:
            return f"{self.verb} failed"
        return f"{self.what}, version {self.version}" if self.version else self.what

    @property
    def told_changes(self) -> str:
        """What changed, as a line of its own."""
        return f"changed: {self.changed}" if self.changed and self.what not in DOCUMENTS_CHANGED else self.changed

    def in_vain(self, production: int | None) -> str:
        """Why an approval of what waits would move nothing any more; empty if it would.

        :param production: The version that is live now.
        """
        if self.compared_with in {None, production}:
            return ""
        return f"production moved from version {self.compared_with} to {production} since its gate"

    @property
    def who(self) -> str:
        """Who started it, and who had the last word with what they said."""
        if not self.approved_by:
            return self.by
        verb = "denied" if self.what == "rejected" else "approved"
        return f"{self.by}, {verb} by {self.approved_by}{f' ({self.comment})' if self.comment else ''}"


def read_history(client: "AssistantClient", limit: int) -> list[Entry]:
    """The newest entries of the client's assistant, newest first."""
    entries = [entry_of(run) for run in _runs(client, limit)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def read_waiting(client: "AssistantClient") -> list[Entry]:
    """What waits for a person now, newest first."""
    experiment = client.known_experiment_id
    if experiment is None:
        return []
    condition = f"tags.`{WAITS_UNTIL_TAG}` LIKE '%' AND attributes.status = 'RUNNING'"
    runs = client.search_runs([experiment], condition, max_results=NEWEST, order_by=["start_time DESC"])
    return [entry for entry in map(entry_of, runs) if entry.what == "waits for approval"]


def read_live_entry(client: "AssistantClient", production: int) -> Entry | None:
    """The entry by which the version came into production; `None` if an alias was moved by hand.

    Only the newest moves are read, however long the history is.
    """
    experiment = client.known_experiment_id
    if experiment is None:
        return None
    runs = [
        run
        for condition in MOVING
        for run in client.search_runs([experiment], condition, max_results=NEWEST, order_by=["start_time DESC"])
    ]
    moves = [entry for entry in map(entry_of, runs) if entry.what in MOVES]
    moved = max(moves, key=lambda entry: entry.at, default=None)
    return moved if moved and moved.version == production else None


def entry_of(run: "Run") -> Entry:
    """What a run of `deploy`, `rollback`, `hold`, `release`, `held` or `ingest` says."""
    tags = {name.removeprefix("llmops."): value for name, value in run.data.tags.items()}
    version = tags.get("to_version") or tags.get("version")
    before, what = tags.get("from_version"), _what(run)
    return Entry(
        at=moment_of(run),
        what=what,
        version=int(version) if version else None,
        from_version=int(before) if before else None,
        verb=run.data.tags[VERB_TAG],
        by=run.data.tags.get(STARTED_BY_TAG) or tags.get("mlflow.user") or "somebody",
        approved_by=run.data.tags.get(APPROVED_BY_TAG),
        comment=run.data.tags.get(COMMENT_TAG, ""),
        why=run.data.tags.get(REASON_TAG, ""),
        changed=run.data.tags.get(CHANGED_TAG, ""),
        reason=_reason(run.data.tags, what),
        run_id=run.info.run_id,
        flow_run=run.data.tags.get(FLOW_RUN_TAG),
        compared_with=int(compared) if (compared := tags.get("compared_with")) else None,
        index_version=tags.get("index_version"),
    )


def _what(run: "Run") -> What:
    decision = DECISIONS.get(run.data.tags.get("llmops.decision", ""))
    decision = decision or DOCUMENTS.get(run.data.tags.get(DOCUMENTS_TAG, ""))
    if decision:  # it holds whatever became of the run afterwards
        return decision
    if run.info.status == "FINISHED":
        return VERBS.get(run.data.tags[VERB_TAG], "not ended")
    if run.info.status == "RUNNING" and run.data.tags.get(WAITS_UNTIL_TAG, "") > datetime.now(UTC).isoformat():
        return "waits for approval"
    return ENDS.get(run.info.status, "not ended")


def _reason(tags: dict[str, str], what: What) -> str:
    if what == "waits for approval":
        return tags.get(WAITS_FOR_TAG, "")
    return tags.get(ERROR_TAG) or tags.get("llmops.reasons", "")


def moment_of(run: "Run") -> datetime:
    """When it was decided or ended; of a run that did neither, its start."""
    decided = run.data.tags.get(DECIDED_AT_TAG)
    if decided:
        return datetime.fromisoformat(decided)
    return datetime.fromtimestamp((run.info.end_time or run.info.start_time) / 1000, UTC)


def _runs(client: "AssistantClient", limit: int) -> "Iterator[Run]":
    experiment = client.known_experiment_id
    if experiment is None:
        return
    for verb in FAILING:
        yield from client.search_runs(
            [experiment],
            filter_string=f"tags.`{VERB_TAG}` = '{verb}' AND attributes.status = 'FAILED'",
            max_results=limit,
            order_by=["attributes.end_time DESC"],
        )
    for verb in ("deploy", *VERBS):
        told = f" AND tags.`{CHANGED_TAG}` LIKE '%' AND attributes.status != 'FAILED'" if verb == "ingest" else ""
        for state, order in (("=", "start_time"), ("!=", "end_time")):
            yield from client.search_runs(
                [experiment],
                filter_string=f"tags.`{VERB_TAG}` = '{verb}' AND attributes.status {state} 'RUNNING'{told}",
                max_results=limit,
                order_by=[f"attributes.{order} DESC"],
            )
