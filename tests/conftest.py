"""Fixtures that the whole suite shares."""

import gc
import os
import shutil

from tasks_lib.quiet import QUIET

os.environ.update(QUIET, PREFECT_CLI_PROMPT="false", MLFLOW_GENAI_EVAL_SKIP_TRACE_VALIDATION="True")

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from blocks.local import LocalPlatform
from flows.command.environment import GC_THRESHOLDS
from tasks_lib.home import Home
from tests.stubs.fast_storage import IN_MEMORY, MigratedDatabases, keep_temporary_files_in_memory
from tests.stubs.forked_worker import ForkedWorkers, PromptQueue

SHARED = {
    "deployed": {"prefect_server"},
    "endpoint": {"endpoint"},
    "weaviate": {"reopen", "server"},
}
"""Fixtures that start a server, once for all tests that need it.

Not Prefect's: half of the suite's time needs it, which one worker would spend while another has nothing left to do.
"""


def pytest_configure() -> None:
    """Look for garbage as seldom as the command does; an example that a busy machine delays is not wrong.

    What is generated is the same for the same tests, so that a change is refused for what it changes;
    `HYPOTHESIS_PROFILE=other` tries other examples each time.
    """
    keep_temporary_files_in_memory()
    gc.set_threshold(*GC_THRESHOLDS)
    settings.register_profile("same", deadline=None, derandomize=True)
    settings.register_profile("other", deadline=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_itemcollected(item: pytest.Item) -> None:
    """With several workers: a file stays on one of them; all tests of the endpoint share one, all stores a server."""
    needed = set(getattr(item, "fixturenames", ()))
    shared = next((name for name, fixtures in SHARED.items() if needed & fixtures), None)
    item.add_marker(pytest.mark.xdist_group(shared or item.nodeid.partition("::")[0]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What passed leaves nothing in memory. Not sooner: MLflow remembers databases by their paths."""
    made = session.config._tmp_path_factory._basetemp  # type: ignore[attr-defined]
    if exitstatus == 0 and made and made.is_relative_to(IN_MEMORY) and "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def prompt_flushes() -> Iterator[None]:
    """Flushing traces takes as long as MLflow's queue waits for the next one, a second: let it wait less."""
    from mlflow.tracing.export import async_export_queue

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(async_export_queue, "Queue", PromptQueue)
        yield


@pytest.fixture(scope="session", autouse=True)
def migrated_databases(shared_folder: Path) -> Iterator[None]:
    """A new MLflow database of this process is migrated once in a run, and copied after that."""
    from mlflow.store.db import utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "_initialize_tables", MigratedDatabases(shared_folder, utils._initialize_tables))
        yield


@pytest.fixture(scope="session", autouse=True)
def forked_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedWorkers]:
    """Versions that this process starts need not import MLflow first: it takes four seconds of processor each time."""
    from tasks_lib.registry import process

    workers = ForkedWorkers(tmp_path_factory.mktemp("forked"), process.WORKER)
    start = process.VersionProcess.start

    def start_forked(version: process.VersionProcess) -> None:
        workers.start()
        start(version)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "WORKER", workers.script)
        patch.setattr(process.VersionProcess, "start", start_forked)
        yield workers
    workers.close()


@pytest.fixture(scope="module")
def real_versions(forked_versions: ForkedWorkers) -> Iterator[None]:
    """Versions start as they do outside of the tests, from nothing."""
    from tasks_lib.registry import process

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "WORKER", forked_versions.worker)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public evaluation data beside the checkout; see its README for sources and licences."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the evaluation data is not at {folder}")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty ``LLMOPS_HOME``."""
    root = tmp_path / "home"
    monkeypatch.setenv("LLMOPS_HOME", str(root))
    monkeypatch.setenv("PREFECT_HOME", str(root / "prefect"))
    return Home(root).ensure()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def tracked_home(shared_folder: Path) -> Callable[[Path], Home]:
    """Makes homes whose MLflow database exists: migrating a new one takes seconds, copying it does not.

    Each keeps its artifacts to itself once it is connected to.
    """
    template = Home(shared_folder / "template").ensure()
    with FileLock(shared_folder / "template-mlflow.lock"):
        LocalPlatform(template).tracking_uri()

    def copy(root: Path) -> Home:
        made = Home(root).ensure()
        made.mlflow_database.parent.mkdir(exist_ok=True)
        for file in template.mlflow_database.parent.glob(f"{template.mlflow_database.name}*"):
            shutil.copy(file, made.mlflow_database.parent)
        return made

    return copy


@pytest.fixture
def platform(home: Home) -> LocalPlatform:
    """The local platform on an empty home."""
    return LocalPlatform(home)


@pytest.fixture(scope="session")
def prefect_harness() -> Iterator[None]:
    """One temporary Prefect server for the session; every test of this worker that runs a flow uses it."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=400),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield
