"""`llmops audit` as people type it, and what comes into it."""

import json
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from tasks_lib.home import Home
from tasks_lib.registry.audit import read_audit
from tasks_lib.registry.audited import audited_run
from tasks_lib.registry.tracking import STARTED_BY_TAG, connect


@pytest.fixture(autouse=True)
def who(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    monkeypatch.setenv("LLMOPS_USER", "ann")


def test_keys_are_told_with_before_and_after(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (["create", "bo"], ["change", "bo", "--groups", "hr"], ["rotate", "bo"], ["revoke", "bo"]):
        assert run(["keys", *line, "--json"]) == 0
    capsys.readouterr()
    assert run(["audit", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["what"] for line in told] == ["key made", "key changed", "key rotated", "key revoked"]
    assert {line["told"]["by"] for line in told} == {"ann"}
    assert "hr" not in told[1]["told"]["before"]
    assert "hr" in told[1]["told"]["after"]
    assert "revoked" in told[3]["told"]["after"]
    assert run(["audit", "--json", "--since", "2999-01-01"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["audit"]) == 0
    shown = capsys.readouterr().out
    assert "The chain of 4 lines holds" in shown
    assert "key bo" in shown


def test_a_tampered_line_and_a_wrong_date_are_named(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "bo"]) == 0
    home.audit.write_text(home.audit.read_text().replace("ann", "eve"))
    assert run(["audit", "--json"]) == 1
    assert "line 1" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    assert run(["audit", "--since", "yesterday"]) == 2
    assert "'yesterday' is no date" in capsys.readouterr().err


@pytest.fixture
def tracked(tracked_home: object, home: Home) -> LocalPlatform:
    return LocalPlatform(tracked_home(home.root))  # type: ignore[operator]


def test_what_the_history_tells_the_audit_tells(tracked: LocalPlatform, home: Home, tmp_path: Path) -> None:
    client = connect(tracked, "rag-assistant")
    tags = {"llmops.from_version": 3, "llmops.to_version": 2, STARTED_BY_TAG: "bo", "llmops.reason": "it was slow"}
    with audited_run(client, "rollback", tags):
        pass
    with pytest.raises(ValueError, match="no"), audited_run(client, "hold", {STARTED_BY_TAG: "bo"}):
        raise ValueError("no")
    rolled, failed = read_audit(home)
    assert (rolled.what, failed.what) == ("rolled back", "failed")
    told = {name: rolled.told[name] for name in ("by", "about", "before", "after", "why")}
    assert told == {
        "by": "bo",
        "about": "rag-assistant version 2",
        "before": "3",
        "after": "2",
        "why": "it was slow",
    }
