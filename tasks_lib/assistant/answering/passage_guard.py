"""The guardrails' look at retrieved passages, as a component."""

from dataclasses import replace
from functools import cached_property
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import StreamingCallbackT, StreamingChunk

from tasks_lib.assistant.contract.answer import GuardrailDecision
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.embedders.text_embedder import embedder_to_dict
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.results import PassagesResult
from tasks_lib.config.guardrails import GuardrailsConfig

PASSAGES_KEY = "passages"
"""Key of a streamed chunk's meta that holds the passages, as `Source`s, which the text that follows is based on."""
QUESTION_KEY = "question"
"""Key of the same meta that holds the question, as it was searched for."""


@component
class PassageGuard:
    """Masks or drops passages that hold instructions or personal data.

    :param config: What is checked; the same guardrails check questions and answers, see :class:`Assistant`.
    :param embedder: Compares meanings, as `build_guardrails` says.
    :param chat_generator: Confirms topics, where that is configured.
    """

    def __init__(
        self, *, config: GuardrailsConfig, embedder: Embedder, chat_generator: ChatGenerator | None = None
    ) -> None:
        self.config = config
        self.embedder = embedder
        self.chat_generator = chat_generator

    @cached_property
    def guardrails(self) -> Guardrails:
        """Built when they are first needed, which loads their models.

        :raises ConfigurationError: As `build_guardrails`.
        """
        return build_guardrails(self.config, self.embedder, self.chat_generator)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with the configuration of the guardrails."""
        return default_to_dict(
            self,
            config=self.config.model_dump(mode="json"),
            embedder=embedder_to_dict(self.embedder),
            chat_generator=self.chat_generator and component_to_dict(self.chat_generator, "chat_generator"),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PassageGuard":
        """Rebuild the component."""
        data["init_parameters"]["config"] = GuardrailsConfig.model_validate(data["init_parameters"]["config"])
        return default_from_dict(cls, data)

    def warm_up(self) -> None:
        """Build the guardrails."""
        _ = self.guardrails

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
            handed_on: Any = streaming_callback(StreamingChunk(content="", meta=meta))
            await handed_on
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
