"""The graded primary metric: degrees of right where there is a judge, and what counts where there is none."""

import json
import re

import pytest
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.decide import decide
from tasks_lib.gate.evaluate import measurement_of
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pipeline import evaluation_pipeline, require_measured
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.scores import evaluate
from tests.stubs.judges import knowing
from tests.tasks_lib.registry import fakes

SETTINGS = Settings(gate=GateConfig(primary="graded_right"))
EXAMPLES = fakes.examples()
LAX = {"thresholds": {}, "guard_metrics": {}, "segments": ()}


def mostly(messages: list[ChatMessage]) -> str:
    """Six tenths of everything."""
    asked = re.findall(r"^- (judge_\w+):", messages[-1].text or "", re.MULTILINE)
    return json.dumps({name: {"score": 0.6, "reason": "most of it"} for name in asked})


def measured(judge: MockChatGenerator | None) -> Measurement:
    """Two facts with their sources, one with a wrong source, one failure, and a refusal that is due."""
    platform = fakes.FakePlatform(judging=judge)
    refusal = next(example for example in EXAMPLES if example.must_refuse)
    predictions = []
    for number, example in enumerate((*EXAMPLES[:4], refusal)):
        found = example.references[0] if example.references else None
        document = "elsewhere" if number == 2 or found is None else found.document
        start, end = (found.start, found.end) if found else (0, 1)
        source = {"document": document, "start": start, "end": end, "score": 1, "content": example.answer}
        said = {"response": example.answer or fakes.REFUSAL, "source_documents": [source], "guardrails": []}
        failed = number == 3
        answer = None if failed else {**said, "refused": example.must_refuse}
        predictions.append(Prediction(example, answer, "it broke" if failed else None, None, 0.1))
    pipeline = evaluation_pipeline(platform, SETTINGS)
    return measurement_of(pipeline, predictions, evaluate(pipeline, predictions), version=1, primary="graded_right")


def test_an_answer_with_a_right_source_is_as_right_as_the_judge_says_and_a_due_refusal_is_right() -> None:
    found = measured(knowing(mostly))
    assert [row.values["graded_right"] for row in found.rows] == [0.6, 0.6, 0.0, 0.0, 1.0]
    assert found.metrics["graded_right"] == pytest.approx(2.2 / 5)
    assert not found.failures()


def test_a_judge_that_did_not_prove_itself_grades_nothing_and_the_version_is_rejected_for_it() -> None:
    found = measured(MockChatGenerator(response_fn=mostly, model="flatterer"))
    assert found.unused["graded_right"] == found.unused["judge_correctness"]
    decision = decide(found, None, SETTINGS.gate)
    assert decision.decision == "reject"
    assert any("does not tell planted answers apart" in reason for reason in decision.reasons)


def test_without_a_judge_it_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="gate.primary names the metric 'graded_right', which is not measured"):
        require_measured(evaluation_pipeline(fakes.FakePlatform(), SETTINGS), SETTINGS.gate)


def test_a_comparison_by_grades_says_whose_they_are() -> None:
    graded = decide(measured(knowing(mostly)), measured(knowing(mostly)), SETTINGS.gate.model_copy(update=LAX))
    exact = decide(
        *(m.model_copy(update={"primary": "right_or_refused"}) for m in [measured(knowing(mostly))] * 2),
        GateConfig().model_copy(update=LAX),
    )
    assert graded.comparison is not None
    assert "by the judge's scores alone" in graded.reasons[0]
    assert exact.comparison is not None
    assert "judge" not in exact.reasons[0]
