"""Rate limits in the memory of one process, and in a Redis that replicas share."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.limits import RateLimits
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.errors import ConfigurationError
from tests.stubs.clock import Clock

ALICE, BOB = ApiKey("alice"), ApiKey("bob")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis server of this test's own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server on PATH")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@pytest.mark.asyncio
async def test_requests_are_counted_over_any_minute_and_by_key(clock: Clock) -> None:
    limits = RateLimits(requests=2)
    assert await limits.wait(ALICE) == (0.0, "requests")
    clock.now += 30
    assert (await limits.wait(ALICE))[0] == 0
    assert await limits.wait(ALICE) == (pytest.approx(30), "requests")
    assert (await limits.wait(BOB))[0] == 0
    clock.now += 31
    assert (await limits.wait(ALICE))[0] == 0
    assert await limits.wait(ALICE) == (pytest.approx(29), "requests")


@pytest.mark.asyncio
async def test_tokens_count_against_the_next_request_of_the_same_key(clock: Clock) -> None:
    limits = RateLimits(tokens=100)
    assert (await limits.wait(ALICE))[0] == 0
    await limits.count_tokens(ALICE, 150)
    assert await limits.wait(ALICE) == (pytest.approx(60.0), "tokens")
    assert (await limits.wait(BOB))[0] == 0
    clock.now += 60
    assert (await limits.wait(ALICE))[0] == 0


@pytest.mark.asyncio
async def test_a_request_that_waits_for_tokens_is_not_counted(clock: Clock) -> None:
    limits = RateLimits(requests=1, tokens=100)
    await limits.count_tokens(ALICE, 100)
    assert (await limits.wait(ALICE))[1] == "tokens"
    clock.now += 61
    assert await limits.wait(ALICE) == (0.0, "requests")


@pytest.mark.asyncio
async def test_replicas_share_the_limits_of_one_redis(redis_url: str) -> None:
    first, second = (RateLimits(requests=2, tokens=100, storage=redis_url) for _ in range(2))
    assert (await first.wait(ALICE))[0] == 0
    assert (await second.wait(ALICE))[0] == 0
    seconds, kind = await first.wait(ALICE)
    assert 50 < seconds <= 60
    assert kind == "requests"
    assert (await second.wait(BOB))[0] == 0
    await second.count_tokens(BOB, 150)
    seconds, kind = await first.wait(BOB)
    assert 50 < seconds <= 60
    assert kind == "tokens"


@pytest.mark.asyncio
async def test_without_its_redis_a_replica_counts_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    limits = RateLimits(requests=1, tokens=100, storage=f"redis://user:secret@127.0.0.1:{free_port()}")
    await limits.count_tokens(BOB, 150)
    assert (await limits.wait(ALICE))[0] == 0
    assert (await limits.wait(ALICE))[1] == "requests"
    assert (await limits.wait(BOB))[1] == "tokens"
    assert caplog.text.count("cannot be reached") == 1
    assert "secret" not in caplog.text


def test_another_kind_of_storage_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="begin with 'mongodb'") as caught:
        RateLimits(storage="mongodb://user:secret@host")
    assert "redis" in caught.value.hint
    assert "secret" not in str(caught.value)
