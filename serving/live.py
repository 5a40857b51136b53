"""Serve the production version in its own process, and hot-swap it when the alias moves, without a failed request."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.resolve import resolve_platform
from serving.slots import State
from tasks_lib.errors import LlmopsError, VersionError
from tasks_lib.registry.events import Event, emit
from tasks_lib.registry.live import LiveVersion, find_live, process_of, require_live
from tasks_lib.registry.process import VersionProcess, VersionReply
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, connect

logger = logging.getLogger(__name__)

SMOKE_SECONDS = 60.0
"""Deadline of the smoke test of a new version, before it takes traffic."""
RETRY_SECONDS = 300.0
"""Pause before a version that failed to start is tried again while the alias names it."""
UNSERVED_RETRY_SECONDS = 30.0
"""The same where no other version serves meanwhile: loading takes processor time from the other assistants."""


class NoVersionError(VersionError):
    """There is no version to ask; one is being started."""


@dataclass
class Running:
    """A version's process, and how many answers it is writing."""

    version: LiveVersion
    process: VersionProcess
    answering: int = 0
    retired: bool = False
    died: bool = False


class Production:
    """The model version that the alias names. While the registry is down, the running version keeps serving.

    :param platform: Name of the platform.
    :param alias: Alias of the live version of `model`.
    :param threads: Answers that a version writes at a time.
    :param poll_seconds: Interval of polling the alias.
    :param on_state: Called with the state of the version, and with its number when it is ready.
    """

    def __init__(
        self,
        platform: str,
        model: str,
        alias: str,
        *,
        threads: int,
        poll_seconds: float,
        on_state: Callable[[State, int], None] = lambda *_: None,
    ) -> None:
        self._platform = platform
        self._model = model
        self._alias = alias
        self._threads = threads
        self._poll_seconds = poll_seconds
        self._on_state = on_state
        self._lock = threading.Lock()
        self._died = threading.Event()
        self._closed = False
        self._current: Running | None = None
        self._failed = (0, 0.0)

    def start(self, *, required: bool = True) -> None:
        """Load the version, and start polling the alias.

        :param required: Without a version that answers there is nothing to do. Else polling goes on until there is one.
        :raises NotDeployedError: If the alias names nothing, and it is required.
        :raises VersionError: If it does not load, and is required.
        """
        if required:
            live = require_live(connect(resolve_platform(self._platform), self._model), self._model, self._alias)
            self._current = Running(live, self._loaded(live))
            self._on_state("ready", live.version)
        else:
            self._look()
        threading.Thread(target=self._watch, name="production watch", daemon=True).start()

    def stream(
        self,
        messages: Sequence[Mapping[str, str]],
        timeout: float,
        client_left: Callable[[], bool],
        tags: Mapping[str, str] | None = None,
        where: Sequence[str] = (),
        groups: Sequence[str] = (),
    ) -> Iterator[str | tuple[LiveVersion, VersionReply]]:
        """Pieces of the answer, and at the end the version that wrote it with its reply.

        :param where: Conditions that passages meet.
        :param groups: Those of whoever asks.
        :raises InputError: If there are conditions, and the version knows none.
        :raises NoVersionError: If the process had died before.
        :raises VersionError: If the process died, or gave no answer in time.
        """
        with self._lock:
            running = self._current
            if running is None or running.died:
                raise NoVersionError(f"no version of {self._model!r} is ready")
            running.answering += 1
        try:
            for item in running.process.stream(messages, timeout, tags, where, groups, reader_left=client_left):
                yield (running.version, item) if isinstance(item, VersionReply) else item
        finally:
            with self._lock:
                running.answering -= 1
            self._restart_if_died(running)
            self._close_if_idle(running)

    def example_questions(self) -> list[str]:
        """Of the version that answers; empty while none does."""
        running = self._current
        return running.version.example_questions if running else []

    def version(self) -> LiveVersion:
        """The version that answers.

        :raises NoVersionError: If none does.
        """
        running = self._current
        if running is None:
            raise NoVersionError(f"no version of {self._model!r} is ready")
        return running.version

    def output_schema(self) -> dict[str, Any] | None:
        """The JSON Schema that the version which answers holds its answers to; `None` for free text."""
        running = self._current
        schema = running.version.rag.guardrails.output_schema if running else None
        return schema.json_schema if schema and schema.enabled else None

    def close(self) -> None:
        """End the version's process, and look at the alias no more."""
        self._closed = True
        self._died.set()
        if self._current is not None:
            self._current.process.close()

    def _watch(self) -> None:
        while True:
            self._died.wait(self._poll_seconds)
            self._died.clear()
            if self._closed:
                return
            self._look()

    def _look(self) -> None:
        try:
            self._poll_alias()
        except Exception as error:  # noqa: BLE001  the registry may be down; what runs goes on
            logger.warning("the alias %r of %s could not be looked at: %s", self._alias, self._model, error)
            if self._current is None:
                self._on_state("failed", 0)

    def _poll_alias(self) -> None:
        running = self._current
        if running is not None:
            self._restart_if_died(running)
        live = find_live(connect(resolve_platform(self._platform), self._model), self._model, self._alias)
        number, again = self._failed
        if live is None or (live.version == number and time.monotonic() < again):
            if running is None:
                self._on_state("not_deployed" if live is None else "failed", 0)
                return
            live = running.version
        if running is None or live.version != running.version.version or running.died:
            self._switch(running, live)

    def _switch(self, running: Running | None, live: LiveVersion) -> None:
        """Load `live` beside the running version; it takes the traffic once it has passed the smoke test."""
        before = running.version if running else None
        serves = running is not None and not running.died
        if not serves:
            self._on_state("starting", 0)
        try:
            process = self._loaded(live)
        except LlmopsError as error:
            self._failed = (live.version, time.monotonic() + (RETRY_SECONDS if running else UNSERVED_RETRY_SECONDS))
            goes_on = f"{before.uri} goes on" if before and serves else "nothing answers"
            logger.warning("version %s does not come up, %s: %s", live.uri, goes_on, error)
            if not serves:
                self._on_state("failed", 0)
            _emit("llmops.serving.switch-failed", self._model, live, before, str(error))
            return
        with self._lock:
            self._current = Running(live, process)
            if running is not None:
                running.retired = True
        self._on_state("ready", live.version)
        logger.warning("production is now %s", live.uri)
        if before is None or live.version != before.version:  # else it died, and was started again
            _emit("llmops.serving.switched", self._model, live, before)
        if running is not None:
            self._close_if_idle(running)

    def _loaded(self, live: LiveVersion) -> VersionProcess:
        process = process_of(resolve_platform(self._platform), live, workers=self._threads)
        process.start()
        try:
            _smoke_test(process)
        except BaseException:
            process.close()
            raise
        return process

    def _restart_if_died(self, running: Running) -> None:
        """Have the current version restarted at once if its process died."""
        with self._lock:
            died = not running.died and running is self._current and not running.process.alive
            running.died = running.died or died
        if died:
            logger.warning("the process of %s died", running.version.uri)
            self._on_state("starting", 0)
            self._died.set()

    def _close_if_idle(self, running: Running) -> None:
        with self._lock:
            idle = running.retired and not running.answering
        if idle:
            threading.Thread(target=running.process.close, name=f"close {running.version.uri}", daemon=True).start()


def _emit(event: Event, model: str, live: LiveVersion, before: LiveVersion | None, problem: str = "") -> None:
    """Emit an event to Prefect, where a server is configured: an endpoint starts none, and goes on without it.

    :param before: The version that answered so far, if one did.
    """
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        return
    details = {**({"before": before.version} if before else {}), **({"problem": problem} if problem else {})}
    try:
        emit(event, model, live.version, details)
    except Exception as error:  # noqa: BLE001  (whatever is wrong with Prefect is not wrong with the endpoint)
        logger.warning("the event %s was not emitted: %s", event, error)


def _smoke_test(process: VersionProcess) -> None:
    """Smoke test: wait until the version is loaded, and ask the example question of its registration.

    :raises VersionError: If it does not load, or fails.
    """
    contract = process.wait_ready()
    if contract.example:
        reply = process.ask(contract.example[0]["messages"], SMOKE_SECONDS, {TRACE_SOURCE_TAG: "smoke"})
        if reply.error is not None:
            raise VersionError(f"{process.model_uri} fails the smoke question: {reply.error}")
