"""The metrics of the gate in one table: what each is called, and which direction is good."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Literal

from tasks_lib.dataset.examples import CLARIFICATION, Example
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate import answer_metrics
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.judge import CORRECTNESS, GRADED, GROUNDEDNESS, GUIDELINES, JUDGE_METRICS, RELEVANCE
from tasks_lib.plugins import Plugin, plugins

MetricFunction = Callable[[Row], float | None]
Direction = Literal["floor", "ceiling"]


@dataclass(frozen=True)
class Metric:
    """A metric of answers. The entry point of another package names one, or its function alone.

    :param function: A row → a number, or `None` where the metric does not apply.
    :param title: For people who have not read its definition.
    :param lower_is_better: Whether thresholds are ceilings.
    """

    function: MetricFunction
    title: str = ""
    lower_is_better: bool = False


OwnMetric = Metric
"""The name that packages import which were written for version 0.1."""

METRICS: dict[str, Metric] = {
    "right_or_refused": Metric(answer_metrics.right_or_refused, "Right, or rightly refused"),
    "retrieval_recall": Metric(answer_metrics.retrieval_recall, "Retrieval: recall"),
    "retrieval_precision": Metric(answer_metrics.retrieval_precision, "Retrieval: precision"),
    "retrieval_mrr": Metric(answer_metrics.retrieval_mrr, "Retrieval: reciprocal rank"),
    "retrieval_ndcg": Metric(answer_metrics.retrieval_ndcg, "Retrieval: nDCG"),
    "answer_f1": Metric(answer_metrics.answer_f1, "Answer: words shared (F1)"),
    "semantic_similarity": Metric(answer_metrics.semantic_similarity, "Answer: similar in meaning"),
    "groundedness": Metric(answer_metrics.groundedness, "Supported by its passages"),
    "refusal_accuracy": Metric(answer_metrics.refusal_accuracy, "Refuses what it must"),
    "answer_rate": Metric(answer_metrics.answer_rate, "Answers what it can"),
    "guardrail_accuracy": Metric(answer_metrics.guardrail_accuracy, "Harmless questions let through"),
    "latency_seconds": Metric(answer_metrics.latency_seconds, "Latency, mean (s)", lower_is_better=True),
    "input_tokens": Metric(answer_metrics.input_tokens, "Tokens read", lower_is_better=True),
    "output_tokens": Metric(answer_metrics.output_tokens, "Tokens written", lower_is_better=True),
    "cost": Metric(answer_metrics.cost, "Cost per answer", lower_is_better=True),
}
"""Every gate measures these on every question."""

TOKENS = "tokens"
"""Tokens of one answer, read and written."""
MEDIAN_LATENCY = "latency_p50_seconds"
TAIL_LATENCY = "latency_p95_seconds"
PERCENTILES = (MEDIAN_LATENCY, TAIL_LATENCY)
"""Figures over all questions together."""

RESERVED = frozenset({TOKENS, GRADED, *PERCENTILES, *JUDGE_METRICS})
"""Figures that are not measured row by row from the answer alone."""

_TITLES = {
    TOKENS: "Tokens per answer",
    MEDIAN_LATENCY: "Latency, median (s)",
    TAIL_LATENCY: "Latency, slowest 5 % (s)",
    GRADED: "How right, or rightly refused",
    CORRECTNESS: "Judge: as expected",
    GROUNDEDNESS: "Judge: supported by its passages",
    RELEVANCE: "Judge: answers the question",
    GUIDELINES: "Judge: keeps the guidelines",
}


@cache
def plugin_metrics() -> dict[str, Metric]:
    """Metrics of other packages, by name.

    :raises PluginError: If one cannot be imported, is no function, or bears the name of one of ours.
    """
    metrics: dict[str, Metric] = {}
    for name, plugin in plugins("metrics").items():
        if name in METRICS or name in RESERVED:
            raise plugin.failed("bears the name of a metric of ours")
        loaded = plugin.load()
        metric = loaded if isinstance(loaded, Metric) else Metric(loaded)
        if not callable(metric.function):
            raise plugin.failed(f"is no function of a row but {type(metric.function).__name__}")
        metrics[name] = replace(metric, function=_naming(plugin, metric.function))
    return metrics


def all_metrics() -> dict[str, Metric]:
    """Our metrics and those of other packages, by name.

    :raises PluginError: As :func:`plugin_metrics`.
    """
    return METRICS | plugin_metrics()


def _naming(plugin: Plugin, function: MetricFunction) -> MetricFunction:
    """`function`, whose errors name the package."""

    def metric(row: Row) -> float | None:
        try:
            value = function(row)
            number = None if value is None else float(value)
        except Exception as error:
            raise plugin.failed("failed", error) from error
        if number is not None and not math.isfinite(number):
            raise plugin.failed(f"gave {number}, which is no number to compare")
        return number

    return metric


def required_metrics(example: Example) -> frozenset[str]:
    """Quality metrics that must have a value for this example whatever was answered: a missing one is a lost score."""
    names = {"right_or_refused"}
    if example.kind != "off_topic":
        names.add("guardrail_accuracy")
    if example.must_refuse:
        return frozenset(names | {"refusal_accuracy"})
    if example.kind == CLARIFICATION:
        return frozenset(names)
    names.add("answer_rate")
    if example.answer:
        names |= {"answer_f1", "semantic_similarity"}
    if any(reference.end > reference.start for reference in example.references):
        names |= {"retrieval_recall", "retrieval_precision", "retrieval_mrr", "retrieval_ndcg"}
    return frozenset(names)


def title_of(metric: str) -> str:
    """The metric for people who have not read its definition."""
    known = all_metrics().get(metric)
    return (known.title if known else "") or _TITLES.get(metric, metric)


def direction(metric: str, ceilings: Iterable[str] = ()) -> Direction:
    """A ceiling for latency, tokens and cost; a floor for quality.

    :param ceilings: Metrics of the configuration of which less is better.
    """
    known = all_metrics().get(metric)
    lower_is_better = known.lower_is_better if known else metric in {TOKENS, *PERCENTILES, *ceilings}
    return "ceiling" if lower_is_better else "floor"


def per_question() -> tuple[str, ...]:
    """Metrics that every question has of its own, so that two versions are compared by them."""
    return (*all_metrics(), TOKENS, *JUDGE_METRICS, GRADED)


def require_known(metrics: Iterable[str], key: str, known: Sequence[str] = ()) -> None:
    """Refuse metrics that nothing measures.

    :param key: Configuration key that named them.
    :param known: The metrics that there are; without, all that the gate can measure by itself.
    :raises ConfigurationError: Naming the nearest metric.
    """
    known = known or (*per_question(), *PERCENTILES)
    for metric in metrics:
        if metric in known:
            continue
        near = get_close_matches(metric, known, n=1, cutoff=0.4)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(
            f"{key} names the metric {metric!r}, which does not exist{guess}",
            hint=f"Metrics: {', '.join(known)}. Others are named in gate.evaluators.",
        )
