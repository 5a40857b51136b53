"""`llmops retention`: what is old goes, what is young and numbers stay."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from blocks.local import LocalPlatform
from flows.retention import retention
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.registry.audit import read_audit
from tasks_lib.registry.tracking import connect, run_of

DAY = 24 * 3600 * 1000


@pytest.fixture
def home(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    return tracked_home(tmp_path / "home")


def settings(**retained: float) -> Settings:
    return Settings.model_validate({"retention": retained})


def run(chosen: Settings, *, dry_run: bool = False) -> object:
    return retention.fn(chosen, dry_run=dry_run)


def test_old_traces_and_what_old_reports_quote_go(home: Home) -> None:
    client = connect(LocalPlatform(home), "rag-assistant")
    mlflow.set_experiment(experiment_id=client.experiment_id)
    with mlflow.start_span("young"):
        pass
    old = mlflow.start_span_no_context("old", inputs="QX7731", start_time_ns=1_000_000_000)
    old.end(end_time_ns=2_000_000_000)
    mlflow.flush_trace_async_logging()
    with run_of(client, "monitor") as window:
        mlflow.log_text("QX7731", "report/index.html")
        mlflow.log_text("1", "scores.parquet")
    client.set_terminated(window.info.run_id, end_time=DAY)
    copy = home.reports / f"monitor-{window.info.run_id[:12]}"
    copy.mkdir(parents=True)
    (copy / "index.html").write_text("QX7731")

    kept = run(settings())
    assert (kept.traces, kept.reports, kept.traces_before) == (0, 0, None)
    chosen = settings(traces_days=30, reports_days=30)
    planned = run(chosen, dry_run=True)
    assert (planned.traces, planned.reports) == (1, 1)
    assert len(client.search_traces(locations=[client.experiment_id])) == 2
    done = run(chosen)
    assert (done.traces, done.reports) == (1, 1)
    left = client.search_traces(locations=[client.experiment_id])
    assert [trace.data.spans[0].name for trace in left] == ["young"]
    assert [artifact.path for artifact in client.list_artifacts(window.info.run_id)] == ["scores.parquet"]
    assert not [path for path in home.root.rglob("*") if path.is_file() and b"QX7731" in path.read_bytes()]
    assert read_audit(home)[-1].what == "retention"
    assert run(chosen).traces == 0
