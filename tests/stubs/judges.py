"""Judges for tests: they know the planted answers, as one must whose figures count, and grade the rest by rule."""

import json
import re
from collections.abc import Callable

from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.gate.proof import PLANTED, PlantedAnswer

Respond = Callable[[list[ChatMessage]], str]


def knowing(respond: Respond, model: str = "grader") -> MockChatGenerator:
    """A judge that proves itself, and says what `respond` says to all other answers."""
    return MockChatGenerator(
        response_fn=lambda messages: right_about_planted(messages) or respond(messages), model=model
    )


def is_about(planted: PlantedAnswer, messages: list[ChatMessage]) -> bool:
    """Whether the prompt asks about this planted answer."""
    prompt = messages[-1].text or ""
    parts = (f"\n{planted.question}\n", f"<answer>\n{planted.response}\n", "\n---\n".join(planted.passages))
    return all(part in prompt for part in parts)


def right_about_planted(messages: list[ChatMessage]) -> str | None:
    """The right reply where a planted answer is asked about."""
    prompt = messages[-1].text or ""
    for planted in PLANTED:
        if is_about(planted, messages):
            asked = re.findall(r"^- (judge_\w+):", prompt, re.MULTILINE)
            return json.dumps({name: {"score": float(name in planted.good), "reason": planted.what} for name in asked})
    return None
