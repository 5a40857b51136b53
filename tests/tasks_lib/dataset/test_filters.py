"""Known bad questions, none of which may pass."""

from typing import Any

import pytest

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.collection import Collection
from tasks_lib.dataset.examples import CandidateQuestion, Example, Reference
from tasks_lib.dataset.filters import EvidenceFilter, QuestionFilter, reason_to_drop

EVIDENCE = "Full-time employees receive 27 days of annual leave per calendar year."
PASSAGE = f"Leave is granted by the manager.\n{EVIDENCE} Part-timers get fewer."
GOOD = "How many days of annual leave do full-time employees receive per calendar year?"


def candidate(
    question: str = GOOD,
    answer: str = "27 days",
    evidence: str = EVIDENCE,
    kind: str = "answerable",
    history: tuple[str, ...] = (),
) -> CandidateQuestion:
    messages = tuple(
        Message(role="user" if number % 2 == 0 else "assistant", content=text)
        for number, text in enumerate((*history, question))
    )
    refusing = kind in {"unanswerable", "off_topic"}
    reference = Reference(document="leave.md", start=33, end=33 + len(evidence), content=evidence)
    example = Example(
        id="x",
        kind=kind,
        messages=messages,
        answer="" if refusing else answer,
        references=() if refusing or not evidence else (reference,),
    )
    return CandidateQuestion(example, (PASSAGE,))


def test_a_good_question_passes() -> None:
    assert reason_to_drop(candidate()) is None
    assert reason_to_drop(candidate(kind="unanswerable")) is None
    assert reason_to_drop(candidate("And part-timers?", history=(GOOD, EVIDENCE), answer="27 days")) is None


@pytest.mark.parametrize(
    "question",
    [
        "Here are two questions about leave: how many days are there?",
        "Here's a question: how many days of leave do employees receive?",
        "Sure! How many days of leave do employees receive?",
        "Question 1: How many days of leave do employees receive?",
        "1. How many days of leave do employees receive?",
        "- How many days of leave do employees receive?",
        "Based on the passage, how many days of leave do employees receive?",
    ],
)
def test_preambles_do_not_pass(question: str) -> None:
    assert reason_to_drop(candidate(question)) == "preamble"


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave are mentioned in the context?",
        "What does the document say about annual leave?",
        "According to this section, how many days of leave do employees receive?",
        "What is the main topic of the passage about leave?",
        "How many days does the given text name for leave?",
        "What does the author of the handbook grant to employees?",
    ],
)
def test_questions_about_the_document_itself_do_not_pass(question: str) -> None:
    assert reason_to_drop(candidate(question)) == "about_the_document"


@pytest.mark.parametrize(
    "question",
    [
        "How many days of it do they receive per year?",
        "How many of these days do employees receive?",
        "When does he approve such requests for leave?",
        "Is the same granted to all part-time employees?",
    ],
)
def test_questions_that_need_the_sentences_before_do_not_pass(question: str) -> None:
    assert reason_to_drop(candidate(question)) == "does_not_stand_alone"


def test_a_pronoun_with_its_noun_before_it_stands_alone() -> None:
    assert reason_to_drop(candidate("How many days may employees take when they are in full-time work?")) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"question": "How many days?"}, "length"),
        ({"question": "How many days" + " of annual leave" * 20 + "?"}, "length"),
        ({"question": "Tell me how many days of leave employees get."}, "malformed"),
        ({"question": "How many days of leave? Who grants the days of leave?"}, "malformed"),
        ({"question": "How many days of leave , if any , do employees get?"}, "malformed"),
        ({"answer": "30 days"}, "answer_not_in_evidence"),
        ({"answer": "after consulting the works council of the region"}, "answer_not_in_evidence"),
        ({"answer": " "}, "no_answer"),
        ({"evidence": "Full-time employees receive 99 days of leave."}, "not_grounded"),
        ({"evidence": ""}, "no_reference"),
        ({"question": "Do full-time employees receive 27 days of annual leave?"}, "answer_in_question"),
        ({"question": "Whoever works full-time receives days of annual leave?"}, "not_a_question"),
        ({"question": "How many days off are there?", "answer": "annual leave"}, "answer_of_another_kind"),
    ],
)
def test_other_faults_have_their_reason(changes: dict[str, str], reason: str) -> None:
    assert reason_to_drop(candidate(**changes)) == reason


@pytest.mark.parametrize("answer", ["27", "twenty-seven days of leave", "half a day", "none", "the full salary"])
def test_how_many_may_be_told_in_words(answer: str) -> None:
    assert reason_to_drop(candidate(answer=answer, evidence=f"Leave is {answer}.")) != "answer_of_another_kind"


def test_the_filter_sets_a_reason_and_leaves_one_that_is_there() -> None:
    given = [candidate(), candidate("How many days?"), candidate("How many days?").dropped("mine")]
    judged = QuestionFilter().run(candidates=given)["candidates"]

    assert [c.reason for c in judged] == ["", "length", "mine"]
    assert [c.example for c in judged] == [c.example for c in given]


def test_a_question_beside_its_evidence_is_told_from_one_about_it(word_embedder: Any) -> None:
    given = [
        candidate(),
        candidate("How many printers stand in the yellow room?"),
        candidate("And part-timers?", history=(GOOD, EVIDENCE)),
        candidate(kind="unanswerable"),
        candidate(kind="across_passages"),
    ]
    judged = EvidenceFilter(embedder=word_embedder).run(candidates=given)["candidates"]

    assert [c.reason for c in judged] == ["", "beside_the_evidence", "", "", "one_passage_is_enough"]
    assert [c.embedding is not None for c in judged] == [True, False, True, False, False]


def test_a_question_is_kept_once(word_embedder: Any) -> None:
    collection = Collection(word_embedder)
    nearly = "How many days of annual leave do the full-time employees receive per calendar year?"

    assert collection.add(candidate())
    assert not collection.add(candidate())
    assert not collection.add(candidate(nearly))
    assert collection.add(candidate("Who grants unpaid leave to interns in Lisbon?", kind="unanswerable"))
    assert not collection.add(candidate("How many printers stand in the yellow room?"))
    assert collection.rejected == {"near_duplicate": 2, "beside_the_evidence": 1}
    assert not Collection(word_embedder, kept=[candidate().example]).add(candidate(nearly))
