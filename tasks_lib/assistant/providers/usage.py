"""What a call cost: one vocabulary for the tokens that providers report under different names."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

TOKENS_PER_PRICE = 1_000_000


class ModelPrice(BaseModel):
    """Price of a model, in the currency of the provider's list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, title="Input", description="Price of a million tokens read.")
    output: float = Field(default=0.0, ge=0, title="Output", description="Price of a million tokens written.")

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Price of one call."""
        return (input_tokens * self.input + output_tokens * self.output) / TOKENS_PER_PRICE


def normalised_usage(reported: Mapping[str, Any] | None, price: ModelPrice | None) -> dict[str, Any]:
    """`{"input_tokens", "output_tokens", "cost"}`; no tokens where the provider told none, no cost without a price."""
    reported = reported or {}
    read = int(reported.get("prompt_tokens") or reported.get("input_tokens") or 0)
    written = int(reported.get("completion_tokens") or reported.get("output_tokens") or 0)
    return {"input_tokens": read, "output_tokens": written, "cost": price.of(read, written) if price else None}
