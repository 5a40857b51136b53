"""What goes into the assistant and what comes out: the shapes of the pyfunc signature and of the endpoint."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["system", "user", "assistant"]
LONGEST_QUESTION = 20_000
"""Characters that a question, and any other message to the endpoint, may have; guardrails may allow fewer."""


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Role
    content: str


class Conversation(BaseModel):
    """A request: the turns so far, the last one the user's."""

    model_config = ConfigDict(extra="ignore")

    messages: Annotated[list[Message], Field(min_length=1)]


class Source(BaseModel):
    """A passage that was found: characters `start` to `end` of the converted text of `document`."""

    document: str = Field(description="Path of the document, relative to its source.")
    start: int
    end: int
    score: float
    content: str
    source: str = Field(default="", description="URI of the source that the document came from.")
    title: str | None = None
    heading: str | None = Field(default=None, description="Headings above the passage, joined by ' > '.")
    page: int | None = Field(default=None, description="First page of the passage, counted from 1.")
    language: str | None = Field(default=None, description="Language of the passage (ISO 639-1), where it can be told.")
    also_in: list[str] = Field(
        default_factory=list, description="Other documents with nearly the same passage, which are not listed."
    )
    used: bool | None = Field(
        default=None, description="Whether the answer was taken from it; empty where that cannot be told."
    )


class GuardrailDecision(BaseModel):
    """What one guardrail decided; never the offending text."""

    validator: str
    direction: Literal["input", "output"]
    action: Literal["allow", "mask", "refuse"]
    kinds: list[str] = Field(default_factory=list, description="Kinds that were found, such as CREDIT_CARD.")


class Usage(BaseModel):
    """What an answer cost."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = Field(default=None, description="In the currency of the provider's price list.")


class Answer(BaseModel):
    """What the assistant says."""

    response: str
    source_documents: list[Source] = Field(default_factory=list)
    refused: bool = False
    refusal_reason: Literal["", "evidence", "guardrail", "model"] = ""
    uncertain: bool = Field(
        default=False,
        description="Whether the passages come near the question and may not answer it; no refusal, and said so.",
    )
    guardrails: list[GuardrailDecision] = Field(default_factory=list)
    language: str | None = Field(
        default=None, description="Language of the question (ISO 639-1), where it can be told."
    )
    evidence: float | None = Field(default=None, description="Score that the refusal threshold is compared with.")
    model: str = Field(default="", description="Language model that answered, as `provider/model`.")
    usage: Usage = Usage()

    @property
    def lead(self) -> str:
        """The line before an uncertain answer that says so, with its end; no passage holds it. Empty for any other."""
        line, _, text = self.response.partition("\n")
        held = any(line in source.content for source in self.source_documents)
        return f"{line}\n" if self.uncertain and text and not held else ""

    def payload(self) -> dict[str, Any]:
        """The answer as plain JSON types."""
        return self.model_dump(mode="json")
