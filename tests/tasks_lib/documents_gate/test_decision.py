"""The decision about a change of documents, on measurements made by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import compare
from tasks_lib.documents_gate.decision import DocumentsDecision, decide, with_findings
from tasks_lib.documents_gate.difference import difference, in_words
from tasks_lib.documents_gate.finding import Finding, Level
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


def asked(number: int, evidence: str = "other.md") -> list[Example]:
    reference = Reference(document=evidence, start=0, end=4, content="said", source=SOURCE)
    return [
        Example(
            id=str(each),
            messages=(Message(role="user", content=f"q{each}?"),),
            answer="said",
            references=(reference,),
        )
        for each in range(number)
    ]


def decided(
    before: Measurement,
    after: Measurement,
    of: int,
    blamed: Blame | None = None,
    *,
    evidence: str = "other.md",
) -> DocumentsDecision:
    """By default, nobody could say which document it was."""
    examples = asked(before.questions, evidence)
    compared = compare(before, after, examples, GATE, of)
    return decide(compared, blamed or Blame({}, tuple(compared.worse)), CHANGED, GATE)


def test_what_makes_no_question_worse_is_released() -> None:
    decision = decided(measured([1, 1, 0]), measured([1, 1, 1]), 60)
    assert (decision.decision, decision.questions.better, decision.documents) == ("released", 1, [])
    assert "0 questions got worse and 1 better of 3" in decision.reasons[0]
    assert "5% of 60" in decision.reasons[0]


def test_one_question_that_a_document_made_worse_holds_it() -> None:
    decision = decided(measured([1, 1]), measured([1, 0]), 200, Blame({"1": ("leave.md",)}))
    assert (decision.decision, decision.documents) == ("held", ["leave.md"])
    (worse,) = decision.questions.worse
    assert (worse.id, worse.question, worse.before, worse.after, worse.tried) == ("1", "q1?", "said", "said", True)
    assert decision.reasons[1] == "'q1?' (leave.md): 'said' before, 'said' now"


@pytest.mark.parametrize(
    ("before", "after", "evidence"),
    [("leave.md", "other.md", "other.md"), ("other.md", "leave.md", "other.md"), ("other.md", "other.md", "leave.md")],
)
def test_where_leaving_out_was_not_tried_to_the_end_it_is_what_the_question_rests_on(
    before: str, after: str, evidence: str
) -> None:
    """Whether the document was cited, is cited, or holds the evidence."""
    decision = decided(measured([1, 1], before), measured([1, 0], after), 200, evidence=evidence)
    assert (decision.decision, decision.documents) == ("held", ["leave.md"])
    assert not decision.questions.worse[0].tried


@pytest.mark.parametrize(("of", "wanted"), [(1000, "released"), (30, "undecided")])
def test_a_loss_that_no_document_explains_is_tolerated_within_the_margin(of: int, wanted: str) -> None:
    """A model that answers differently each time loses a question now and then."""
    one = decided(measured([1] * 20), measured([1] * 19 + [0]), of, Blame({}, (), ("19",)))
    assert (one.decision, one.documents) == (wanted, [])
    assert "no changed document explains it" in one.reasons[1]


def test_a_loss_that_is_proven_is_held_whoever_did_it() -> None:
    names = tuple(str(number) for number in range(40))
    many = decided(measured([1] * 40), measured([0] * 40), 200, Blame({}, (), names))
    assert (many.decision, many.documents) == ("held", [])
    assert "proven worse, by 0.200 over all" in many.reasons[0]


def test_a_metric_of_which_less_is_better_is_read_so() -> None:
    def tokens(*values: float) -> Measurement:
        rows = [
            QuestionResult(example_id=str(n), kind="a", question="q?", values={"cost": v}) for n, v in enumerate(values)
        ]
        return Measurement(version=1, primary="cost", expected_rows=len(rows), rows=rows)

    compared = compare(tokens(1, 3), tokens(2, 1), asked(2), GATE, 2)
    assert (compared.worse, compared.better) == (["0"], ["1"])


def test_scores_that_cannot_be_trusted_decide_nothing() -> None:
    decision = decided(measured([1, 1]), measured([1], expected=2), 60)
    assert decision.decision == "undecided"
    assert "1 of 2 questions were scored" in decision.reasons


@pytest.mark.parametrize(("level", "wanted"), [("note", "released"), ("hold", "held")])
def test_a_finding_that_holds_holds_whatever_was_answered(level: Level, wanted: str) -> None:
    found = Finding(document="a.md", kind="size", level=level, reason="a.md has 1 word where it had 9")
    decision = with_findings(decided(measured([1]), measured([1]), 60), [found])
    assert decision.decision == wanted
    assert (decision.documents == ["a.md"]) == (level == "hold")
    assert decision.findings == [found]


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    st.sampled_from(["leave.md", "other.md"]),
    st.integers(0, 200),
)
def test_nothing_is_released_that_a_document_made_worse(
    answers: list[tuple[bool, bool]], cites: str, others: int
) -> None:
    before, after = (measured([float(pair[side]) for pair in answers], cites) for side in (0, 1))
    decision = decided(before, after, len(answers) + others)
    lost = {str(number) for number, (was, now) in enumerate(answers) if was and not now}
    assert {question.id for question in decision.questions.worse} == lost
    if lost and cites == "leave.md":
        assert (decision.decision, decision.documents) == ("held", ["leave.md"])
    if not lost:
        assert decision.decision == "released"


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
