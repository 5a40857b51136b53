"""The guardrails' look at retrieved passages, as a component."""

from dataclasses import replace
from typing import Any

from haystack import Document, component
from haystack.dataclasses import StreamingCallbackT, StreamingChunk

from tasks_lib.assistant.contract.answer import GuardrailDecision
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.results import PassagesResult

PASSAGES_KEY = "passages"
"""Key of a streamed chunk's meta that holds the passages, as `Source`s, which the text that follows is based on."""
QUESTION_KEY = "question"
"""Key of the same meta that holds the question, as it was searched for."""


@component
class PassageGuard:
    """Masks or drops passages that hold instructions or personal data.

    :param guardrails: As `build_guardrails` makes them; they are not part of a serialised pipeline.
    """

    def __init__(self, guardrails: Guardrails) -> None:
        self.guardrails = guardrails

    @component.output_types(documents=list[Document], decisions=list[GuardrailDecision])
    def run(
        self,
        documents: list[Document],
        question: str = "",  # noqa: ARG002  (Haystack wants one signature for both)
        streaming_callback: StreamingCallbackT | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Check `documents`.

        :returns: `documents` as let through, and a decision of each guardrail that found something.
        """
        return self._kept(documents, self.guardrails.check_passages([source_of(document) for document in documents]))

    @component.output_types(documents=list[Document], decisions=list[GuardrailDecision])
    async def run_async(
        self, documents: list[Document], question: str = "", streaming_callback: StreamingCallbackT | None = None
    ) -> dict[str, Any]:
        """As :meth:`run`; a stream is told passages and question before its text begins."""
        result = await self.guardrails.check_passages_async([source_of(document) for document in documents])
        if streaming_callback is not None:
            meta = {PASSAGES_KEY: result.sources, QUESTION_KEY: question}
            told: Any = streaming_callback(StreamingChunk(content="", meta=meta))
            await told
        return self._kept(documents, result)

    def _kept(self, documents: list[Document], result: PassagesResult) -> dict[str, Any]:
        through = {(s.source, s.document, s.start, s.end): s for s in result.sources}
        kept = []
        for document in documents:
            meta = document.meta
            source = through.get((meta.get("source") or "", meta["document"], meta["start"], meta["end"]))
            if source is not None:
                labels = {name: getattr(source, name) for name in ("title", "heading") if getattr(source, name)}
                kept.append(replace(document, content=source.content, meta={**meta, **labels}))
        return {"documents": kept, "decisions": [d for d in result.decisions if d.kinds]}
