"""`llmops backup` and `restore`: whole while it is used, checked, and what was forgotten since does not come back."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import mlflow
import pytest

from blocks.local import LocalPlatform
from flows.backup import backup
from flows.cli import run
from flows.erasure import allow_again, erase
from flows.ingest import synchronise
from flows.restore import RestoreResult, restore
from tasks_lib.backup.manifest import NAME as MANIFEST
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.errors import HomeError, IndexUnavailableError, InputError
from tasks_lib.forgetting import steps
from tasks_lib.home import Home
from tasks_lib.registry.audit import KEPT_IN, read_audit, write_audit
from tasks_lib.registry.tracking import connect
from tests.stubs.written_home import NAME, PATH, settings_of

OPENED = "import sys; file = open(sys.argv[1]); print('up', flush=True); input()"


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shutil.copytree(template / "home", tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LLMOPS_USER", "ann")
    monkeypatch.setattr(steps, "GRACE_SECONDS", 0.0)
    LocalPlatform(Home(tmp_path / "home")).tracking_uri()
    return Home(tmp_path / "home")


@pytest.fixture
def documents(template: Path) -> Path:
    return template / "documents"


def into(root: Path, archive: str, monkeypatch: pytest.MonkeyPatch, **options: object) -> RestoreResult:
    monkeypatch.setenv("LLMOPS_HOME", str(root))
    return restore(Path(archive), Settings(), **options)  # type: ignore[arg-type]


def entries(home: Home) -> list[Path]:
    return sorted(path for path in home.root.rglob("*") if home.locks not in {path, path.parent})


def kept(home: Home, tmp_path: Path) -> str:
    return backup(tmp_path / "kept.zip", Settings()).archive


def rows(home: Home, documents: Path) -> dict[str, int]:
    """State of the index → how many chunks it has."""
    index = LocalPlatform(home).index(settings_of(documents).rag)
    states = index.states()
    return {state: index.at(state).count() for state in (str(states.released), *states.earlier)}


def found(home: Home, *words: str) -> set[str]:
    """Files of the home that have one of the words in their bytes; LanceDB packs texts, and is asked elsewhere."""
    files = [path for path in home.root.rglob("*") if path.is_file() and "lancedb" not in path.parts]
    texts = {str(path.relative_to(home.root)): path.read_bytes().lower() for path in files}
    return {name for name, text in texts.items() if any(word.lower().encode() in text for word in words)}


def spoken(home: Home, documents: Path) -> str:
    index = LocalPlatform(home).index(settings_of(documents).rag)
    states = index.states()
    return " ".join(
        str(chunk.content)
        for state in (str(states.released), *states.earlier)
        for chunk in index.at(state).sample(1000, 0)
    )


def test_another_folder_gets_all_of_it_and_reads_its_own_artifacts(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyFile(home.api_keys).create("alice", by="ann")
    before, keys = rows(home, documents), home.api_keys.read_bytes()
    archive = kept(home, tmp_path)
    shutil.rmtree(home.root)  # what still points there fails
    result = into(tmp_path / "elsewhere" / "home", archive, monkeypatch)
    assert (result.restored, result.replaced) == (True, False)
    restored = Home(tmp_path / "elsewhere" / "home")
    assert rows(restored, documents) == before
    assert restored.api_keys.read_bytes() == keys
    assert restored.api_keys.stat().st_mode & 0o777 == 0o600
    client = connect(LocalPlatform(restored), "rag-assistant")
    assert [example.id for example in load(client, "questions").examples] == ["a", "b", "c"]
    run_ = client.search_runs([client.experiment_id], "tags.`llmops.verb` = 'monitor'")[0]
    assert str(restored.root) in run_.info.artifact_uri
    assert json.loads(mlflow.artifacts.load_text(f"{run_.info.artifact_uri}/result.json"))["documents"] == [PATH]
    assert (restored.prefect / "prefect.db").is_file()
    assert not (restored.root / "cache").exists()
    assert [line.what for line in read_audit(restored)][-1] == "restored"


def test_a_backup_is_of_one_moment_while_ingests_and_traces_go_on(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with closing(sqlite3.connect(home.prefect / "prefect.db", timeout=30)) as connection:
                connection.execute("INSERT INTO log VALUES (?)", (f"line {number}" * 500,))
                connection.commit()

    def ingest() -> None:
        own = tmp_path / "more"
        own.mkdir()
        for number in range(8):
            (own / f"{number}.md").write_text(f"# Page {number}\n\nThe room {number} has {number} chairs.\n")
            synchronise(LocalPlatform(home), settings_of(own))

    threads = [Thread(target=write), Thread(target=ingest)]
    for thread in threads:
        thread.start()
    try:
        archives = [backup(tmp_path / f"{number}.zip", Settings()).archive for number in range(3)]
    finally:
        threads[1].join()
        stop.set()
        threads[0].join()
    for number, archive in enumerate(archives):
        into(tmp_path / f"restored-{number}", archive, monkeypatch)
        restored = Home(tmp_path / f"restored-{number}")
        with closing(sqlite3.connect(restored.prefect / "prefect.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        index = LocalPlatform(restored).index(settings_of(documents).rag)
        assert len(index.sample(1000, 0)) == index.count() >= 3
        assert index.store.connection.table().to_arrow().num_rows == index.count()  # type: ignore[union-attr]


def test_an_index_that_is_being_written_is_waited_for(home: Home, documents: Path, tmp_path: Path) -> None:
    settings = Settings.model_validate({"ingest": {"lock_timeout_seconds": 0.2}})
    index = LocalPlatform(home).index(settings_of(documents).rag)
    code = f"""
