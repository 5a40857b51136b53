"""Where the documents say the answer to a question that came without its excerpt."""

from collections.abc import Sequence
from dataclasses import dataclass

from haystack import Document

from tasks_lib.assistant.contract.embedder import stretched
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import Reference, reference_of
from tasks_lib.dataset.said import says
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.text.sentences import split_sentences
from tasks_lib.text.words import content_stems

_ABOUT = 0.35
"""Cosine (MiniLM) of a question and the sentence that answers it, from which the sentence is about the question."""
_AHEAD = 0.05
"""By how much the best sentence must be nearer than one elsewhere that says the same."""


@dataclass(frozen=True)
class Evidence:
    """The likeliest place; `doubt` says why a person should look at it, and is empty where that is not needed."""

    reference: Reference | None
    doubt: str = ""


@dataclass(frozen=True)
class _Place:
    reference: Reference
    text: str
    closeness: float


class EvidenceSearch:
    """Looks answers up in an index.

    :param coverage: Finds the chunks near to a text.
    :param similarity: Compares texts.
    """

    def __init__(self, coverage: Coverage, similarity: Similarity) -> None:
        self._coverage = coverage
        self._similarity = similarity

    def find(self, question: str, answer: str) -> Evidence:
        """The sentence that says `answer` and is nearest to the question."""
        chunks = self._coverage.near(f"{question} {answer}")
        places = self._places(chunks, question)
        if not places:
            return Evidence(None, "no passage is near to it")
        saying = [place for place in places if says(answer, place.text)]
        if not saying:
            nearest = max(places, key=lambda place: self._similarity.between(answer, place.text))
            return Evidence(nearest.reference, "no sentence says the answer; this one is nearest to it")
        best, *others = saying
        if best.closeness < _ABOUT and not content_stems(question) & content_stems(best.text):
            return Evidence(best.reference, "the sentence says the answer, but may be about something else")
        rival = next((place for place in others if not _same(place, best)), None)
        if rival is not None and best.closeness - rival.closeness < _AHEAD:
            return Evidence(best.reference, f"{rival.reference.document!r} says it, too: {rival.text[:80]!r}")
        return Evidence(best.reference)

    def _places(self, chunks: Sequence[Document], question: str) -> list[_Place]:
        """Sentences of the chunks, the nearest to the question first."""
        found = [(chunk, sentence) for chunk in chunks for sentence in split_sentences(chunk.content or "")]
        if not found:
            return []
        vectors = self._similarity.vectors([question, *(sentence.in_context for _, sentence in found)])
        unrelated = self._similarity.unrelated(question)
        places = [
            _Place(
                _reference(chunk, sentence.start, sentence.end),
                sentence.in_context,
                stretched(float(vector @ vectors[0]), unrelated),
            )
            for (chunk, sentence), vector in zip(found, vectors[1:], strict=True)
        ]
        return sorted(places, key=lambda place: -place.closeness)


def _reference(chunk: Document, start: int, end: int) -> Reference:
    first = int(chunk.meta["start"])
    return reference_of(chunk, first + start, first + end, (chunk.content or "")[start:end])


def _same(one: _Place, other: _Place) -> bool:
    return one.text.split() == other.text.split()
