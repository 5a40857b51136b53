"""How a Haystack document is laid out in a LanceDB row, and back."""

import json
import math
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
from haystack import Document
from haystack.dataclasses import ByteStream, SparseEmbedding

from tasks_lib.assistant.contract.index import chunk_id
from tasks_lib.assistant.stores.lancedb.terms import Terms, plain
from tasks_lib.text.analyser import document_terms
from tasks_lib.text.forms import other_forms

FORMAT = "1"
"""Goes up when rows are laid out differently; a table of another format is not read."""

TEXT_COLUMNS = {name: name for name in ("source", "document", "document_hash", "content_hash", "title", "heading")}
INTEGER_COLUMNS = {"start": "start_char", "end": "end_char", "page": "page"}
TYPED_COLUMNS = TEXT_COLUMNS | INTEGER_COLUMNS
"""Metadata key → column, for what every chunk carries; other types of value stay in `meta` and are found by terms."""

DOCUMENT_COLUMNS = ["id", "content", "meta", "attachments", *TYPED_COLUMNS.values()]
EMBEDDING = "embedding"
OTHER_FORMS = "other_forms"
"""Words of the content that Unicode can write in another form, in that form: in earlier tables, which have no
`KEYWORDS`."""
KEYWORDS = "keywords"
"""What the keyword search reads: the terms of the content, each text in the way of its language. Of earlier tables it
reads the content itself, with English stems."""
_LARGEST = 2**63


def arrow_schema(dimension: int) -> pa.Schema:
    """The table's schema, for embeddings of `dimension` floats."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            ("content", pa.string()),
            *((column, pa.string()) for column in TEXT_COLUMNS.values()),
            *((column, pa.int64()) for column in INTEGER_COLUMNS.values()),
            ("meta", pa.string()),
            ("attachments", pa.string()),
            ("terms", pa.list_(pa.string())),
            ("number_keys", pa.list_(pa.string())),
            ("number_values", pa.list_(pa.float64())),
            (EMBEDDING, pa.list_(pa.float32(), dimension)),
            (KEYWORDS, pa.string()),
        ],
        metadata={"llmops.format": FORMAT},
    )


def fits_column(key: str, value: Any) -> bool:
    """Whether a metadata value is kept in its typed column."""
    if key in TEXT_COLUMNS:
        return isinstance(value, str)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return key in INTEGER_COLUMNS and is_integer and -_LARGEST <= value < _LARGEST


def keyword_columns(names: Collection[str]) -> list[str]:
    """Those of a table's columns that the keyword search reads."""
    return [KEYWORDS] if KEYWORDS in names else [name for name in ("content", OTHER_FORMS) if name in names]


def to_table(documents: Sequence[Document], dimension: int, names: Collection[str] = (KEYWORDS,)) -> pa.Table:
    """Rows of `documents`.

    :param names: Columns of the table: an earlier one has others for the keyword search.
    :raises ValueError: If an embedding has another dimension or is not finite, or metadata holds what JSON cannot.
    """
    schema = arrow_schema(dimension)
    if KEYWORDS not in names:
        schema = schema.set(schema.get_field_index(KEYWORDS), pa.field(OTHER_FORMS, pa.string()))
    rows = [_row(document, dimension) | _searched(document, schema.names) for document in documents]
    return pa.Table.from_pylist(rows, schema=schema)


def to_documents(table: pa.Table, scores: Sequence[float] | None = None) -> list[Document]:
    """Documents of rows that were read with `DOCUMENT_COLUMNS`, with their scores if they have any."""
    rows = table.to_pylist()
    ranked: Sequence[float | None] = [None] * len(rows) if scores is None else scores
    return [_document(row, score) for row, score in zip(rows, ranked, strict=True)]


def of_source(rows: pa.Table, source: str) -> pa.Table:
    """Rows with all columns as if they came from `source`: with their new ids."""
    names = ("document", "start_char", "end_char", "content")
    ids = [
        chunk_id(source, document or "", start or 0, end or 0, content or "")
        for document, start, end, content in zip(*(rows[name].to_pylist() for name in names), strict=True)
    ]
    columns = {"id": ids, "source": [source] * rows.num_rows}
    for name, values in columns.items():
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, rows.schema.field(position), pa.array(values, pa.string()))
    return rows


def read_meta(row: dict[str, Any]) -> dict[str, Any]:
    """Metadata of a row that has the column `meta` and all typed columns."""
    meta: dict[str, Any] = json.loads(row["meta"])
    meta.update((key, row[column]) for key, column in TYPED_COLUMNS.items() if row[column] is not None)
    return meta


def _row(document: Document, dimension: int) -> dict[str, Any]:
    _check_embedding(document, dimension)
    meta = plain(document.meta)
    typed = {key: value for key, value in meta.items() if fits_column(key, value)}
    others = _json({key: value for key, value in meta.items() if key not in typed}, document.id)
    terms = Terms()
    for key, value in meta.items():
        if key in typed and isinstance(value, str):
            terms.add_date(key, value)
        elif key not in typed and "." not in key:
            terms.add(key, value)
    return {
        "id": document.id,
        "content": document.content,
        **{TYPED_COLUMNS[key]: value for key, value in typed.items()},
        "meta": others,
        "attachments": _attachments(document),
        "terms": terms.terms or None,
        "number_keys": list(terms.numbers) or None,
        "number_values": list(terms.numbers.values()) or None,
        EMBEDDING: document.embedding,
    }


def _searched(document: Document, names: Collection[str]) -> dict[str, str | None]:
    """What the keyword search reads beside the content, or in its place."""
    text = document.content or ""
    if KEYWORDS not in names:
        return {OTHER_FORMS: other_forms(text) or None}
    return {KEYWORDS: document_terms(text, document.meta.get("language")) or None}


def _check_embedding(document: Document, dimension: int) -> None:
    if document.embedding is None:
        return
    if len(document.embedding) != dimension:
        msg = f"document {document.id!r} has an embedding of {len(document.embedding)} dimensions, not {dimension}"
        raise ValueError(msg)
    if not math.isfinite(sum(document.embedding)):
        msg = f"document {document.id!r} has an embedding that is not finite"
        raise ValueError(msg)


def _json(meta: dict[str, Any], document_id: str) -> str:
    try:
        return json.dumps(meta, ensure_ascii=False)
    except TypeError as error:
        msg = f"metadata of document {document_id!r} cannot be stored: {error}"
        raise ValueError(msg) from error


def _attachments(document: Document) -> str | None:
    """Blob and sparse embedding: kept, but not searchable."""
    parts = {
        "blob": document.blob.to_dict() if document.blob else None,
        "sparse_embedding": document.sparse_embedding.to_dict() if document.sparse_embedding else None,
    }
    return json.dumps(parts) if any(parts.values()) else None


def _document(row: dict[str, Any], score: float | None) -> Document:
    parts = json.loads(row["attachments"] or "{}")
    blob, sparse_embedding = parts.get("blob"), parts.get("sparse_embedding")
    return Document(
        id=row["id"],
        content=row["content"],
        meta=read_meta(row),
        embedding=row.get(EMBEDDING),
        score=score,
        blob=ByteStream.from_dict(blob) if blob else None,
        sparse_embedding=SparseEmbedding.from_dict(sparse_embedding) if sparse_embedding else None,
    )
