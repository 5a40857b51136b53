"""Flows whose models do not answer end before anything is registered or written, and show their attempts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, TaskRun

from blocks.llmops_platform import LLMOpsPlatform
from blocks.local import LocalPlatform
from flows.dataset import dataset
from flows.deploy import deploy
from flows.ingest import ingest
from flows.tune import tune
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import save
from tasks_lib.errors import ConfigurationError, LlmopsError, ModelUnavailableError
from tasks_lib.home import Home
from tasks_lib.registry import tasks
from tasks_lib.registry.tracking import connect
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.prefect_processes import wait_for
from tests.stubs.services import openai_models
from tests.tasks_lib.registry import fakes

pytestmark = pytest.mark.flow

FLOWS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "deploy": (deploy, {"llm": {"model": "openai/stub-chat"}}),
    "dataset": (dataset, {"llm": {"model": "openai/stub-chat"}}),
    "tune": (tune, {"llm": {"model": "openai/stub-chat"}, "tune": {"modes": ["keyword"], "passages": [3]}}),
    "ingest": (ingest, {"embedder": "openai/stub-embed"}),
}
RETRIED = ["AwaitingRetry", "Retrying"]


@pytest.fixture(scope="module")
def folder(
    prefect_harness: None, tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Documents, and a home with their index and questions, where nothing was deployed."""
    made = tmp_path_factory.mktemp("down")
    home = tracked_home(made / "home")
    (made / "documents").mkdir()
    (made / "documents" / "leave.md").write_text("# Leave\n\nEmployees receive 27 days of annual leave.\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOPS_HOME", str(home.root))
        given = Settings.model_validate({"ingest": {"source": str(made / "documents")}})
        ingest(given)
        client = connect(LocalPlatform(), "rag-assistant")
        save(client, "q", fakes.examples()[:4], index=given.index_name, index_version="1", origin="import")
    return made


@pytest.fixture
def stub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIStub]:
    """Behind the platform `stub`, whose calls are attempted once; the attempts of the task follow at once."""
    monkeypatch.setenv("LLMOPS_HOME", str(folder / "home"))
    monkeypatch.setattr(tasks.call_models, "retry_delay_seconds", [0.1])
    with OpenAIStub() as started:
        openai_models(started, max_attempts=1).save("stub", overwrite=True)
        LLMOpsPlatform(providers=["llmops-openai-compatible-models/stub"]).save("stub", overwrite=True)
        yield started


def settings_of(verb: str, folder: Path) -> Settings:
    given = {"ingest": {"source": str(folder / "documents")}, "gate": {"minimum_questions": 2}}
    return Settings.model_validate(given | FLOWS[verb][1])


def newest_run() -> FlowRun:
    with get_client(sync_client=True) as client:
        return max(client.read_flow_runs(), key=lambda run: run.created)


def tasks_of(run: FlowRun) -> dict[str, TaskRun]:
    """Tasks of a run by their names without number, once the server knows how the first one ended."""
    only = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))

    def ended() -> list[TaskRun] | None:
        with get_client(sync_client=True) as client:
            found = client.read_task_runs(flow_run_filter=only)
        called = [task for task in found if task.name.startswith("call-models")]
        return found if called and called[0].state and called[0].state.is_final() else None

    return {task.name.rpartition("-")[0]: task for task in wait_for(ended, 20)}


def states_of(task: TaskRun) -> list[str | None]:
    """Names of the states that a task went through, as the API tells them."""
    with get_client(sync_client=True) as client:
        return [state.name for state in sorted(client.read_task_run_states(task.id), key=lambda state: state.timestamp)]


def stored(folder: Path) -> Any:
    """All that a run could have left: versions and aliases, runs of MLflow, evaluation sets, indexes."""
    client = connect(LocalPlatform(), "rag-assistant")
    runs = client.search_runs([client.known_experiment_id or "0"])
    versions = client.search_model_versions("")
    return len(versions), sorted(run.info.run_id for run in runs), LocalPlatform(Home(folder / "home")).indexes()


@pytest.mark.parametrize("verb", FLOWS)
def test_a_provider_that_is_down_ends_a_run_before_it_leaves_anything(
    verb: str, stub: OpenAIStub, folder: Path
) -> None:
    before = stored(folder)
    stub.__exit__(None, None, None)
    with pytest.raises(ModelUnavailableError, match="cannot be reached") as told:
        FLOWS[verb][0](settings_of(verb, folder), "stub")
    assert told.value.exit_code == 2
    assert stored(folder) == before
    done = tasks_of(newest_run())
    assert states_of(done["call-models"]) == ["Pending", "Running", *RETRIED, *RETRIED, "Failed"]
    assert set(done) <= {"call-models", "discover"}


@pytest.mark.parametrize("word", ["wrong-key", "unknown-model"])
@pytest.mark.parametrize("verb", FLOWS)
def test_a_provider_that_refuses_ends_a_run_at_its_first_attempt(
    verb: str, word: str, stub: OpenAIStub, folder: Path
) -> None:
    before = stored(folder)
    stub.script.extend([word] * 3)
    with pytest.raises(ConfigurationError) as told:
        FLOWS[verb][0](settings_of(verb, folder), "stub")
    assert told.value.exit_code == 2
    assert stored(folder) == before
    assert states_of(tasks_of(newest_run())["call-models"]) == ["Pending", "Running", "Failed"]


def test_a_provider_that_comes_back_is_seen_in_the_states_of_the_run(stub: OpenAIStub, folder: Path) -> None:
    stub.script.append("throttle")
    done = ingest(settings_of("ingest", folder).model_copy(update={"collection": "back"}), "stub")
    assert done.added == 1
    assert states_of(tasks_of(newest_run())["call-models"]) == ["Pending", "Running", *RETRIED, "Completed"]


@pytest.mark.parametrize("verb", FLOWS)
def test_wrong_input_is_told_before_a_model_is_called(verb: str, stub: OpenAIStub, folder: Path) -> None:
    wrong = {"ingest": {"source": str(folder / "nowhere")}, "gate": {"dataset": "nothing"}, "collection": "none"}
    with pytest.raises(LlmopsError) as told:
        FLOWS[verb][0](Settings.model_validate(wrong | FLOWS[verb][1]), "stub")
    assert told.value.exit_code == 2
    assert not stub.requests
