"""What happened to the documents while a window's questions were asked, as ingests and their gate recorded it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tasks_lib.monitoring.result import IndexState
from tasks_lib.monitoring.window import Window
from tasks_lib.registry.history import DOCUMENTS_TAG, moment_of
from tasks_lib.registry.tracking import last_ingests, last_releases

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

SEARCHED = 200
"""Newest ingests of an index that are looked through."""
RESULT = "ingest.json"


def index_states(client: "AssistantClient", indexes: Iterable[str], window: Window) -> list[IndexState]:
    """The state that each index was in when the window began, and those that ingests made in it; oldest first.

    Where documents pass their gate, a state says what was decided about it last.
    """
    states = []
    for index in indexes:
        decided = _decisions(client, index, window)
        runs = [run for run in last_ingests(client, index, limit=SEARCHED) if _moment(run) < window.until]
        inside = [run for run in runs if _moment(run) >= window.since]
        before = [run for run in runs if _moment(run) < window.since][:1]
        made = [_state(client, run, index, inside=False) for run in before]
        made += [_state(client, run, index, inside=True) for run in reversed(inside)]
        states += [state.model_copy(update=decided.get(state.version, {})) for state in made]
    return states


def in_words(states: Iterable[IndexState]) -> list[str]:
    """One sentence about each change of the documents in the window."""
    return [_sentence(state) for state in states if state.inside]


def _sentence(state: IndexState) -> str:
    named = f"documents of {state.source or state.index}"
    if state.read:
        return f"{named} changed: {changes_of(state)}"
    return ": ".join(filter(None, (f"{named} were {state.decision}", changes_of(state), state.reason)))


def _decisions(client: "AssistantClient", index: str, window: Window) -> dict[str, dict[str, str]]:
    """State → the last decision about it in time, and its first reason."""
    decided: dict[str, dict[str, str]] = {}
    runs = [run for run in last_releases(client, index, limit=SEARCHED) if moment_of(run) < window.until]
    for run in reversed(runs):
        tags = run.data.tags
        state, decision = tags.get("llmops.index_version", ""), tags.get(DOCUMENTS_TAG, "")
        told = {"decision": decision, "reason": tags.get("llmops.reasons", "").split("; ")[0]}
        if decision == "rolled back":  # what was released since is not read any more
            since = list(decided)[list(decided).index(state) + 1 if state in decided else 0 :]
            decided |= {each: told for each in since if decided[each]["decision"] == "released"}
        else:
            decided.pop(state, None)
            decided[state] = told
    return decided


def changes_of(state: IndexState, named: int = 3) -> str:
    """What was added, changed and deleted, a few by name."""
    parts = []
    for word, count, names in (
        ("deleted", state.deleted, state.deleted_documents),
        ("changed", state.updated, state.updated_documents),
        ("added", state.added, state.added_documents),
    ):
        if count:
            more = "" if count <= named else ", …"
            parts.append(f"{count} {word}" + (f" ({', '.join(names[:named])}{more})" if names else ""))
    return "; ".join(parts) or "nothing"


def _state(client: "AssistantClient", run: "Run", index: str, *, inside: bool) -> IndexState:
    result = _result(client, run.info.run_id)
    documents = result.get("documents") or {}
    return IndexState(
        index=index,
        version=str(run.data.tags.get("llmops.index_version", "")),
        at=_moment(run),
        inside=inside,
        source=str(result.get("source") or run.data.tags.get("llmops.ingest_source", "")),
        added=int(run.data.metrics.get("added", 0)),
        updated=int(run.data.metrics.get("updated", 0)),
        deleted=int(run.data.metrics.get("deleted", 0)),
        added_documents=documents.get("add") or [],
        updated_documents=documents.get("update") or [],
        deleted_documents=documents.get("delete") or [],
    )


def _result(client: "AssistantClient", run_id: str) -> dict[str, Any]:
    """What the ingest recorded; empty where the run lost it."""
    from mlflow.exceptions import MlflowException

    try:
        with TemporaryDirectory() as folder:
            text = Path(client.download_artifacts(run_id, RESULT, folder)).read_text(encoding="utf-8")
        result: dict[str, Any] = json.loads(text)
    except (MlflowException, OSError, ValueError):
        return {}
    return result


def _moment(run: "Run") -> datetime:
    return datetime.fromtimestamp(run.info.start_time / 1000, UTC)
