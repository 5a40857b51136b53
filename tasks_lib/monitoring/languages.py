"""Languages of the questions, and drift of their mix."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks_lib.monitoring.drift import SMALLEST_EXPECTED, SMALLEST_SAMPLE, Change, Status, cohens_h
from tasks_lib.monitoring.metrics import QUESTION_LANGUAGES
from tasks_lib.monitoring.traces import TraceRecord, Traffic
from tasks_lib.text.languages import language_of

LEAST_QUESTIONS, LEAST_SHARE = 3, 0.05
"""Questions, and their share, from which a language counts in a mix."""
PERMUTATIONS = 1999
SHOWN = 3
"""Languages that a change names."""

Languages = Sequence[str | None]
"""ISO 639-1 of each question; `None` where it cannot be told."""


def language_of_record(record: TraceRecord) -> str | None:
    """The language of a question; of its answer where that tells it better."""
    return told_language(record.question, record.response)


def told_language(question: str, response: str) -> str | None:
    """As :func:`language_of_record`, of texts."""
    return language_of(question) or language_of(response)


def languages_of(traffic: Traffic) -> dict[str, int]:
    """Language (ISO 639-1) → questions in it, the commonest first; those that cannot be told are left out."""
    told = map(language_of_record, traffic.records)
    return dict(Counter(filter(None, told)).most_common())


def languages_in_mix(found: dict[str, int]) -> dict[str, int]:
    """Those of `found` (language → questions) that are no exception."""
    least = max(LEAST_QUESTIONS, LEAST_SHARE * sum(found.values()))
    return {name: count for name, count in found.items() if count >= least}


def compare_languages(current: Languages, reference: Languages, *, seed: int = 0) -> Change:
    """The mix of languages beside the reference's: chi-square, and the largest Cohen's h of any language."""
    here, there = [name for name in current if name], [name for name in reference if name]
    n, m = len(here), len(there)
    status: Status = "too_few" if m else "no_reference"
    unchanged = Change(QUESTION_LANGUAGES.name, status, n, len(current) - n, None, m)
    if min(n, m) < SMALLEST_SAMPLE:
        return unchanged
    shares = {name: (here.count(name) / n, there.count(name) / m) for name in {*here, *there}}
    sizes = {name: abs(cohens_h(now, before)) for name, (now, before) in shares.items()}
    p_value, test = languages_p_value(here, there, seed=seed)
    most = sorted(sizes, key=lambda name: (-sizes[name], name))[:SHOWN]
    return Change(
        metric=QUESTION_LANGUAGES.name,
        status="stable",
        n=n,
        missing=len(current) - n,
        value=None,
        reference_n=m,
        test=test,
        p_value=p_value,
        effect=max(sizes.values()),
        effect_name="Cohen's h",
        note=", ".join(f"{name} {shares[name][1]:.0%} to {shares[name][0]:.0%}" for name in most if sizes[name]),
    )


def languages_p_value(current: Sequence[str], reference: Sequence[str], *, seed: int = 0) -> tuple[float | None, str]:
    """p-value of Pearson's chi-square test of homogeneity, and the test's name; `None` if all are in one language.

    Where an expected count is below :data:`SMALLEST_EXPECTED`, tables with the same margins are drawn instead: the
    smallest p-value is then 1 / (:data:`PERMUTATIONS` + 1).
    """
    from scipy.stats import MonteCarloMethod, chi2_contingency
    from scipy.stats.contingency import expected_freq

    table = _counts(current, reference)
    if table.shape[1] < 2:
        return None, ""
    if expected_freq(table).min() >= SMALLEST_EXPECTED:
        return float(chi2_contingency(table, correction=False).pvalue), "chi_square"
    drawn = MonteCarloMethod(n_resamples=PERMUTATIONS, rng=np.random.default_rng(seed))
    return float(chi2_contingency(table, correction=False, method=drawn).pvalue), "chi_square_drawn"


def _counts(current: Sequence[str], reference: Sequence[str]) -> NDArray[np.int64]:
    """Two rows, a column for each language."""
    sides = [Counter(side) for side in (current, reference)]
    names = sorted({*sides[0], *sides[1]})
    return np.array([[side[name] for name in names] for side in sides], dtype=np.int64)
