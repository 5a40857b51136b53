"""Releases in processes of their own: killed at every write, and two at once."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks_lib.documents_gate.release import propose, release
from tests.stubs.ingesting import held as texts
from tests.tasks_lib.conftest import Library

pytestmark = pytest.mark.slow
OLD = {"leave.md": "Leave is 27 days.", "pay.md": "Pay comes on the 25th."}
ALL = {"leave.md": "Leave is 3 days.", "pay.md": "Pay comes on the 1st."}
WITHOUT = {"leave.md": "Leave is 27 days.", "pay.md": "Pay comes on the 1st."}
OPENED = """
import os, signal, sys, time
from pathlib import Path
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.documents_gate import release as moves
from tasks_lib.errors import InputError

root, action, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
index = LanceDBIndex(str(root / "lancedb"), "test", 256, lock_folder=root)
"""
KILLED = (
    OPENED
    + """
writes = 0

def killing(method):
    written = getattr(LanceDBIndex, method)

    def write(*arguments):
        global writes
        for done in (False, True):
            result = written(*arguments) if done else None
            writes += 1
            if writes == step:
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(LanceDBIndex, method, write)

for method in ("save_states", "replace", "commit"):
    killing(method)
with index.writing(30):
    found = moves.propose(index, 7.0)
    begun = "leave.md" not in {each.document for each in found.changed}  # a killed run had quarantined it
    if action == "all" or (action == "without" and begun):
        moves.release(index, found)
    elif action == "without":
        moves.release_without(index, found, ["leave.md"], "ada", "")
    else:
        moves.roll_back(index, None, "ada", "")
"""
)
MEASURED = (
    OPENED
    + """
with index.writing(30):
    found = moves.propose(index, 7.0)
(root / f"proposed-{step}").touch()
while not all((root / f"proposed-{each}").exists() for each in (1, 2)):
    time.sleep(0.05)
with index.writing(30):
    if action == "without":
        try:
            moves.release_without(index, moves.propose(index, 7.0), ["leave.md"], "ada", "")
        except InputError as error:
            print(error.message)
    else:
        print(moves.release(index, found))
"""
)


@pytest.fixture
def changed(library: Library) -> Library:
    """Two documents that are released, both changed since."""
    for name, text in OLD.items():
        library.put(name, text)
    index = library.index
    index.save_states(index.states().with_released(index.version() or ""))
    for name, text in ALL.items():
        library.put(name, text)
    return library


def started(program: str, folder: Path, action: str, step: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, str(folder), action, str(step)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read(library: Library) -> dict[str, str]:
    """Document → text, as readers of the released state see it."""
    return texts(library.index.at(library.index.states().released or ""))


@pytest.mark.parametrize(("action", "new"), [("all", ALL), ("without", WITHOUT)])
def test_a_release_that_is_killed_at_any_write_leaves_the_old_state_or_the_new(
    changed: Library, tmp_path: Path, action: str, new: dict[str, str]
) -> None:
    seen = []
    for step in range(1, 20):
        process = started(KILLED, tmp_path / "library", action, step)
        process.communicate(timeout=120)
        seen.append(read(changed))
        assert seen[-1] in (OLD, new)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    assert len(seen) > 3
    assert (seen[0], seen[-1]) == (OLD, new)
    assert release(changed.index, propose(changed.index, 7.0)) == ""
    assert read(changed) == new


def test_a_rollback_that_is_killed_at_any_write_leaves_one_of_the_states_and_is_finished_by_the_next_release(
    changed: Library, tmp_path: Path
) -> None:
    assert release(changed.index, propose(changed.index, 7.0)) == ""
    process = started(KILLED, tmp_path / "library", "back", 3)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert read(changed) in (OLD, ALL)
    states = changed.index.states()
    found = propose(changed.index, 7.0)
    assert read(changed) == (OLD if states.quarantine else ALL)
    assert found.changed == ()


@pytest.mark.parametrize("second", ["all", "without"])
def test_two_releases_at_once_do_not_interleave(changed: Library, tmp_path: Path, second: str) -> None:
    both = [started(MEASURED, tmp_path / "library", action, number) for number, action in enumerate(("all", second), 1)]
    said = [process.communicate(timeout=120)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    end = read(changed)
    if second == "all":
        assert end == ALL
        assert sum("meanwhile" in each for each in said) == 1
    elif end == ALL:  # all came first: then nothing is left to leave out
        assert "'leave.md' did not change since" in said[1]
    else:
        assert end == WITHOUT
        assert "meanwhile" in said[0]
    assert changed.index.states().released == changed.index.version()
