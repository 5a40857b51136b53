"""Git over HTTP on this machine: git's own backend behind a server that may ask for a token, or fail."""

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from tests.stubs.server import LocalServer

AUTHOR = {"NAME": "Ann", "EMAIL": "ann@acme.com", "DATE": "2026-01-02T03:04:05Z"}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as Ann."""
    names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in AUTHOR.items()}
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git_command = ["git", *arguments]
    ran = subprocess.run(git_command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


class WorkTree:
    """A repository with a work tree, at its branch `main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main")

    def write(self, **texts: str) -> None:
        """Write Markdown files; `__` in a name parts folders."""
        for name, text in texts.items():
            file = self.folder / f"{name.replace('__', '/')}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(self) -> str:
        """Commit everything; the commit."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=Change")
        return git(self.folder, "rev-parse", "HEAD")


class GitServer(LocalServer):
    """Serves the repositories below a folder at `url`/NAME.

    :param token: Password that it asks for; empty for none.
    """

    def __init__(self, folder: Path, token: str = "") -> None:
        self.folder = folder
        self.token = token
        self.posts_left: int | None = None
        """After so many questions of git it fails."""
        self.requests: list[str] = []
        self.sent = 0
        """Bytes of answers."""
        super().__init__(self._handler())

    def _allowed(self, handler: BaseHTTPRequestHandler) -> bool:
        given = handler.headers.get("Authorization", "").removeprefix("Basic ")
        return not self.token or base64.b64decode(given).decode().partition(":")[2] == self.token

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.requests.append(handler.path)
        if not self._allowed(handler):
            return self._send(handler, 401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
        if handler.command == "POST" and self.posts_left is not None:
            self.posts_left -= 1
            if self.posts_left < 0:
                return self._send(handler, 500, {}, b"")
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        }
        backend = ["git", "http-backend"]
        ran = subprocess.run(backend, input=body, env=environment, capture_output=True, check=True)
        head, _, content = ran.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return self._send(handler, int(headers.pop("Status", "200").split()[0]), headers, content)

    def _send(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes) -> None:
        self.sent += len(content)
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def do_POST(self) -> None:
                server._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler
