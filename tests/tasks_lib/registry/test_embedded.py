"""The registry read from its file says what MLflow's client says, or nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tasks_lib.home import Home
from tasks_lib.registry.embedded import read_live
from tasks_lib.registry.live import find_live
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry.fakes import GOOD, FakePlatform, register_fake

MODEL, ALIAS = "rag-assistant", "candidate"


@pytest.fixture
def platform(tmp_path: Path, tracked_home: Callable[[Path], Home], monkeypatch: pytest.MonkeyPatch) -> FakePlatform:
    """With a version behind the alias."""
    home = tracked_home(tmp_path / "a home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    made = FakePlatform(home)
    register_fake(made, tmp_path / "version", GOOD, tags={"decision": "promote"})
    return made


def run(platform: FakePlatform, statement: str) -> None:
    with closing(sqlite3.connect(platform.home.mlflow_database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_it_says_what_mlflow_says(platform: FakePlatform) -> None:
    client = connect(platform, MODEL)
    live = read_live(platform.tracking_uri(), MODEL, ALIAS)
    assert live is not None
    assert replace(live, experiment_id=None, folder=None) == find_live(client, MODEL, ALIAS)
    assert live.experiment_id == client.experiment_id
    assert live.tags["decision"] == "promote"
    assert live.folder is not None
    assert Path(live.folder.removeprefix("file://").replace("%20", " "), "MLmodel").is_file()


def test_it_follows_the_alias(platform: FakePlatform, tmp_path: Path) -> None:
    register_fake(platform, tmp_path / "another", GOOD)
    live = read_live(platform.tracking_uri(), MODEL, ALIAS)
    assert (live and live.version) == 2
    connect(platform, MODEL).set_registered_model_alias(MODEL, ALIAS, "1")
    live = read_live(platform.tracking_uri(), MODEL, ALIAS)
    assert (live and live.version) == 1


@pytest.mark.parametrize(("model", "alias"), [(MODEL, "production"), ("another", ALIAS)])
def test_of_what_is_not_there_it_says_nothing(platform: FakePlatform, model: str, alias: str) -> None:
    assert read_live(platform.tracking_uri(), model, alias) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'rag-assistant'",
        "UPDATE model_versions SET storage_location = 's3://bucket/version'",
        "UPDATE model_versions SET storage_location = 'file:///nowhere'",
        "UPDATE model_versions SET storage_location = NULL",
        "ALTER TABLE registered_model_aliases RENAME TO aliases_of_another_release",
    ],
)
def test_of_what_only_mlflow_can_tell_it_says_nothing(platform: FakePlatform, statement: str) -> None:
    uri = platform.tracking_uri()
    if statement.startswith("UPDATE"):
        run(platform, statement)
    else:
        with closing(sqlite3.connect(platform.home.mlflow_database)) as connection:
            connection.execute(statement)
    assert read_live(uri, MODEL, ALIAS) is None


@pytest.mark.parametrize("text", ["flavors: {", "flavors: {}", "- a list", ""])
def test_of_a_damaged_description_it_says_nothing(platform: FakePlatform, text: str) -> None:
    live = read_live(platform.tracking_uri(), MODEL, ALIAS)
    assert live is not None
    assert live.folder is not None
    Path(live.folder.removeprefix("file://").replace("%20", " "), "MLmodel").write_text(text)
    assert read_live(platform.tracking_uri(), MODEL, ALIAS) is None


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000", "postgresql://host/base", "sqlite:///relative.db", "sqlite:////nowhere/mlflow.db"]
)
def test_other_stores_are_left_to_mlflow(uri: str) -> None:
    assert read_live(uri, MODEL, ALIAS) is None
