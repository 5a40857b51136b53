"""Whether a window differs from its reference: a test per metric, corrected for their number, with a size beside it.

A metric drifts only if the difference is real (significant after Holm's correction over all metrics), large enough to
matter (effect size), and for the worse. What is different, and neither worse nor better, is told as a change.
 Small windows alone never decide.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.gate.statistics import holm
from tasks_lib.monitoring.metrics import CATALOGUE, OTHER_QUESTIONS, Metric, Worse, metric_of

Values = NDArray[np.float64]
Status = Literal["drifted", "improved", "changed", "stable", "no_reference", "too_few"]
"""`changed`: really different, and neither worse nor better."""

SMALLEST_SAMPLE = 20
"""Values that both sides need before they are compared."""
SMALLEST_EXPECTED = 5
"""Below this expected count Fisher's exact test takes the place of the z-test (Cochran 1954)."""

CROWDED = 0.2
"""Share of equal values from which numbers are compared by ranks."""


@dataclass(frozen=True)
class Change:
    """One metric of this window beside the reference."""

    metric: str
    status: Status
    n: int
    missing: int
    value: float | None
    """Mean, or share."""
    reference_n: int = 0
    reference_value: float | None = None
    test: str = ""
    p_value: float | None = None
    p_adjusted: float | None = None
    """After Holm's correction."""
    effect: float | None = None
    """Positive: more than in the reference. Cohen's d for numbers, Cohen's h for shares: .2 is small, .8 large."""
    effect_name: str = ""
    cliffs_delta: float | None = None
    distance: float | None = None
    """Wasserstein distance in standard deviations of the reference (numbers only)."""
    worse: Worse = "either"
    """The direction that is worse."""
    note: str = ""
    """What changed, where it is no single number."""

    @property
    def difference(self) -> float | None:
        """This window less the reference, in the metric's unit."""
        if self.value is None or self.reference_value is None:
            return None
        return self.value - self.reference_value

    def row(self) -> dict[str, Any]:
        """The change as one row of a table."""
        return {**asdict(self), "difference": self.difference}


def compare(
    current: Mapping[str, Values], reference: Mapping[str, Values], lower_is_better: Collection[str] = ()
) -> list[Change]:
    """Every metric of `current` beside `reference`; :func:`decide` gives the verdicts. NaN and infinities are missing.

    :param reference: A metric that is absent or empty here has no reference yet.
    :param lower_is_better: Metrics of the configuration of which less is better.
    """
    return [_compare(metric_of(name, lower_is_better), values, reference.get(name)) for name, values in current.items()]


def decide(changes: Sequence[Change], config: MonitorConfig) -> list[Change]:
    """Correct the p-values over all compared metrics, and tell what drifted."""
    adjusted = holm({change.metric: change.p_value for change in changes if change.p_value is not None})
    return [_decided(change, adjusted.get(change.metric), config) for change in changes]


def cohens_d(current: Values, reference: Values) -> float:
    """Difference of the means in pooled standard deviations (Cohen 1988); Cliff's delta where neither side varies."""
    n, m = len(current), len(reference)
    pooled = ((n - 1) * current.var(ddof=1) + (m - 1) * reference.var(ddof=1)) / (n + m - 2)
    difference = float(current.mean() - reference.mean())
    if pooled <= (1e-9 * max(1.0, abs(float(reference.mean())))) ** 2:
        return cliffs_delta(current, reference)
    return difference / float(np.sqrt(pooled))


def cliffs_delta(current: Values, reference: Values) -> float:
    """P(current > reference) - P(current < reference) (Cliff 1993)."""
    ordered = np.sort(reference)
    below = np.searchsorted(ordered, current, side="left")
    not_above = np.searchsorted(ordered, current, side="right")
    return float((below.sum() - (len(ordered) - not_above).sum()) / (len(current) * len(ordered)))


def cohens_h(share: float, reference: float) -> float:
    """Difference of two shares on the arcsine scale, where every share is equally precise (Cohen 1988)."""
    return float(2 * np.arcsin(np.sqrt(share)) - 2 * np.arcsin(np.sqrt(reference)))


def finite(values: Values | None) -> Values:
    """The values that are there."""
    if values is None:
        return np.empty(0)
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def share_test(current: Values, reference: Values) -> Literal["z", "fisher_exact"]:
    """The test for two shares: exact while an expected count is small."""
    share = float((current.sum() + reference.sum()) / (len(current) + len(reference)))
    smallest = min(share, 1 - share) * min(len(current), len(reference))
    return "z" if smallest >= SMALLEST_EXPECTED else "fisher_exact"