from blocks.local import LocalPlatform
index = LocalPlatform().open_index({index.name!r})
with index.writing(5):
    print("held", flush=True); input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        with pytest.raises(IndexUnavailableError, match="being written"):
            backup(tmp_path / "kept.zip", settings)
        writer.communicate("\n")
    assert not list(tmp_path.glob("*kept.zip*"))


def test_what_was_forgotten_since_does_not_come_back(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyFile(home.api_keys).create("alice", by="ann")
    archive = kept(home, tmp_path)
    settings = settings_of(documents)
    erase("document", PATH, settings)
    erase("user", "alice", settings)
    result = into(home.root, archive, monkeypatch, replace=True)
    assert result.replaced
    assert (result.forgotten_again.documents, result.forgotten_again.traces) == (1, 1)
    assert "Zebrafish" not in spoken(home, documents)
    assert found(home, "zebrafish", "archimedes") - {"unfinished/dataset.jsonl"} == set()
    client = connect(LocalPlatform(home), "rag-assistant")
    assert len(client.search_traces(locations=[client.experiment_id])) == 1
    assert synchronise(LocalPlatform(home), settings).forgotten == 1
    whats = [line.what for line in read_audit(home)]
    assert whats.count("forgot") == 4, "twice before, and once more each"
    assert whats[-1] == "restored"


def test_a_forgotten_text_is_taken_out_of_an_old_backup_wherever_it_stands(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = kept(home, tmp_path)
    erase("text", NAME, settings_of(documents))
    result = into(home.root, archive, monkeypatch, replace=True)
    assert result.forgotten_again.texts >= 1
    assert "Quarkstein" not in spoken(home, documents)
    assert found(home, "quarkstein") == set()


def test_a_lost_home_is_restored_with_copies_of_its_lists(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = kept(home, tmp_path)
    erase("document", PATH, settings_of(documents))
    lists = tmp_path / "lists"
    lists.mkdir()
    for file in (home.forgotten, home.forget_secret):
        shutil.copy(file, lists)
    shutil.rmtree(home.root)
    result = into(home.root, archive, monkeypatch, forgotten=lists)
    assert result.forgotten_again.documents == 1
    assert "Zebrafish" not in spoken(home, documents)


def test_what_a_person_let_in_since_is_let_in(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(documents)
    erase("document", PATH, settings)
    archive = kept(home, tmp_path)
    allow_again(PATH, str(documents), None)
    into(home.root, archive, monkeypatch, replace=True)
    assert synchronise(LocalPlatform(home), settings).added == 1


def test_a_key_that_was_revoked_since_opens_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFile(home.api_keys)
    keys.create("alice", by="ann")
    archive = kept(home, tmp_path)
    keys.revoke("alice", by="ann")
    assert into(home.root, archive, monkeypatch, replace=True).kept_keys
    assert [bool(key.revoked_at) for key in keys.read()] == [True]


def test_keys_that_lie_elsewhere_are_named(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_audit(home, "key made", {"by": "ann", "about": "key bob", KEPT_IN: "the block llmops-api-keys/team"})
    monkeypatch.setenv("LLMOPS_KEYS_SECRET", "llmops/keys")
    assert run(["backup", str(tmp_path / "kept.zip")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "API keys in the block llmops-api-keys/team lie outside of the home" in told
    assert "API keys in the AWS secret 'llmops/keys' (LLMOPS_KEYS_SECRET) lie outside" in told
    assert run(["restore", str(tmp_path / "kept.zip"), "--replace"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "API keys in the block llmops-api-keys/team are as they were" in told


def test_traces_of_a_forgotten_holder_are_found_whose_key_lies_elsewhere(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_audit(home, "key made", {"by": "ann", "about": "key alice", KEPT_IN: "the block llmops-api-keys/team"})
    archive = kept(home, tmp_path)
    erase("user", "alice", settings_of(documents))
    assert into(home.root, archive, monkeypatch, replace=True).forgotten_again.traces == 1


def test_a_list_of_another_home_cannot_be_applied(
    home: Home, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase("document", PATH, settings_of(documents))
    archive = kept(home, tmp_path)
    other = Home(tmp_path / "other").ensure()
    monkeypatch.setenv("LLMOPS_HOME", str(other.root))
    with pytest.raises(InputError, match="not forgotten"):
        allow_again("a.md", "b", None)  # which makes the other home's secret
    shutil.copy(home.forgotten, other.forgotten)
    before = entries(other)
    with pytest.raises(InputError, match="another secret"):
        into(other.root, archive, monkeypatch, replace=True)
    assert entries(other) == before


def test_a_full_home_is_replaced_only_when_asked(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = kept(home, tmp_path)
    (home.root / "marker.txt").write_text("of the old one")
    assert run(["restore", archive, "--json"]) == 2
    assert "holds something already" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert (home.root / "marker.txt").exists()
    assert run(["restore", archive, "--replace"]) == 0
    assert "Restored" in capsys.readouterr().out
    assert not (home.root / "marker.txt").exists()


@pytest.mark.parametrize("uses", [["-c", OPENED, "{database}"], ["-c", "print('up', flush=True); input()", "serving"]])
def test_a_home_that_is_in_use_is_not_replaced(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uses: list[str]
) -> None:
    """By a process that has a file of it open, or by an endpoint that has none open now."""
    archive = kept(home, tmp_path)
    command = [sys.executable, *(part.format(database=home.mlflow_database) for part in uses)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "up\n"
        with pytest.raises(InputError, match=f"process {user.pid}"):
            into(home.root, archive, monkeypatch, replace=True)
        user.communicate("\n")


def changed(archive: str, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy with other contents; what `change` makes `None` is left out."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                copy.writestr(name, data)
    return target


def outside(name: str, data: bytes) -> bytes:
    return data.replace(b'"audit.jsonl"', b'"../audit.jsonl"') if name == MANIFEST else data


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda name, data: data + b" " if name.endswith("audit.jsonl") else data, "audit.jsonl' is not what was"),
        (lambda name, data: None if name.endswith("audit.jsonl") else data, "other files than its manifest"),
        (lambda name, data: None if name == MANIFEST else data, "no backup, or was cut off"),
        (outside, "other files than its manifest"),
        (lambda name, data: data.replace(b'"format": 1', b'"format": 2') if name == MANIFEST else data, "format 2"),
    ],
)
def test_a_changed_backup_is_refused_and_nothing_is_left_of_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str, bytes], bytes], says: str
) -> None:
    other = changed(kept(home, tmp_path), tmp_path / "other.zip", change)
    with pytest.raises(InputError, match=says):
        into(tmp_path / "new", str(other), monkeypatch)
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_a_backup_that_was_cut_off_is_refused(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Path(kept(home, tmp_path))
    archive.write_bytes(archive.read_bytes()[:-1000])
    with pytest.raises(InputError, match="cut off"):
        into(tmp_path / "new", str(archive), monkeypatch)


def test_a_check_changes_nothing(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = kept(home, tmp_path)
    assert not into(tmp_path / "new", archive, monkeypatch, check_only=True).restored
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("target", "says"),
    [("home/kept.zip", "lies in the home"), ("nowhere/kept.zip", "no folder"), ("there.zip", "already")],
)
def test_where_an_archive_may_not_lie(home: Home, tmp_path: Path, target: str, says: str) -> None:
    (tmp_path / "there.zip").write_text("")
    with pytest.raises(InputError, match=says):
        backup(tmp_path / target, Settings())


def test_an_empty_home_and_a_damaged_one_are_not_backed_up(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(home.prefect / "prefect.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray((home.prefect / "prefect.db").read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    (home.prefect / "prefect.db").write_bytes(data)
    with pytest.raises(HomeError, match="damaged"):
        backup(tmp_path / "kept.zip", Settings())
    assert not list(tmp_path.glob("*kept.zip*"))
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "empty"))
    with pytest.raises(InputError, match="nothing to back up"):
        backup(tmp_path / "kept.zip", Settings())


def test_other_platforms_are_backed_up_elsewhere(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backup", "--platform", "aws", "--json"]) == 2
    assert "lies on servers" in json.loads(capsys.readouterr().out)["error"]["message"]
