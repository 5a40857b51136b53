"""Personal data leaves documents before they are cut and embedded. Its places keep their length, so spans stay true."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from tasks_lib.assistant.guardrails.outcome import redacted
from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder, personal_data_finder
from tasks_lib.config.rag import PersonalDataConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError

MASKER_VERSION = 1
"""Raise it with any change of what is found: documents are ingested again."""
PIECE = 4_000
"""Characters that are searched at once; pieces end between paragraphs, lines or words."""


def masking_key(settings: Settings) -> str:
    """What decides about the text of a document beside its content; empty where nothing is masked."""
    if not settings.ingest.mask_pii:
        return ""
    config = settings.guardrails.personal_data
    return json.dumps([MASKER_VERSION, sorted(config.entities), config.score_threshold, sorted(config.allow)])


def without_personal_data(document: ConvertedDocument, config: PersonalDataConfig) -> ConvertedDocument:
    """`document` with its personal data blacked out, in headings and title too.

    :raises UnreadableDocumentError: If a piece of it cannot be searched in time: what is not searched is not indexed.
    """
    finder = _finder(config.model_dump_json())
    try:
        return replace(
            document,
            text="".join(_masked(piece, finder) for piece in _pieces(document.text)),
            title=document.title and _masked(document.title, finder),
            headings=tuple(replace(heading, text=_masked(heading.text, finder)) for heading in document.headings),
        )
    except TimeoutError:
        reason = "could not be searched for personal data in time (guardrails.personal_data.time_limit)"
        raise UnreadableDocumentError(reason) from None


@lru_cache(maxsize=4)
def _finder(config: str) -> PersonalDataFinder:
    """One for each configuration and process: it loads models."""
    return personal_data_finder(PersonalDataConfig.model_validate_json(config))


def _masked(text: str, finder: PersonalDataFinder) -> str:
    return redacted(text, finder.find(text))


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + PIECE
        if end < len(text):
            cuts = ((separator, text.rfind(separator, start + PIECE // 2, end)) for separator in ("\n\n", "\n", " "))
            end = next((cut + len(separator) for separator, cut in cuts if cut > 0), end)
        yield text[start:end]
        start = end
