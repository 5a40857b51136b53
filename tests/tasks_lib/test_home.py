"""Any name of a home: every address is built from it, so that nothing lands beside it; and others stay out."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tasks_lib.assistant.stores.lancedb.connection import TableConnection
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home
from tasks_lib.sqlite_file import connect_read_only, sqlite_url

AWKWARD = ["x?y", "x%41", "x%2Fy", "x#y", "a b", "über", "a&b=c", "file:x", "a$HOME", "~", "a\\b", "x?mode=ro", "a;b"]
NAMES = st.sampled_from(AWKWARD) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})


@settings(max_examples=60, deadline=None)
@given(name=NAMES)
def test_databases_lie_in_the_home_whatever_it_is_called(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    parent = tmp_path_factory.mktemp("parent")
    database = Home(parent / name).ensure().root / "some.db"
    engine = create_engine(sqlite_url(database))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE answers (number)"))
        connection.execute(text("INSERT INTO answers VALUES (42)"))
    engine.dispose()
    with closing(connect_read_only(database)) as connection:
        assert connection.execute("SELECT number FROM answers").fetchall() == [(42,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM answers")
    assert [path.name for path in parent.iterdir()] == [name]


@settings(max_examples=15, deadline=None)
@given(name=NAMES)
def test_indexes_lie_in_the_home_whatever_it_is_called(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    parent = tmp_path_factory.mktemp("parent")
    home = Home(parent / name).ensure()
    TableConnection(str(home.indexes), "documents").created(4)
    assert TableConnection(str(home.indexes), "documents").dimension() == 4
    assert [path.name for path in parent.iterdir()] == [name]
    assert [path.name for path in home.indexes.iterdir()] == ["documents.lance"]


@given(before=st.text("ab", max_size=3), wrong=st.characters(categories=("Cc", "Cs"), exclude_characters="\0"))
def test_a_name_that_lancedb_does_not_take_is_refused(before: str, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="control characters"):
        Home(Path("/nowhere") / f"{before}{wrong}").ensure()


@pytest.mark.parametrize("name", ["x?y", "x%41"])
def test_prefects_database_lies_in_the_home_too(name: str, tmp_path: Path) -> None:
    program = (
        "from flows.command.environment import prepare; prepare();"
        "from prefect.server.database import provide_database_interface as interface; import asyncio;"
        "asyncio.run(interface().create_db())"
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    environment = kept | {"LLMOPS_HOME": str(tmp_path / name), "HOME": str(tmp_path / "user")}
    (tmp_path / name / "prefect").mkdir(parents=True)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    assert (tmp_path / name / "prefect" / "prefect.db").stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} <= {name, "user"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (0o755, 0o700),
        (0o777, 0o700),
        (0o700, 0o700),
        (0o750, 0o750),
        (0o770, 0o770),
        (0o2775, 0o2770),
        (0o2770, 0o2770),
        (0o1777, 0o1777),
    ],
)
def test_others_are_kept_out_of_a_home_and_a_group_that_was_let_in_stays(
    before: int, after: int, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(before)
    assert stat.S_IMODE(Home(tmp_path / "home").ensure().root.stat().st_mode) == after


def test_a_folder_that_is_more_than_a_home_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("project", "user"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder).chmod(0o755)
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    for folder in ("project", "user"):
        assert stat.S_IMODE(Home(tmp_path / folder).ensure().root.stat().st_mode) == 0o755


@pytest.mark.parametrize("umask", [0, 0o002, 0o022, 0o077])
def test_a_new_home_is_its_owners_under_any_umask(umask: int, tmp_path: Path) -> None:
    program = (
        "import os, sys; os.umask(int(sys.argv[1])); from tasks_lib.home import Home; Home.from_environment().ensure()"
    )
    environment = os.environ | {"LLMOPS_HOME": str(tmp_path / "home")}
    subprocess.run([sys.executable, "-c", program, str(umask)], env=environment, check=True)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_a_home_without_write_access_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home").ensure()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write whatever the mode says
    with pytest.raises(ConfigurationError, match="no permission to write") as caught:
        home.ensure()
    assert "copy the home" in caught.value.hint
    assert json.dumps(caught.value.as_dict())
