"""The validator that stops answers which their passages do not support."""

from tasks_lib.assistant.contract.embedder import Embedder, in_process, unrelated_cosines
from tasks_lib.assistant.groundedness import sentence_support
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.guardrails import GroundingConfig

KIND = "UNSUPPORTED"


class GroundingDetector:
    """Compares every sentence of the answer with every sentence of its passages."""

    def __init__(self, config: GroundingConfig, embedder: Embedder) -> None:
        self._config = config
        self._embedder = embedder
        self.ends_by_itself = in_process(embedder)

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """The sentences whose support is below the threshold."""
        if context.sources is None:
            return []
        start, end = context.window or (0, len(text))
        vectors = Vectors(self._embedder) if context.vectors is None else context.vectors
        judged = sentence_support(
            text[start:end],
            context.sources,
            vectors.of,
            question=context.question,
            numbers=self._config.numbers,
            unrelated=unrelated_cosines(self._embedder),
        )
        return [
            Finding(KIND, a + start, b + start, 1.0 - support)
            for a, b, support in judged
            if support is not None and support < self._config.threshold
        ]
