"""An FTP server of this machine over a folder: what fsspec's client asks of one (RFC 959 and 3659)."""

import socket
import socketserver
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self


class FtpServer:
    """Serves `folder` as `/`. Folders in `failing` answer as `reply` says; `None` hangs up."""

    OPTIONS = {"username": "ann", "password": "password-of-ann", "timeout": 5}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failing: set[str] = set()
        self.reply: str | None = "451 local error"
        self.reads: list[str] = []
        outer = self

        class Session(_Session):
            server_of = outer

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.url = f"ftp://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Session(socketserver.StreamRequestHandler):
    server_of: FtpServer

    def handle(self) -> None:
        self._data = socket.create_server(("127.0.0.1", 0))
        self._say("220 ready")
        for line in self.rfile:
            command, _, argument = line.decode().strip().partition(" ")
            if not self._answer(command.upper(), argument):
                break
        self._data.close()

    def _answer(self, command: str, argument: str) -> bool:
        if command in {"MLSD", "LIST", "RETR", "SIZE"} and argument in self.server_of.failing:
            if self.server_of.reply is not None:
                self._say(self.server_of.reply)
            return self.server_of.reply is not None
        path = self.server_of.folder / argument.lstrip("/")
        if command == "PASS":
            self._say("230 in" if argument == FtpServer.OPTIONS["password"] else "530 wrong")
        elif command == "PASV":
            self._data.close()  # what connected for an answer that was none is gone with it
            self._data = socket.create_server(("127.0.0.1", 0))
            high, low = divmod(self._data.getsockname()[1], 256)
            self._say(f"227 (127,0,0,1,{high},{low})")
        elif command in {"MLSD", "LIST"} and path.is_dir():
            self._send("".join(map(_facts, sorted(path.iterdir()))).encode())
        elif command == "RETR" and path.is_file():
            self.server_of.reads.append(argument)
            self._send(path.read_bytes())
        else:
            self._say(_SHORT.get(command, "550 no such file or command"))
        return command != "QUIT"

    def _send(self, content: bytes) -> None:
        self._say("150 here it comes")
        connection, _ = self._data.accept()
        with connection:
            connection.sendall(content)
        self._say("226 done")

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


_SHORT: dict[str, Any] = {"USER": "331 password", "TYPE": "200 yes", "CWD": "250 there", "QUIT": "221 bye"}


def _facts(path: Path) -> str:
    about = path.stat()
    kind = "dir" if path.is_dir() else "file"
    return f"type={kind};size={about.st_size};modify={int(about.st_mtime)}; {path.name}\r\n"
