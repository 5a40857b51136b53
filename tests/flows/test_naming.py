"""Lists of flow runs tell what ran."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect.client.orchestration import get_client

from flows import dataset, deploy, ingest, monitor, rollback, tune
from flows.naming import concluded, named_by_assistant, named_by_source
from tasks_lib import progress
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.monitoring.result import verdict_title
from tasks_lib.progress import advance


def started(name: Callable[[], str], **parameters: Any) -> str:
    """The name that a run of a flow gets."""

    @flow(flow_run_name=name)
    def named(settings: Settings | None = None, platform: str = "local") -> str:
        from prefect.runtime import flow_run

        return str(flow_run.name)

    return named(**parameters)


@pytest.mark.flow
@pytest.mark.parametrize(
    ("source", "platform", "name"),
    [
        (None, "local", "ingest handbook"),
        (None, "aws", "ingest documents of aws"),
        ("/srv/docs/current/", "local", "ingest current"),
        ("documents", "local", "ingest documents"),
        ("s3://acme/hr/2026", "local", "ingest 2026"),
        ("s3://acme", "local", "ingest acme"),
        ("file:///srv/%C3%9Cbersicht", "local", "ingest Übersicht"),
        ("/", "local", "ingest /"),
    ],
)
def test_an_ingest_is_named_by_its_source(prefect_harness: None, source: str | None, platform: str, name: str) -> None:
    settings = Settings.model_validate({"ingest": {"source": source}})
    assert started(named_by_source, settings=settings, platform=platform) == name


@pytest.mark.flow
def test_other_flows_are_named_by_verb_and_assistant(prefect_harness: None) -> None:
    assert started(named_by_assistant("deploy")) == "deploy rag-assistant"
    for module, verb in (
        (dataset, "dataset"),
        (deploy, "deploy"),
        (monitor, "monitor"),
        (rollback, "rollback"),
        (tune, "tune"),
    ):
        assert started(getattr(module, verb).flow_run_name) == f"{verb} rag-assistant"
    assert started(ingest.ingest.flow_run_name) == "ingest handbook"


@pytest.mark.flow
def test_a_conclusion_is_name_and_message_and_the_result_stays_the_result(prefect_harness: None) -> None:
    @flow(flow_run_name="deploy rag-assistant")
    def deploying() -> dict[str, int]:
        return concluded({"version": 2}, "rag-assistant v2: reject")

    state = deploying(return_state=True)
    assert deploying() == state.result() == {"version": 2}
    assert deploying.fn() == {"version": 2}
    assert state.message == "rag-assistant v2: reject"
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(state.state_details.flow_run_id).name == "rag-assistant v2: reject"


@pytest.mark.flow
def test_a_flow_run_without_the_command_logs_what_lasts(
    prefect_harness: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @flow
    def evaluating() -> None:
        advance("evaluate the candidate", 1, 60)
        monkeypatch.setattr(progress, "MINUTE", 0.0)
        advance("evaluate the candidate", 2, 60)

    heard = logging.getLogger("prefect.flow_runs")
    heard.addHandler(caplog.handler)
    try:
        evaluating()
    finally:
        heard.removeHandler(caplog.handler)
    assert "evaluate the candidate: 2 of 60" in caplog.messages
    assert "evaluate the candidate: 1 of 60" not in caplog.messages


@pytest.mark.flow
def test_an_ingest_ends_with_what_it_changed(
    tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_harness: None
) -> None:
    monkeypatch.setenv("LLMOPS_HOME", str(tracked_home(tmp_path / "home").root))
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "dogs.md").write_text("Dogs are welcome at the office.")
    settings = Settings(ingest=IngestConfig(source=str(pages)))
    told = [ingest.ingest(settings, return_state=True).message for _ in range(2)]
    assert told == ["ingest pages: 1 added", "ingest pages: nothing changed"]


@given(drifted=st.lists(st.sampled_from(["coverage", "refused", "evidence"]), unique=True))
def test_a_verdict_names_what_drifted(drifted: list[str]) -> None:
    title = verdict_title("drifted" if drifted else "not_enough_traffic", drifted)
    assert title.startswith("drifted (" if drifted else "not enough traffic")
    assert all(metric in title for metric in drifted)
