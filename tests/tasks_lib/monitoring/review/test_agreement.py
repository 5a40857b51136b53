"""Agreement of several people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.monitoring.review.agreement import agreement, krippendorff_alpha
from tasks_lib.registry.labels import VERDICTS, Label

UNITS = st.lists(st.lists(st.sampled_from(VERDICTS), max_size=5), max_size=30)


def test_alpha_of_the_published_example() -> None:
    """Krippendorff (2011), example C: four observers, twelve units, nominal values."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[value for value in unit if value is not None] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=0.001)


@given(UNITS)
def test_alpha_is_at_most_one_and_the_order_of_people_and_units_does_not_matter(units: list[list[str]]) -> None:
    alpha = krippendorff_alpha(units)
    turned = krippendorff_alpha([unit[::-1] for unit in units[::-1]])
    assert alpha == turned or (alpha is not None and turned == pytest.approx(alpha))
    assert alpha is None or alpha <= 1
    same = all(len(set(unit)) == 1 for unit in units if len(unit) > 1)
    assert alpha is None or (alpha == 1) == same


def test_people_who_contradict_each_other_agree_less_than_by_chance() -> None:
    assert (krippendorff_alpha([["right", "wrong"]] * 10) or 0) < 0
    assert krippendorff_alpha([["right", "right"]] * 10) is None


def test_labels_are_counted_by_answer_and_person() -> None:
    said = {
        "a": [Label("a", "ada", "right"), Label("a", "bo", "right")],
        "b": [Label("b", "ada", "wrong"), Label("b", "bo", "right")],
        "c": [Label("c", "ada", "wrong")],
        "d": [Label("d", "ada", "wrong"), Label("d", "bo", "wrong")],
    }
    found = agreement(said)
    assert (found.labels, found.answers, found.reviewers, found.shared, found.contested) == (7, 4, ["ada", "bo"], 3, 1)
    assert "Krippendorff's alpha 0.44 over 3 shared answers, 1 contested" in found.reason
    assert "unknown until two people" in agreement({}).reason
