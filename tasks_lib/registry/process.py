"""A registered version in a subprocess, asked over a pipe. Evaluation, `ask` and serving load versions nowhere else."""

import json
import logging
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import IO, Any, Self

from tasks_lib.errors import InputError, VersionError
from tasks_lib.quiet import QUIET
from tasks_lib.registry.environment import MEMORY, prefect_environment, trace_writing
from tasks_lib.registry.tracking import (
    TRACE_ASSISTANT_TAG,
    TRACE_GROUPS_TAG,
    TRACE_INDEX_TAG,
    TRACE_SOURCE_TAG,
    TRACE_VERSION_TAG,
)

logger = logging.getLogger(__name__)

UNSTORED = "traces not stored: %d, of answers of %s that monitoring will not see: %s"

PLATFORM_VARIABLE = "LLMOPS_PLATFORM"
"""Environment variable that tells the version which platform supplies addresses and credentials."""

INSTEAD_VARIABLE = "MLFLOW_PYFUNC_INFERENCE_CONFIG"
"""MLflow's name for what stands in place of a version's `model_config` where it is loaded."""

WORKER = Path(__file__).with_name("version_worker.py")
STDERR_LINES = 200
POLL_SECONDS = 0.2
"""How often a stream looks whether its reader has left."""
CLOSING_SECONDS = 120.0
"""How long the process may write its last traces; a question that hangs does not make it wait."""


class NoGroupsError(VersionError):
    """A version that knows no groups would show every document to everybody."""


class AnswerTimeoutError(VersionError):
    """A version gave no answer in the time that it had."""


@dataclass(frozen=True)
class VersionFailure:
    """What the version raised."""

    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True)
class VersionReply:
    """One answer, or why there is none. `seconds` is the time in `predict`, without waiting in the queue."""

    answer: Any
    error: VersionFailure | None
    trace_id: str | None
    seconds: float


@dataclass(frozen=True)
class VersionContract:
    """What the registry promises about the version: signature and input example, as JSON; `None` where absent."""

    inputs: Any = None
    outputs: Any = None
    example: Any = None
    load_seconds: float = 0.0


