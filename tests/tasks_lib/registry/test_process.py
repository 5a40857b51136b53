"""Versions in real processes."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import mlflow
import pytest

from blocks.local import LocalPlatform
from tasks_lib.errors import VersionError
from tasks_lib.home import Home
from tasks_lib.registry import pool
from tasks_lib.registry.process import NoGroupsError, VersionProcess, VersionReply
from tasks_lib.registry.tracking import TRACE_PARENT_TAG, connect
from tests.tasks_lib.registry import fakes

pytestmark = pytest.mark.usefixtures("real_versions")

TELLS_TRACE = """
def behave(question):
    from opentelemetry import context

    return {**answer(""), "response": f'{context.get_value("llmops.traceparent")}.'}
"""
QUESTION = [{"role": "user", "content": "Who are you?"}]


@pytest.fixture(scope="module")
def registry(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """Two versions whose `tasks_lib` differ."""
    folder = tmp_path_factory.mktemp("registry")
    platform = LocalPlatform(tracked_home(folder / "home"))
    for who in ("first", "second"):
        room = fakes.write_room(folder / who, who)
        fakes.register_fake(platform, folder / who, fakes.OWN_CODE, rooms=[room])
    return platform


def process(platform: LocalPlatform, version: int, *, controlled: bool = False) -> VersionProcess:
    return VersionProcess(
        f"models:/rag-assistant/{version}",
        platform_name="local",
        tracking_uri=platform.tracking_uri(),
        assistant="rag-assistant",
        experiment_id=connect(platform, "rag-assistant").experiment_id,
        version=str(version),
        index="index-a",
        controlled=lambda: controlled,
        workers=2,
    )


@pytest.fixture(scope="module")
def both(registry: LocalPlatform) -> Iterator[tuple[VersionProcess, VersionProcess]]:
    first, second = process(registry, 1), process(registry, 2)
    first.start()
    second.start()
    try:
        first.wait_ready()
        second.wait_ready()
        yield first, second
    finally:
        first.close()
        second.close()


def test_two_versions_with_different_code_behave_as_themselves(both: tuple[VersionProcess, VersionProcess]) -> None:
    said = [running.ask(QUESTION, 30).answer["response"] for running in both]
    assert said == ["first", "second"]


def test_what_the_version_raises_comes_back_as_an_error(both: tuple[VersionProcess, VersionProcess]) -> None:
    reply = both[0].ask([{"role": "user", "content": "raise"}], 30)
    assert str(reply.error) == "ValueError: boom"
    assert reply.answer is None
    assert reply.trace_id is not None


def test_a_version_that_knows_no_groups_is_asked_nothing_of_an_index_under_access_control(
    registry: LocalPlatform,
) -> None:
    with process(registry, 1, controlled=True) as running:
        for groups in ((), ("hr",)):
            with pytest.raises(NoGroupsError, match="before versions knew who may see what") as refused:
                running.ask(QUESTION, 30, groups=groups)
            assert "llmops deploy" in refused.value.hint
        with pytest.raises(NoGroupsError):
            next(running.stream(QUESTION, 30))


def test_a_version_that_streams_tells_its_pieces_first(both: tuple[VersionProcess, VersionProcess]) -> None:
    *pieces, reply = both[0].stream([{"role": "user", "content": "stream"}], 30)
    assert pieces == ["a", "b"]
    assert isinstance(reply, VersionReply)
    assert reply.answer == {"response": "ab"}
    assert reply.trace_id is not None


@pytest.mark.parametrize("given", [f"00-{'a' * 32}-{'b' * 16}-01", None])
def test_a_version_finds_the_callers_trace_while_it_answers(
    registry: LocalPlatform, tmp_path: Path, given: str | None
) -> None:
    number = fakes.register_fake(registry, tmp_path / "tells", TELLS_TRACE)
    tags = {TRACE_PARENT_TAG: given} if given else {}
    with process(registry, number) as running:
        said = [running.ask(QUESTION, 30, tags), running.ask(QUESTION, 30)]
    assert [reply.answer["response"] for reply in said] == [f"{given or ''}.", "."]


def test_a_version_that_cannot_stream_is_one_piece(registry: LocalPlatform, tmp_path: Path) -> None:
    number = fakes.register_fake(registry, tmp_path / "whole", fakes.GOOD, streams=False)
    with process(registry, number) as running:
        *pieces, reply = running.stream([{"role": "user", "content": "When does it close on holiday 1?"}], 30)
    assert isinstance(reply, VersionReply)
    assert pieces == [reply.answer["response"]] == ["On holiday 1 the office closes at 1 o'clock."]


def test_a_reader_that_leaves_ends_the_stream(both: tuple[VersionProcess, VersionProcess]) -> None:
    running = both[0]
    stream = running.stream([{"role": "user", "content": "stream for ever"}], 30)
    assert next(stream) == "a"
    stream.close()
    found: list[str] = []
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        traces = mlflow.search_traces(filter_string="tags.`llmops.source` = 'abandoned'", return_type="list")
        found = [trace.info.trace_id for trace in traces]
        time.sleep(0.2)
    assert len(found) == 1
    assert running.ask([{"role": "user", "content": "ended?"}], 30).answer["response"] == "first"
    with pytest.raises(VersionError, match="within 0.5 s"):
        list(running.stream([{"role": "user", "content": "stream for ever"}], 0.5))


def test_input_example_and_signature_come_from_the_registry(both: tuple[VersionProcess, VersionProcess]) -> None:
    contract = both[0].contract
    assert contract.example[0]["messages"]
    assert "messages" in str(contract.inputs)
    assert contract.outputs


def test_a_dead_process_fails_waiting_and_later_questions_at_once(both: tuple[VersionProcess, VersionProcess]) -> None:
    running = both[1]
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.ask, [{"role": "user", "content": "die"}], 120)
        with pytest.raises(VersionError, match="ended with code 7"):
            waiting.result()
    with pytest.raises(VersionError, match="ended with code 7"):
        running.ask(QUESTION, 120)
    assert time.monotonic() - started < 60
    assert not running.alive


def test_every_question_is_a_trace_with_our_tags_and_no_process_is_left(
    registry: LocalPlatform, both: tuple[VersionProcess, VersionProcess]
) -> None:

    running = both[0]
    trace_id = running.ask(QUESTION, 30).trace_id
    assert trace_id is not None
    assert running.pid is not None
    running.close()
    trace = connect(registry, "rag-assistant").get_trace(trace_id)
    root = trace.data.spans[0]
    tags = {name: value for name, value in trace.info.tags.items() if name.startswith("llmops.")}
    told = {"llmops.model_version": "1", "llmops.index": "index-a", "llmops.source": "evaluation"}
    assert tags == {**told, "llmops.assistant": "rag-assistant"}
    assert (root.name, root.inputs, root.outputs["response"]) == ("rag-assistant", {"messages": QUESTION}, "first")
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_a_version_that_does_not_exist_is_one_clear_error(registry: LocalPlatform) -> None:
    with (
        pytest.raises(VersionError, match=r"models:/rag-assistant/99 does not load: .*99") as caught,
        process(registry, 99),
    ):
        pytest.fail("it must not start")
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_questions_at_once_are_spread_over_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert [pool.processes_for(concurrency) for concurrency in (1, 4, 8, 9, 16, 64)] == [1, 1, 1, 2, 2, 2]
    asked: list[str] = []
    barrier = Barrier(4)

    class Process:
        """Answers when four questions are asked at once."""

        def __init__(self, model_uri: str, *, workers: int, name: str) -> None:
            self.number = f"{name} {next(numbers)}"

        def ask(self, *question: Any, **_: Any) -> VersionReply:
            asked.append(self.number)
            barrier.wait(10)
            return VersionReply(None, None, None, 0.0)

    numbers = count()
    monkeypatch.setattr(pool, "VersionProcess", Process)
    many = pool.VersionPool("models:/a/1", concurrency=16, name="process")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: many.ask(QUESTION, 10), range(4)))
    assert sorted(asked) == ["process 0", "process 0", "process 1", "process 1"]


def test_an_answer_that_mlflow_does_not_sample_has_no_trace(
    registry: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACE_SAMPLING_RATIO", "0")
    with process(registry, 1) as running:
        reply = running.ask(QUESTION, 30)
    assert (reply.answer["response"], reply.trace_id) == ("first", None)
