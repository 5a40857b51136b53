"""Traces that the store does not take are counted, and told with the reason."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry.process import VersionProcess
from tasks_lib.registry.tracking import connect
from tasks_lib.registry.unstored_traces import UnstoredTraces
from tests.tasks_lib.registry import fakes

QUESTION = [{"role": "user", "content": "When does it close on holiday 1?"}]
REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"


@pytest.fixture(scope="module")
def registry(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    folder = tmp_path_factory.mktemp("registry")
    platform = LocalPlatform(tracked_home(folder / "home"))
    fakes.register_fake(platform, folder / "good", fakes.GOOD)
    return platform


@pytest.fixture(params=["trace_info", "spans"])
def refusing(registry: LocalPlatform, request: pytest.FixtureRequest) -> Iterator[LocalPlatform]:
    """A database that takes no rows of one of a trace's tables, in the words of a full disk."""
    registry.tracking_uri()
    with closing(sqlite3.connect(registry.home.mlflow_database)) as database:
        database.execute("PRAGMA busy_timeout = 20000")
        database.execute(REFUSE.format(table=request.param))
        database.commit()
        yield registry
        database.execute("DROP TRIGGER refuse")
        database.commit()


def asked(platform: LocalPlatform, times: int) -> None:
    version = VersionProcess(
        "models:/rag-assistant/1",
        platform_name="local",
        tracking_uri=platform.tracking_uri(),
        assistant="rag-assistant",
        experiment_id=connect(platform, "rag-assistant").experiment_id,
        version="1",
        index="index-a",
        controlled=lambda: False,
    )
    with version as running:
        answers = [running.ask(QUESTION, 30) for _ in range(times)]
    assert all(reply.answer["response"] for reply in answers)


def test_answers_go_on_without_a_place_for_traces_and_their_number_is_told(
    refusing: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    asked(refusing, 3)
    assert [record.getMessage().partition(", of")[0] for record in caplog.records] == ["traces not stored: 3"]
    assert "monitoring will not see: " in caplog.text
    assert "holiday" not in caplog.text  # nothing of what was asked


def test_nothing_is_told_of_traces_that_are_stored(registry: LocalPlatform, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    asked(registry, 2)
    assert "not stored" not in caplog.text


EVENTS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["ended", "stored", "failed", "told"])), max_size=60)


@given(EVENTS)
def test_every_trace_is_told_once_if_it_is_lost_and_never_else(events: list[tuple[int, str]]) -> None:
    told: list[tuple[int, str]] = []
    traces = UnstoredTraces(lambda count, reason: told.append((count, reason)))
    ended, failed = set(), 0
    lost: set[str] = set()
    for number, (name, event) in enumerate(events):
        trace = f"tr-{name}-{number}" if event == "ended" else next(iter(sorted(ended)), None)
        if event == "ended":
            assert trace is not None
            traces.ended(trace)
            ended.add(trace)
        elif event == "told":
            traces.tell()
            lost.clear()
        elif trace is not None:
            ended.discard(trace)
            if event == "stored":
                traces._store(trace)
            else:
                traces._fail([trace, trace], OSError("no space left"))
                lost.add(trace)
                failed += 1
    traces.tell(ended=True)
    traces.tell(ended=True)
    assert sum(count for count, _ in told) == failed + len(ended)
    assert all(count > 0 and reason for count, reason in told)


def test_a_trace_that_waits_for_too_long_is_told_and_a_server_that_takes_no_spans_is_no_loss() -> None:
    told: list[tuple[int, str]] = []
    traces = UnstoredTraces(lambda count, reason: told.append((count, reason)), seconds=0.0)
    traces._fail(["tr-1"], NotImplementedError())
    traces._fail(["tr-1"], RuntimeError("REST OTLP span logging is not supported"))
    traces.tell()
    assert told == []
    traces._fail(
        ["tr-3"], RuntimeError("(sqlite3.OperationalError) locked [SQL: INSERT] [parameters: ('my question')]")
    )
    traces.tell()
    assert told.pop() == (1, "RuntimeError: (sqlite3.OperationalError) locked")
    traces.ended("tr-2")
    traces.tell()
    traces.tell()
    assert told == [(1, "the store does not answer")]
