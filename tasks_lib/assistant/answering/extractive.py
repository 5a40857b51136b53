"""Answers without a language model: the statements of the passages that answer, and how much they prove."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from haystack import Document, component, default_from_dict, default_to_dict
from numpy.typing import NDArray

from tasks_lib.assistant.answering.composition import choose, compose
from tasks_lib.assistant.answering.features import (
    EVIDENCE_WEIGHTS,
    RANK_WEIGHTS,
    SHORTLIST_WEIGHTS,
    VERBATIM_EVIDENCE,
    Candidate,
    QuestionFeatures,
    says_nothing,
)
from tasks_lib.assistant.answering.stretches import Statement, readable, statements
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.text_embedder import Vector, embedder_to_dict
from tasks_lib.assistant.retrieval.surroundings import is_around

CALIBRATED_THRESHOLD = 0.51
"""Evidence below which a question is refused, unless the configuration or the embedder says otherwise."""
CALIBRATED_CERTAINTY = 1.53
"""Certainty below which an answer is given as what the documents say about it; right for most of each corpus that was
left out when it was fitted (`benchmarks/answers`)."""

PASSAGES_READ = 10
"""Best passages whose statements are compared."""
SENTENCES_COMPARED = 20
"""Statements whose meaning is compared, the likeliest by words and rank; all forty held no more answers."""
TOO_FAR_BEHIND = 0.5
"""What a statement may lack of the best by everything but its meaning to be compared; no answer or evidence of 340
questions (`benchmarks/answers`) changed when those that lack more were left out."""
SENTENCES_WEIGHED = 5
"""Best statements among which the strongest evidence is looked for."""
LONGEST_COMPARED = 700
"""Characters of a statement in its context that are compared; the embedder reads no more than about that."""
CACHED_VECTORS = 20_000
"""Statements whose vectors are kept: about 30 MB."""


@component
class ExtractiveAnswerer:
    """Picks the statements that answer a question, and says how strong the evidence is.

    :param embedder: Compares statements with the question; the one that made the index.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._cached = CachedEmbedder(embedder, CACHED_VECTORS)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, embedder=embedder_to_dict(self.embedder))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ExtractiveAnswerer":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(text=str, evidence=float, certainty=float, used=int, documents=list[Document])
    def run(self, question: str, embedding: Vector, documents: list[Document], focus: str = "") -> dict[str, Any]:
        """Answer `question` from `documents`.

        :param embedding: Vector of the question.
        :param documents: Best first, with the chunks around them behind.
        :param focus: The part of the question that is new in a follow-up; statements about it come first.
        :returns: `text` (empty without passages), `evidence` (about 0 to 1.1), `certainty` (about 0 to 2.7), and the
            `documents` that were found, the first `used` of which the text was taken from.
        """
        found = [document for document in documents if not is_around(document)]
        read = [*found[:PASSAGES_READ], *(document for document in documents if is_around(document))]
        stretches = statements(read)
        candidates = self._candidates(question, embedding, found[:PASSAGES_READ], stretches, focus)
        ranked = sorted(candidates, key=lambda candidate: -candidate.weighed(RANK_WEIGHTS))
        if not ranked:
            return {"text": "", "evidence": 0.0, "certainty": 0.0, "used": 0, "documents": found}
        features = QuestionFeatures(question, found[:PASSAGES_READ], focus)
        chosen = choose(ranked, stretches, features.asked)
        cited = list({document.id: document for statement in chosen for document in statement.sources}.values())
        ids = {document.id for document in cited}
        evidence = self._evidence(ranked[:SENTENCES_WEIGHED], embedding, features.language)
        return {
            "text": compose(chosen),
            "evidence": evidence,
            "certainty": features.certainty(evidence, ranked[0]),
            "used": len(cited),
            "documents": [*cited, *(document for document in found if document.id not in ids)],
        }

    def _candidates(
        self,
        question: str,
        embedding: Vector,
        documents: Sequence[Document],
        stretches: Sequence[Sequence[Statement]],
        focus: str,
    ) -> list[Candidate]:
        """The statements that are worth a comparison, with their features."""
        of_question = QuestionFeatures(question, documents, focus)
        of_focus = QuestionFeatures(focus, documents, language=of_question.language)
        best = max((document.score or 0.0 for document in documents), default=0.0)
        candidates = [
            self._candidate(statement, of_question, of_focus, best)
            for stretch in stretches
            for statement in readable(stretch)
        ]
        shortlist = _promising(candidates)
        return self._compared(shortlist, embedding, focus, of_question.language) if shortlist else []

    def _candidate(
        self, statement: Statement, of_question: QuestionFeatures, of_focus: QuestionFeatures, best: float
    ) -> Candidate:
        text, said = statement.in_context, statement.sentence.in_context
        words = of_question.share(text)
        return Candidate(
            statement,
            words=words,
            retrieval=statement.score / best if best > 0 else 0.0,
            kind=of_question.kind_of(statement.sentence.text),
            focus=of_focus.share(text),
            form=of_question.form_of(statement),
            literal=of_question.literal_of(text),
            anchors=of_question.anchors_of(text),
            heading=of_question.heading_of(statement.sentence.heading),
            special=of_question.special_of(said),
            empty=says_nothing(statement),
            verbatim=of_question.verbatim_of(statement.sentence, words),
        )

    def _evidence(self, best: list[Candidate], embedding: Vector, language: str) -> float:
        """The strongest evidence of a single statement.

        Titles and headings tell which statement is meant; that it answers must show without them.
        """
        vectors = self._cached.vectors([c.statement.sentence.in_context[:LONGEST_COMPARED] for c in best])
        closeness = self._closeness(vectors, embedding, language)
        weighed = (replace(c, alone=float(near)) for c, near in zip(best, closeness, strict=True))
        proven = max(candidate.weighed(EVIDENCE_WEIGHTS) for candidate in weighed)
        return max(proven, VERBATIM_EVIDENCE) if best[0].verbatim else proven

    def _compared(self, shortlist: list[Candidate], embedding: Vector, focus: str, language: str) -> list[Candidate]:
        """The same candidates with `meaning`, and with the meaning of `focus` as half of that feature."""
        vectors = self._cached.vectors([c.statement.in_context[:LONGEST_COMPARED] for c in shortlist])
        meaning = self._closeness(vectors, embedding, language)
        if not focus:
            return [replace(c, meaning=float(near)) for c, near in zip(shortlist, meaning, strict=True)]
        news = self._closeness(vectors, self._cached.vectors([focus])[0], language)
        return [
            replace(c, meaning=float(near), focus=(c.focus + float(new)) / 2)
            for c, near, new in zip(shortlist, meaning, news, strict=True)
        ]

    def _closeness(self, vectors: NDArray[np.float32], embedding: NDArray[Any], language: str) -> NDArray[np.float32]:
        """Cosines, stretched so that those of unrelated texts are about 0, where weights and threshold expect them."""
        known: Mapping[str, float] = getattr(self.embedder, "unrelated", {})
        unrelated = known.get(language, known.get("", 0.0))
        cosines = vectors @ np.asarray(embedding, dtype=np.float32)
        return np.asarray((cosines - unrelated) / (1 - unrelated), dtype=np.float32)


def _promising(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The likeliest by words and rank, without those that no meaning would bring near the best."""
    likeliest = sorted(candidates, key=lambda candidate: -candidate.weighed(SHORTLIST_WEIGHTS))[:SENTENCES_COMPARED]
    scores = [candidate.weighed(RANK_WEIGHTS) for candidate in likeliest]
    least = max(scores, default=0.0) - TOO_FAR_BEHIND
    return [candidate for candidate, score in zip(likeliest, scores, strict=True) if score >= least]
