"""The looks of a gate, the order of its questions, and what it decides by the way."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import TURN, Example
from tasks_lib.gate.decide import Decision, decide
from tasks_lib.gate.description import describe
from tasks_lib.gate.evaluate import joined
from tasks_lib.gate.gate_page import gate_page
from tasks_lib.gate.gate_report import GateRun, gate_report
from tasks_lib.gate.publish import Outcome
from tasks_lib.gate.sequence import in_order, looks_of, one_look, shortened
from tasks_lib.gate.statistics import bounds
from tests.tasks_lib.gate.test_decide import measured

GATE = GateConfig(resamples=2000)
LOOKS = looks_of(GateConfig(spending="pocock", resamples=2000), 400, compared=True)


def example(name: str, kind: str = "answerable") -> Example:
    return Example(id=name, kind=kind, messages=(Message(role="user", content=f"{name}?"),))


def first_decisive(candidate: list[bool], production: list[bool]) -> tuple[int, Decision]:
    """The questions asked, and the decision, when both are asked look by look."""
    for look in LOOKS:
        ours, theirs = measured(candidate[: look.questions], 2), measured(production[: look.questions])
        decision = decide(ours, theirs, GATE, look)
        if look.last or decision.decision != "undecided":
            return look.questions, decision
    raise AssertionError


def test_a_small_set_and_a_first_version_are_asked_at_once() -> None:
    assert looks_of(GATE, 60, compared=True) == [one_look(GATE, 60)]
    assert looks_of(GATE, 2000, compared=False) == [one_look(GATE, 2000)]
    assert looks_of(GATE.model_copy(update={"looks": 1}), 2000, compared=True) == [one_look(GATE, 2000)]


def test_no_more_questions_are_asked_than_configured() -> None:
    looks = looks_of(GATE.model_copy(update={"maximum_questions": 300}), 2000, compared=True)
    assert (looks[-1].questions, {look.most for look in looks}) == (300, {300})


def test_looks_beyond_the_set_are_planned_where_more_may_be_made_and_end_where_none_are_left() -> None:
    gate = GATE.model_copy(update={"make_up_to": 300, "spending": "pocock"})
    looks = looks_of(gate, 60, compared=True)
    assert [look.questions for look in looks] == [60, 150, 225, 300]
    assert looks_of(gate, 60, compared=False) == [one_look(gate, 60)]
    assert looks_of(gate, 300, compared=True)[-1].questions == 300
    some, none = shortened(gate, looks, 170), shortened(gate, looks, 60)
    assert [look.questions for look in some] == [60, 150, 170]
    assert [look.level for look in some][:2] == [look.level for look in looks][:2]
    assert some[-1].level > looks[2].level
    assert none == [one_look(gate, 60)]


def test_a_look_at_the_whole_set_that_can_prove_nothing_is_taken_all_the_same() -> None:
    first, *_ = looks_of(GATE.model_copy(update={"make_up_to": 1000}), 60, compared=True)
    assert (first.questions, first.level, first.proof) == (60, 0.0, 0.0)
    half, all_right = measured([True, False] * 30, 2), measured([True] * 60)
    assert decide(half, all_right, GATE, first).decision == "undecided"


def test_a_version_that_is_clearly_better_or_worse_is_settled_by_the_first_look() -> None:
    half, all_right = [True, False] * 200, [True] * 400
    asked, promoted = first_decisive(all_right, half)
    assert (asked, promoted.decision) == (LOOKS[0].questions, "promote")
    assert promoted.comparison is not None
    assert promoted.comparison.spared == 400 - asked
    assert any("300 of 400 questions need not be asked" in reason for reason in promoted.reasons)
    asked, refused = first_decisive(half, all_right)
    assert (asked, refused.decision) == (LOOKS[0].questions, "reject")


def test_a_close_call_is_asked_to_the_end_and_says_what_would_settle_it() -> None:
    rng = np.random.default_rng(3)
    kind = rng.choice(3, size=400, p=[0.15, 0.16, 0.69])
    asked, decision = first_decisive((kind != 1).tolist(), (kind != 0).tolist())
    assert (asked, decision.decision) == (400, "undecided")
    assert decision.comparison is not None
    assert decision.comparison.questions_needed is not None


def test_bounds_by_the_way_are_wider_than_those_of_one_look() -> None:
    candidate, production = measured([True] * 90 + [False] * 10, 2), measured([True] * 100)
    early = decide(candidate, production, GATE, LOOKS[0]).comparison
    fixed = decide(candidate, production, GATE).comparison
    assert early is not None
    assert fixed is not None
    assert (early.primary.lower or 0) < (fixed.primary.lower or 0)
    assert (early.primary.upper or 0) > (fixed.primary.upper or 0)


def test_a_threshold_that_is_missed_by_little_waits_for_more_questions_and_one_missed_by_far_does_not() -> None:
    production = measured([True] * 50 + [False] * 50)
    near = measured([True] * 100, 2, retrieval_recall=[1.0] * 48 + [0.0] * 52)
    far = measured([True] * 100, 2, retrieval_recall=[0.0] * 100)
    gate = GATE.model_copy(update={"thresholds": {"retrieval_recall": 0.5}, "guard_metrics": {}})
    assert decide(near, production, gate, LOOKS[0]).decision == "undecided"
    assert decide(near, production, gate, LOOKS[-1]).decision == "reject"
    early = decide(far, production, gate, LOOKS[0])
    assert (early.decision, early.beats_threshold) == ("reject", False)


def test_answers_to_one_question_count_once() -> None:
    once = decide(measured([True] * 50, 2), measured([True] * 40 + [False] * 10), GATE).comparison
    candidate = joined(measured([True] * 50, 2), measured([True] * 50, 2))
    production = joined(measured([True] * 40 + [False] * 10), measured([True] * 40 + [False] * 10))
    assert len(candidate.rows) == candidate.expected_rows == 100
    assert decide(candidate, production, GATE).comparison == (
        once and once.model_copy(update={"questions_at_most": 50, "questions_asked": 50})
    )


@given(
    st.lists(st.sampled_from(["answerable", "unanswerable", "follow_up"]), min_size=120, max_size=400),
    st.integers(0, 5),
)
def test_every_part_has_the_mix_of_kinds_of_the_whole(kinds: list[str], seed: int) -> None:
    examples = [example(f"q{number}", kind) for number, kind in enumerate(kinds)]
    ordered = in_order(examples, looks_of(GATE.model_copy(update={"first_look": 20}), len(kinds), compared=True), seed)
    assert sorted(each.id for each in ordered) == sorted(each.id for each in examples)
    half = len(kinds) // 2
    whole, part = Counter(kinds), Counter(each.kind for each in ordered[:half])
    assert all(abs(part[kind] - whole[kind] * half / len(kinds)) <= len(whole) for kind in whole)


def test_the_turns_of_a_conversation_stay_together_in_their_order() -> None:
    examples = [example(f"talk-{talk}{TURN}{turn}", "follow_up") for talk in range(50) for turn in range(1, 5)]
    ordered = in_order(examples, LOOKS, 0)
    assert [each.id for each in ordered] != [each.id for each in examples]
    chains = [ordered[first : first + 4] for first in range(0, 200, 4)]
    assert all(
        [each.id for each in chain] == [f"{chain[0].conversation}{TURN}{n}" for n in range(1, 5)] for chain in chains
    )


def test_report_page_and_description_tell_how_many_questions_were_spared() -> None:
    _, decision = first_decisive([True] * 400, [True, False] * 200)
    candidate, production = measured([True] * 100, 2), measured([True, False] * 50)
    run = GateRun("rag-assistant", decision, candidate, production)
    said = "Decided at look 1 of 4, on 100 of 400 questions; 300 were not asked any more."
    assert said in gate_report(run)
    assert said in gate_page(run)
    outcome = Outcome(
        model="rag-assistant",
        version=2,
        decision=decision,
        passed_tests=True,
        candidate=candidate,
        production=production,
    )
    assert "300 of 400 questions need not be asked" in describe(outcome, RagConfig(), "r1")


def test_all_looks_together_seldom_promote_a_loss_of_the_margin() -> None:
    rng = np.random.default_rng(8)
    promoted = 0
    for seed in range(200):
        differences = rng.choice([1.0, -1.0, 0.0], size=400, p=[0.075, 0.125, 0.8])
        lowers = (
            bounds(differences[: look.questions].tolist(), confidence=1 - look.proof, resamples=2000, seed=seed).lower
            for look in LOOKS
        )
        promoted += any(lower >= -0.05 for lower in lowers)
    assert promoted <= 20
