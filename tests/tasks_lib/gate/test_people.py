"""People's labels on the traces of evaluations, read from MLflow, and what they do to the judge's figure."""

from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentSource, AssessmentSourceType

from tasks_lib.config.settings import GateConfig
from tasks_lib.gate.decide import decide
from tasks_lib.gate.judge import CORRECTNESS, GRADED
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.people import LabelledAnswer, labelled_evaluations, with_labels
from tasks_lib.registry.feedback import newest_rating
from tasks_lib.registry.labels import DRAWN, EXPECTED, REVIEW, agreed, labels_of, lot, worth
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, activate, connect
from tests.tasks_lib.gate.test_decide import measured

PERSON, JUDGE = AssessmentSourceType.HUMAN, AssessmentSourceType.LLM_JUDGE


def answered(source: str = "evaluation") -> str:
    with mlflow.start_span("rag-assistant") as span:
        mlflow.update_current_trace(tags={TRACE_SOURCE_TAG: source})
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
    say(ids[0], REVIEW, "wrong", metadata={DRAWN: "true"}, rationale="outdated")
    say(ids[0], REVIEW, "right", metadata={DRAWN: "true"})
    say(ids[0], REVIEW, "wrong", "bo", metadata={DRAWN: "true"})
    say(ids[1], REVIEW, "not_a_question", metadata={DRAWN: "true"})
    say(ids[3], REVIEW, "right", metadata={DRAWN: "true"})
    mlflow.log_expectation(
        trace_id=ids[0], name=EXPECTED, value="At ten.", source=AssessmentSource(source_type=PERSON, source_id="bo")
    )
    assert labelled_evaluations(client) == [LabelledAnswer(ids[0], 0.75, 0.5, drawn=True)]
    assessments = client.get_trace(ids[0]).info.assessments
    ada, bo = labels_of(ids[0], assessments)
    assert (ada.reviewer, ada.verdict, ada.better, bo.verdict, bo.better) == ("ada", "right", "", "wrong", "At ten.")
    assert (agreed([ada, bo]), worth([ada, bo])) == (None, 0.5)
    assert newest_rating(assessments) is None


def judged(scores: list[float]) -> Measurement:
    found = measured([score >= 0.5 for score in scores], judge_correctness=scores)
    rows = [row.model_copy(update={"trace_id": f"tr-{number}"}) for number, row in enumerate(found.rows)]
    return found.model_copy(update={"rows": rows})


def test_labels_of_this_measurement_correct_the_judge_and_only_those_that_were_drawn_count() -> None:
    found = judged([0.9] * 80 + [0.2] * 20)
    drawn = [LabelledAnswer(f"tr-{n}", 0.9 if n < 80 else 0.2, float(n < 60), drawn=True) for n in range(0, 100, 2)]
    chosen = [LabelledAnswer(f"tr-{n}", 0.9, 0.0, drawn=False) for n in range(1, 60, 2)]
    measured_again = with_labels(found, [*drawn, *chosen])
    [judge] = measured_again.judged
    assert (judge.standing, judge.labels, judge.answers) == ("corrected", 50, 100)
    assert measured_again.metrics[CORRECTNESS] == judge.estimate == pytest.approx(0.6, abs=0.05)
    decision = decide(measured_again, None, GateConfig())
    assert judge.reason in decision.reasons


def test_labels_of_other_versions_move_the_figure_by_the_judges_error() -> None:
    kind = [LabelledAnswer(f"other-{n}", 0.9 if n % 2 else 0.4, float(n % 4 == 1), drawn=True) for n in range(60)]
    [judge] = with_labels(judged([0.9] * 50), kind).judged
    assert judge.foreign
    assert judge.estimate == pytest.approx(0.9 + 0.25 - 0.65, abs=0.02)


def test_a_judge_that_people_contradict_is_not_used_and_a_threshold_that_needs_it_rejects() -> None:
    found = judged([1.0] * 60)
    labels = [LabelledAnswer(f"tr-{n}", 1.0, float(n % 2), drawn=True) for n in range(40)]
    refused = with_labels(found, labels)
    assert refused.metrics[CORRECTNESS] is None
    assert set(refused.unused) == {CORRECTNESS, GRADED}
    gate = GateConfig.model_validate({"thresholds": {CORRECTNESS: 0.5}})
    decision = decide(refused, None, gate)
    assert decision.decision == "reject"
    assert any("no better than chance" in reason for reason in decision.reasons)


def test_without_labels_it_says_that_it_is_the_judges_word_alone() -> None:
    found = with_labels(judged([0.9] * 40), [])
    assert found.metrics[CORRECTNESS] == judged([0.9] * 40).metrics[CORRECTNESS]
    assert any("the judge's word alone" in reason for reason in decide(found, None, GateConfig()).reasons)


def test_lots_are_spread_evenly() -> None:
    lots = [lot(f"tr-{number}") for number in range(20_000)]
    assert 0.47 < sum(each < 0.5 for each in lots) / 20_000 < 0.53
