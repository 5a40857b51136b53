"""Request and response schemas of the routes."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from serving.conversation import Turn, conversation
from tasks_lib.assistant.contract.answer import Source
from tasks_lib.text.forms import encodable


class Body(BaseModel):
    """The body of a request."""

    @model_validator(mode="before")
    @classmethod
    def _encodable(cls, given: Any) -> Any:
        return encodable(given)


class RequestMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "user", "assistant"]
    content: str

    def turn(self) -> Turn:
        """As the assistant takes it."""
        return {"role": self.role, "content": self.content}


def _with_a_question(messages: list[RequestMessage]) -> list[RequestMessage]:
    conversation([message.turn() for message in messages])
    return messages


class PredictRequest(Body):
    """The conversation so far. Other keys are ignored: a request never chooses a store, a model or a prompt."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"example": {"messages": [{"role": "user", "content": "How long is annual leave?"}]}},
    )

    messages: Annotated[list[RequestMessage], Field(min_length=1), AfterValidator(_with_a_question)]
    assistant: str | None = Field(default=None, description="Which of several assistants is asked.")
    where: list[str] | None = Field(
        default=None,
        description="Conditions that passages meet, such as `document=guides/*`; only about fields that the operator "
        "allows (`serve.filters`).",
    )

    def turns(self) -> list[Turn]:
        """What the assistant is given."""
        return conversation([message.turn() for message in self.messages])


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


Reason = Literal["wrong", "incomplete", "outdated", "wrong_source", "not_answered", "unclear"]
"""What is the matter with an answer."""


class FeedbackRequest(Body):
    """User feedback on an answer."""

    model_config = ConfigDict(extra="forbid")

    trace_id: str = Field(min_length=1)
    value: bool | float | str
    assistant: str | None = Field(default=None, description="Who gave the answer; known by itself for newer ones.")
    comment: str | None = Field(default=None, max_length=4_000)
    reasons: list[Reason] = Field(default_factory=list, max_length=len(get_args(Reason)))

    @field_validator("reasons")
    @classmethod
    def _each_once(cls, reasons: list[Reason]) -> list[Reason]:
        return list(dict.fromkeys(reasons))


class Caller(BaseModel):
    """Who asks, by which metadata questions may choose their passages, and what one may do here."""

    name: str
    filters: list[str]
    roles: list[str]


class ExampleQuestions(BaseModel):
    """What one may ask."""

    questions: list[str]
