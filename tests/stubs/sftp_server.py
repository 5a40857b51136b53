"""An SFTP server of this machine over a folder, by paramiko's own server."""

import os
import socket
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

import paramiko


class SftpServer:
    """Serves `folder` as `/` to the user `ann`. After `operations_left` operations it hangs up."""

    PASSWORD = "password-of-ann"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.operations_left: int | None = None
        self.reads: list[str] = []
        self.key = paramiko.ECDSAKey.generate()
        self._transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"sftp://127.0.0.1:{self.port}"

    @property
    def known_hosts(self) -> str:
        """The line of `known_hosts` for the server."""
        return f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}"

    @property
    def options(self) -> dict[str, Any]:
        """What a client needs."""
        return {"username": "ann", "password": self.PASSWORD, "known_hosts": self.known_hosts, "look_for_keys": False}

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End every connection."""
        for transport in self._transports:
            transport.close()

    def count(self) -> None:
        """Note an operation."""
        if self.operations_left is not None:
            self.operations_left -= 1
            if self.operations_left < 0:
                self.hang_up()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Login())
            except (paramiko.SSHException, EOFError):
                transport.close()


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == ("ann", SftpServer.PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, login: paramiko.ServerInterface, server: SftpServer) -> None:
        super().__init__(login)
        self._server = server

    def _place(self, path: str) -> Path:
        return self._server.folder / path.lstrip("/")

    def list_folder(self, path: str) -> Any:
        self._server.count()
        try:
            entries = list(os.scandir(self._place(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(each.stat(follow_symlinks=False), each.name) for each in entries]

    def stat(self, path: str) -> Any:
        self._server.count()
        try:
            return paramiko.SFTPAttributes.from_stat(self._place(path).stat(), Path(path).name)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        self._server.count()
        self._server.reads.append(path)
        try:
            stream = self._place(path).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = stream  # type: ignore[attr-defined]
        return handle
