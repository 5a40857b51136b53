"""What converters share: their warnings, reasons in one line, and text that can be stored."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tasks_lib.text.forms import plain_forms

_MAX_REASON = 200
_warnings: ContextVar[list[str] | None] = ContextVar("llmops_converter_warnings", default=None)


def quiet_parsers() -> None:
    """Let parsers not log what they find wrong with a file."""
    for parser in ("pypdf", "trafilatura"):
        logging.getLogger(parser).setLevel(logging.CRITICAL)


@contextmanager
def collected_warnings(module: str) -> Iterator[list[str]]:
    """What converters log while the body runs; most of them log what is wrong with a file, and go on without it.

    :param module: Module of the converter.
    """
    logging.getLogger(module).addFilter(_collect)
    warnings: list[str] = []
    token = _warnings.set(warnings)
    try:
        yield warnings
    finally:
        _warnings.reset(token)


def _collect(record: logging.LogRecord) -> bool:
    """Keep a converter's warning for the report instead of printing the file's bytes to the log."""
    warnings = _warnings.get()
    if warnings is None:
        return True
    warnings.append(str(getattr(record, "error", "") or getattr(record, "details", "")) or "no text found")
    return False


def one_line(text: str) -> str:
    """A reason without line breaks, cut to a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_REASON else line[: _MAX_REASON - 1] + "…"


def extracted(text: str | None) -> str:
    """Text that a layout program wrote: as :func:`clean`, without its ligatures and widths."""
    return plain_forms(clean(text or ""))


def clean(text: str) -> str:
    """Text that can be stored as UTF-8: parsers let NUL and lone surrogates through. Positions do not move."""
    return text.replace("\0", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
