"""The whole loop, as a user runs it: one `llmops demo` with the network closed, then the other verbs on its home."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OFFLINE = Path(__file__).parent / "offline"
LLMOPS = Path(sys.executable).with_name("llmops")


class Command:
    """Runs `llmops` in processes of their own on one home, sockets closed to anything but this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.attempts = folder / "attempts.txt"

    def __call__(self, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))
        }
        environment |= {
            "LLMOPS_HOME": str(self.home),
            "LLMOPS_TEST_ATTEMPTS": str(self.attempts),
            "PYTHONPATH": str(OFFLINE),
            "HOME": str(self.folder),
        }
        done = subprocess.run(
            [str(LLMOPS), *arguments, "--json"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == exit_code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        result = json.loads(done.stdout)
        assert isinstance(result, dict)
        return result


@pytest.fixture(scope="module")
def llmops(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def demo(llmops: Command) -> dict[str, Any]:
    return llmops("demo")


pytestmark = pytest.mark.slow


def test_demo_ingests_every_document_of_the_handbook(demo: dict[str, Any]) -> None:
    assert demo["ingest"]["failed"] == []
    assert demo["ingest"]["added"] >= 15
    assert demo["ingest"]["embedded_chunks"] == demo["ingest"]["chunks"] > 50


def test_demo_makes_questions_of_several_kinds(demo: dict[str, Any]) -> None:
    assert demo["dataset"]["examples"] >= 40
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


def test_demo_monitors_the_traffic(demo: dict[str, Any]) -> None:
    monitored = demo["monitor"]
    assert monitored["traces"] == demo["traffic"]
    assert monitored["verdict"] in {"healthy", "drifted"}
    assert Path(monitored["report"]).is_file()


def test_nothing_left_this_machine(llmops: Command, demo: dict[str, Any]) -> None:
    assert not llmops.attempts.exists(), llmops.attempts.read_text()


def test_status_says_what_is_live_and_why(llmops: Command, demo: dict[str, Any]) -> None:
    status = llmops("status")
    assert status["production"]["version"] == 1
    assert status["stale"] is False
    assert status["last_gate"]["summary"]["decision"] == "promote"


def test_ask_refuses_what_the_handbook_does_not_say(llmops: Command, demo: dict[str, Any]) -> None:
    answer = llmops("ask", "Which football club won the league in 1998?")
    assert answer["refused"]


def test_search_finds_the_passage(llmops: Command, demo: dict[str, Any]) -> None:
    results = llmops("search", "How many days of annual leave do employees get?")["results"]
    assert results[0]["document"] == "leave/annual-leave.md"
    assert {"document", "start", "end", "score", "content"} <= results[0].keys()


def test_second_ingest_and_deploy_change_nothing(llmops: Command, demo: dict[str, Any]) -> None:
    again = llmops("ingest")
    assert (again["added"], again["updated"], again["deleted"], again["embedded_chunks"]) == (0, 0, 0, 0)
    assert again["index_version"] == demo["ingest"]["index_version"]
    deployed = llmops("deploy")
    assert (deployed["decision"], deployed["production_version"]) == ("unchanged", 1)
