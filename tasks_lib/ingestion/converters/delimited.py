"""CSV and its like: rows by the delimiter that is there, as tables whose cells know their columns."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.ingestion.converters.tables import Table, could_name
from tasks_lib.ingestion.converters.writing import TextWriter

DELIMITERS = ",;\t|"
_DECLARED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_LONGEST_CELL = 2**24
_SAMPLED_ROWS = 50


def convert_csv(data: bytes) -> ConvertedDocument:
    """Rows of a delimited file; values such as `1.234,50` stay as they are."""
    decoded = decode(data)
    text = clean(decoded.text)
    declared = _DECLARED.match(text)  # as Excel writes and reads it
    delimiter = declared[1] if declared else delimiter_of(text)
    rows = _rows(text[declared.end() :] if declared else text, delimiter)
    writer = TextWriter(str, bounded=False)
    titles = next((place for place, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    for row in rows[:titles]:
        writer.item("".join(row))
    rows = rows[titles:]
    writer.table(Table(rows, int(len(rows) > 1 and could_name(rows[0]))))
    return writer.document("csv", doubt=decoded.doubt)


def delimiter_of(text: str) -> str:
    """The delimiter by which most rows have the same number of cells, more than one; a comma where there is none."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(text, delimiter))


def _agreement(text: str, delimiter: str) -> tuple[float, int]:
    """Share of the first rows that have the most usual number of cells, and that number."""
    lengths = Counter(len(row) for row in islice(_reader(text, delimiter), _SAMPLED_ROWS) if row)
    wide = {length: count for length, count in lengths.items() if length > 1}
    if not wide:
        return 0.0, 0
    length = max(wide, key=lambda each: (wide[each], each))
    return wide[length] / lengths.total(), length


def _rows(text: str, delimiter: str) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in _reader(text, delimiter) if any(cell.strip() for cell in row)]


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
