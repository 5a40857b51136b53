"""What is watched: every metric with its kind, the direction that is worse, and its unit."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "share"]
Worse = Literal["lower", "higher", "either"]


@dataclass(frozen=True)
class Metric:
    """One column of a window's scores, one value per trace; missing values are NaN."""

    name: str
    title: str
    kind: Kind
    """`share`: each value is 0 or 1."""
    worse: Worse
    unit: str = ""
    skewed: bool = False
    """Compared on a logarithmic scale: a few huge values must not hide a shift of the rest."""


CATALOGUE: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("groundedness", "Groundedness", "number", "lower"),
        Metric("answer_relevance", "Answer relevance", "number", "lower"),
        Metric("retrieval_score", "Retrieval score", "number", "lower"),
        Metric("evidence", "Evidence score", "number", "lower"),
        Metric("coverage", "Question terms covered", "number", "lower"),
        Metric("refused", "Refusals", "share", "either"),
        Metric("guardrail_hit", "Guardrail hits", "share", "either"),
        Metric("readability_grade", "Flesch-Kincaid grade", "number", "either"),
        Metric("readability_ari", "Automated readability index", "number", "either"),
        Metric("toxicity", "Toxicity", "number", "higher"),
        Metric("latency_seconds", "Latency", "number", "higher", "s", skewed=True),
        Metric("tokens", "Tokens", "number", "either", skewed=True),
        Metric("cost", "Cost", "number", "higher", skewed=True),
        Metric("feedback", "User feedback", "number", "lower"),
        Metric("error", "Errors", "share", "higher"),
        Metric("question_words", "Words per question", "number", "either", skewed=True),
        Metric("judge_correctness", "Judge: correct by the passages", "number", "lower"),
        Metric("judge_relevance", "Judge: answers the question", "number", "lower"),
        Metric("judge_guidelines", "Judge: keeps the guidelines", "number", "lower"),
    )
}

QUESTION_TOPICS = Metric("question_topics", "Question topics", "number", "either")
"""Compared by embeddings, not by a column."""


def title_of(name: str) -> str:
    """How people call the metric."""
    if name == QUESTION_TOPICS.name:
        return QUESTION_TOPICS.title
    return CATALOGUE[name].title if name in CATALOGUE else name.replace("_", " ")
