"""What the language model is asked when it makes and judges questions, and the JSON that it must answer with.

Every task comes with a worked example as turns of the conversation, which small models follow better than words. The
evidence is written first, then the answer, then the question: a model that quotes first invents less.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from haystack.components.generators.chat.types import ChatGenerator
from haystack.dataclasses import ChatMessage
from pydantic import BaseModel, Field

from tasks_lib.assistant.providers.structured import OutputSchema, ask_for, json_object

Model = TypeVar("Model", bound=BaseModel)


class Draft(BaseModel):
    """A question as the model wrote it, with exact quotes as its evidence."""

    question: str
    answer: str = ""
    evidence: str = ""
    second_evidence: str = ""
    first_question: str = ""
    first_answer: str = ""

    @property
    def quotes(self) -> list[str]:
        """What the answer rests on."""
        return [quote for quote in (self.evidence, self.second_evidence) if quote.strip()]


class Marks(BaseModel):
    """The critic's marks, 5 being best."""

    groundedness: int = Field(ge=1, le=5)
    relevance: int = Field(ge=1, le=5)
    standalone: int = Field(ge=1, le=5)


class Answered(BaseModel):
    """Whether passages answer a question."""

    answered: bool


_RULES = """The question must read as a person would ask it who has never seen the passages: name the topic, use no
pronoun for something outside of the question, and do not mention a passage, document, text or context. Write question
and answer in the language of the passages, whatever language the example is in. Answer with one JSON object and nothing
else, with the same keys as in the example."""

_LIBRARY = (
    "The town library opens at 9:00 on weekdays. Readers with a student card may borrow twelve books for four weeks. "
    "Late books cost 20 cents a day."
)
_EXAMPLE_TOPIC = "library"
_BOOKS = "Readers with a student card may borrow twelve books for four weeks."


@dataclass(frozen=True)
class Task:
    """One kind of question: what to do, and an example whose keys, in their order, are the keys of the reply."""

    name: str
    instruction: str
    passages: tuple[str, ...]
    example: Mapping[str, str]

    @property
    def schema(self) -> OutputSchema:
        """What the reply looks like."""
        return OutputSchema.of_object(self.name, {key: {"type": "string"} for key in self.example})

    def messages(self, passages: Sequence[str]) -> list[ChatMessage]:
        """The task, the example, and `passages`."""
        return [
            ChatMessage.from_system(f"{self.instruction}\n{_RULES}"),
            ChatMessage.from_user(_numbered(self.passages)),
            ChatMessage.from_assistant(json.dumps(self.example)),
            ChatMessage.from_user(_numbered(passages)),
        ]


ANSWERABLE = Task(
    "question",
    "Write one factual question that the passage answers. Give the exact sentence of the passage that holds the answer "
    "as evidence, the short answer in the words of that sentence, and the question.",
    (_LIBRARY,),
    {
        "evidence": _BOOKS,
        "answer": "twelve books",
        "question": "How many books may readers with a student card borrow from the town library?",
    },
)

ACROSS = Task(
    "question_across_passages",
    "Write one question that can be answered only with both passages together. Give one exact sentence from each "
    "passage as evidence, the short answer in the words of these sentences, and the question.",
    (_LIBRARY, "A student card costs 15 euros a year. It is sold at the desk in the town hall."),
    {
        "evidence": _BOOKS,
        "second_evidence": "A student card costs 15 euros a year.",
        "answer": "15 euros for twelve books",
        "question": "What does a card cost a year with which readers may borrow books of the town library for four "
        "weeks, and for how many books is it?",
    },
)

FOLLOW_UP = Task(
    "follow_up",
    "Write a short conversation about the passage: a first question with its answer, and a follow-up question that is "
    "understood only after the first one. Give the exact sentence of the passage that holds the answer to the "
    "follow-up as evidence, that answer in the words of the sentence, and the follow-up question.",
    ("Adults may borrow five books from the town library. Readers with a student card may borrow twelve books.",),
    {
        "first_question": "How many books may adults borrow from the town library?",
        "first_answer": "five books",
        "evidence": "Readers with a student card may borrow twelve books.",
        "answer": "twelve books",
        "question": "And with a student card?",
    },
)

UNANSWERABLE = Task(
    "unanswerable_question",
    "Write one question on the topic of the passage that sounds as if it were answered there, but is not.",
    (_LIBRARY,),
    {"question": "How many films may readers with a student card borrow from the town library?"},
)

TASKS = {
    "answerable": ANSWERABLE,
    "across_passages": ACROSS,
    "follow_up": FOLLOW_UP,
    "unanswerable": UNANSWERABLE,
}
"""The task of each kind of question."""

CRITIC = """Judge a question and its answer. Give each mark from 1 (bad) to 5 (good).
groundedness: the passages state the answer. relevance: the question is worth asking for somebody who works with these
documents. standalone: the question, or the conversation it ends, is understood without the passages.
Answer with one JSON object and nothing else: {{"groundedness": 5, "relevance": 5, "standalone": 5}}

Passages:
{passages}

Question:
{question}

Answer: {answer}"""
MARKS = OutputSchema.of_object(
    "marks", {key: {"type": "integer", "enum": [1, 2, 3, 4, 5]} for key in Marks.model_fields}
)

ANSWERED = """Do the passages answer the question, fully or in part? Answer with one JSON object and nothing else:
{{"answered": true}} or {{"answered": false}}

Passages:
{passages}

Question: {question}"""
IS_ANSWERED = OutputSchema.of_object("answered", {"answered": {"type": "boolean"}})


def copied(question: str, passages: Sequence[str]) -> bool:
    """Whether a question asks about the worked example instead of the passages."""
    return _EXAMPLE_TOPIC in question.lower() and not any(_EXAMPLE_TOPIC in text.lower() for text in passages)


def ask(generator: ChatGenerator, messages: Sequence[ChatMessage], schema: OutputSchema, shape: type[Model]) -> Model:
    """One call.

    :raises ValueError: If the reply holds no JSON object of this shape (pydantic's error is a ValueError).
    """
    return shape.model_validate(json_object(ask_for(generator, messages, schema).text or ""))


def _numbered(passages: Sequence[str]) -> str:
    if len(passages) == 1:
        return f"Passage:\n{passages[0]}"
    return "\n\n".join(f"Passage {number}:\n{text}" for number, text in enumerate(passages, start=1))
