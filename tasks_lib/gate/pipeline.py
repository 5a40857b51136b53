"""The evaluation pipeline: a version's answers → metrics, judge, and evaluators of the configuration."""

from collections.abc import Collection, Sequence
from pathlib import Path

from haystack import Pipeline
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.pipelines import EvaluatorConfig, HaystackComponent
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.evaluator_metric import EvaluatorMetric
from tasks_lib.gate.evaluators import AnswerMetric, EvaluatedAnswers
from tasks_lib.gate.judge import CORRECTNESS, GRADED, GUIDELINES
from tasks_lib.gate.judging import AnswerJudge
from tasks_lib.gate.scorers import PERCENTILES, RESERVED, TOKENS, all_metrics, per_question, require_known
from tasks_lib.haystack_yaml import build_component, read_pipeline

ANSWERS = "answers"
"""The component that takes `predictions`, what a version said to each question."""
JUDGE = "judge"


def evaluation_pipeline(platform: Platform, settings: Settings, *, metrics: Collection[str] | None = None) -> Pipeline:
    """What the gate measures of every answer; a component's name is its metric's.

    `answers` → a component per metric, `judge` where the platform names one, and `gate.evaluators`; or what the file
    `gate.pipeline` says.

    :param metrics: Only these are wanted. A pipeline of `gate.pipeline` stays as it is.
    :raises ConfigurationError: If the configuration names a component that cannot be made, or is no evaluator.
    """
    gate, allowed = settings.gate, settings.pipelines.allowed_modules
    if gate.pipeline:
        pipeline = read_pipeline(Path(gate.pipeline), allowed, "gate.pipeline")
        require_input(pipeline, ANSWERS, "predictions", "gate.pipeline")
        return pipeline
    pipeline = Pipeline()
    pipeline.add_component(ANSWERS, EvaluatedAnswers(embedder=platform.embedder(settings.embedder)))
    parts: dict[str, Component] = {name: AnswerMetric(metric=name) for name in all_metrics()}
    generator = platform.judge()
    if generator is not None:
        parts[JUDGE] = AnswerJudge(
            chat_generator=generator,
            guidelines=gate.judge_guidelines,
            timeout_seconds=gate.judge_timeout_seconds,
            concurrency=gate.concurrency,
        )
    for name, config in gate.evaluators.items():
        key = f"gate.evaluators.{name}"
        if name in parts or name in RESERVED or name == ANSWERS:
            raise ConfigurationError(f"{key} bears the name of a metric of ours", hint="Choose another name.")
        parts[name] = evaluator_metric(config, platform, allowed, key)
    for name, part in parts.items():
        if metrics is None or not set(_metrics_of(name, part)).isdisjoint(metrics):
            pipeline.add_component(name, part)
            pipeline.connect(f"{ANSWERS}.answers", f"{name}.answers")
    return pipeline


def measured_metrics(pipeline: Pipeline) -> tuple[str, ...]:
    """Metrics that the pipeline gives for every question."""
    outputs = pipeline.outputs()
    giving = (part for part in pipeline.walk() if {"individual_scores", "judgements"} & set(outputs.get(part[0], ())))
    names = [metric for name, part in giving for metric in _metrics_of(name, part)]
    derived = {TOKENS: {"input_tokens", "output_tokens"}, GRADED: {CORRECTNESS, "right_or_refused"}}
    return (*names, *(metric for metric, parts in derived.items() if parts <= set(names)))


def ceilings_of(pipeline: Pipeline) -> list[str]:
    """Metrics of evaluators of which less is better."""
    return [name for name, part in pipeline.walk() if isinstance(part, EvaluatorMetric) and part.lower_is_better]


def _metrics_of(name: str, part: Component) -> tuple[str, ...]:
    return part.metrics if isinstance(part, AnswerJudge) else (name,)


def require_measured(pipeline: Pipeline, gate: GateConfig) -> None:
    """Refuse thresholds and comparisons of metrics that nothing measures.

    :raises ConfigurationError: Naming the nearest metric, or what must be given for it to be measured.
    """
    measured = measured_metrics(pipeline)
    known = tuple(dict.fromkeys((*measured, *per_question())))
    overall = PERCENTILES if "latency_seconds" in measured else ()
    require_known(gate.limits, "gate.thresholds", (*known, *PERCENTILES))
    require_known(gate.guard_margins, "gate.guard_metrics", known)
    require_known([gate.primary], "gate.primary", known)
    asked = {"gate.thresholds": gate.limits, "gate.guard_metrics": gate.guard_margins, "gate.primary": [gate.primary]}
    for key, names in asked.items():
        missing = next((name for name in names if name not in (*measured, *overall)), None)
        if missing is not None:
            raise ConfigurationError(
                f"{key} names the metric {missing!r}, which is not measured", hint=_way_to(missing, gate)
            )


def _way_to(metric: str, gate: GateConfig) -> str:
    if gate.pipeline:
        return f"Add it to the pipeline {gate.pipeline!r}, or set it to null."
    if metric == GUIDELINES and gate.judge_guidelines == ():
        return "Give gate.judge_guidelines, and name a judge on the platform."
    return "Name a judge on the platform."


def evaluator_metric(config: EvaluatorConfig, platform: Platform, allowed: Sequence[str], key: str) -> EvaluatorMetric:
    """The evaluator that a configuration names, as a metric.

    Where `init_parameters.chat_generator` is `judge`, it asks the platform's judge.

    :param key: Configuration key that named it.
    :raises ConfigurationError: If it cannot be made, or is no evaluator.
    """
    parameters = dict(config.init_parameters)
    if parameters.get("chat_generator") == JUDGE:
        generator = platform.judge()
        if generator is None:
            raise ConfigurationError(
                f"{key} asks for the judge, and the platform {platform.name!r} names none",
                hint="Name a judge on the platform, or give a chat generator by its `type`.",
            )
        parameters["chat_generator"] = component_to_dict(generator, "chat_generator")
    evaluator = build_component(HaystackComponent(type=config.type, init_parameters=parameters), allowed, key)
    try:
        return EvaluatorMetric(evaluator=evaluator, lower_is_better=config.lower_is_better)
    except ConfigurationError as error:
        raise ConfigurationError(f"{key}: {error.message}", hint=error.hint) from error


def require_input(pipeline: Pipeline, name: str, socket: str, key: str) -> None:
    """Refuse a pipeline of a file that cannot be given what it is to score.

    :raises ConfigurationError: If it has no component `name` that takes `socket`.
    """
    if socket not in pipeline.inputs().get(name, {}):
        raise ConfigurationError(
            f"{key} names a pipeline without a component {name!r} that takes `{socket}`",
            hint="`llmops pipeline show NAME` prints a pipeline to begin with.",
        )
