"""A real SFTP server on this machine for the tests, with the faults that real ones have."""

import os
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import paramiko

USER, PASSWORD = "connect", "geheim"


@dataclass
class Faults:
    """What goes wrong from now on."""

    cut_after: int = 0
    """Bytes of a file after which the connection breaks, in either direction; 0: never."""
    denied: set[str] = field(default_factory=set)
    """Folders in which nothing may be written."""
    lies_about_size: int = 0
    """Added to the size that is stated."""
    without_posix_rename: bool = False


class _Session(paramiko.ServerInterface):
    def __init__(self, server: "SftpServer") -> None:
        self.server = server

    def check_auth_password(self, username: str, password: str) -> int:
        self.server.passwords.append(password)
        good = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == USER and key.get_base64() == self.server.user_key.get_base64()
        return int(paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, files: "_Files", path: Path, flags: int) -> None:
        super().__init__(flags)
        self.files = files
        self.path = path
        self.descriptor = os.open(path, flags, 0o600)
        self.moved = 0

    def _count(self, size: int) -> None:
        self.moved += size
        if 0 < self.files.server.faults.cut_after <= self.moved:
            self.files.server.cut()

    def read(self, offset: int, length: int) -> Any:
        data = os.pread(self.descriptor, length, offset)
        self._count(len(data))
        return data

    def write(self, offset: int, data: bytes) -> int:
        os.pwrite(self.descriptor, data, offset)
        self._count(len(data))
        return int(paramiko.SFTP_OK)

    def stat(self) -> Any:
        return self.files.stated(os.fstat(self.descriptor))

    def close(self) -> None:
        os.close(self.descriptor)


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: _Session) -> None:
        self.server = server.server

    def _path(self, path: str) -> Path:
        return self.server.root / self.canonicalize(path).lstrip("/")

    def stated(self, known: os.stat_result, name: str | None = None) -> Any:
        found = paramiko.SFTPAttributes.from_stat(known, name)
        if not os.path.isdir(self.server.root / (name or "")) or name is None:  # noqa: PTH112
            found.st_size = (found.st_size or 0) + self.server.faults.lies_about_size
        return found

    def _is_denied(self, path: Path) -> bool:
        return path.parent.name in self.server.faults.denied

    def list_folder(self, path: str) -> Any:
        try:
            return [self.stated(each.lstat(), each.name) for each in self._path(path).iterdir()]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path: str) -> Any:
        try:
            return self.stated(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def lstat(self, path: str) -> Any:
        try:
            return self.stated(self._path(path).lstat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        file = self._path(path)
        if flags & (os.O_WRONLY | os.O_RDWR) and self._is_denied(file):
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            return _Handle(self, file, flags)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def remove(self, path: str) -> int:
        self._path(path).unlink()
        return int(paramiko.SFTP_OK)

    def mkdir(self, path: str, attr: Any) -> int:
        self._path(path).mkdir()
        return int(paramiko.SFTP_OK)

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._path(newpath).exists() or self._is_denied(self._path(newpath)):
            return int(paramiko.SFTP_FAILURE)
        self._path(oldpath).rename(self._path(newpath))
        return int(paramiko.SFTP_OK)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        if self.server.faults.without_posix_rename:
            return int(paramiko.SFTP_OP_UNSUPPORTED)
        self._path(oldpath).replace(self._path(newpath))
        return int(paramiko.SFTP_OK)


class SftpServer:
    """Serves one folder with `in`, `out`, `done` and `bad` in it; a context manager."""

    def __init__(self, root: Path, *, key: paramiko.PKey | None = None) -> None:
        self.root = root
        for name in ("in", "out", "done", "bad"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.key = key or paramiko.ECDSAKey.generate()
        self.user_key = paramiko.ECDSAKey.generate()
        self.faults = Faults()
        self.passwords: list[str] = []
        """Every password that a client sent."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    @property
    def host_key(self) -> str:
        """Its public key as in a known_hosts file."""
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def cut(self) -> None:
        """Break every connection off, as a dying server does."""
        for transport in self._transports:
            transport.sock.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Session(self))
            except (paramiko.SSHException, EOFError, OSError):  # the client went away during the handshake
                continue

    def __enter__(self) -> "SftpServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # A listening socket that another thread waits on is woken by shutting it down, not by closing it.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for transport in self._transports:
            transport.close()
        self._thread.join(10)
