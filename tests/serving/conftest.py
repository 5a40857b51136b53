"""A real endpoint over fake versions in a real registry."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry.live import SHOWN_TAG
from tasks_lib.registry.tracking import connect
from tests.serving.chromium import Page, chromium
from tests.stubs.clock import Clock
from tests.stubs.command import LLMOPS
from tests.stubs.namesakes import searched_before_ours
from tests.tasks_lib.registry import fakes

SLOTS = 3
ORIGIN = "https://wiki.example"
"""Its pages may call the endpoint."""
FILTER = "language"
"""Metadata by which its requests may choose passages."""
EXAMPLES = ["How long is leave?", "Who approves “it” & <why>?"]
"""Questions that the version offers."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(time, "time", stopped)
    return stopped


ANSWERS = """
SOURCE = {{"document": "leave.md", "start": 0, "end": 5, "score": 1.0, "content": "Leave"}}
PAGE = {{
    **SOURCE, "source": "https://wiki.example/staff/", "language": "de", "document": "leave & absence/annual.html",
    "content": "# Well-known days, counted\\n\\nThere are many of them. Ask again. Nobody knows why.",
}}
LONG = " ".join(f"Sentence {{number}} of a long answer." for number in range(90))
DECISIONS = {{
    word: {{"validator": validator, "direction": direction, "action": action, "kinds": [kind]}}
    for word, validator, direction, action, kind in (
        ("card", "personal_data", "input", "refuse", "CREDIT_CARD"),
        ("address", "personal_data", "output", "mask", "STREET_ADDRESS"),
        ("instruction", "injection", "input", "mask", "INJECTED_INSTRUCTION"),
        ("moon", "topics", "input", "refuse", "OFF_TOPIC"),
        ("logged", "secrets", "output", "allow", "PASSWORD"),
    )
}}


def behave(question):
    found = [decision for word, decision in DECISIONS.items() if word in question]
    stopped = any(decision["action"] == "refuse" for decision in found)
    long = "at length" in question
    sources = [{{**PAGE, "heading": f"Part {{number}}"}} for number in range(9)] if long else [SOURCE]
    return {{
        "language": "de" if "sagt" in question else "en",
        "response": "{who} says: 27 days. Ask again." + (LONG if long else ""),
        "source_documents": [PAGE] if "wiki" in question else sources,
        "refused": stopped or "football" in question, "guardrails": found, "evidence": 1.0,
        "refusal_reason": "guardrail" if stopped else "evidence" if "football" in question else "",
        "model": "fake", "usage": {{"input_tokens": 7, "output_tokens": 3, "cost": 0.5}},
    }}


def stream(question):
    if "raise" in question:
        raise ValueError("boom")
    if "die" in question:
        os._exit(7)
    answer = behave(question)
    for word in answer["response"].split(" "):
        yield {{"piece": word + " "}}
        time.sleep(0.3 if "slowly" in question else 0)
    while "for ever" in question:
        time.sleep(0.05)
        yield {{"piece": "more "}}
    yield {{"answer": answer}}
"""


@dataclass(frozen=True)
class Endpoint:
    """Where it listens, and the registry behind it."""

    address: str
    platform: LocalPlatform
    folder: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    def register(self, who: str) -> int:
        """Register a version that answers as `who`."""
        return register(self.platform, self.folder, who)


def register(platform: LocalPlatform, folder: Path, who: str, model: str = "rag-assistant") -> int:
    script = ANSWERS.format(who=who)
    return fakes.register_fake(platform, folder / who, script, model=model)


@contextmanager
def served(platform: LocalPlatform, folder: Path, *options: str, **environment: str) -> Iterator[Endpoint]:
    """`llmops serve` on this home, once it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*LLMOPS, "serve", "--port", str(port), *options]
    command += ["--set", f"serve.slots={SLOTS}", "--set", "serve.poll_seconds=0.5"]
    around = {**os.environ, **searched_before_ours(folder), "LLMOPS_HOME": str(platform.home.root), **environment}
    log = folder / "serve.log"
    with log.open("wb") as written, subprocess.Popen(command, env=around, cwd=folder, stderr=written) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_ready(process, f"{address}/ready", log)
            yield Endpoint(address, platform, folder, process, log)
        finally:
            process.terminate()
            process.wait(timeout=60)
            assert "KeyboardInterrupt" not in log.read_text()
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):  # no child goes on listening
        probe.connect(("127.0.0.1", port))


@pytest.fixture(scope="session")
def endpoint(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """`llmops serve` with a version behind the alias."""
    folder = tmp_path_factory.mktemp("serving")
    platform = LocalPlatform(tracked_home(folder / "home"))
    version, client = str(register(platform, folder, "first")), connect(platform, "rag-assistant")
    client.set_model_version_tag("rag-assistant", version, SHOWN_TAG, json.dumps(EXAMPLES))
    client.set_registered_model_alias("rag-assistant", "production", version)
    options = [f"serve.origins=[{ORIGIN!r}]", f"serve.filters=[{FILTER}]"]
    with served(platform, folder, *(part for option in options for part in ("--set", option))) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("browser")) as page:
        yield page


def _wait_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    pytest.fail(f"the endpoint did not get ready: {log.read_text()}")


def question(text: str = "How long is leave?") -> dict[str, object]:
    """A request."""
    return {"messages": [{"role": "user", "content": text}]}