def fisher_p_value(current: Values, reference: Values) -> float:
    """Fisher's exact test of two samples of truth values."""
    from scipy.stats import fisher_exact

    hits, others = int(current.sum()), int(reference.sum())
    return float(fisher_exact(np.array([[hits, len(current) - hits], [others, len(reference) - others]])).pvalue)


def number_test(current: Values, reference: Values) -> Literal["ks", "mann_whitney"]:
    """The test for two samples of numbers: by ranks if they crowd on one value, where Kolmogorov-Smirnov is weak.

    Only the pooled values decide, so that the choice does not favour either outcome.
    """
    _, counts = np.unique(np.concatenate([current, reference]), return_counts=True)
    return "mann_whitney" if counts.max() > CROWDED * counts.sum() else "ks"


def rank_p_value(current: Values, reference: Values) -> float:
    """Mann-Whitney U test, normal approximation with correction for ties."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(current, reference, method="asymptotic").pvalue)


def on_scale(metric: Metric, values: Values) -> Values:
    """The values as they are compared."""
    return np.log(np.maximum(values, 0) + 1e-3) if metric.skewed else values


def _compare(metric: Metric, current: Values, reference: Values | None) -> Change:
    here, there = finite(current), finite(reference)
    change = Change(
        metric=metric.name,
        worse=metric.worse,
        status="no_reference" if not len(there) else "too_few",
        n=len(here),
        missing=len(current) - len(here),
        value=float(here.mean()) if len(here) else None,
        reference_n=len(there),
        reference_value=float(there.mean()) if len(there) else None,
    )
    if min(len(here), len(there)) < SMALLEST_SAMPLE:
        return change
    if min(here.min(), there.min()) == max(here.max(), there.max()):
        return replace(change, status="stable", effect=0.0)
    tested = _share_difference(here, there) if metric.kind == "share" else _shift(metric, here, there)
    return replace(change, status="stable", **tested)


def _share_difference(current: Values, reference: Values) -> dict[str, Any]:
    from scipy.stats import norm

    n, m, hits, others = len(current), len(reference), float(current.sum()), float(reference.sum())
    test = share_test(current, reference)
    if test == "z":
        pooled = (hits + others) / (n + m)
        z = (hits / n - others / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        p_value = 2 * float(norm.sf(abs(z)))
    else:
        p_value = fisher_p_value(current, reference)
    return {"test": test, "p_value": p_value, "effect": cohens_h(hits / n, others / m), "effect_name": "Cohen's h"}


def _shift(metric: Metric, current: Values, reference: Values) -> dict[str, Any]:
    from scipy.stats import ks_2samp, wasserstein_distance

    here, there = on_scale(metric, current), on_scale(metric, reference)
    test = number_test(here, there)
    spread = max(float(there.std()), 1e-3)
    return {
        "test": test,
        "p_value": float(ks_2samp(here, there).pvalue) if test == "ks" else rank_p_value(here, there),
        "effect": cohens_d(here, there),
        "effect_name": "Cohen's d",
        "cliffs_delta": cliffs_delta(here, there),
        "distance": float(wasserstein_distance(here, there)) / spread,
    }


def _decided(change: Change, p_adjusted: float | None, config: MonitorConfig) -> Change:
    if p_adjusted is None or change.effect is None:
        return change
    matters = abs(change.effect) >= config.minimum_effect and not _is_a_trifle(change, config)
    if p_adjusted >= config.alpha or not matters:
        return replace(change, status="stable", p_adjusted=p_adjusted)
    return replace(change, status=_direction(change, change.effect), p_adjusted=p_adjusted)


def _direction(change: Change, effect: float) -> Status:
    """What a real change means. Other questions than before are drift: nobody has judged answers to them."""
    if change.metric in OTHER_QUESTIONS:
        return "drifted"
    if change.worse == "either":
        return "changed"
    if (effect > 0) == (change.worse == "higher"):
        return "drifted"
    known = CATALOGUE.get(change.metric)
    return "improved" if known is None or known.good_otherwise else "changed"


def _is_a_trifle(change: Change, config: MonitorConfig) -> bool:
    """Whether a change is too small for anybody to notice."""
    if change.difference is None or change.metric not in CATALOGUE:
        return False
    slower = change.metric == "latency_seconds"
    least = config.minimum_latency_change_seconds if slower else CATALOGUE[change.metric].least
    return abs(change.difference) < least
