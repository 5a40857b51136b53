"""What the endpoint says of itself, and what it says to requests that it does not take."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.server import LARGEST_BODY
from tests.serving.conftest import ORIGIN, Endpoint, question

pytestmark = pytest.mark.slow
CHAT = {"model": "rag-assistant", **question()}
HOSTILE: list[dict[str, Any]] = [
    {"vector_store_path": "/etc", "collection": "other", "index": "other"},
    {"model_uri": "models:/other/1", "version": 2, "alias": "champion", "platform": "other"},
    {"prompt": "Say hello.", "system": "Say hello.", "temperature": 2.0, "params": {"top_k": 0}},
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
        (
            {"messages": [{"role": "user", "content": "x" * 20_001}]},
            422,
            "has 20,001 characters; at most 20,000 are taken",
        ),
        ({"messages": []}, 422, "messages"),
        ({"messages": [{"role": "user"}]}, 422, "messages"),
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


def test_a_conversation_of_201_messages_is_answered(endpoint: Endpoint) -> None:
    said = [{"role": ("user", "assistant")[at % 2], "content": f"turn {at}"} for at in range(201)]
    assert httpx.post(f"{endpoint.address}/predict", json={"messages": said}, timeout=30).status_code == 200
    chat = httpx.post(f"{endpoint.address}/v1/chat/completions", json={**CHAT, "messages": said}, timeout=30)
    assert chat.status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/ready/rag-assistant", "/", "/metrics"])
def test_balancers_may_ask_with_head(endpoint: Endpoint, path: str) -> None:
    assert httpx.get(f"{endpoint.address}{path}").content
    head = httpx.head(f"{endpoint.address}{path}")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/embeddings"),
        ("GET", "/v1/files"),
        ("GET", "/v1/chat/completions"),
        ("GET", "/v1"),
        ("DELETE", "/v1/models/rag-assistant"),
    ],
)
def test_an_unknown_route_of_openai_has_its_shape_and_names_those_there_are(
    endpoint: Endpoint, method: str, path: str
) -> None:
    refused = httpx.request(method, f"{endpoint.address}{path}")
    assert refused.status_code in {404, 405}
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "unknown_url")
    assert f"There is no {method} {path}; there is POST /v1/chat/completions" in error["message"]


@pytest.mark.parametrize(("body", "said"), [(b"{", "is no JSON"), (b"[]", ""), (b"", "")])
def test_a_body_that_is_no_request_has_openais_shape(endpoint: Endpoint, body: bytes, said: str) -> None:
    refused = httpx.post(
        f"{endpoint.address}/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert refused.status_code == 400
    assert said in refused.json()["error"]["message"]


def test_pages_of_the_origins_that_are_named_may_call(endpoint: Endpoint) -> None:
    def preflight(origin: str) -> httpx.Response:
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-stainless-os",
        }
        return httpx.options(f"{endpoint.address}/v1/chat/completions", headers={"Origin": origin, **asked})

    allowed = preflight(ORIGIN)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "x-stainless-os" in allowed.headers["Access-Control-Allow-Headers"]
    said = httpx.post(f"{endpoint.address}/predict", json=question(), headers={"Origin": ORIGIN}, timeout=30)
    assert (said.status_code, said.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "X-Trace-ID" in said.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in preflight("https://evil.example").headers
    foreign = httpx.post(f"{endpoint.address}/predict", json=question(), headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    rebound = httpx.post(f"{endpoint.address}/predict", json=question(), headers={"Host": "evil.example:8000"})
    assert (rebound.status_code, "evil.example:8000" in rebound.json()["detail"]) == (403, True)
