"""The scoring pipeline: production traces → scorers, judge, and evaluators of the configuration."""

from pathlib import Path

from haystack import Pipeline
from haystack.core.component import Component

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.judge import CORRECTNESS, RELEVANCE
from tasks_lib.gate.judging import AnswerJudge
from tasks_lib.gate.pipeline import JUDGE, evaluator_metric, require_input
from tasks_lib.haystack_yaml import read_pipeline
from tasks_lib.monitoring.metrics import CATALOGUE, IDENTITY
from tasks_lib.monitoring.scorers import (
    ANSWER_SCORERS,
    TRACE_SCORERS,
    AnswerScorer,
    ScoredTraces,
    Toxicity,
    TraceScorer,
)

TRACES = "traces"
"""The component that takes `records`, and `rows`, the sample that the costly scorers look at."""


def scoring_pipeline(platform: Platform, settings: Settings) -> Pipeline:
    """What monitoring measures of every trace; a component's name is its metric's.

    `traces` → a component per metric, `judge` where the platform names one, and `monitor.scorers`; or what the file
    `monitor.pipeline` says.

    :raises ConfigurationError: If the configuration names a component that cannot be made, or is no evaluator.
    """
    config, allowed = settings.monitor, settings.pipelines.allowed_modules
    if config.pipeline:
        pipeline = read_pipeline(Path(config.pipeline), allowed, "monitor.pipeline")
        require_input(pipeline, TRACES, "records", "monitor.pipeline")
        return pipeline
    pipeline = Pipeline()
    pipeline.add_component(TRACES, ScoredTraces(embedder=platform.embedder(settings.embedder)))
    of_traces: dict[str, Component] = {name: TraceScorer(metric=name) for name in TRACE_SCORERS}
    of_traces["toxicity"] = Toxicity()
    of_answers: dict[str, Component] = {name: AnswerScorer(metric=name) for name in ANSWER_SCORERS}
    generator = platform.judge()
    if generator is not None:
        of_answers[JUDGE] = AnswerJudge(
            chat_generator=generator,
            criteria=(CORRECTNESS, RELEVANCE),
            guidelines=config.judge_guidelines,
            timeout_seconds=config.judge_timeout_seconds,
            expected_answers=False,
        )
    for name, scorer in config.scorers.items():
        key = f"monitor.scorers.{name}"
        if name in {*CATALOGUE, *IDENTITY, TRACES, JUDGE}:
            raise ConfigurationError(f"{key} bears the name of a metric of ours", hint="Choose another name.")
        of_answers[name] = evaluator_metric(scorer, platform, allowed, key)
    for socket, parts in (("traces", of_traces), ("answers", of_answers)):
        for name, part in parts.items():
            pipeline.add_component(name, part)
            pipeline.connect(f"{TRACES}.{socket}", f"{name}.{socket}")
    return pipeline
