"""Read files of questions and texts given on the command line."""

from pathlib import Path

from tasks_lib.errors import InputError
from tasks_lib.text.rows import WrongRows, read_rows


def read_column(path: Path, column: str) -> list[str]:
    """The string under `column` of every row of a JSON Lines file, or of a table (`.csv`, `.tsv`).

    :raises InputError: If the file cannot be read; naming every row that holds no text under `column`.
    """
    wrong = WrongRows(str(path))
    values = []
    for line, row in read_rows(path, wrong):
        with wrong.of(line):
            value = row.get(column)
            if value is None:
                raise InputError(f"no {column!r}", hint=f'Each line looks like {{"{column}": "…"}}.')
            if not isinstance(value, str):
                raise InputError(f"{column!r} is not a string: {value!r}", hint="Quote it.")
            values.append(value)
    wrong.raise_any()
    return values
