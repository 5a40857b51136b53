"""The text behind an index, put together again from its chunks, to find where an excerpt stands."""

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.dataset.examples import Reference

LARGEST = 50_000
"""Chunks that are read of one index; excerpts in the rest of a larger one are not found."""

Place = tuple[str, str]
"""(source, document)"""


class Corpus:
    """Documents by (source, document); what lies outside of all chunks reads as blanks.

    :param chunks: With metadata `source`, `document`, `start` and `end`.
    """

    def __init__(self, chunks: Iterable[Document]) -> None:
        self.chunks = list(chunks)
        self._by_place: dict[Place, list[Document]] = {}
        for chunk in self.chunks:
            self._by_place.setdefault((chunk.meta["source"], chunk.meta["document"]), []).append(chunk)
        self._text = lru_cache(maxsize=64)(self._put_together)

    @classmethod
    def of(cls, index: Index, seed: int = 0) -> "Corpus":
        """The chunks of `index`, up to :data:`LARGEST`."""
        return cls(index.sample(min(index.count(), LARGEST), seed))

    def documents(self) -> list[str]:
        """Paths of the documents, sorted."""
        return sorted({document for _, document in self._by_place})

    def has(self, document: str, source: str = "") -> bool:
        """Whether chunks of this document were read."""
        return bool(self._places(document, source))

    def nearest(self, document: str) -> str | None:
        """The path that looks most like `document`."""
        return next(iter(difflib.get_close_matches(document, self.documents(), n=1, cutoff=0.5)), None)

    def text_of(self, document: str, source: str = "") -> str:
        """Text of the document, from its first character; empty if it is unknown."""
        return next((self._text(place) for place in self._places(document, source)), "")

    def locate(self, excerpt: str, document: str = "", source: str = "") -> Reference | None:
        """Where `excerpt` stands, white space aside: in `document`, or in the first document that has it.

        The content of the reference is the text as the document has it.
        """
        if not excerpt.strip():
            return None
        pattern = re.compile(r"\s+".join(map(re.escape, excerpt.split())))
        for place in self._places(document, source):
            match = pattern.search(self._text(place))
            if match:
                return Reference(
                    source=place[0], document=place[1], start=match.start(), end=match.end(), content=match.group()
                )
        return None

    def stands(self, reference: Reference) -> bool:
        """Whether the document still has the reference's text at its place."""
        text = self.text_of(reference.document, reference.source)
        return text[reference.start : reference.end].split() == reference.content.split()

    def _places(self, document: str, source: str) -> list[Place]:
        if document and source:
            return [(source, document)] if (source, document) in self._by_place else []
        return sorted(place for place in self._by_place if document in ("", place[1]) and source in ("", place[0]))

    def _put_together(self, place: Place) -> str:
        chunks = self._by_place[place]
        text = [" "] * max(chunk.meta["end"] for chunk in chunks)
        for chunk in chunks:
            text[chunk.meta["start"] : chunk.meta["end"]] = chunk.content or ""
        return "".join(text)
