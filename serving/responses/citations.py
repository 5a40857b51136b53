"""Sources of an answer as OpenAI's annotations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

PLACE = ("start", "end", "page", "heading", "score")
"""What a citation tells beside OpenAI's own fields."""


def citations(answer: Mapping[str, Any], length: int) -> list[dict[str, Any]]:
    """A citation of each source that the answer was taken from; of all, where that cannot be told; none of a refusal.

    :param length: Characters of the text that is told: sources belong to all of it, so they are cited at its end.
    """
    if answer.get("refused"):
        return []
    return [_citation(source, length) for source in _cited(answer.get("source_documents") or [])]


def _cited(sources: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    listed = list(sources)
    used = [source for source in listed if source.get("used")]
    yield from used or listed


def _citation(source: Mapping[str, Any], length: int) -> dict[str, Any]:
    document = source["document"]
    place = {name: source[name] for name in PLACE if source.get(name) is not None}
    address = address_of(source)
    if address:
        title = source.get("title") or document
        cited = {"type": "url_citation", "url": address, "title": title, "start_index": 0, "end_index": length}
    else:
        cited = {"type": "file_citation", "file_id": document, "filename": document, "index": length}
    return {**cited, "document": document, "source": source.get("source") or "", **place}


def address_of(source: Mapping[str, Any]) -> str | None:
    """Where a page of a web site lies; `None` for a document from elsewhere."""
    base, document = source.get("source") or "", source["document"]
    if _is_web(document):
        return str(document)
    if not _is_web(base):
        return None
    parts = urlsplit(base)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{quote(document)}").geturl()


def _is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))
