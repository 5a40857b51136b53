"""Questions of one's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.importing import read_examples
from tasks_lib.errors import InputError

TEXT = "# Leave\n\nFull-time employees receive 27 days of leave. Interns receive ten days.\n"


@pytest.fixture
def corpus(library: Any) -> Corpus:
    library.put("leave/annual.md", TEXT)
    return Corpus.of(library.index)


def write(folder: Path, *rows: Any, name: str = "q.jsonl") -> str:
    file = folder / name
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return str(file)


def test_an_excerpt_without_a_place_is_found_in_the_documents(tmp_path: Path, corpus: Corpus) -> None:
    row = {
        "question": "How many days do interns get?",
        "answer": "ten days",
        "document": "leave/annual.md",
        "content": "Interns receive ten days.",
    }
    (example,) = read_examples(write(tmp_path, row), corpus).examples
    (reference,) = example.references

    assert TEXT[reference.start : reference.end] == reference.content == "Interns receive ten days."
    assert example.question == "How many days do interns get?"


def test_csv_takes_the_same_columns_and_the_answer_stands_for_a_missing_excerpt(tmp_path: Path, corpus: Corpus) -> None:
    path = write(
        tmp_path,
        "id,question,answer,document,kind",
        '1,"How many, please?",27 days of leave,leave/annual.md,',
        "2,Who is the king of Spain?,,,off_topic",
        name="q.csv",
    )
    first, second = read_examples(path, corpus).examples

    assert (first.id, first.references[0].content) == ("1", "27 days of leave")
    assert (second.kind, second.references) == ("off_topic", ())


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_a_line_ends_at_a_line_feed_only(tmp_path: Path, separator: str) -> None:
    question = f"How many days{separator}do interns get?"
    (tmp_path / "q.csv").write_text(f"question,answer\n{question},ten days\nWho pays?,the firm\n", encoding="utf-8")
    lines = [json.dumps({"question": text}, ensure_ascii=False) for text in (question, "Who pays?")]

    for path in (write(tmp_path, *lines), str(tmp_path / "q.csv")):
        assert [example.question for example in read_examples(path, None).examples] == [question, "Who pays?"]


def test_the_full_shape_keeps_its_conversation(tmp_path: Path, corpus: Corpus) -> None:
    row = {
        "id": "x",
        "kind": "follow_up",
        "messages": [
            {"role": "user", "content": "How many days do employees get?"},
            {"role": "assistant", "content": "27"},
            {"role": "user", "content": "And interns?"},
        ],
        "answer": "ten days",
        "references": [{"document": "leave/annual.md", "start": 0, "end": 5, "content": "Interns receive ten days."}],
    }
    (example,) = read_examples(write(tmp_path, row), corpus).examples

    assert len(example.messages) == 3
    assert TEXT[example.references[0].start : example.references[0].end] == "Interns receive ten days."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "What?", "anwser": "x"}, r"line 2: unknown field 'anwser'; did you mean 'answer'\?"),
        ({"answer": "x"}, "line 2: field 'question' is missing or empty"),
        ({"question": "Who?", "kind": "offtopic"}, r"line 2: unknown kind 'offtopic'; did you mean 'off_topic'\?"),
        ({"question": "What?", "document": "leave/anual.md", "answer": "x"}, r"did you mean 'leave/annual.md'\?"),
        (
            {"question": "What?", "document": "leave/annual.md", "content": "no such words"},
            "line 2: the excerpt 'no such",
        ),
        ({"question": "What?", "document": "leave/annual.md", "start": "ten"}, "line 2: field 'start' is not a number"),
        ({"id": "1", "messages": [{"role": "assistant", "content": "x"}]}, "line 2: .*last message must be the user's"),
        ({"id": "1", "messages": [{"role": "robot", "content": "x"}]}, "line 2: field 'messages.0.role'"),
        ("{not json", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ({"question": "Good?", "answer": "Yes"}, "line 2: id .* is already on line 1"),
    ],
)
def test_errors_name_the_line_and_the_field(tmp_path: Path, corpus: Corpus, row: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_examples(write(tmp_path, {"question": "Good?"}, row), corpus)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"\xff\xfe\x00", "q.jsonl", "not UTF-8"),
        (b"\n \n", "q.jsonl", "holds no questions"),
        (b"question\na,b\n", "q.csv", "more cells than the header"),
    ],
)
def test_unreadable_files_have_one_clear_message(tmp_path: Path, content: bytes, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError, match=message):
        read_examples(str(tmp_path / name), None)


def test_a_missing_file_and_a_missing_index_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.jsonl.*cannot be read"):
        read_examples(str(tmp_path / "nowhere.jsonl"), None)
    with pytest.raises(InputError, match="has no place") as caught:
        read_examples(write(tmp_path, {"question": "What?", "document": "a.md", "content": "x"}), None)
    assert "llmops ingest" in caught.value.hint


def test_only_confirmed_candidates_are_taken(tmp_path: Path, corpus: Corpus) -> None:
    rows = [
        {
            "question": "First question?",
            "answer": "ten days",
            "document": "leave/annual.md",
            "status": "confirmed",
            "trace_id": "t",
        },
        {"question": "Second question?", "status": "pending", "comment": "bad"},
    ]
    imported = read_examples(write(tmp_path, *rows), corpus)

    assert [example.question for example in imported.examples] == ["First question?"]
    assert (imported.rejected, imported.adds) == ({"not_confirmed": 1}, True)
    with pytest.raises(InputError, match="none of the 1 rows"):
        read_examples(write(tmp_path, rows[1]), corpus)
