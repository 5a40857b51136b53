"""Known bad questions, none of which may pass."""

import pytest

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.dataset.filters import Candidate, Duplicates, near_evidence, reason_to_drop
from tasks_lib.dataset.similarity import Similarity

EVIDENCE = "Full-time employees receive 27 days of annual leave per calendar year."
PASSAGE = f"Leave is granted by the manager.\n{EVIDENCE} Part-timers get fewer."
GOOD = "How many days of annual leave do full-time employees receive per calendar year?"


def candidate(
    question: str = GOOD,
    answer: str = "27 days",
    evidence: str = EVIDENCE,
    kind: str = "answerable",
    history: tuple[str, ...] = (),
) -> Candidate:
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
    return Candidate(example, [PASSAGE])


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


def test_a_question_beside_its_evidence_is_told_from_one_about_it(word_embedder: object) -> None:
    similarity = Similarity(word_embedder)  # type: ignore[arg-type]

    assert near_evidence(candidate().example, similarity)
    assert not near_evidence(candidate("How many printers stand in the yellow room?").example, similarity)
    assert near_evidence(candidate("And part-timers?", history=(GOOD, EVIDENCE)).example, similarity)
    assert near_evidence(candidate(kind="unanswerable").example, similarity)


def test_a_question_is_kept_once(word_embedder: object) -> None:
    duplicates = Duplicates(Similarity(word_embedder))  # type: ignore[arg-type]

    assert duplicates.is_new(candidate().example)
    assert not duplicates.is_new(candidate().example)
    assert not duplicates.is_new(
        candidate("How many days of annual leave do the full-time employees receive per calendar year?").example
    )
    assert duplicates.is_new(candidate("Who grants unpaid leave to interns in Lisbon?").example)
