"""From a conversation to one question that stands alone."""

from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import ChatMessage
from haystack.utils import deserialize_chatgenerator_inplace

from tasks_lib.assistant.answering.conversation import standalone_question
from tasks_lib.assistant.contract.answer import Message, Usage
from tasks_lib.assistant.contract.usage import usage_of

INSTRUCTION = (
    "Rewrite the user's last question so that it can be understood without the conversation. Keep its meaning, its "
    "language and all names and numbers. Do not answer it. Reply with the question only."
)
LONGEST_REWRITE = 1_000
"""Characters; a longer reply is an answer, not a question, and the conversation is resolved without the model."""


@component
class FollowUpResolver:
    """Without a model: puts the question that a follow-up leans on in front of it.

    :param max_turns: Messages of history that are read; 0 takes every question as it stands.
    """

    def __init__(self, max_turns: int = 6) -> None:
        self.max_turns = max_turns

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, max_turns=self.max_turns)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "FollowUpResolver":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(question=str, focus=str, usage=Usage)
    def run(self, messages: list[Message]) -> dict[str, Any]:
        """Resolve the last question.

        :returns: `question`, and as `focus` the part of it that is new, if it leans on an earlier one.
        """
        last = messages[-1].content.strip()
        question = standalone_question(messages, self.max_turns) if self.max_turns else last
        return {"question": question, "focus": last if question != last else "", "usage": Usage()}


@component
class QuestionRewriter:
    """With a model: rewrites the last question to stand alone. Without history no call is spent.

    :param generator: The chat generator that rewrites.
    :param max_turns: Messages of history that are read.
    """

    def __init__(self, generator: ChatGenerator, max_turns: int = 6) -> None:
        self.generator = generator
        self.max_turns = max_turns

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        generator = component_to_dict(self.generator, "generator")
        return default_to_dict(self, generator=generator, max_turns=self.max_turns)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "QuestionRewriter":
        """Rebuild the component."""
        deserialize_chatgenerator_inplace(data["init_parameters"], key="generator")
        return default_from_dict(cls, data)

    @component.output_types(question=str, usage=Usage)
    def run(self, messages: list[Message]) -> dict[str, Any]:
        """Rewrite the last question."""
        history = [m for m in messages[:-1] if m.role != "system"][-self.max_turns :]
        if not history:
            return {"question": messages[-1].content, "usage": Usage()}
        turns = "\n".join(f"{m.role}: {m.content}" for m in [*history, messages[-1]])
        prompt = [ChatMessage.from_system(INSTRUCTION), ChatMessage.from_user(f"Conversation:\n{turns}\n\nQuestion:")]
        replies: list[ChatMessage] = self.generator.run(messages=prompt)["replies"]
        text = (replies[0].text or "").strip().strip('"') if replies else ""
        if not text or len(text) > LONGEST_REWRITE:
            text = standalone_question(messages, self.max_turns)
        return {"question": text, "usage": usage_of(replies)}
