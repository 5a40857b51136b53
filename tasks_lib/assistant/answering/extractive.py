"""Answers without a language model: the sentences of the passages that answer, and how much they prove.

Weights and threshold were fitted on the questions of the sample handbook, half of CLAPNQ and the retrieval questions of
chunking_evaluation; `benchmarks/answers` prints what they are worth on the other half.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from haystack import Document, component, default_from_dict, default_to_dict

from tasks_lib.assistant.answering.answer_kind import answer_kind, fits_kind
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.text_embedder import Vector, embedder_to_dict
from tasks_lib.text.sentences import Sentence, split_sentences
from tasks_lib.text.words import content_stems, words

CALIBRATED_THRESHOLD = 0.51
"""Evidence below which a question is refused, unless the configuration says otherwise."""

PASSAGES_READ = 8
"""Best passages whose sentences are compared; reading all ten found no more answers."""
SENTENCES_COMPARED = 20
"""Sentences whose meaning is compared, the likeliest by words and rank; all forty held no more answers."""
SENTENCES_WEIGHED = 5
"""Best sentences among which the strongest evidence is looked for."""
MOST_SENTENCES = 3
CLOSE_SECOND = 0.25
"""A further sentence is part of the answer when it scores no more than this below the best."""
COMMON_WORD_LOSS = 0.7
"""What a word loses of its weight when every passage has it."""
CACHED_VECTORS = 20_000
"""Sentences whose vectors are kept: about 30 MB."""

SHORTLIST_WEIGHTS = {"words": 0.5, "retrieval": 0.4, "kind": 0.05, "focus": 0.5}
RANK_WEIGHTS = {"meaning": 1.0, "words": 0.2, "retrieval": 0.3, "kind": 0.08, "focus": 1.0}
EVIDENCE_WEIGHTS = {"alone": 0.7, "meaning": 0.3, "words": 0.1, "kind": 0.04}


@dataclass(frozen=True)
class CandidateSentence:
    """A sentence that may answer, with its features: cosines, shares of 0 to 1, and `kind` from -1 to 1.

    `meaning` compares the sentence below its title and headings with the question, `alone` without them.
    """

    document: Document
    sentence: Sentence
    words: float
    retrieval: float
    kind: float
    focus: float
    meaning: float = 0.0
    alone: float = 0.0

    def weighed(self, weights: dict[str, float]) -> float:
        """Weighted sum of the features."""
        return math.fsum(weight * getattr(self, name) for name, weight in weights.items())


@component
class ExtractiveAnswerer:
    """Picks the one to three sentences that answer a question, and says how strong the evidence is.

    :param embedder: Compares sentences with the question; the one that made the index.
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

    @component.output_types(text=str, evidence=float, documents=list[Document])
    def run(self, question: str, embedding: Vector, documents: list[Document], focus: str = "") -> dict[str, Any]:
        """Answer `question` from `documents`.

        :param embedding: Vector of the question.
        :param focus: The part of the question that is new in a follow-up; sentences about it come first.
        :returns: `text` (empty without passages), `evidence` (about 0 to 1.1), and all `documents`, those first that
            the text was taken from.
        """
        candidates = self.candidates(question, embedding, documents[:PASSAGES_READ], focus)
        ranked = sorted(candidates, key=lambda candidate: -candidate.weighed(RANK_WEIGHTS))
        if not ranked:
            return {"text": "", "evidence": 0.0, "documents": documents}
        chosen = _choose(ranked)
        cited = list({candidate.document.id: candidate.document for candidate in chosen}.values())
        others = [document for document in documents if document.id not in {c.id for c in cited}]
        return {
            "text": _compose(chosen),
            "evidence": self._evidence(ranked[:SENTENCES_WEIGHED], embedding),
            "documents": [*cited, *others],
        }

    def candidates(
        self, question: str, embedding: Vector, documents: list[Document], focus: str = ""
    ) -> list[CandidateSentence]:
        """The sentences of `documents` that are worth a comparison, with their features."""
        of_question, of_focus = _WordEvidence(question, documents), _WordEvidence(focus, documents)
        best = max((document.score or 0.0 for document in documents), default=0.0)
        sentences = [
            CandidateSentence(
                document,
                sentence,
                words=of_question.share(text),
                retrieval=(document.score or 0.0) / best if best > 0 else 0.0,
                kind=of_question.kind_of(sentence.text),
                focus=of_focus.share(text),
            )
            for document in documents
            for sentence in split_sentences(document.content or "")
            for text in [_with_context(document, sentence)]
        ]
        shortlist = sorted(sentences, key=lambda candidate: -candidate.weighed(SHORTLIST_WEIGHTS))[:SENTENCES_COMPARED]
        return self._compared(shortlist, embedding, focus) if shortlist else []

    def _evidence(self, best: list[CandidateSentence], embedding: Vector) -> float:
        """The strongest evidence of a single sentence.

        Titles and headings tell which sentence is meant; that it answers must show without them.
        """
        vectors = self._cached.vectors([c.sentence.in_context for c in best])
        closeness = vectors @ np.asarray(embedding, dtype=np.float32)
        weighed = (replace(c, alone=float(near)) for c, near in zip(best, closeness, strict=True))
        return max(candidate.weighed(EVIDENCE_WEIGHTS) for candidate in weighed)

    def _compared(self, shortlist: list[CandidateSentence], embedding: Vector, focus: str) -> list[CandidateSentence]:
        """The same candidates with `meaning`, and with the meaning of `focus` as half of that feature."""
        vectors = self._cached.vectors([_with_context(c.document, c.sentence) for c in shortlist])
        meaning = vectors @ np.asarray(embedding, dtype=np.float32)
        if not focus:
            return [replace(c, meaning=float(near)) for c, near in zip(shortlist, meaning, strict=True)]
        news = vectors @ self._cached.vectors([focus])[0]
        return [
            replace(c, meaning=float(near), focus=(c.focus + float(new)) / 2)
            for c, near, new in zip(shortlist, meaning, news, strict=True)
        ]


