"""The caller's trace is handed on, with the span that calls as the parent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from opentelemetry import context

from blocks.local import LocalPlatform
from tasks_lib.assistant.providers.trace_context import CONTEXT_KEY, outgoing_headers
from tasks_lib.home import Home
from tasks_lib.registry.tracking import activate, connect
from tests.stubs.tracking import point_mlflow_at

TRACE, SPAN = "a" * 32, "b" * 16


@pytest.fixture
def traced(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Spans go into a home."""
    before = mlflow.get_tracking_uri()
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    activate(connect(LocalPlatform(home), "rag-assistant"))
    yield
    point_mlflow_at(before)


@pytest.fixture
def called() -> Iterator[None]:
    """A caller has sent its trace."""
    token = context.attach(context.set_value(CONTEXT_KEY, f"00-{TRACE}-{SPAN}-00"))
    yield
    context.detach(token)


@pytest.mark.usefixtures("called")
def test_without_a_span_the_callers_own_is_the_parent() -> None:
    assert outgoing_headers() == {"traceparent": f"00-{TRACE}-{SPAN}-00"}


@pytest.mark.usefixtures("traced", "called")
def test_the_innermost_open_span_is_the_parent_and_trace_and_flags_are_the_callers() -> None:
    with mlflow.start_span("answer") as outer:
        assert outgoing_headers() == {"traceparent": f"00-{TRACE}-{outer.span_id}-00"}
        with mlflow.start_span("model") as inner:
            assert outgoing_headers() == {"traceparent": f"00-{TRACE}-{inner.span_id}-00"}
    assert len({SPAN, outer.span_id, inner.span_id}) == 3


@pytest.mark.parametrize("given", ["", None])
def test_without_a_caller_nothing_is_sent(given: str | None) -> None:
    token = context.attach(context.set_value(CONTEXT_KEY, given))
    assert outgoing_headers() == {}
    context.detach(token)
