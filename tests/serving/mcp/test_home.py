"""`llmops mcp` as a host starts it: a process that talks over stdin and stdout."""

import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import ENVIRONMENT_VARIABLE, Home
from tasks_lib.registry.tracking import connect
from tests.serving.conftest import register
from tests.serving.mcp.test_endpoint import INITIALIZE
from tests.stubs.command import LLMOPS
from tests.stubs.namesakes import searched_before_ours

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """That of a home with a version in production and an index of two documents."""
    folder = tmp_path_factory.mktemp("mcp")
    platform = LocalPlatform(tracked_home(folder / "home"))
    version = register(platform, folder, "first")
    connect(platform, "rag-assistant").set_registered_model_alias("rag-assistant", "production", str(version))
    documents = folder / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Leave\n\nEverybody has 27 days of annual leave.")
    (documents / "parking.md").write_text("# Parking\n\nThe garage opens at seven.")
    synchronise(platform, Settings(ingest=IngestConfig(source=str(documents))))
    return {**os.environ, **searched_before_ours(folder), ENVIRONMENT_VARIABLE: str(platform.home.root)}


@asynccontextmanager
async def started(environment: dict[str, str], *options: str) -> AsyncIterator[Client]:
    command, *rest = LLMOPS
    parameters = StdioServerParameters(command=command, args=[*rest, "mcp", *options], env=environment)
    async with Client(stdio_client(parameters)) as client:
        yield client


@pytest.mark.asyncio
async def test_a_host_asks_searches_and_lists(environment: dict[str, str]) -> None:
    async with started(environment) as client:
        listed = await client.call_tool("documents", {})
        assert [one["document"] for one in listed.structured_content["documents"]] == ["leave.md", "parking.md"]
        some = await client.call_tool("documents", {"contains": "PARK", "limit": 1})
        assert (some.structured_content["total"], len(some.structured_content["documents"])) == (1, 1)
        found = await client.call_tool("search", {"query": "How long is annual leave?"})
        assert found.structured_content["passages"][0]["document"] == "leave.md"
        only = await client.call_tool("search", {"query": "annual leave", "where": ["document=parking*"]})
        assert {one["document"] for one in only.structured_content["passages"]} <= {"parking.md"}
        said = await client.call_tool("ask", {"question": "How long is leave?"})
        assert not said.is_error, said.content
        assert said.structured_content["response"] == "first says: 27 days. Ask again."
        assert said.structured_content["trace_id"].startswith("tr-")
        for tool, arguments, why in (
            ("search", {"query": "x", "where": ["nonsense"]}, "is no condition"),
            ("search", {"query": "x", "where": ["document=nowhere/*"]}, "matches none"),
            ("ask", {"question": "x?", "assistant": "staff"}, "there is 'rag-assistant'"),
            ("ask", {"question": "raise"}, "ValueError: boom"),
            ("forget", {}, "forget"),
        ):
            wrong = await client.call_tool(tool, arguments)
            assert wrong.is_error
            assert why in str(wrong.content[0])


def test_stdout_holds_messages_only_and_the_end_of_stdin_ends_it(environment: dict[str, str]) -> None:
    asked = {"name": "ask", "arguments": {"question": "How long is leave?"}}
    lines = [
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": asked},
    ]
    piped: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*LLMOPS, "mcp"], env=environment, text=True, **piped) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("no message\n" + "".join(json.dumps(line) + "\n" for line in lines))
        process.stdin.flush()
        told = [json.loads(process.stdout.readline()) for _ in range(2)]
        while told[-1].get("id") != 2:
            told.append(json.loads(process.stdout.readline()))
        children = psutil.Process(process.pid).children(recursive=True)
        rest, log = process.communicate(timeout=60)
    assert all(message["jsonrpc"] == "2.0" for message in told)
    assert [json.loads(line)["jsonrpc"] for line in rest.splitlines()] == ["2.0"] * len(rest.splitlines())
    assert "27 days" in json.dumps(told)
    assert "Traceback" not in log
    assert process.returncode == 0
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def test_without_a_version_the_command_says_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    around = {**environment, ENVIRONMENT_VARIABLE: str(tmp_path)}
    done = subprocess.run([*LLMOPS, "mcp"], env=around, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "llmops deploy" in done.stderr
