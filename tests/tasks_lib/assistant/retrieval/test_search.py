"""Search over the handbook."""

import pytest

from blocks.local import LocalPlatform
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import InputError


def test_search_returns_the_passages_of_each_query_best_first(handbook: LocalPlatform) -> None:
    leave, travel = search(handbook, RagConfig(), ["days of annual leave", "per diem for Lisbon"])
    assert leave[0].document == "leave/annual-leave.md"
    assert travel[0].document == "pay/expenses-and-travel.md"
    assert len(leave) == RagConfig().retriever.top_k
    assert [source.score for source in leave] == sorted((source.score for source in leave), reverse=True)


def test_filters_and_the_score_cut_off_hold(handbook: LocalPlatform) -> None:
    only = {"field": "meta.document", "operator": "==", "value": "work/working-hours.md"}
    rag = RagConfig.model_validate({"retriever": {"filters": only, "score_threshold": 0.5}})
    (found,) = search(handbook, rag, ["days of annual leave"])
    assert {source.document for source in found} <= {"work/working-hours.md"}
    assert all(source.score >= 0.5 for source in found)


def test_the_same_query_finds_the_same(handbook: LocalPlatform) -> None:
    first, second = search(handbook, RagConfig(), ["sick pay of interns"] * 2)
    assert first == second


def test_a_pinned_index_is_read_as_it_was(handbook: LocalPlatform) -> None:
    rag = RagConfig.model_validate({"index": {"follow": "pinned"}})
    version = handbook.index(rag).version()
    (found,) = search(handbook, rag, ["annual leave"], index_version=version)
    assert found


def test_without_an_index_the_error_says_what_to_do(empty_home: LocalPlatform) -> None:
    with pytest.raises(InputError, match="there is no index") as caught:
        search(empty_home, RagConfig(), ["annual leave"])
    assert "llmops ingest" in caught.value.hint
