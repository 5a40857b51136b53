"""The end of the pipeline: from what was extracted or generated to an :class:`Answer`, refusals included."""

import re
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.dataclasses import ChatMessage

from tasks_lib.assistant.answering.prompt import NO_ANSWER
from tasks_lib.assistant.contract.answer import Answer, Source, Usage
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.contract.usage import add, model_of, usage_of
from tasks_lib.assistant.phrases import said_to
from tasks_lib.text.small_talk import is_small_talk

_CITED = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_NUMBER = re.compile(r"\d+")
_NO_ANSWER = re.compile(rf"\b{NO_ANSWER}\b")


def says_no_answer(text: str) -> bool:
    """Whether a model said that the passages hold no answer."""
    return bool(_NO_ANSWER.search(text))


def begun_no_answer(text: str) -> int:
    """Characters at the end of `text` that may go on to say it."""
    return next((n for n in range(len(NO_ANSWER), 0, -1) if text.endswith(NO_ANSWER[:n])), 0)


@component
class ExtractedAnswer:
    """Answers with the extracted text, or refuses when the evidence is below the threshold.

    Between the two lies what comes near the question and may not answer it: that is said, and is no refusal.

    :param model: Id that the answer names.
    :param refusal: What is said instead.
    :param threshold: Evidence below which is refused.
    :param uncertain: What stands before a text that may not answer.
    :param certainty: Certainty below which a text may not answer.
    :param small_talk: What is said to a greeting or to thanks; it counts as a refusal, and nothing is cited.
    """

    def __init__(
        self,
        *,
        model: str,
        refusal: str,
        threshold: float,
        uncertain: str = "",
        certainty: float = 0.0,
        small_talk: str = "",
    ) -> None:
        self.model = model
        self.refusal = refusal
        self.threshold = threshold
        self.uncertain = uncertain
        self.certainty = certainty
        self.small_talk = small_talk

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(
            self,
            model=self.model,
            refusal=self.refusal,
            threshold=self.threshold,
            uncertain=self.uncertain,
            certainty=self.certainty,
            small_talk=self.small_talk,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ExtractedAnswer":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(answer=Answer)
    def run(
        self,
        text: str,
        evidence: float,
        documents: list[Document],
        usage: Usage,
        certainty: float = 1.0,
        used: int = 0,
        question: str = "",
    ) -> dict[str, Answer]:
        """Build the answer; the first `used` of `documents` are those that `text` was taken from."""
        if self.small_talk and is_small_talk(question):
            return {
                "answer": Answer(
                    response=said_to(question, self.small_talk),
                    refused=True,
                    refusal_reason="evidence",
                    model=self.model,
                    usage=usage,
                )
            }
        refused = not text or evidence < self.threshold
        uncertain = not refused and certainty < self.certainty
        said = f"{said_to(question, self.uncertain)}\n{text}".strip() if uncertain else text
        answer = Answer(
            response=said_to(question, self.refusal) if refused else said,
            source_documents=[
                source_of(document).model_copy(update={"used": not refused and rank < used})
                for rank, document in enumerate(documents)
            ],
            refused=refused,
            refusal_reason="evidence" if refused else "",
            uncertain=uncertain,
            evidence=evidence,
            model=self.model,
            usage=usage,
        )
        return {"answer": answer}


@component
class EnoughEvidence:
    """Lets passages through to the model if there are any, and if they prove enough where a threshold is given.

    :param threshold: Least evidence; `None` asks for any passage only.
    """

    def __init__(self, threshold: float | None = None) -> None:
        self.threshold = threshold

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, threshold=self.threshold)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "EnoughEvidence":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document], evidence: float | None = None) -> dict[str, list[Document]]:
        """`documents`, or nothing at all, so that no model is asked."""
        too_weak = self.threshold is not None and (evidence or 0.0) < self.threshold
        return {} if too_weak or not documents else {"documents": documents}


@component
class GeneratedAnswer:
    """Answers with the model's reply, or refuses when it was not asked or said that the passages hold no answer.

    :param model: Id that the answer names where the reply names none.
    :param refusal: What is said instead.
    """

    def __init__(self, *, model: str, refusal: str) -> None:
        self.model = model
        self.refusal = refusal

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, model=self.model, refusal=self.refusal)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "GeneratedAnswer":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(answer=Answer)
    def run(
        self,
        documents: list[Document],
        usage: Usage,
        replies: list[ChatMessage] | None = None,
        evidence: float | None = None,
        question: str = "",
    ) -> dict[str, Answer]:
        """Build the answer; without `replies` the model was not asked."""
        text = (replies[0].text or "").strip() if replies else ""
        refused = not text or says_no_answer(text)
        answer = Answer(
            response=said_to(question, self.refusal) if refused else text,
            source_documents=_marked(documents, "" if refused else text),
            refused=refused,
            refusal_reason=("model" if replies else "evidence") if refused else "",
            evidence=evidence,
            model=model_of(replies or [], self.model),
            usage=add(usage, usage_of(replies or [])),
        )
        return {"answer": answer}


def _marked(documents: list[Document], text: str) -> list[Source]:
    """Sources with those marked that a text cites by number; where it cites none, it cannot be told which it used."""
    cited = {int(number) for group in _CITED.findall(text) for number in _NUMBER.findall(group)}
    sources = [source_of(document) for document in documents]
    if not cited & set(range(1, len(sources) + 1)):
        return sources
    return [source.model_copy(update={"used": rank in cited}) for rank, source in enumerate(sources, start=1)]
