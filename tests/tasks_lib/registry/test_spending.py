"""What a month's answers took, in a file that endpoints share."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.registry.spending import SpendingFile, Spent, month_of, next_month

MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year < 9000)


@given(MOMENTS)
def test_a_month_ends_where_the_next_begins(moment: datetime) -> None:
    end = next_month(moment)
    assert moment < end <= moment + timedelta(days=31)
    assert month_of(end) > month_of(moment) == month_of(end - timedelta(microseconds=1))


def test_endpoints_add_to_each_other_and_months_and_assistants_are_apart(tmp_path: Path) -> None:
    files = [SpendingFile(tmp_path / "spending.db") for _ in range(4)]
    assert files[0].read("2026-11") == {}
    assert not (tmp_path / "spending.db").exists()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda file: [file.exchange("2026-11", {"a": Spent(1, 10, 0.5)}) for _ in range(25)], files))
    files[1].exchange("2026-11", {"b": Spent(1, 1, 0.0)})
    files[2].exchange("2026-12", {"a": Spent(1, 7, 0.25)})
    assert files[3].read("2026-11") == {"a": Spent(100, 1000, 50.0), "b": Spent(1, 1, 0.0)}
    assert files[3].read("2026-12") == {"a": Spent(1, 7, 0.25)}


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "spending.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        SpendingFile(path).read("2026-11")
