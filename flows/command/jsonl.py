"""Read JSON Lines files given on the command line."""

import json
from pathlib import Path

from tasks_lib.errors import InputError


def read_column(path: Path, column: str) -> list[str]:
    """The string under `column` of every line.

    :raises InputError: If the file cannot be read, or a line is not an object that holds `column`.
    """
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{str(path)!r} is not UTF-8 text", hint="Save the file as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}", hint="Check the path.") from error
    values = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)[column]
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{str(path)!r} line {number} is not a JSON object with {column!r}",
                hint=f'Each line looks like {{"{column}": "…"}}.',
            ) from error
        if not isinstance(value, str):
            raise InputError(f"{str(path)!r} line {number}: {column!r} is not a string", hint="Quote it.")
        values.append(value)
    return values
