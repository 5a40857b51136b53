"""What was forgotten does not come back with the next ingest, until a person lets it in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.registry.denials import (
    NOTHING_DENIED,
    deny_document,
    deny_text,
    digest_of_document,
    digest_of_text,
    let_in,
    read_denials,
)
from tests.stubs.ingesting import sync

NAME = "Wilhelmina Quarkstein"
Ingest = Callable[[], IngestResult]


@pytest.fixture
def ingest(documents: Path, index: Any, embedder: Any, home: Home) -> Ingest:
    (documents / "clubs.md").write_text("# Clubs\n\nThe speaker is WILHELMINA  Quarkstein. Lunch is at noon.\n")
    (documents / "lunch.md").write_text("# Lunch\n\nThe canteen serves lunch from noon.\n")
    return lambda: sync(documents, index, embedder, Settings.model_validate({"ingest": {"allow_mass_delete": False}}))


def everything_in(index: Any) -> str:
    return " ".join(f"{chunk.content} {chunk.meta}" for chunk in index.sample(1000, 0))


def test_a_forgotten_document_stays_out_and_so_does_a_copy_of_it(
    ingest: Ingest, index: Any, documents: Path, home: Home
) -> None:
    source = ingest().source
    deny_document(home, source, "clubs.md", [index.manifest(source)["clubs.md"]], "ann")
    (documents / "copy.md").write_bytes((documents / "clubs.md").read_bytes())
    result = ingest()
    assert (result.forgotten, result.deleted, result.added) == (2, 1, 0)
    assert "clubs.md" not in index.manifest(source)
    assert "clubs" not in result.model_dump_json().replace(str(documents), "")
    (documents / "clubs.md").write_text("# Clubs\n\nAnother text under the old name.\n")
    assert ingest().added == 0
    let_in(home, digest_of_document(home, source, "clubs.md"))
    assert ingest().added == 2


def test_a_forgotten_text_is_blacked_out_of_what_is_ingested_and_embedded_anew(
    ingest: Ingest, index: Any, embedder: Any, home: Home
) -> None:
    deny_text(home, NAME, "ann")
    source = ingest().source
    held = everything_in(index)
    assert "quarkstein" not in held.lower()
    assert "Lunch is at noon." in held
    assert set(index.manifest(source)) == {"clubs.md", "lunch.md"}
    assert index.keyword_retriever(top_k=5).run(query="Quarkstein")["documents"] == []
    assert ingest().unchanged == 2
    (chunk,) = [chunk for chunk in index.sample(10, 0) if chunk.meta["document"] == "clubs.md"]
    assert chunk.meta["content_hash"] in index.embeddings([chunk.meta["content_hash"]])


def test_the_list_holds_no_text(ingest: Ingest, home: Home) -> None:
    deny_text(home, NAME, "ann")
    deny_document(home, "file:///docs", "quarkstein.md", ["h1"], "ann")
    written = home.forgotten.read_text()
    assert "quark" not in written.lower()
    assert "docs" not in written
    assert home.forgotten.stat().st_mode & 0o077 == 0
    let_in(home, digest_of_text(home, "wilhelmina quarkstein"))
    assert not read_denials(home).any_text
    with pytest.raises(InputError, match="not forgotten"):
        let_in(home, digest_of_text(home, NAME))


def test_a_broken_list_lets_nothing_in(ingest: Ingest, home: Home) -> None:
    home.forgotten.write_text("{")
    with pytest.raises(ConfigurationError, match="broken"):
        ingest()


def test_an_empty_list_keeps_nothing_out() -> None:
    assert not NOTHING_DENIED.keeps_out("file:///docs", "a.md", "h1")
    assert NOTHING_DENIED.blacked_out(NAME) == NAME
