"""The evaluation pipeline: what it measures, what a configuration adds to it, and what its YAML gives."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from haystack import component
from haystack.components.evaluators import AnswerExactMatchEvaluator, DocumentMRREvaluator
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.contract.answer import Answer, Message, Source
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.decide import decide
from tasks_lib.gate.evaluate import measure, measurement_of
from tasks_lib.gate.evaluator_metric import EvaluatorMetric
from tasks_lib.gate.evaluators import Answers
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pipeline import evaluation_pipeline, measured_metrics, require_measured
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.scorers import METRICS, Metric
from tasks_lib.gate.scores import evaluate
from tasks_lib.haystack_yaml import pipeline_yaml, read_pipeline
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

EVALUATORS = {
    "exact_match": {"type": "haystack.components.evaluators.AnswerExactMatchEvaluator"},
    "document_mrr": {"type": "haystack.components.evaluators.document_mrr.DocumentMRREvaluator"},
}
FAITHFUL = {
    "type": "haystack.components.evaluators.FaithfulnessEvaluator",
    "init_parameters": {"chat_generator": "judge", "progress_bar": False, "raise_on_failure": False},
}
HERE = {"allowed_modules": [__name__]}


def question(number: int, *, kind: str = "answerable") -> Example:
    """`Fact 3 is 30.` stands at characters 300 to 330 of its document."""
    fact = f"Fact {number} is {number}0."
    place = Reference(document="facts.md", start=100 * number, end=100 * number + 30, content=fact)
    known = {"answer": fact, "references": (place,)} if kind == "answerable" else {}
    return Example(id=str(number), kind=kind, messages=(Message(role="user", content=f"Fact {number}?"),), **known)


def found(*places: int) -> list[Source]:
    """Passages of 100 characters at these places."""
    return [Source(document="facts.md", start=at, end=at + 100, score=1, content=f"Passage at {at}.") for at in places]


def said(example: Example, response: str, *places: int, refused: bool = False) -> Prediction:
    answer = Answer(response=response, source_documents=found(*places), refused=refused).payload()
    return Prediction(example, answer, None, None, 0.1)


PREDICTIONS = [
    said(question(1), "Fact 1 is 10.", 100, 500),
    said(question(2), "It is 20.", 500, 200),
    said(question(3), "I cannot say.", 300, refused=True),
    said(question(4, kind="unanswerable"), "I cannot say.", refused=True),
    Prediction(question(5), None, "it broke", None, 0.1),
]


def measured(platform: fakes.FakePlatform | None = None, **settings: Any) -> Measurement:
    pipeline = evaluation_pipeline(platform or fakes.FakePlatform(), Settings.model_validate(settings))
    scores = evaluate(pipeline, PREDICTIONS)
    return measurement_of(pipeline, PREDICTIONS, scores, version=1, primary="right_or_refused")


def values(measurement: Measurement, metric: str) -> list[float | None]:
    return [row.values.get(metric) for row in measurement.rows]


def statements(messages: list[ChatMessage]) -> str:
    """One statement of the answer, supported; no JSON for the answer to the second question."""
    if "Fact 2?" in (messages[-1].text or ""):
        return "I would rather not"
    return json.dumps({"statements": ["it is so"], "statement_scores": [1]})


@component
class Raising:
    """An evaluator that fails."""

    @component.output_types(individual_scores=list[float])
    def run(self, questions: list[str]) -> dict[str, list[float]]:
        raise RuntimeError("out of order")


@component
class Longwinded:
    """An evaluator of which less is better."""

    @component.output_types(individual_scores=list[float])
    def run(self, predicted_answers: list[str]) -> dict[str, list[float]]:
        return {"individual_scores": [float(len(answer)) for answer in predicted_answers]}


@component
class Scoreless:
    """Gives nothing per question."""

    @component.output_types(score=float)
    def run(self, questions: list[str], colour: str) -> dict[str, float]:
        return {"score": 1.0}


def test_evaluators_of_haystack_are_metrics_where_they_say_something() -> None:
    found = measured(gate={"evaluators": EVALUATORS})
    assert values(found, "exact_match") == [1.0, 0.0, 0.0, None, 0.0]
    assert values(found, "document_mrr") == values(found, "retrieval_mrr") == [1.0, 0.5, 1.0, None, 0.0]
    assert found.metrics["exact_match"] == 0.25
    assert found.scorer_errors == {}


def test_an_evaluator_asks_the_judge_and_the_rows_on_which_it_fails_reject() -> None:
    platform = replace(fakes.FakePlatform(), judging=MockChatGenerator(response_fn=statements))
    found = measured(platform, gate={"evaluators": {"faithful": FAITHFUL}}, pipelines=HERE)
    assert values(found, "faithful") == [1.0, None, None, None, 0.0]
    assert found.scorer_errors["faithful"] == 1
    assert "faithful failed on 1 of 5 questions (it gave nan" in " ".join(decide(found, None, Settings().gate).reasons)


def test_an_evaluator_that_raises_has_failed_on_every_question_and_stops_no_other() -> None:
    raising = {"type": f"{__name__}.Raising"}
    found = measured(gate={"evaluators": {"broken": raising, **EVALUATORS}}, pipelines=HERE)
    assert found.scorer_errors == {"broken": 4}
    assert found.scorer_problems == {"broken": "out of order"}
    assert found.metrics["exact_match"] == 0.25


def test_thresholds_and_guards_may_name_evaluators() -> None:
    longwinded = {"type": f"{__name__}.Longwinded", "lower_is_better": True}
    thresholds = {"exact_match": 0.5, "length": 10, **dict.fromkeys(Settings().gate.thresholds)}
    gate = {
        "evaluators": {"length": longwinded, **EVALUATORS},
        "thresholds": thresholds,
        "guard_metrics": {"exact_match": 0.1},
    }
    settings = Settings.model_validate({"gate": gate, "pipelines": HERE})
    require_measured(evaluation_pipeline(fakes.FakePlatform(), settings), settings.gate)
    candidate = measured(gate=gate, pipelines=HERE)
    assert values(candidate, "length") == [13.0, 9.0, None, None, None]
    decision = decide(candidate, None, settings.gate)
    checked = {check.metric: (check.direction, check.ok) for check in decision.thresholds}
    assert checked == {"exact_match": ("floor", False), "length": ("ceiling", False)}
    better = [row.model_copy(update={"values": {**row.values, "length": 1.0}}) for row in candidate.rows]
    loose = settings.gate.model_copy(update={"thresholds": {}, "guard_metrics": {"length": 0.5, "exact_match": 0.1}})
    comparison = decide(candidate.model_copy(update={"rows": better}), candidate, loose).comparison
    assert comparison is not None
    guards = {guard.metric: guard.difference for guard in comparison.guards}
    assert guards == {"length": 10.0, "exact_match": 0.0}


def test_every_row_shows_evaluators_in_mlflow(tracked_home: Callable[[Path], Home], tmp_path: Path) -> None:
    platform = fakes.FakePlatform(tracked_home(tmp_path / "home"))
    client = connect(platform, "rag-assistant")
    pipeline = evaluation_pipeline(platform, Settings.model_validate({"gate": {"evaluators": EVALUATORS}}))
    found = measure(pipeline, PREDICTIONS, version=1, primary="right_or_refused", tags={})
    traces = client.search_traces(locations=[client.experiment_id], run_id=found.run_id)
    shown = [a.feedback.value for trace in traces for a in trace.info.assessments if a.name == "exact_match"]
    assert sorted(shown) == [0.0, 0.0, 0.0, 1.0]
    assert client.get_run(found.run_id or "").data.metrics["exact_match"] == 0.25


def test_what_the_pipelines_yaml_says_measures_the_same(tmp_path: Path) -> None:
    platform = replace(fakes.FakePlatform(), judging=MockChatGenerator("{}"))
    evaluators = {**EVALUATORS, "faithful": FAITHFUL}
    allowed = ["tests.*", *HERE["allowed_modules"]]
    built = evaluation_pipeline(platform, Settings.model_validate({"gate": {"evaluators": evaluators}}))
    file = tmp_path / "evaluation.yaml"
    file.write_text(pipeline_yaml(built))
    again = read_pipeline(file, allowed, "gate.pipeline")
    assert pipeline_yaml(again) == file.read_text()
    assert set(measured_metrics(again)) == set(measured_metrics(built))
    plain = evaluation_pipeline(fakes.FakePlatform(), Settings.model_validate({"gate": {"evaluators": EVALUATORS}}))
    file.write_text(pipeline_yaml(plain))
    from_file = measured(gate={"pipeline": str(file)}, pipelines={"allowed_modules": allowed})
    assert from_file.rows == measured(gate={"evaluators": EVALUATORS}).rows


def test_a_file_replaces_the_whole_pipeline_also_with_evaluators_as_they_come(tmp_path: Path) -> None:
    data = evaluation_pipeline(fakes.FakePlatform(), Settings(), metrics=["right_or_refused"]).to_dict()
    data["components"]["exact"] = {"type": EVALUATORS["exact_match"]["type"], "init_parameters": {}}
    data["components"]["lists"] = {"type": "tasks_lib.gate.evaluators.EvaluatorInputs", "init_parameters": {}}
    data["connections"].append({"sender": "answers.answers", "receiver": "lists.answers"})
    data["connections"] += [
        {"sender": f"lists.{name}", "receiver": f"exact.{name}"}
        for name in ("ground_truth_answers", "predicted_answers")
    ]
    file = tmp_path / "evaluation.yaml"
    file.write_text(yaml.safe_dump(data))
    configured = {"gate": {"pipeline": str(file)}, "pipelines": {"allowed_modules": ["tests.*"]}}
    found = measured(**configured)
    assert values(found, "exact") == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert values(found, "answer_f1") == [None] * 5
    settings = Settings.model_validate(configured)
    pipeline = evaluation_pipeline(fakes.FakePlatform(), settings)
    with pytest.raises(ConfigurationError, match="gate.thresholds names the metric 'retrieval_recall', which is not"):
        require_measured(pipeline, settings.gate)


def test_only_wanted_metrics_are_measured() -> None:
    platform = replace(fakes.FakePlatform(), judging=MockChatGenerator("{}"))
    settings = Settings.model_validate({"gate": {"evaluators": EVALUATORS}})
    few = evaluation_pipeline(platform, settings, metrics={"cost", "exact_match"})
    assert set(few.graph.nodes) == {"answers", "cost", "exact_match"}
    assert "judge" in evaluation_pipeline(platform, settings, metrics={"judge_relevance"}).graph.nodes


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"evaluators": {"cost": EVALUATORS["exact_match"]}}, "gate.evaluators.cost bears the name"),
        ({"evaluators": {"x": {"type": "acme_rag.Evaluator"}}}, "gate.evaluators.x names the component.*not allowed"),
        ({"evaluators": {"x": {"type": f"{__name__}.Scoreless"}}}, "gate.evaluators.x: .*it needs colour"),
        ({"evaluators": {"x": FAITHFUL}}, "gate.evaluators.x asks for the judge"),
        ({"pipeline": "missing.yaml"}, "gate.pipeline names the file 'missing.yaml', which cannot be read"),
    ],
)
def test_what_cannot_be_an_evaluator_is_named_with_its_key(gate: dict[str, Any], words: str) -> None:
    settings = Settings.model_validate({"gate": gate, "pipelines": HERE})
    with pytest.raises(ConfigurationError, match=words) as caught:
        evaluation_pipeline(fakes.FakePlatform(), settings)
    assert caught.value.hint


def test_a_pipeline_that_takes_no_predictions_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("components:\n  exact:\n    type: haystack.components.evaluators.AnswerExactMatchEvaluator\n")
    settings = Settings.model_validate({"gate": {"pipeline": str(file)}})
    with pytest.raises(ConfigurationError, match="gate.pipeline names a pipeline without a component 'answers'"):
        evaluation_pipeline(fakes.FakePlatform(), settings)


def test_components_serialise_whole() -> None:
    metric = EvaluatorMetric(evaluator=DocumentMRREvaluator(document_comparison_field="id"), lower_is_better=True)
    data = metric.to_dict()
    assert data == {
        "type": "tasks_lib.gate.evaluator_metric.EvaluatorMetric",
        "init_parameters": {
            "evaluator": {
                "type": "haystack.components.evaluators.document_mrr.DocumentMRREvaluator",
                "init_parameters": {"document_comparison_field": "id"},
            },
            "lower_is_better": True,
        },
    }
    assert EvaluatorMetric.from_dict(data).to_dict() == data
    assert EvaluatorMetric(evaluator=AnswerExactMatchEvaluator()).run(answers=Answers([]))["individual_scores"] == []


def test_a_metric_that_fails_stays_visible_and_the_others_keep_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(row: Any) -> float:
        msg = "out of order"
        raise RuntimeError(msg)

    monkeypatch.setitem(METRICS, "answer_f1", Metric(broken))
    scores = evaluate(evaluation_pipeline(fakes.FakePlatform(), Settings()), PREDICTIONS)
    assert str(scores[0]["answer_f1"].error) == "out of order"
    assert scores[0]["right_or_refused"].value == 1
    assert "refusal_accuracy" not in scores[0]


def test_texts_are_embedded_once_and_in_one_batch(word_embedder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fakes.FakePlatform, "embedder", lambda *_: word_embedder)
    metrics = {"right_or_refused", "semantic_similarity", "answer_f1"}
    evaluate(evaluation_pipeline(fakes.FakePlatform(), Settings(), metrics=metrics), PREDICTIONS)
    assert word_embedder.calls == 1
    assert len(word_embedder.texts) == len(set(word_embedder.texts))
