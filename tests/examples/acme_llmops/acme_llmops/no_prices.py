"""A Guardrails validator, as anybody writes one: it knows nothing of LLMOps flows."""

import re
from typing import Any

from guardrails import Validator, register_validator
from guardrails_ai.types import ErrorSpan, FailResult, PassResult, ValidationResult


@register_validator(name="acme/no-prices", data_type="string")
class NoPrices(Validator):
    """Prices, which only the sales team quotes.

    :param currencies: Signs that make a number a price.
    """

    def __init__(self, currencies: str = "$€£", on_fail: str | None = None) -> None:
        super().__init__(on_fail=on_fail, currencies=currencies)
        self._price = re.compile(rf"[{re.escape(currencies)}]\s?\d[\d.,]*")

    def _validate(self, value: Any, metadata: dict[str, Any]) -> ValidationResult:
        spans = [match.span() for match in self._price.finditer(value)]
        if not spans:
            return PassResult()
        return FailResult(
            error_message="The text quotes a price.",
            fix_value=self._price.sub("a price", value),
            error_spans=[ErrorSpan(start=start, end=end, reason="a price") for start, end in spans],
        )
