"""Drift: quiet without a change, loud with one, and never about trifles."""

import numpy as np
import pytest

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.drift import Change, cliffs_delta, cohens_d, cohens_h, compare, decide
from tasks_lib.monitoring.metrics import CATALOGUE

CONFIG = MonitorConfig()
Columns = dict[str, np.ndarray]


def week(seed: int, n: int, **changes: float) -> Columns:
    """Scores of `n` traces as an assistant in good health gives them."""
    rng = np.random.default_rng(seed)
    grounded = np.clip(rng.normal(0.85 + changes.get("groundedness", 0.0), 0.15, n), 0, 1)
    columns = {name: np.full(n, np.nan) for name in CATALOGUE}
    columns |= {
        "groundedness": grounded,
        "answer_relevance": np.clip(rng.normal(0.6, 0.15, n), -1, 1),
        "retrieval_score": rng.beta(8, 3, n),
        "coverage": rng.choice([0.25, 0.5, 0.75, 1.0], n, p=[0.05, 0.15, 0.3, 0.5]),
        "refused": (rng.random(n) < 0.12 + changes.get("refused", 0.0)).astype(float),
        "error": (rng.random(n) < 0.01 + changes.get("error", 0.0)).astype(float),
        "readability_grade": rng.normal(9, 3, n),
        "latency_seconds": rng.lognormal(-1, 0.5, n) * changes.get("slower", 1.0),
        "question_words": rng.poisson(9, n) + 1.0,
        "tokens": np.zeros(n),
    }
    return columns


def changes_of(current: Columns, reference: Columns, config: MonitorConfig = CONFIG) -> dict[str, Change]:
    return {change.metric: change for change in decide(compare(current, reference), config)}


def drifted(current: Columns, reference: Columns) -> list[str]:
    return [name for name, change in changes_of(current, reference).items() if change.status == "drifted"]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("traces", [50, 200, 1000])
def test_unchanged_traffic_stays_quiet(seed: int, traces: int) -> None:
    assert drifted(week(300 + seed, traces), week(1300 + seed, 4 * traces)) == []


@pytest.mark.parametrize(
    ("change", "metric"),
    [
        ({"groundedness": -0.2}, "groundedness"),
        ({"refused": 0.3}, "refused"),
        ({"error": 0.2}, "error"),
        ({"slower": 3}, "latency_seconds"),
    ],
)
def test_a_metric_that_got_worse_is_named(change: dict[str, float], metric: str) -> None:
    assert drifted(week(1, 200, **change), week(2, 800)) == [metric]


def test_a_trifle_is_no_drift_however_much_traffic_proves_it() -> None:
    change = changes_of(week(1, 20_000, groundedness=-0.01), week(2, 20_000))["groundedness"]
    assert change.p_adjusted is not None
    assert change.p_adjusted < 0.001
    assert change.status == "stable"


def test_a_change_for_the_better_is_no_drift() -> None:
    assert changes_of(week(1, 200, groundedness=0.12), week(2, 800))["groundedness"].status == "improved"


def test_a_slowdown_that_nobody_notices_is_no_drift() -> None:
    fast = {"latency_seconds": np.full(100, 0.02) + np.arange(100) / 1e5}
    slow = {"latency_seconds": np.full(100, 0.06) + np.arange(100) / 1e5}
    assert changes_of(slow, fast)["latency_seconds"].status == "stable"


def test_slightly_other_words_are_not_toxic() -> None:
    before = {"toxicity": np.linspace(0.040, 0.050, 100)}
    assert changes_of({"toxicity": before["toxicity"] + 0.015}, before)["toxicity"].status == "stable"
    assert drifted({"toxicity": before["toxicity"] + 0.03}, before) == ["toxicity"]


def test_drift_is_never_claimed_without_a_reference() -> None:
    changes = changes_of(week(1, 200, groundedness=-0.5), {})
    assert {change.status for change in changes.values()} == {"no_reference"}
    assert all(change.p_value is None for change in changes.values())


def test_few_values_and_empty_columns_are_not_compared() -> None:
    current, reference = week(1, 19), week(2, 200)
    assert changes_of(current, reference)["groundedness"].status == "too_few"
    empty = changes_of(current, reference)["cost"]
    assert (empty.n, empty.missing, empty.value, empty.status) == (0, 19, None, "no_reference")


def test_missing_and_infinite_values_are_left_out() -> None:
    current, reference = week(1, 100), week(2, 100)
    current["groundedness"][:10] = np.nan
    current["groundedness"][10:15] = np.inf
    change = changes_of(current, reference)["groundedness"]
    assert (change.n, change.missing) == (85, 15)
    assert change.value == pytest.approx(current["groundedness"][15:].mean())


def test_constant_columns_are_stable_and_cost_no_power() -> None:
    change = changes_of(week(1, 100), week(2, 100))["tokens"]
    assert (change.status, change.p_value, change.effect) == ("stable", None, 0.0)


def test_a_constant_that_moved_is_drift() -> None:
    assert drifted({"coverage": np.full(50, 0.2)}, {"coverage": np.full(50, 0.9)}) == ["coverage"]


def test_scores_that_crowd_on_one_value_are_compared_by_ranks() -> None:
    rng = np.random.default_rng(0)
    before, now = (rng.random(400) < 0.95).astype(float), (rng.random(60) < 0.7).astype(float)
    change = changes_of({"groundedness": now}, {"groundedness": before})["groundedness"]
    assert (change.test, change.status) == ("mann_whitney", "drifted")


def test_effect_sizes_are_the_published_ones() -> None:
    low, high = np.array([1.0, 2, 3]), np.array([2.0, 3, 4])
    assert cohens_d(high, low) == pytest.approx(1.0)
    assert cliffs_delta(high, low) == pytest.approx(5 / 9)
    assert cohens_h(0.5, 0.25) == pytest.approx(np.pi / 6)
