"""The comparison, checked by simulation."""

import numpy as np
import pytest

from tasks_lib.gate.statistics import bounds, holm, p_value_of_loss, questions_to_settle

MARGIN = 0.05
ASKED = {"confidence": 0.95, "resamples": 1000, "seed": 0}


def pairs(rng: np.random.Generator, questions: int, discordance: float, loss: float) -> list[float]:
    """Differences of two right-or-wrong versions whose true loss is `loss`."""
    won = (discordance - loss) / 2
    drawn = rng.choice([1.0, -1.0, 0.0], size=questions, p=[won, discordance - won, 1 - discordance])
    return [float(value) for value in drawn]


def promoted_share(questions: int, discordance: float, loss: float, simulations: int = 200) -> float:
    rng = np.random.default_rng(11)
    promoted = sum(
        bounds(pairs(rng, questions, discordance, loss), **ASKED).lower >= -MARGIN for _ in range(simulations)
    )
    return promoted / simulations


@pytest.mark.parametrize("discordance", [0.1, 0.3])
def test_a_true_loss_of_the_margin_is_rarely_promoted(discordance: float) -> None:
    assert promoted_share(200, discordance, MARGIN) <= 0.06


def test_an_equal_version_is_usually_promoted_with_enough_questions() -> None:
    assert promoted_share(500, 0.1, 0.0, simulations=40) > 0.8


def test_a_version_worse_by_fifteen_points_is_never_promoted() -> None:
    assert promoted_share(60, 0.3, 0.15, simulations=50) == 0


def test_identical_pairs_give_finite_bounds_that_narrow_with_the_questions() -> None:
    few, many = (bounds([0.0] * questions, **ASKED) for questions in (20, 200))
    assert few.lower < -MARGIN < many.lower <= 0 <= many.upper
    assert few.mean == 0


def test_the_same_seed_gives_the_same_bounds() -> None:
    differences = pairs(np.random.default_rng(1), 60, 0.3, 0.0)
    assert bounds(differences, **ASKED) == bounds(differences, **ASKED)


def test_a_loss_within_the_margin_is_no_evidence_of_loss() -> None:
    assert p_value_of_loss([-0.05] * 40, 0.1, resamples=1000, seed=0) == 1.0


def test_a_large_loss_is_evidence_and_a_noisy_one_is_not() -> None:
    clear = p_value_of_loss([-1.0] * 25 + [0.0] * 25, 0.1, resamples=1000, seed=0)
    noisy = p_value_of_loss([-1.0] * 8 + [0.0] * 42, 0.1, resamples=1000, seed=0)
    assert clear < 0.01
    assert noisy > 0.05


def test_holm_adjusts_step_down_and_keeps_the_order() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert adjusted == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}


def test_closer_calls_need_more_questions() -> None:
    near = questions_to_settle([1.0] * 5 + [-1.0] * 7 + [0.0] * 48, MARGIN, 0.95)
    far = questions_to_settle([1.0] * 5 + [-1.0] * 5 + [0.0] * 50, MARGIN, 0.95)
    assert near is not None
    assert far is not None
    assert near > far > 60


def test_a_difference_at_the_margin_is_never_settled() -> None:
    assert questions_to_settle([-1.0] + [0.0] * 19, MARGIN, 0.95) is None
