"""Money for calls: however many threads make them, they never cost more than the budget together."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from haystack.dataclasses import ChatMessage
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.dataset.purse import Purse
from tasks_lib.errors import BudgetError

CALLS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted), max_size=30)
"""What each call costs, and what it could have cost."""


def reply(cost: float | None) -> ChatMessage:
    return ChatMessage.from_assistant("a", meta={"usage": {"cost": cost}})


@given(budget=st.integers(0, 200), calls=CALLS, threads=st.integers(1, 4))
def test_calls_never_cost_more_than_the_budget(budget: int, calls: list[list[int]], threads: int) -> None:
    purse = Purse(budget)

    def call(costs: list[int]) -> int:
        try:
            with purse.paying(costs[1]) as replies:
                replies.append(reply(costs[0]))
        except BudgetError:
            return 0
        return costs[0]

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(call, calls)) == purse.spent <= budget


def test_a_call_that_tells_no_cost_counts_with_what_it_could_have_cost() -> None:
    purse = Purse(10)
    with pytest.raises(OSError, match="gone"), purse.paying(4):
        raise OSError("gone")
    with purse.paying(4) as replies:
        replies.append(reply(None))
    assert purse.spent == 8
    with pytest.raises(BudgetError, match="could exceed dataset.budget=10"), purse.paying(3):
        pytest.fail("it was called")
