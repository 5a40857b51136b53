"""The request of OpenAI's Responses API."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.answer_format import AnswerFormat
from serving.chat_request import ChatMessage, shown_turns, with_a_question
from serving.conversation import Turn
from serving.parameters import RESPONSES, checked, ignored
from serving.shapes import Body

MOST_METADATA = 16


class Item(BaseModel):
    """An item of `input`: a message, or what is no turn of the conversation, such as a call of a tool."""

    model_config = ConfigDict(extra="allow")

    type: str = "message"


class TextOptions(BaseModel):
    """The form of the answer."""

    model_config = ConfigDict(extra="allow")

    format: AnswerFormat | None = None


class ResponseRequest(Body):
    """What a request may choose, as :data:`~serving.parameters.RESPONSES` tells of each field."""

    model_config = ConfigDict(extra="allow")

    model: str
    input: str | Annotated[list[Item], Field(min_length=1)]
    stream: bool | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    text: TextOptions | None = None
    metadata: Annotated[dict[str, str], Field(max_length=MOST_METADATA)] | None = None
    where: list[str] | None = None
    previous_response_id: Annotated[str | None, checked(RESPONSES["previous_response_id"])] = None
    conversation: Annotated[str | dict[str, Any] | None, checked(RESPONSES["conversation"])] = None
    background: Annotated[bool | None, checked(RESPONSES["background"])] = None
    prompt: Annotated[dict[str, Any] | None, checked(RESPONSES["prompt"])] = None
    tool_choice: Annotated[str | dict[str, Any] | None, checked(RESPONSES["tool_choice"])] = None
    top_logprobs: Annotated[int | None, checked(RESPONSES["top_logprobs"])] = None

    @model_validator(mode="after")
    def _ends_with_a_question(self) -> Self:
        if not isinstance(self.input, str) and self.input[-1].type != "message":
            msg = f"input ends with an item of the type {self.input[-1].type!r}; end with the user's question"
            raise ValueError(msg)
        with_a_question(self._messages())
        return self

    def _messages(self) -> list[ChatMessage]:
        if isinstance(self.input, str):
            return [ChatMessage(role="user", content=self.input)]
        items = [item for item in self.input if item.type == "message"]
        return [ChatMessage.model_validate(item.model_extra or {}) for item in items]

    def turns(self) -> list[Turn]:
        """What the assistant is given."""
        return shown_turns(self._messages())

    def format(self) -> AnswerFormat:
        """The form that the answer is to have."""
        return (self.text and self.text.format) or AnswerFormat(type="text")

    def ignored(self) -> list[str]:
        """Fields that were given and change nothing, such as `instructions` and `tools`."""
        return ignored(self.model_extra or {})