class _WordEvidence:
    """Compares the words of a question with those of sentences; words that fewer passages have weigh more."""

    def __init__(self, question: str, documents: Sequence[Document]) -> None:
        stems = content_stems(question)
        passages = [content_stems(_with_context(document, None)) for document in documents]
        frequency = Counter(stem for passage in passages for stem in passage & stems)
        self._weights = {s: 1 - COMMON_WORD_LOSS * frequency[s] / max(1, len(passages)) for s in stems}
        self._total = math.fsum(self._weights.values()) or 1.0
        self._kind = answer_kind(question)
        self._asked = frozenset(words(question))

    def share(self, text: str) -> float:
        """Weighted share of the question's words in `text`."""
        stems = content_stems(text)
        return math.fsum(weight for stem, weight in self._weights.items() if stem in stems) / self._total

    def kind_of(self, text: str) -> float:
        """1 if `text` holds the kind of thing that is asked for, -1 if not, 0 if the question does not tell."""
        if not self._kind:
            return 0.0
        return 1.0 if fits_kind(text, self._kind, self._asked) else -1.0


def _with_context(document: Document, sentence: Sentence | None) -> str:
    """A sentence, or the whole passage, below the title and the headings that it stands under."""
    above = " > ".join(part for part in (document.meta.get("title"), document.meta.get("heading")) if part)
    text = sentence.in_context if sentence else document.content or ""
    return f"{above}\n{text}" if above else text


def _choose(ranked: Sequence[CandidateSentence]) -> list[CandidateSentence]:
    """The best sentence and those close to it, without repetitions; passages by rank, sentences as they are read."""
    least = ranked[0].weighed(RANK_WEIGHTS) - CLOSE_SECOND
    chosen: dict[str, CandidateSentence] = {}
    for candidate in ranked:
        if len(chosen) == MOST_SENTENCES or candidate.weighed(RANK_WEIGHTS) < least:
            break
        chosen.setdefault(" ".join(candidate.sentence.text.split()), candidate)
    rank_of = {id_: rank for rank, id_ in enumerate(dict.fromkeys(c.document.id for c in chosen.values()))}
    return sorted(chosen.values(), key=lambda c: (rank_of[c.document.id], c.sentence.start))


def _compose(chosen: Sequence[CandidateSentence]) -> str:
    """The sentences as one text; an item of a list keeps the line that introduces it."""
    parts: list[str] = []
    lead = ""
    for candidate in chosen:
        sentence = candidate.sentence
        if sentence.lead and sentence.lead != lead:
            parts.append(sentence.lead)
        lead = sentence.lead
        parts.append(" ".join(sentence.text.split()))
    return "\n".join(parts) if any(c.sentence.lead for c in chosen) else " ".join(parts)
