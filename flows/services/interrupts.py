"""SIGINT, SIGTERM and SIGHUP as one `KeyboardInterrupt`, never in the middle of starting a process."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Context manager that handles the signals; main thread only."""

    def __init__(self) -> None:
        self.pending = False
        """Whether a signal has come while they were held."""
        self._held = 0

    def __enter__(self) -> Self:
        # a shell's background job ignores SIGINT, and would never stop; `nohup` means its SIGHUP
        mine = [each for each in SIGNALS if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
        self._before = {each: signal.signal(each, self._handle) for each in mine}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Defer signals until the body has ended."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self.pending and not self._held:
            self.pending = False
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._held:
            self.pending = True
        else:
            raise KeyboardInterrupt
