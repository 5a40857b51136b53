"""Answers of one assistant, counted in the metrics, against the client's rate limits and the month's budget."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request

from serving.answers import Answers
from serving.budget import MonthlyBudget
from serving.limits import RateLimits
from serving.logs import identify
from serving.metrics import AssistantMetrics


class CountedAnswers:
    """:class:`Answers`, counted.

    :param assistant: Whose answers they are.
    :param on_trace: Called with the id of each answer's trace, and the pseudonym of who asked.
    """

    def __init__(
        self,
        assistant: str,
        answers: Answers,
        metrics: AssistantMetrics,
        limits: RateLimits,
        budget: MonthlyBudget,
        on_trace: Callable[[str, str], None],
    ) -> None:
        self._assistant = assistant
        self._answers = answers
        self._metrics = metrics
        self._limits = limits
        self._budget = budget
        self._on_trace = on_trace

    async def events(
        self, request: Request, route: str, messages: list[dict[str, str]], where: list[str]
    ) -> AsyncIterator[dict[str, Any]]:
        """As :meth:`Answers.events`.

        :param route: Under which they are counted.
        :raises HTTPException: 429 as well if the answer would exceed the month's budget.
        """
        events = self._within_budget(request, messages, where)
        async for event in self._metrics.observed(route, events):
            if "answer" in event:
                identify(request.scope["state"], event["answer"])
                if event["answer"].get("trace_id"):
                    self._on_trace(event["answer"]["trace_id"], request.state.caller)
                used = event["answer"].get("usage") or {}
                tokens = used.get("input_tokens", 0) + used.get("output_tokens", 0)
                await self._limits.count_tokens(request.state.holder, tokens)
                self._budget.count(self._assistant, used)
            yield event

    async def _within_budget(
        self, request: Request, messages: list[dict[str, str]], where: list[str]
    ) -> AsyncIterator[dict[str, Any]]:
        async with self._budget.answering(self._assistant):
            async for event in self._answers.events(request, messages, where):
                yield event


async def answer_of(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any] | None:
    """The answer at the end of `events`; `None` where the client left before."""
    answer = None
    async for event in events:
        answer = event.get("answer", answer)
    return answer


async def begun(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """`events` once the first is there: what fails before is an answer of its own status, not a broken stream."""
    iterator = aiter(events)
    first = await anext(iterator, None)

    async def all_of_them() -> AsyncIterator[dict[str, Any]]:
        if first is not None:
            yield first
        async for event in iterator:
            yield event

    return all_of_them()
