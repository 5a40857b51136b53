"""Conditions of the command line."""

import pytest

from blocks.local import LocalPlatform
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.assistant.retrieval.where import where_filters
from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import InputError


def found(platform: LocalPlatform, *conditions: str) -> set[str]:
    rag = RagConfig()
    filters = where_filters(conditions, platform.index(rag))
    narrowed = rag.model_copy(update={"retriever": rag.retriever.model_copy(update={"filters": filters})})
    (sources,) = search(platform, narrowed, ["When do I work, and what is paid?"])
    return {source.document for source in sources}


def test_a_pattern_keeps_to_a_folder(handbook: LocalPlatform) -> None:
    assert any(not name.startswith("leave/") for name in found(handbook, "format=md"))
    assert all(name.startswith("leave/") for name in found(handbook, "document=leave/*"))
    assert not any(name.startswith("leave/") for name in found(handbook, "document!=leave/*", "format=md"))


@pytest.mark.parametrize("condition", ["leave", "=x", "format=m*", "document>leave/*", "document=nowhere/*", ""])
def test_what_is_no_condition_is_refused_with_its_text(handbook: LocalPlatform, condition: str) -> None:
    with pytest.raises(InputError, match="condition|wildcard|matches none"):
        where_filters([condition], handbook.index(RagConfig()))
