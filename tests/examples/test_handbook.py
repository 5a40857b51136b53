"""The sample handbook and its questions: enough of each kind, and references that point at what they quote."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.ingestion.converters.convert import convert

EXAMPLES = Path(__file__).parents[2] / "examples"
HANDBOOK = EXAMPLES / "handbook"
QUESTIONS = EXAMPLES / "handbook-questions.jsonl"
FORMATS = {".md", ".html", ".pdf", ".docx", ".txt"}
TEXT_FORMATS = {".md", ".txt"}
ANSWERED = {"answerable", "follow_up"}
REFUSED = {"unanswerable", "off_topic"}

Question = dict[str, Any]


@pytest.fixture(scope="module")
def documents() -> dict[str, Path]:
    """Path below the handbook → file."""
    return {path.relative_to(HANDBOOK).as_posix(): path for path in HANDBOOK.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def references(questions: list[Question]) -> list[dict[str, Any]]:
    return [reference for question in questions for reference in question["references"]]


def test_handbook_has_documents_of_all_five_formats(documents: dict[str, Path]) -> None:
    assert len(documents) >= 15
    assert {path.suffix for path in documents.values()} == FORMATS


def test_documents_are_small(documents: dict[str, Path]) -> None:
    assert {name: size for name, path in documents.items() if (size := path.stat().st_size) >= 100_000} == {}


def test_a_quarter_of_the_questions_must_be_refused(questions: list[Question]) -> None:
    kinds = Counter(question["kind"] for question in questions)

    assert len(questions) >= 40
    assert set(kinds) == ANSWERED | REFUSED
    assert sum(kinds[kind] for kind in REFUSED) >= len(questions) / 4


def test_question_ids_are_unique(questions: list[Question]) -> None:
    ids = Counter(question["id"] for question in questions)

    assert [name for name, count in ids.items() if count > 1] == []


def test_every_line_has_the_shape_of_an_evaluation_example(questions: list[Question]) -> None:
    for question in questions:
        assert list(question) == ["id", "kind", "messages", "answer", "references"], question["id"]
        assert all(set(message) == {"role", "content"} for message in question["messages"]), question["id"]
        assert all(message["content"].strip() for message in question["messages"]), question["id"]
        assert all(
            list(reference) == ["document", "start", "end", "content"] for reference in question["references"]
        ), question["id"]


def test_only_follow_ups_have_a_conversation_before_the_question(questions: list[Question]) -> None:
    for question in questions:
        roles = [message["role"] for message in question["messages"]]
        expected = ["user", "assistant", "user"] if question["kind"] == "follow_up" else ["user"]
        assert roles == expected, question["id"]


def test_only_questions_with_an_answer_have_references(questions: list[Question]) -> None:
    for question in questions:
        answered = question["kind"] in ANSWERED
        assert bool(question["answer"]) is answered, question["id"]
        assert bool(question["references"]) is answered, question["id"]


def test_references_to_text_files_quote_what_stands_there(
    documents: dict[str, Path], references: list[dict[str, Any]]
) -> None:
    quoted = [reference for reference in references if Path(reference["document"]).suffix in TEXT_FORMATS]

    assert quoted
    for reference in quoted:
        text = documents[reference["document"]].read_bytes().decode("utf-8")
        assert text[reference["start"] : reference["end"]] == reference["content"]


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_references_quote_the_converted_text(
    suffix: str, documents: dict[str, Path], references: list[dict[str, Any]]
) -> None:
    texts = {name: convert(name, path.read_bytes()).text for name, path in documents.items() if path.suffix == suffix}
    quoted = [reference for reference in references if reference["document"] in texts]

    assert quoted
    for reference in quoted:
        assert texts[reference["document"]][reference["start"] : reference["end"]] == reference["content"]


def test_every_document_is_referenced(documents: dict[str, Path], references: list[dict[str, Any]]) -> None:
    assert {reference["document"] for reference in references} == set(documents)
