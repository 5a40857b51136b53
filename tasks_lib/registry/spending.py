"""What the answers of a calendar month took, counted over all endpoints of a home, in a sqlite file of the home."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

WAIT_SECONDS = 5.0
"""For another endpoint that is writing."""
_MADE = """CREATE TABLE IF NOT EXISTS spending (
    month TEXT, assistant TEXT, answers INTEGER, tokens INTEGER, cost REAL, PRIMARY KEY (month, assistant)
)"""
_ADDED = """INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
    SET answers = answers + excluded.answers, tokens = tokens + excluded.tokens, cost = cost + excluded.cost"""
_READ = "SELECT assistant, answers, tokens, cost FROM spending WHERE month = ?"


@dataclass(frozen=True)
class Spent:
    """What answers took.

    :param tokens: That language models read and wrote.
    :param cost: In the currency of the provider's prices.
    """

    answers: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.answers + other.answers, self.tokens + other.tokens, self.cost + other.cost)


NOTHING = Spent()


def month_of(moment: datetime) -> str:
    """The month in UTC, such as `2026-11`."""
    return f"{moment.astimezone(UTC):%Y-%m}"


def next_month(moment: datetime) -> datetime:
    """When the month ends: midnight in UTC before the first of the next."""
    now = moment.astimezone(UTC)
    return datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)


class SpendingFile:
    """The file. Each call opens it anew, so that any thread may make it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exchange(self, month: str, added: Mapping[str, Spent]) -> dict[str, Spent]:
        """Add what was spent by assistant, and read what all endpoints have spent in the month.

        :raises sqlite3.Error: If the file cannot be used; then nothing was added.
        """
        with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as connection, connection:
            connection.execute(_MADE)
            rows = [(month, name, one.answers, one.tokens, one.cost) for name, one in added.items()]
            connection.executemany(_ADDED, rows)
            return _by_assistant(connection, month)

    def read(self, month: str) -> dict[str, Spent]:
        """What was spent, by assistant; nothing where nobody ever counted.

        :raises sqlite3.Error: If the file cannot be read.
        """
        if not self._path.exists():
            return {}
        return self.exchange(month, {})


def _by_assistant(connection: sqlite3.Connection, month: str) -> dict[str, Spent]:
    return {name: Spent(*rest) for name, *rest in connection.execute(_READ, (month,))}
