"""Keys and limits, without a server."""

import hashlib
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.access import AccessGuard, Limits
from tasks_lib.config.api_keys import KEYS_VARIABLE, read_keys
from tasks_lib.errors import ConfigurationError

KEY = "a key of alice"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def ask(guard: Any, path: str = "/predict", *, key: str | None = KEY, body: bytes = b"{}") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://endpoint") as client:
        return await client.post(path, content=body, headers=headers)


def guarded(limits: Limits, **changes: Any) -> AccessGuard:
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(getattr(request.state, "key", ""))

    routes = [Route(path, who, methods=["POST"]) for path in ("/predict", "/v1/chat/completions", "/health")]
    options: dict[str, Any] = {"keys": {DIGEST: "alice"}, "largest_body": 100, **changes}
    return AccessGuard(Starlette(routes=routes), limits=limits, **options)


@pytest.mark.asyncio
async def test_a_known_key_is_named_and_others_are_turned_away() -> None:
    guard = guarded(Limits())
    assert (await ask(guard)).text == "alice"
    for key in (None, "another", ""):
        refused = await ask(guard, key=key)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (await ask(guard, "/v1/chat/completions", key=None)).json()["error"]["type"] == "authentication_error"
    assert (await ask(guard, "/health", key=None)).status_code == 200


@pytest.mark.asyncio
async def test_without_keys_everyone_may_ask() -> None:
    assert (await ask(guarded(Limits(), keys={}), key=None)).text == "anyone"


@pytest.mark.asyncio
async def test_too_large_a_request_is_413() -> None:
    refused = await ask(guarded(Limits()), body=b"x" * 101)
    assert refused.status_code == 413
    assert "101 bytes; at most 100" in refused.text


@pytest.mark.asyncio
async def test_requests_over_the_limit_are_told_when_to_come_back() -> None:
    clock = Clock()
    guard = guarded(Limits(requests=2, clock=clock))
    assert [(await ask(guard)).status_code for _ in range(2)] == [200, 200]
    clock.now += 20
    refused = await ask(guard)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "41")
    clock.now += 41
    assert (await ask(guard)).status_code == 200


def test_tokens_count_against_the_next_request_of_the_same_key() -> None:
    clock = Clock()
    limits = Limits(tokens=100, clock=clock)
    assert limits.wait("alice")[0] == 0
    limits.count_tokens("alice", 150)
    assert limits.wait("alice") == (60.0, "tokens")
    assert limits.wait("bob")[0] == 0
    clock.now += 60
    assert limits.wait("alice")[0] == 0


def test_keys_are_read_by_digest_and_needed_where_others_can_reach() -> None:
    assert read_keys("0.0.0.0", {KEYS_VARIABLE: f"alice={DIGEST}, bob={'0' * 64}"}) == {
        DIGEST: "alice",
        "0" * 64: "bob",
    }
    assert read_keys("127.0.0.1", {}) == {}
    with pytest.raises(ConfigurationError, match="without API keys"):
        read_keys("0.0.0.0", {})
    with pytest.raises(ConfigurationError, match="entry 1") as caught:
        read_keys("127.0.0.1", {KEYS_VARIABLE: "alice=secret-key"})
    assert "secret-key" not in str(caught.value) + caught.value.hint
