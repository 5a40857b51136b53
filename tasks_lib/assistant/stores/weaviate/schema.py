"""What the collections of an index hold. Every property is declared: Weaviate would guess types and tokenise paths."""

import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

from haystack import Document

from tasks_lib.assistant.contract.index import chunk_id
from tasks_lib.text.analyser import document_terms
from tasks_lib.text.forms import other_forms

PREFIX = "LLMOps_"
MANIFEST_SUFFIX = "_manifest"
KEPT = ("past", "states", "access")
"""Properties of the manifest that earlier indexes do not have: what kept states need, and who may see what."""
UUID_SPACE = "llmops"

OTHER_FORMS = "other_forms"
"""Words of the content that Unicode can write in another form, in that form: of earlier indexes, which have no
`KEYWORDS`."""
KEYWORDS = "keywords"
"""What the keyword search reads: the terms of the content, each text in the way of its language. Of earlier indexes it
reads the content itself, without stems."""
AUDIENCE = "audience"
"""Who may see a chunk, as `marks.mark_of` writes it; of earlier indexes, none have it that were never under access
control."""
_EXACT = "field"
"""The whole value is one token: filters compare it exactly."""
_SPACES = "whitespace"
"""Split at spaces only, as terms want it."""

_TEXTS = ("source", "document", "document_hash", "content_hash", "title", "heading")
_NUMBERS = ("start", "end", "page")
META = (*_TEXTS, *_NUMBERS)
"""Metadata of chunks that filters know; see `tasks_lib.ingestion.chunk`."""


def collection_name(index: str) -> str:
    """Weaviate's name of the collection behind an index: a letter, then letters, digits and underscores."""
    digest = hashlib.sha256(index.encode()).hexdigest()[:8]
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', index)[:100]}_{digest}"


def chunk_collection(index: str, *, by_audience: bool = False) -> dict[str, Any]:
    """Chunks with their vectors; `generation` says by which change a chunk was written.

    :param by_audience: Chunks that others may see are in another tenant.
    """
    properties = [
        _text("_original_id"),
        _text("content"),
        _text(KEYWORDS, tokenization=_SPACES, searchable=True),
        *(_text(name) for name in _TEXTS),
        *({"name": name, "dataType": ["int"]} for name in _NUMBERS),
        {"name": "generation", "dataType": ["int"]},
        _text(AUDIENCE),
        kept_text("extra"),
    ]
    return {
        "class": collection_name(index),
        "description": index,
        "vectorizer": "none",
        "vectorIndexConfig": {"distance": "cosine"},
        "invertedIndexConfig": {"indexNullState": True},
        "multiTenancyConfig": {"enabled": by_audience},
        "properties": properties,
    }


def manifest_collection(index: str) -> dict[str, Any]:
    """One object for each document, and two (with an empty source) for the state of the index and its access."""
    properties = [_text("source"), _text("document"), _text("document_hash"), _text("pending")]
    properties += [kept_text(name) for name in KEPT]
    properties += [{"name": name, "dataType": ["int"]} for name in ("generation", "chunks", "dimension")]
    return {
        "class": collection_name(index) + MANIFEST_SUFFIX,
        "vectorizer": "none",
        "vectorIndexType": "flat",
        "properties": properties,
    }


def kept_text(name: str) -> dict[str, Any]:
    """A property that is only read back."""
    return {"name": name, "dataType": ["text"], "indexFilterable": False, "indexSearchable": False}


def _text(name: str, *, tokenization: str = _EXACT, searchable: bool = False) -> dict[str, Any]:
    return {"name": name, "dataType": ["text"], "tokenization": tokenization, "indexSearchable": searchable}


def searched_properties(names: Collection[str]) -> list[str]:
    """Those of a collection's properties that the keyword search reads."""
    return [KEYWORDS] if KEYWORDS in names else [name for name in ("content", OTHER_FORMS) if name in names]


def to_properties(
    chunk: Document, generation: int, names: Collection[str] = (KEYWORDS,), mark: str | None = None
) -> dict[str, Any]:
    """Properties of a chunk; other metadata goes along as JSON and is not filtered.

    :param names: Properties of the collection: an earlier one has others for the keyword search.
    :param mark: Of its audience.
    """
    text = chunk.content or ""
    searched = (
        {KEYWORDS: document_terms(text, chunk.meta.get("language"))}
        if KEYWORDS in names
        else {OTHER_FORMS: other_forms(text)}
    )
    known = {name: chunk.meta[name] for name in META if chunk.meta.get(name) is not None}
    extra = {name: value for name, value in chunk.meta.items() if name not in META}
    return {
        "_original_id": chunk.id,
        "content": chunk.content or "",
        "generation": generation,
        "extra": json.dumps(extra, default=str) if extra else "",
        **({} if mark is None else {AUDIENCE: mark}),
        **searched,
        **known,
    }


def of_source(chunk: Document, source: str) -> Document:
    """A chunk as if it came from `source`: with its new id."""
    meta = chunk.meta
    new = chunk_id(source, meta["document"], meta["start"] or 0, meta["end"] or 0, chunk.content or "")
    return Document(id=new, content=chunk.content, embedding=chunk.embedding, meta={**meta, "source": source})


def to_chunk(document: Document, *, keep_vector: bool = True) -> Document:
    """A chunk as it was written, out of the document that Haystack's integration reads."""
    meta: dict[str, Any] = {name: document.meta.get(name) for name in META}
    for name in _NUMBERS:
        meta[name] = int(meta[name]) if meta[name] is not None else None
    meta |= json.loads(document.meta.get("extra") or "{}")
    vector = document.embedding if keep_vector else None
    return Document(id=document.id, content=document.content, meta=meta, score=document.score, embedding=vector)
