"""Evaluation examples: questions with answers and the spans of the documents that hold them. And their candidates."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

import numpy as np
from haystack import Document
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks_lib.assistant.contract.answer import Message

CLARIFICATION = "clarification"
"""Kind of a question that is not clear before the assistant has asked back."""
KINDS = ("answerable", "follow_up", "across_passages", "unanswerable", "off_topic", CLARIFICATION)
"""Kinds with a meaning of their own; an imported set may have more, which count as answerable."""
TURN = ".turn-"
"""Between the name of a conversation and the number of a turn, in the id of an example."""
REFUSAL_KINDS = frozenset({"unanswerable", "off_topic"})
"""Kinds that a refusal answers rightly."""
_LATER = frozenset({"made_by", "language", "groups", "proposed_with"})
"""Keys that older sets did not have."""


class Reference(BaseModel):
    """Characters `start` to `end` of the converted text of `document`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    content: str
    source: str = ""


class Example(BaseModel):
    """One question of an evaluation set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")] = "answerable"
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    answer: str = ""
    references: tuple[Reference, ...] = ()
    made_by: str = ""
    """How it was made without a model: `table_cell`, `heading`, …; empty for what people and models wrote."""
    language: str = ""
    """ISO 639-1 of the question, where whoever wrote it says so; else it is told from the question."""
    groups: tuple[str, ...] = ()
    """Those of whoever asks; without any, the answer shows what is public."""
    proposed_with: str = ""
    """State of the index whose documents it was proposed for; empty once a person took it in, or where it was not."""

    @model_validator(mode="after")
    def _is_a_question(self) -> "Example":
        if self.messages[-1].role != "user":
            msg = f"the last message must be the user's, got {self.messages[-1].role!r}"
            raise ValueError(msg)
        if self.must_refuse and (self.answer or self.references):
            msg = f"an example of kind {self.kind!r} has neither answer nor references"
            raise ValueError(msg)
        return self

    @property
    def question(self) -> str:
        """The last turn."""
        return self.messages[-1].content

    @property
    def conversation(self) -> str:
        """What the turns of one conversation share; of a question that stands alone, its id."""
        return self.id.partition(TURN)[0]

    @property
    def asked(self) -> str:
        """All turns of the user, one a line."""
        return "\n".join(message.content for message in self.messages if message.role == "user")

    @property
    def evidence(self) -> str:
        """The texts of the references."""
        return " ".join(reference.content for reference in self.references)

    @property
    def must_refuse(self) -> bool:
        """Whether a refusal is the right reaction."""
        return self.kind in REFUSAL_KINDS

    def row(self) -> dict[str, Any]:
        """The example as one JSON line; what older sets did not have only where it is known: they keep their digest."""
        row = self.model_dump(mode="json", exclude_defaults=False)
        return {key: value for key, value in row.items() if value or key not in _LATER}


@dataclass(frozen=True)
class CandidateQuestion:
    """An example on its way through the questions pipeline, with what the filters need to know of it.

    :param passages: Texts of the chunks that the references were taken from.
    :param reason: Why it was dropped; empty as long as it was not. A filter sets it with :meth:`dropped`, and passes
        over the candidates that have one: the reasons are counted at the end.
    :param group: Neighbours in the list with the same group are alternatives, one of which is taken.
    :param language: ISO 639-1, of the question.
    :param answer_type: What the question asks for, such as `how_many` or `when`; of alternatives, the rarest is taken.
    :param original: The example in the words of its evidence, where this one uses others.
    :param embedding: Unit vector of :attr:`Example.asked`, once the question was compared with its evidence.
    """

    example: Example
    passages: tuple[str, ...] = ()
    reason: str = ""
    group: str = ""
    answer_type: str = ""
    language: str = "en"
    original: Example | None = None
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    def dropped(self, reason: str) -> Self:
        """The candidate with the reason why it must not be used; an earlier reason stays."""
        return self if self.reason else replace(self, reason=reason)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: a pipeline copies what its components hand on, and this never changes."""
        return self


def example_of(
    kind: str,
    question: str,
    answer: str = "",
    references: Sequence[Reference] = (),
    history: Sequence[Message] = (),
    made_by: str = "",
) -> Example:
    """An example whose id follows from what is asked."""
    messages = (*history, Message(role="user", content=question))
    digest = hashlib.sha256("\x1f".join(message.content for message in messages).encode()).hexdigest()[:12]
    return Example(
        id=f"{kind.replace('_', '-')}-{digest}",
        kind=kind,
        messages=messages,
        answer=answer,
        references=tuple(references),
        made_by=made_by,
    )


def taken_in(examples: Sequence[Example]) -> tuple[Example, ...]:
    """The examples as a person took them in: none of them is proposed any more."""
    return tuple(each.model_copy(update={"proposed_with": ""}) if each.proposed_with else each for each in examples)


def reference_of(chunk: Document, start: int, end: int, content: str) -> Reference:
    """Characters `start` to `end` of the chunk's document."""
    return Reference(
        source=chunk.meta["source"], document=chunk.meta["document"], start=start, end=end, content=content
    )
