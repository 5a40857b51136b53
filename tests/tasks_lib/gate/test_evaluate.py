"""Predictions and their scores through `mlflow.genai.evaluate`, on a real tracking store."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import VersionError
from tasks_lib.gate import evaluate as evaluating
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.asking import predict
from tasks_lib.gate.decide import decide
from tasks_lib.gate.evaluate import measure
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.scorers import METRICS, Metric
from tasks_lib.home import Home
from tasks_lib.registry.process import VersionFailure, VersionProcess, VersionReply
from tasks_lib.registry.tracking import activate, connect
from tests.tasks_lib.registry import fakes

GATE = GateConfig(concurrency=2)
ANSWER = {"response": "It closes.", "source_documents": [], "refused": False, "guardrails": []}


class Stub:
    """A process double that answers by rule."""

    model_uri = "models:/stub/1"

    def __init__(self, *, alive: bool = True, fails: int = 0) -> None:
        self.alive = alive
        self.fails = fails
        self.asked = 0

    def ask(self, messages: Sequence[Mapping[str, str]], timeout: float, groups: object = ()) -> VersionReply:
        self.asked += 1
        if self.asked <= self.fails:
            return VersionReply(None, VersionFailure("ValueError", "no index"), None, 0.1)
        answer: dict[str, Any] = {"text": "?"} if "holiday 18" in messages[-1]["content"] else ANSWER
        return VersionReply(answer, None, None, 0.1)


def asked(stub: Stub) -> list[Prediction]:
    return predict(cast("VersionProcess", stub), fakes.examples(), GATE, "test")


def test_a_question_that_fails_or_breaks_the_schema_is_a_row_with_an_error() -> None:
    predictions = asked(Stub(fails=2))
    assert len(predictions) == len(fakes.examples())
    errors = [prediction.error for prediction in predictions if prediction.error]
    assert errors.count("ValueError: no index") == 2
    assert sum("output schema is broken" in error for error in errors) == 1


def test_a_version_that_answers_nothing_or_dies_cannot_be_measured() -> None:
    with pytest.raises(VersionError, match="no index"):
        asked(Stub(fails=100))
    with pytest.raises(VersionError, match="1 of 24 questions got no answer"):
        asked(Stub(alive=False, fails=0))


def test_a_scorer_that_fails_on_some_rows_is_counted_and_rejects(
    tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    client = connect(platform, "rag-assistant")
    activate(client)

    def sometimes(row: Row) -> float:
        if row.answer is not None and row.answer.refused:
            raise RuntimeError("out of order")
        return 1.0

    monkeypatch.setitem(METRICS, "sometimes", Metric(sometimes))
    examples = (*fakes.examples()[:3], fakes.examples()[-1])
    refusal = {**ANSWER, "response": fakes.REFUSAL, "refused": True}
    predictions = [Prediction(example, ANSWER, None, "tr-lost", 0.2) for example in examples[:2]]
    predictions += [
        Prediction(examples[2], None, "it broke", None, 0.2),
        Prediction(examples[3], refusal, None, None, 0.2),
    ]
    found = measure(
        evaluation_pipeline(platform, Settings()),
        predictions,
        version=3,
        primary=GATE.primary,
        tags={"llmops.source": "evaluation"},
    )
    assert found.scorer_errors == {"sometimes": 1}
    assert found.metrics["refusal_accuracy"] == 1.0
    assert found.metrics["latency_p95_seconds"] == pytest.approx(0.2)
    assert found.rows[2].values["right_or_refused"] == 0
    decision = decide(found, None, GATE)
    assert decision.decision == "reject"
    assert "sometimes failed on 1 of 4 questions (out of order)" in decision.reasons[0]
    traces = client.search_traces(
        locations=[client.get_experiment_by_name("rag-assistant").experiment_id], run_id=found.run_id
    )
    assert len(traces) == 4
    shown = [{a.name: a.feedback for a in trace.info.assessments if a.feedback} for trace in traces]
    assert sum(feedback["sometimes"].error is not None for feedback in shown) == 1
    assert sorted(feedback["right_or_refused"].value for feedback in shown) == [0.0, 0.0, 0.0, 1.0]


def test_a_score_that_mlflow_has_lost_is_a_failure_of_its_scorer(
    tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    activate(connect(platform, "rag-assistant"))
    shown = evaluating._shown
    monkeypatch.setattr(evaluating, "_shown", lambda *row: shown(*row) - {"answer_rate"})
    predictions = [Prediction(example, ANSWER, None, None, 0.2) for example in fakes.examples()[:2]]
    pipeline = evaluation_pipeline(platform, Settings())
    found = measure(pipeline, predictions, version=3, primary=GATE.primary, tags={})
    assert found.scorer_errors == {"answer_rate": 2}
