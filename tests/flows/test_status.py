"""`llmops status` says what the last gate and the last monitoring came to, and what is worth doing next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Failed, Running

from blocks.local import LocalPlatform
from flows.command import render_operate
from flows.command.output import print_result
from flows.failed_runs import DECIDING
from flows.failed_verbs import record_failure
from flows.history import history
from flows.ingest import synchronise
from flows.orchestration.pool import TAG
from flows.status import StatusResult, status
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.publish import log_run
from tasks_lib.registry.attempts import FLOW_RUN_TAG, WAITS_UNTIL_TAG
from tasks_lib.registry.tracking import REASON_TAG, STARTED_BY_TAG, VERB_TAG, WAITS_FOR_TAG, connect, run_of
from tests.stubs.weaviate_server import free_ports
from tests.tasks_lib.registry import fakes

AGAIN = "run `llmops deploy` to measure again"


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    """Version 1 is in production, and follows every ingest; its documents have changed since its gate."""
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    made = LocalPlatform(home)
    synchronise(made, Settings(ingest=IngestConfig(include=("leave/annual-leave.md",))))
    version = fakes.register_fake(made, tmp_path / "live", fakes.GOOD, follow="latest")
    connect(made, "rag-assistant").set_registered_model_alias("rag-assistant", "production", str(version))
    return made


def gated(platform: LocalPlatform, decision: str, reason: str = "because", **tags: Any) -> None:
    index = platform.index(Settings().rag)
    seen = {
        "version": 2,
        "decision": decision,
        "reasons": reason,
        "index": index.name,
        "index_version": index.version(),
    }
    with run_of(connect(platform, "rag-assistant"), "deploy", {f"llmops.{key}": v for key, v in (seen | tags).items()}):
        pass


def monitored(platform: LocalPlatform, **tags: str) -> None:
    with run_of(connect(platform, "rag-assistant"), "monitor", {f"llmops.{key}": value for key, value in tags.items()}):
        pass


def shown(result: StatusResult, capsys: pytest.CaptureFixture[str]) -> str:
    print_result(result.model_dump(mode="json"), render_operate.status, as_json=False)
    return capsys.readouterr().out


def test_version_decision_and_reason_of_the_last_gate_are_told(
    platform: LocalPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    gated(platform, "reject", "latency_p95_seconds is 12.0; at most 10 is asked [gate]")
    found = status(Settings())
    told = "version 2: reject: latency_p95_seconds is 12.0; at most 10 is asked [gate]"
    assert "the last gate was about version 2" in found.reasons
    lines = shown(found, capsys).splitlines()
    assert any("last gate" in line and line.endswith(told) for line in lines)


@pytest.mark.parametrize("decision", ["undecided", "reject"])
def test_documents_that_a_gate_has_measured_are_not_to_be_measured_again(
    platform: LocalPlatform, decision: str
) -> None:
    assert AGAIN in str(status(Settings()).reasons)
    gated(platform, decision, index_version="of before")
    assert AGAIN in str(status(Settings()).reasons)
    gated(platform, decision)
    found = status(Settings())
    assert found.stale
    assert AGAIN not in str(found.reasons)
    assert any("the last gate measured them already" in reason for reason in found.reasons)


def test_a_gate_about_another_index_settles_nothing(platform: LocalPlatform) -> None:
    gated(platform, "undecided", index="other__index")
    assert AGAIN in str(status(Settings()).reasons)


def test_documents_that_no_gate_was_about_wait_for_one(platform: LocalPlatform, tmp_path: Path) -> None:
    """As a killed run leaves them."""
    version = fakes.register_fake(platform, tmp_path / "gated", fakes.GOOD)
    connect(platform, "rag-assistant").set_registered_model_alias("rag-assistant", "production", str(version))
    before = status(Settings())
    assert before.index is not None
    assert not before.index.pending
    synchronise(platform, Settings(ingest=IngestConfig(include=("leave/annual-leave.md", "leave/sick-leave.html"))))
    after = status(Settings())
    assert after.index is not None
    assert (after.index.pending, after.index.version, after.stale) == (True, before.index.version, False)
    (told,) = (reason for reason in after.reasons if "not measured yet" in reason)
    assert f"state {after.index.latest}" in told
    assert "run `llmops release`" in told


def test_an_empty_monitoring_run_does_not_hide_the_last_verdict(platform: LocalPlatform) -> None:
    monitored(platform, verdict="drifted", drifted="refused", traces="40")
    for _ in range(2):
        monitored(platform, verdict="not_enough_traffic", traces="0")
    found = status(Settings())
    assert found.last_monitoring is not None
    assert found.last_monitoring.summary["verdict"] == "drifted"
    assert "monitoring saw drift in refused" in found.reasons
    assert any("saw 0 traces: not enough traffic" in reason for reason in found.reasons)
    monitored(platform, verdict="healthy", traces="40")
    reasons = status(Settings()).reasons
    assert not any("drift" in reason or "not enough traffic" in reason for reason in reasons)


def test_only_empty_monitoring_runs_are_told_as_such(platform: LocalPlatform) -> None:
    assert "no traffic was monitored yet: run `llmops monitor`" in status(Settings()).reasons
    monitored(platform, verdict="not_enough_traffic", traces="3")
    found = status(Settings())
    assert found.last_monitoring is not None
    assert found.last_monitoring.summary["verdict"] == "not_enough_traffic"
    assert any("saw 3 traces" in reason for reason in found.reasons)


def test_since_when_a_version_is_live_and_by_whom_is_told(
    platform: LocalPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(Settings()).live is None, "an alias moved by hand is nobody's decision"
    tags = {"llmops.from_version": 2, "llmops.to_version": 1, STARTED_BY_TAG: "ben", REASON_TAG: "wrong figures"}
    with run_of(connect(platform, "rag-assistant"), "rollback", tags):
        pass
    found = status(Settings())
    assert found.live
    assert (found.live.what, found.live.version, found.live.by) == ("rolled back", 1, "ben")
    assert ": rolled back from version 2 to 1, by ben: wrong figures" in shown(found, capsys)


def test_the_last_ingest_tells_what_it_changed(
    platform: LocalPlatform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "page.md").write_text("Dogs are welcome at the office.")
    settings = Settings(ingest=IngestConfig(source=str(tmp_path / "documents")))
    log_run(synchronise(platform, settings), platform, "rag-assistant")
    line = next(line for line in shown(status(Settings()), capsys).splitlines() if "last ingest" in line)
    assert f"1 added, 0 updated, 0 deleted, 0 failed of {(tmp_path / 'documents').as_uri()}" in line


def test_a_run_that_decides_nothing_and_failed_is_an_entry_of_the_history(platform: LocalPlatform) -> None:
    told = "folder '/gone' does not exist. Mount it."
    record_failure("ingest", {"settings": Settings(), "platform": "local"}, told)
    record_failure("deploy", {}, "it leaves a run of its own")
    record_failure("monitor", {"assistant": "nobody"}, "nobody's")
    (entry,) = history(Settings()).entries
    assert (entry.what, entry.title, entry.reason) == ("failed", "ingest failed", told)
    client = connect(platform, "rag-assistant")
    assert f"**ingest failed**, by {entry.by}: {told}" in (
        client.get_registered_model("rag-assistant").description or ""
    )


def waiting(platform: LocalPlatform, **tags: str) -> None:
    """As a deployment leaves it that waits for a person."""
    client = connect(platform, "rag-assistant")
    tags = {
        VERB_TAG: "deploy",
        WAITS_UNTIL_TAG: "9999-01-01",
        WAITS_FOR_TAG: "press Resume",
        "llmops.version": "3",
        **tags,
    }
    client.create_run(client.experiment_id, tags=tags)


def test_an_approval_says_whether_it_can_still_promote_and_spares_another_gate(platform: LocalPlatform) -> None:
    seen = platform.index(Settings().rag).version()
    waiting(platform, **{"llmops.compared_with": "1", "llmops.index_version": str(seen)})
    found = status(Settings())
    assert "version 3 waits for approval: press Resume" in found.reasons
    assert any("version 3, which waits for approval, was measured on them" in reason for reason in found.reasons)
    waiting(platform, **{"llmops.compared_with": "2"})
    (late,) = (reason for reason in status(Settings()).reasons if "moved" in reason)
    assert "production moved from version 2 to 1 since its gate, so an approval would promote nothing" in late


@pytest.mark.flow
@pytest.mark.parametrize(("state", "ended"), [(Crashed(message="gone"), True), (Running(), False)])
def test_an_approval_whose_run_has_ended_in_prefect_waits_no_longer(
    platform: LocalPlatform, prefect_harness: None, monkeypatch: pytest.MonkeyPatch, state: State, *, ended: bool
) -> None:
    @flow
    def deploying() -> None:
        return None

    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(deploying, tags=[TAG, DECIDING])
        client.set_flow_run_state(run.id, state, force=True)
    seen = str(platform.index(Settings().rag).version())
    waiting(platform, **{FLOW_RUN_TAG: str(run.id), "llmops.index_version": seen})
    found = status(Settings())
    assert any("which waits for approval, was measured on them" in reason for reason in found.reasons) != ended
    told = "version 3 waited for approval, but its run in Prefect is Crashed: nobody is asked any more"
    assert (told in found.reasons) == ended
    assert ("version 3 waits for approval: press Resume" in found.reasons) != ended
    entries = history(Settings())
    assert [entry.what for entry in entries.entries] == ["interrupted" if ended else "waits for approval"]
    assert any(failed.url.endswith(str(run.id)) for failed in entries.failed_runs) == ended


@pytest.mark.flow
def test_runs_that_failed_in_prefect_are_told_with_their_page(
    platform: LocalPlatform, prefect_harness: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(Settings()).failed_runs == []

    @flow
    def nightly() -> None:
        return None

    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    name = f"ingest {uuid4()}"
    with get_client(sync_client=True) as client:
        runs = [
            client.create_flow_run(nightly, name=each, tags=tags) for each, tags in ((name, [TAG]), ("of others", []))
        ]
        for run in runs:
            client.set_flow_run_state(run.id, Failed(message="/gone is no folder.\nMount it."), force=True)
    found = next(failed for failed in status(Settings()).failed_runs if failed.name == name)
    assert found.message == "/gone is no folder. Mount it."
    assert found.url.endswith(f"/runs/flow-run/{runs[0].id}")
    assert "of others" not in {failed.name for failed in status(Settings()).failed_runs}
    assert f"{name}: {found.message} ({found.url})" in shown(status(Settings()), capsys)


def test_a_prefect_server_that_is_down_is_told_and_hides_nothing_else(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}/api"
    monkeypatch.setenv("PREFECT_API_URL", url)
    with temporary_settings({PREFECT_API_URL: url}):
        found = status(Settings())
    assert found.production
    assert [failed.name for failed in found.failed_runs] == ["Prefect"]
    assert f"no Prefect server answers at {url.removesuffix('/api')}" in found.failed_runs[0].message
