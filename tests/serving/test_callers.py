"""Callers whose keys are kept in a place that may be away: nobody waits for it longer than told, and nothing opens."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from serving import callers as room
from serving.access import AccessGuard
from serving.callers import Callers
from serving.limits import RateLimits
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KEPT_SECONDS, LOOK_SECONDS, KeyRing
from tasks_lib.errors import KeysAwayError
from tests.stubs.clock import Clock
from tests.stubs.distant_keys import DistantFile
from tests.tasks_lib.config.test_key_ring import digest

AWAY = KeysAwayError("the place cannot be used: no route to vault.internal")


@pytest.fixture
def distant(tmp_path: Path) -> Iterator[DistantFile]:
    store = DistantFile(tmp_path / "api-keys.json")
    yield store
    if store.hangs:
        store.hangs.set()


def guarded(store: DistantFile) -> AccessGuard:
    callers = Callers(KeyRing({digest("of the environment"): ApiKey("bob")}, store))

    async def who(request: Request) -> JSONResponse:
        return JSONResponse({"key": request.state.key})

    async def health(_: Request) -> JSONResponse:
        return JSONResponse(callers.health())

    app = Starlette(routes=[Route("/predict", who), Route("/health", health)])
    return AccessGuard(app, callers=callers, limits=RateLimits(), largest_body=100)


async def asked(guard: AccessGuard, key: str | None, path: str = "/predict") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard)) as client:
        return await client.get(f"http://127.0.0.1:8000{path}", headers=headers)


@pytest.mark.asyncio
async def test_a_change_opens_and_closes_an_endpoint_that_runs(distant: DistantFile, clock: Clock) -> None:
    guard = guarded(distant)
    assert (await asked(guard, None)).status_code == 401
    key, _ = distant.create("alice", by="ann")
    clock.now += LOOK_SECONDS
    assert (await asked(guard, key)).json() == {"key": "alice"}
    distant.revoke("alice", by="ann")
    clock.now += LOOK_SECONDS
    assert (await asked(guard, key)).status_code == 401


@pytest.mark.asyncio
async def test_keys_of_a_place_that_is_away_are_kept_for_a_time_and_then_refused_with_a_reason(
    distant: DistantFile, clock: Clock
) -> None:
    key, _ = distant.create("alice", by="ann")
    guard = guarded(distant)
    assert (await asked(guard, key)).status_code == 200
    distant.failure = AWAY
    clock.now += LOOK_SECONDS
    assert (await asked(guard, key)).status_code == 200
    health: dict[str, Any] = (await asked(guard, None, "/health")).json()["keys"]
    assert health["state"] == "kept"
    assert health["read_at"].startswith("1970-01-12")
    clock.now += KEPT_SECONDS
    refused = await asked(guard, key)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert "cannot be checked now" in refused.json()["detail"]
    assert "vault.internal" not in refused.text
    assert (await asked(guard, "of the environment")).json() == {"key": "bob"}
    assert (await asked(guard, None)).status_code == 401
    assert (await asked(guard, None, "/health")).json()["keys"]["state"] == "unknown"


@pytest.mark.asyncio
async def test_keys_that_were_never_read_are_503_and_a_broken_list_is_401(distant: DistantFile, clock: Clock) -> None:
    key, _ = distant.create("alice", by="ann")
    distant.failure = AWAY
    guard = guarded(distant)
    assert (await asked(guard, key)).status_code == 503
    assert (await asked(guard, None, "/health")).json() == {"keys": {"state": "unknown", "read_at": None}}
    distant.failure = None
    distant.path.write_text("{")
    clock.now += LOOK_SECONDS
    assert (await asked(guard, key)).status_code == 401
    assert (await asked(guard, None, "/health")).json()["keys"]["state"] == "broken"


@pytest.mark.asyncio
async def test_nobody_waits_longer_for_a_place_that_hangs_and_a_probe_not_at_all(
    distant: DistantFile, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look hangs: requests of its first moments wait, later ones do not, and no second look begins."""
    monkeypatch.setattr(room, "LOOK_WAIT_SECONDS", 0.5)
    key, _ = distant.create("alice", by="ann")
    guard = guarded(distant)
    assert (await asked(guard, key)).status_code == 200
    distant.hangs, looks = Event(), distant.reads
    clock.now += LOOK_SECONDS
    assert (await asked(guard, None, "/health")).status_code == 200
    began = time.monotonic()
    answers = await asyncio.gather(*(asked(guard, key) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert time.monotonic() - began < 60  # it would hang for ever
    assert (await asked(guard, key)).status_code == 200
    distant.revoke("alice", by="ann")
    distant.hangs.set()
    for _ in range(200):
        if (await asked(guard, key)).status_code == 401:
            break
        await asyncio.sleep(0.01)
    assert (await asked(guard, key)).status_code == 401
    assert distant.reads > looks
