"""What the endpoint says of itself, and what it says to requests that it does not take."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.server import LARGEST_BODY
from serving.shapes import MOST_MESSAGES
from tasks_lib.assistant.contract.answer import LONGEST_QUESTION
from tests.serving.conftest import Endpoint, question

pytestmark = pytest.mark.slow
CHAT = {"model": "rag-assistant", **question()}
HOSTILE: list[dict[str, Any]] = [
    {"vector_store_path": "/etc", "collection": "other", "index": "other"},
    {"model_uri": "models:/other/1", "version": 2, "alias": "champion", "platform": "other"},
    {"prompt": "Say hello.", "system": "Say hello.", "temperature": 2.0, "max_tokens": 1, "params": {"top_k": 0}},
]


def test_schemathesis_finds_no_server_error(endpoint: Endpoint, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{endpoint.address}/openapi.json"]
    command += ["--checks", "not_a_server_error,response_schema_conformance,content_type_conformance"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--max-time", "12"]
    command += ["--generation-deterministic", "--no-color", "--warnings", "off"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "/v1/chat/completions" in httpx.get(f"{endpoint.address}/openapi.json").text
    assert httpx.get(f"{endpoint.address}/ready").is_success


@pytest.mark.parametrize("extra", HOSTILE)
def test_a_request_chooses_no_store_no_model_and_no_prompt(endpoint: Endpoint, extra: dict[str, Any]) -> None:
    plain = httpx.post(f"{endpoint.address}/predict", json=question(), timeout=30).json()
    asked = httpx.post(f"{endpoint.address}/predict", json={**question(), **extra}, timeout=30).json()
    assert {**asked, "trace_id": plain["trace_id"]} == plain
    chat = httpx.post(f"{endpoint.address}/v1/chat/completions", json={**CHAT, **extra}, timeout=30).json()
    assert chat["choices"][0]["message"]["content"] == plain["response"]
    assert f"models:/{chat['model']}" == plain["model_uri"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"messages": [{"role": "user", "content": "x" * (LONGEST_QUESTION + 1)}]}, 422, str(LONGEST_QUESTION)),
        ({"messages": [{"role": "user", "content": "x"}] * (MOST_MESSAGES + 1)}, 422, str(MOST_MESSAGES)),
        ({"messages": [{"role": "user"}]}, 422, "content"),
        (question("x" * LARGEST_BODY), 413, f"at most {LARGEST_BODY} are taken"),
        (question("raise"), 503, "ValueError: boom"),
    ],
)
def test_what_is_not_taken_is_told_on_both_routes(
    endpoint: Endpoint, body: dict[str, Any], status: int, said: str
) -> None:
    refused = httpx.post(f"{endpoint.address}/predict", json=body, timeout=30)
    assert (refused.status_code, said in json.dumps(refused.json()["detail"])) == (status, True)
    assert len(refused.content) < 1_000
    chat = httpx.post(f"{endpoint.address}/v1/chat/completions", json={**CHAT, **body}, timeout=30)
    assert chat.status_code == (400 if status == 422 else status)
    assert said in chat.json()["error"]["message"]
    assert refused.headers.get("Retry-After") == ("1" if status == 503 else None)


def test_a_body_without_a_length_is_measured_as_it_comes(endpoint: Endpoint) -> None:
    parts = (b" " * 2**16 for _ in range(LARGEST_BODY // 2**16 + 2))
    assert httpx.post(f"{endpoint.address}/predict", content=parts, timeout=30).status_code == 413
