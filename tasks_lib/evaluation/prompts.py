"""What the language model is asked when it makes and judges questions, and the JSON that it must answer with."""

from typing import TypeVar

from haystack.components.generators.chat.types import ChatGenerator
from haystack.dataclasses import ChatMessage
from pydantic import BaseModel, Field

Model = TypeVar("Model", bound=BaseModel)


class Draft(BaseModel):
    """A question as the model wrote it."""

    question: str
    answer: str = ""
    evidence: list[str] = Field(default_factory=list, description="Exact quotes.")
    first_question: str = ""
    first_answer: str = ""


class Marks(BaseModel):
    """The critic's marks, 5 being best."""

    groundedness: int = Field(ge=1, le=5)
    relevance: int = Field(ge=1, le=5)
    standalone: int = Field(ge=1, le=5)


class Answered(BaseModel):
    """Whether passages answer a question."""

    answered: bool


_RULES = """The question must read as a person would ask it who has never seen the passages: name the topic, use no
pronoun for something outside of the question, and do not mention a passage, document, text or context. Answer with one
JSON object and nothing else.
"""

ANSWERABLE = (
    """Write one factual question that the passage answers, its short answer, and the exact sentence of the passage that
holds the answer. """
    + _RULES
    + """JSON: {{"question": "…", "answer": "…", "evidence": ["exact sentence"]}}

{passages}"""
)

ACROSS = (
    """Write one question that can be answered only with both passages together, its short answer, and one exact
sentence from each passage that the answer needs. """
    + _RULES
    + """JSON: {{"question": "…", "answer": "…", "evidence": ["sentence of passage 1", "sentence of passage 2"]}}

{passages}"""
)

FOLLOW_UP = (
    """Write a short conversation about the passage: a first question with its answer, and a follow-up question that is
understood only after the first one (such as "And for managers?"), with its short answer and the exact sentence of the
passage that holds it. """
    + _RULES
    + """JSON: {{"first_question": "…", "first_answer": "…", "question": "…", "answer": "…", "evidence": ["sentence"]}}

{passages}"""
)

UNANSWERABLE = (
    """Write one question on the topic of the passage that sounds as if it were answered there, but is not. """
    + _RULES
    + """JSON: {{"question": "…"}}

{passages}"""
)

CRITIC = """Judge a question and its answer. Give each mark from 1 (bad) to 5 (good).
groundedness: the passages state the answer. relevance: the question is worth asking for somebody who works with these
documents. standalone: the question, or the conversation it ends, is understood without the passages.
Answer with one JSON object and nothing else: {{"groundedness": 5, "relevance": 5, "standalone": 5}}

Passages:
{passages}

Question:
{question}

Answer: {answer}"""

ANSWERED = """Do the passages answer the question, fully or in part? Answer with one JSON object and nothing else:
{{"answered": true}} or {{"answered": false}}

Passages:
{passages}

Question: {question}"""


def ask(generator: ChatGenerator, prompt: str, shape: type[Model]) -> Model:
    """One call.

    :raises ValueError: If the reply holds no JSON object of this shape (pydantic's error is a ValueError).
    """
    reply = generator.run(messages=[ChatMessage.from_user(prompt)])["replies"][0].text or ""
    first, last = reply.find("{"), reply.rfind("}")
    if first < 0 or last < first:
        msg = f"no JSON object in {reply[:80]!r}"
        raise ValueError(msg)
    return shape.model_validate_json(reply[first : last + 1])
