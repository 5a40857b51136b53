"""A home that was moved or copied reads and writes its own artifacts, and leaves alone what lies elsewhere."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import Experiment

from blocks.moved_home import ADDRESSES, TABLE
from blocks.sqlite_tracking import ensure_sqlite_tracking
from tasks_lib.errors import HomeError
from tasks_lib.home import EXPERIMENT, Home

ELSEWHERE = "s3://bucket/artifacts"
NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})


@pytest.fixture
def original(tmp_path: Path, tracked_home: Callable[[Path], Home]) -> Home:
    """A home with a run, its artifact, and an experiment whose artifacts the user keeps in a bucket."""
    home = tracked_home(tmp_path / "original")
    client = MlflowClient(ensure_sqlite_tracking(home))
    client.create_experiment("in-a-bucket", artifact_location=ELSEWHERE)
    client.create_experiment("second", artifact_location=f"{home.mlflow_artifacts.as_uri()}/second")
    for name in (EXPERIMENT, "second"):
        run = client.create_run(experiment_of(client, name).experiment_id)
        note = (
            home.mlflow_artifacts
            / run.info.artifact_uri.removeprefix(f"{home.mlflow_artifacts.as_uri()}/")
            / "note.txt"
        )
        note.parent.mkdir(parents=True)
        note.write_text("of the original")  # MLflow's client would remember the run's folder in this process
    return home


def experiment_of(client: MlflowClient, name: str) -> Experiment:
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return experiment


def copied(home: Home, root: Path) -> Home:
    shutil.copytree(home.root, root)
    return Home(root)


def tree(home: Home) -> dict[str, str]:
    files = (path for path in home.root.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def addresses(home: Home) -> Iterator[str]:
    """Every address that the database stores."""
    with closing(sqlite3.connect(home.mlflow_database)) as connection:
        for table, columns in ADDRESSES.items():
            for column in columns:
                yield from (str(value) for (value,) in connection.execute(f"SELECT {column} FROM {table}"))  # noqa: S608


def forget_home(home: Home) -> None:
    """Leave the database as an earlier release did."""
    with closing(sqlite3.connect(home.mlflow_database)) as connection:
        connection.execute(f"DROP TABLE {TABLE}")


@pytest.mark.parametrize("of_today", [False, True], ids=["made by an earlier release", "made by this release"])
def test_a_copy_reads_and_writes_its_own_and_nothing_of_the_original(
    original: Home, tmp_path: Path, of_today: bool
) -> None:
    if not of_today:
        forget_home(original)
    before = tree(original)
    copy = copied(original, tmp_path / "copy")
    client = MlflowClient(ensure_sqlite_tracking(copy))
    for name in (EXPERIMENT, "second"):
        experiment = experiment_of(client, name)
        (run,) = client.search_runs([experiment.experiment_id])
        client.log_text(run.info.run_id, "of the copy", "note.txt")
        another = client.create_run(experiment.experiment_id)
        client.log_text(another.info.run_id, "new", "note.txt")
    assert {path.read_text() for path in copy.root.rglob("note.txt")} == {"of the copy", "new"}
    assert tree(original) == before
    assert not [address for address in addresses(copy) if address.startswith(original.root.as_uri())]


def test_a_home_whose_original_is_gone_works_and_may_move_on(original: Home, tmp_path: Path) -> None:
    home = original
    for name in ("second place", "third place"):
        home = Home(home.root.rename(tmp_path / name))
        client = MlflowClient(ensure_sqlite_tracking(home))
        (run,) = client.search_runs([experiment_of(client, EXPERIMENT).experiment_id])
        downloaded = client.download_artifacts(run.info.run_id, "note.txt", str(tmp_path))
        assert Path(downloaded).read_text() == "of the original"


def test_artifacts_in_a_bucket_stay_there(original: Home, tmp_path: Path) -> None:
    copy = copied(original, tmp_path / "copy")
    client = MlflowClient(ensure_sqlite_tracking(copy))
    assert experiment_of(client, "in-a-bucket").artifact_location == ELSEWHERE


def test_a_folder_of_artifacts_that_the_user_chose_stays(tmp_path: Path, tracked_home: Callable[[Path], Home]) -> None:
    home = tracked_home(tmp_path / "home")
    chosen = tmp_path / "share" / "mlflow" / "artifacts"
    chosen.mkdir(parents=True)
    with closing(sqlite3.connect(home.mlflow_database)) as connection, connection:
        connection.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id <> 0", (chosen.as_uri(),))
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    for place in (home.root, tmp_path / "moved"):
        moved = Home(home.root.rename(place)) if place != home.root else home
        client = MlflowClient(ensure_sqlite_tracking(moved))
        assert experiment_of(client, EXPERIMENT).artifact_location == chosen.as_uri()


def test_another_name_of_the_same_folder_is_the_same_home(original: Home, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(original.root)
    before = sorted(addresses(original))
    ensure_sqlite_tracking(Home(link))
    assert sorted(addresses(original)) == before


def test_neighbours_whose_names_begin_alike_are_not_taken_for_the_home(original: Home, tmp_path: Path) -> None:
    neighbour = f"{original.root.as_uri()}-2/mlflow/artifacts"
    MlflowClient(ensure_sqlite_tracking(original)).create_experiment("neighbour", artifact_location=neighbour)
    copy = copied(original, tmp_path / "copy")
    client = MlflowClient(ensure_sqlite_tracking(copy))
    assert experiment_of(client, "neighbour").artifact_location == neighbour


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=NAMES, second=NAMES)
def test_a_home_moves_between_folders_of_any_name(
    first: str, second: str, tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> None:
    parent = tmp_path_factory.mktemp("names")
    home = tracked_home(parent / "a" / first)
    ensure_sqlite_tracking(home)
    moved = copied(home, parent / "b" / second)
    ensure_sqlite_tracking(moved)
    with closing(sqlite3.connect(moved.mlflow_database)) as connection:
        query = "SELECT artifact_location FROM experiments WHERE name = ?"
        ((location,),) = connection.execute(query, (EXPERIMENT,)).fetchall()
    assert location == moved.mlflow_artifacts.as_uri()
    assert {path.name for path in parent.iterdir()} == {"a", "b"}
    assert [path.name for path in (parent / "b").iterdir()] == [second]


def test_a_moved_home_that_cannot_be_written_says_so(
    original: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(original, tmp_path / "copy")
    real = sqlite3.connect

    def read_only(database: str | Path, **options: object) -> sqlite3.Connection:
        return real(f"{copy.mlflow_database.as_uri()}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr("blocks.moved_home.sqlite3.connect", read_only)
    with pytest.raises(HomeError, match="no permission") as caught:
        ensure_sqlite_tracking(copy)
    assert "move it away" not in caught.value.hint
