"""Evaluation examples: questions with answers and the spans of the documents that hold them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks_lib.assistant.contract.answer import Message

KINDS = ("answerable", "follow_up", "across_passages", "unanswerable", "off_topic")
"""Kinds that are made; an imported set may have more, which count as answerable."""
REFUSAL_KINDS = frozenset({"unanswerable", "off_topic"})
"""Kinds that a refusal answers rightly."""


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
    def must_refuse(self) -> bool:
        """Whether a refusal is the right reaction."""
        return self.kind in REFUSAL_KINDS

    def row(self) -> dict[str, Any]:
        """The example as one JSON line."""
        return self.model_dump(mode="json", exclude_defaults=False)
