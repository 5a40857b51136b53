"""OpenAI's request for a chat completion."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from serving.answer_format import AnswerFormat
from serving.conversation import Turn, conversation
from serving.parameters import CHAT, checked, ignored
from serving.shapes import Body

TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
"""Types of parts that hold text; the last two are the Responses API's."""
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
            texts = (part.text or "" for part in self.content if part.type in TEXT_PARTS)
            return {"role": role, "content": _joined(texts)}
        return {"role": role, "content": self.content or ""}

    def unread_type(self) -> str | None:
        """Type of the first part that is no text."""
        parts = self.content if isinstance(self.content, list) else []
        return next((part.type for part in parts if part.type not in TEXT_PARTS), None)


def _joined(texts: Iterable[str]) -> str:
    """One text: parts stand apart, as words do."""
    whole = ""
    for text in texts:
        apart = whole and text and not whole[-1].isspace() and not text[0].isspace()
        whole += f" {text}" if apart else text
    return whole


def with_a_question(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Messages that end with a question of the user, which is text.

    :raises ValueError: If they do not.
    """
    last = messages[-1]
    if last.role in NOT_SHOWN:
        msg = f"the last message is a {last.role}'s: this endpoint calls no tools; end with the user's question"
        raise ValueError(msg)
    if last.unread_type():
        msg = f"the last message has a part of the type {last.unread_type()!r}: this endpoint reads text only"
        raise ValueError(msg)
    shown_turns(messages)
    return messages


def shown_turns(messages: Iterable[ChatMessage]) -> list[Turn]:
    """What of them the assistant is given."""
    return conversation([message.turn() for message in messages if message.role not in NOT_SHOWN])


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool | None = None


class ChatRequest(Body):
    """What a request may choose, as :data:`~serving.parameters.CHAT` tells of each field."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1), AfterValidator(with_a_question)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    response_format: AnswerFormat | None = None
    where: list[str] | None = None
    n: Annotated[int | None, checked(CHAT["n"])] = None
    tool_choice: Annotated[str | dict[str, Any] | None, checked(CHAT["tool_choice"])] = None
    function_call: Annotated[str | dict[str, Any] | None, checked(CHAT["function_call"])] = None
    logprobs: Annotated[bool | int | None, checked(CHAT["logprobs"])] = None
    top_logprobs: Annotated[int | None, checked(CHAT["top_logprobs"])] = None
    modalities: Annotated[list[str] | None, checked(CHAT["modalities"])] = None
    audio: Annotated[dict[str, Any] | None, checked(CHAT["audio"])] = None
    web_search_options: Annotated[dict[str, Any] | None, checked(CHAT["web_search_options"])] = None

    def turns(self) -> list[Turn]:
        """What the assistant is given."""
        return shown_turns(self.messages)

    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)

    def most_tokens(self) -> int | None:
        """Tokens that the answer may have."""
        return min(filter(None, (self.max_completion_tokens, self.max_tokens)), default=None)

    def format(self) -> AnswerFormat:
        """The form that the answer is to have."""
        return self.response_format or AnswerFormat(type="text")

    def ignored(self) -> list[str]:
        """Fields that were given and change nothing, such as `temperature` and `tools`."""
        return ignored(self.model_extra or {})
