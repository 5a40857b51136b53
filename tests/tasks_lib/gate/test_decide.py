"""The gate's decision on measurements made by hand and by the bad assistants."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.keys import nest
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.decide import (
    check_thresholds,
    decide,
    decide_unchanged,
    decide_without_comparison,
    first_of_few,
    rejected,
    too_few,
)
from tasks_lib.gate.evaluate import measurement_of, summarise
from tasks_lib.gate.gate_page import gate_page
from tasks_lib.gate.gate_report import GateRun, gate_report, worst_rows
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.scorers import direction, per_question, require_known
from tasks_lib.gate.scores import evaluate
from tasks_lib.gate.statistics import chance_of_share
from tests.tasks_lib.registry import fakes

GATE = GateConfig()


def measured(right: list[bool], version: int = 1, **other: list[float]) -> Measurement:
    """A version that is right where `right` says, and good in everything else."""
    rows = []
    for number, is_right in enumerate(right):
        values: dict[str, float | None] = {
            "right_or_refused": float(is_right),
            "retrieval_recall": 0.9,
            "groundedness": 1.0,
            "refusal_accuracy": 1.0,
            "guardrail_accuracy": 1.0,
            "latency_seconds": 0.1,
        }
        values |= {name: series[number] for name, series in other.items()}
        answer = {"response": f"answer {number}", "refused": False}
        rows.append(
            QuestionResult(
                example_id=str(number), kind="answerable", question=f"q{number}?", answer=answer, values=values
            )
        )
    return Measurement(
        version=version,
        primary="right_or_refused",
        expected_rows=len(rows),
        rows=rows,
        metrics=summarise(rows),
    )


def behaving(behaviour: str) -> Measurement:
    """A fake assistant of the process tests, run here on its questions."""
    lines = fakes.script_of(behaviour)
    names: dict[str, Any] = {}
    body = lines[lines.index("FACTS =") : lines.index("class Assistant")]
    exec(body, names)  # noqa: S102
    predictions = [_predicted(example, names["behave"](example.question)) for example in fakes.examples()]
    pipeline = evaluation_pipeline(fakes.FakePlatform(), Settings())
    scores = evaluate(pipeline, predictions)
    return measurement_of(pipeline, predictions, scores, version=2, primary=GATE.primary)


def _predicted(example: Example, answer: dict[str, Any]) -> Prediction:
    if "response" not in answer:
        return Prediction(example, None, "the output schema is broken", None, 0.1)
    return Prediction(example, answer, None, None, 0.1)


def test_without_production_the_thresholds_alone_decide() -> None:
    decision = decide(measured([True] * 40), None, GATE)
    assert (decision.decision, decision.beats_threshold, decision.comparison) == ("promote", True, None)
    assert "thresholds alone decide" in decision.reasons[0]


def test_a_good_assistant_passes() -> None:
    assert decide(behaving(fakes.GOOD), None, GATE).decision == "promote"


FAILS_HALF = """
def behave(question):
    return answer(question) if len(question) % 2 else {"text": ""}
