"""A local HTTP server that speaks a provider's API: what the stubs share."""

import json
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.stubs import model

LONGEST_HANG_SECONDS = 30.0


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(repr=False)


class LocalServer:
    """Context manager around an HTTP server at `url`, a free port of this machine."""

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class StubServer(LocalServer):
    """Context manager around the server. `script` says how the next requests fare; an empty one answers normally.

    Words of the script are the subclass's; all know `hang`. `complete` is the language model: prompt → reply.
    """

    complete: Callable[[str], str] = staticmethod(model.complete)

    def __init__(self, *script: str) -> None:
        self.script = deque(script)
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        super().__init__(self._handler())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        super().__exit__(kind, error, trace)

    def answer(self, request: Request, word: str, out: "Responder") -> None:
        """Answer one request; `word` is what the script says, empty for a normal answer."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Say nothing for a while."""
        self._closing.wait(seconds)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Bodies of the requests whose path contains `path`."""
        return [request.body for request in self.requests if path in request.path]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        body = json.loads(raw) if raw.strip() else {}
        request = Request(handler.command, unquote(handler.path), body, dict(handler.headers.items()))
        with self._lock:
            self.requests.append(request)
            word = self.script.popleft() if self.script else ""
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        with ExitStack() as in_flight:
            in_flight.callback(self._answered)
            if word == "hang":
                self.wait(LONGEST_HANG_SECONDS)
                handler.close_connection = True
            else:
                self.answer(request, word, Responder(handler, in_flight.close))

    def _answered(self) -> None:
        with self._lock:
            self._at_once -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as providers do: else a body waits until its headers are acknowledged

            def do_POST(self) -> None:
                stub._serve(self)

            def do_GET(self) -> None:
                stub._serve(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


class Responder:
    """Writes one response.

    `ends` is called before the last bytes: the client may ask again as soon as it has them.
    """

    def __init__(self, handler: BaseHTTPRequestHandler, ends: Callable[[], None]) -> None:
        self._handler = handler
        self._ends = ends

    def json(self, body: Any, status: int = 200, **headers: str) -> None:
        """A JSON body with its length."""
        raw = json.dumps(body).encode()
        self._start(status, {"Content-Type": "application/json", "Content-Length": str(len(raw))} | headers)
        self._ends()
        self._handler.wfile.write(raw)

    def start_stream(self, content_type: str) -> None:
        """A body in chunks."""
        self._start(200, {"Content-Type": content_type, "Transfer-Encoding": "chunked"})

    def chunk(self, raw: bytes) -> None:
        """A part of the body, sent at once."""
        self._handler.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self._handler.wfile.flush()

    def end_stream(self) -> None:
        """The end of the body."""
        self._ends()
        self._handler.wfile.write(b"0\r\n\r\n")

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
