"""Stretches of documents: passages that touch are read as one text, so that no sentence ends where a chunk does."""

from collections.abc import Sequence
from dataclasses import dataclass

from haystack import Document

from tasks_lib.assistant.retrieval.selection import merge_neighbours
from tasks_lib.assistant.retrieval.surroundings import is_around
from tasks_lib.text.sentences import Sentence, split_sentences

SHORTEST_CUT = 12
"""Characters; a shorter text without a full stop is a heading or a label."""
OPENING = 40
"""Characters of a line by which it is found again; a caption of two paragraphs is not in the text as one."""
_ENDS = ".!?:…。！？"  # noqa: RUF001


@dataclass(frozen=True)
class Statement:
    """A sentence of a stretch: the passages that it stands in, the best first, and its place among the others.

    `sources` are these and those that what introduces it stands in.
    """

    sentence: Sentence
    documents: tuple[Document, ...]
    sources: tuple[Document, ...]
    stretch: int
    position: int
    is_cut: bool = False
    """Whether it is part of a sentence only, the rest being in no passage."""

    @property
    def score(self) -> float:
        """What retrieval gave the best of its passages; a row that only lies beside one, what the rest of its table."""
        return max(document.score or 0.0 for document in (*self.documents, *self.sources))

    @property
    def document(self) -> Document:
        """The best of its passages."""
        return self.documents[0]

    @property
    def above(self) -> str:
        """Title and headings that it stands under."""
        meta = self.document.meta
        parts = [part for part in (meta.get("title"), meta.get("heading")) if part]
        if self.sentence.heading and not any(self.sentence.heading in part for part in parts):
            parts.append(self.sentence.heading)
        return " > ".join(parts)

    @property
    def in_context(self) -> str:
        """The sentence with what introduces it, below title and headings."""
        return f"{self.above}\n{self.sentence.in_context}" if self.above else self.sentence.in_context


def statements(documents: Sequence[Document]) -> list[list[Statement]]:
    """Everything that `documents` say, by stretch: those before and after what was found included."""
    return [_of_stretch(merged, documents, number) for number, merged in enumerate(merge_neighbours(list(documents)))]


def readable(stretch: Sequence[Statement]) -> list[Statement]:
    """Those that may answer: what was found, and the rows of a table of which a part or the caption was found."""
    found = {(s.sentence.block, s.sentence.lead) for s in stretch if _was_found(s)}
    captions = {lead for _, lead in found} | {s.sentence.text for s in stretch if _was_found(s)}
    return [s for s in stretch if _was_found(s) or _is_of_table(s.sentence, found, captions)]


def _is_of_table(row: Sentence, found: set[tuple[int, str]], captions: set[str]) -> bool:
    named = bool(row.lead) and (row.lead in captions or row.lead.split("\n")[0] in captions)
    return row.kind == "row" and (named or (row.block, row.lead) in found)


def _was_found(statement: Statement) -> bool:
    return any(not is_around(document) for document in statement.documents)


def _of_stretch(merged: Document, documents: Sequence[Document], number: int) -> list[Statement]:
    parts = [document for document in documents if _within(document, merged)]
    alone = len(parts) == 1
    start = merged.meta["start"]
    said: list[Statement] = []
    text = merged.content or ""
    for position, sentence in enumerate(split_sentences(text)):
        standing = parts if alone else _touching(parts, start + sentence.start, start + sentence.end)
        ranked = tuple(sorted(standing, key=lambda d: -(d.score or 0.0)) or parts[:1])
        introducing = [] if alone else _introducing(sentence, text, start, parts)
        sources = tuple({document.id: document for document in (*ranked, *introducing)}.values())
        cut = sentence.kind == "prose" and (_is_cut_before(sentence, text, start) or _is_cut_behind(sentence, text))
        said.append(Statement(sentence, ranked, sources, number, position, cut))
    return said


def _touching(parts: Sequence[Document], first: int, last: int) -> list[Document]:
    return [document for document in parts if document.meta["start"] < last and document.meta["end"] > first]


def _introducing(sentence: Sentence, text: str, start: int, parts: Sequence[Document]) -> list[Document]:
    """The passages that caption, header or the line before a list stand in."""
    found: list[Document] = []
    for line in sentence.lead.split("\n"):
        position = text.rfind(line[:OPENING], 0, sentence.start) if line else -1
        if position >= 0:
            found += _touching(parts, start + position, start + position + len(line))
    return found


def _is_cut_before(sentence: Sentence, text: str, start: int) -> bool:
    return start > 0 and not text[: sentence.start].strip() and sentence.text[:1].islower()


def _is_cut_behind(sentence: Sentence, text: str) -> bool:
    """Whether a text ends with this sentence, and the sentence does not: most likely a chunk's end is in it."""
    if text[sentence.end :].strip() or len(sentence.text) < SHORTEST_CUT:
        return False
    return sentence.text[-1:] not in _ENDS and sentence.text.rstrip("\"')]}»”’`*_")[-1:] not in _ENDS


def _within(document: Document, merged: Document) -> bool:
    one, other = document.meta, merged.meta
    return bool(
        (one["source"], one["document"]) == (other["source"], other["document"])
        and one["start"] >= other["start"]
        and one["end"] <= other["end"]
    )
