"""Adds the chunks around the best passages, so that what a chunk's end cut in two can be read whole."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.text.sentences import is_caption

AROUND = "around"
"""Key of the metadata that marks a chunk which was not found, but lies beside one that was."""
PASSAGES_COMPLETED = 8
"""Best passages whose surroundings are looked up."""
CHARACTERS = 300
"""Distance from a passage up to which a chunk must lie, at least in part."""
TABLE_CHARACTERS = 3_000
"""The same, behind a passage that ends with a row or a caption: a table is read to its end."""
MOST_CHUNKS = 16


@component
class Surroundings:
    """Looks up what lies right before and after the best passages, in the same document.

    :param retriever: Any retriever of the index; its document store is asked.
    """

    def __init__(self, retriever: Component) -> None:
        self.retriever: Any = retriever

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its retriever."""
        return default_to_dict(self, retriever=component_to_dict(self.retriever, "retriever"))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Surroundings":
        """Rebuild the component."""
        surroundings: Surroundings = default_from_dict(cls, data)
        return surroundings

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """`documents`, best first, and behind them the chunks around the best, marked in their metadata."""
        wanted = documents[:PASSAGES_COMPLETED]
        if not wanted:
            return {"documents": documents}
        found = self.retriever.document_store.filter_documents(_beside(wanted))
        return {"documents": [*documents, *_new(found, documents, wanted)]}

    @component.output_types(documents=list[Document])
    async def run_async(self, documents: list[Document]) -> dict[str, list[Document]]:
        """As `run`, without blocking the event loop."""
        return await asyncio.to_thread(self.run, documents)


def is_around(document: Document) -> bool:
    """Whether a chunk was not found, but lies beside one that was."""
    return bool(document.meta.get(AROUND))


def _beside(wanted: Sequence[Document]) -> dict[str, Any]:
    """Filter for the chunks near one of `wanted`."""
    near = [
        _all(
            _is("document", "==", document),
            _is("source", "==", source),
            _is("start", "<", end),
            _is("end", ">", start),
        )
        for (source, document), reaches in _reaches(wanted).items()
        for start, end in reaches
    ]
    return near[0] if len(near) == 1 else {"operator": "OR", "conditions": near}


def _reaches(wanted: Sequence[Document]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Source and path → what is read of the document, from and to; what overlaps is one, as each costs a store time."""
    reaches: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for document in sorted(wanted, key=lambda document: int(document.meta["start"])):
        known = reaches.setdefault((document.meta["source"], document.meta["document"]), [])
        start, end = document.meta["start"] - CHARACTERS, document.meta["end"] + _reach(document)
        if known and start <= known[-1][1]:
            start, end = known[-1][0], max(end, known.pop()[1])
        known.append((start, end))
    return reaches


def _reach(document: Document) -> int:
    """Characters behind a passage that are read with it."""
    last = (document.content or "").rstrip().rpartition("\n")[2]
    return TABLE_CHARACTERS if last.lstrip().startswith("|") or is_caption(last.strip()) else CHARACTERS


def _all(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"operator": "AND", "conditions": list(conditions)}


def _is(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": f"meta.{field}", "operator": operator, "value": value}


def _new(found: Iterable[Document], known: Sequence[Document], wanted: Sequence[Document]) -> list[Document]:
    """Those of `found` that are not among `known`, the nearest to the best passages first."""
    ids = {document.id for document in known}
    fresh = [document for document in found if document.id not in ids]
    nearest = sorted(fresh, key=lambda document: min(_distance(document, passage) for passage in wanted))
    marked = (replace(d, embedding=None, score=0.0, meta={**d.meta, AROUND: True}) for d in nearest)
    return list(marked)[:MOST_CHUNKS]


def _distance(one: Document, other: Document) -> int:
    """Characters between two chunks; more than any document has where they are of two."""
    if (one.meta["source"], one.meta["document"]) != (other.meta["source"], other.meta["document"]):
        return 2**62
    return int(max(one.meta["start"] - other.meta["end"], other.meta["start"] - one.meta["end"], 0))
