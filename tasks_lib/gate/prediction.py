"""The prediction of a version for one question of the evaluation set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks_lib.dataset.examples import Example


@dataclass(frozen=True)
class Prediction:
    """The reply of a version to one question. Either `answer`, which keeps the schema, or `error`."""

    example: Example
    answer: dict[str, Any] | None
    error: str | None
    trace_id: str | None
    seconds: float
    """Wall-clock time, as whoever asked measured it."""

    @property
    def payload(self) -> dict[str, Any]:
        """The fields of an answer, or `error`, with `latency_seconds`."""
        payload = self.answer if self.answer is not None else {"error": self.error}
        return {**payload, "latency_seconds": self.seconds}

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Prediction":
        """Itself: a pipeline copies what it is given, and nobody changes this."""
        return self


def messages_of(example: Example) -> list[dict[str, str]]:
    """The turns of an example as a request."""
    return [message.model_dump() for message in example.messages]
