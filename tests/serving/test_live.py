"""What the endpoint tells Prefect when production moves."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from serving import live
from serving.live import NoVersionError
from tasks_lib.config.rag import RagConfig
from tasks_lib.errors import VersionError
from tasks_lib.registry.live import LiveVersion

BEFORE, NOW = (LiveVersion("m", number, "run", {}, RagConfig(), None) for number in (1, 2))


def test_a_switch_is_an_event_where_a_server_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(live, "emit", lambda *event: told.append(event))
    with temporary_settings({PREFECT_API_URL: None}):
        live._emit("llmops.serving.switched", "m", NOW, BEFORE)
    assert told == []
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        live._emit("llmops.serving.switched", "m", NOW, BEFORE)
        live._emit("llmops.serving.switch-failed", "m", NOW, BEFORE, "it does not load")
    assert told == [
        ("llmops.serving.switched", "m", 2, {"before": 1}),
        ("llmops.serving.switch-failed", "m", 2, {"before": 1, "problem": "it does not load"}),
    ]


def test_prefect_being_down_is_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ConnectionError("no server")

    monkeypatch.setattr(live, "emit", broken)
    monkeypatch.setattr(logging.getLogger("serving"), "propagate", True)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        live._emit("llmops.serving.switched", "m", NOW, BEFORE)
    assert "no server" in caplog.text


class Loads:
    """A platform's registry and versions, of which those that are broken do not load."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.live: LiveVersion | None = None
        self.broken: set[int] = set()
        self.down = False
        self.now = 1000.0
        self.told: list[tuple[str, int]] = []
        monkeypatch.setattr(live, "resolve_platform", lambda name: name)
        monkeypatch.setattr(live, "connect", lambda platform, *_: platform)
        monkeypatch.setattr(live, "find_live", lambda *_: self._find())
        monkeypatch.setattr(live.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(live.Production, "_loaded", lambda _, version: self._load(version))
        monkeypatch.setattr(live.threading.Thread, "start", lambda _: None)
        self.production = live.Production(
            "p", "m", "production", threads=1, poll_seconds=1.0, on_state=lambda *state: self.told.append(state)
        )

    def _find(self) -> LiveVersion | None:
        if self.down:
            raise ConnectionError("no registry")
        return self.live

    def _load(self, version: LiveVersion) -> Any:
        if version.version in self.broken:
            raise VersionError("it does not load")
        return SimpleNamespace(alive=True, close=lambda: None)

    def look(self) -> list[tuple[str, int]]:
        self.told.clear()
        self.production._look()
        return list(self.told)


def test_an_assistant_without_a_version_waits_for_one_that_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = Loads(monkeypatch)
    loads.down = True
    loads.production.start(required=False)
    assert loads.told == [("failed", 0)]
    loads.down = False
    assert loads.look() == [("not_deployed", 0)]
    loads.live, loads.broken = BEFORE, {1}
    assert loads.look() == [("starting", 0), ("failed", 0)]
    assert loads.look() == [("failed", 0)]  # it is not loaded again at once
    loads.now += live.UNSERVED_RETRY_SECONDS
    assert loads.look() == [("starting", 0), ("failed", 0)]
    loads.live = NOW  # another version need not wait
    assert loads.look() == [("starting", 0), ("ready", 2)]
    assert loads.look() == []


def test_what_answers_goes_on_when_its_registry_alias_or_successor_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = Loads(monkeypatch)
    loads.live = BEFORE
    loads.production.start(required=False)
    assert loads.told == [("starting", 0), ("ready", 1)]
    loads.live = None
    assert loads.look() == []
    loads.down = True
    assert loads.look() == []
    loads.live, loads.broken, loads.down = NOW, {2}, False
    assert loads.look() == []
    with pytest.raises(NoVersionError, match="no version of 'other'"):
        next(live.Production("p", "other", "a", threads=1, poll_seconds=1.0).stream([], 1.0, lambda: False))
