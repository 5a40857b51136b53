"""A report that names nothing of what was asked, answered and read: for readers who may not see every document."""

from collections.abc import Sequence
from dataclasses import replace

from tasks_lib.monitoring.result import IndexState, MonitorResult, QuestionGroup
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.traces import Traffic
from tasks_lib.monitoring.worst import figures

NOT_TOLD = "not told (monitor.aggregate_only)"


def traffic_without_texts(traffic: Traffic) -> Traffic:
    """Traffic whose errors say that there was one: what a version or a parser raises may quote what it read."""
    records = [replace(record, error=NOT_TOLD) if record.error is not None else record for record in traffic.records]
    malformed = {NOT_TOLD: sum(traffic.malformed.values())} if traffic.malformed else {}
    return replace(traffic, records=records, malformed=malformed)


def scores_without_texts(scores: Scores) -> Scores:
    """Scores whose failures say that there was one."""
    failures = {name: dict.fromkeys(failed, NOT_TOLD) for name, failed in scores.failures.items()}
    return replace(scores, failures=failures)


def states_without_names(states: Sequence[IndexState]) -> list[IndexState]:
    """States with the numbers of documents that changed, and what was decided."""
    nothing: dict[str, object] = {"added_documents": [], "updated_documents": [], "deleted_documents": []}
    nothing |= {"source": "", "reason": ""}
    return [state.model_copy(update=nothing) for state in states]


def without_texts(result: MonitorResult, scores: Scores) -> MonitorResult:
    """The result with the worst answers as addresses of traces, and groups of questions as numbers."""
    rows = {record.trace_id: row for row, record in enumerate(scores.records)}
    worst = [
        answer.model_copy(
            update={"question": "", "response": "", "documents": [], "why": figures(scores, rows[answer.trace_id])}
        )
        for answer in result.worst
    ]
    return result.model_copy(
        update={
            "aggregate_only": True,
            "worst": worst,
            "new_questions": _sizes(result.new_questions),
            "unanswered_questions": _sizes(result.unanswered_questions),
        }
    )


def _sizes(groups: Sequence[QuestionGroup]) -> list[QuestionGroup]:
    return [QuestionGroup(size=group.size, examples=[]) for group in groups]
