"""The decision about a change of documents, on measurements made by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.decision import decide
from tasks_lib.documents_gate.difference import difference, in_words
from tasks_lib.gate.measurement import Measurement, QuestionResult

GATE = GateConfig()
SOURCE = "file:///handbook"
CHANGED = {(SOURCE, "leave.md")}


def measured(right: Sequence[float], cites: str = "other.md", *, expected: int | None = None) -> Measurement:
    """Answers that are right as `right` says, all taken from one document."""
    answer = {"response": "said", "source_documents": [{"document": cites, "source": SOURCE}]}
    rows = [
        QuestionResult(
            example_id=str(number),
            kind="answerable",
            question=f"q{number}?",
            answer=answer,
            values={GATE.primary: value},
        )
        for number, value in enumerate(right)
    ]
    return Measurement(version=1, primary=GATE.primary, expected_rows=expected or len(rows), rows=rows)


def asked(number: int, evidence: str = "other.md") -> dict[str, Example]:
    reference = Reference(document=evidence, start=0, end=4, content="said", source=SOURCE)
    return {
        str(each): Example(
            id=str(each),
            messages=(Message(role="user", content=f"q{each}?"),),
            answer="said",
            references=(reference,),
        )
        for each in range(number)
    }


def test_what_makes_no_question_worse_is_released() -> None:
    decision = decide(measured([1, 1, 0]), measured([1, 1, 1]), asked(3), CHANGED, GATE, of=60)
    assert (decision.decision, decision.questions.better, decision.documents) == ("released", 1, [])
    assert "0 questions got worse and 1 better of 3" in decision.reasons[0]
    assert "5% of 60" in decision.reasons[0]


@pytest.mark.parametrize(
    ("before", "after", "evidence"),
    [("leave.md", "other.md", "other.md"), ("other.md", "leave.md", "other.md"), ("other.md", "other.md", "leave.md")],
)
def test_one_question_that_a_changed_document_made_worse_holds_it(before: str, after: str, evidence: str) -> None:
    """Whether the document was cited, is cited, or holds the evidence."""
    examples = asked(2, evidence)
    decision = decide(measured([1, 1], before), measured([1, 0], after), examples, CHANGED, GATE, of=200)
    assert (decision.decision, decision.documents) == ("held", ["leave.md"])
    (worse,) = decision.questions.worse
    assert (worse.id, worse.question, worse.before, worse.after) == ("1", "q1?", "said", "said")
    assert decision.reasons[1] == "'q1?' (leave.md): 'said' before, 'said' now"


def test_a_loss_without_a_changed_document_in_sight_is_undecided_until_it_is_proven() -> None:
    one = decide(measured([1] * 40), measured([1] * 39 + [0]), asked(40), CHANGED, GATE, of=200)
    assert (one.decision, one.documents) == ("undecided", [])
    assert "no changed document is in sight" in one.reasons[1]
    many = decide(measured([1] * 40), measured([0] * 40), asked(40), CHANGED, GATE, of=200)
    assert many.decision == "held"
    assert "proven worse, by 0.200 over all" in many.reasons[0]


def test_scores_that_cannot_be_trusted_decide_nothing() -> None:
    decision = decide(measured([1, 1]), measured([1], expected=2), asked(2), CHANGED, GATE, of=60)
    assert decision.decision == "undecided"
    assert "1 of 2 questions were scored" in decision.reasons


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    st.sampled_from(["leave.md", "other.md"]),
    st.integers(0, 200),
)
def test_nothing_is_released_that_made_a_question_worse(
    answers: list[tuple[bool, bool]], cites: str, others: int
) -> None:
    before, after = (measured([float(pair[side]) for pair in answers], cites) for side in (0, 1))
    decision = decide(before, after, asked(len(answers)), CHANGED, GATE, of=len(answers) + others)
    lost = {str(number) for number, (was, now) in enumerate(answers) if was and not now}
    assert {question.id for question in decision.questions.worse} == lost
    assert (decision.decision == "released") == (not lost)
    if lost and cites == "leave.md":
        assert (decision.decision, decision.documents) == ("held", ["leave.md"])


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("12")),
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("12")),
)
def test_the_difference_leads_from_one_state_to_the_other(before: dict[str, str], after: dict[str, str]) -> None:
    one, other = ({("s", name): digest for name, digest in state.items()} for state in (before, after))
    changed = difference(one, other)
    gone = {each.key for each in changed if each.kind == "deleted"}
    led = {key: digest for key, digest in one.items() if key not in gone}
    led |= {each.key: each.after for each in changed if each.after}
    assert led == other
    assert all(each.before != each.after for each in changed)


def test_many_documents_are_counted() -> None:
    changed = difference({}, {("s", f"{number}.md"): "h" for number in range(8)})
    assert in_words(changed) == "added 0.md, 1.md, 2.md, 3.md, 4.md and 3 more"
