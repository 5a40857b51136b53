"""Vector search, keyword search and filters in one place of an index on Weaviate; conditions hold before ranking."""

from collections.abc import Callable, Iterable
from typing import Any

from haystack import Document
from haystack_integrations.document_stores.weaviate import WeaviateDocumentStore

from tasks_lib.assistant.stores.weaviate.chunks import Place
from tasks_lib.assistant.stores.weaviate.schema import KEYWORDS, searched_properties
from tasks_lib.text.analyser import query_terms
from tasks_lib.text.forms import searchable

LONGEST_QUERY = 256
"""Words of a keyword query that are searched."""

Search = Callable[[Place, Any, int | None], Iterable[Document]]
"""Finds the best n documents of a place that satisfy a Weaviate filter, or all of them."""


def as_document(item: Any) -> Document:
    """What Haystack's integration makes of an object, its internal properties included."""
    return WeaviateDocumentStore._to_document(item)  # noqa: SLF001  (there is no public way to it)


def near(embedding: list[float], distance: float | None = None, certainty: float | None = None) -> Search:
    """The documents nearest to `embedding`; scores are certainties."""

    def search(place: Place, condition: Any, top_k: int | None) -> list[Document]:
        found = place.chunks.query.near_vector(
            embedding,
            distance=distance,
            certainty=certainty,
            filters=condition,
            limit=top_k,
            include_vector=True,
            return_properties=list(place.properties),
            return_metadata=["certainty"],
        )
        return [as_document(item) for item in found.objects]

    return search


def with_words(query: str) -> Search:
    """The documents with words of `query`, which is text and no query language; scores are BM25.

    Haystack's integration searches the content as it was written only.
    """

    def search(place: Place, condition: Any, top_k: int | None) -> list[Document]:
        searched = searched_properties(place.properties)
        words = query_terms(query, LONGEST_QUERY) if searched == [KEYWORDS] else searchable(query)
        if not words.strip():
            return []
        found = place.chunks.query.bm25(
            query=words,
            filters=condition,
            limit=top_k,
            include_vector=True,
            query_properties=searched,
            return_properties=list(place.properties),
            return_metadata=["score"],
        )
        return [as_document(item) for item in found.objects]

    return search


def matching(place: Place, condition: Any, top_k: int | None) -> Iterable[Document]:  # noqa: ARG001
    """All documents that satisfy the filter, with their vectors; it ranks none."""
    return map(as_document, place.pages(condition, place.properties, vectors=True))
