"""Levels of looks, against published boundaries and by simulated random walks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tasks_lib.gate.spending import Spending, levels, looks, looks_beyond, shares_of, spent

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
SPENDINGS: tuple[Spending, ...] = ("obrien-fleming", "pocock")


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        ("obrien-fleming", [4.877, 3.357, 2.680, 2.290, 2.031]),
        ("pocock", [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_the_boundaries_are_those_that_are_published(spending: Spending, published: list[float]) -> None:
    """Five equal looks at a one-sided 2.5 %, as in the tables of Lan & DeMets's method (e.g. of the program `ld98`)."""
    found = [float(norm.isf(level)) for level in levels(FIVE, 0.025, spending)]
    assert found == pytest.approx(published, abs=0.002)


def test_one_look_is_the_fixed_design() -> None:
    assert levels((1.0,), 0.05, "pocock") == pytest.approx((0.05,))


@st.composite
def designs(draw: st.DrawFn) -> tuple[tuple[float, ...], float, Spending]:
    parts = draw(st.lists(st.integers(1, 20), min_size=1, max_size=5))
    shares = tuple(float(share) for share in np.cumsum(parts) / sum(parts))
    return shares, draw(st.sampled_from([0.01, 0.025, 0.05, 0.1])), draw(st.sampled_from(SPENDINGS))


@settings(max_examples=15, deadline=None)
@given(designs())
def test_random_walks_cross_any_boundary_as_seldom_as_asked(design: tuple[tuple[float, ...], float, Spending]) -> None:
    shares, error, spending = design
    bounds = norm.isf(levels(shares, error, spending))
    rng = np.random.default_rng(5)
    walks = np.cumsum(rng.normal(size=(40_000, len(shares))) * np.sqrt(np.diff(shares, prepend=0.0)), axis=1)
    crossed = (walks / np.sqrt(shares) >= bounds).any(axis=1).mean()
    assert crossed == pytest.approx(error, abs=4 * np.sqrt(error / 40_000))


@settings(max_examples=10, deadline=None)
@given(designs(), st.floats(0.3, 0.95))
def test_a_walk_that_ends_early_because_nothing_is_left_to_ask_errs_as_seldom(
    design: tuple[tuple[float, ...], float, Spending], end: float
) -> None:
    planned, error, spending = design
    shares = (*(share for share in planned if share < end), end)
    found = levels(shares, error, spending)
    assert found[:-1] == pytest.approx(levels(planned, error, spending)[: len(shares) - 1])
    rng = np.random.default_rng(6)
    walks = np.cumsum(rng.normal(size=(40_000, len(shares))) * np.sqrt(np.diff(shares, prepend=0.0)), axis=1)
    crossed = (walks / np.sqrt(shares) >= norm.isf(found)).any(axis=1).mean()
    assert crossed == pytest.approx(error, abs=4 * np.sqrt(error / 40_000))


@given(st.integers(2, 400), st.integers(1, 400), st.integers(1, 20), st.integers(2, 200))
def test_it_is_looked_once_when_the_set_was_asked_and_when_all_was(
    questions: int, more: int, count: int, least: int
) -> None:
    sizes = looks_beyond(questions, questions + more, count, least)
    assert {questions, questions + more} <= set(sizes)
    assert all(before < after for before, after in pairwise(sizes))
    assert len(sizes) <= count + 1


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(SPENDINGS))
def test_what_is_spent_rises_to_the_whole_error(one: float, other: float, spending: Spending) -> None:
    first, second = sorted((one, other))
    assert 0 <= spent(first, 0.05, spending) <= spent(second, 0.05, spending) <= 0.05
    assert (spent(0.0, 0.05, spending), spent(1.0, 0.05, spending)) == (0.0, 0.05)


def test_a_look_whose_tail_cannot_be_resolved_leaves_its_error_to_the_next() -> None:
    exact, coarse = (levels((0.25, 0.5, 0.75, 1.0), 0.05, "obrien-fleming", least) for least in (0.0, 0.003))
    assert 0 < exact[0] < 0.003
    assert coarse[0] == 0
    assert all(later >= before for later, before in zip(coarse[1:], exact[1:], strict=True))


@given(st.integers(2, 3000), st.integers(1, 20), st.integers(2, 200))
def test_looks_grow_to_all_questions_and_none_comes_too_early(questions: int, count: int, least: int) -> None:
    sizes = looks(questions, count, least)
    assert sizes[-1] == questions
    assert 1 <= len(sizes) <= count
    assert all(before < after for before, after in pairwise(sizes))
    assert all(size >= least for size in sizes[:-1])
    assert shares_of(sizes)[-1] == 1.0
