"""Chunks and indexes tell their language, and what the embedder does not read is said."""

from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.stores.lancedb.schema import KEYWORDS
from tasks_lib.config.rag import MINILM, MULTILINGUAL_E5
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.languages import languages_of, unread_documents

GERMAN = "# Urlaub\n\nAlle Beschäftigten haben 27 Tage Urlaub im Jahr, und die Vorgesetzten genehmigen sie.\n"
ENGLISH = "# Leave\n\nAll employees have 27 days of leave in a year, and their managers approve them.\n"


@pytest.fixture
def mixed(documents: Path) -> Path:
    (documents / "urlaub.md").write_text(GERMAN)
    (documents / "leave.md").write_text(ENGLISH)
    return documents


def of(documents: Path, **others: object) -> Settings:
    return Settings.model_validate({"ingest": {"source": str(documents)}, **others})


def test_chunks_tell_their_language_and_the_embedder_is_held_against_it(platform: LocalPlatform, mixed: Path) -> None:
    result = synchronise(platform, of(mixed))
    index = platform.index(of(mixed).rag)
    told = {chunk.meta["document"]: chunk.meta["language"] for chunk in index.sample(10, 0)}
    assert (told["urlaub.md"], told["leave.md"]) == ("de", "en")
    assert result.languages == languages_of(index)
    assert sum("de" in warning and MULTILINGUAL_E5 in warning for warning in result.warnings) == 1


def test_an_english_collection_is_read_by_the_default(platform: LocalPlatform, documents: Path) -> None:
    (documents / "leave.md").write_text(ENGLISH)
    result = synchronise(platform, of(documents))
    assert result.languages == {"en": 1.0}
    assert result.warnings == []


@pytest.mark.parametrize(
    ("embedder", "shares", "unread"),
    [
        (MINILM, {"en": 0.97, "fr": 0.03}, None),
        (MINILM, {"en": 0.5, "zh": 0.3, "de": 0.2}, "de, zh"),
        (MULTILINGUAL_E5, {"zh": 1.0}, None),
        ("openai/text-embedding-3-small", {"zh": 1.0}, None),
    ],
)
def test_a_language_counts_from_a_share_of_the_chunks(
    embedder: str, shares: dict[str, float], unread: str | None
) -> None:
    problem = unread_documents(embedder, shares)
    assert (problem is None) if unread is None else (problem is not None and unread in problem.message)


def test_another_analyser_is_another_index_beside_and_embeds_nothing(platform: LocalPlatform, mixed: Path) -> None:
    first = synchronise(platform, of(mixed))
    moved = of(mixed, index={"analyser": "languages"})
    assert moved.index_name != first.index
    second = synchronise(platform, moved)
    assert (second.added, second.embedded_chunks) == (first.added, 0)
    assert {first.index, second.index} <= set(platform.indexes())
    index = platform.index(moved.rag)
    assert KEYWORDS in index.store.connection.table().schema.names