"""


@pytest.mark.parametrize(
    ("behaviour", "metric"),
    [
        (fakes.REFUSES_EVERYTHING, "right_or_refused"),
        (fakes.SAME_PARAGRAPH, "right_or_refused"),
        (fakes.WRONG_DOCUMENTS, "retrieval_recall"),
        (fakes.ANSWERS_EVERYTHING, "refusal_accuracy"),
        (fakes.ANSWERS_THE_UNANSWERABLE, "refusal_accuracy"),
        (fakes.BREAKS_SCHEMA, "right_or_refused"),
    ],
)
def test_a_bad_assistant_is_rejected_with_the_metric_that_shows_it(behaviour: str, metric: str) -> None:
    decision = decide(behaving(behaviour), None, GATE)
    assert (decision.decision, decision.beats_threshold) == ("reject", False)
    assert any(reason.startswith(metric) for reason in decision.reasons), decision.reasons


def test_failed_rows_count_as_wrong_not_as_absent() -> None:
    found = behaving(FAILS_HALF)
    failed = [row for row in found.rows if row.error]
    assert failed
    assert all(row.values["right_or_refused"] == 0 for row in failed)
    assert found.metrics["right_or_refused"] == sum(not row.error for row in found.rows) / len(found.rows)


def test_a_scorer_that_failed_on_some_rows_rejects() -> None:
    candidate = measured([True] * 40).model_copy(update={"scorer_errors": {"groundedness": 4}})
    decision = decide(candidate, None, GATE)
    assert decision.decision == "reject"
    assert decision.reasons == ["the scorer groundedness failed on 4 of 40 questions, so its figure cannot be trusted"]


def test_rows_that_were_lost_reject() -> None:
    candidate = measured([True] * 40).model_copy(update={"expected_rows": 42})
    assert decide(candidate, None, GATE).decision == "reject"


def test_a_better_candidate_is_promoted_although_it_costs_more_tokens() -> None:
    production = measured([True] * 30 + [False] * 30, tokens=[100.0] * 60)
    candidate = measured([True] * 50 + [False] * 10, version=2, tokens=[400.0] * 60)
    decision = decide(candidate, production, GATE)
    assert decision.decision == "promote"
    assert decision.comparison is not None
    assert (decision.comparison.wins, decision.comparison.losses) == (20, 0)
    assert "proven not worse" in decision.reasons[0]


def test_the_best_of_many_trials_needs_a_stronger_proof() -> None:
    candidate = measured([True] * 92 + [False] * 2 + [True] * 6)
    production = measured([True] * 94 + [False] * 6)
    alone = decide(candidate, production, GATE)
    chosen = decide(candidate, production, GATE.model_copy(update={"trials": 100}))
    assert (alone.decision, chosen.decision) == ("promote", "undecided")
    assert "corrected for 100 trials" in chosen.reasons[0]
    assert alone.comparison is not None
    assert chosen.comparison is not None
    assert alone.comparison.guards == chosen.comparison.guards


def test_a_candidate_proven_worse_is_rejected_although_it_beats_the_thresholds() -> None:
    decision = decide(measured([True] * 36 + [False] * 24), measured([True] * 60), GATE)
    assert (decision.decision, decision.beats_threshold) == ("reject", True)
    assert "proven worse" in decision.reasons[0]


def test_a_candidate_worse_by_fifteen_points_is_never_promoted() -> None:
    gate = GATE.model_copy(update={"resamples": 1000})
    verdicts = set()
    for seed in range(50):
        rng = np.random.default_rng(seed)
        production, candidate = rng.random(60) < 0.85, rng.random(60) < 0.70
        verdicts.add(decide(measured(candidate.tolist(), 2), measured(production.tolist()), gate).decision)
    assert verdicts == {"reject", "undecided"}


def test_a_close_call_is_undecided_and_says_how_many_questions_would_settle_it() -> None:
    candidate = measured([True] * 50 + [False] * 4 + [True] * 3 + [False] * 3)
    production = measured([True] * 50 + [True] * 4 + [False] * 3 + [False] * 3)
    decision = decide(candidate, production, GATE)
    assert decision.decision == "undecided"
    assert decision.comparison is not None
    assert (decision.comparison.questions_needed or 0) > 60
    assert str(decision.comparison.questions_needed) in decision.reasons[1]


def test_a_guard_metric_rejects_when_it_is_proven_worse() -> None:
    production = measured([True] * 100)
    slow = measured([True] * 100, version=2, latency_seconds=[3.0] * 100)
    decision = decide(slow, production, GATE)
    assert decision.decision == "reject"
    assert decision.reasons[0].startswith("latency_seconds is proven worse")


def test_a_guard_metric_within_its_margin_does_not_reject() -> None:
    production = measured([True] * 100)
    slower = measured([True] * 100, version=2, latency_seconds=[0.9] * 100)
    assert decide(slower, production, GATE).decision == "promote"


def test_production_that_cannot_run_leaves_it_undecided_unless_it_may_be_replaced() -> None:
    candidate = measured([True] * 40)
    waiting = decide_without_comparison(candidate, "it does not load", GATE)
    replaced = decide_without_comparison(
        candidate, "it does not load", GATE.model_copy(update={"replace_broken": True})
    )
    assert (waiting.decision, replaced.decision) == ("undecided", "promote")
    assert waiting.reasons[0] == "production_unavailable: it does not load"


def test_a_bad_candidate_does_not_replace_broken_production() -> None:
    gate = GATE.model_copy(update={"replace_broken": True})
    assert decide_without_comparison(measured([False] * 40), "it does not load", gate).decision == "reject"


def test_unchanged_production_is_held_against_the_thresholds() -> None:
    assert decide_unchanged(measured([True] * 40), GATE).decision == "unchanged"
    degraded = decide_unchanged(measured([False] * 40), GATE)
    assert (degraded.decision, degraded.beats_threshold) == ("reject", False)
    assert degraded.reasons[0] == "production itself no longer meets the thresholds"


@pytest.mark.parametrize(("right", "verdict"), [(46, "promote"), (44, "reject")])
def test_a_floor_that_so_few_questions_do_not_prove_is_said_whether_it_holds_or_not(right: int, verdict: str) -> None:
    let_through = [1.0] * right + [0.0] * (51 - right)
    decision = decide(measured([True] * 51, guardrail_accuracy=let_through), None, GATE)
    (said,) = [reason for reason in decision.reasons if reason.startswith("guardrail_accuracy")]
    assert decision.decision == verdict
    assert "which 51 questions do not prove: it lies between 0." in said


@pytest.mark.parametrize("right", [51, 20])
def test_nothing_is_said_of_a_floor_that_is_clear(right: int) -> None:
    let_through = [1.0] * right + [0.0] * (51 - right)
    decision = decide(measured([True] * 51, guardrail_accuracy=let_through), None, GATE)
    assert not any("do not prove" in reason for reason in decision.reasons)


@pytest.mark.parametrize(("share", "questions", "low", "high"), [(0.9, 50, 0.786, 0.957), (1.0, 20, 0.839, 1.0)])
def test_the_interval_of_a_share_is_wilsons(share: float, questions: int, low: float, high: float) -> None:
    assert chance_of_share(share, questions) == pytest.approx((low, high), abs=0.001)


def test_a_limit_that_is_met_exactly_holds_and_costs_have_ceilings() -> None:
    limits = {"groundedness": 0.7, "latency_p95_seconds": 2.0, "cost": 0.1, "answer_f1": 0.5}
    values = {"groundedness": 0.7, "latency_p95_seconds": 2.5, "cost": None, "answer_f1": 0.4}
    assert [check.ok for check in check_thresholds(values, limits)] == [True, False, None, False]
    assert [direction(name) for name in limits] == ["floor", "ceiling", "ceiling", "floor"]


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'groundedness'"):
        require_known(["groundednes"], "gate.thresholds")
    with pytest.raises(ConfigurationError, match="latency_p95_seconds"):
        require_known(["latency_p95_seconds"], "gate.primary", per_question())


def test_too_few_questions_say_what_would_help_and_the_first_production_may_go_without() -> None:
    first = GATE.model_copy(update={"first": True})
    said = too_few(3, "tiny:1", GATE, in_production=False)

    assert "needs 20" in said[0]
    assert [word in " ".join(said) for word in ("--size", "--import", "llm.model", "--first")] == [True] * 4
    assert "--first" not in " ".join(too_few(3, "tiny:1", GATE, in_production=True))
    assert too_few(3, "tiny:1", first, in_production=False) == []
    assert too_few(3, "tiny:1", first, in_production=True) != []
    assert too_few(20, "tiny:1", GATE, in_production=True) == []
    assert "3 questions of the 20" in first_of_few(3, first)
    assert first_of_few(20, first) == first_of_few(3, GATE) == ""


def test_the_report_tells_a_stranger_what_happened() -> None:
    production = measured([True] * 40 + [False] * 20)
    candidate = measured([True] * 39 + [False] * 21, version=2)
    decision = decide(candidate, production, GATE)
    report = gate_report(
        GateRun("rag-assistant", decision, candidate, production, [("loads", True, "in 3 s")], {"dataset": "q:1"})
    )
    assert report.startswith("# rag-assistant version 2: ")
    for title in ("## Why", "## Tests", "## Thresholds", "## Against production (version 1)", "## The worst questions"):
        assert title in report
    worst = worst_rows(candidate, production)
    assert len(worst) == 10
    assert worst[0][0].example_id == "39"


def test_the_page_shows_differences_and_both_answers_and_escapes_what_others_wrote() -> None:
    production = measured([True] * 40 + [False] * 20)
    candidate = measured([True] * 30 + [False] * 30, version=2)
    candidate.rows[35].answer = {"response": "<script>alert(1)</script>", "refused": False}
    decision = decide(candidate, production, GATE)
    page = gate_page(
        GateRun("rag-assistant", decision, candidate, production, [("loads", True, "in 3 s")], {"dataset": "q:1"})
    )
    assert "Version 2: rejected" in page
    assert page.count("<circle") == 1 + len(decision.comparison.guards if decision.comparison else ())
    assert "The 10 worst questions" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page


def test_a_page_without_production_or_measurement_is_whole() -> None:
    candidate = measured([True] * 40)
    assert "holds" in gate_page(GateRun("rag-assistant", decide(candidate, None, GATE), candidate, None))
    assert "rejected" in gate_page(GateRun("rag-assistant", rejected(["it does not load"]), None, None))


KEYS = re.compile(r"\((gate\.[a-z0-9_.]+)\)")


def keys_of(reasons: list[str]) -> list[list[str]]:
    """The keys that each reason names, of which the configuration takes every one."""
    found = [KEYS.findall(reason) for reason in reasons]
    for key in (key for keys in found for key in keys):
        Settings.model_validate(nest(key, 0.9))
    return found


@given(
    st.dictionaries(st.sampled_from(sorted(GATE.limits)), st.floats(0, 50, allow_nan=False), min_size=1),
    st.floats(0.001, 10),
)
def test_each_threshold_that_is_missed_names_its_key(values: dict[str, float], limit: float) -> None:
    for check in check_thresholds(values, dict.fromkeys(values, limit)):
        assert keys_of([check.reason]) == [[f"gate.thresholds.{check.metric}"]]
        assert f" {limit:g} is asked" in check.reason


def test_each_reason_to_reject_names_its_key() -> None:
    slow = measured([True] * 40, latency_seconds=[30.0] * 40)
    assert keys_of(decide(slow, None, GATE).reasons) == [["gate.thresholds.latency_p95_seconds"]]
    before = measured([True] * 40, version=2)
    worse = decide(measured([True] * 25 + [False] * 15), before, GATE)
    assert (worse.decision, keys_of(worse.reasons)) == ("reject", [["gate.margin"]])
    ungrounded = decide(measured([True] * 40, groundedness=[0.71] * 40), before, GATE)
    assert (ungrounded.decision, keys_of(ungrounded.reasons)) == ("reject", [["gate.guard_metrics.groundedness"]])
