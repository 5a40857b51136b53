"""Production traces as MLflow keeps them, read into small records."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from tasks_lib.assistant.contract.answer import Answer, Conversation, Source
from tasks_lib.progress import advance
from tasks_lib.registry.feedback import newest_rating
from tasks_lib.registry.labels import labels_of, worth
from tasks_lib.registry.tracking import TRACE_INDEX_TAG, TRACE_SOURCE_TAG, TRACE_VERSION_TAG

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.registry.assistant_client import AssistantClient

PAGE = 200
SCORER_NAME = "llmops.monitor"
"""Source of the assessments that monitoring writes."""


@dataclass(frozen=True)
class TraceRecord:
    """One question of a user with what the assistant made of it."""

    trace_id: str
    at: datetime
    question: str
    response: str = ""
    passages: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    """Title and headings of each passage."""
    top_score: float | None = None
    evidence: float | None = None
    refused: bool = False
    refusal_reason: str = ""
    guardrails: tuple[str, ...] = ()
    """Validators that masked or refused."""
    latency_seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    feedback: float | None = None
    """The user's newest judgement, 0 (bad) to 1 (good)."""
    comment: str = ""
    label: float | None = None
    """Share of the people who found the answer right when they reviewed it; `None` for what is no question."""
    reviewed: bool = False
    error: str | None = None
    """What went wrong; `None` for a question that got an answer."""
    version: str = ""
    index: str = ""
    assessed: bool = False
    """Whether monitoring has written its assessments before."""

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "TraceRecord":
        """Itself: a pipeline copies what it is given, and nobody changes this."""
        return self

    @property
    def answered(self) -> bool:
        """Whether there is an answer to judge: no error, no refusal."""
        return self.error is None and not self.refused


@dataclass(frozen=True)
class Traffic:
    """The traces of a window."""

    records: list[TraceRecord] = field(default_factory=list)
    malformed: dict[str, int] = field(default_factory=dict)
    """Reason → traces that could not be understood."""

    @property
    def total(self) -> int:
        """Traces found, malformed ones included."""
        return len(self.records) + sum(self.malformed.values())


def read_traffic(
    client: "AssistantClient", since: datetime, until: datetime, *, without: frozenset[str] = frozenset()
) -> Traffic:
    """All finished production traces of [since, until), oldest first, but those whose id is in `without`."""
    records: list[TraceRecord] = []
    malformed: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for trace in _finished_traces(client, since, until):
        if trace.info.trace_id in without:
            continue
        try:
            records.append(record_of(trace, texts))
        except (ValidationError, TypeError, ValueError) as error:
            malformed[_reason(error)] += 1
        advance("read traces", len(records))
    return Traffic(records, dict(malformed))


def first_trace_at(client: "AssistantClient") -> datetime | None:
    """When the first production trace began."""
    if client.known_experiment_id is None:
        return None
    page = client.search_traces(
        locations=[client.experiment_id],
        filter_string=_production(),
        max_results=1,
        order_by=["timestamp_ms ASC"],
        include_spans=False,
    )
    return _moment(page[0].info.timestamp_ms) if page else None


def record_of(trace: "Trace", texts: dict[str, str] | None = None) -> TraceRecord:
    """Read one finished trace.

    :param texts: Passages seen before; equal ones share memory.
    :raises ValueError: If its shape is not that of the assistant's root span.
    """
    info = trace.info
    root = next((span for span in trace.data.spans if span.parent_id is None), None)
    assessments = info.assessments or []
    rating, labels = newest_rating(assessments), labels_of(info.trace_id, assessments)
    duration = info.execution_duration
    common: dict[str, Any] = {
        "trace_id": info.trace_id,
        "at": _moment(info.timestamp_ms),
        "version": info.tags.get(TRACE_VERSION_TAG, ""),
        "index": info.tags.get(TRACE_INDEX_TAG, ""),
        "latency_seconds": duration / 1000 if duration is not None else None,
        "feedback": rating.value if rating else None,
        "comment": rating.comment if rating else "",
        "label": worth(labels),
        "reviewed": bool(labels),
        "assessed": any(map(_is_ours, assessments)),
    }
    if str(info.state.value) == "ERROR":
        return TraceRecord(**common, question=_failed_question(root), error=_error_of(root))
    if root is None:
        raise ValueError("no root span")
    answer = Answer.model_validate(root.outputs)
    question = Conversation.model_validate(root.inputs).messages[-1].content
    return TraceRecord(**common, question=question, **_answer_fields(answer, texts if texts is not None else {}))


def _answer_fields(answer: Answer, texts: dict[str, str]) -> dict[str, Any]:
    sources = answer.source_documents
    return {
        "response": answer.response,
        "passages": tuple(texts.setdefault(source.content, source.content) for source in sources),
        "documents": tuple(texts.setdefault(source.document, source.document) for source in sources),
        "headings": tuple(texts.setdefault(words, words) for words in map(_heading, sources)),
        "top_score": max((source.score for source in sources), default=None),
        "evidence": answer.evidence,
        "refused": answer.refused,
        "refusal_reason": answer.refusal_reason,
        "guardrails": tuple(hit.validator for hit in answer.guardrails if hit.action != "allow"),
        "tokens": answer.usage.input_tokens + answer.usage.output_tokens,
        "cost": answer.usage.cost,
    }


def _heading(source: Source) -> str:
    return f"{source.title or ''} {source.heading or ''}".strip()


def _finished_traces(client: "AssistantClient", since: datetime, until: datetime) -> "Iterator[Trace]":
    window = f"timestamp_ms >= {_milliseconds(since)} AND timestamp_ms < {_milliseconds(until)}"
    seen: set[str] = set()
    token: str | None = None
    while client.known_experiment_id:
        page = client.search_traces(
            locations=[client.experiment_id],
            filter_string=f"{_production()} AND {window}",
            max_results=PAGE,
            order_by=["timestamp_ms ASC"],
            page_token=token,
        )
        for trace in page:
            if trace.info.trace_id not in seen and trace.info.state.value in {"OK", "ERROR"}:
                seen.add(trace.info.trace_id)
                yield trace
        token = page.token
        if not token:
            return


def _production() -> str:
    return f"tags.`{TRACE_SOURCE_TAG}` = 'production'"


def _is_ours(assessment: Any) -> bool:
    return bool(assessment.source and assessment.source.source_id == SCORER_NAME)


def _failed_question(root: Any) -> str:
    try:
        return Conversation.model_validate(root.inputs).messages[-1].content
    except (ValidationError, AttributeError):
        return ""


def _error_of(root: Any) -> str:
    """The exception that the root span recorded, else the description of its status."""
    for event in getattr(root, "events", None) or []:
        if event.name == "exception":
            kind, message = (event.attributes.get(f"exception.{part}", "") for part in ("type", "message"))
            return " ".join(f"{kind}: {message}".split())[:300]
    description = getattr(getattr(root, "status", None), "description", "") or ""
    return " ".join(description.split())[:300] or "unknown error"


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{error.title}: {'.'.join(map(str, first['loc'])) or 'value'}: {first['msg']}"
    return str(error) or type(error).__name__


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
