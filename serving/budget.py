"""A budget for a calendar month: what would exceed it is refused until the month ends."""

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from typing import Any

from serving.openai import OpenAIError
from tasks_lib.registry.spending import NOTHING, SpendingFile, Spent, month_of, next_month

WRITE_SECONDS = 1.0
"""Answers are written together so long after the first of them: what a killed endpoint forgets at most."""
LOOK_SECONDS = 5.0
"""After which it is looked what other replicas have spent."""
QUOTA = "insufficient_quota"
"""OpenAI's code for it: clients ask somebody for money instead of trying again."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MonthlyLimits:
    """What the answers of one assistant may take in a month, whoever asks.

    :param tokens: That language models read and write.
    :param cost: In the currency of the provider's prices.
    """

    tokens: int | None = None
    cost: float | None = None

    def __bool__(self) -> bool:
        return self.tokens is not None or self.cost is not None

    def reached(self, expected: Spent) -> str:
        """Which of the two would be exceeded, with its value; empty if none."""
        if self.tokens is not None and expected.tokens > self.tokens:
            return f"{self.tokens:,} tokens"
        if self.cost is not None and expected.cost > self.cost:
            return f"a cost of {self.cost:g}"
        return ""


class MonthlyBudget:
    """Counts each assistant's answers of the month, with those of other endpoints of the home.

    An answer is taken for as dear as the mean of the month. A file that cannot be used takes the budget down to that of
    this process, not the endpoint.

    :param file: Where all endpoints of the home count.
    """

    def __init__(self, limits: MonthlyLimits, file: SpendingFile) -> None:
        self.limits = limits
        self._file = file
        self._month = ""
        self._known: dict[str, Spent] = {}
        self._unwritten: dict[str, Spent] = {}
        self._writing: dict[str, Spent] = {}
        self._under_way: Counter[str] = Counter()
        self._looked_at = 0.0
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._finalizer: Finalize | None = None

    def spent(self, assistant: str) -> Spent:
        """In this month, as far as is known here."""
        if self._month != month_of(_now()):
            return NOTHING
        parts = (self._known, self._writing, self._unwritten)
        return sum((part.get(assistant, NOTHING) for part in parts), NOTHING)

    def read(self, assistant: str) -> Spent:
        """In this month, by the file and what is not written yet; for whoever asks from another thread."""
        try:
            written = self._file.read(month_of(_now()))
        except sqlite3.Error:
            return self.spent(assistant)
        return written.get(assistant, NOTHING) + self._unwritten.get(assistant, NOTHING)

    @asynccontextmanager
    async def answering(self, assistant: str) -> AsyncIterator[None]:
        """One answer.

        :raises OpenAIError: 429 if it would exceed the budget.
        """
        if self.limits:
            await self._look()
            self._require(assistant)
        self._under_way[assistant] += 1
        try:
            yield
        finally:
            self._under_way[assistant] -= 1

    def count(self, assistant: str, used: Mapping[str, Any]) -> None:
        """Count what an answer took; it is written later, together with others.

        :param used: `input_tokens`, `output_tokens` and `cost`, as far as they are known.
        """
        if not self.limits:
            return
        tokens = int(used.get("input_tokens") or 0) + int(used.get("output_tokens") or 0)
        one = Spent(1, tokens, float(used.get("cost") or 0.0))
        self._unwritten[assistant] = self._unwritten.get(assistant, NOTHING) + one
        self._soon(WRITE_SECONDS)
        if self._finalizer is None:  # in the process that answers, which LitServe has forked
            self._finalizer = Finalize(None, self._write_rest, exitpriority=0)

    def _write_rest(self) -> None:
        """Before the process ends by itself."""
        with suppress(sqlite3.Error):
            self._file.exchange(month_of(_now()), self._unwritten)
            self._unwritten = {}

    def _require(self, assistant: str) -> None:
        spent, now = self.spent(assistant), _now()
        more = (self._under_way[assistant] + 1) / max(spent.answers, 1)
        expected = Spent(tokens=spent.tokens + round(spent.tokens * more), cost=spent.cost * (1 + more))
        if why := self.limits.reached(expected):
            ends = next_month(now)
            raise OpenAIError(
                429,
                f"The budget of this month is used up: {why}. Questions are answered again from "
                f"{ends:%Y-%m-%d %H:%M} UTC on.",
                code=QUOTA,
                headers={"Retry-After": str(int((ends - now).total_seconds()) + 1), "x-should-retry": "false"},
            )

    async def _look(self) -> None:
        """Know what was spent before the first answer of a month; later, look now and then without waiting."""
        if self._month != month_of(_now()):
            async with self._lock:
                if self._month != month_of(_now()):
                    await self._exchange()
        elif time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._soon(0)

    def _soon(self, seconds: float) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later(seconds))

    async def _later(self, seconds: float) -> None:
        """Write what was answered; go on as long as something was meanwhile."""
        while True:
            await asyncio.sleep(seconds)
            async with self._lock:
                written = await self._exchange()
            if written and not self._unwritten:
                return
            seconds = WRITE_SECONDS if written else LOOK_SECONDS

    async def _exchange(self) -> bool:
        """Whether it was written; the lock is held. What was answered just before midnight counts for the new month."""
        month = month_of(_now())
        if month != self._month:
            self._month, self._known = month, {}
        self._writing, self._unwritten = self._unwritten, {}
        try:
            self._known = await asyncio.to_thread(self._file.exchange, month, self._writing)
        except sqlite3.Error as error:
            logger.warning("the month's budget cannot be shared (%s): this replica counts for itself", error)
            for assistant, one in self._writing.items():
                self._unwritten[assistant] = self._unwritten.get(assistant, NOTHING) + one
            return False
        finally:
            self._writing, self._looked_at = {}, time.monotonic()
        return True


def _now() -> datetime:
    return datetime.now(UTC)
