"""What people see of the command: examples, completion, output that survives a pipe."""

import os
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from flows import serve
from flows.cli import VERBS, run
from flows.command import render_ask, render_loop, render_operate
from flows.command.environment import prepare
from flows.command.examples import COLUMNS, EXAMPLES, epilogue
from flows.command.output import print_result
from flows.command.running import showing_progress
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.progress import advance

LLMOPS = Path(sys.executable).with_name("llmops")


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_examples_of_the_verb(verb: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    run([verb, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(" ".join(line.split()) in shown for line, _ in EXAMPLES[verb])


@pytest.mark.parametrize("verb", VERBS)
def test_examples_fit_a_narrow_terminal(verb: str) -> None:
    assert all(len(line) <= COLUMNS for line in epilogue(verb).splitlines())


def test_an_ingest_names_the_folder_that_it_read(capsys: pytest.CaptureFixture[str]) -> None:
    result = IngestResult(index="documents", index_version="1", source="file:///home/ann/our%20documents")
    print_result(result.model_dump(mode="json"), render_loop.ingest, as_json=False)
    assert "  source: /home/ann/our documents\n" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--version"])
    assert capsys.readouterr().out.strip() == version("llmops-flows")


def test_an_installed_completion_completes_verbs(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "SHELL": "/bin/bash", "PATH": "/usr/bin:/bin", "LLMOPS_HOME": str(tmp_path)}
    subprocess.run([LLMOPS, "--install-completion"], env=environment, check=True, capture_output=True)
    script = next(path for path in tmp_path.rglob("llmops") if path.is_file())
    ask = (
        f"source {script}; COMP_WORDS=(llmops dep); COMP_CWORD=1; "
        "$(complete -p llmops | sed 's/.*-F \\([^ ]*\\).*/\\1/') llmops dep llmops; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        [str(shutil.which("bash")), "-c", ask], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["deploy"]


def test_names_are_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a-collection-with-a-rather-long-name__all-minilm-l6-v2__125-0-240fc4d9"
    row = {"name": name, "version": "1", "sources": [], "documents": 1, "chunks": 2}
    row |= {"needed_by": [], "pinned_by": [], "questions": []}
    print_result({"dropped": None, "indexes": [row]}, render_operate.indexes, as_json=False)
    shown = capsys.readouterr().out
    assert name in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("asked_in", "told"), [("de", "[en]"), ("en", ""), (None, "")])
def test_a_source_in_another_language_is_marked(
    capsys: pytest.CaptureFixture[str], asked_in: str | None, told: str
) -> None:
    source = {"document": "a.md", "score": 0.5, "content": "text", "language": "en"}
    unknown = {"document": "b.md", "score": 0.5, "content": "text"}
    print_result({"query": "q", "language": asked_in, "results": [source, unknown]}, render_ask.search, as_json=False)
    assert " ".join(capsys.readouterr().out.split()) == f"? q [1] a.md {told} (0.50) text [2] b.md (0.50) text".replace(
        "  ", " "
    )


def test_columns_of_the_environment_are_kept_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_result({}, lambda console, _: console.print("word " * 20), as_json=False)
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 40


def test_a_step_is_a_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress("deploy"):
        advance("evaluate", 1, 2)
        advance("evaluate", 2, 2)
    assert capsys.readouterr().err == "· evaluate\n"


def test_what_lasts_is_told_with_its_counts_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tasks_lib.progress.MINUTE", 0.05)
    with showing_progress("ingest"):
        said = _until(capsys, "· ingest, 0 min\n")
        advance("look for changes", 1200)
        said += _until(capsys, "· look for changes: 1,200, 0 min\n")
        advance("ingest", 300, 5000)
        said += _until(capsys, "· ingest: 300 of 5,000, 0 min\n· ingest: 300 of 5,000, 0 min\n")
    assert said.count("· look for changes\n") == 1
    capsys.readouterr()
    time.sleep(0.2)
    assert capsys.readouterr().err == ""


def _until(capsys: pytest.CaptureFixture[str], wanted: str) -> str:
    """What is said on stderr, until `wanted` is among it."""
    said, end = "", time.monotonic() + 10
    while wanted not in said and time.monotonic() < end:
        time.sleep(0.02)
        said += capsys.readouterr().err
    assert wanted in said
    return said


def test_on_a_terminal_the_verb_moves_from_the_first_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr("rich.progress.Progress.add_task", lambda _, text, **__: told.append(text) or len(told))
        patch.setattr("rich.progress.Progress.update", lambda *_, **__: None)
        with showing_progress("deploy"):
            assert told == ["[bold]deploy"]
            advance("evaluate", 0, 2)
    assert told == ["[bold]deploy", "evaluate"]


def test_a_run_that_mlflow_started_records_runs_of_its_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "a-run-of-another-store")
    prepare()

    assert "MLFLOW_RUN_ID" not in os.environ


@pytest.mark.parametrize(
    ("terminal", "told"), [(True, "http://127.0.0.1:8765 with models:/rag-assistant/3"), (False, "")]
)
def test_the_endpoint_says_on_a_terminal_where_it_will_be(
    terminal: bool, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "production_of", lambda *_: SimpleNamespace(uri="models:/rag-assistant/3", rag=None))
    monkeypatch.setattr(serve, "seems_ready", lambda *_: True)
    monkeypatch.setattr("os.execve", lambda *_: sys.exit())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with pytest.raises(SystemExit):
        serve.serve(Settings.model_validate({"serve": {"host": "127.0.0.1", "port": 8765}}))
    said = capsys.readouterr().err
    assert told in said
    assert bool(said) == terminal
