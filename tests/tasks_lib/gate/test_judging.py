"""The judge in the gate: a real evaluation in MLflow, a chat generator that grades by rule."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from haystack import Pipeline
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.decide import decide
from tasks_lib.gate.evaluate import measure
from tasks_lib.gate.evaluators import EvaluatedAnswers
from tasks_lib.gate.judge import Judge, JudgeError
from tasks_lib.gate.judging import CRITERIA, AnswerJudge
from tasks_lib.gate.pipeline import evaluation_pipeline, require_measured
from tasks_lib.gate.prediction import Prediction
from tasks_lib.gate.proof import PLANTED, prove
from tasks_lib.gate.scores import evaluate
from tasks_lib.home import Home
from tasks_lib.registry.tracking import activate, connect
from tests.stubs.judges import is_about, knowing, right_about_planted
from tests.tasks_lib.registry import fakes

RULES = ("Never promise money.",)
SETTINGS = Settings(gate=GateConfig(concurrency=4, judge_guidelines=RULES, judge_timeout_seconds=0.3))
GATE = SETTINGS.gate
EXAMPLES = fakes.examples()


def grade(messages: list[ChatMessage]) -> str:
    """1 for everything, except for the fourth holiday, where the answer is not what was expected."""
    asked = re.findall(r"^- (judge_\w+):", messages[-1].text or "", re.MULTILINE)
    right = "holiday 4 " not in (messages[-1].text or "")
    return json.dumps({name: {"score": float(right), "reason": f"as {name} goes"} for name in asked})


def slow_on_every_tenth(messages: list[ChatMessage]) -> str:
    """Hangs on two of the eighteen answers."""
    if re.search(r"office closes at (4|14) ", messages[-1].text or ""):
        time.sleep(2)
    return grade(messages)


def predictions(*, failed: tuple[int, ...] = (), refused: tuple[int, ...] = ()) -> list[Prediction]:
    """Every fact as its answer; the questions without an answer are refused."""
    found = []
    for number, example in enumerate(EXAMPLES):
        source = {"document": "d", "start": 0, "end": 9, "score": 1, "content": example.answer}
        refuses = example.must_refuse or number in refused
        said = {"response": example.answer or fakes.REFUSAL, "source_documents": [source], "refused": refuses}
        answer = None if number in failed else {**said, "guardrails": []}
        found.append(Prediction(example, answer, "it broke" if answer is None else None, None, 0.1))
    return found


@pytest.fixture(scope="module")
def platform(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> fakes.FakePlatform:
    home = tracked_home(tmp_path_factory.mktemp("judging") / "home")
    return fakes.FakePlatform(home, judging=knowing(grade))


def test_judgements_become_metrics_of_the_gate_and_assessments_with_reason_and_raw_reply(
    platform: fakes.FakePlatform,
) -> None:
    client = connect(platform, "rag-assistant")
    activate(client)
    said = predictions(failed=(1,), refused=(2,))
    found = measure(evaluation_pipeline(platform, SETTINGS), said, version=1, primary=GATE.primary, tags={})
    assert found.scorer_errors == {}
    assert found.metrics["judge_correctness"] == pytest.approx(15 / 18)
    assert found.metrics["judge_groundedness"] == pytest.approx(15 / 17)
    rows = {row.example_id: row.values for row in found.rows}
    assert rows["holiday 4"]["judge_relevance"] == rows["holiday 2"]["judge_guidelines"] == 0
    assert rows["holiday 3"]["judge_correctness"] == 0
    assert "judge_relevance" not in rows["holiday 3"]
    assert not any(name.startswith("judge_") for name in rows["un0"])
    traces = client.search_traces(locations=[client.experiment_id], run_id=found.run_id)
    kept = [a for trace in traces for a in trace.info.assessments if a.name == "judge_correctness"]
    mine = next(a for a in kept if a.feedback.value == 1.0)
    assert (mine.rationale, mine.source.source_type, mine.source.source_id) == (
        "as judge_correctness goes",
        "LLM_JUDGE",
        "grader",
    )
    assert json.loads(mine.metadata["judge.reply"])["judge_guidelines"]["score"] == 1.0
    assert sum(a.source.source_type == "LLM_JUDGE" for a in kept) == 16


def test_a_judge_that_times_out_on_a_tenth_of_the_rows_rejects(platform: fakes.FakePlatform) -> None:
    activate(connect(platform, "rag-assistant"))
    gate = GATE.model_copy(update={"judge_guidelines": ()})
    late = replace(platform, judging=knowing(slow_on_every_tenth))
    pipeline = evaluation_pipeline(late, Settings(gate=gate))
    found = measure(pipeline, predictions(), version=1, primary=gate.primary, tags={})
    assert found.scorer_errors == dict.fromkeys(CRITERIA, 2)
    decision = decide(found, None, GATE)
    assert decision.decision == "reject"
    assert decision.reasons[0] == (
        "the scorer judge_correctness failed on 2 of 24 questions (no judgement within 0.3 s "
        "(judge_timeout_seconds)), so its figure cannot be trusted"
    )


def test_a_threshold_that_nobody_judges_is_refused(platform: fakes.FakePlatform) -> None:
    def require(place: fakes.FakePlatform, **gate: Any) -> None:
        settings = Settings.model_validate({"gate": gate})
        require_measured(evaluation_pipeline(place, settings), settings.gate)

    require(platform, thresholds={"judge_correctness": 0.8})
    with pytest.raises(ConfigurationError, match=r"gate.thresholds names the metric 'judge_correctness'") as caught:
        require(replace(platform, judging=None), thresholds={"judge_correctness": 0.8})
    assert caught.value.hint == "Name a judge on the platform."
    with pytest.raises(ConfigurationError, match="judge_guidelines") as caught:
        require(platform, guard_metrics={"judge_guidelines": 0.1})
    assert "gate.judge_guidelines" in caught.value.hint


def pipeline_of(judge: AnswerJudge) -> Pipeline:
    pipeline = Pipeline()
    pipeline.add_component("answers", EvaluatedAnswers(embedder=fakes.FakePlatform().embedder("any")))
    pipeline.add_component("judge", judge)
    pipeline.connect("answers.answers", "judge.answers")
    return pipeline


def always(score: float) -> MockChatGenerator:
    """A small model that gives every answer the same."""

    def same(messages: list[ChatMessage]) -> str:
        asked = re.findall(r"^- (judge_\w+):", messages[-1].text or "", re.MULTILINE)
        return json.dumps({name: {"score": score, "reason": "looks good"} for name in asked})

    return MockChatGenerator(response_fn=same, model="small")


@pytest.mark.parametrize(("score", "said"), [(1.0, r"to (\d+) of \1 bad ones"), (0.0, r"to (\d+) of \1 good ones")])
def test_the_figures_of_a_judge_that_gives_all_answers_the_same_are_not_used(
    platform: fakes.FakePlatform, score: float, said: str
) -> None:
    activate(connect(platform, "rag-assistant"))
    pipeline = evaluation_pipeline(replace(platform, judging=always(score)), SETTINGS)
    found = measure(pipeline, predictions(failed=(1,), refused=(2,)), version=1, primary=GATE.primary, tags={})

    assert not [name for name, value in found.metrics.items() if name.startswith("judge_") and value is not None]
    assert not any(name.startswith("judge_") for row in found.rows for name in row.values)
    assert found.scorer_errors == {}
    [why] = set(found.unused.values())
    assert "does not tell planted answers apart" in why
    assert re.search(said, why)
    free = decide(found, None, GATE.model_copy(update={"thresholds": dict.fromkeys(GATE.limits)}))
    assert free.decision == "promote"
    assert why in free.reasons
    bound = decide(found, None, GATE.model_copy(update={"thresholds": {"judge_correctness": 0.5}}))
    assert bound.decision == "reject"
    assert why in bound.reasons


@given(mistaken=st.sets(st.sampled_from(range(len(PLANTED))), max_size=5), expected_answers=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_judge_may_be_wrong_about_one_planted_answer_of_a_kind(mistaken: set[int], expected_answers: bool) -> None:
    def respond(messages: list[ChatMessage]) -> str:
        right = json.loads(right_about_planted(messages) or "{}")
        number = next(n for n, one in enumerate(PLANTED) if is_about(one, messages))
        wrong = number in mistaken
        return json.dumps({name: abs(said["score"] - wrong) for name, said in right.items()})

    judge = Judge(MockChatGenerator(response_fn=respond), (), 5.0, CRITERIA)
    why = prove(judge, expected_answers=expected_answers, concurrency=2)

    missed = [PLANTED[number] for number in mistaken]
    worst = max(
        sum(name in (one.good if good else one.bad) for one in missed) for name in CRITERIA for good in (True, False)
    )
    assert (why is None) == (worst <= 1)


def likes_length(prompt: str, right: float) -> float:
    """Full marks for any answer of more than 200 characters."""
    said = prompt.partition("<answer>\n")[2]
    return 1.0 if len(said) > 200 else right


def reads_the_first_passage(prompt: str, right: float) -> float:
    """Sees what the first passage supports, and nothing else."""
    first = prompt.partition("<passages>\n")[2].partition("\n---\n")[0]
    said = prompt.partition("<answer>\n")[2].partition("\n</answer>")[0]
    return right if any(word in first for word in re.findall(r"[A-Za-z]{5,}", said)) else 0.0


@pytest.mark.parametrize("swayed", [likes_length, reads_the_first_passage])
@pytest.mark.parametrize("expected_answers", [True, False])
def test_a_judge_that_length_or_order_sways_is_not_believed(
    swayed: Callable[[str, float], float], expected_answers: bool
) -> None:
    def respond(messages: list[ChatMessage]) -> str:
        prompt = messages[-1].text or ""
        said = json.loads(right_about_planted(messages) or "{}")
        return json.dumps({name: swayed(prompt, each["score"]) for name, each in said.items()})

    judge = Judge(MockChatGenerator(response_fn=respond), (), 5.0, CRITERIA)
    why = prove(judge, expected_answers=expected_answers, concurrency=2)
    assert why is not None
    assert "does not tell planted answers apart" in why.message


def test_what_the_judge_is_asked_depends_on_neither_the_other_version_nor_the_order_of_the_answers() -> None:
    asked: list[str] = []

    def noting(messages: list[ChatMessage]) -> str:
        asked.append(messages[-1].text or "")
        return grade(messages)

    said = predictions()[:6]
    for order in (said, said[::-1], said[:3]):
        evaluate(pipeline_of(AnswerJudge(chat_generator=knowing(noting))), order)
    assert len(asked) == 15
    assert len(set(asked)) == 6


def test_a_judge_proves_itself_once_and_one_that_cannot_be_asked_is_counted_by_its_failures() -> None:
    planted: list[bool] = []

    def counting(messages: list[ChatMessage]) -> str:
        planted.append(right_about_planted(messages) is not None)
        return "no JSON"

    judge = AnswerJudge(chat_generator=MockChatGenerator(response_fn=counting))
    pipeline = pipeline_of(judge)
    for _ in range(2):
        found = evaluate(pipeline, predictions()[:1])
        assert {type(score.error) for score in found[0].values()} == {JudgeError}
    assert (planted.count(True), planted.count(False)) == (len(PLANTED), 2)
