"""The same guarded pipeline as a hayhooks pipeline."""

from typing import Any

import contenders
from hayhooks import BasePipelineWrapper


class PipelineWrapper(BasePipelineWrapper):
    """`POST /assistant/run`."""

    def setup(self) -> None:
        """Build the assistant."""
        self.answer = contenders.answer
        self.pipeline = contenders.build()

    def run_api(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """Answer a conversation."""
        return self.answer(self.pipeline, {"messages": messages})
