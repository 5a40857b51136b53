"""Personal data in documents: blacked out before anything is indexed, where that is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.masking import PIECE
from tasks_lib.ingestion.result import IngestResult
from tests.stubs.ingesting import sync

MAIL = "jane.roe@example.org"
CARD = "4111 1111 1111 1111"
TEXT = f"# Ask {MAIL}\n\nThe card is {CARD}. Lunch is at noon.\n"
Ingest = Callable[..., IngestResult]


@pytest.fixture
def ingest(documents: Path, index: Any, embedder: Any) -> Ingest:
    """One sync of the folder with the given settings."""

    def once(*, mask_pii: bool = True, **settings: object) -> IngestResult:
        chosen = Settings.model_validate({"ingest": {"mask_pii": mask_pii}, **settings})
        return sync(documents, index, embedder, chosen)

    return once


def everything_in(index: Any) -> str:
    """Contents and metadata of all chunks."""
    return " ".join(f"{chunk.content} {chunk.meta}" for chunk in index.sample(1000, 0))


def test_what_is_masked_is_neither_indexed_nor_embedded_and_spans_stay(
    ingest: Ingest, index: Any, embedder: Any, documents: Path
) -> None:
    (documents / "pay.md").write_text(TEXT)
    ingest()
    held = everything_in(index)
    assert not [text for text in (held, *embedder.texts) if MAIL in text or "1111" in text]
    chunk = next(chunk for chunk in index.sample(10, 0) if "Lunch" in (chunk.content or ""))
    start, end = chunk.meta["start"], chunk.meta["end"]
    assert (chunk.content or "").endswith("Lunch is at noon.")
    assert TEXT[start:end].endswith("Lunch is at noon.")


def test_switching_it_on_or_looking_for_more_ingests_anew(ingest: Ingest, index: Any, documents: Path) -> None:
    (documents / "pay.md").write_text(TEXT)
    ingest(mask_pii=False)
    assert MAIL in everything_in(index)
    assert ingest().updated == 1
    assert ingest().unchanged == 1
    assert MAIL not in everything_in(index)
    only_cards = {"personal_data": {"entities": ["CREDIT_CARD"]}}
    assert ingest(guardrails=only_cards).updated == 1
    assert MAIL in everything_in(index)
    assert "1111" not in everything_in(index)


def test_long_documents_are_searched_to_their_end(ingest: Ingest, index: Any, documents: Path) -> None:
    paragraph = f"Write to {MAIL} about it.\n\n"
    (documents / "long.md").write_text(paragraph * (3 * PIECE // len(paragraph)))
    ingest()
    assert MAIL not in everything_in(index)


def test_a_document_that_cannot_be_searched_in_time_is_not_indexed(
    ingest: Ingest, index: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (documents / "slow.md").write_text("This one is slow.")
    (documents / "quick.md").write_text("This one is quick.")
    found = PersonalDataFinder.find

    def slow(self: PersonalDataFinder, text: str) -> Any:
        if "slow" in text:
            raise TimeoutError
        return found(self, text)

    monkeypatch.setattr(PersonalDataFinder, "find", slow)
    result = ingest()
    assert [(failure.path, "in time" in failure.reason) for failure in result.failed] == [("slow.md", True)]
    assert "slow" not in everything_in(index)
