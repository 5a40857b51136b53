"""The next version of the evaluation set, from what people said of answers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from tasks_lib.dataset.datasets import Dataset, load, save
from tasks_lib.dataset.examples import REFUSAL_KINDS, Example, Reference, example_of
from tasks_lib.errors import InputError
from tasks_lib.monitoring.review.queue import ReviewItem, item_of, read_answers
from tasks_lib.registry.labels import Label, agreed
from tasks_lib.text.matching import contains_answer

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

ORIGIN = "review"


class ReviewedSet(BaseModel):
    """What a review made of the evaluation set."""

    dataset: str
    version: int
    examples: int
    added: int = 0
    changed: int = Field(default=0, description="Examples whose answer people have corrected.")
    removed: int = Field(default=0, description="Examples that are no questions.")
    passed_over: dict[str, int] = Field(default_factory=dict, description="Reason → reviewed answers without effect.")


def next_set(client: "AssistantClient", reference: str | None = None) -> ReviewedSet:
    """Log the next version of the evaluation set, as people's labels change it.

    A right answer becomes an example with its passages, a right refusal one that must be refused. A wrong one becomes
    an example with the better answer that somebody wrote; what most found to be no question is taken out. Where people
    contradict each other nothing changes.

    :param reference: `name` or `name:version`; the newest without it.
    :raises InputError: If there is no set, nothing was reviewed, or nothing would be left.
    """
    base = load(client, reference)
    reviewed = [(item, labels) for trace, labels in read_answers(client) if labels and (item := item_of(trace, labels))]
    if not reviewed:
        raise InputError("nothing was reviewed yet", hint="Label answers with `llmops review` first.")
    examples, counted = apply(base.examples, reviewed)
    saved = _save(client, base, examples)
    kinds = ("added", "changed", "removed")
    return ReviewedSet(
        dataset=saved.reference,
        version=saved.version,
        examples=len(saved.examples),
        **{name: counted.pop(name, 0) for name in kinds},
        passed_over=dict(counted),
    )


def apply(
    examples: Sequence[Example], reviewed: Iterable[tuple[ReviewItem, Sequence[Label]]]
) -> tuple[list[Example], Counter[str]]:
    """The examples after the labels, and how many were `added`, `changed`, `removed`, or passed over and why.

    :param reviewed: Answers with their labels; of several to one question, the first that says something counts.
    """
    after = {_asked(example.messages): example for example in examples}
    counted: Counter[str] = Counter()
    touched: set[tuple[str, ...]] = set()
    for item, labels in reviewed:
        key = _asked(item.messages)
        outcome, example = _outcome(item, labels, after.get(key)) if key not in touched else ("asked twice", None)
        counted[outcome] += 1
        if outcome in {"added", "changed", "confirmed"}:
            touched.add(key)
        if outcome == "removed":
            touched.add(key)
            del after[key]
        elif example is not None:
            after[key] = example
    return list(after.values()), counted


def _outcome(item: ReviewItem, labels: Sequence[Label], known: Example | None) -> tuple[str, Example | None]:
    verdict = agreed(labels)
    better = next((label.better for label in reversed(labels) if label.better and label.verdict == "wrong"), "")
    if verdict is None:
        return "people disagree", None
    if verdict == "not_a_question":
        return ("removed", None) if known else ("no question of the set", None)
    if verdict == "right":
        return ("confirmed", None) if known else ("added", _example(item, "" if item.refused else item.response))
    if not better:
        return "wrong, without a better answer", None
    if known is None:
        return "added", _example(item, better)
    kind = "answerable" if known.kind in REFUSAL_KINDS else known.kind
    references = _references(item, better) or known.references
    return "changed", known.model_copy(update={"kind": kind, "answer": better, "references": references})


def _example(item: ReviewItem, answer: str) -> Example:
    """A question with its answer, or one that must be refused."""
    *history, question = item.messages
    if not answer:
        return example_of("unanswerable", question.content, history=history)
    kind = "follow_up" if history else "answerable"
    return example_of(kind, question.content, answer, _references(item, answer), history)


def _references(item: ReviewItem, answer: str) -> tuple[Reference, ...]:
    """The passages that hold the answer."""
    return tuple(
        Reference(
            document=passage.document,
            start=passage.start,
            end=passage.end,
            content=passage.content,
            source=passage.source,
        )
        for passage in item.passages
        if passage.end > passage.start and contains_answer(answer, passage.content)
    )


def _asked(messages: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(getattr(message, "content", "")).strip() for message in messages)


def _save(client: "AssistantClient", base: Dataset, examples: Sequence[Example]) -> Dataset:
    return save(
        client,
        base.name,
        examples,
        index=base.index,
        index_version=base.index_version,
        origin=ORIGIN,
        seed=base.seed,
    )
