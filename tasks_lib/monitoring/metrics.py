"""The monitored metrics: every metric with its kind, the direction that is worse, and its unit."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "share"]
Worse = Literal["lower", "higher", "either"]


@dataclass(frozen=True)
class Metric:
    """One column of a window's scores, one value per trace; missing values are NaN."""

    name: str
    title: str
    about: str
    """What it is, for people who read it for the first time."""
    kind: Kind
    """`share`: each value is 0 or 1."""
    worse: Worse
    unit: str = ""
    skewed: bool = False
    """Compared on a logarithmic scale: a few huge values must not hide a shift of the rest."""
    least: float = 0.0
    """A smaller change of the mean is a trifle, whatever its effect size."""
    good_otherwise: bool = True
    """Whether a change in the other direction is an improvement: more answers need not be better ones."""


CATALOGUE: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "groundedness",
            "Groundedness",
            "share of an answer's sentences that the passages support",
            "number",
            "lower",
        ),
        Metric(
            "answer_relevance",
            "Answer relevance",
            "how close an answer is to its question, by meaning",
            "number",
            "lower",
        ),
        Metric("retrieval_score", "Retrieval score", "score of the best passage found", "number", "lower"),
        Metric(
            "evidence",
            "Evidence score",
            "how well the passages answer the question, by the assistant's own reckoning",
            "number",
            "lower",
        ),
        Metric(
            "coverage",
            "Question terms covered",
            "share of a question's words that the passages hold",
            "number",
            "lower",
        ),
        Metric("refused", "Refusals", "questions that got no answer", "share", "higher", good_otherwise=False),
        Metric(
            "guardrail_hit",
            "Guardrail hits",
            "questions or answers that a guardrail masked or stopped",
            "share",
            "either",
        ),
        Metric(
            "readability_grade",
            "Flesch-Kincaid grade",
            "school years that reading the answers in English takes",
            "number",
            "either",
        ),
        Metric(
            "readability_ari",
            "Automated readability index",
            "school years that reading the answers in English takes, by another formula",
            "number",
            "either",
        ),
        Metric(
            "toxicity",
            "Toxicity",
            "probability that a person finds an answer in English offensive",
            "number",
            "higher",
            least=0.02,
        ),
        Metric("latency_seconds", "Latency", "time until the answer", "number", "higher", "s", skewed=True),
        Metric("tokens", "Tokens", "tokens that the language model read and wrote", "number", "either", skewed=True),
        Metric("cost", "Cost", "what an answer costs", "number", "higher", skewed=True),
        Metric("feedback", "User feedback", "what users thought, 0 (bad) to 1 (good)", "number", "lower"),
        Metric("error", "Errors", "questions that failed", "share", "higher"),
        Metric("question_words", "Words per question", "length of the questions", "number", "either", skewed=True),
        Metric("judge_correctness", "Judge: correct by the passages", "a language model's score", "number", "lower"),
        Metric("judge_relevance", "Judge: answers the question", "a language model's score", "number", "lower"),
        Metric("judge_guidelines", "Judge: keeps the guidelines", "a language model's score", "number", "lower"),
    )
}

IDENTITY = ("trace_id", "at", "version", "index", "answered")
"""Columns of the table of scores that tell which trace it is."""

QUESTION_TOPICS = Metric("question_topics", "Question topics", "what the questions are about", "number", "either")
"""Compared by embeddings, not by a column."""
QUESTION_LANGUAGES = Metric(
    "question_languages", "Question languages", "which languages the questions are in", "number", "either"
)
"""Compared as categories."""
_OF_QUESTIONS = {metric.name: metric for metric in (QUESTION_TOPICS, QUESTION_LANGUAGES)}
OTHER_QUESTIONS = frozenset(_OF_QUESTIONS)
"""What drifts when people ask something else: nobody has judged answers to that."""


def metric_of(name: str, lower_is_better: Collection[str] = ()) -> Metric:
    """The metric of this name: ours, or one of the configuration, of which more is better unless it says otherwise."""
    worse: Worse = "higher" if name in lower_is_better else "lower"
    return (
        CATALOGUE.get(name)
        or _OF_QUESTIONS.get(name)
        or Metric(name, title_of(name), "a score of the configuration", "number", worse)
    )


def title_of(name: str) -> str:
    """How people call the metric."""
    known = CATALOGUE.get(name) or _OF_QUESTIONS.get(name)
    return known.title if known else name.replace("_", " ")
