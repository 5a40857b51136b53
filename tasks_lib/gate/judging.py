"""The judge's word on every answer of a version, kept with reasons and raw replies as MLflow assessments."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.judge import (
    CORRECTNESS,
    GROUNDEDNESS,
    GUIDELINES,
    JUDGE_METRICS,
    RELEVANCE,
    Judge,
    JudgeError,
    Judgement,
)
from tasks_lib.progress import advance

if TYPE_CHECKING:
    from mlflow.entities import Feedback
    from mlflow.genai.scorers import Scorer

    from tasks_lib.gate.evaluate import Prediction

SCORER_NAME = "judge"
CRITERIA = (CORRECTNESS, GROUNDEDNESS, RELEVANCE)


@dataclass(frozen=True)
class _Answered:
    """An answer as the judge reads it."""

    question: str
    passages: tuple[str, ...]
    response: str


@dataclass(frozen=True)
class Judged:
    """Example id → judgements, or why there are none. A criterion that does not apply to a row is not there."""

    judgements: Mapping[str, Mapping[str, Judgement]] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def required(self, example_id: str) -> frozenset[str]:
        """What must have a score in this row."""
        return frozenset((*self.judgements.get(example_id, {}), *self.errors.get(example_id, {})))

    def scorer(self) -> "Scorer":
        """Writes the judgements as feedback on the rows of `mlflow.genai.evaluate`."""
        from mlflow.genai.scorers import scorer

        def judged(expectations: dict[str, Any]) -> "list[Feedback]":
            example_id = expectations["example"]["id"]
            found = [_feedback(name, judgement) for name, judgement in self.judgements.get(example_id, {}).items()]
            return found + [_failure(name, text) for name, text in self.errors.get(example_id, {}).items()]

        return scorer(judged, name=SCORER_NAME)


def judge_of(platform: Platform, gate: GateConfig) -> Judge | None:
    """The platform's judge with the gate's guidelines.

    :raises ConfigurationError: If a threshold or comparison names a metric of a judge that there is not.
    """
    generator = platform.judge()
    known = (*CRITERIA, *((GUIDELINES,) if gate.judge_guidelines else ())) if generator else ()
    for name in (*gate.limits, *gate.guard_margins, gate.primary):
        if name in JUDGE_METRICS and name not in known:
            raise ConfigurationError(
                f"the gate asks for {name!r}, which nobody judges",
                hint="Give gate.judge_guidelines." if generator else f"Name a judge on the platform {platform.name!r}.",
            )
    return Judge(generator, gate.judge_guidelines, gate.judge_timeout_seconds, CRITERIA) if generator else None


def judge_answers(judge: Judge, predictions: "Sequence[Prediction]", gate: GateConfig) -> Judged:
    """Judge every row, `gate.concurrency` at a time.

    A row that failed scores 0 in all that applies to its example, and a refusal 0 in correctness where there is an
    expected answer; neither is worth a call.
    """
    judgements: dict[str, dict[str, Judgement]] = {}
    errors: dict[str, dict[str, str]] = {}
    calls = {}
    with ThreadPoolExecutor(gate.concurrency, thread_name_prefix="judge") as pool:
        for prediction in predictions:
            example = prediction.example
            names = applying(example, prediction.answer, judge.names)
            if prediction.answer is None or prediction.answer["refused"]:
                reason = f"no answer: {prediction.error}" if prediction.error else "refused"
                judgements[example.id] = {name: Judgement(0.0, reason) for name in names}
            elif names:
                calls[pool.submit(judge.judge, _read(prediction), example.answer, names)] = example.id, names
        for done, call in enumerate(as_completed(calls), start=1):
            example_id, names = calls[call]
            try:
                judgements[example_id] = call.result()
            except JudgeError as error:
                errors[example_id] = dict.fromkeys(names, error.message)
            advance("judge answers", done, len(calls))
    return Judged(judgements, errors)


def applying(example: Example, answer: Mapping[str, Any] | None, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that say something about this answer to this example."""
    compared = bool(example.answer) and not example.must_refuse
    if answer is not None and answer["refused"]:
        return (CORRECTNESS,) if compared and CORRECTNESS in names else ()
    if answer is None and example.must_refuse:
        return ()
    return tuple(name for name in names if name != CORRECTNESS or compared)


def _read(prediction: "Prediction") -> _Answered:
    answer = prediction.answer or {}
    passages = tuple(str(source.get("content", "")) for source in answer.get("source_documents", ()))
    return _Answered(prediction.example.question, passages, str(answer.get("response", "")))


def _feedback(name: str, judgement: Judgement) -> "Feedback":
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback

    kind = AssessmentSourceType.LLM_JUDGE if judgement.raw else AssessmentSourceType.CODE
    source = AssessmentSource(source_type=kind, source_id=judgement.model or SCORER_NAME)
    raw = {"judge.reply": judgement.raw} if judgement.raw else {}
    return Feedback(name=name, value=judgement.score, rationale=judgement.reason, source=source, metadata=raw)


def _failure(name: str, text: str) -> "Feedback":
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback

    source = AssessmentSource(source_type=AssessmentSourceType.LLM_JUDGE, source_id=SCORER_NAME)
    return Feedback(name=name, source=source, error=JudgeError(text))
