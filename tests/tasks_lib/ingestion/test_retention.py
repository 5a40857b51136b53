"""What cleaning an index keeps, on a real registry."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.retention import SUPERFLUOUS, clean_up
from tasks_lib.registry.needs import pinned_states
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import connect, run_of
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
INDEX = RagConfig().index_name


class AgedIndex:
    """Only what cleaning asks of an index: one that has many versions of more than a day."""

    name = INDEX

    def __init__(self, past: int = SUPERFLUOUS + 1) -> None:
        self.past = past
        self.kept: list[set[str]] = []

    def past_versions(self) -> int:
        return self.past

    def cleanup(self, keep_versions: Iterable[str]) -> None:
        self.kept.append(set(keep_versions))

    def version(self) -> str:
        return "99"


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    """Version 1 follows the live documents, version 2 is pinned to state 7."""
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    place = LocalPlatform(home)
    client = connect(place, "rag-assistant")
    for number, follow in enumerate(("latest", "pinned"), start=1):
        rag = RagConfig.model_validate({"index": {"follow": follow}})
        folder = tmp_path / follow
        script = fakes.write_script(folder, fakes.GOOD)
        tags = {"fingerprint": follow, "index": INDEX, "index_version": str(5 + number), "dataset": "q:1"}
        candidate = CandidateVersion(MODEL, rag, str(5 + number), script, (fakes.write_room(folder, follow),), tags)
        with run_of(client, "deploy"):
            register(client, candidate, "candidate")
    return place


def cleaned(index: Any, platform: Any) -> IngestResult:
    result = IngestResult(index=INDEX, index_version="98", source="s")
    clean_up(index, platform, Settings(), result)
    return result


def test_only_the_states_that_pinned_versions_read_are_kept(platform: LocalPlatform) -> None:
    index = AgedIndex()
    assert cleaned(index, platform).warnings == []
    assert index.kept == [{"7"}]


def test_a_few_old_versions_are_left_alone(platform: LocalPlatform) -> None:
    index = AgedIndex(SUPERFLUOUS)
    cleaned(index, platform)
    assert index.kept == []


def test_a_version_that_cannot_be_read_now_keeps_what_it_may_need(platform: LocalPlatform) -> None:
    client = connect(platform, "rag-assistant")
    for version in ("1", "2"):
        shutil.rmtree(urlparse(client.get_model_version_download_uri(MODEL, version)).path)
    assert pinned_states(client, INDEX) == {"6": [f"{MODEL} 1"], "7": [f"{MODEL} 2"]}


def test_where_the_registry_cannot_be_asked_nothing_is_deleted(platform: LocalPlatform) -> None:
    class Unreachable:
        def tracking_uri(self) -> str:
            raise ConnectionError("no route to the registry")

    index = AgedIndex()
    result = cleaned(index, Unreachable())
    assert index.kept == []
    assert "no route to the registry" in result.warnings[0]
