"""The unfinished archive: a killed backup's goes with the next one, and nobody else's file does."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks_lib.backup import scratch
from tasks_lib.backup.archive import writing_archive
from tasks_lib.errors import InputError
from tasks_lib.home import Home

KILLED = """
import os, signal, sys
from pathlib import Path
from tasks_lib.backup.archive import writing_archive
from tasks_lib.home import Home

with writing_archive(Path(sys.argv[1]), Home(Path(sys.argv[2]))) as archive:
    archive.others()
    archive._archive.fp.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def written(home: Home) -> Home:
    (home.root / "notes.txt").write_text("noted\n" * 1000)
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


def back_up(target: Path, home: Home) -> None:
    with writing_archive(target, home) as archive:
        archive.others()
        archive.close("1", [])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_killed_backup_left_goes_with_the_next(written: Home, folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder / "monday.zip"), str(written.root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert names(folder) == {".monday.zip.unfinished"}
    back_up(folder / "tuesday.zip", written)
    assert names(folder) == {"tuesday.zip"}
    assert (folder / "tuesday.zip").stat().st_mode & 0o777 == 0o600


def test_a_backup_of_another_home_and_other_files_are_left_alone(written: Home, folder: Path, tmp_path: Path) -> None:
    (folder / ".letter.unfinished").write_text("Dear Ann,")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"PK\x03\x04 of somebody")
    (folder / ".link.unfinished").symlink_to(elsewhere)
    os.mkfifo(folder / ".pipe.unfinished")
    os.utime(folder / ".pipe.unfinished", (0, 0))
    with writing_archive(folder / "a.zip", written) as archive:
        archive.others()
        back_up(folder / "b.zip", written)
        with pytest.raises(InputError, match="is being written by another backup"):
            back_up(folder / "a.zip", written)
        archive.close("1", [])
    assert names(folder) == {"a.zip", "b.zip", ".letter.unfinished", ".link.unfinished", ".pipe.unfinished"}
    assert elsewhere.exists()


def test_one_that_was_killed_before_it_wrote_goes_once_nobody_can_be_about_to(written: Home, folder: Path) -> None:
    left = folder / ".a.zip.unfinished"
    left.touch()
    back_up(folder / "b.zip", written)
    assert left.exists()
    long_ago = time.time() - scratch.EMPTY_SECONDS - 1
    os.utime(left, (long_ago, long_ago))
    with left.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        back_up(folder / "c.zip", written)
        assert left.exists()
    back_up(folder / "d.zip", written)
    assert names(folder) == {"b.zip", "c.zip", "d.zip"}


def test_a_backup_that_fails_leaves_nothing(written: Home, folder: Path) -> None:
    with pytest.raises(OSError, match="no space"), writing_archive(folder / "a.zip", written):
        raise OSError("no space")
    assert names(folder) == set()
