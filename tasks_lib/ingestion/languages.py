"""The languages of documents: of each chunk as it is prepared, and of an index as it is looked at."""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.embedders.local import unread
from tasks_lib.errors import ConfigurationError
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.text.languages import language_code, language_of

LANGUAGE = "language"
"""Metadata key of a chunk's language (ISO 639-1)."""
SAMPLED = 200
"""Chunks by which an index is judged."""
LEAST_SHARE = 0.05
"""Of the chunks, from which a language counts: a quotation makes no collection of two languages."""

logger = logging.getLogger(__name__)


def with_languages(chunks: Sequence[Document]) -> list[Document]:
    """Chunks that tell their language; one that does not show it by itself has that of most of its document.

    What a document says of itself (`language` among its own metadata) stays. Ids, hashes and vectors do not depend on
    it, so that an index of an earlier version is not written again.
    """
    told = [language_of(chunk.content or "") for chunk in chunks]
    of_document: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for chunk, language in zip(chunks, told, strict=True):
        if language:
            of_document[chunk.meta["document"]][language] += len(chunk.content or "")
    return [
        _with_language(chunk, language or _most(of_document[chunk.meta["document"]]))
        for chunk, language in zip(chunks, told, strict=True)
    ]


def languages_of(index: Index) -> dict[str, float]:
    """Language (ISO 639-1) → share of the chunks in it, the commonest first, by a sample; without the untold."""
    chunks = index.sample(SAMPLED, seed=0) if index.exists() else []
    told = Counter(language_code(chunk.meta.get(LANGUAGE)) or language_of(chunk.content or "") for chunk in chunks)
    return {name: round(count / len(chunks), 2) for name, count in told.most_common() if name}


def unread_documents(embedder: str, shares: Mapping[str, float]) -> ConfigurationError | None:
    """What is wrong where the embedder does not read a language that a good part of the documents is in."""
    return unread(embedder, {name for name, share in shares.items() if share >= LEAST_SHARE})


def tell_languages(result: IngestResult, index: Index, embedder: str) -> None:
    """Note in `result` which languages the index holds, and which of them the embedder does not read."""
    result.languages = languages_of(index)
    if problem := unread_documents(embedder, result.languages):
        result.warnings.append(f"{problem.message}. {problem.hint}")
        logger.warning(result.warnings[-1])


def _with_language(chunk: Document, language: str | None) -> Document:
    if language is None or chunk.meta.get(LANGUAGE):
        return chunk
    return replace(chunk, meta={**chunk.meta, LANGUAGE: language})


def _most(languages: Counter[str]) -> str | None:
    return languages.most_common(1)[0][0] if languages else None
