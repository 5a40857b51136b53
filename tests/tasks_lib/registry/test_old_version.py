"""A version that was registered before the rooms of `tasks_lib` were rebuilt goes on answering.

`tests/data/version-0.1.0.tar.xz` is such a version's folder as MLflow stored it, with all of `tasks_lib` and `blocks`
of commit 79243ac; only the two paths of the machine that made it were taken out of its `MLmodel`.
"""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blocks.documents import FolderDocuments
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.local import LocalPlatform
from blocks.openai import OpenAICompatibleModels
from flows.ingest import synchronise
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.registry.process import VersionProcess, VersionReply
from tasks_lib.registry.tracking import connect
from tests.stubs.old_release import VERSION, unpack

MODEL = "rag-assistant"
LEAVE = [{"role": "user", "content": "How many days of annual leave do full-time employees receive?"}]
CARD = [{"role": "user", "content": "Is 4111 1111 1111 1111 the card for expenses?"}]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def registered(
    tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalPlatform]:
    """Today's registry with the old version, over an index that today's code made."""
    folder = tmp_path_factory.mktemp("old-version")
    platform = LocalPlatform(tracked_home(folder / "home"))
    synchronise(platform, Settings(ingest=IngestConfig(include=("leave/annual-leave.md",))))
    unpack(VERSION, folder / "version")
    client = connect(platform, "rag-assistant")
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, str(folder / "version"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOPS_HOME", str(platform.home.root))
        yield platform


def process(registered: LocalPlatform, platform: str) -> VersionProcess:
    index = Settings().rag.index_name
    address = {"platform_name": platform, "tracking_uri": registered.tracking_uri(), "assistant": MODEL}
    address["experiment_id"] = connect(registered, "rag-assistant").experiment_id
    return VersionProcess(f"models:/{MODEL}/1", version="1", index=index, controlled=lambda: False, **address)


@pytest.fixture(scope="module")
def old_version(registered: LocalPlatform) -> Iterator[VersionProcess]:
    """The old version in a process of its own."""
    with process(registered, "local") as running:
        yield running


def test_an_old_version_answers_from_an_index_of_today(old_version: VersionProcess) -> None:
    reply = old_version.ask(LEAVE, 120)
    assert reply.error is None
    assert "27 days" in reply.answer["response"]
    assert reply.answer["source_documents"][0]["document"] == "leave/annual-leave.md"
    assert reply.trace_id is not None


def test_an_old_version_streams(old_version: VersionProcess) -> None:
    *pieces, reply = old_version.stream(LEAVE, 120)
    assert isinstance(reply, VersionReply)
    assert "".join(str(piece) for piece in pieces) == reply.answer["response"]
    assert "27 days" in reply.answer["response"]


def test_an_old_version_keeps_its_guardrails(old_version: VersionProcess) -> None:
    answer = old_version.ask(CARD, 120).answer
    assert answer["refused"]
    assert "personal_data" in {decision["validator"] for decision in answer["guardrails"]}


@pytest.mark.flow
def test_an_old_version_reads_the_blocks_of_today(
    registered: LocalPlatform, prefect_harness: None, tmp_path: Path
) -> None:
    OpenAICompatibleModels(api_key="sk", base_url="http://vllm/v1", provider="vllm").save("today", overwrite=True)
    LanceDBStore(uri=str(registered.home.indexes)).save("today", overwrite=True)
    FolderDocuments(path=str(tmp_path)).save("today", overwrite=True)
    LLMOpsPlatform(
        providers=["llmops-openai-compatible-models/today"],
        judge="vllm/judge",
        index="llmops-lancedb-store/today",
        documents="llmops-folder-documents/today",
    ).save("today", overwrite=True)
    with process(registered, "today") as running:
        assert "27 days" in running.ask(LEAVE, 120).answer["response"]


def test_its_code_is_that_of_then() -> None:
    with tarfile.open(VERSION) as archive:
        names = set(archive.getnames())
    assert {"./code/tasks_lib/rag", "./code/tasks_lib/monitoring"} <= names
    assert "./code/tasks_lib/assistant" not in names
