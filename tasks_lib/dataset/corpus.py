"""The text behind an index, put together again from its chunks, to find where an excerpt stands."""

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import zip_longest

from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.dataset.examples import Reference
from tasks_lib.text.forms import composed, plain_forms

LARGEST = 50_000
"""Chunks that are read of one index; excerpts in the rest of a larger one are not found."""

DocumentKey = tuple[str, str]
"""(source, document)"""


class Corpus:
    """Documents by (source, document); what lies outside of all chunks reads as blanks.

    :param chunks: With metadata `source`, `document`, `start` and `end`.
    """

    def __init__(self, chunks: Iterable[Document]) -> None:
        self.chunks = list(chunks)
        self._chunks_of: dict[DocumentKey, list[Document]] = {}
        for chunk in self.chunks:
            self._chunks_of.setdefault((chunk.meta["source"], chunk.meta["document"]), []).append(chunk)
        self._text = lru_cache(maxsize=64)(self._put_together)

    @classmethod
    def of(cls, index: Index, seed: int = 0) -> "Corpus":
        """The chunks of `index`, up to :data:`LARGEST`."""
        return cls(index.sample(min(index.count(), LARGEST), seed))

    def documents(self) -> list[str]:
        """Paths of the documents, sorted."""
        return sorted({document for _, document in self._chunks_of})

    def has(self, document: str, source: str = "") -> bool:
        """Whether chunks of this document were read."""
        return bool(self._keys(document, source))

    def nearest(self, document: str) -> str | None:
        """The path that looks most like `document`."""
        return next(iter(difflib.get_close_matches(composed(document), self.documents(), n=1, cutoff=0.5)), None)

    def text_of(self, document: str, source: str = "") -> str:
        """Text of the document, from its first character; empty if it is unknown."""
        return next((self._text(key) for key in self._keys(document, source)), "")

    def locate(self, excerpt: str, document: str = "", source: str = "") -> Reference | None:
        """Where `excerpt` stands, white space and Unicode forms aside: in `document`, or in the first that has it.

        The content of the reference is the text as the document has it.
        """
        if not excerpt.strip():
            return None
        forms = dict.fromkeys([composed(excerpt), plain_forms(excerpt)])
        pattern = re.compile("|".join(r"\s+".join(map(re.escape, form.split())) for form in forms))
        for key in self._keys(document, source):
            match = pattern.search(self._text(key))
            if match:
                return Reference(
                    source=key[0], document=key[1], start=match.start(), end=match.end(), content=match.group()
                )
        return None

    def contains(self, reference: Reference) -> bool:
        """Whether the document still has the reference's text at its position."""
        text = self.text_of(reference.document, reference.source)
        return text[reference.start : reference.end].split() == composed(reference.content).split()

    def _keys(self, document: str, source: str) -> list[DocumentKey]:
        if (source, document) in self._chunks_of:
            return [(source, document)]
        wanted = composed(document)
        return sorted(key for key in self._chunks_of if wanted in ("", composed(key[1])) and source in ("", key[0]))

    def _put_together(self, key: DocumentKey) -> str:
        chunks = self._chunks_of[key]
        text = [" "] * max(chunk.meta["end"] for chunk in chunks)
        for chunk in chunks:
            text[chunk.meta["start"] : chunk.meta["end"]] = chunk.content or ""
        return "".join(text)


def balanced(chunks: Iterable[Document]) -> Iterator[Document]:
    """One chunk of each document, then the second of each, and so on; within a document in the given order."""
    by_document: dict[tuple[str, str], list[Document]] = {}
    for chunk in chunks:
        by_document.setdefault((chunk.meta["source"], chunk.meta["document"]), []).append(chunk)
    for row in zip_longest(*by_document.values()):
        yield from (chunk for chunk in row if chunk is not None)
