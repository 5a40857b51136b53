"""A running endpoint over the documents, with a key for each set of teams that asks."""

import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from library import Page, Place

from flows.deploy import CODE_PATHS, MODEL_SCRIPT
from tasks_lib.config.api_keys import KEYS_VARIABLE
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import connect, run_of

MODEL = "rag-assistant"
READY_SECONDS = 300
JSON = {"Accept": "application/json, text/event-stream"}
"""What clients of MCP say that they read."""
Groups = tuple[str, ...]


@dataclass(frozen=True)
class Routes:
    """What comes back over HTTP, by the key of whoever asks."""

    client: httpx.Client
    keys: dict[Groups, str]

    def post(self, path: str, body: dict[str, Any], groups: Groups) -> str:
        """The whole body of an answer, whatever its status; of a stream its pieces put together as well."""
        headers = {**JSON, "Authorization": f"Bearer {self.keys[groups]}"}
        said = self.client.post(path, json=body, headers=headers).text
        return f"{said}\n{_joined(said)}" if body.get("stream") else said

    def predict(self, page: Page, groups: Groups) -> str:
        """`/predict`."""
        return self.post("/predict", {"messages": _asked(page)}, groups)

    def chat(self, page: Page, groups: Groups, *, stream: bool = False) -> str:
        """OpenAI's chat completions; the chat page streams them."""
        return self.post("/v1/chat/completions", {"model": MODEL, "messages": _asked(page), "stream": stream}, groups)

    def responses(self, page: Page, groups: Groups, *, stream: bool = False) -> str:
        """OpenAI's responses."""
        return self.post("/v1/responses", {"model": MODEL, "input": page.question, "stream": stream}, groups)

    def tool(self, name: str, arguments: dict[str, Any], groups: Groups) -> str:
        """A tool of MCP."""
        params = {"name": name, "arguments": arguments}
        said = self.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, groups)
        if "result" not in json.loads(said):
            raise SystemExit(f"the tool {name!r} was not run: {said[:300]}")
        return said


@contextmanager
def endpoint(place: Place, askers: Iterable[Groups]) -> Iterator[Routes]:
    """`python -m serving` over a version in production, once it is ready."""
    _put_into_production(place)
    keys = {groups: secrets.token_urlsafe(24) for groups in askers}
    entries = [
        f"key{number}={hashlib.sha256(key.encode()).hexdigest()}" + (f":groups={'+'.join(groups)}" if groups else "")
        for number, (groups, key) in enumerate(keys.items())
    ]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    around = {**os.environ, "LLMOPS_HOME": str(place.platform.home.root), KEYS_VARIABLE: ",".join(entries)}
    log = place.platform.home.root / "serve.log"
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    with log.open("wb") as written, subprocess.Popen(command, env=around, stdout=written, stderr=written) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait_ready(client, process, log)
                yield Routes(client, keys)
        finally:
            process.terminate()


def _joined(events: str) -> str:
    """The text of server-sent events of both routes of OpenAI, in which a secret may be cut."""
    data = (line.removeprefix("data:").strip() for line in events.splitlines() if line.startswith("data:"))
    pieces: list[str] = []
    for event in (json.loads(each) for each in data if each.startswith("{")):
        deltas = [choice["delta"].get("content") for choice in event.get("choices", [])] or [event.get("delta")]
        pieces += [delta for delta in deltas if isinstance(delta, str)]
    return "".join(pieces)


def _asked(page: Page) -> list[dict[str, str]]:
    return [{"role": "user", "content": page.question}]


def _put_into_production(place: Place) -> None:
    client, rag = connect(place.platform, MODEL), place.settings.rag
    tags = {
        "fingerprint": "f",
        "index": rag.index_name,
        "dataset": "none:1",
        "index_version": place.index.version() or "",
    }
    with run_of(client, "deploy"):
        candidate = CandidateVersion(MODEL, rag, tags["index_version"], MODEL_SCRIPT, CODE_PATHS, tags)
        number = register(client, candidate, "candidate")
    client.set_registered_model_alias(MODEL, "production", str(number))


def _wait_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"the endpoint did not become ready:\n{log.read_text()[-2000:]}")
