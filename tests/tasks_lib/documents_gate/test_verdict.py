"""The decision about a change of documents, and what its outcomes are worth."""

import pytest

from tasks_lib.assistant.contract.answer import Answer, Message, Source
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.finding import Finding, Level
from tasks_lib.documents_gate.outcomes import Outcome, compare, score
from tasks_lib.documents_gate.verdict import verdict

GATE = GateConfig(resamples=1000)
BLAME = Blame({"q0": ("wrong.md",)})


def outcomes(worse: int, better: int = 0, same: int = 0) -> list[Outcome]:
    scores = [(1.0, 0.0)] * worse + [(0.0, 1.0)] * better + [(1.0, 1.0)] * same
    return [Outcome(f"q{number}", before, after) for number, (before, after) in enumerate(scores)]


def finding(level: Level) -> Finding:
    return Finding(document="a.md", kind="size", level=level, reason="a.md has 1 word where it had 9")


def test_nothing_worse_is_released() -> None:
    decided = verdict(outcomes(0, better=1, same=3), [finding("note")], questions=50, gate=GATE)
    assert (decided.decision, decided.better) == ("released", ("q0",))
    assert decided.reasons == ("4 of 50 questions were asked again, none got worse, 1 got better",)


def test_a_finding_that_holds_holds_and_names_its_document() -> None:
    decided = verdict([], [finding("note"), finding("hold")], questions=50, gate=GATE)
    assert (decided.decision, decided.documents) == ("held", ("a.md",))
    assert decided.reasons == ("a.md has 1 word where it had 9",)
    assert [each.level for each in decided.findings] == ["hold", "note"]


def test_one_question_that_a_document_made_worse_is_undecided() -> None:
    decided = verdict(outcomes(1), [], BLAME, questions=1000, gate=GATE)
    assert (decided.decision, decided.documents, decided.worse) == ("undecided", ("wrong.md",), ("q0",))
    assert decided.reasons == ("1 of 1000 questions got worse: q0, because of wrong.md",)


def test_many_worse_questions_are_proof() -> None:
    assert verdict(outcomes(10), [], BLAME, questions=40, gate=GATE).decision == "held"
    assert verdict(outcomes(10, better=10), [], BLAME, questions=40, gate=GATE).decision == "undecided"


@pytest.mark.parametrize(("questions", "decision"), [(1000, "released"), (30, "undecided")])
def test_a_loss_that_no_document_explains_is_tolerated_within_the_margin(questions: int, decision: str) -> None:
    """A model that answers differently each time loses a question now and then."""
    decided = verdict(outcomes(1), [], Blame({}, ("q0",)), questions=questions, gate=GATE)
    assert (decided.decision, decided.documents) == (decision, ())


def test_without_questions_the_documents_decide_and_it_is_said() -> None:
    assert "no evaluation set" in verdict([], [], questions=0, gate=GATE).reasons[0]
    assert verdict([], [finding("hold")], questions=0, gate=GATE).decision == "held"


def example(kind: str = "answerable", answer: str = "", reference: str = "") -> Example:
    references = (Reference(document="a.md", start=0, end=9, content=reference),) if reference else ()
    message = Message(role="user", content="How many days?")
    return Example(id="q", kind=kind, messages=(message,), answer=answer, references=references)


def said(response: str, *sources: str, refused: bool = False, uncertain: bool = False) -> Answer:
    passages = [Source(document="b.md", start=0, end=1, score=1, content=content) for content in sources]
    return Answer(response=response, source_documents=passages, refused=refused, uncertain=uncertain)


@pytest.mark.parametrize(
    ("asked", "answer", "worth"),
    [
        (example(answer="27 days"), said("Employees receive 27 days of leave."), 1.0),
        (example(answer="27 days"), said("Employees receive 25 days of leave."), 0.0),
        (example(answer="27 days"), said("That is not in the documents.", refused=True), 0.0),
        (example(answer="27 days"), None, 0.0),
        (example("unanswerable"), said("Not known.", refused=True), 1.0),
        (example("unanswerable"), said("The documents say this about it: none", uncertain=True), 0.5),
        (example("unanswerable"), said("Twelve."), 0.0),
        (example("clarification"), said("Which office do you mean?"), 1.0),
        (example(reference="leave is 27 days"), said("Yes.", "The annual leave is 27 days."), 1.0),
        (example(), said("Yes."), None),
    ],
)
def test_what_an_answer_is_worth(asked: Example, answer: Answer | None, worth: float | None) -> None:
    assert score(asked, answer) == worth


def test_only_questions_that_were_asked_on_both_states_are_compared() -> None:
    asked = example(answer="27 days")
    right, wrong = said("It is 27 days."), said("It is 25 days.")
    (outcome,) = compare([asked], {"q": right}, {"q": wrong})
    assert (outcome.loss, outcome.is_worse, outcome.said_after) == (1.0, True, "It is 25 days.")
    assert compare([asked], {"q": right}, {}) == []
