"""LitServe's list of workers, where several assistants have workers in it."""

import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from litserve import LitServer

from serving.api import AssistantAPI
from serving.workers import STEADY_SECONDS, Server


def server_of(*workers: int) -> Server:
    """A server that was not started, with as many workers for each of its assistants."""
    common: dict[str, Any] = {"platform": "local", "alias": "production", "timeout_seconds": 1.0, "poll_seconds": 1.0}
    apis = [
        AssistantAPI(model=f"m{number}", workers=count, slots=1, number=number, **common)
        for number, count in enumerate(workers)
    ]
    server = Server(apis, accelerator="cpu", workers_per_device=list(workers))
    server.inference_workers = [f"worker {number}" for number in range(sum(workers))]
    return server


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Which workers LitServe starts again."""
    found: list[tuple[str, int]] = []

    def start(_: LitServer, api: AssistantAPI, worker: int) -> str:
        found.append((api.model_name, worker))
        return "new"

    monkeypatch.setattr(LitServer, "launch_single_inference_worker", start)
    return found


def test_a_server_that_stops_starts_no_worker_and_keeps_each_in_its_place(started: list[tuple[str, int]]) -> None:
    server = server_of(2, 1, 3)
    server.stopping = True
    apis = server.litapi_connector.lit_apis
    places = [server.launch_single_inference_worker(api, worker) for api in apis for worker in range(api.workers)]
    assert places == server.inference_workers
    assert started == []


def test_a_worker_that_keeps_ending_is_started_less_and_less_often(
    started: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    server = server_of(1, 1)
    first, second = server.litapi_connector.lit_apis
    begun: list[float] = []
    while len(begun) < 9:
        now += 0.25  # it ends as soon as it has begun
        if server.launch_single_inference_worker(first, 0) == "new":
            begun.append(now)
    waited = [later - earlier for earlier, later in pairwise(begun)]
    assert waited == [2.25, 4.25, 8.25, 16.25, 32.25, 60.25, 60.25, 60.25]
    assert server.launch_single_inference_worker(second, 0) == "new"  # the other does not wait for it
    now += STEADY_SECONDS
    assert server.launch_single_inference_worker(first, 0) == "new"  # it lived long
    assert started[-2:] == [("m1", 0), ("m0", 0)]


@pytest.mark.parametrize(
    ("states", "alive", "problem"),
    [
        (["error"], [False], "its worker does not start"),
        (["starting"], [False], "its worker does not start"),
        (["error", "ready"], [False, True], ""),
        (["ready", "starting"], [True, True], ""),
        (["error", "starting"], [False, False], "none of the workers starts"),
    ],
)
def test_a_server_starts_with_the_assistants_whose_workers_start(
    states: list[str], alive: list[bool], problem: str
) -> None:
    server = server_of(*[1] * len(states))
    server.workers_setup_status = {str(at): state for at, state in enumerate(states)}
    server.inference_workers = [SimpleNamespace(is_alive=lambda lives=lives: lives) for lives in alive]
    if problem:
        with pytest.raises(RuntimeError, match=problem):
            server.verify_worker_status()
    else:
        server.verify_worker_status()
