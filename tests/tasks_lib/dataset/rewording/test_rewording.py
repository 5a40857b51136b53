"""Questions in other words than their evidence."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.dataset.alternatives import copied
from tasks_lib.dataset.examples import CandidateQuestion, Reference, example_of
from tasks_lib.dataset.rewording.component import QuestionRewording
from tasks_lib.dataset.rewording.synonyms import UNSPACED, reworded

LISTS = json.loads(files("tasks_lib.dataset.rewording").joinpath("synonyms.json").read_text(encoding="utf-8"))


def candidate(question: str, evidence: str, *, made_by: str = "sentence", group: str = "1") -> CandidateQuestion:
    reference = Reference(document="d.md", start=0, end=len(evidence), content=evidence)
    example = example_of("answerable", question, "27 days", [reference], made_by=made_by)
    return CandidateQuestion(example, passages=(evidence,), group=group)


@pytest.mark.parametrize(
    ("language", "evidence", "question", "other"),
    [
        (
            "en",
            "An employee receives the annual leave.",
            "How much annual leave does an employee receive?",
            "How much yearly holiday does a member of staff get?",
        ),
        ("en", "A photograph is kept in an image file.", "Where is an image kept?", "Where is a picture kept?"),
        ("de", "Die Brücke wurde 1901 gebaut.", "Wann wurde die Brücke gebaut?", "Wann wurde die Brücke errichtet?"),
        (
            "es",
            "La compañía fue fundada en 1901.",
            "¿En qué año fue fundada la compañía?",
            "¿En qué año fue creada la empresa?",
        ),
        ("zh", "这座桥位于柏林。", "这座桥位于哪里?", "这座桥在哪里?"),
    ],
)
def test_words_of_the_evidence_are_said_otherwise(language: str, evidence: str, question: str, other: str) -> None:
    assert reworded(question, evidence, language) == other


def test_words_that_the_evidence_does_not_hold_or_holds_both_of_stay() -> None:
    assert reworded("When was the ship built?", "The vessel was made in 1901.", "en") == "When was the ship built?"
    both = "The ship, a vessel of 1901, was built, that is constructed, in Kiel."
    assert reworded("When was the ship built?", both, "en") == "When was the ship built?"


@pytest.mark.parametrize("question", ["Where is The Built Company?", "What is `image-built` for?", "Was ist gebaut?"])
def test_names_and_words_of_other_languages_stay(question: str) -> None:
    assert reworded(question, question, "en") == question
    assert reworded(question, question, "fr") == question


@given(st.sampled_from(sorted(LISTS)), st.data())
def test_no_word_stands_for_itself_and_each_is_reached(language: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(sorted(LISTS[language])))
    assert word not in LISTS[language][word].split() or language in UNSPACED
    assert LISTS[language][word] in reworded(f"x {word} y", f"x {word} y", language)


def test_the_other_words_come_before_the_ones_that_were_made_as_an_alternative() -> None:
    made = candidate(
        "How many days of annual leave do employees receive?", "Employees receive 27 days of annual leave."
    )
    first, second = QuestionRewording().run([made])["candidates"]
    assert first.example.question == "How many days of yearly holiday do members of staff get?"
    assert (second, first.group) == (made, made.group)
    assert copied(first) < copied(second)
    assert first.example.id != second.example.id


@pytest.mark.parametrize(("made_by", "group"), [("default", "1"), ("option", "1"), ("heading", "1"), ("sentence", "")])
def test_names_of_parameters_and_questions_without_a_group_are_left_alone(made_by: str, group: str) -> None:
    made = candidate("What is the purchased amount?", "The purchased amount is 3.", made_by=made_by, group=group)
    assert QuestionRewording().run([made])["candidates"] == [made]
