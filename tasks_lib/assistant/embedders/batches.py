"""Which texts are computed together: those of like length, so that little is spent on padding."""

from collections.abc import Sequence


def batches_of_like_length(lengths: Sequence[int], *, largest: int, run: int) -> list[list[int]]:
    """Positions of `lengths`, longest first, in the batches that cost least, padding included.

    :param lengths: In tokens.
    :param largest: Tokens of a batch, padding included; a longer text is a batch of its own.
    :param run: What a batch costs in itself, in tokens.
    """
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    longest_first = [lengths[position] for position in order]
    cost, begins = [0], [0]  # of the best batches for the first texts, and where the last of these begins
    for end in range(1, len(order) + 1):
        best, begin = _last_batch(longest_first, cost, end, largest, run)
        cost.append(best)
        begins.append(begin)
    batches: list[list[int]] = []
    end = len(order)
    while end:
        batches.append(order[begins[end] : end])
        end = begins[end]
    return batches[::-1]


def _last_batch(lengths: Sequence[int], cost: Sequence[int], end: int, largest: int, run: int) -> tuple[int, int]:
    """Least cost of the first `end` texts, and where their last batch begins."""
    best, begin = cost[end - 1] + run + lengths[end - 1], end - 1
    for first in range(end - 2, -1, -1):
        padded = lengths[first] * (end - first)
        if padded > largest:
            break
        if cost[first] + run + padded < best:
            best, begin = cost[first] + run + padded, first
    return best, begin
