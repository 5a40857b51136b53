"""Select the retrieved passages that the answer is generated from."""

import re
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from haystack import Document, component, default_from_dict, default_to_dict

from tasks_lib.assistant.retrieval.near_duplicates import without_near_duplicates

LARGEST_GAP = 16
"""Characters of white space that may lie between two chunks which are joined."""
DEEPEST_INDENT = 64
"""The same inside code."""

_MARK_OF_A_LINE = re.compile(r"[-*+•|>#]|\d{1,3}[.)]\s|```|~~~")
"""What begins an item, a row, a heading or code."""
_ENDS_A_SENTENCE = re.compile(r"[.!?:…。！？][\"')\]}»”’`]*$")  # noqa: RUF001
_INDENTED = re.compile(r"[ \t]")
_CLOSES = re.compile(r"[)\]}]|```|~~~|end\b|def |class |func |function |#|//")
_OPEN_END = re.compile(r"(?:[-+*/%=<>!&|\\.]|\b(?:and|or|not|in|return|const|let|var))$")
_OPTION = re.compile(r"--?[a-z]")
"""What a line of code begins or ends with."""
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)


@component
class PassageSelector:
    """Takes the best chunks, leaves out what scores too low, and joins chunks that lie side by side.

    :param top_k: Chunks that are taken, before they are joined.
    :param score_threshold: Chunks that score below are left out.
    :param prefer: Which of several nearly equal passages stands for them: the `best` by its score, or the `newer` by
        the version in its path or the date of its document.
    :param merge_neighbours: Whether adjacent chunks of one document become one passage, at the better one's place.
    :param weights: Path of documents, with wildcards → what their scores are multiplied by, before anything else.
    """

    def __init__(
        self,
        *,
        top_k: int = 10,
        score_threshold: float | None = None,
        merge_neighbours: bool = False,
        prefer: Literal["best", "newer"] = "best",
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.top_k = top_k
        self.score_threshold = score_threshold
        self.merge_neighbours = merge_neighbours
        self.prefer = prefer
        self.weights = dict(weights or {})

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(
            self,
            top_k=self.top_k,
            score_threshold=self.score_threshold,
            merge_neighbours=self.merge_neighbours,
            prefer=self.prefer,
            weights=self.weights,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PassageSelector":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document], query: str = "") -> dict[str, list[Document]]:
        """Select from `documents`, which come best first.

        :param query: The question, whose words and numbers tell nearly equal passages apart.
        """
        ranked = sorted(map(self._weighed, documents), key=_by_score) if self.weights else documents
        taken = without_near_duplicates(ranked, self.top_k, newer=self.prefer == "newer", question=query)
        if self.score_threshold is not None:
            taken = [document for document in taken if (document.score or 0.0) >= self.score_threshold]
        return {"documents": merge_neighbours(taken) if self.merge_neighbours else taken}

    def _weighed(self, document: Document) -> Document:
        path = document.meta["document"]
        weight = next((weight for pattern, weight in self.weights.items() if fnmatchcase(path, pattern)), 1.0)
        score = document.score or 0.0
        return document if weight == 1 else replace(document, score=score * weight if score > 0 else score / weight)


def _by_score(document: Document) -> float:
    return -(document.score or 0.0)


def merge_neighbours(documents: list[Document]) -> list[Document]:
    """Join chunks that touch or overlap in their document; the joined ones rank where the best of them did."""
    rank = {document.id: position for position, document in enumerate(documents)}
    merged: list[tuple[int, Document]] = []
    for document in sorted(documents, key=lambda d: (_place(d), d.meta["start"], d.meta["end"])):
        position = rank[document.id]
        if merged and _touch(merged[-1][1], document):
            best, before = merged.pop()
            merged.append((min(best, position), _joined(before, document)))
        else:
            merged.append((position, document))
    return [document for _, document in sorted(merged, key=lambda entry: entry[0])]


def _place(document: Document) -> tuple[str, str]:
    return document.meta["source"], document.meta["document"]


def _touch(before: Document, after: Document) -> bool:
    if _place(before) != _place(after) or not (_is_exact(before) and _is_exact(after)):
        return False
    between = after.meta["start"] - before.meta["end"]
    return bool(between <= LARGEST_GAP or (between <= DEEPEST_INDENT and _ends_in_code(before.content or "")))


def _is_exact(document: Document) -> bool:
    """Whether its span is its own, not that of its whole document."""
    return bool(document.meta["end"] - document.meta["start"] == len(document.content or ""))


def _joined(before: Document, after: Document) -> Document:
    """Both as one passage whose length is `end - start`."""
    between = after.meta["start"] - before.meta["end"]
    text = _white_space(before.content or "", after.content or "", between) + (after.content or "")[max(0, -between) :]
    meta = {**before.meta, "end": max(before.meta["end"], after.meta["end"])}
    if before.meta.get("heading") != after.meta.get("heading"):
        meta["heading"] = _shared_heading(before.meta.get("heading"), after.meta.get("heading"))
    score = max(before.score or 0.0, after.score or 0.0)
    return replace(before, content=f"{before.content or ''}{text}", meta=meta, score=score)


def _white_space(before: str, after: str, length: int) -> str:
    """What most likely lay between two chunks: a blank inside a paragraph, else the end of a line or an empty line."""
    if length <= 0:
        return ""
    if _ends_in_code(before):
        return " " if length == 1 and _goes_on(before, after) else "\n" + " " * (length - 1)
    begins_line = bool(_MARK_OF_A_LINE.match(after)) or before[-1:] in ":|;"
    if length == 1:
        return "\n" if begins_line else " "
    goes_on = begins_line or after[:1].islower() or not _ENDS_A_SENTENCE.search(before)
    line_ends = 1 if goes_on else 2
    return "\n" * line_ends + " " * (length - line_ends)


def _ends_in_code(text: str) -> bool:
    """Whether a block of code is open at the end of a text."""
    return len(_FENCE.findall(text)) % 2 == 1


def _goes_on(before: str, after: str) -> bool:
    """Whether a line of code goes on behind a single blank: a new line of an indented block would be indented."""
    line = before.rpartition("\n")[2]
    inside = bool(_INDENTED.match(line)) and not _CLOSES.match(after)
    return inside or bool(_OPEN_END.search(before) or _OPTION.match(after))


def _shared_heading(first: str | None, second: str | None) -> str | None:
    """The part of both heading paths from the top that is the same."""
    shared: list[str] = []
    for one, other in zip((first or "").split(" > "), (second or "").split(" > "), strict=False):
        if one != other:
            break
        shared.append(one)
    return " > ".join(shared) or None
