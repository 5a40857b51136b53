"""A ring over a place that may be away: keys that were read open for a time, and a broken list opens nothing."""

import hashlib
import logging
import time
from pathlib import Path

import pytest

from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KEPT_SECONDS, LOOK_SECONDS, KeyRing, key_ring
from tasks_lib.errors import ConfigurationError, KeysAwayError
from tests.stubs.clock import Clock
from tests.stubs.distant_keys import DistantFile

AWAY = KeysAwayError("the place cannot be used: no route")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(time, "time", stopped)
    return stopped


@pytest.fixture
def distant(tmp_path: Path) -> DistantFile:
    return DistantFile(tmp_path / "api-keys.json")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def looked(ring: KeyRing) -> set[str]:
    """Digests that open, after the look that is made when it is due."""
    if ring.due:
        ring.look()
    return {*ring.holders()}


def test_a_change_is_taken_up_with_the_next_look_and_an_unchanged_list_is_not_read_again(
    distant: DistantFile, clock: Clock
) -> None:
    first, _ = distant.create("alice", by="ann")
    ring = key_ring("0.0.0.0", distant, {})
    assert looked(ring) == {digest(first)}
    distant.revoke("alice", by="ann")
    second, _ = distant.create("bob", by="ann")
    assert looked(ring) == {digest(first)}
    clock.now += LOOK_SECONDS
    reads = distant.reads
    for _ in range(3):
        assert looked(ring) == {digest(second)}
        clock.now += LOOK_SECONDS
    assert distant.reads == reads + 1


def test_keys_are_kept_while_their_place_is_away_but_not_for_ever(
    distant: DistantFile, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    key, _ = distant.create("alice", by="ann")
    ring = KeyRing({digest("of the environment"): ApiKey("bob")}, distant)
    assert digest(key) in looked(ring)
    distant.failure = AWAY
    clock.now += KEPT_SECONDS
    assert digest(key) in looked(ring)
    assert ring.state == "kept"
    clock.now += 1
    assert looked(ring) == {digest("of the environment")}  # no look is due yet, and they are too old
    clock.now += LOOK_SECONDS
    assert looked(ring) == {digest("of the environment")}
    assert ring.state == "unknown"
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert all("no route" in record.getMessage() for record in caplog.records)
    distant.failure = None
    clock.now += LOOK_SECONDS
    assert digest(key) in looked(ring)
    assert ring.state == "read"


def test_keys_that_were_never_read_open_nothing_and_do_not_stop_the_start(distant: DistantFile, clock: Clock) -> None:
    key, _ = distant.create("alice", by="ann")
    distant.failure = OSError("stale file handle")
    ring = key_ring("0.0.0.0", distant, {})
    assert ring.required
    assert looked(ring) == set()
    assert (ring.state, ring.read_at) == ("unknown", None)
    distant.failure = None
    assert looked(ring) == set()
    clock.now += LOOK_SECONDS
    assert looked(ring) == {digest(key)}


@pytest.mark.parametrize("lost", [ConfigurationError("the place does not exist"), None])
def test_a_list_that_is_broken_or_gone_opens_nothing_also_when_its_place_is_away_then(
    distant: DistantFile, clock: Clock, lost: Exception | None
) -> None:
    key, _ = distant.create("alice", by="ann")
    ring = key_ring("0.0.0.0", distant, {})
    whole = distant.path.read_text()
    assert looked(ring) == {digest(key)}
    if lost is None:
        distant.path.write_text("{")
    for failure in (lost, AWAY, lost):
        distant.failure = failure
        clock.now += LOOK_SECONDS
        assert looked(ring) == set()
        assert ring.state == "broken"
    distant.failure = None
    distant.path.write_text(whole + "\n")
    clock.now += LOOK_SECONDS
    assert looked(ring) == {digest(key)}
