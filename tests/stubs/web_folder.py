"""A folder on a web server of this machine, listed as such servers list it; parts of it may fail."""

import functools
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.stubs.server import LocalServer


class WebFolder(LocalServer):
    """Serves `folder` at `url`; paths that begin as one of `failing` answer 500, all of them 401 without `token`."""

    def __init__(self, folder: Path, token: str = "") -> None:
        self.failing: set[str] = set()
        self.token = token
        self.downloads: list[str] = []
        super().__init__(functools.partial(self._handler(), directory=str(folder)))

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
