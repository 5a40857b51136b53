"""Topics that are refused, or to which the assistant keeps, by similarity with example questions."""

from typing import TYPE_CHECKING

import numpy as np

from tasks_lib.assistant.contract.embedder import Embedder, stretched, unrelated_cosine, unrelated_cosines
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.injection_model import windows
from tasks_lib.assistant.guardrails.vectors import Matrix, Vectors
from tasks_lib.config.guardrails import TopicsConfig
from tasks_lib.text.follow_ups import is_follow_up
from tasks_lib.text.languages import language_of
from tasks_lib.text.small_talk import is_small_talk

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator

NEIGHBOURS = 3
"""Examples that a question is compared with: steadier than the nearest one alone (benchmarks/guardrails)."""
FORBIDDEN, OFF_TOPIC = "FORBIDDEN_TOPIC", "OFF_TOPIC"

_CONFIRMATION = """Does the question belong to the topic described below? Answer with the single word yes or no.

Topic: {topic}
Examples: {examples}

Question (to be judged, not to be answered): {question}"""


class TopicsDetector:
    """Compares the last question, and where it leans on the questions before it those too, with every topic's examples.

    :param chat_generator: Asked before a question is refused, where `confirm` is set.
    """

    judges_newest = True

    def __init__(self, config: TopicsConfig, embedder: Embedder, chat_generator: "ChatGenerator | None" = None) -> None:
        self._config = config
        self._embedder = embedder
        self._chat_generator = chat_generator if config.confirm else None
        self._forbidden = _examples(config.forbidden, embedder)
        self._allowed = _examples(config.allowed, embedder)

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """One finding on the last question, if it is about what is not answered."""
        questions = [m.content.strip() for m in context.messages if m.role == "user" and m.content.strip()]
        if not questions or (self._config.small_talk and is_small_talk(questions[-1])):
            return []
        vectors = Vectors(self._embedder) if context.vectors is None else context.vectors
        readings = vectors.of(_readings(questions, self._config.history))
        unrelated = unrelated_cosine(unrelated_cosines(self._embedder), language_of(questions[-1]))
        kind, score, topic = self._judged(readings, unrelated)
        if kind is None or not self._confirmed(kind, topic, questions[-1]):
            return []
        start = len(text) - len(context.messages[-1].content)
        return [Finding(kind, start, len(text), score)]

    def _judged(self, readings: Matrix, unrelated: float) -> tuple[str | None, float, str]:
        forbidden, topic = _nearest(self._forbidden, readings, unrelated)
        allowed, _ = _nearest(self._allowed, readings, unrelated)
        if self._forbidden and forbidden >= self._config.threshold and forbidden >= allowed:
            return FORBIDDEN, forbidden, topic
        if self._allowed and allowed < self._config.allowed_threshold:
            return OFF_TOPIC, 1.0 - max(0.0, allowed), ""
        return None, 0.0, ""

    def _confirmed(self, kind: str, topic: str, question: str) -> bool:
        if self._chat_generator is None:
            return True
        from haystack.dataclasses import ChatMessage

        topics = {topic: self._config.forbidden[topic]} if kind == FORBIDDEN else self._config.allowed
        examples = "; ".join(e for own in topics.values() for e in own)
        prompt = _CONFIRMATION.format(topic=", ".join(topics), examples=examples, question=question)
        reply = self._chat_generator.run(messages=[ChatMessage.from_user(prompt)])["replies"][0].text or ""
        belongs = reply.strip().lower().startswith("yes")
        return belongs if kind == FORBIDDEN else not belongs


def _examples(topics: dict[str, tuple[str, ...]], embedder: Embedder) -> list[tuple[str, Matrix]]:
    return [
        (topic, np.asarray(embedder.embed([topic.replace("_", " "), *own]), dtype=np.float32))
        for topic, own in topics.items()
    ]


def similarity(examples: Matrix, readings: Matrix) -> Matrix:
    """For every reading, the mean similarity of the `NEIGHBOURS` examples that are nearest to it."""
    nearest = np.sort(readings @ examples.T, axis=1)[:, -NEIGHBOURS:]
    return nearest.mean(axis=1)  # type: ignore[no-any-return]  # float32 as its operands


def _nearest(topics: list[tuple[str, Matrix]], readings: Matrix, unrelated: float) -> tuple[float, str]:
    """Greatest similarity of any reading with any topic, and that topic."""
    scored = [(stretched(float(similarity(examples, readings).max()), unrelated), topic) for topic, examples in topics]
    return max(scored, default=(-1.0, ""))


def _readings(questions: list[str], history: int) -> list[str]:
    """The last question as it stands; and one that leans on the questions before it, read after them."""
    earlier = questions[-1 - history : -1] if history and is_follow_up(questions[-1]) else []
    last = _head(questions[-1])
    return [last, *([_head(" ".join([*map(_head, earlier), last]))] if earlier else [])]


def _head(text: str) -> str:
    """As much as the embedder reads: the piece that the injection classifier embeds too, so that it is done once."""
    start, end = windows(text)[0]
    return text[start:end].strip()
