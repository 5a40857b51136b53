"""Masking of personal data in documents, before they are cut and embedded. Lengths stay, so that spans stay true."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict

from tasks_lib.assistant.guardrails.outcome import redacted
from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder, personal_data_finder
from tasks_lib.config.guardrails import PersonalDataConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.converters.documents import IDENTITY
from tasks_lib.ingestion.result import FailedDocument

MASKER_VERSION = 1
"""Raise it with any change of what is found: documents are ingested again."""
PIECE = 4_000
"""Characters that are searched at once; pieces end between paragraphs, lines or words."""
_AS_THEY_ARE = {*IDENTITY, "file_path", "format", "modified"}


def masking_key(settings: Settings) -> str:
    """What decides about the text of a document beside its content; empty where nothing is masked."""
    if not settings.ingest.mask_pii:
        return ""
    config = settings.guardrails.personal_data
    return json.dumps([MASKER_VERSION, sorted(config.entities), config.score_threshold, sorted(config.allow)])


@component
class PersonalDataMasker:
    """Blacks out personal data in documents, in title, headings and other metadata too.

    A document that cannot be searched in time fails: what is not searched is not indexed.

    :param entities: Entity names, as in `guardrails.personal_data.entities`.
    :param score_threshold: Score from which a finding counts.
    :param allow: Texts that are never personal data, or `@domain` for mailboxes.
    :param time_limit: Seconds; a quarter of it is the limit of one search.
    """

    def __init__(
        self,
        *,
        entities: Sequence[str],
        score_threshold: float = 0.5,
        allow: Sequence[str] = (),
        time_limit: float = 5.0,
    ) -> None:
        self.entities = list(entities)
        self.score_threshold = score_threshold
        self.allow = list(allow)
        self.time_limit = time_limit

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(
            self,
            entities=self.entities,
            score_threshold=self.score_threshold,
            allow=self.allow,
            time_limit=self.time_limit,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document], failed=list[FailedDocument])
    def run(self, documents: list[Document]) -> dict[str, list[Any]]:
        """Mask `documents`.

        :returns: `documents`, of unchanged length, and `failed`.
        """
        finder = _finder(tuple(self.entities), self.score_threshold, tuple(self.allow), self.time_limit)
        masked: list[Document] = []
        failed: list[FailedDocument] = []
        for document in documents:
            try:
                text = "".join(_masked(piece, finder) for piece in _pieces(document.content or ""))
                masked.append(Document(content=text, meta=_masked_meta(document.meta, finder)))
            except TimeoutError:
                reason = "could not be searched for personal data in time (guardrails.personal_data.time_limit)"
                failed.append(FailedDocument(path=document.meta.get("document", ""), reason=reason))
        return {"documents": masked, "failed": failed}


@lru_cache(maxsize=4)
def _finder(
    entities: tuple[str, ...], score_threshold: float, allow: tuple[str, ...], time_limit: float
) -> PersonalDataFinder:
    """One for each configuration and process: it loads models."""
    return personal_data_finder(
        PersonalDataConfig(entities=entities, score_threshold=score_threshold, allow=allow, time_limit=time_limit)
    )


def _masked(text: str, finder: PersonalDataFinder) -> str:
    return redacted(text, finder.find(text))


def _masked_meta(meta: Mapping[str, Any], finder: PersonalDataFinder) -> dict[str, Any]:
    masked: dict[str, Any] = {
        key: _masked(value, finder) if isinstance(value, str) and key not in _AS_THEY_ARE else value
        for key, value in meta.items()
    }
    if "headings" in masked:
        masked["headings"] = [[start, level, _masked(text, finder)] for start, level, text in masked["headings"]]
    return masked


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + PIECE
        if end < len(text):
            cuts = ((separator, text.rfind(separator, start + PIECE // 2, end)) for separator in ("\n\n", "\n", " "))
            end = next((cut + len(separator) for separator, cut in cuts if cut > 0), end)
        yield text[start:end]
        start = end
