"""Prediction-powered inference: a few labels of people correct many scores of a judge, and the interval is honest.

Angelopoulos, Bates, Fannjiang, Jordan & Zrnic (2023), "Prediction-powered inference", Science 382; with the tuned
weight of Angelopoulos, Duchi & Zrnic (2023), "PPI++: Efficient prediction-powered inference", arXiv:2311.01453.

The estimate of the mean label is  mean(y) + w (mean(judge elsewhere) - mean(judge where labelled)):  a judge without
use gets the weight 0, which leaves the labels alone; whatever its bias, the labels take it out again.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

LEAST_LABELS = 20
"""Fewer labelled answers than this correct nothing: their own spread is not known."""
CHANCE = 0.5
CELLS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
"""Half an answer of each kind, wrong and right by judge and person, is counted with the labelled ones (Agresti & Min,
2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 24). Where the
judge errs seldom, few labels show none or one of its errors, and the plain interval covers 87 % instead of 95 %."""
NARROWER = 0.5
"""The interval that more labels are promised for, beside the one there is."""

Standing = Literal["corrected", "unlabelled", "refused"]


class CorrectedEstimate(BaseModel):
    """The mean of a judge's scores, as far as people's labels vouch for it."""

    metric: str
    standing: Standing
    answers: int = Field(description="Answers that the judge has scored.")
    labels: int = Field(description="Of them, or of answers like them, labelled by people.")
    judge_mean: float = Field(description="What the judge alone would say.")
    estimate: float | None = Field(default=None, description="Corrected mean; null where it could not be corrected.")
    lower: float | None = None
    upper: float | None = None
    weight: float | None = Field(default=None, description="Weight of the judge; 0: the labels alone.")
    foreign: bool = Field(default=False, description="Whether the labels are of answers of other versions.")
    ranking: float | None = Field(
        default=None, description="How often a right answer scores above a wrong one; 0.5 is chance."
    )
    more_labels: int | None = Field(default=None, description="Further labels that would halve the interval.")
    confidence: float = 0.95

    @property
    def reason(self) -> str:
        """The standing in words and numbers."""
        if self.standing == "unlabelled":
            return (
                f"{self.metric} {self.judge_mean:.3f} is the judge's word alone on {self.answers} answers: people have "
                f"labelled {self.labels} that were drawn at random, and {LEAST_LABELS} are needed (`llmops review`)"
            )
        if self.standing == "refused":
            return (
                f"{self.metric} is not used: against the labels of people on {self.labels} answers the judge is no "
                f"better than chance (a right answer scores higher than a wrong one in {self.ranking:.0%} of the pairs)"
            )
        more = f"; {self.more_labels} more labels would halve the interval" if self.more_labels else ""
        return (
            f"{self.metric} {self.estimate:.3f}, between {self.lower:.3f} and {self.upper:.3f} at "
            f"{self.confidence:.0%}: the judge's {self.judge_mean:.3f} over {self.answers} answers, corrected by "
            f"{self.labels} labels of people{' on other versions' if self.foreign else ''}{more}"
        )


Numbers = NDArray[np.float64]


def corrected(
    metric: str,
    labelled: Sequence[tuple[float, float]],
    unlabelled: Sequence[float],
    *,
    weight: float | None = None,
    confidence: float = 0.95,
) -> CorrectedEstimate:
    """The mean label over all answers, with its two-sided interval.

    :param labelled: (judge's score, person's label), each 0 to 1, of answers that were drawn at random.
    :param unlabelled: The judge's scores of all other answers.
    :param weight: Of the judge, where the labelled answers are no sample of the others; 1 supposes only that the judge
        errs on these as on those. Tuned without it.
    """
    pairs = np.asarray(labelled, dtype=float).reshape(-1, 2)
    scores, labels, others = pairs[:, 0], pairs[:, 1], np.asarray(unlabelled, dtype=float)
    everything = others if weight is not None else np.concatenate([scores, others])
    ranking = ranked_rightly(scores, labels)
    known = CorrectedEstimate(
        metric=metric,
        standing="unlabelled",
        answers=len(everything),
        labels=len(labels),
        judge_mean=float(everything.mean()) if len(everything) else 0.0,
        confidence=confidence,
    )
    if len(labels) < LEAST_LABELS:
        return known
    if ranking is not None and ranking <= CHANCE:
        return known.model_copy(update={"standing": "refused", "ranking": ranking})
    foreign = weight is not None
    if not len(others):
        weight = 0.0
    elif weight is None:
        weight = tuned_weight(scores, labels, others)
    mean, error = _estimate(scores, labels, others, weight)
    lower, upper = _interval(mean, error, len(labels), confidence)
    return known.model_copy(
        update={
            "standing": "corrected",
            "estimate": min(max(mean, 0.0), 1.0),
            "lower": lower,
            "upper": upper,
            "weight": weight,
            "foreign": foreign,
            "ranking": ranking,
            "more_labels": _more_labels(scores, labels, others, weight, error),
        }
    )


def ranked_rightly(scores: Numbers, labels: Numbers) -> float | None:
    """Share of the pairs of a right and a wrong answer in which the right one scores higher, ties counting half.

    The area under the ROC curve (Mann & Whitney, 1947); 0.5 for a judge that always says the same, `None` where people
    found all answers right, or all wrong.
    """
    from scipy.stats import rankdata

    right = labels >= 0.5
    count, wrong = int(right.sum()), int((~right).sum())
    if not count or not wrong:
        return None
    ranks = rankdata(scores)
    return float((ranks[right].sum() - count * (count + 1) / 2) / (count * wrong))


def tuned_weight(scores: Numbers, labels: Numbers, others: Numbers) -> float:
    """Cov(label, score) / ((1 + n / N) Var(score)), between 0 and 1 (PPI++, example 6.1)."""
    everything = np.concatenate([scores, others])
    spread = float(everything.var())
    if not len(others) or spread == 0:
        return 0.0
    covariance = float(np.cov(labels, scores, ddof=1)[0, 1])
    return min(max(covariance / ((1 + len(scores) / len(others)) * spread), 0.0), 1.0)


def _estimate(scores: Numbers, labels: Numbers, others: Numbers, weight: float) -> tuple[float, float]:
    """The corrected mean and its standard error."""
    left, spread = _residuals(scores, labels, weight)
    elsewhere, of_judge = _of_judge(others, weight)
    return left + elsewhere, math.sqrt(spread / (len(labels) + len(CELLS) / 2) + of_judge)


def _residuals(scores: Numbers, labels: Numbers, weight: float) -> tuple[float, float]:
    """Mean and variance of what the weighted judge leaves of the labels."""
    left = np.concatenate([labels - weight * scores, CELLS[:, 1] - weight * CELLS[:, 0]])
    counts = np.concatenate([np.ones(len(labels)), np.full(len(CELLS), 0.5)])
    mean = float(np.average(left, weights=counts))
    return mean, float(np.average((left - mean) ** 2, weights=counts))


def _of_judge(others: Numbers, weight: float) -> tuple[float, float]:
    """The weighted judge's mean over the unlabelled answers, with its variance."""
    if not weight:
        return 0.0, 0.0
    return weight * float(others.mean()), weight**2 * float(others.var()) / len(others)


def _interval(mean: float, error: float, labels: int, confidence: float) -> tuple[float, float]:
    """By Student's t: the spread is that of few labels."""
    from scipy.stats import t

    reach = float(t.ppf((1 + confidence) / 2, labels - 1)) * error
    return max(0.0, mean - reach), min(1.0, mean + reach)


def _more_labels(scores: Numbers, labels: Numbers, others: Numbers, weight: float, error: float) -> int | None:
    """Labels, beside those there are, that would halve the error; `None` where the judged answers are too few."""
    room = (NARROWER * error) ** 2 - _of_judge(others, weight)[1]
    if room <= 0 or (needed := math.ceil(_residuals(scores, labels, weight)[1] / room)) > len(labels) + len(others):
        return None
    return max(1, needed - len(labels))
