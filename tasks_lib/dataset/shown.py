"""Questions of a set as people look at them: with answers and passages, filtered."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.errors import InputError

FILTERS = ("kind", "made_by", "document", "proposed", "text")
"""`--only KEY=VALUE`; without a key, the value is looked for in question, answer and passages."""
ANY_STATE = "*"
"""Value of `proposed` that stands for every state."""


class ShownQuestion(BaseModel):
    """One question, its answer, and where the documents say it."""

    id: str
    kind: str
    made_by: str
    messages: tuple[Message, ...]
    answer: str
    references: tuple[Reference, ...]
    proposed_with: str = Field(
        default="", description="State of the index that it was proposed for; empty for those that versions are asked."
    )


class Shown(BaseModel):
    """Some questions of one version of a set."""

    dataset: str
    version: int
    examples: int = Field(description="Questions of the version.")
    proposed: int = Field(default=0, description="Questions beside them that are proposed, and wait for a person.")
    shown: int = Field(description="Questions that pass the filters.")
    questions: list[ShownQuestion]


def show(dataset: Dataset, filters: Sequence[str] = ()) -> Shown:
    """The questions that pass all filters, proposed ones among them; see :func:`choose`."""
    chosen = choose(dataset, dataset.every, filters)
    return Shown(
        dataset=dataset.name,
        version=dataset.version,
        examples=len(dataset.examples),
        proposed=len(dataset.proposed),
        shown=len(chosen),
        questions=[
            ShownQuestion(
                id=example.id,
                kind=example.kind,
                made_by=example.made_by,
                messages=example.messages,
                answer=example.answer,
                references=example.references,
                proposed_with=example.proposed_with,
            )
            for example in chosen
        ],
    )


def choose(dataset: Dataset, examples: Sequence[Example], filters: Sequence[str]) -> list[Example]:
    """Those of some `examples` of `dataset` that pass all filters.

    :param filters: `KEY=VALUE` with a key of :data:`FILTERS`, or a text. A document may be a folder before it, or a
        part of its path; `proposed` takes a state, or `*`.
    :raises InputError: For an unknown key, or if no question passes.
    """
    wanted = [_parsed(written) for written in filters]
    chosen = [example for example in examples if all(_passes(example, *one) for one in wanted)]
    if chosen:
        return chosen
    kinds = sorted({example.kind for example in examples})
    ways = sorted({example.made_by for example in examples if example.made_by})
    states = sorted({example.proposed_with for example in dataset.proposed})
    raise InputError(
        f"no question of {dataset.reference} passes {', '.join(map(repr, filters))}",
        hint=f"Kinds: {', '.join(kinds)}; made by: {', '.join(ways) or 'people or a model'}; "
        f"proposed with the states: {', '.join(states) or 'none'}.",
    )


def _parsed(written: str) -> tuple[str, str]:
    key, equals, value = written.partition("=")
    if not equals or not key.isidentifier():
        return "text", written
    if key not in FILTERS:
        raise InputError(
            f"unknown filter {key!r} in {written!r}", hint=f"Filters: {', '.join(FILTERS)}, or a text without a key."
        )
    return key, value


def _passes(example: Example, key: str, value: str) -> bool:
    if key in {"kind", "made_by"}:
        return bool(getattr(example, key) == value)
    if key == "proposed":
        return bool(example.proposed_with) and value in {ANY_STATE, example.proposed_with}
    texts = [reference.document for reference in example.references]
    if key == "text":
        said = [message.content for message in example.messages]
        texts = [*said, example.answer, *(reference.content for reference in example.references)]
    return any(value.lower() in text.lower() for text in texts)
