"""The command: exit codes, one JSON object on stdout, errors without tracebacks."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from getpass import getuser
from pathlib import Path
from typing import NoReturn

import pytest

from flows.cli import APPLICATIONS, VERBS, run
from flows.command.environment import prepare
from tasks_lib.home import Home


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object], str]:
    """Exit code, the JSON object on stdout, stderr."""
    code = run([*arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert "llmops" in text
    if verb not in APPLICATIONS:
        assert all(option in text for option in ("--platform", "--config", "--set", "--json"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingst"], 'Did you mean "ingest"'),
        (["ask"], "requires an argument"),
        (["ingest", "--sorce", "x"], "--sorce"),
        (["ingest", "--set", "retriever.topk=2"], "unknown key 'retriever.topk'"),
        (["ingest", "--config", "missing.yaml"], "missing.yaml"),
        (["ingest", "--source", "/does/not/exist"], "/does/not/exist"),
        (["ask", "   "], "empty"),
        (["ask", "x" * 100_000], "100,000 characters"),
        (["ask", "anything"], "no 'production' version"),
        (["search", "anything"], "there is no index"),
        (["search"], "give either one question or --file"),
        (["deploy", "--set", "gate.margin=2"], "gate.margin"),
        (["deploy", "--approve"], "nobody could approve"),
        (["schema", "ingst"], "no configuration for 'ingst'"),
        (["index", "drop", "nothing"], "no index 'nothing'"),
        (["pipeline", "show", "serch"], "no pipeline 'serch'; did you mean 'search'"),
        (["pipeline", "show", "search", "--set", "retriever.components=[{type: os.path.x}]"], "is not allowed"),
        (["pipeline", "show", "search", "--set", "embedder=openai/ada"], "cannot supply embedder 'openai/ada'"),
    ],
)
def test_bad_input_is_exit_2_with_one_message(
    arguments: list[str], words: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, stderr = outcome(capsys, *arguments)
    assert code == 2
    error = result["error"]
    assert isinstance(error, dict)
    assert words in error["message"]
    assert error.keys() == {"type", "message", "hint"}
    assert "Traceback" not in stderr


def test_home_that_is_a_file_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "home"
    file.write_text("not a folder")
    monkeypatch.setenv("LLMOPS_HOME", str(file))
    code, result, _ = outcome(capsys, "status")
    assert code == 2
    assert "LLMOPS_HOME" in str(result["error"])
    assert file.read_text() == "not a folder"


def test_home_of_nobody_is_exit_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LLMOPS_HOME", "~nobody-of-this-name/state")
    code, result, _ = outcome(capsys, "status")
    assert code == 2
    assert "~nobody-of-this-name/state" in str(result["error"])


def test_a_user_id_without_an_account_has_a_name_and_a_folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def unknown(number: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    prepare()
    assert getuser() == f"uid-{os.getuid()}"
    assert Path.home().is_relative_to(home.root)


def test_damaged_mlflow_database_is_named_and_kept(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.mlflow_database.parent.mkdir(parents=True)
    home.mlflow_database.write_bytes(b"this is no database" * 100)
    code, result, stderr = outcome(capsys, "status")
    assert code == 1
    assert "mlflow.db" in str(result["error"])
    assert "Traceback" not in stderr
    assert home.mlflow_database.read_bytes().startswith(b"this is no database")


def test_schema_prints_json_schema(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = outcome(capsys, "schema", "ingest")
    assert code == 0
    assert result["type"] == "object"
    assert "ingest" in result["properties"]  # type: ignore[operator]


def test_status_before_any_deploy_says_what_to_do(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = outcome(capsys, "status")
    assert code == 0
    assert result["production"] is None
    assert "llmops deploy" in str(result["reasons"])


def test_help_and_configuration_errors_import_no_heavy_package() -> None:
    program = (
        "import sys; from flows.cli import run; run(['--help']); run(['ingest', '--set', 'x=1']);"
        "print(sorted({'prefect', 'mlflow', 'haystack', 'lancedb', 'guardrails', 'evidently', 'litserve', 'pandas'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_database_of_a_later_release_is_named_and_kept(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.mlflow_database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(home.mlflow_database)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('fa70fa70fa70')")
    code, result, stderr = outcome(capsys, "status")
    assert code == 1
    error = result["error"]
    assert isinstance(error, dict)
    assert "fa70fa70fa70" in error["message"]
    assert "Install the release" in error["hint"]
    assert "move it away" not in error["hint"]
    assert "Traceback" not in stderr


def test_no_space_is_said_where_there_is_none_even_for_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object, **options: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device", str(home.root / "mlflow" / "artifacts"))

    monkeypatch.setattr("flows.command.operate.start", full)
    monkeypatch.setattr(Path, "write_text", full)
    code, result, stderr = outcome(capsys, "status")
    assert code == 1
    error = result["error"]
    assert isinstance(error, dict)
    assert "no space left" in error["message"]
    assert "Free disk space" in error["hint"]
    assert "Traceback" not in stderr


def test_inspect_shows_one_file_and_ingests_nothing(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("region;rate;from\nNorth;7,5;2026\n")
    code, inspection, _ = outcome(capsys, "ingest", "--inspect", str(file))
    assert (code, inspection["text"]) == (0, "| region | rate | from |\n| region: North | rate: 7,5 | from: 2026 |")
    assert list(inspection) == ["document", "format", "title", "text", "chunks", "warnings"]
    code, failure, _ = outcome(capsys, "ingest", "--inspect", str(tmp_path / "missing.md"))
    assert (code, "cannot be read" in str(failure)) == (2, True)
