"""The chunks of a state that lie near the changed ones: what these may contradict, repeat or crowd out."""

from collections.abc import Sequence
from typing import Any

from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.documents_gate.change import DocumentChange

NEAR = 8
"""Chunks of other documents that are looked at for each changed one."""
_ROOM = 4
"""Times as many are asked for: its own document's come first."""


def near_chunks(index: Index, changes: Sequence[DocumentChange], near: int = NEAR) -> list[Document]:
    """The nearest chunks of unchanged documents by meaning, for every chunk that is new.

    :param index: The new state.
    """
    changed = {change.document for change in changes}
    known = {str(chunk.meta["content_hash"]) for change in changes for chunk in change.before}
    hashes = [str(chunk.meta["content_hash"]) for change in changes for chunk in change.after]
    vectors = index.embeddings([digest for digest in hashes if digest not in known])
    retriever: Any = index.vector_retriever(top_k=_ROOM * near)
    found: dict[str, Document] = {}
    for vector in vectors.values():
        others = [
            document
            for document in retriever.run(query_embedding=vector)["documents"]
            if document.meta["document"] not in changed
        ]
        found.update((document.id, document) for document in others[:near])
    return list(found.values())
