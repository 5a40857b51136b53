"""`llmops keys` as people type it."""

import json
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL

from blocks.api_keys import ApiKeys
from blocks.llmops_platform import LLMOpsPlatform
from flows.cli import run
from tasks_lib.config.key_file import KeyFile
from tasks_lib.home import Home
from tasks_lib.registry.audit import KEPT_IN, read_audit


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LLMOPS_USER", "ann")
    return tmp_path / "home"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["keys", *arguments, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_key_is_shown_once_and_listed_without_itself(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = told(capsys, "create", "alice", "--assistant", "docs", "--assistant", "staff", "--days", "90")
    key = str(made["key"])
    assert run(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "alice" in listed
    assert key not in listed
    (row,) = told(capsys, "list")["keys"]  # type: ignore[misc]
    assert (row["state"], row["assistants"], row["created_by"]) == ("valid", ["docs", "staff"], "ann")
    assert all(key.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_replaced_and_a_revoked_key_are_told_apart(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told(capsys, "create", "alice")["key"]
    assert told(capsys, "rotate", "alice")["key"] != first
    told(capsys, "revoke", "alice")
    assert [row["state"] for row in told(capsys, "list")["keys"]] == ["revoked", "expired"]  # type: ignore[attr-defined]
    assert run(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("revoked", "expired", "ann"))
    assert len(KeyFile(home / "api-keys.json").read()) == 2


def test_groups_roles_and_limits_are_listed_kept_by_a_rotation_and_changed(capsys: pytest.CaptureFixture[str]) -> None:
    told(
        capsys,
        "create",
        "bob",
        "--groups",
        "hr, legal,hr",
        "--role",
        "metrics",
        "--role",
        "ask",
        "--tokens-per-minute",
        "9",
    )
    told(capsys, "rotate", "bob")
    (row, _) = told(capsys, "list")["keys"]  # type: ignore[misc]
    assert (row["groups"], row["roles"], row["tokens_per_minute"]) == (["hr", "legal"], ["ask", "metrics"], 9)
    (changed,) = told(capsys, "change", "bob", "--groups", "")["keys"]  # type: ignore[misc]
    assert (changed["groups"], changed["roles"], changed["tokens_per_minute"]) == ([], ["ask", "metrics"], 9)
    assert changed["begins"] == row["begins"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["revoke", "nobody"], "'nobody' has no valid key; who has one: nobody"),
        (["create", "a b"], "'a b' is no name of a key's holder"),
        (["create", "alice", "--days", "0"], "0 days is no time that a key lasts"),
        (["create", "alice", "--days", "nan"], "nan days is no time"),
        (["create", "alice", "--days", "1e12"], "1e+12 days is no time"),
        (["rotate", "alice", "--grace-hours", "-1"], "-1 hours is no time"),
        (["create"], "name"),
        (["create", "bob", "--role", "boss"], "there is no role 'boss'"),
        (["create", "bob", "--groups", "hr,,legal"], "'' is no name of a group"),
        (["create", "bob", "--groups", "public"], "nobody is in a group 'public'"),
        (["create", "bob", "--requests-per-minute", "0"], "0 is no limit"),
        (["change", "bob", "--groups", "hr"], "'bob' has no valid key"),
        (["change", "bob"], "nothing was named that is to change"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    arguments: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", *arguments]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert KeyFile(home / "api-keys.json").read() == []


def test_without_a_key_the_way_to_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list"]) == 0
    assert "llmops keys create NAME" in capsys.readouterr().out


def test_where_the_list_is_kept_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "create", "alice")["place"] == f"the file '{home}/api-keys.json'"
    assert run(["keys", "list"]) == 0
    assert f"Kept in the file '{home}/api-keys.json'." in capsys.readouterr().out


def test_a_secret_of_the_environment_that_cannot_be_reached_is_one_line_with_a_way_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "LLMOPS_KEYS_SECRET": "llmops/keys",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1:9",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
    }.items():
        monkeypatch.setenv(name, value)
    assert run(["keys", "list"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "the AWS secret 'llmops/keys' (LLMOPS_KEYS_SECRET) cannot be used: Could not connect" in said
    assert "DescribeSecret" in said
    assert "testing-secret" not in said
    assert not (home / "api-keys.json").exists()


@pytest.mark.flow
@pytest.mark.usefixtures("prefect_harness")
def test_keys_of_a_block_are_made_and_listed_and_a_wrong_block_is_one_line_with_those_that_there_are(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    ApiKeys().save("typed", overwrite=True)
    LLMOpsPlatform(keys="llmops-api-keys/typed").save("typed", overwrite=True)
    LLMOpsPlatform(keys="llmops-api-keys/tpyed").save("mistyped", overwrite=True)
    key = told(capsys, "create", "alice", "--platform", "typed")["key"]
    listed = told(capsys, "list", "--platform", "typed")
    assert listed["place"] == "the block llmops-api-keys/typed"
    assert [row["name"] for row in listed["keys"]] == ["alice"]  # type: ignore[attr-defined]
    assert str(key) not in json.dumps(listed)
    assert not (home / "api-keys.json").exists()
    assert read_audit(Home(home))[-1].told[KEPT_IN] == "the block llmops-api-keys/typed"
    for platform, said in {
        "mistyped": "keys names the block 'llmops-api-keys/tpyed', which does not exist. Blocks: ",
        "nothing": "there is no platform 'nothing'; platforms: local, ",
    }.items():
        assert run(["keys", "list", "--platform", platform]) == 2
        shown = " ".join(capsys.readouterr().err.split())
        assert said in shown
        assert "Traceback" not in shown
