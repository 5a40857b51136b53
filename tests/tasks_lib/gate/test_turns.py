"""Gates of one assistant take turns; those of another do not wait."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks_lib.errors import LlmopsError
from tasks_lib.gate.turns import turn

HOLDS = "from tasks_lib.gate.turns import turn\nwith turn('staff'):\n    print('mine', flush=True)\n    input()\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path))


def begins(assistant: str) -> str:
    """In a thread of its own, as another run is a process."""

    def tried() -> str:
        with turn(assistant, seconds=0.2):
            return "begins"

    with ThreadPoolExecutor(1) as another:
        return another.submit(tried).result()


def test_a_second_gate_waits_for_the_first_and_that_of_another_assistant_does_not() -> None:
    with turn("staff"):
        assert begins("public") == "begins"
        with pytest.raises(LlmopsError, match="other gates of 'staff' have been running for 0.2 s"):
            begins("staff")
    assert begins("staff") == "begins"


def test_the_turn_of_a_killed_run_is_free() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "mine\n"
        with pytest.raises(LlmopsError):
            begins("staff")
        os.kill(process.pid, signal.SIGKILL)
    assert begins("staff") == "begins"
