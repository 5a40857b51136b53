"""One log file of all services; each line is prefixed with the service's name."""

import logging
import re
import threading
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

LARGEST_BYTES = 10_000_000
LAST_LINES = 8
FRAME = "  "
WIDTH = 8
PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@]+@")
MASKED = r"\1***@"
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class JointLog:
    """A log file that rotates at ten megabytes and keeps one backup.

    Passwords of database addresses are masked.

    :param echo: Also receives every line.
    """

    def __init__(self, path: Path, echo: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._echo = echo
        self._handler = RotatingFileHandler(path, maxBytes=LARGEST_BYTES, backupCount=1, encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._last: dict[str, deque[str]] = {}
        self._lock = threading.Lock()

    def write(self, part: str, text: str) -> None:
        """One line of a part."""
        line = COLOURS.sub("", PASSWORD.sub(MASKED, text)).rstrip()
        if not line:
            return
        if not line.startswith(FRAME):
            with self._lock:
                self._last.setdefault(part, deque(maxlen=LAST_LINES)).append(line)
        prefixed = f"{part:<{WIDTH}} | {line}"
        self._handler.handle(logging.LogRecord(part, logging.INFO, "", 0, prefixed, None, None))
        if self._echo:
            self._echo(prefixed)

    def last(self, part: str) -> str:
        """The last lines of a part, indented, without the frames of its tracebacks."""
        with self._lock:
            return "\n".join(f"    {line}" for line in self._last.get(part, ()))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
