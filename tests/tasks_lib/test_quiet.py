"""Variables that compose files, CI jobs and files of Windows leave behind mean what was meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.quiet import OF_FILES, QUIET, READ_HERE, tidy
from tests.stubs.command import ROOT

NAMES = st.builds("{}{}".format, st.sampled_from(READ_HERE), st.text("ABCXYZ_", max_size=8))
VALUES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
AROUND = st.text(OF_FILES, max_size=3)


@given(name=NAMES, value=VALUES, before=AROUND, after=AROUND)
def test_a_variable_is_its_value_whatever_file_it_came_from(name: str, value: str, before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, before + value + after)
        tidy()
        meant = value.strip(OF_FILES)
        assert os.environ.get(name) == (meant if meant.strip() else None)


def test_variables_of_others_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "")
    monkeypatch.setenv("PS1", "$ \r")
    tidy()
    assert (os.environ["EDITOR"], os.environ["PS1"]) == ("", "$ \r")


def test_empty_variables_leave_everything_where_it_belongs(tmp_path: Path) -> None:
    names = ("PREFECT_HOME", "PREFECT_API_URL", "MLFLOW_TRACKING_URI", "OPENAI_BASE_URL", *QUIET)
    script = (
        "from flows.command.environment import prepare, ensure_state; ensure_state(prepare());"
        "import prefect.settings as s; from openai import OpenAI; import os;"
        "print(s.PREFECT_HOME.value(), s.PREFECT_API_URL.value(), OpenAI(api_key='k').base_url,"
        " os.environ['MLFLOW_DISABLE_TELEMETRY'])"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LLMOPS_"))},
        **dict.fromkeys(names, ""),
        "HOME": str(tmp_path),
        "LLMOPS_HOME": str(tmp_path / "home\r"),
        "PYTHONPATH": str(ROOT),
    }
    folder = tmp_path / "work"
    folder.mkdir()
    said = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == [str(tmp_path / "home" / "prefect"), "None", "https://api.openai.com/v1/", "true"]
    assert list(folder.iterdir()) == []
