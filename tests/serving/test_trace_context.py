"""The caller's trace is read as W3C Trace Context says, and told in the log; what is no such header is passed over."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.logs import RequestLog
from serving.trace_context import TraceContext, trace_context

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def read(*values: str) -> TraceContext | None:
    return trace_context(Headers(raw=[(b"traceparent", value.encode("latin-1")) for value in values]))


def test_the_example_of_the_standard_is_read() -> None:
    assert read(HEADER) == TraceContext(TRACE, SPAN, "01")
    assert str(read(HEADER)) == HEADER


@pytest.mark.parametrize("header", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes-later", f" {HEADER}\t"])
def test_of_a_later_version_the_known_parts_are_read(header: str) -> None:
    assert str(read(header)) == HEADER


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-0g",
    ],
)
def test_what_is_no_such_header_is_as_if_it_was_not_sent(header: str) -> None:
    assert read(header) is None


def test_two_of_them_are_none() -> None:
    assert read(HEADER, HEADER) is None


@given(st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    found = read(text)
    assert found is None or read(str(found)) == found


@given(
    st.integers(1, 2**128 - 1).map("{:032x}".format),
    st.integers(1, 2**64 - 1).map("{:016x}".format),
    st.integers(0, 255).map("{:02x}".format),
)
def test_every_valid_header_comes_back_as_it_was(trace: str, span: str, flags: str) -> None:
    assert str(read(f"00-{trace}-{span}-{flags}")) == f"00-{trace}-{span}-{flags}"


@pytest.mark.parametrize("sent", [True, False])
def test_the_log_names_the_callers_trace(sent: bool, caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(request.state.trace_context))

    client = TestClient(RequestLog(Starlette(routes=[Route("/", answer)])))
    logger = logging.getLogger("serving.requests")
    with caplog.at_level(logging.INFO, logger="serving.requests"):
        logger.addHandler(caplog.handler)
        said = client.get("/", headers={"traceparent": HEADER if sent else "nonsense"})
        logger.removeHandler(caplog.handler)
    assert said.text == (HEADER if sent else "None")
    line = next(record for record in caplog.records if record.message == "request")
    assert getattr(line, "parent_trace_id", None) == (TRACE if sent else None)
    assert getattr(line, "parent_span_id", None) == (SPAN if sent else None)
