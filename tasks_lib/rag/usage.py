"""Tokens that a reply of a language model cost, in the vocabulary of any provider."""

from collections.abc import Mapping, Sequence
from typing import Any

from haystack.dataclasses import ChatMessage

from tasks_lib.rag.types import Usage

_INPUT = ("prompt_tokens", "input_tokens", "inputTokens", "prompt_eval_count")
_OUTPUT = ("completion_tokens", "output_tokens", "outputTokens", "eval_count")


def usage_of(replies: Sequence[ChatMessage]) -> Usage:
    """Sum over `replies`; what a provider does not report counts as 0."""
    reported = [reply.meta.get("usage") or reply.meta for reply in replies]
    return Usage(
        input_tokens=sum(_first(meta, _INPUT) for meta in reported),
        output_tokens=sum(_first(meta, _OUTPUT) for meta in reported),
    )


def add(first: Usage, second: Usage) -> Usage:
    """Both together; the cost of what has no price counts as 0 beside one that has."""
    costs = [usage.cost for usage in (first, second) if usage.cost is not None]
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cost=sum(costs) if costs else None,
    )


def _first(meta: Mapping[str, Any], names: tuple[str, ...]) -> int:
    return next((int(meta[name]) for name in names if isinstance(meta.get(name), int | float)), 0)
