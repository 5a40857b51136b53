"""OpenAI's request for a chat completion: what is honoured, what is refused, and what is ignored and named."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from serving.conversation import Turn, conversation
from serving.shapes import Body

T = TypeVar("T")
IGNORED = "X-Ignored-Fields"
"""Header of an answer: fields of the request that changed nothing."""
FIELD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""A field's name that a header can name."""
MOST_IGNORED = 20
NOT_SHOWN = frozenset({"tool", "function"})
"""Roles of results that a client's tools gave: the assistant calls none, and answers from the documents."""


class ContentPart(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: str | None = None


def _text_or_parts(content: Any) -> Any:
    if content is not None and not isinstance(content, str | list):
        msg = f"the content of a message is text, a list of parts or null, not {type(content).__name__}"
        raise ValueError(msg)
    return content


class ChatMessage(BaseModel):
    """A turn in OpenAI's shape."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str | list[ContentPart] | None, BeforeValidator(_text_or_parts)] = None

    def turn(self) -> Turn:
        """As the assistant takes it."""
        role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, list):
            texts = (part.text or "" for part in self.content if part.type == "text")
            return {"role": role, "content": _joined(texts)}
        return {"role": role, "content": self.content or ""}

    def unread_type(self) -> str | None:
        """Type of the first part that is no text."""
        parts = self.content if isinstance(self.content, list) else []
        return next((part.type for part in parts if part.type != "text"), None)


def _joined(texts: Iterable[str]) -> str:
    """One text: parts stand apart, as words do."""
    whole = ""
    for text in texts:
        apart = whole and text and not whole[-1].isspace() and not text[0].isspace()
        whole += f" {text}" if apart else text
    return whole


def _with_a_question(messages: list[ChatMessage]) -> list[ChatMessage]:
    last = messages[-1]
    if last.role in NOT_SHOWN:
        msg = f"the last message is a {last.role}'s: this endpoint calls no tools; end with the user's question"
        raise ValueError(msg)
    if last.unread_type():
        msg = f"the last message has a part of the type {last.unread_type()!r}: this endpoint reads text only"
        raise ValueError(msg)
    _turns(messages)
    return messages


def _turns(messages: list[ChatMessage]) -> list[Turn]:
    return conversation([message.turn() for message in messages if message.role not in NOT_SHOWN])


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool | None = None


class ResponseFormat(BaseModel):
    """The form of the answer."""

    model_config = ConfigDict(extra="ignore")

    type: str


class ChatRequest(Body):
    """What a request may choose. Sampling and the length of answers are the version's own: such fields are ignored.

    `where` is not OpenAI's: conditions that passages meet, as in the body of `/predict`.
    """

    model_config = ConfigDict(extra="allow")

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1), AfterValidator(_with_a_question)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | int | None = None
    modalities: list[str] | None = None
    where: list[str] | None = None

    @field_validator("n")
    @classmethod
    def _one(cls, n: int | None) -> int | None:
        return _refused_unless(
            n in {None, 1}, n, f"it is {n}, and this endpoint gives one answer: send 1, or leave it out"
        )

    @field_validator("tool_choice", "function_call")
    @classmethod
    def _no_tool_is_needed(cls, choice: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        may = choice in (None, "auto", "none")
        return _refused_unless(may, choice, "this endpoint calls no tools, so none can be required")

    @field_validator("response_format")
    @classmethod
    def _text(cls, form: ResponseFormat | None) -> ResponseFormat | None:
        wanted = form.type if form else "text"
        return _refused_unless(wanted == "text", form, f"this endpoint answers in text, not as {wanted!r}")

    @field_validator("logprobs")
    @classmethod
    def _no_logprobs(cls, logprobs: bool | int | None) -> bool | int | None:  # noqa: FBT001  (pydantic's call)
        return _refused_unless(not logprobs, logprobs, "this endpoint knows no probabilities of tokens")

    @field_validator("modalities")
    @classmethod
    def _written(cls, modalities: list[str] | None) -> list[str] | None:
        return _refused_unless(modalities in (None, ["text"]), modalities, "this endpoint answers in text only")

    def turns(self) -> list[Turn]:
        """What the assistant is given."""
        return _turns(self.messages)

    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)

    def ignored(self) -> list[str]:
        """Fields that were given and change nothing, such as `max_tokens` and `tools`."""
        given = (name for name, value in (self.model_extra or {}).items() if value not in (None, [], {}))
        return sorted(name for name in given if FIELD.fullmatch(name))[:MOST_IGNORED]


def _refused_unless(fine: bool, value: T, why: str) -> T:  # noqa: FBT001  (what the name asks for)
    if not fine:
        raise ValueError(why)
    return value
