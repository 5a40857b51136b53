"""What the endpoint tells Prefect when production moves."""

import logging
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from serving import live
from tasks_lib.config.rag import RagConfig
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
