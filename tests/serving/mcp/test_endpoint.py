"""`/mcp` of the real endpoint, as the official SDK's client uses it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx2 import AsyncClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from blocks.local import LocalPlatform
from tasks_lib.config.api_keys import KEYS_VARIABLE
from tasks_lib.home import Home
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import FILTER, Endpoint, register, served

pytestmark = pytest.mark.slow
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def metrics(endpoint: Endpoint) -> str:
    return httpx.get(f"{endpoint.address}/metrics").text


def initialized(endpoint: Endpoint, key: str | None) -> httpx.Response:
    headers = {**ACCEPT, **(key_of(key) if key else {})}
    return httpx.post(f"{endpoint.address}/mcp", json=INITIALIZE, headers=headers)


def text_of(result: Any) -> str:
    return str(result.content[0].text)


@pytest.mark.asyncio
async def test_the_tools_tell_what_they_take_and_give(endpoint: Endpoint) -> None:
    async with Client(f"{endpoint.address}/mcp") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"ask", "search", "documents"}
    assert tools["ask"].input_schema["required"] == ["question"]
    for tool in tools.values():
        assert tool.output_schema
        assert tool.annotations
        assert tool.annotations.read_only_hint


@pytest.mark.asyncio
async def test_ask_gives_the_answer_of_predict(endpoint: Endpoint) -> None:
    async with Client(f"{endpoint.address}/mcp") as client:
        said = await client.call_tool("ask", {"question": "How long is leave?"})
    assert not said.is_error
    assert said.structured_content["response"].endswith("says: 27 days. Ask again.")
    assert said.structured_content["source_documents"][0]["document"] == "leave.md"
    assert said.structured_content["trace_id"].startswith("tr-")
    assert 'route="/mcp"' in metrics(endpoint)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {}, "question"),
        ("ask", {"question": 5}, "question"),
        ("ask", {"question": ""}, "question"),
        ("ask", {"question": "raise"}, "ValueError: boom"),
        ("ask", {"question": "x?", "assistant": "nobody"}, "'nobody' does not exist; there is 'rag-assistant'"),
        ("ask", {"question": "x?", "where": ["owner=ann"]}, f"the operator allows: {FILTER}"),
        ("search", {"query": "x" * 20_001}, "query"),
        ("search", {"query": "leave"}, "there is no index"),
        ("documents", {"limit": 0}, "limit"),
        ("delete", {}, "delete"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_wrong_is_told_to_the_model(
    endpoint: Endpoint, tool: str, arguments: dict[str, Any], said: str
) -> None:
    async with Client(f"{endpoint.address}/mcp") as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert said in text_of(result)
        assert not (await client.call_tool("ask", {"question": "How long is leave?"})).is_error


def test_what_is_no_message_is_refused(endpoint: Endpoint) -> None:
    address = f"{endpoint.address}/mcp"
    assert httpx.get(address).status_code == 405
    assert httpx.post(address, content=b"{", headers={**ACCEPT, "Content-Type": "application/json"}).status_code == 400
    assert httpx.post(address, content=b" " * (2**20 + 1)).status_code == 413
    assert httpx.post(address, json=INITIALIZE, headers={**ACCEPT, "Host": "evil.example"}).status_code == 403
    assert httpx.post(address, json=INITIALIZE, headers={**ACCEPT, "Origin": "https://evil.example"}).status_code == 403


def key_of(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


@pytest.fixture(scope="module")
def guarded(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Two assistants, keys, and a limit of requests."""
    folder = tmp_path_factory.mktemp("guarded")
    platform = LocalPlatform(tracked_home(folder / "home"))
    for name in ("docs", "hr"):
        register(platform, folder, f"{name}-1", name)
        connect(platform, name).set_registered_model_alias(name, "production", "1")
    entries = [f"{name}={hashlib.sha256(name.encode()).hexdigest()}" for name in ("everybody", "clerk", "busy")]
    keys = f"{entries[0]}, {entries[1]}:hr, {entries[2]}"
    options = ["--assistant", "docs", "--assistant", "hr", "--set", "serve.requests_per_minute=12"]
    with served(platform, folder, *options, **{KEYS_VARIABLE: keys}) as endpoint:
        yield endpoint


@asynccontextmanager
async def connected(endpoint: Endpoint, key: str) -> AsyncIterator[Client]:
    address = f"{endpoint.address}/mcp"
    async with (
        AsyncClient(headers=key_of(key)) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


@pytest.mark.asyncio
async def test_a_key_opens_its_assistants_and_its_limit_holds(guarded: Endpoint) -> None:
    assert [initialized(guarded, key).status_code for key in (None, "guess")] == [401, 401]
    async with connected(guarded, "clerk") as client:
        said = await client.call_tool("ask", {"question": "How long is leave?"})
        assert said.structured_content["response"].startswith("hr-1 says")
        other = await client.call_tool("ask", {"question": "How long is leave?", "assistant": "docs"})
        assert "there is 'hr'" in text_of(other)
    async with connected(guarded, "everybody") as client:
        unnamed = await client.call_tool("ask", {"question": "How long is leave?"})
        assert "names no assistant" in text_of(unnamed)
    answers = [initialized(guarded, "busy") for _ in range(13)]
    assert [one.status_code for one in answers] == [200] * 12 + [429]
    assert answers[0].json()["result"]["serverInfo"]["name"] == "llmops"
