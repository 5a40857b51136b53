"""The guardrails' look at retrieved passages, as a component."""

from dataclasses import replace
from typing import Any

from haystack import Document, component

from tasks_lib.guardrails.guardrails import Guardrails
from tasks_lib.rag.sources import source_of
from tasks_lib.rag.types import GuardrailDecision


@component
class PassageGuard:
    """Masks or drops passages that hold instructions or personal data.

    :param guardrails: As `build_guardrails` makes them; they are not part of a serialised pipeline.
    """

    def __init__(self, guardrails: Guardrails) -> None:
        self.guardrails = guardrails

    @component.output_types(documents=list[Document], decisions=list[GuardrailDecision])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """Check `documents`.

        :returns: `documents` as let through, and a decision of each guardrail that found something.
        """
        result = self.guardrails.check_passages([source_of(document) for document in documents])
        contents = {(s.source, s.document, s.start, s.end): s.content for s in result.sources}
        kept = []
        for document in documents:
            meta = document.meta
            place = (meta.get("source") or "", meta["document"], meta["start"], meta["end"])
            if place in contents:
                kept.append(replace(document, content=contents[place]))
        return {"documents": kept, "decisions": [d for d in result.decisions if d.action != "allow"]}
