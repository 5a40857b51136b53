"""A folder on a web server of this machine, listed as such servers list it; parts of it may fail."""

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self


class WebFolder:
    """Serves `folder` at `url`; paths that begin as one of `failing` answer 500, all of them 401 without `token`."""

    def __init__(self, folder: Path, token: str = "") -> None:
        self.failing: set[str] = set()
        self.token = token
        self.downloads: list[str] = []
        served = functools.partial(self._handler(), directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), served)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[SimpleHTTPRequestHandler]:
        folder = self

        class Handler(SimpleHTTPRequestHandler):
            def send_head(self) -> Any:
                if folder.token and self.headers.get("Authorization") != f"Bearer {folder.token}":
                    return self.send_error(401)
                if any(self.path.startswith(prefix) for prefix in folder.failing):
                    return self.send_error(500)
                if self.command == "GET" and not self.path.endswith("/"):
                    folder.downloads.append(self.path)
                return super().send_head()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        return Handler
