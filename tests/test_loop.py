"""The whole loop, as a user runs it: one `llmops demo` with the network closed, then the other verbs on its home."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.local import LocalPlatform
from flows.cli import run
from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.sync import sync
from tasks_lib.registry.plan import plan_deployment
from tests.stubs.command import LLMOPS, Command


@pytest.fixture(scope="module")
def llmops(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("loop"))


@pytest.fixture(scope="module")
def demo(llmops: Command) -> dict[str, Any]:
    return llmops("demo", "--set", "dataset.size=40")


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


@contextmanager
def serving(llmops: Command) -> Iterator[str]:
    """The endpoint on a free port; afterwards nothing listens there any more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([str(LLMOPS), "serve", "--port", str(port)], env=llmops.environment(), cwd=llmops.folder)
    try:
        _wait_ready(process, f"{address}/ready")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def _wait_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        assert process.poll() is None, "the endpoint ended"
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    pytest.fail("the endpoint did not get ready")


def test_endpoint_serves_production_and_takes_feedback(llmops: Command, demo: dict[str, Any]) -> None:
    question = {"messages": [{"role": "user", "content": "How many days of annual leave do employees get?"}]}
    with serving(llmops) as address:
        assert httpx.get(f"{address}/health").json() == {"status": "alive"}
        answer = httpx.post(f"{address}/predict", json=question | {"model_uri": "models:/other/1"}, timeout=60).json()
        assert "27" in answer["response"]
        assert answer["model_uri"] == "models:/rag-assistant/1"
        assert {"response", "source_documents", "model_uri", "refused", "guardrails", "trace_id"} <= answer.keys()
        unknown = {"messages": [{"role": "user", "content": "Which football club won the league in 1998?"}]}
        assert httpx.post(f"{address}/predict", json=unknown, timeout=60).json()["refused"]
        assert httpx.post(f"{address}/predict", json={"messages": []}).status_code == 422
        verdict = {"trace_id": answer["trace_id"], "value": True, "comment": "right"}
        assert httpx.post(f"{address}/feedback", json=verdict, timeout=60).json()["recorded"] is True
        assert httpx.post(f"{address}/feedback", json=verdict | {"trace_id": "tr-0"}, timeout=60).status_code == 404


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
    index, embedder = platform.index(settings.rag), platform.embedder(settings.embedder)
    again = sync(platform.document_source(None), index, embedder, settings)
    assert (again.added, again.updated, again.deleted, again.embedded_chunks) == (0, 0, 0, 0)
    assert again.index_version == demo["ingest"]["index_version"]
    assert plan_deployment(platform, settings, MODEL_SCRIPT, CODE_PATHS).unchanged
