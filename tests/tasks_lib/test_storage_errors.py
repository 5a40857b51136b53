"""Hints by cause: a full disk, a permission and a lock never lead to throwing healthy state away."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from tasks_lib.assistant.stores.lancedb.connection import TableConnection
from tasks_lib.errors import HomeError, IndexUnavailableError, LlmopsError
from tasks_lib.home import Home
from tasks_lib.sqlite_file import sqlite_url
from tasks_lib.storage_errors import Cause, cause_of, is_full, storage_error, way_out

NUMBERS = {
    Cause.SPACE: (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    Cause.PERMISSION: (errno.EACCES, errno.EPERM, errno.EROFS),
}
WORDS = {
    # as lancedb 0.30, MLflow and alembic word them
    Cause.SPACE: ("lance error: LanceError(IO): No space left on device (os error 28)", "database or disk is full"),
    Cause.PERMISSION: ("IO error: Permission denied (os error 13)", "attempt to write a readonly database"),
    Cause.LOCK: ("(sqlite3.OperationalError) database is locked",),
    Cause.VERSION: ("Can't locate revision identified by 'fa70'", "Detected out-of-date database schema (found x)"),
    Cause.DAMAGE: ("database disk image is malformed", "file is not a database"),
}
CAUSED = st.one_of(
    *(
        st.tuples(st.just(cause), st.sampled_from(numbers).map(lambda n: OSError(n, os.strerror(n))))
        for cause, numbers in NUMBERS.items()
    ),
    *(st.tuples(st.just(cause), st.sampled_from(words).map(RuntimeError)) for cause, words in WORDS.items()),
)
DESTRUCTIVE = ("drop", "move it away", "delete", "move the file away")


@given(
    caused=CAUSED,
    outer=st.lists(st.sampled_from([RuntimeError, ValueError, LlmopsError]), max_size=3),
    said=st.booleans(),
)
def test_a_cause_is_found_however_deep_it_lies(
    caused: tuple[Cause, Exception], outer: list[type[Exception]], said: bool
) -> None:
    cause, error = caused
    for kind in outer:
        above = kind("the run failed")
        if said:
            above.__cause__ = error
        else:
            above.__context__ = error
        error = above
    assert cause_of(error) is cause


@given(cause=st.sampled_from([Cause.SPACE, Cause.PERMISSION, Cause.LOCK, Cause.VERSION]))
def test_no_hint_of_healthy_state_is_destructive(cause: Cause) -> None:
    hint = way_out(cause, "/home/llmops", "Drop it, or move it away.")
    assert not any(word in hint.lower() for word in DESTRUCTIVE)
    assert way_out(Cause.DAMAGE, "/home/llmops", "Move it away.") == "Move it away."


@pytest.mark.parametrize(
    "error", [ValueError("no such table"), KeyError("permission"), RuntimeError("Not found: a.lance")]
)
def test_what_names_no_cause_has_none(error: Exception, tmp_path: Path) -> None:
    assert cause_of(error, tmp_path) is None
    assert storage_error(error, tmp_path) is None


def test_words_of_a_provider_are_not_about_this_machine() -> None:
    class ProviderError(Exception):
        __module__ = "botocore.exceptions"

    assert cause_of(ProviderError("permission denied")) is None


def test_a_locked_and_a_damaged_database_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    engine = create_engine(sqlite_url(path), connect_args={"timeout": 0})
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE answers (number)")
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SQLAlchemyError) as locked, engine.begin() as connection:
            connection.execute(text("SELECT * FROM answers"))
    assert cause_of(locked.value) is Cause.LOCK
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(SQLAlchemyError) as damaged, engine.begin() as connection:
        connection.execute(text("SELECT * FROM answers"))
    assert cause_of(damaged.value) is Cause.DAMAGE


def test_a_limited_database_is_full_not_damaged(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "some.db")) as connection:
        connection.execute("CREATE TABLE answers (words)")
        connection.execute("PRAGMA max_page_count = 4")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("INSERT INTO answers VALUES (?)", ("word " * 20_000,))
    assert cause_of(full.value) is Cause.SPACE


def test_a_full_disk_explains_what_names_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_full(tmp_path / "not" / "there")
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 60 * 1024}))
    assert is_full(tmp_path / "not" / "there")
    assert cause_of(sqlite3.OperationalError("unable to open database file"), tmp_path) is Cause.SPACE


def test_an_index_on_a_full_disk_is_not_to_be_dropped(tmp_path: Path) -> None:
    index = TableConnection(str(Home(tmp_path / "home").ensure().indexes), "documents")
    with pytest.raises(IndexUnavailableError, match="no space left") as caught, index.guarded():
        raise RuntimeError(WORDS[Cause.SPACE][0])
    assert "Free disk space" in caught.value.hint
    assert "drop" not in caught.value.hint


def test_the_file_without_space_around_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks_lib.storage_errors.is_full", lambda path: "full" in str(path))
    error = OSError(errno.ENOSPC, "No space left on device", "/tmp/source", None, "/full/target")
    known = storage_error(error, tmp_path)
    assert known is not None
    assert "'/full/target'" in known.message
    assert not isinstance(known, HomeError)
