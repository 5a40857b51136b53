"""The metrics that thresholds and comparisons may name, and which direction is good."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.gate.scorers import (
    LOWER_IS_BETTER,
    MEDIAN_LATENCY,
    TAIL_LATENCY,
    TOKENS,
    all_metrics,
    own_metrics,
)

Direction = Literal["floor", "ceiling"]

_CEILINGS = LOWER_IS_BETTER | {TOKENS, MEDIAN_LATENCY, TAIL_LATENCY}

_TITLES = {
    "right_or_refused": "Right, or rightly refused",
    "retrieval_recall": "Retrieval: recall",
    "retrieval_precision": "Retrieval: precision",
    "retrieval_mrr": "Retrieval: reciprocal rank",
    "retrieval_ndcg": "Retrieval: nDCG",
    "answer_f1": "Answer: words shared (F1)",
    "semantic_similarity": "Answer: similar in meaning",
    "groundedness": "Supported by its passages",
    "refusal_accuracy": "Refuses what it must",
    "answer_rate": "Answers what it can",
    "guardrail_accuracy": "Harmless questions let through",
    "latency_seconds": "Latency, mean (s)",
    MEDIAN_LATENCY: "Latency, median (s)",
    TAIL_LATENCY: "Latency, slowest 5 % (s)",
    "input_tokens": "Tokens read",
    "output_tokens": "Tokens written",
    TOKENS: "Tokens per answer",
    "cost": "Cost per answer",
    "judge_correctness": "Judge: as expected",
    "judge_groundedness": "Judge: supported by its passages",
    "judge_relevance": "Judge: answers the question",
    "judge_guidelines": "Judge: keeps the guidelines",
}


def title_of(metric: str) -> str:
    """The metric for people who have not read its definition."""
    own = own_metrics().get(metric)
    return (own.title if own else "") or _TITLES.get(metric, metric)


def direction(metric: str) -> Direction:
    """A ceiling for latency, tokens and cost; a floor for quality."""
    own = own_metrics().get(metric)
    return "ceiling" if metric in _CEILINGS or (own is not None and own.lower_is_better) else "floor"


def per_question() -> tuple[str, ...]:
    """Metrics that every question has of its own, so that two versions are compared by them."""
    return (*all_metrics(), TOKENS, *JUDGE_METRICS)


def require_known(metrics: Iterable[str], key: str, known: Sequence[str] = ()) -> None:
    """Refuse metrics that nothing measures.

    :param key: Configuration key that named them.
    :param known: :func:`per_question` where two versions are compared question by question; every metric by default.
    :raises ConfigurationError: Naming the nearest metric.
    """
    known = known or (*per_question(), MEDIAN_LATENCY, TAIL_LATENCY)
    for metric in metrics:
        if metric in known:
            continue
        near = get_close_matches(metric, known, n=1, cutoff=0.4)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(
            f"{key} names the metric {metric!r}, which does not exist{guess}", hint=f"Metrics: {', '.join(known)}."
        )
