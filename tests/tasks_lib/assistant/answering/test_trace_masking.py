"""Personal data in spans, as MLflow stores them."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import mlflow
import pytest

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.trace_masking import UNREAD, mask_traces
from tasks_lib.assistant.guardrails.personal_data.finder import PersonalDataFinder
from tasks_lib.config.guardrails import PersonalDataConfig
from tasks_lib.home import Home
from tasks_lib.registry.tracking import activate, connect

MAIL, CARD = "maria.lopez@example.org", "4111 1111 1111 1111"


@pytest.fixture
def stored(tracked_home: Callable[[Path], Home], tmp_path: Path) -> Iterator[Callable[[Any, Any], Any]]:
    """`stored(inputs, outputs)` → the span that MLflow keeps of them, masked with our own mailboxes allowed."""
    activate(connect(LocalPlatform(tracked_home(tmp_path / "home")), "rag-assistant"))
    mask_traces(PersonalDataConfig(allow=("@ours.example",)))

    def write(inputs: Any, outputs: Any, error: str = "") -> Any:
        with suppress(ValueError), mlflow.start_span("request") as span:
            span.set_inputs(inputs)
            span.set_outputs(outputs)
            if error:
                raise ValueError(error)
        mlflow.flush_trace_async_logging()
        trace = mlflow.get_trace(span.trace_id)
        assert trace is not None
        assert MAIL not in trace.to_json()
        assert CARD not in trace.to_json()
        (kept,) = trace.data.spans
        return kept

    yield write
    mlflow.tracing.configure(span_processors=[])


def test_what_a_span_tells_is_masked_wherever_it_stands(stored: Callable[[Any, Any], Any]) -> None:
    asked = {"messages": [{"role": "user", "content": f"Mail {MAIL}, or people@ours.example"}], "top_k": 5}
    kept = stored(asked, [f"Card {CARD}.", None, 1.5, True])
    assert kept.inputs["messages"][0]["content"] == "Mail <EMAIL_ADDRESS>, or people@ours.example"
    assert kept.inputs["top_k"] == 5
    assert kept.outputs == ["Card <CREDIT_CARD>.", None, 1.5, True]


def test_the_text_of_an_error_is_masked(stored: Callable[..., Any]) -> None:
    kept = stored("How long?", None, error=f"{MAIL} has no card {CARD}")
    assert kept.status.description == "ValueError: <EMAIL_ADDRESS> has no card <CREDIT_CARD>"
    (event,) = kept.events
    assert event.attributes["exception.message"] == "<EMAIL_ADDRESS> has no card <CREDIT_CARD>"
    assert "Traceback" in event.attributes["exception.stacktrace"]


def test_what_cannot_be_searched_is_not_stored(
    stored: Callable[[Any, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(self: PersonalDataFinder, text: str) -> Any:
        raise TimeoutError(text[:0])

    monkeypatch.setattr(PersonalDataFinder, "find", too_slow)
    kept = stored(f"Mail {MAIL}.", {"numbers": [1, 2]})
    assert (kept.inputs, kept.outputs) == (UNREAD, {"numbers": [1, 2]})


def test_a_clean_span_is_kept_as_it_is(stored: Callable[[Any, Any], Any]) -> None:
    answer = {"response": "27 days.", "usage": {"cost": None}}
    assert json.loads(json.dumps(stored("How long is leave?", answer).outputs)) == answer
