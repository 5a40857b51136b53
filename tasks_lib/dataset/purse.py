"""What the calls of a language model may cost together: a call that could exceed it is not made."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.providers.tokens import approximate_token_spans
from tasks_lib.assistant.providers.usage import ModelPrice
from tasks_lib.errors import BudgetError


@dataclass(frozen=True)
class Tariff:
    """What a model's calls cost.

    :param longest: Tokens of its longest reply.
    """

    price: ModelPrice
    longest: int

    def at_most(self, messages: Iterable[ChatMessage]) -> float:
        """What a call with these messages may cost: a reply as long as can be."""
        return self.price.of(tokens_of(messages), self.longest)


class Purse:
    """Money for the calls of several threads.

    :param budget: In the currency of the provider's prices.
    """

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._spent = 0.0
        self._reserved = 0.0
        self._lock = Lock()

    @property
    def spent(self) -> float:
        """What the calls cost that have ended; one that failed counts with what it could have cost."""
        return self._spent

    @contextmanager
    def paying(self, most: float) -> Iterator[list[ChatMessage]]:
        """Make one call inside, and put its replies into the list: they tell what it cost.

        :param most: What the call may cost.
        :raises BudgetError: Before the call, if all that is under way could then cost more than the budget.
        """
        with self._lock:
            if self._spent + self._reserved + most > self.budget:
                raise BudgetError(
                    f"the making of questions ends after a cost of {self._spent:g}: another call could exceed "
                    f"dataset.budget={self.budget:g}",
                    hint="Run it again, with a larger budget or a smaller dataset.size: what was paid for is kept.",
                )
            self._reserved += most
        replies: list[ChatMessage] = []
        try:
            yield replies
        finally:
            with self._lock:
                self._reserved -= most
                self._spent += _cost(replies, most)


def tokens_of(messages: Iterable[ChatMessage]) -> int:
    """About how many tokens a model reads; rather more than less."""
    return sum(len(approximate_token_spans(message.text or "")) for message in messages)


def tariff_of(generator: Any) -> Tariff | None:
    """What a chat generator's calls cost; `None` where nobody knows, because the provider's block has no price."""
    price = getattr(generator, "price", None)
    if price is None:
        return None
    return Tariff(price, int(generator.longest_reply))


def _cost(replies: list[ChatMessage], most: float) -> float:
    costs = [(reply.meta.get("usage") or {}).get("cost") for reply in replies]
    known = [float(cost) for cost in costs if cost is not None]
    return sum(known) if known else most
