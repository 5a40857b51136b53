"""The flow `monitor` on Prefect's test server."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from mlflow import flush_trace_async_logging
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from blocks.local import LocalPlatform
from flows.monitor import monitor
from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.monitoring import record
from tasks_lib.monitoring.publish import EVENT
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.window import PUBLISHED_TAG, past_windows
from tasks_lib.registry.tracking import activate, connect
from tests.tasks_lib.monitoring.conftest import MONDAY, write_trace, write_week

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness")]
UNTIL = MONDAY + timedelta(days=7)


def artifacts(key: str) -> list[Artifact]:
    """All versions, the newest first."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return sorted(found, key=lambda artifact: str(artifact.created), reverse=True)


@pytest.fixture(scope="module")
def place(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with pytest.MonkeyPatch.context() as patch:
        home = tracked_home(tmp_path_factory.mktemp("monitored") / "home")
        patch.setenv("LLMOPS_HOME", str(home.root))
        patch.setattr(record, "evidently_snapshot", lambda *_: None)
        yield LocalPlatform(home)


@pytest.fixture(scope="module")
def monitored(place: LocalPlatform) -> MonitorResult:
    activate(connect(place, "rag-assistant"))
    write_week(MONDAY, 30, seed=1)
    return monitor(Settings(monitor=MonitorConfig(until=UNTIL, assessed_traces=0)), "local")


def test_monitoring_without_traffic_ends_with_a_clear_verdict(platform: LocalPlatform) -> None:
    result = monitor(Settings(), "local").model_dump(mode="json")
    assert {"traces", "metrics", "drifted", "report", "verdict"} <= set(result)
    assert (result["verdict"], result["traces"], result["drifted"]) == ("not_enough_traffic", 0, [])
    assert str(platform.home.reports) in result["report"]


def test_prefect_shows_pictures_figures_and_a_link_to_the_report(monitored: MonitorResult) -> None:
    front, figures, link = (artifacts(key)[0] for key in ("monitor", "monitor-metrics", "monitor-report"))
    assert "Not judged" in str(front.data)
    assert "](data:image/svg+xml;base64," in str(front.data)
    assert "groundedness" in str(figures.data)
    address = str(link.data).partition("](")[2].rstrip(")")
    assert Path(unquote(urlsplit(address).path)) == Path(monitored.report)


def test_what_a_run_found_that_died_before_it_told_is_told_by_the_next(
    place: LocalPlatform, monitored: MonitorResult
) -> None:
    client = connect(place, "rag-assistant")
    client.set_tag(monitored.run_id, PUBLISHED_TAG, "false")
    before = len(artifacts("monitor"))
    monitor(Settings(), "local")
    assert len(artifacts("monitor")) == before + 2
    assert all(window.published for window in past_windows(client))
    monitor(Settings(), "local")
    assert len(artifacts("monitor")) == before + 3


def test_a_window_in_which_every_question_failed_is_told_as_an_event(
    place: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(connect(place, "rag-assistant"))
    for minute in range(3):
        write_trace(UNTIL + timedelta(minutes=minute), error="the store is away")
    flush_trace_async_logging()
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("prefect.events.emit_event", lambda event, **given: told.append({"event": event, **given}))
    window = MonitorConfig(since=UNTIL, until=UNTIL + timedelta(days=7))
    assert monitor(Settings(monitor=window), "local").verdict == "failed"
    (event,) = told
    assert event["event"] == EVENT
    assert event["resource"]["prefect.resource.id"] == "llmops.monitor.rag-assistant"
    assert (event["payload"]["metric"], event["payload"]["value"]) == ("error", 1.0)
