"""Out of the indexes: every kept state is written without it, and what was before is deleted."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from haystack import Document

from tasks_lib.assistant.contract.access import IndexAccess
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.embedders.local import LOCAL_EMBEDDERS
from tasks_lib.errors import LlmopsError
from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.receipt import Removed
from tasks_lib.forgetting.redaction import redacted_json
from tasks_lib.ingestion.forgotten import embedded

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.embedder import Embedder
    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.contract.platform import Platform

Key = tuple[str, str]
"""Source and path."""
_IDENTITY = {"source", "document", "document_hash", "content_hash"}


def rewrite_without(index: "Index", documents: Collection[Key], needles: Needles, pinned: Collection[str]) -> int:
    """Write an index without some documents; the chunks that went, over all states. Its files are as they were yet."""
    gone = index.rewrite(lambda chunks: [chunk for chunk in chunks if _key(chunk) not in documents], pinned)
    _clean_beside(index, lambda key: key in documents, needles)
    return gone


def rewrite_blacked_out(index: "Index", needles: Needles, embedder: "Embedder | None", pinned: Collection[str]) -> int:
    """Write an index whose chunks do not have the needles; the chunks that changed, over all states.

    A document whose path has them goes as a whole, and so does a chunk where the embedder of the index is not known.
    """

    def change(chunks: list[Document]) -> list[Document]:
        stay = [chunk for chunk in chunks if not needles.found_in(_key(chunk)[1])]
        clean = {at: other for at, chunk in enumerate(stay) if (other := _blacked_out(chunk, needles))}
        by_place = dict(zip(clean, embedded(list(clean.values()), embedder), strict=True)) if embedder else {}
        return [by_place.get(at, chunk) for at, chunk in enumerate(stay) if at in by_place or at not in clean]

    changed = index.rewrite(change, pinned)
    _clean_beside(index, lambda key: needles.found_in(key[1]), needles)
    return changed


def count_in(index: "Index", documents: Collection[Key], needles: Needles | None) -> int:
    """Chunks of the present state that would go or change."""
    chunks = index.sample(10_000_000, 0) if index.exists() else []
    return sum(
        _key(chunk) in documents or (needles is not None and _blacked_out(chunk, needles) is not None)
        for chunk in chunks
    )


def embedder_of(platform: "Platform", index: str, configured: str) -> "Embedder | None":
    """The embedder that an index was made with, told by its name; `None` where the platform has none of that name."""
    for model in dict.fromkeys((configured, *LOCAL_EMBEDDERS)):
        slug = "".join(each if each.isalnum() else "-" for each in model.split("/", 1)[1].lower()).strip("-")
        if f"__{slug}__" in index:
            try:
                return platform.embedder(model)
            except LlmopsError:
                return None
    return None


def as_removed(chunks: int, indexes: int) -> list[Removed]:
    """What the receipt tells of the indexes."""
    return [Removed(place="index", what=f"chunks, over all kept states of {indexes} indexes", count=chunks)]


def _key(chunk: Document) -> Key:
    return str(chunk.meta.get("source") or ""), str(chunk.meta.get("document") or "")


def _blacked_out(chunk: Document, needles: Needles) -> Document | None:
    """A chunk without the needles; `None` if it has none."""
    meta = {key: value if key in _IDENTITY else _value(value, needles) for key, value in chunk.meta.items()}
    content = needles.blacked_out(chunk.content or "")
    return None if content == (chunk.content or "") and meta == chunk.meta else Document(content=content, meta=meta)


def _value(value: object, needles: Needles) -> object:
    if isinstance(value, str):
        return needles.blacked_out(value)
    return redacted_json(value, needles)


def _clean_beside(index: "Index", goes: Callable[[Key], bool], needles: Needles) -> None:
    """States and access name documents, and quote what was wrong with them."""
    if not index.exists():
        return
    states = index.states()
    held = states.held and states.held.model_copy(
        update={
            "reasons": redacted_json(states.held.reasons, needles),
            "documents": redacted_json(states.held.documents, needles),
        }
    )
    quarantine = [
        each.model_copy(update={"reason": needles.without(each.reason)})
        for each in states.quarantine
        if not goes(each.key)
    ]
    clean: IndexStates = states.model_copy(update={"held": held, "quarantine": quarantine})
    if clean != states:
        index.save_states(clean)
    access = index.access()
    left: IndexAccess = replace(
        access, documents={key: entry for key, entry in access.documents.items() if not goes(key)}
    )
    if left != access:
        index.save_access(left)
