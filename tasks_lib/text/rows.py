"""Rows of files that people write: JSON Lines and tables, as spreadsheets and editors save them."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks_lib.errors import InputError
from tasks_lib.text.forms import encodable

Row = dict[str, Any]

TABLES = frozenset({".csv", ".tsv"})
"""Suffixes of files that are tables; any other is JSON Lines."""
_DELIMITERS = ",;\t|"
_DECLARED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_SHOWN = 20
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class WrongRows:
    """Collects what is wrong with the rows of a file, so that one run names every row.

    :param file: Name of the file as it was given.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[tuple[int, InputError]] = []

    @contextmanager
    def of(self, line: int) -> Iterator[None]:
        """Take an `InputError` of the row on this line, counted from 1, and go on."""
        try:
            yield
        except InputError as error:
            self.add(line, error)

    def add(self, line: int, error: InputError) -> None:
        """What is wrong with the row on this line."""
        self._problems.append((line, error))

    def raise_any(self) -> None:
        """Raise all of them as one.

        :raises InputError: Naming each row's line.
        """
        if not self._problems:
            return
        self._problems.sort(key=lambda problem: problem[0])
        said = [f"line {line}: {error.message}" for line, error in self._problems]
        hints = list(dict.fromkeys(error.hint for _, error in self._problems[:_SHOWN] if error.hint))
        if len(said) == 1:
            raise InputError(f"{self._file!r} {said[0]}", hint=" ".join(hints))
        shown = "\n".join(f"  {problem}" for problem in said[:_SHOWN])
        if more := [str(line) for line, _ in self._problems[_SHOWN:]]:
            shown += f"\n  and on lines {', '.join(more)}"
        raise InputError(f"{self._file!r} has {len(said)} wrong rows:\n{shown}", hint=" ".join(hints))


def read_rows(file: Path, wrong: WrongRows) -> Iterator[tuple[int, Row]]:
    """Rows of a table (`.csv`, `.tsv`) or of JSON Lines, with their line numbers; empty ones are left out.

    A line of JSON ends at a line feed only; U+2028 and its like belong to texts. Columns of a table are told apart by
    the comma, semicolon, tab or bar that its header holds most of. A byte order mark is no part of the text.

    :param wrong: Takes the rows that cannot be read.
    :raises InputError: If the file cannot be read at all, or is no UTF-8 (nor UTF-16 with its mark).
    """
    text = _text(file)
    yield from _table(text, wrong) if file.suffix.lower() in TABLES else _json_lines(text, wrong)


def lines_of(text: str) -> list[str]:
    """Lines that end at a line feed, with or without a carriage return before it, and at nothing else."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _text(file: Path) -> str:
    try:
        data = file.expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read: {error.strerror}", hint="Check the path.") from error
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{str(file)!r} is not UTF-8 text", hint="Save the file as UTF-8.") from error


def _json_lines(text: str, wrong: WrongRows) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        row = None
        with wrong.of(number):
            row = _object(line)
        if row is not None:
            yield number, row


def _object(line: str) -> Row:
    try:
        row = encodable(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", hint="Write one JSON object per line.") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object", hint="Write one JSON object per line.")
    return row


def _table(text: str, wrong: WrongRows) -> Iterator[tuple[int, Row]]:
    declared = _DECLARED.match(text)  # as Excel writes and reads it
    text = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)  # U+2028 in a cell ends none
    first = 2 if declared else 1
    header: list[str] | None = None
    while True:
        line, cells = reader.line_num + first, None
        try:
            cells = next(reader, None)
        except csv.Error as error:
            wrong.add(line, InputError(str(error), hint="Check the quotes."))
            return  # where a row ends cannot be told any more
        if cells is None:
            return
        if header is None:
            header = [cell.strip() for cell in cells] if any(cells) else None
            continue
        if row := _cells(header, cells, line, wrong):
            yield line, row


def _cells(header: list[str], cells: list[str], line: int, wrong: WrongRows) -> Row:
    if any(cell.strip() for cell in cells[len(header) :]):
        hint = "Put quotes around cells that hold the delimiter."
        wrong.add(line, InputError("more cells than the header", hint=hint))
        return {}
    return {key: cell.strip() for key, cell in zip(header, cells, strict=False) if key and cell.strip()}


def _delimiter(text: str) -> str:
    """The delimiter that the header holds most of outside quotes; a comma where it holds none."""
    header = next((line for line in lines_of(text) if line.strip()), "")
    unquoted = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)
