"""What the replies of a language model cost, in the vocabulary of any provider."""

from collections.abc import Mapping, Sequence
from typing import Any

from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.contract.answer import Usage

_INPUT = ("prompt_tokens", "input_tokens", "inputTokens", "prompt_eval_count")
_OUTPUT = ("completion_tokens", "output_tokens", "outputTokens", "eval_count")


def usage_of(replies: Sequence[ChatMessage]) -> Usage:
    """Sum over `replies`; tokens that a provider does not report count as 0, and without any price there is no cost."""
    reported = [reply.meta.get("usage") or reply.meta for reply in replies]
    return Usage(
        input_tokens=sum(_first(meta, _INPUT) for meta in reported),
        output_tokens=sum(_first(meta, _OUTPUT) for meta in reported),
        cost=_sum([meta.get("cost") for meta in reported]),
    )


def model_of(replies: Sequence[ChatMessage], configured: str) -> str:
    """The model that answered, which of a chain may be another than the `configured` one."""
    return str((replies[0].meta.get("model") if replies else None) or configured)


def add(first: Usage, second: Usage) -> Usage:
    """Both together; the cost of what has no price counts as 0 beside one that has."""
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cost=_sum([first.cost, second.cost]),
    )


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _first(meta: Mapping[str, Any], names: tuple[str, ...]) -> int:
    return next((int(meta[name]) for name in names if isinstance(meta.get(name), int | float)), 0)
