"""Conversations: imported, made of the questions that there are, and scored turn by turn."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.conversations import conversations, rows_of
from tasks_lib.dataset.examples import TURN, Example, Reference, example_of
from tasks_lib.dataset.importing import read_examples
from tasks_lib.errors import InputError

LEAVE = [
    {"question": "What about the limit?", "kind": "clarification", "answer": "The limit of what?"},
    {"question": "The hotel limit in Lisbon.", "answer": "120 euros", "document": "travel.md", "start": 3, "end": 12,
     "content": "120 euros"},
    {"question": "And on the moon?", "kind": "unanswerable"},
    {"question": "And in Porto?", "answer": "100 euros"},
]  # fmt: skip


def test_an_imported_conversation_is_an_example_of_each_turn_after_what_was_said_before(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    alone = {"question": "When is payday?", "answer": "on the 25th"}
    file.write_text(json.dumps({"id": "limit", "turns": LEAVE}) + "\n" + json.dumps(alone) + "\n", "utf-8")
    *turns, single = read_examples(str(file), None).examples
    assert single.question == "When is payday?"
    assert [turn.id for turn in turns] == [f"limit{TURN}{n}" for n in (1, 2, 3, 4)]
    assert {turn.conversation for turn in turns} == {"limit"}
    assert [turn.kind for turn in turns] == ["clarification", "follow_up", "unanswerable", "follow_up"]
    assert [message.content for message in turns[3].messages] == [
        "What about the limit?",
        "The limit of what?",
        "The hotel limit in Lisbon.",
        "120 euros",
        "And on the moon?",
        "That is not in the documents.",
        "And in Porto?",
    ]
    assert (turns[0].answer, turns[1].answer, turns[1].references[0].document) == ("", "120 euros", "travel.md")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"turns": LEAVE[:1]}, "is no list of at least two turns"),
        ({"turns": "when?"}, "is no list of at least two turns"),
        ({"turns": LEAVE, "question": "When?"}, "unknown field 'question'"),
        ({"turns": [{"question": " "}, LEAVE[1]]}, "turn 1 has no question"),
        ({"turns": [LEAVE[1], "when?"]}, "turn 2 has no question"),
        ({"turns": [{"question": "When?"}, LEAVE[1]]}, "turn 1 has no answer"),
        ({"turns": [LEAVE[1], {**LEAVE[3], "speaker": "x"}]}, "turn 2: unknown field 'speaker'"),
    ],
)
def test_a_wrong_turn_is_named_with_its_line(row: dict[str, Any], problem: str, tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text(json.dumps({"question": "When?"}) + "\n" + json.dumps(row) + "\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_examples(str(file), None)
    assert problem in f"{caught.value.message} {caught.value.hint}"
    assert "2" in f"{caught.value.message} {caught.value.hint}"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_what_is_no_conversation_stays_as_it_is(row: dict[str, str]) -> None:
    row.pop("turns", None)
    assert list(rows_of(row)) == [row]


def questions(documents: int, each: int) -> list[Example]:
    """Questions that stand alone, and one follow-up of each document."""
    made = []
    for document in range(documents):
        name, spots = f"{document}.md", range(each + 1)
        place = [Reference(document=name, start=n, end=n + 4, content=f"Text {n}.") for n in spots]
        alone = [example_of("answerable", f"{document}: {n}?", f"{n}", [place[n]]) for n in range(each)]
        history = [alone[0].messages[0], Message(role="assistant", content="Text 0.")]
        made += [*alone, example_of("follow_up", f"And in {document}?", "last", [place[each]], history)]
    return made


@given(st.integers(1, 5), st.integers(2, 7), st.integers(0, 6), st.integers(0, 3))
def test_made_conversations_have_three_to_five_turns_of_one_document_and_end_with_a_follow_up(
    documents: int, each: int, count: int, seed: int
) -> None:
    made = conversations(questions(documents, each), count, seed)
    chains = [list(chain) for _, chain in groupby(made, key=lambda example: example.conversation)]
    assert len(chains) == min(count, documents)
    for chain in chains:
        assert 3 <= len(chain) <= 5
        assert [turn.id for turn in chain] == [f"{chain[0].conversation}{TURN}{n}" for n in range(1, len(chain) + 1)]
        assert [len(turn.messages) for turn in chain] == [2 * n + 1 for n in range(len(chain))]
        assert chain[-1].kind == "follow_up"
        assert chain[-1].messages[-3:-1] == (chain[-2].messages[-1], chain[-1].messages[-2])
        assert len({turn.references[0].document for turn in chain}) == 1
        assert len({turn.question for turn in chain}) == len(chain)
    assert made == conversations(questions(documents, each), count, seed)
