"""A report for readers who may not see every document holds figures, and no word that was asked, answered or read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tasks_lib.home import Home
from tasks_lib.monitoring.publish import drift_payload, metric_rows
from tasks_lib.monitoring.report.artifacts import (
    ANSWERS_FILE,
    CANDIDATES_FILE,
    QUESTIONS_FILE,
    SUMMARY_FILE,
    read_table,
)
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.monitoring.conftest import QuickPlatform, write_trace, write_week
from tests.tasks_lib.monitoring.test_monitoring import TRACES, monitor, week

ASKED, ANSWERED, READ, RAISED = "zanzibarquestion", "zanzibaranswer", "zanzibarpassage", "zanzibarerror"
DOCUMENT = "leave.md"
SECRETS = (ASKED, ANSWERED, READ, RAISED, DOCUMENT)


def write_secrets(number: int, *, good: bool) -> None:
    """A week of which every text says that it is one."""
    since = week(number)["since"]
    words = {"question": f"Where is the {ASKED}?", "passage": f"It is as {READ} says, on the ship."}
    words["response"] = f"It is as {READ} says." if good else f"Bicycles cost {ANSWERED} euros."
    write_trace(since, error=RAISED, **words)
    write_trace(since, inputs={"messages": RAISED})
    write_week(since, TRACES, seed=number, **words)


def everything_told(place: QuickPlatform, result: MonitorResult, home: Home) -> str:
    """All that the run, the home and the flow tell of a window."""
    client = connect(place, "rag-assistant")
    run = client.get_run(result.run_id)
    told = [result.model_dump_json(), json.dumps(metric_rows(result), default=str), str(run.data.tags)]
    told += [json.dumps(drift_payload(result, "rag-assistant"))] if result.drifted else []
    folders = [Path(client.download_artifacts(result.run_id, "")), home.reports, home.root / "evidently"]
    for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        told.append(file.name)
        table = file.suffix == ".parquet"
        told.append(str(pd.read_parquet(file).to_dict()) if table else file.read_bytes().decode(errors="replace"))
    return "\n".join(told)


@pytest.fixture(scope="module")
def windows(place: QuickPlatform) -> list[MonitorResult]:
    """A week of good answers and one of bad ones, with figures alone."""
    found = []
    for number in (0, 1):
        write_secrets(number, good=number == 0)
        found.append(monitor(place, aggregate_only=True, assessed_traces=3, **week(number)))
    return found


@pytest.mark.parametrize("number", [0, 1])
def test_no_text_and_no_name_is_told_anywhere(place: QuickPlatform, windows: list[MonitorResult], number: int) -> None:
    told = everything_told(place, windows[number], place.home)
    assert {secret for secret in SECRETS if secret in told} == set()


def test_the_figures_are_those_of_any_report(place: QuickPlatform, windows: list[MonitorResult]) -> None:
    first, second = windows
    assert (first.traces, first.verdict) == (TRACES + 2, "healthy")
    assert sum(first.errors.values()) == 1
    assert sum(first.malformed.values()) == 1
    assert "groundedness" in second.drifted
    assert second.metrics["groundedness"] < first.metrics["groundedness"]
    languages = next(change for change in second.changes if change["metric"] == "question_languages")
    assert languages["reference_n"] == TRACES
    page = Path(second.report).read_text(encoding="utf-8")
    assert page.count("<svg") > 3
    assert second.worst[0].trace_id in page
    assert second.worst[0].trace_id in Path(second.report).with_name(SUMMARY_FILE).read_text(encoding="utf-8")


def test_the_worst_answers_are_found_by_their_traces(place: QuickPlatform, windows: list[MonitorResult]) -> None:
    client, run = connect(place, "rag-assistant"), windows[1].run_id
    rows = map(json.loads, Path(client.download_artifacts(run, CANDIDATES_FILE)).read_text().splitlines())
    worst = next(rows)
    assert set(worst) == {"trace_id", "why"}
    assert ASKED in str(client.get_trace(worst["trace_id"]).data.request)
    assert "groundedness" in worst["why"][0]


def test_vectors_and_languages_are_kept_for_later_windows(place: QuickPlatform, windows: list[MonitorResult]) -> None:
    client, run = connect(place, "rag-assistant"), windows[0].run_id
    assert set(read_table(client, run, QUESTIONS_FILE)) == {"trace_id", "vector"}
    assert set(read_table(client, run, ANSWERS_FILE)) == {"trace_id", "language"}


def test_a_report_with_texts_follows_one_without(place: QuickPlatform, windows: list[MonitorResult]) -> None:
    write_secrets(2, good=True)
    told = everything_told(place, monitor(place, **week(2)), place.home)
    assert {secret for secret in SECRETS if secret in told} == set(SECRETS) - {ANSWERED}
