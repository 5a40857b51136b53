"""Haystack's converters, run on one file in memory."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.text.forms import plain_forms

if TYPE_CHECKING:
    from haystack import Document

_MAX_REASON = 200
_warnings: ContextVar[list[str] | None] = ContextVar("llmops_converter_warnings", default=None)


def read(kind: str, data: bytes | str, *, required: bool = True) -> "list[Document]":
    """Run Haystack's converter for one file; it logs what is wrong instead of raising, and the log becomes the reason.

    :param required: Whether a converter without a result is an error.
    :raises UnreadableDocumentError: If it is.
    """
    from haystack.dataclasses import ByteStream

    stream = ByteStream(data.encode("utf-8") if isinstance(data, str) else data)
    with collected_warnings() as warnings:
        documents: list[Document] = _converter(kind).run(sources=[stream])["documents"]
    if required and not documents:
        reason = f"cannot be read as {kind.upper()}: {one_line(warnings[0]) if warnings else 'no text found'}"
        raise UnreadableDocumentError(reason)
    return documents


@lru_cache(maxsize=16)
def _converter(kind: str) -> Any:
    from haystack.components import converters

    for module in ("txt", "pypdf"):
        logging.getLogger(f"haystack.components.converters.{module}").addFilter(_collect)
    quiet_parsers()
    # Texts arrive decoded, and go in as UTF-8; `utf-8` (not `-sig`) keeps positions as they are.
    make: dict[str, Callable[[], Any]] = {
        "txt": lambda: converters.TextFileToDocument(encoding="utf-8"),
        "pdf": converters.PyPDFToDocument,
    }
    return make[kind]()


def quiet_parsers() -> None:
    """Let parsers not log what they find wrong with a file."""
    for parser in ("pypdf", "trafilatura"):
        logging.getLogger(parser).setLevel(logging.CRITICAL)


@contextmanager
def collected_warnings(module: str | None = None) -> Iterator[list[str]]:
    """What converters log while the body runs; most of them log what is wrong with a file, and go on without it.

    :param module: Module of a converter that is not Haystack's own.
    """
    if module:
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
