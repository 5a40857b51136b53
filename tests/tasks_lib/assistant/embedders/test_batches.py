"""Texts of like length are computed together."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.embedders.batches import batches_of_like_length

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


def cost(lengths: list[int], batches: list[list[int]], run: int) -> int:
    return sum(run + max(lengths[position] for position in batch) * len(batch) for batch in batches)


@given(LENGTHS, st.integers(1, 600), st.integers(0, 50))
def test_every_text_is_in_one_batch_none_is_too_large_and_the_longest_come_first(
    lengths: list[int], largest: int, run: int
) -> None:
    batches = batches_of_like_length(lengths, largest=largest, run=run)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[position] for position in batch) * len(batch) <= largest
    inside = [lengths[position] for batch in batches for position in batch]
    assert all(one >= other for one, other in pairwise(inside))


@given(LENGTHS, st.integers(1, 600), st.integers(0, 50), st.data())
def test_no_other_division_of_the_texts_costs_less(
    lengths: list[int], largest: int, run: int, data: st.DataObject
) -> None:
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    other: list[list[int]] = []
    for position in order:
        joins = bool(other) and lengths[other[-1][0]] * (len(other[-1]) + 1) <= largest and data.draw(st.booleans())
        other[-1].append(position) if joins else other.append([position])
    batches = batches_of_like_length(lengths, largest=largest, run=run)
    assert cost(lengths, batches, run) <= cost(lengths, other, run)


def test_texts_of_two_lengths_are_two_batches_and_nearly_alike_ones_are_one() -> None:
    assert batches_of_like_length([10, 100, 11, 101], largest=512, run=20) == [[3, 1], [2, 0]]
    assert batches_of_like_length([10, 11, 12], largest=512, run=20) == [[2, 1, 0]]
    assert batches_of_like_length([], largest=512, run=20) == []