@dataclass
class _Pending:
    futures: dict[int, Future[dict[str, Any]]] = field(default_factory=dict)
    pieces: dict[int, SimpleQueue[str | None]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    dead: str | None = None


class VersionProcess:
    """Context manager around one version. `ask` may be called from many threads.

    :param model_uri: `models:/name/version`, or with an alias.
    :param assistant: Whose version it is; its traces go to the experiment `experiment_id`.
    :param source: Origin of the traces: `production`, `evaluation` or `smoke`.
    :param workers: Questions in flight inside the process; more wait there.
    :param controlled: Whether the index is under access control; asked of a version that knows no groups.
    :param folder: Address of the version's artifacts, read beside the experiment: the registry is not asked then.
    :param configuration: In place of what the version was registered with: keys of its `model_config`.
    """

    def __init__(
        self,
        model_uri: str,
        *,
        platform_name: str,
        tracking_uri: str,
        assistant: str,
        experiment_id: str,
        version: str,
        index: str,
        source: str = "evaluation",
        workers: int = 4,
        start_timeout: float = 180.0,
        folder: str | None = None,
        configuration: Mapping[str, Any] | None = None,
        controlled: Callable[[], bool],
    ) -> None:
        self.model_uri = model_uri
        self._controlled = controlled
        self.contract = VersionContract()
        self._start_timeout = start_timeout
        platform = {PLATFORM_VARIABLE: platform_name, **prefect_environment(platform_name)}
        instead = {INSTEAD_VARIABLE: json.dumps(configuration)} if configuration else {}
        defaults = {**QUIET, **MEMORY, **trace_writing(tracking_uri, source)}
        self._environment = {**defaults, **os.environ, **platform, **instead}
        tags = {
            TRACE_ASSISTANT_TAG: assistant,
            TRACE_VERSION_TAG: version,
            TRACE_INDEX_TAG: index,
            TRACE_SOURCE_TAG: source,
        }
        self._command = [sys.executable, "-P", str(WORKER), "--model-uri", model_uri, "--tracking-uri", tracking_uri]
        self._command += ["--experiment", experiment_id, "--workers", str(workers), "--tags", json.dumps(tags)]
        self._command += ["--folder", folder] if folder else []
        self._process: subprocess.Popen[str] | None = None
        self._ready: Future[dict[str, Any]] = Future()
        self._pending = _Pending()
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._ids = count()
        self._threads: list[Thread] = []
        self._writing = Lock()

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id, once started."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and return at once; :meth:`wait_ready` waits for the version to load."""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        for target in (self._read_replies, self._read_stderr):
            thread = Thread(target=target, name=f"{self.model_uri} {target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wait_ready(self) -> VersionContract:
        """Wait until the version is loaded.

        :raises VersionError: If it does not load, or not in time.
        """
        try:
            message = self._ready.result(self._start_timeout)
        except FutureTimeoutError:
            text = f"{self.model_uri} was not loaded within {self._start_timeout:g} s{self._last_stderr_line()}"
            raise VersionError(text) from None
        if not message["ready"]:
            raise VersionError(
                f"{self.model_uri} does not load: {VersionFailure(**message['error'])}",
                hint="Check that the index and the models it names still exist on this platform.",
            )
        self.contract = VersionContract(message["inputs"], message["outputs"], message["example"], message["seconds"])
        return self.contract

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        timeout: float,
        tags: Mapping[str, str] | None = None,
        where: Sequence[str] = (),
        groups: Collection[str] = (),
    ) -> VersionReply:
        """Ask and wait for at most `timeout` seconds. What the version raises comes back as `error`.

        :param where: Conditions that passages meet, such as `document=guides/*`.
        :param groups: Those of whoever asks.
        :raises VersionError: If the process died, or gave no answer in time.
        :raises NoGroupsError: If the version knows no groups, and the index is under access control.
        :raises InputError: If there are conditions, and the version knows none.
        """
        request = self._request(messages, tags, where, groups)
        number, future = self._add_pending()
        self._send({"id": number, **request})
        try:
            return _reply_of(future.result(timeout))
        except FutureTimeoutError:
            raise self._timeout_error(timeout) from None
        finally:
            self._remove_pending(number)

    def stream(
        self,
        messages: Sequence[Mapping[str, str]],
        timeout: float,
        tags: Mapping[str, str] | None = None,
        where: Sequence[str] = (),
        groups: Collection[str] = (),
        *,
        reader_left: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | VersionReply]:
        """As :meth:`ask`: the pieces of the answer's text as they come, and the whole reply at the end.

        :param reader_left: Asked a few times a second whether the reader has left; that ends the version's work on the
            answer, and the iteration. So does closing the iterator.
        """
        request = self._request(messages, tags, where, groups)
        number, future = self._add_pending(streams=True)
        pieces, ended, end = self._pending.pieces[number], False, time.monotonic() + timeout
        future.add_done_callback(lambda _: pieces.put(None))
        self._send({"id": number, **request, "stream": True})
        try:
            while not reader_left():
                if time.monotonic() >= end and not future.done():
                    raise self._timeout_error(timeout)
                try:
                    piece = pieces.get(timeout=POLL_SECONDS)
                except Empty:
                    continue
                if piece is None:
                    ended = True
                    yield _reply_of(future.result())
                    return
                yield piece
        finally:
            self._remove_pending(number)
            if not ended:
                self._send({"cancel": number})

    def _request(
        self,
        messages: Sequence[Mapping[str, str]],
        tags: Mapping[str, str] | None,
        where: Sequence[str],
        groups: Collection[str],
    ) -> dict[str, Any]:
        knows_groups = self._knows("groups")
        if not knows_groups and self._controlled():
            raise NoGroupsError(
                f"{self.model_uri} was registered before versions knew who may see what, and its index has documents "
                "that not everybody may see",
                hint="Deploy once more: `llmops deploy`.",
            )
        if where and not self._knows("where"):
            raise InputError(
                f"{self.model_uri} was registered before versions knew conditions such as {where[0]!r}",
                hint="Leave the conditions out, or deploy once more.",
            )
        given: dict[str, Any] = {"messages": [dict(message) for message in messages], "tags": dict(tags or {})}
        if where:
            given["where"] = list(where)
        if groups and knows_groups:
            given["groups"] = sorted(groups)
            given["tags"][TRACE_GROUPS_TAG] = ",".join(given["groups"])
        return given

    def _knows(self, field: str) -> bool:
        """Whether a question of the version may have this field."""
        return f'"{field}"' in json.dumps(self.contract.inputs)

    def _add_pending(self, *, streams: bool = False) -> tuple[int, Future[dict[str, Any]]]:
        number = next(self._ids)
        future: Future[dict[str, Any]] = Future()
        with self._pending.lock:
            if self._pending.dead is not None:
                raise VersionError(self._pending.dead)
            self._pending.futures[number] = future
            if streams:
                self._pending.pieces[number] = SimpleQueue()
        return number, future

    def _remove_pending(self, number: int) -> None:
        with self._pending.lock:
            self._pending.futures.pop(number, None)
            self._pending.pieces.pop(number, None)

    def _timeout_error(self, timeout: float) -> AnswerTimeoutError:
        return AnswerTimeoutError(f"{self.model_uri} gave no answer within {timeout:g} s")

    def close(self) -> None:
        """End the process: politely, so that traces are written, then by force. Idempotent."""
        process = self._process
        if process is None:
            return
        self._close_stdin(process)
        try:
            process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(1.0)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _close_stdin(self, process: "subprocess.Popen[str]") -> None:
        if not self._ready.done():
            process.kill()  # still loading: it would not notice the end of its input
        if process.stdin is not None:
            try:
                with self._writing:
                    process.stdin.close()
            except OSError:  # it died before it read everything
                return

    def _send(self, message: Mapping[str, Any]) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is None:
            raise VersionError(f"{self.model_uri} was not started")
        try:
            with self._writing:
                stdin.write(json.dumps(message) + "\n")
                stdin.flush()
        except (OSError, ValueError):  # the pipe is closed; the reader fails the pending questions with the cause
            return

    def _read_replies(self) -> None:
        for line in _lines(self._process.stdout if self._process else None):
            message = json.loads(line)
            if "ready" in message:
                self._ready.set_result(message)
                continue
            if "unstored" in message:
                logger.warning(UNSTORED, message["unstored"], self.model_uri, message["reason"])
                continue
            with self._pending.lock:
                pieces = self._pending.pieces.get(message["id"])
                future = None if "piece" in message else self._pending.futures.pop(message["id"], None)
            if "piece" in message and pieces is not None:
                pieces.put(message["piece"])
            if future is not None:
                future.set_result(message)
        self._fail_pending()

    def _fail_pending(self) -> None:
        """The process is gone: fail every waiting question at once."""
        if self._process is not None:
            self._process.wait()
        self._join_stderr()
        code = self._process.returncode if self._process else None
        text = f"the process of {self.model_uri} ended with code {code}{self._last_stderr_line()}"
        with self._pending.lock:
            self._pending.dead = text
            waiting = list(self._pending.futures.values())
            self._pending.futures.clear()
        if not self._ready.done():
            self._ready.set_exception(VersionError(text))
        for future in waiting:
            future.set_exception(VersionError(text))

    def _join_stderr(self) -> None:
        for thread in self._threads[1:]:
            thread.join(1.0)

    def _read_stderr(self) -> None:
        for line in _lines(self._process.stderr if self._process else None):
            self._stderr.append(line.rstrip())

    def _last_stderr_line(self) -> str:
        """The last line of stderr that says something; a traceback ends in one."""
        line = next((line.strip() for line in reversed(self._stderr) if line.strip()), "")
        return f": {line[:500]}" if line else ""


def _reply_of(message: Mapping[str, Any]) -> VersionReply:
    error = VersionFailure(**message["error"]) if "error" in message else None
    return VersionReply(message.get("answer"), error, message["trace_id"], message["seconds"])


def _lines(stream: IO[str] | None) -> IO[str] | list[str]:
    return stream if stream is not None else []
