"""Questions by a language model; the model is scripted, everything around it is real."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from haystack.components.generators.chat.mock import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.config.settings import DatasetConfig
from tasks_lib.errors import LlmopsError
from tasks_lib.evaluation.journal import JournaledGenerator
from tasks_lib.evaluation.llm_questions import PATIENCE
from tasks_lib.evaluation.questions import generate

FACTS = {
    "leave.md": "Full-time employees receive 27 days of annual leave. Interns receive ten days of annual leave.",
    "travel.md": "The travel desk books all flights. A hotel costs at most 165 euros per night in Aarhus.",
}
GOOD_MARKS = {"groundedness": 5, "relevance": 4, "standalone": 5}
CONFIG = DatasetConfig(size=2, unanswerable_share=0, off_topic_share=0)


@pytest.fixture
def documents(library: Any) -> Any:
    for path, text in FACTS.items():
        library.put(path, f"# {path.removesuffix('.md').title()}\n\n{text}\n")
    return library


def model(draft: Callable[[str], Any], marks: Any = GOOD_MARKS, *, answered: bool = False) -> MockChatGenerator:
    def reply(messages: list[ChatMessage]) -> str:
        prompt = messages[-1].text or ""
        if prompt.startswith("Judge"):
            return f"Here you go: {json.dumps(marks)}"
        if prompt.startswith("Do the passages"):
            return json.dumps({"answered": answered})
        said = draft(prompt)
        return said if isinstance(said, str) else f"```json\n{json.dumps(said)}\n```"

    return MockChatGenerator(response_fn=reply)


def good(prompt: str) -> dict[str, Any]:
    if "165 euros" in prompt:
        return {
            "question": "How much may a hotel in Aarhus cost per night?",
            "answer": "165 euros",
            "evidence": ["A hotel costs at most 165 euros per night in Aarhus."],
        }
    return {
        "question": "How many days of annual leave do interns receive?",
        "answer": "ten days",
        "evidence": ["Interns receive ten days of annual leave."],
    }


def test_good_drafts_become_examples_with_spans(documents: Any) -> None:
    made = generate(documents.index, documents.embedder, CONFIG, generator=model(good), model="test/model")

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
        ({"evidence": ["Interns receive twelve days of annual leave."]}, "no_reference"),
        ({"evidence": []}, "no_reference"),
    ],
)
def test_bad_drafts_are_dropped_with_their_reason(documents: Any, changes: Any, reason: str) -> None:
    def draft(prompt: str) -> Any:
        if "165 euros" in prompt:
            return good(prompt)
        return changes if isinstance(changes, str) else {**good(prompt), **changes}

    made = generate(documents.index, documents.embedder, CONFIG, generator=model(draft))

    assert [example.answer for example in made.examples] == ["165 euros"]
    assert made.rejected == {reason: 1}


def test_the_critic_drops_what_falls_short(documents: Any) -> None:
    with pytest.raises(LlmopsError, match="states a fact"):
        generate(documents.index, documents.embedder, CONFIG, generator=model(good, {**GOOD_MARKS, "relevance": 2}))


def test_follow_ups_keep_their_conversation_and_unanswerable_ones_are_checked(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        if "a short conversation" in prompt:
            return {**good(prompt), "first_question": "How long is annual leave?", "first_answer": "27 days"}
        if "but is not" in prompt:
            return {"question": "How many days of leave do pensioners receive?" if "Interns" in prompt else "Who?"}
        return good(prompt)

    config = DatasetConfig(size=10, unanswerable_share=0.1, off_topic_share=0)
    made = generate(documents.index, documents.embedder, config, generator=model(draft))
    again = generate(documents.index, documents.embedder, config, generator=model(draft, answered=True))

    assert Counter(example.kind for example in made.examples) == {"follow_up": 1, "answerable": 2, "unanswerable": 1}
    assert next(e for e in made.examples if e.kind == "follow_up").messages[0].content == "How long is annual leave?"
    assert again.rejected["answered_by_the_documents"] >= 1
    assert "unanswerable" not in {example.kind for example in again.examples}


def test_a_model_that_never_answers_is_named(documents: Any) -> None:
    def draft(prompt: str) -> Any:
        raise ConnectionError("no route to the provider")

    with pytest.raises(LlmopsError, match="no route to the provider"):
        generate(documents.index, documents.embedder, CONFIG, generator=model(draft))


def test_a_model_that_begins_with_prose_is_asked_on(documents: Any) -> None:
    asked = []
    for path, text in FACTS.items():
        documents.put(f"copy-of-{path}", f"# Copy\n\n{text}\n")

    def draft(prompt: str) -> Any:
        asked.append(prompt)
        return "Sure! Here is a question." if len(asked) <= 2 else good(prompt)

    config = CONFIG.model_copy(update={"concurrency": 1, "size": 1})
    made = generate(documents.index, documents.embedder, config, generator=model(draft))
    assert (len(made.examples), made.rejected["not_parsed"]) == (1, 2)


def test_a_model_that_never_writes_json_is_not_asked_for_ever(library: Any) -> None:
    asked = []
    for number in range(2 * PATIENCE):
        library.put(f"{number}.md", f"# Team {number}\n\nTeam {number} has {number + 2} printers in its room.\n")

    def draft(prompt: str) -> Any:
        asked.append(prompt)
        return "Sure! Here is a question."

    with pytest.raises(LlmopsError, match="no JSON object in 'Sure!"):
        generate(library.index, library.embedder, CONFIG, generator=model(draft))
    assert PATIENCE <= len(asked) < 2 * PATIENCE


def test_a_run_that_was_killed_goes_on_without_paying_twice(documents: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def dies(prompt: str) -> Any:
        if len(asked) == 1:
            raise KeyboardInterrupt
        asked.append(prompt)
        return good(prompt)

    def run(draft: Callable[[str], Any]) -> JournaledGenerator:
        journaled = JournaledGenerator(model(draft), tmp_path / "unfinished" / "q.jsonl", "test/model")
        config = CONFIG.model_copy(update={"concurrency": 1})
        generate(documents.index, documents.embedder, config, generator=journaled, model="test/model")
        return journaled

    with pytest.raises(KeyboardInterrupt):
        run(dies)
    with (tmp_path / "unfinished" / "q.jsonl").open("a") as file:
        file.write('\n{"key": "cut')
    second = run(lambda prompt: asked.append(prompt) or good(prompt))
    assert len(asked) == len(set(asked)) == 2
    third = run(good)
    assert (second.calls, third.calls) == (3, 0)
