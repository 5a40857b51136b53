"""Vector and keyword search in a LanceDB table; conditions are applied before the search."""

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
from haystack import Document

from tasks_lib.assistant.stores.lancedb.schema import (
    DOCUMENT_COLUMNS,
    EMBEDDING,
    KEYWORDS,
    keyword_columns,
    to_documents,
)
from tasks_lib.text.analyser import query_terms
from tasks_lib.text.forms import searchable

if TYPE_CHECKING:
    from lancedb.index import FTS
    from lancedb.table import AsyncTable

T = TypeVar("T")

LONGEST_QUERY = 256
"""Words of a keyword query that are searched: time grows with them, and a question has fewer."""

_PROBES = 20
_REFINE = 4


def keyword_index(column: str) -> "FTS":
    """Splits terms at spaces; the content of earlier tables gets English stems, without stop words and accents.

    It exists before the first row, so that every search uses it.
    """
    from tasks_lib.assistant.stores.lancedb.library import FTS

    if column == KEYWORDS:
        return FTS(
            base_tokenizer="whitespace", lower_case=False, stem=False, remove_stop_words=False, ascii_folding=False
        )
    return FTS(language="English", stem=True, remove_stop_words=True, ascii_folding=True)


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns or raises, run in LanceDB's own event loop."""
    from tasks_lib.assistant.stores.lancedb.library import LOOP

    loop: Any = LOOP
    result: T = loop.run(work)
    return result


def vector_search(table: "AsyncTable", embedding: list[float], condition: str | None, top_k: int) -> list[Document]:
    """Nearest rows by cosine similarity, best first.

    Exact without a vector index. With one, at least `_PROBES` of its partitions are searched (more if a condition
    leaves too few rows) and the best `_REFINE * top_k` are scored again with their full vectors.
    """
    query: Any = table.query().nearest_to(np.asarray(embedding, dtype=np.float32)).column(EMBEDDING)
    query = query.distance_type("cosine").minimum_nprobes(_PROBES).refine_factor(_REFINE)
    rows = _rows(query, condition, top_k, "_distance")
    return _ranked(to_documents(rows, [1.0 - distance for distance in rows["_distance"].to_pylist()]))


def keyword_search(table: "AsyncTable", query: str, condition: str | None, top_k: int) -> list[Document]:
    """Rows that have any word of `query`, best first by BM25; rows newer than the keyword index are searched too.

    `query` is text, not a query language: punctuation, quotes and operators separate words. Its words are compared in
    one Unicode form.
    """
    columns = keyword_columns(in_loop(table.schema()).names)
    words = (
        query_terms(query, LONGEST_QUERY)
        if columns == [KEYWORDS]
        else " ".join(searchable(query).split(maxsplit=LONGEST_QUERY)[:LONGEST_QUERY])
    )
    if not words:
        return []
    search = _any_of(words, columns)
    rows = _rows(table.query().nearest_to_text(search), condition, top_k, "_score")
    return _ranked(to_documents(rows, rows["_score"].to_pylist()))


def _any_of(words: str, columns: Sequence[str]) -> Any:
    """A query for any of `words` in any of `columns`; the scores are added."""
    from tasks_lib.assistant.stores.lancedb.library import query

    match: Any = query.MatchQuery  # its pydantic fields have defaults that the type checker does not see
    if len(columns) == 1:
        return match(words, columns[0])
    return query.BooleanQuery([(query.Occur.SHOULD, match(words, column)) for column in columns])


def _rows(query: Any, condition: str | None, top_k: int, score: str) -> pa.Table:
    query = query.limit(top_k).select([*DOCUMENT_COLUMNS, score])
    return in_loop((query.where(condition) if condition else query).to_arrow())


def _ranked(documents: list[Document]) -> list[Document]:
    """Best first; equal scores in an order that does not depend on where the rows lie."""
    return sorted(documents, key=lambda document: (-(document.score or 0.0), document.id))
