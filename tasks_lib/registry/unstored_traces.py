"""Counts the traces that MLflow did not store: it drops them in the background, where no caller learns of it.

It imports the standard library and MLflow only: the process of a version loads this file by its path.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from threading import Lock, Thread
from typing import Any

TOLD_SECONDS = 60.0
"""How often losses are told, and how long a trace may wait for its place in the store."""
UNSUPPORTED = "not supported"
"""MLflow asks each server once whether it takes spans; that it does not is no loss."""


class UnstoredTraces:
    """What becomes of the traces of this process.

    :param tell: Called with the number of traces that were lost since the last call, and with why.
    :param seconds: Pause between two calls; a trace that waits for longer counts as lost.
    """

    def __init__(self, tell: Callable[[int, str], None], seconds: float = TOLD_SECONDS) -> None:
        self._tell = tell
        self._seconds = seconds
        self._waiting: dict[str, float] = {}
        self._failed: dict[str, str] = {}
        self._lock = Lock()

    def watch(self) -> None:
        """From now on, look at what becomes of every trace, and tell of losses."""
        from mlflow.tracing.client import TracingClient

        start, log = TracingClient.start_trace, TracingClient.log_spans

        @wraps(start)
        def start_trace(client: TracingClient, trace_info: Any) -> Any:
            try:
                stored = start(client, trace_info)
            except Exception as error:
                self._fail([trace_info.trace_id], error)
                raise
            self._store(trace_info.trace_id)
            return stored

        @wraps(log)
        def log_spans(client: TracingClient, location: str, spans: list[Any]) -> Any:
            try:
                return log(client, location, spans)
            except Exception as error:
                self._fail({span.trace_id for span in spans}, error)
                raise

        TracingClient.start_trace = start_trace  # type: ignore[method-assign, assignment]
        TracingClient.log_spans = log_spans  # type: ignore[method-assign, assignment]
        Thread(target=self._tell_for_ever, name="unstored traces", daemon=True).start()

    def ended(self, trace_id: str) -> None:
        """An answer has come to its end, and its trace is about to be stored."""
        with self._lock:
            self._waiting[trace_id] = time.monotonic()

    def tell(self, *, ended: bool = False) -> None:
        """Tell of what was lost since the last time, if anything was.

        :param ended: Nothing more will be stored: whatever waits is lost.
        """
        before = time.monotonic() - (0 if ended else self._seconds)
        with self._lock:
            late = [trace_id for trace_id, since in self._waiting.items() if since <= before]
            lost = {**dict.fromkeys(late, "the store does not answer"), **self._failed}
            for trace_id in lost:
                self._waiting.pop(trace_id, None)
            self._failed.clear()
        if lost:
            self._tell(len(lost), list(lost.values())[-1])

    def _store(self, trace_id: str) -> None:
        with self._lock:
            self._waiting.pop(trace_id, None)

    def _fail(self, trace_ids: Iterable[str], error: Exception) -> None:
        reason = " ".join(str(error).partition("[SQL:")[0].split())  # which the values follow: what was asked
        if isinstance(error, NotImplementedError) or UNSUPPORTED in reason:
            return
        with self._lock:
            for trace_id in trace_ids:
                self._failed.setdefault(trace_id, f"{type(error).__name__}: {reason}"[:300])

    def _tell_for_ever(self) -> None:
        while True:
            time.sleep(self._seconds)
            self.tell()
