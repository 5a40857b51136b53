"""Slots of answers under way, and the workers that write them, in shared memory of all processes."""

import multiprocessing
import os


class AnswerSlots:
    """Which workers are ready, which worker writes the answer of each slot, and whether its client has left.

    LitServe watches its workers from a process that knows no requests, so that the requests of one that is killed would
    wait for ever.

    :param workers: Worker processes.
    :param slots: Answers under way at a time, in all workers together.
    """

    def __init__(self, workers: int, slots: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready = context.Array("i", workers, lock=False)
        self._offers = context.Array("L", slots, lock=False)
        self._writers = context.Array("i", slots, lock=False)
        self.client_left = context.Array("b", slots, lock=False)
        """Per slot: whether the client has left. The routes set it, the worker resets it when it has ended."""

    def set_ready(self, *, ready: bool) -> None:
        """This worker can answer from now on, or no longer."""
        self._ready[int(os.environ["LITSERVE_WORKER_ID"])] = os.getpid() if ready else 0

    def ready_workers(self) -> int:
        """How many workers can answer."""
        return sum(bool(process) and alive(process) for process in self._ready)

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
