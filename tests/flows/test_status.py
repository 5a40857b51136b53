"""`llmops status` says what the last gate and the last monitoring came to, and what is worth doing next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blocks.local import LocalPlatform
from flows.command import render
from flows.command.output import print_result
from flows.ingest import synchronise
from flows.status import StatusResult, status
from tasks_lib.config.settings import IngestConfig, Settings
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect, run_of
from tests.tasks_lib.registry import fakes

AGAIN = "run `llmops deploy` to measure again"


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    """Version 1 is in production; its documents have changed since its gate."""
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    made = LocalPlatform(home)
    synchronise(made, Settings(ingest=IngestConfig(include=("leave/annual-leave.md",))))
    version = fakes.register_fake(made, tmp_path / "live", fakes.GOOD)
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
    print_result(result.model_dump(mode="json"), render.status, as_json=False)
    return capsys.readouterr().out


def test_version_decision_and_reason_of_the_last_gate_are_told(
    platform: LocalPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    gated(platform, "reject", "latency_p95_seconds is 12.0; at most 10 is asked [gate]")
    found = status(Settings())
    told = "version 2: reject: latency_p95_seconds is 12.0; at most 10 is asked [gate]"
    assert any(reason.endswith(told) for reason in found.reasons)
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
