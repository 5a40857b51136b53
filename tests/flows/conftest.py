"""A Prefect server with schedules and automations, which the session's harness does not run, and its bootstrap.

And an assistant in production over a gated index, and a home in which something was done.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import mlflow
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.local import LocalPlatform
from flows.bootstrap import BootstrapResult, bootstrap
from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from flows.orchestration.automations import Times
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.datasets import save
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate import asking
from tasks_lib.documents_gate.asking import Answering, Ask
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.prediction import Prediction
from tasks_lib.home import Home
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import connect, run_of
from tests.stubs.gated import GOOD, LEAVE, MODEL, PAY, Gated, example
from tests.stubs.prefect_processes import PrefectServer
from tests.stubs.tracking import point_mlflow_at
from tests.stubs.written_home import write_home

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


@pytest.fixture(scope="module")
def in_production(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """The home, with a version in production and its two questions."""
    root = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        home = tracked_home(root / "home")
        patch.setenv("LLMOPS_HOME", str(home.root))
        made = Gated(LocalPlatform(home), root / "documents")
        result = made.begin()
        client, rag = connect(made.platform, MODEL), made.settings.rag
        tags = {"fingerprint": "f", "index": rag.index_name, "index_version": result.index_version, "dataset": "q:1"}
        with run_of(client, "deploy"):
            candidate = CandidateVersion(MODEL, rag, result.index_version, MODEL_SCRIPT, CODE_PATHS, tags)
            number = register(client, candidate, "candidate")
        client.set_registered_model_alias(MODEL, "production", str(number))
        examples = [
            example("leave", LEAVE, "leave.md", GOOD, "27 days", result.source),
            example("pay", "When are salaries paid?", "pay.md", PAY, "the 25th of the month", result.source),
        ]
        save(client, "q", examples, index=rag.index_name, index_version=result.index_version, origin="import")
        yield made


@pytest.fixture
def gated(in_production: Gated, monkeypatch: pytest.MonkeyPatch) -> Gated:
    """The same with an index that is new."""
    monkeypatch.setenv("LLMOPS_HOME", str(in_production.platform.home.root))
    in_production.begin()
    return in_production


@pytest.fixture
def in_process(gated: Gated, monkeypatch: pytest.MonkeyPatch, prefect_harness: None) -> Gated:
    """The version answers in this process, which takes a second instead of a minute."""

    def version_on(platform: LocalPlatform, live: LiveVersion, gate: GateConfig) -> Answering:
        @contextmanager
        def opened(rag: RagConfig, state: str) -> Iterator[Ask]:
            assistant = build_assistant(rag, platform, index_version=state)

            def ask(examples: Sequence[Example]) -> VersionAnswers:
                gated.asked += [each.id for each in examples]
                answers = [assistant.answer(each.messages).payload() for each in examples]
                return VersionAnswers(
                    tuple(Prediction(*both, None, None, 0.1) for both in zip(examples, answers, strict=True))
                )

            yield ask

        return opened

    monkeypatch.setattr(asking, "version_on", version_on)
    return gated


@pytest.fixture(scope="module")
def template(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home and its documents, which tests copy."""
    root = tmp_path_factory.mktemp("template")
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOPS_HOME", str(root / "home"))
        write_home(tracked_home(root / "home"), root / "documents")
    yield root
    point_mlflow_at(before)
