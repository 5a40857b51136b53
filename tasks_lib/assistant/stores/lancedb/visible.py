"""The chunks of one state of a LanceDB table in memory, searched as a caller sees them; shared by all stores."""

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cachetools import LRUCache
from haystack import Document

from tasks_lib.assistant.contract.access import IndexAccess, caller
from tasks_lib.assistant.stores.lancedb.connection import Stamp, TableConnection, stamp_of
from tasks_lib.assistant.stores.lancedb.schema import DOCUMENT_COLUMNS, EMBEDDING, KEYWORDS, to_documents
from tasks_lib.assistant.stores.lancedb.search import LONGEST_QUERY, in_loop
from tasks_lib.assistant.stores.visible_search import Mask, Ranked, Visible, VisibleSearch
from tasks_lib.text.analyser import document_terms, query_terms

if TYPE_CHECKING:
    from lancedb.table import AsyncTable

STATES = 3
"""States that are kept in memory: those of an index that is gated, and of one beside it."""
_IDENTITY = ("source", "document", "document_hash")
_ROW = "_rowid"


@dataclass(frozen=True)
class VisibleTable:
    """A state of a table: what is searched of it, and where the rest is read."""

    table: "AsyncTable"
    rows: list[int]
    search: VisibleSearch

    def near(self, embedding: list[float], access: IndexAccess, condition: str | None, top_k: int) -> list[Document]:
        """The documents nearest to `embedding` that the caller may see; scores are cosines."""
        visible = self._visible(access)
        return self._documents(self.search.by_vector(embedding, visible, self._within(condition), top_k))

    def with_words(self, query: str, access: IndexAccess, condition: str | None, top_k: int) -> list[Document]:
        """The documents with words of `query` that the caller may see; scores are BM25."""
        terms = query_terms(query, LONGEST_QUERY).split()
        return self._documents(self.search.by_words(terms, self._visible(access), self._within(condition), top_k))

    def _visible(self, access: IndexAccess) -> Visible:
        return self.search.seen_by(caller(), access)

    def _within(self, condition: str | None) -> Mask | None:
        if condition is None:
            return None
        found = in_loop(self.table.query().where(condition).select(["id"]).to_arrow())
        return np.isin(np.asarray(self.search.ids), found["id"].to_pylist())

    def _documents(self, ranked: Ranked) -> list[Document]:
        if not len(ranked.rows):
            return []
        wanted = [self.rows[row] for row in ranked.rows]
        found = in_loop(self.table.take_row_ids(wanted).select([*DOCUMENT_COLUMNS]).to_arrow())
        documents = {document.id: document for document in to_documents(found)}
        best = zip(ranked.rows, ranked.scores, strict=True)
        return [replace(documents[self.search.ids[row]], score=score) for row, score in best]


_Key = tuple[str, str, int, Stamp]
_loaded: "LRUCache[_Key, VisibleTable]" = LRUCache(STATES)
_loading = Lock()


def visible_table(connection: TableConnection) -> VisibleTable | None:
    """The present state of the table, or the one at which it is opened; `None` where there is no table.

    A state is loaded when it is first searched: a second or two for 100,000 chunks.
    """
    table = connection.table()
    if table is None:
        return None
    with _loading, connection.guarded():
        version = table.version
        key = connection.uri, connection.name, version, stamp_of(connection.uri, connection.name)
        if key not in _loaded:
            _loaded[key] = in_loop(_load(connection, version))
        return _loaded[key]


async def _load(connection: TableConnection, version: int) -> VisibleTable:
    table = await connection.opened_at(version)
    names = (await table.schema()).names
    words = [KEYWORDS] if KEYWORDS in names else ["content", "meta"]
    columns = ["id", *_IDENTITY, *words, EMBEDDING]
    data: pa.Table = await table.query().select(columns).with_row_id().to_arrow()
    order = pc.sort_indices(data["id"])
    small = data.drop_columns([EMBEDDING]).take(order)
    identities = list(zip(*(pc.fill_null(small[name], "").to_pylist() for name in _IDENTITY), strict=True))
    known: dict[tuple[Any, ...], int] = {}
    contents = [known.setdefault(identity, len(known)) for identity in identities]
    search = VisibleSearch(
        ids=small["id"].to_pylist(),
        documents=list(known),
        contents=np.array(contents, dtype=np.int64),
        embeddings=_vectors(data[EMBEDDING])[order.to_numpy()],
        texts=small[KEYWORDS] if KEYWORDS in names else _terms(small),
    )
    return VisibleTable(table, small[_ROW].to_pylist(), search)


def _vectors(column: pa.ChunkedArray) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """A row for each chunk; of one without a vector, no numbers."""
    parts = []
    for part in column.chunks:
        width = part.type.list_size
        values = pc.fill_null(part.values, np.float32("nan")).slice(part.offset * width, len(part) * width)
        vectors = values.to_numpy(zero_copy_only=False).reshape(len(part), width).copy()
        vectors[~part.is_valid().to_numpy(zero_copy_only=False)] = np.nan
        parts.append(vectors)
    return np.concatenate(parts) if parts else np.empty((0, column.type.list_size), dtype=np.float32)


def _terms(rows: pa.Table) -> pa.ChunkedArray:
    """Of a table of an earlier version, which does not hold the terms of its texts."""
    texts = rows["content"].to_pylist()
    return pa.chunked_array([[document_terms(text or "") for text in texts]], type=pa.string())
