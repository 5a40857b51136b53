"""The whole loop, as a user runs it: one `llmops demo` with the network closed, then the other verbs on its home."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from blocks.local import LocalPlatform
from flows.ask import search
from flows.cli import run
from flows.demo import BAD_PAGE, QUESTION
from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from flows.ingest import synchronise
from tasks_lib.config.settings import Settings
from tasks_lib.gate.plan import plan_deployment
from tasks_lib.home import Home
from tests.stubs.command import ROOT, Command


@pytest.fixture(scope="module")
def llmops(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def demo(llmops: Command) -> dict[str, Any]:
    return llmops("demo", "--set", "dataset.size=24")


pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_demo_ingests_every_document_of_the_handbook(demo: dict[str, Any]) -> None:
    assert demo["ingest"]["failed"] == []
    assert demo["ingest"]["added"] >= 15
    assert demo["ingest"]["embedded_chunks"] == demo["ingest"]["chunks"] > 50


def test_demo_makes_questions_of_several_kinds(demo: dict[str, Any]) -> None:
    assert demo["dataset"]["examples"] >= 24
    assert {"answerable", "off_topic", "unanswerable"} <= demo["dataset"]["by_kind"].keys()


def test_demo_promotes_the_first_version_with_its_evidence(demo: dict[str, Any]) -> None:
    deployed = demo["deploy"]
    assert (deployed["decision"], deployed["passed_tests"], deployed["beats_threshold"]) == ("promote", True, True)
    assert deployed["production_version"] == deployed["version"] == 1
    assert deployed["comparison"] is None
    assert {"right_or_refused", "retrieval_recall", "groundedness"} <= deployed["metrics"].keys()


def test_demo_answers_from_the_handbook(demo: dict[str, Any]) -> None:
    answer = demo["ask"]
    assert not answer["refused"]
    assert "27" in answer["response"]
    assert answer["sources"][0]["document"] == "leave/annual-leave.md"
    assert answer["trace_id"]


ANSWERED = {
    "How many days of annual leave do full-time employees get?": "Full-time employees receive 27 days",
    "When is a doctor's certificate needed?": "required from the fourth calendar day",
}
"""A question of the README → what the first sentence of its answer says."""


def test_the_questions_of_the_readme_are_answered_by_the_first_sentence(llmops: Command, demo: dict[str, Any]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    asked = set(re.findall(r'llmops ask ["\']([^"\'\n]+\?)["\']|"content": "([^"]+)"', text))
    assert {first or second for first, second in asked} == ANSWERED.keys()
    for question, fact in ANSWERED.items():
        assert fact in llmops("ask", question)["response"].split(". ")[0]


def test_demo_monitors_the_traffic(demo: dict[str, Any]) -> None:
    monitored = demo["monitor"]
    assert monitored["traces"] == demo["traffic"]
    assert monitored["verdict"] in {"healthy", "drifted"}
    assert Path(monitored["report"]).is_file()


def test_demo_releases_a_good_change_and_holds_a_bad_one_with_its_reason(
    llmops: Command, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, left_out = demo["good_change"], demo["bad_change"], demo["left_out"]
    assert (good["decision"], good["released_state"]) == ("released", good["index_version"])
    assert (bad["decision"], bad["released_state"]) == ("held", good["index_version"])
    assert any(BAD_PAGE[0] in reason and "20 days" in reason for reason in bad["reasons"])
    assert (left_out["decision"], left_out["quarantined"]) == ("released", [BAD_PAGE[0]])
    monkeypatch.setenv("LLMOPS_HOME", str(llmops.home))
    assert "bicycles.md" in {source["document"] for source in search_of("Where is the bicycle cellar?")}
    assert BAD_PAGE[0] not in {source["document"] for source in search_of(QUESTION)}


def search_of(question: str) -> list[dict[str, Any]]:
    (found,) = search([question], None, Settings())
    results: list[dict[str, Any]] = found["results"]
    return results


def test_nothing_left_this_machine(llmops: Command, demo: dict[str, Any]) -> None:
    assert not llmops.attempts.exists(), llmops.attempts.read_text()


def test_status_says_what_is_live_and_why(
    llmops: Command, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLMOPS_HOME", str(llmops.home))
    assert run(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["production"]["version"] == 1
    assert status["stale"] is False
    assert status["last_gate"]["summary"]["decision"] == "promote"


def test_search_finds_the_passage(
    llmops: Command, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLMOPS_HOME", str(llmops.home))
    assert run(["search", "How many days of annual leave do employees get?", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert results[0]["document"] == "leave/annual-leave.md"
    assert {"document", "start", "end", "score", "content"} <= results[0].keys()


def test_a_second_ingest_and_deploy_would_change_nothing(
    llmops: Command, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMOPS_HOME", str(llmops.home))
    settings, platform = Settings(), LocalPlatform(Home.from_environment())
    again = synchronise(platform, settings)
    assert (again.added, again.updated, again.deleted, again.embedded_chunks) == (0, 0, 0, 0)
    assert again.index_version == again.released_state
    assert plan_deployment(platform, settings, MODEL_SCRIPT, CODE_PATHS).candidate.index_version == again.released_state


def test_a_copy_of_the_home_answers_and_changes_nothing_in_the_original(
    llmops: Command, demo: dict[str, Any], tmp_path: Path
) -> None:
    before = {file: file.read_bytes() for file in llmops.home.rglob("*") if file.is_file()}
    root = tmp_path / "moved" / "copy %41?"
    shutil.copytree(llmops.home, root)
    copy = Command(tmp_path, root)
    answer = copy("ask", "How many days of annual leave do full-time employees get?")
    assert answer["response"] == demo["ask"]["response"]
    assert copy("status")["production"]["version"] == 1
    assert copy("ingest")["unchanged"] == demo["ingest"]["added"]
    assert {file: file.read_bytes() for file in llmops.home.rglob("*") if file.is_file()} == before
    assert list(root.parent.iterdir()) == [root]
