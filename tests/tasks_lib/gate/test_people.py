"""People's labels on the traces of evaluations, read from MLflow, and what they do to the judge's figure."""

from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentSource, AssessmentSourceType

from tasks_lib.config.gate import GateConfig
from tasks_lib.gate.decide import decide
from tasks_lib.gate.judge import CORRECTNESS, GRADED
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.people import ReviewedAnswer, Reviews, read_reviews, with_labels
from tasks_lib.registry.feedback import newest_rating
from tasks_lib.registry.labels import Label, agreed, drawn_at_random, labels_of, lot, worth, write_label
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, TRACE_VERSION_TAG, activate, connect
from tests.tasks_lib.gate.test_decide import measured

PERSON, JUDGE = AssessmentSourceType.HUMAN, AssessmentSourceType.LLM_JUDGE


def answered(source: str = "evaluation") -> str:
    with mlflow.start_span("rag-assistant") as span:
        mlflow.update_current_trace(tags={TRACE_SOURCE_TAG: source, TRACE_VERSION_TAG: "1"})
        span.set_inputs({"messages": [{"role": "user", "content": "When?"}]})
        span.set_outputs({"response": "At nine."})
        return str(span.trace_id)


def say(trace_id: str, name: str, value: Any, who: str = "ada", kind: str = PERSON, **more: Any) -> None:
    mlflow.log_feedback(
        trace_id=trace_id, name=name, value=value, source=AssessmentSource(source_type=kind, source_id=who), **more
    )


@pytest.fixture
def client(tracked: Any) -> Any:
    found = connect(tracked, "rag-assistant")
    activate(found)
    return found


def test_labels_of_several_people_are_read_with_the_judges_score(client: Any) -> None:
    ids = [answered() for _ in range(3)] + [answered("production")]
    mlflow.flush_trace_async_logging()
    for trace_id in ids:
        say(trace_id, CORRECTNESS, 0.75, "grader", JUDGE)
    write_label(Label(ids[0], "ada", "wrong", "outdated"), "bad feedback")
    write_label(Label(ids[0], "ada", "right"))
    write_label(Label(ids[0], "bo", "wrong", better="At ten."))
    write_label(Label(ids[1], "ada", "not_a_question"))
    write_label(Label(ids[3], "ada", "right"))
    found = read_reviews(client)
    assert found.answers == {
        ids[0]: ReviewedAnswer(ids[0], "1", 0.75, 0.5),
        ids[1]: ReviewedAnswer(ids[1], "1", 0.75, None),
    }
    assert set(found.asked["1"]) == set(ids[:3])
    assessments = client.get_trace(ids[0]).info.assessments
    ada, bo = labels_of(ids[0], assessments)
    assert (ada.reviewer, ada.verdict, ada.better, bo.verdict, bo.better) == ("ada", "right", "", "wrong", "At ten.")
    assert (agreed([ada, bo]), worth([ada, bo])) == (None, 0.5)
    assert newest_rating(assessments) is None


def judged(scores: list[float]) -> Measurement:
    found = measured([score >= 0.5 for score in scores], judge_correctness=scores)
    rows = [row.model_copy(update={"trace_id": f"tr-{number}"}) for number, row in enumerate(found.rows)]
    return found.model_copy(update={"rows": rows})


def reviews(labels: dict[str, tuple[float, float | None]], *unreviewed: str, version: str = "1") -> Reviews:
    """Trace id → (the judge's score, people's label), beside answers that nobody reviewed."""
    answers = {name: ReviewedAnswer(name, version, *both) for name, both in labels.items()}
    return Reviews(answers, {version: [*answers, *unreviewed]})


def test_labels_of_this_measurement_correct_the_judge() -> None:
    scores = [0.9] * 80 + [0.2] * 20
    drawn = sorted(range(100), key=lambda n: lot(f"tr-{n}"))[:50]
    found = with_labels(judged(scores), reviews({f"tr-{n}": (scores[n], float(n < 60)) for n in drawn}))
    [judge] = found.judged
    assert (judge.standing, judge.labels, judge.answers, judge.foreign) == ("corrected", 50, 100, False)
    assert found.metrics[CORRECTNESS] == judge.estimate == pytest.approx(0.6, abs=0.08)
    assert judge.reason in decide(found, None, GateConfig()).reasons


def test_answers_that_were_reviewed_for_being_bad_do_not_pass_for_a_sample() -> None:
    traces = [f"tr-{n}" for n in range(400)]
    by_lot = sorted(traces, key=lot)
    bad = set(by_lot[::7])
    assert drawn_at_random(traces, bad) == by_lot[:1]
    assert drawn_at_random(traces, bad | set(by_lot[:60])) == by_lot[:60]
    assert drawn_at_random(traces, set(traces)) == by_lot
    assert drawn_at_random([], bad) == []


def test_labels_of_other_versions_move_the_figure_by_the_judges_error() -> None:
    kind = {f"other-{n}": (0.9 if n % 2 else 0.4, float(n % 4 == 1)) for n in range(60)}
    [judge] = with_labels(judged([0.9] * 50), reviews(kind, version="7")).judged
    assert judge.foreign
    assert judge.estimate == pytest.approx(0.9 + 0.25 - 0.65, abs=0.02)


def test_what_is_no_question_is_reviewed_and_has_no_label() -> None:
    kind: dict[str, tuple[float, float | None]] = {f"other-{n}": (0.9, None if n % 2 else 1.0) for n in range(60)}
    assert with_labels(judged([0.9] * 50), reviews(kind)).judged[0].labels == 30


def test_a_judge_that_people_contradict_is_not_used_and_a_threshold_that_needs_it_rejects() -> None:
    found = judged([1.0] * 60)
    refused = with_labels(found, reviews({f"tr-{n}": (1.0, float(n % 2)) for n in range(60)}))
    assert refused.metrics[CORRECTNESS] is None
    assert set(refused.unused) == {CORRECTNESS, GRADED}
    gate = GateConfig.model_validate({"thresholds": {CORRECTNESS: 0.5}})
    decision = decide(refused, None, gate)
    assert decision.decision == "reject"
    assert any("no better than chance" in reason for reason in decision.reasons)


def test_without_labels_it_says_that_it_is_the_judges_word_alone() -> None:
    found = with_labels(judged([0.9] * 40), Reviews())
    assert found.metrics[CORRECTNESS] == judged([0.9] * 40).metrics[CORRECTNESS]
    assert any("the judge's word alone" in reason for reason in decide(found, None, GateConfig()).reasons)


def test_lots_are_spread_evenly() -> None:
    lots = [lot(f"tr-{number}") for number in range(20_000)]
    assert 0.47 < sum(each < 0.5 for each in lots) / 20_000 < 0.53
