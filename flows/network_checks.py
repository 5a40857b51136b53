"""What `llmops doctor` really starts and calls, since proxies and certificates spoil calls and not configurations."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tasks_lib.errors import LlmopsError
from tasks_lib.network import PROXIES, describe_network, require_usable_network
from tasks_lib.storage_errors import chain

CALL_SECONDS = 5.0
_ON_THE_WAY = re.compile(r"Proxy|Connect|SSL|Certificate|Timeout|Transport|Network")


def reach_this_machine() -> str:
    """Call a server on this machine as Prefect's, MLflow's and our own clients do.

    :raises LlmopsError: If a call does not come back, with the variable that may be at fault.
    """
    require_usable_network()
    with _server() as url:
        for name, call in {"httpx": _call_with_httpx, "requests": _call_with_requests}.items():
            _require_reached(name, call, url)
    others = describe_network()
    return f"this machine is reached directly; {f'for others: {others}' if others else 'no proxy is set'}"


def start_prefect() -> str:
    """Start Prefect's embedded server as every flow does, and call it.

    :raises LlmopsError: If it does not start or answer.
    """
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            running = client.api_version()
    except Exception as error:
        raise LlmopsError(
            f"the embedded Prefect server does not start: {type(error).__name__}: {error}",
            hint=network_hint(error) or "Run `prefect server start` with the same PREFECT_HOME to see its log.",
        ) from error
    return f"embedded, version {running} starts and answers, state in {os.environ.get('PREFECT_HOME', '~/.prefect')}"


def network_hint(error: BaseException) -> str:
    """The variables that a failed call may have gone wrong by; empty if it did not fail on the way, or none is set."""
    on_the_way = any(_ON_THE_WAY.search(type(one).__name__) for one in chain(error))
    others = describe_network()
    return (
        f"Calls go by {others}: are these right, and does the proxy let this one through?"
        if on_the_way and others
        else ""
    )


def _require_reached(name: str, call: Callable[[str], int], url: str) -> None:
    try:
        status = call(url)
    except Exception as error:
        raise LlmopsError(
            f"{name} does not reach this machine: {type(error).__name__}: {error}", hint=_loopback_hint()
        ) from error
    if status != Answer.status:
        raise LlmopsError(f"{name} calls this machine, and HTTP {status} comes from elsewhere", hint=_loopback_hint())


def _loopback_hint() -> str:
    at_fault = ", ".join(name for name in PROXIES if os.environ.get(name)) or "a firewall of this machine"
    return f"Look at {at_fault}; NO_PROXY must hold 127.0.0.1,localhost."


def _call_with_httpx(url: str) -> int:
    import httpx

    return httpx.get(url, timeout=CALL_SECONDS).status_code


def _call_with_requests(url: str) -> int:
    import requests

    return requests.get(url, timeout=CALL_SECONDS).status_code


class Answer(BaseHTTPRequestHandler):
    """Answers with a status that no proxy gives."""

    status = 218

    def do_GET(self) -> None:
        """Answer without a body."""
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
