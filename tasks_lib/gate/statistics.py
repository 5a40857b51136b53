"""Paired comparison of two versions on the same questions.

All differences are candidate minus production, one a question, signed so that positive is better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TAIL_SHARE = 0.7
"""Share of the nominal tail that the bound really uses.

Plain percentile bootstrap promotes up to 9.6 % of candidates whose true loss equals the margin (50 to 200 questions,
10 % of them discordant); with this share and one more pair counted as lost it stays below 5 % from 50 to 1,000
questions. `benchmarks/gate/error_rates.py` prints the figures. Calibrating the level follows Loh (1987), "Calibrating
confidence coefficients".
"""

POWER = 0.8
"""Chance of settling that `questions_to_settle` plans for."""

MOST_QUESTIONS = 10_000

FEW_VALUES = 32
"""Differences of at most so many kinds, as of right and wrong, are resampled by their counts: the same bootstrap, in a
hundredth of the time."""

Differences = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Two one-sided bounds of the mean difference, each at the asked confidence."""

    mean: float
    lower: float
    upper: float


def bounds(differences: Sequence[float], *, confidence: float, resamples: int, seed: int) -> Interval:
    """Percentile bootstrap over questions (BCa gives NaN on identical pairs).

    Each bound is on the careful side: it counts one pair more, lost for the lower and won for the upper bound, by the
    largest difference seen (at least 1, as in right or wrong), so that a handful of identical pairs proves nothing.
    """
    values = np.asarray(differences, dtype=float)
    stake = max(1.0, float(np.abs(values).max(initial=0.0)))
    tail = TAIL_SHARE * (1 - confidence)
    lower = _quantile(np.append(values, -stake), tail, resamples, seed)
    upper = _quantile(np.append(values, stake), 1 - tail, resamples, seed)
    return Interval(float(values.mean()), lower, upper)


def chance_of_share(share: float, questions: int) -> tuple[float, float]:
    """95 % interval of a share, or of a mean of scores between 0 and 1, that was seen on so many questions.

    Wilson (1927), "Probable inference": scores between 0 and 1 vary at most as much as right and wrong do.
    """
    z = 1.959964
    centre = (share + z * z / (2 * questions)) / (1 + z * z / questions)
    half = z / (1 + z * z / questions) * (share * (1 - share) / questions + z * z / (4 * questions**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def p_value_of_loss(differences: Sequence[float], margin: float, *, resamples: int, seed: int) -> float:
    """One-sided paired bootstrap p-value against "the loss is at most `margin`".

    The resampled means are centred on the border of that hypothesis; add-one keeps the value above zero
    (Davison & Hinkley, 1997, section 4.4).
    """
    values = np.asarray(differences, dtype=float)
    if not len(values):
        return 1.0
    mean = float(values.mean())
    if mean >= -margin:
        return 1.0
    means = _resampled_means(values, resamples, seed)
    extreme = int(np.count_nonzero(means - mean <= mean + margin))
    return (extreme + 1) / (resamples + 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values adjusted by Holm's step-down method (1979); they never fall along the order."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, (name, value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * value))
        adjusted[name] = largest
    return adjusted


def questions_to_settle(differences: Sequence[float], margin: float, confidence: float) -> int | None:
    """Questions that would decide with 80 % power if mean and spread stay as observed; `None` beyond 10,000.

    Normal approximation: ((z_confidence + z_power) * spread / distance to the margin)^2. The spread is at least
    that of one discordant pair, so that identical answers do not promise a proof from nothing.
    """
    from scipy.stats import norm

    values = np.asarray(differences, dtype=float)
    distance = abs(float(values.mean()) + margin)
    variance = max(float(values.var()), 1 / len(values))
    tail = TAIL_SHARE * (1 - confidence)
    needed = (norm.isf(tail) + norm.ppf(POWER)) ** 2 * variance
    if distance == 0 or needed / distance**2 > MOST_QUESTIONS:
        return None
    return max(len(values) + 1, int(np.ceil(needed / distance**2)))


def _quantile(values: Differences, share: float, resamples: int, seed: int) -> float:
    return float(np.quantile(_resampled_means(values, resamples, seed), share))


def _resampled_means(values: Differences, resamples: int, seed: int) -> Differences:
    from scipy.stats import bootstrap

    seen, counts = np.unique(values, return_counts=True)
    if len(seen) == 1:
        return np.full(resamples, values[0])
    if len(seen) <= FEW_VALUES:
        drawn = np.random.default_rng(seed).multinomial(len(values), counts / len(values), size=resamples)
        return np.asarray(drawn @ seen / len(values), dtype=float)
    result = bootstrap(
        (values,),
        np.mean,
        n_resamples=resamples,
        method="percentile",
        batch=max(1, 2_000_000 // len(values)),
        rng=np.random.default_rng(seed),
    )
    return np.asarray(result.bootstrap_distribution, dtype=float)
