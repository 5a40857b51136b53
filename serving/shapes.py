"""Request and response schemas of the routes."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tasks_lib.assistant.contract.answer import LONGEST_QUESTION, Source

MOST_MESSAGES = 200


class RequestMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=LONGEST_QUESTION)

    def turn(self) -> dict[str, str]:
        """As the assistant takes it."""
        return {"role": self.role, "content": self.content}


class ContentPart(BaseModel):
    """A part of a message of OpenAI's shape; only text is understood."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str = Field(max_length=LONGEST_QUESTION)


class ChatMessage(BaseModel):
    """A turn in OpenAI's shape."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ContentPart] = Field(max_length=LONGEST_QUESTION)

    def turn(self) -> dict[str, str]:
        """As the assistant takes it."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


def _ending_with_a_question(messages: list[Any]) -> list[Any]:
    last = messages[-1].turn()
    if last["role"] != "user":
        msg = f"the last message must be the user's, not the {last['role']}'s"
        raise ValueError(msg)
    if not last["content"].strip():
        msg = "the last message is empty"
        raise ValueError(msg)
    if len(last["content"]) > LONGEST_QUESTION:
        msg = f"the last message has {len(last['content'])} characters; at most {LONGEST_QUESTION} are taken"
        raise ValueError(msg)
    return messages


EndsWithQuestion = AfterValidator(_ending_with_a_question)


class PredictRequest(BaseModel):
    """The conversation so far. Other keys are ignored: a request never chooses a store, a model or a prompt."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"example": {"messages": [{"role": "user", "content": "How long is annual leave?"}]}},
    )

    messages: Annotated[list[RequestMessage], Field(min_length=1, max_length=MOST_MESSAGES), EndsWithQuestion]
    assistant: str | None = Field(default=None, description="Which of several assistants is asked.")


class CitedSource(Source):
    """A retrieved passage that the answer is based on, with further fields of the version."""

    model_config = ConfigDict(extra="allow")


class PredictResponse(BaseModel):
    """The answer, with where it comes from."""

    model_config = ConfigDict(extra="allow")

    response: str
    source_documents: list[CitedSource]
    model_uri: str
    refused: bool
    guardrails: list[dict[str, Any]]
    trace_id: str | None


class FeedbackRequest(BaseModel):
    """User feedback on an answer."""

    model_config = ConfigDict(extra="forbid")

    trace_id: str = Field(min_length=1)
    value: bool | float | str
    assistant: str | None = Field(default=None, description="Who gave the answer; known by itself for newer ones.")
    comment: str | None = Field(default=None, max_length=4_000)


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of OpenAI's request that a request may choose here; sampling parameters are the version's own."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES), EndsWithQuestion]
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    n: Literal[1] = 1

    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)
