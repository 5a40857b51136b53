"""Drift of the mix of languages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.drift import SMALLEST_SAMPLE, decide
from tasks_lib.monitoring.languages import compare_languages, languages_p_value

CONFIG = MonitorConfig()
SPOKEN = st.lists(st.sampled_from(["en", "de", "es", "zh", "ar", None]), max_size=80)


@given(now=SPOKEN, before=SPOKEN)
def test_any_two_windows_are_compared(now: list[str | None], before: list[str | None]) -> None:
    change = compare_languages(now, before)
    told = [len([name for name in side if name]) for side in (now, before)]
    assert (change.n, change.reference_n, change.missing) == (*told, len(now) - told[0])
    if min(told) < SMALLEST_SAMPLE:
        assert (change.status, change.p_value) == ("too_few" if told[1] else "no_reference", None)
    else:
        assert change.p_value is None or 0 < change.p_value <= 1
        assert change.effect is not None
        assert change.effect >= 0


@given(now=SPOKEN)
def test_the_same_mix_never_drifts(now: list[str | None]) -> None:
    (change,) = decide([compare_languages(now, now[::-1])], CONFIG)
    assert change.status in {"stable", "too_few", "no_reference"}
    assert not change.effect


def test_a_new_language_is_drift_whoever_else_asks() -> None:
    before = ["en"] * 90 + ["de"] * 10
    (change,) = decide([compare_languages(["en"] * 60 + ["de"] * 10 + ["pl"] * 30, before)], CONFIG)
    assert change.status == "drifted"
    assert change.note.startswith("pl 0% to 30%")
    assert "de" not in change.note


def test_chance_is_accused_as_rarely_as_it_should_be() -> None:
    rng = np.random.default_rng(1)
    shares, names = [0.9, 0.06, 0.03, 0.01], ["en", "de", "es", "zh"]
    draws = [[list(rng.choice(names, size, p=shares)) for size in (60, 200)] for _ in range(200)]
    accused = [languages_p_value(*draw, seed=seed)[0] for seed, draw in enumerate(draws)]
    assert 0 < np.mean([p is not None and p < 0.05 for p in accused]) <= 0.09  # 5 % by three standard errors


def test_drawn_tables_agree_with_the_exact_test() -> None:
    p_value, test = languages_p_value(["en"] * 38 + ["de"] * 2, ["en"] * 40)
    assert test == "chi_square_drawn"
    assert p_value == pytest.approx(fisher_exact([[38, 2], [40, 0]]).pvalue, abs=0.04)
