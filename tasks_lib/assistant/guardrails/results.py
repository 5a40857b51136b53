"""What a check says: hits with spans and kinds, never the text that was hit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks_lib.assistant.contract.answer import GuardrailDecision, Message, Source

Direction = Literal["input", "output"]
Action = Literal["allow", "mask", "refuse"]
Verdict = Literal["allow-and-log", "mask", "refuse", "drop"]


class Hit(BaseModel):
    """One finding: characters `start` to `end` of the text that was given."""

    model_config = ConfigDict(frozen=True)

    validator: str
    kind: str = Field(description="What was found, such as CREDIT_CARD.")
    start: int
    end: int
    score: float = Field(description="0 to 1.")
    action: Verdict = Field(default="refuse", description="What the configuration does about it.")
    message: int | None = Field(default=None, description="Turn of the conversation that `start` and `end` refer to.")


class GuardReport(BaseModel):
    """What `llmops guard` prints."""

    action: Action
    hits: list[Hit]
    text: str = Field(description="The text as let through; empty when it is refused.")


class GuardResult(BaseModel):
    """The outcome of a check."""

    action: Action = "allow"
    text: str = Field(default="", description="The text as let through; empty when it is refused.")
    hits: list[Hit] = Field(default_factory=list)
    decisions: list[GuardrailDecision] = Field(default_factory=list, description="One per validator that ran.")
    message: str = Field(default="", description="What to say instead, when refused.")
    messages: list[Message] = Field(default_factory=list, description="The conversation as let through (input only).")

    def report(self) -> GuardReport:
        """The part that the command prints."""
        return GuardReport(action=self.action, hits=self.hits, text=self.text)


class PassagesResult(BaseModel):
    """Retrieved passages as let through, in their order."""

    sources: list[Source]
    hits: list[Hit] = Field(default_factory=list, description="`message` is the position of the passage as given.")
    decisions: list[GuardrailDecision] = Field(default_factory=list)
