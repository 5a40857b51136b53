"""The action for pull requests: what its steps do is run here, with a command in place of ours."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.command.premerge import EXIT_BY_DECISION
from tests.stubs.command import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "github" / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}
COMMAND = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$WRITTEN"
while [ $# -gt 0 ]; do if [ "$1" = --report ]; then echo '# Answers' > "$2"; fi; shift; done
exit "$CODE"
"""


def gate(folder: Path, code: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the step `gate`, as a runner does, with a command that ends with `code`."""
    command = folder / "bin" / "llmops"
    command.parent.mkdir()
    command.write_text(COMMAND)
    command.chmod(0o755)
    around = {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "WRITTEN": str(folder / "arguments"),
        "CODE": str(code),
        "BASE": "abc",
        "HEAD": "def",
        "CONFIG": "llmops.yaml more.yaml",
        "UNDECIDED": "fail",
        **environment,
    }
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["gate"]["run"]]
    return subprocess.run(script, env=around, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("decision", "code"), sorted(EXIT_BY_DECISION.items()))
def test_each_decision_ends_the_step_with_its_code_and_a_report(tmp_path: Path, decision: str, code: int) -> None:
    done = gate(tmp_path, code)
    assert done.returncode == code
    assert f"decision={decision}\n" in (tmp_path / "output").read_text()
    assert (tmp_path / "summary").read_text() == "# Answers\n"
    report = str(tmp_path / "llmops-report.md")
    named = ["--config", "llmops.yaml", "--config", "more.yaml"]
    given = (tmp_path / "arguments").read_text().splitlines()
    assert given == ["premerge", "--base", "abc", "--head", "def", "--report", report, *named]


def test_undecided_may_pass_and_nothing_else(tmp_path: Path) -> None:
    for folder, code in ((tmp_path / "4", 4), (tmp_path / "3", 3)):
        folder.mkdir()
        done = gate(folder, code, UNDECIDED="pass")
        assert done.returncode == (0 if code == EXIT_BY_DECISION["undecided"] else code)


def test_an_error_is_no_decision(tmp_path: Path) -> None:
    assert gate(tmp_path, 2).returncode == 2
    assert not (tmp_path / "output").exists()


def test_inputs_and_outputs_are_those_that_are_declared() -> None:
    whole = yaml.safe_dump(ACTION["runs"])
    assert set(re.findall(r"inputs\.([a-z-]+)", whole)) == ACTION["inputs"].keys()
    outputs = {name for name in ACTION["outputs"] if f"{name}=" in STEPS["gate"]["run"]}
    assert outputs == ACTION["outputs"].keys()
    assert not re.search(r"\$\{\{", "".join(step["run"] for step in STEPS.values()))  # nothing is pasted into a script
