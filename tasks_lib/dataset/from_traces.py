"""Questions that production answered badly: candidates for the evaluation set that a person completes and confirms."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tasks_lib.dataset.examples import example_of
from tasks_lib.dataset.importing import PENDING, STATUS
from tasks_lib.registry.feedback import newest_rating
from tasks_lib.registry.tracking import TRACE_GROUPS_TAG, TRACE_SOURCE_TAG, last_runs, run_of

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.registry.assistant_client import AssistantClient

VERB = "dataset-candidates"
ARTIFACT = "candidates.jsonl"
MONITORING, REPORTED = "monitor", "tags.`llmops.covers` = 'true'"
"""Runs that name the worst answers, and those of them that reached a verdict."""
_PAGE = 500
_MOST_TRACES = 10_000


def bad_traces(client: "AssistantClient") -> "Iterator[Trace]":
    """Production traces that a person judged to be bad, newest first, among the newest 10,000."""
    token: str | None = None
    seen = 0
    experiment = client.known_experiment_id
    while experiment and seen < _MOST_TRACES:
        page = client.search_traces(
            locations=[experiment],
            filter_string=f"tags.`{TRACE_SOURCE_TAG}` = 'production'",
            max_results=_PAGE,
            order_by=["timestamp_ms DESC"],
            page_token=token,
        )
        yield from (trace for trace in page if _bad_feedback(trace) is not None)
        seen += len(page)
        token = page.token
        if not token:
            return


def worst_answers(client: "AssistantClient") -> "list[tuple[Trace, str]]":
    """Traces that the last monitored window names as the worst, each with what is wrong about it."""
    from mlflow.exceptions import MlflowException

    run = next(iter(last_runs(client, MONITORING, where=REPORTED)), None)
    if run is None or ARTIFACT not in {artifact.path for artifact in client.list_artifacts(run.info.run_id)}:
        return []
    with TemporaryDirectory() as folder:
        text = Path(client.download_artifacts(run.info.run_id, ARTIFACT, folder)).read_text(encoding="utf-8")
    answers = []
    for row in map(json.loads, filter(None, text.split("\n"))):
        with suppress(MlflowException):  # the trace may have been deleted since
            answers.append((client.get_trace(row["trace_id"]), "monitoring: " + "; ".join(row["why"])))
    return answers


def candidates(traces: "Sequence[Trace]", why: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """One row per question: an example without its answer, beside what was said and what is wrong with it.

    :param why: Trace id → what is wrong, for traces without a person's comment.
    """
    rows: dict[str, dict[str, Any]] = {}
    for trace in traces:
        messages = _messages(trace)
        if not messages:
            continue
        example = example_of("answerable", messages[-1]["content"])
        rows.setdefault(
            example.id,
            {
                **example.row(),
                **_asker(trace),
                "messages": messages,
                STATUS: PENDING,
                "trace_id": trace.info.trace_id,
                "response": _response(trace),
                "comment": _bad_feedback(trace) or (why or {}).get(trace.info.trace_id, ""),
            },
        )
    return list(rows.values())


def log_candidates(client: "AssistantClient", rows: Sequence[dict[str, Any]]) -> str:
    """Keep the rows as an artifact; its address in MLflow."""
    import mlflow

    with run_of(client, VERB) as run:
        mlflow.log_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), ARTIFACT)
        mlflow.log_metric("candidates", len(rows))
    return f"runs:/{run.info.run_id}/{ARTIFACT}"


def _asker(trace: "Trace") -> dict[str, list[str]]:
    """The groups of whoever asked, where there were any."""
    groups = (trace.info.tags or {}).get(TRACE_GROUPS_TAG, "")
    return {"groups": groups.split(",")} if groups else {}


def _bad_feedback(trace: "Trace") -> str | None:
    """The comment of a person who was not content, `None` without one."""
    rating = newest_rating(trace.info.assessments or [])
    return rating.comment if rating and rating.is_bad else None


def _messages(trace: "Trace") -> list[dict[str, str]]:
    """The conversation of the request, if it is one that ends with the user's turn."""
    request = _parsed(trace.data.request)
    messages = request.get("messages") if isinstance(request, dict) else None
    if messages is None and isinstance(request, dict):
        messages = next((value["messages"] for value in request.values() if _holds_messages(value)), None)
    if not isinstance(messages, list) or not messages or not all(isinstance(turn, dict) for turn in messages):
        return []
    turns = [{"role": str(turn.get("role")), "content": str(turn.get("content", ""))} for turn in messages]
    return turns if turns[-1]["role"] == "user" and turns[-1]["content"].strip() else []


def _holds_messages(value: Any) -> bool:
    return isinstance(value, dict) and "messages" in value


def _response(trace: "Trace") -> str:
    response = _parsed(trace.data.response)
    return str(response.get("response", "")) if isinstance(response, dict) else ""


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
