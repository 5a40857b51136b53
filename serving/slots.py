"""Slots of answers under way, and the workers that write them, in shared memory of all processes."""

import multiprocessing
import os
from typing import Literal, get_args

State = Literal["starting", "ready", "not_deployed", "failed"]
"""Of a worker's version: being loaded, able to answer, not there, or not coming up."""
STATES: tuple[State, ...] = get_args(State)


class AnswerSlots:
    """Which workers are ready, which worker writes the answer of each slot, and whether its client has left.

    LitServe watches its workers from a process that knows no requests, so that the requests of one that is killed would
    wait for ever.

    :param workers: Worker processes.
    :param slots: Answers under way at a time, in all workers together.
    """

    def __init__(self, workers: int, slots: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._states = context.Array("b", workers, lock=False)
        self._processes = context.Array("i", workers, lock=False)
        self._versions = context.Array("L", workers, lock=False)
        self._offers = context.Array("L", slots, lock=False)
        self._writers = context.Array("i", slots, lock=False)
        self.client_left = context.Array("b", slots, lock=False)
        """Per slot: whether the client has left. The routes set it, the worker resets it when it has ended."""

    def set_state(self, state: State, version: int = 0) -> None:
        """What this worker's version is from now on; `version` is the number of one that is ready."""
        worker = int(os.environ["LITSERVE_WORKER_ID"])
        self._processes[worker] = os.getpid()
        self._versions[worker] = version
        self._states[worker] = STATES.index(state)

    def ready_workers(self) -> int:
        """How many workers can answer."""
        return self._worker_states().count("ready")

    def state(self) -> State:
        """The best that a worker is; `starting` is better than what needs somebody to act."""
        found = self._worker_states()
        best: tuple[State, ...] = ("ready", "starting", "failed", "not_deployed")
        return next(state for state in best if state in found)

    def versions(self) -> set[int]:
        """Versions that the ready workers answer with: more than one while production is switched."""
        states = self._worker_states()
        return {int(version) for version, state in zip(self._versions, states, strict=True) if state == "ready"}

    def _worker_states(self) -> list[State]:
        return [
            STATES[state] if process and alive(process) else "starting"  # else it is being started again
            for state, process in zip(self._states, self._processes, strict=True)
        ]

    def offer(self, slot: int) -> int:
        """Number of the next question in `slot`, which no worker has taken yet; earlier ones are void."""
        self._writers[slot] = 0
        self._offers[slot] += 1
        return int(self._offers[slot])

    def take(self, slot: int, offer: int) -> bool:
        """This worker writes the answer, unless the question is void."""
        if self._offers[slot] != offer:
            return False
        self._writers[slot] = os.getpid()
        return True

    def taken(self, slot: int) -> bool:
        """Whether a worker writes the answer."""
        return bool(self._writers[slot])

    def worker_died(self, slot: int) -> bool:
        """Whether the worker that writes the answer has died."""
        return self.taken(slot) and not alive(self._writers[slot])


def alive(process: int) -> bool:
    """Whether there is such a process; one that has died is there until LitServe's watcher has looked at it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
