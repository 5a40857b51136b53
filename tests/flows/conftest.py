"""A Prefect server with schedules and automations, which the session's harness does not run, and its bootstrap."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.bootstrap import BootstrapResult, bootstrap
from flows.orchestration.automations import Times
from tasks_lib.home import Home
from tests.stubs.prefect_processes import PrefectServer

POOL = "laptop"
TIMES = Times(silence=timedelta(seconds=45), repeat=timedelta(seconds=10), drift=timedelta(minutes=10))
"""A run is missed soon, yet not before its second heartbeat; Prefect waits no shorter than ten seconds."""


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(scope="session")
def deployed_home(prefect_server: PrefectServer, tracked_home: Callable[[Path], Home]) -> Path:
    """``LLMOPS_HOME`` of the deployed flows."""
    return tracked_home(prefect_server.folder / "home").root


@pytest.fixture(scope="session")
def bootstrapped(prefect_server: PrefectServer, deployed_home: Path) -> BootstrapResult:
    """The first bootstrap of an empty server."""
    with (
        temporary_settings({PREFECT_API_URL: prefect_server.url}),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("LLMOPS_HOME", str(deployed_home))
        return bootstrap(POOL, times=TIMES)


@pytest.fixture
def client(
    prefect_server: PrefectServer, deployed_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncPrefectClient]:
    """A client of that server, to which this process's own calls go as well."""
    monkeypatch.setenv("LLMOPS_HOME", str(deployed_home))
    with (
        temporary_settings({PREFECT_API_URL: prefect_server.url}),
        get_client(sync_client=True) as opened,
    ):
        yield opened
