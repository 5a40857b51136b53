"""Ends the services of `llmops up` when that was killed, which no handler survives: a process of its own beside it.

It is told the process ids over a pipe; the end of the pipe without a farewell means that nobody is left to stop them.
"""

import subprocess
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from flows.services.processes import end_all

FAREWELL = "done"


class Watchdog:
    """Context manager around the watching process."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.services.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._say(FAREWELL)
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def watch(self, pid: int) -> None:
        """End this process and all that it has started, if nobody else does."""
        self._say(f"+{pid}")

    def forget(self, pid: int) -> None:
        """The process has been stopped."""
        self._say(f"-{pid}")

    def _say(self, line: str) -> None:
        try:
            if self._process.stdin:
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()
        except BrokenPipeError:  # somebody ended the watchdog; the services go on
            pass


def left_behind(lines: Iterable[str]) -> list[int]:
    """Ids of the processes that are to be ended after these lines; none after a farewell."""
    pids: dict[int, None] = {}
    for line in lines:
        text = line.strip()
        if text == FAREWELL:
            return []
        if text.startswith("+"):
            pids[int(text[1:])] = None
        elif text.startswith("-"):
            pids.pop(int(text[1:]), None)
    return list(pids)


if __name__ == "__main__":
    end_all(left_behind(sys.stdin))
