"""Questions by a language model; the model is scripted, everything around it is real."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from haystack.components.generators.chat.mock import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.providers.structured import OUTPUT_SCHEMA, OutputSchema
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset import questions
from tasks_lib.dataset.journal import Journal, JournaledGenerator
from tasks_lib.dataset.questions import PATIENCE
from tasks_lib.errors import InputError, LlmopsError
from tests.tasks_lib.dataset.generating import generate

FACTS = {
    "leave.md": "Full-time employees receive 27 days of annual leave. Interns receive ten days of annual leave.",
    "travel.md": "The travel desk books all flights. A hotel costs at most 165 euros per night in Aarhus.",
}
PLANTED = "town library"
BAD_MARKS = {"groundedness": 1, "relevance": 4, "standalone": 5}
GOOD_MARKS = {"groundedness": 5, "relevance": 4, "standalone": 5}
CONFIG = DatasetConfig(size=2, unanswerable_share=0, off_topic_share=0)

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def documents(library: Any) -> Any:
    for path, text in FACTS.items():
        library.put(path, f"# {path.removesuffix('.md').title()}\n\n{text}\n")
    return library


def model(
    draft: Callable[[str], Any], marks: Any = GOOD_MARKS, *, answered: bool = False, sees: bool = True
) -> MockChatGenerator:
    """Drafts as `draft` says, and judges; one that `sees` knows what the planted cases are worth."""

    def reply(messages: list[ChatMessage]) -> str:
        prompt = f"{messages[0].text}\n{messages[-1].text}"
        if "Judge a question" in prompt:
            return f"Here you go: {json.dumps(BAD_MARKS if PLANTED in prompt and sees else marks)}"
        if "Do the passages" in prompt:
            return json.dumps({"answered": answered or (PLANTED in prompt and sees)})
        said = draft(prompt)
        return said if isinstance(said, str) else f"```json\n{json.dumps(said)}\n```"

    return MockChatGenerator(response_fn=reply)


def good(prompt: str) -> dict[str, Any]:
    if "165 euros" in prompt:
        return {
            "question": "How much may a hotel in Aarhus cost per night?",
            "answer": "165 euros",
            "evidence": "A hotel costs at most 165 euros per night in Aarhus.",
        }
    return {
        "question": "How many days of annual leave do interns receive?",
        "answer": "ten days",
        "evidence": "Interns receive ten days of annual leave.",
    }


def test_good_drafts_become_examples_with_spans(documents: Any) -> None:
    made = generate(documents, CONFIG, generator=model(good))

    assert made.origin == "test/model"
    assert len(made.examples) == 2
    for example in made.examples:
        (reference,) = example.references
        assert documents.texts[reference.document][reference.start : reference.end] == reference.content


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ("I cannot do that.", "not_parsed"),
        ({"question": ["a"]}, "not_parsed"),
        ({"question": "Here are two questions: how many days of leave are there?"}, "preamble"),
        ({"question": "How many days does the context mention for interns?"}, "about_the_document"),
        ({"answer": "12 days"}, "answer_not_in_evidence"),
        ({"evidence": "Interns receive twelve days of annual leave."}, "no_reference"),
        ({"evidence": " "}, "no_reference"),
    ],
)
def test_bad_drafts_are_dropped_with_their_reason(documents: Any, changes: Any, reason: str) -> None:
    def draft(prompt: str) -> Any:
        if "165 euros" in prompt:
            return good(prompt)
        return changes if isinstance(changes, str) else {**good(prompt), **changes}

    made = generate(documents, CONFIG, generator=model(draft))

    assert [example.answer for example in made.examples] == ["165 euros"]
    assert made.rejected == {reason: 1}


def test_the_critic_drops_what_falls_short_and_the_end_tells_the_counts(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        return good(prompt) if "165 euros" in prompt else "I cannot."

    short = model(draft, {**GOOD_MARKS, "relevance": 2})
    with pytest.raises(InputError, match="test/model.*dropped: 1 critic_relevance, 1 not_parsed") as ended:
        generate(documents, CONFIG, generator=short)
    assert "local/extractive" in ended.value.hint


def test_a_critic_that_lets_planted_answers_pass_ends_the_run_before_a_draft_is_paid_for(documents: Any) -> None:
    asked: list[str] = []
    blind = model(lambda prompt: asked.append(prompt) or good(prompt), sees=False)

    with pytest.raises(LlmopsError, match="the critic let 2 of 2 answers pass that the passages do not state") as ended:
        generate(documents, CONFIG, generator=blind)
    assert (asked, "judge" in ended.value.hint) == ([], True)


def test_another_model_may_be_the_critic(documents: Any) -> None:
    blind, judge = model(good, sees=False), model(good)
    made = generate(documents, CONFIG, generator=blind, critic=judge)
    assert len(made.examples) == 2


def test_a_critic_that_never_sees_an_answer_vouches_for_no_unanswerable_question(documents: Any) -> None:
    def reply(messages: list[ChatMessage]) -> str:
        said: str = model(draft).run(messages)["replies"][0].text
        return json.dumps({"answered": False}) if '"answered"' in said else said

    def draft(prompt: str) -> Any:
        return {"question": "How many days of leave do pensioners get?"} if "but is not" in prompt else good(prompt)

    config = DatasetConfig(size=4, unanswerable_share=0.25, off_topic_share=0)
    never = MockChatGenerator(response_fn=reply)
    made = generate(documents, config, generator=model(draft), critic=never)
    assert {example.kind for example in made.examples} == {"answerable"}


def test_questions_about_the_worked_example_are_dropped(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        copied = {"question": "How many books may interns borrow from the library?"}
        return good(prompt) if "165 euros" in prompt else {**good(prompt), **copied}

    made = generate(documents, CONFIG, generator=model(draft))
    assert made.rejected == {"copied_from_the_example": 1}


def test_a_model_whose_drafts_all_fall_through_is_not_asked_for_ever(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "LONGEST_DRY_SPELL", 3)
    asked = []
    for number in range(8):
        library.put(f"{number}.md", f"# Team {number}\n\nTeam {number} has {number + 2} printers in its room.\n")

    def draft(prompt: str) -> Any:
        asked.append(prompt)
        return {"question": "How many printers has the team?", "answer": "two", "evidence": "It has two printers."}

    with pytest.raises(InputError, match="no_reference"):
        generate(library, CONFIG, generator=model(draft))
    assert 3 <= len(asked) < 8


class Shaping:
    """A generator that takes schemas, and notes them."""

    takes_output_schema = True

    def __init__(self, inner: MockChatGenerator) -> None:
        self.inner = inner
        self.schemas: list[OutputSchema] = []

    def run(self, messages: list[ChatMessage], generation_kwargs: dict[str, Any]) -> dict[str, Any]:
        self.schemas.append(generation_kwargs[OUTPUT_SCHEMA])
        return self.inner.run(messages)


def test_every_call_asks_for_the_shape_of_its_reply_through_the_journal_too(documents: Any, tmp_path: Path) -> None:
    shaping = Shaping(model(good))
    journaled = JournaledGenerator(shaping, Journal(tmp_path / "q.jsonl"), "test/model")
    made = generate(documents, CONFIG, generator=journaled)

    assert len(made.examples) == 2
    assert {schema.name for schema in shaping.schemas} == {"marks", "question"}
    question = next(schema.as_dict() for schema in shaping.schemas if schema.name == "question")
    assert list(question["properties"]) == question["required"] == ["evidence", "answer", "question"]
    assert question["additionalProperties"] is False


def test_follow_ups_keep_their_conversation_and_unanswerable_ones_are_checked(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        if "a short conversation" in prompt:
            return {**good(prompt), "first_question": "How long is annual leave?", "first_answer": "27 days"}
        if "but is not" in prompt:
            return {"question": "How many days of leave do pensioners receive?" if "Interns" in prompt else "Who?"}
        return good(prompt)

    config = DatasetConfig(size=10, unanswerable_share=0.1, off_topic_share=0)
    made = generate(documents, config, generator=model(draft))
    again = generate(documents, config, generator=model(draft, answered=True))

    assert Counter(example.kind for example in made.examples) == {"follow_up": 1, "answerable": 2, "unanswerable": 1}
    assert next(e for e in made.examples if e.kind == "follow_up").messages[0].content == "How long is annual leave?"
    assert again.rejected["answered_by_the_documents"] >= 1
    assert "unanswerable" not in {example.kind for example in again.examples}


def test_a_model_that_never_answers_is_named(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        raise ConnectionError("no route to the provider")

    with pytest.raises(LlmopsError, match="no route to the provider"):
        generate(documents, CONFIG, generator=model(draft))


def test_a_model_that_begins_with_prose_is_asked_on(documents: Any) -> None:
    asked = []
    for path, text in FACTS.items():
        documents.put(f"copy-of-{path}", f"# Copy\n\n{text}\n")

    def draft(prompt: str) -> Any:
        asked.append(prompt)
        return "Sure! Here is a question." if len(asked) <= 2 else good(prompt)

    config = CONFIG.model_copy(update={"concurrency": 1, "size": 1})
    made = generate(documents, config, generator=model(draft))
    assert (len(made.examples), made.rejected["not_parsed"]) == (1, 2)


def test_a_model_that_never_writes_json_is_not_asked_for_ever(library: Any) -> None:
    asked = []
    for number in range(2 * PATIENCE):
        library.put(f"{number}.md", f"# Team {number}\n\nTeam {number} has {number + 2} printers in its room.\n")

    def draft(prompt: str) -> Any:
        asked.append(prompt)
        return "Sure! Here is a question."

    with pytest.raises(LlmopsError, match="no JSON object in 'Sure!"):
        generate(library, CONFIG, generator=model(draft))
    assert PATIENCE <= len(asked) < 2 * PATIENCE


def test_two_journals_on_one_file_keep_each_others_replies(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    first, second = Journal(path), Journal.from_dict(Journal(path).to_dict())
    first.keep("a", "one\u2028line")
    second.keep("b", "two")

    read = Journal(path)
    assert (read.get("a"), read.get("b"), read.get("c")) == ("one\u2028line", "two", None)
    path.write_text('{"key": "d", "text": "cut\u2028not"}', encoding="utf-8")
    assert Journal(path).get("d") == "cut\u2028not"


def test_a_run_that_was_killed_goes_on_without_paying_twice(documents: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def dies(prompt: str) -> Any:
        if len(asked) == 1:
            raise KeyboardInterrupt
        asked.append(prompt)
        return good(prompt)

    def run(draft: Callable[[str], Any]) -> JournaledGenerator:
        journaled = JournaledGenerator(model(draft), Journal(tmp_path / "unfinished" / "q.jsonl"), "test/model")
        config = CONFIG.model_copy(update={"concurrency": 1})
        generate(documents, config, generator=journaled)
        return journaled

    with pytest.raises(KeyboardInterrupt):
        run(dies)
    with (tmp_path / "unfinished" / "q.jsonl").open("a") as file:
        file.write('\n{"key": "cut')
    second = run(lambda prompt: asked.append(prompt) or good(prompt))
    assert len(asked) == len(set(asked)) == 2
    third = run(good)
    assert (second.calls, third.calls) == (3, 0)  # two critics' marks and a draft
