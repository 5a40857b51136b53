"""The judge's mean as people's labels correct it, checked by simulation and at its edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.gate.prediction_powered import LEAST_LABELS, CorrectedEstimate, corrected, ranked_rightly

RIGHT = 0.75


def drawn(rng: np.random.Generator, judge: str, answers: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores by a judge that errs on one answer in ten."""
    labels = (rng.random(answers) < RIGHT).astype(float)
    errs = rng.random(answers) < 0.1
    scores = {
        "unbiased": np.where(errs, 1 - labels, labels),
        "flatters": np.where((labels == 0) & (rng.random(answers) < 0.4), 1.0, labels),
        "graded": np.clip(labels * 0.6 + 0.2 + rng.normal(0, 0.15, answers), 0, 1),
        "noise": rng.random(answers),
    }
    return labels, scores[judge]


def estimate(labels: np.ndarray, scores: np.ndarray, count: int = 100) -> CorrectedEstimate:
    pairs = list(zip(scores[:count].tolist(), labels[:count].tolist(), strict=True))
    return corrected("judge_correctness", pairs, scores[count:].tolist())


@pytest.mark.parametrize("judge", ["unbiased", "flatters", "graded", "noise"])
def test_the_interval_covers_the_truth_about_as_often_as_it_says_whatever_the_judge(judge: str) -> None:
    rng = np.random.default_rng(4)
    found = [estimate(*drawn(rng, judge)) for _ in range(400)]
    usable = [each for each in found if each.standing == "corrected"]
    covered = np.mean([(each.lower or 0) <= RIGHT <= (each.upper or 1) for each in usable])
    assert 0.91 <= covered <= 0.985


def test_a_good_judge_narrows_the_interval_and_its_bias_is_taken_out() -> None:
    labels, scores = drawn(np.random.default_rng(1), "flatters")
    alone, both = estimate(labels[:100], scores[:100]), estimate(labels, scores)
    assert both.judge_mean - RIGHT > 0.07
    assert abs((both.estimate or 0) - RIGHT) < 0.07
    assert (both.upper or 0) - (both.lower or 0) < 0.85 * ((alone.upper or 0) - (alone.lower or 0))
    assert both.more_labels
    assert f"{both.more_labels} more labels would halve the interval" in both.reason


def test_so_many_more_labels_do_halve_the_interval() -> None:
    labels, scores = drawn(np.random.default_rng(2), "unbiased", answers=8000)
    before = estimate(labels, scores)
    after = estimate(labels, scores, 100 + (before.more_labels or 0))
    width = [(each.upper or 0) - (each.lower or 0) for each in (before, after)]
    assert width[1] / width[0] == pytest.approx(0.5, abs=0.1)


def test_a_judge_without_use_leaves_the_labels_alone() -> None:
    labels, scores = drawn(np.random.default_rng(3), "noise")
    found = corrected("j", list(zip(scores[:100], labels[:100], strict=True)), scores[100:].tolist())
    assert found.standing == "refused" or (found.weight or 0) < 0.3


@pytest.mark.parametrize("say", ["always yes", "always no", "the contrary"])
def test_a_judge_no_better_than_chance_is_refused(say: str) -> None:
    labels, _ = drawn(np.random.default_rng(5), "unbiased")
    scores = {"always yes": np.ones(600), "always no": np.zeros(600), "the contrary": 1 - labels}[say]
    found = estimate(labels, scores, 40)
    assert (found.standing, found.estimate) == ("refused", None)
    assert "no better than chance" in found.reason


def test_too_few_labels_correct_nothing_and_it_says_so() -> None:
    labels, scores = drawn(np.random.default_rng(6), "unbiased")
    found = estimate(labels, scores, LEAST_LABELS - 1)
    assert (found.standing, found.estimate) == ("unlabelled", None)
    assert "the judge's word alone" in found.reason
    assert estimate(labels, scores, 0).labels == 0


def test_labels_of_other_versions_say_how_far_the_judge_errs_not_how_good_this_one_is() -> None:
    labels, scores = drawn(np.random.default_rng(7), "unbiased", answers=2000)
    poor = (np.random.default_rng(8).random(2000) < 0.4).astype(float)
    pairs = list(zip(scores[:300].tolist(), labels[:300].tolist(), strict=True))
    found = corrected("judge_correctness", pairs, poor.tolist(), weight=1.0)
    assert (found.weight, found.answers, found.foreign) == (1.0, 2000, True)
    assert abs((found.estimate or 0) - 0.4) < 0.1
    assert "on other versions" in found.reason


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), max_size=60),
    st.lists(st.floats(0, 1), max_size=60),
)
def test_whatever_people_and_judge_say_the_estimate_lies_in_its_interval(
    labelled: list[tuple[float, float]], others: list[float]
) -> None:
    found = corrected("j", labelled, others)
    assert found.answers == len(labelled) + len(others)
    assert (found.standing == "unlabelled") == (len(labelled) < LEAST_LABELS)
    if found.standing == "corrected":
        assert None not in (found.estimate, found.lower, found.upper)
        assert 0 <= (found.lower or 0) <= (found.estimate or 0) <= (found.upper or 0) <= 1
    assert found.reason


def test_ranking_is_the_share_of_pairs_in_the_right_order() -> None:
    labels = np.array([1.0, 1.0, 0.0, 0.0])
    assert ranked_rightly(np.array([0.9, 0.4, 0.4, 0.1]), labels) == pytest.approx(3.5 / 4)
    assert ranked_rightly(np.ones(4), labels) == 0.5
    assert ranked_rightly(np.ones(4), np.ones(4)) is None
