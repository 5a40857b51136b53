"""What a reviewer should look at next: answers drawn at random, in turn with those that seem wrong."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from tasks_lib.assistant.contract.answer import Answer, Conversation, Message
from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.gate.people import judged_score
from tasks_lib.monitoring.report.artifacts import RESULT_FILE
from tasks_lib.monitoring.window import COVERS_TAG, VERB
from tasks_lib.registry.feedback import newest_rating
from tasks_lib.registry.labels import Label, agreed, labels_of, lot
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, TRACE_VERSION_TAG, last_runs

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.registry.assistant_client import AssistantClient

Reason = Literal["bad feedback", "disagreement", "low confidence", "new questions", "drawn at random"]
READ = 400
"""Newest traces of users, and of evaluations, that are looked through."""
PAGE = 100
UNSURE = (0.3, 0.7)
"""Scores of the judge between these are no verdict."""
HALF = 0.5
ENOUGH_PEOPLE = 2
"""An answer that so many people agree about is not shown to more."""


class Passage(BaseModel):
    """What the answer is based on."""

    document: str
    heading: str = ""
    content: str
    start: int = 0
    end: int = 0
    source: str = ""


class ReviewItem(BaseModel):
    """An answer with all that a person needs to judge it."""

    trace_id: str
    messages: list[Message]
    response: str
    refused: bool
    passages: list[Passage]
    judge: float | None = Field(default=None, description="The judge's score of correctness, 0 to 1.")
    judge_reason: str = ""
    why: list[Reason]
    note: str = Field(default="", description="What a user wrote about it.")
    origin: str = Field(description="`production` or `evaluation`.")
    version: str = ""


def review_queue(client: "AssistantClient", reviewer: str, limit: int = 50) -> list[ReviewItem]:
    """At most `limit` answers that `reviewer` has not labelled, one drawn at random after each that was chosen."""
    new = new_questions(client)
    items: list[ReviewItem] = []
    chosen: list[ReviewItem] = []
    for trace, labels in read_answers(client):
        if any(label.reviewer == reviewer for label in labels) or _is_settled(labels):
            continue
        if (item := item_of(trace, labels, new)) is not None:
            (chosen if item.why != ["drawn at random"] else items).append(item)
    drawn = sorted([*items, *chosen], key=lambda item: (item.origin != "evaluation", lot(item.trace_id)))
    order = [item for pair in zip_longest(sorted(chosen, key=_urgency), drawn) for item in pair if item]
    return list(islice({item.trace_id: item for item in order}.values(), limit))


def new_questions(client: "AssistantClient") -> frozenset[str]:
    """Questions of a kind that the reference did not hold, by the last monitored window that reached a verdict."""
    from mlflow.exceptions import MlflowException

    run = next(iter(last_runs(client, VERB, where=f"tags.`{COVERS_TAG}` = 'true'")), None)
    if run is None:
        return frozenset()
    with TemporaryDirectory() as folder:
        try:
            path = Path(client.download_artifacts(run.info.run_id, RESULT_FILE, folder))
            groups = json.loads(path.read_text(encoding="utf-8")).get("new_questions", [])
        except (MlflowException, OSError, ValueError):  # the report is gone: nothing is known to be new
            return frozenset()
    return frozenset(question for group in groups for question in group.get("examples", []))


def labels_by_trace(client: "AssistantClient") -> dict[str, list[Label]]:
    """The labels of the newest traces that have any."""
    return {trace.info.trace_id: labels for trace, labels in read_answers(client) if labels}


def read_answers(client: "AssistantClient") -> "Iterator[tuple[Trace, list[Label]]]":
    """The newest answers to users and in evaluations, each with its labels, newest first."""
    for origin in ("production", "evaluation"):
        for trace in islice(_traces(client, origin), READ):
            yield trace, labels_of(trace.info.trace_id, trace.info.assessments or [])


def item_of(trace: "Trace", labels: Sequence[Label], new: frozenset[str] = frozenset()) -> ReviewItem | None:
    """The answer of a trace; `None` where it holds none.

    :param new: Questions that monitoring found to be of a new kind.
    """
    root = next((span for span in trace.data.spans if span.parent_id is None), None)
    try:
        messages = Conversation.model_validate(root.inputs if root else None).messages
        answer = Answer.model_validate(root.outputs if root else None)
    except ValidationError:
        return None
    assessments: list[Any] = trace.info.assessments or []
    rating, judged = newest_rating(assessments), judged_score(assessments)
    question = messages[-1].content
    reasons: Mapping[Reason, bool] = {
        "bad feedback": bool(rating and rating.is_bad),
        "disagreement": _disagree(rating.value if rating else None, judged, labels),
        "low confidence": judged is not None and UNSURE[0] <= judged <= UNSURE[1],
        "new questions": question in new,
    }
    return ReviewItem(
        trace_id=trace.info.trace_id,
        messages=list(messages),
        response=answer.response,
        refused=answer.refused,
        passages=[Passage.model_validate(_shown(source.model_dump())) for source in answer.source_documents],
        judge=judged,
        judge_reason=_reason(assessments),
        why=[name for name, holds in reasons.items() if holds] or ["drawn at random"],
        note=rating.comment if rating else "",
        origin=trace.info.tags.get(TRACE_SOURCE_TAG, ""),
        version=trace.info.tags.get(TRACE_VERSION_TAG, ""),
    )


def _disagree(rating: float | None, judged: float | None, labels: Sequence[Label]) -> bool:
    """Whether user and judge, people among each other, or people and judge say different things."""
    said = {label.verdict for label in labels} & {"right", "wrong"}
    sides = {"right" if value >= HALF else "wrong" for value in (rating, judged) if value is not None}
    return len(said) > 1 or len(sides) > 1 or bool(said and judged is not None and not said & _side(judged))


def _side(judged: float) -> set[str]:
    return {"right" if judged >= HALF else "wrong"}


def _is_settled(labels: Sequence[Label]) -> bool:
    return len(labels) >= ENOUGH_PEOPLE and agreed(labels) is not None


def _urgency(item: ReviewItem) -> tuple[int, float]:
    order = ("bad feedback", "disagreement", "new questions", "low confidence")
    return min((order.index(why) for why in item.why if why in order), default=len(order)), lot(item.trace_id)


def _reason(assessments: Iterable[Any]) -> str:
    return next((entry.rationale or "" for entry in assessments if entry.name == CORRECTNESS), "")


def _shown(source: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in source.items() if name in Passage.model_fields and value is not None}
    known["heading"] = " > ".join(part for part in (source.get("title"), source.get("heading")) if part)
    return known


def _traces(client: "AssistantClient", origin: str) -> "Iterator[Trace]":
    token: str | None = None
    while experiment := client.known_experiment_id:
        page = client.search_traces(
            locations=[experiment],
            filter_string=f"tags.`{TRACE_SOURCE_TAG}` = '{origin}'",
            max_results=PAGE,
            order_by=["timestamp_ms DESC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return
