"""An exchange over SFTP: the server's key is pinned before any password is sent, files are put whole."""

import base64
import errno
import hashlib
import io
import logging
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from secrets import token_hex

import paramiko

from adapters.exchange import Folders
from adapters.folders import SETTLES_AFTER, FoundFile, is_finished_name
from canonical.failure import Failure, FailureError

PATIENCE = 15.0
"""Seconds that a server may take for one answer."""
CHUNK = 32_768
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

# paramiko logs every broken connection with a trace; what it means is told as a failure.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Server:
    """Where to sign in and as whom; the secret is a password, or a private key in PEM."""

    host: str
    port: int
    user: str
    secret: str
    host_key: str = ""
    """As in a known_hosts file, `ssh-ed25519 AAAA…`; empty while nobody has confirmed it."""

    @property
    def name(self) -> str:
        """How failures call it."""
        return self.host if self.port == 22 else f"{self.host}:{self.port}"


class HostKeyUnknownError(FailureError):
    """The server's key is not confirmed; carries the key, so that a person can."""

    def __init__(self, failure: Failure, host_key: str) -> None:
        super().__init__(failure)
        self.host_key = host_key


def fingerprint(host_key: str) -> str:
    """The fingerprint that people compare, as `ssh-keygen -l` shows it."""
    data = base64.b64decode(host_key.partition(" ")[2])
    return "SHA256:" + base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


class SftpExchange:
    """An exchange on an SFTP server; folders are relative to where the server puts us."""

    def __init__(
        self,
        server: Server,
        folders: Folders,
        dial: Callable[[str, int, float], socket.socket],
        settles_after: timedelta = SETTLES_AFTER,
    ) -> None:
        """Connect, check the key, sign in. `dial` opens the connection, so that the caller decides where one may lead.

        Raises `FailureError` SERVER_UNREACHABLE, SERVER_CUT_OFF, HOST_KEY_NEW and HOST_KEY_CHANGED (as
        `HostKeyUnknownError`), LOGIN_REFUSED, KEY_INVALID.
        """
        self._server, self._folders, self._settles_after = server, folders, settles_after
        self._transport = self._connected(dial)
        try:
            with self._naming(""):
                self._check_key()
                self._sign_in()
                client = paramiko.SFTPClient.from_transport(self._transport)
                if client is None:
                    raise EOFError
                channel = client.get_channel()
                if channel is not None:
                    channel.settimeout(PATIENCE)
                self._client = client
        except BaseException:
            self._transport.close()
            raise

    def _connected(self, dial: Callable[[str, int, float], socket.socket]) -> paramiko.Transport:
        try:
            connection = dial(self._server.host, self._server.port, PATIENCE)
        except OSError as error:
            raise FailureError(Failure.of("SERVER_UNREACHABLE", host=self._server.name)) from error
        transport = paramiko.Transport(connection)
        transport.banner_timeout = transport.auth_timeout = PATIENCE
        return transport

    def _check_key(self) -> None:
        known = self._server.host_key
        if known:
            # A server has several keys: ask for the one that was confirmed.
            self._transport.get_security_options().key_types = _key_types(known.partition(" ")[0])
        self._transport.start_client(timeout=PATIENCE)
        key = self._transport.get_remote_server_key()
        shown = f"{key.get_name()} {key.get_base64()}"
        if shown != known:
            code = "HOST_KEY_CHANGED" if known else "HOST_KEY_NEW"
            failure = Failure.of(code, host=self._server.name, fingerprint=fingerprint(shown))
            raise HostKeyUnknownError(failure, shown)

    def _sign_in(self) -> None:
        server = self._server
        if "PRIVATE KEY" in server.secret:
            self._transport.auth_publickey(server.user, _private_key(server.secret))
        else:
            self._transport.auth_password(server.user, server.secret, fallback=False)

    @contextmanager
    def _naming(self, folder: str) -> Iterator[None]:
        """Turn what paramiko raises into failures."""
        host = self._server.name
        try:
            yield
        except (paramiko.AuthenticationException, paramiko.BadAuthenticationType) as error:
            refused = Failure.of("LOGIN_REFUSED", host=host, user=self._server.user)
            raise FailureError(refused) from error
        except (EOFError, TimeoutError, ConnectionError, paramiko.SSHException) as error:
            raise FailureError(Failure.of("SERVER_CUT_OFF", host=host)) from error
        except OSError as error:
            # paramiko tells a closed connection as an error of the folder.
            is_there = self._transport.is_active()
            cut_off = Failure.of("SERVER_CUT_OFF", host=host)
            raise FailureError(_folder_failure(error, folder) if is_there else cut_off) from error

    def waiting(self, limit: int) -> list[FoundFile]:
        """Complete files in the in-folder, oldest first; hidden and unfinished ones, folders and links are passed over."""
        latest = datetime.now(UTC) - self._settles_after
        with self._naming(self._folders.in_):
            entries = self._client.listdir_attr(self._folders.in_)
        found = [
            FoundFile(entry.filename, entry.st_size or 0, datetime.fromtimestamp(entry.st_mtime or 0, UTC))
            for entry in entries
            if stat.S_ISREG(entry.st_mode or 0) and is_finished_name(entry.filename) and _is_plain(entry.filename)
        ]
        settled = [file for file in found if file.modified_at <= latest]
        return sorted(settled, key=lambda file: (file.modified_at, file.name))[:limit]

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a waiting file of at most `limit` bytes, whatever size the server states; None when it is gone.

        Raises `FailureError` FILE_TOO_LARGE, and SERVER_CUT_OFF when less arrived than was stated.
        """
        path = _join(self._folders.in_, name)
        with self._naming(self._folders.in_):
            if not self._exists(path):
                return None
        with self._naming(self._folders.in_), self._client.open(path, "rb") as file:
            stated = file.stat().st_size or 0
            if stated > limit:
                raise FailureError(Failure.of("FILE_TOO_LARGE", file=name, megabytes=limit // 1_000_000))
            if stated:
                file.prefetch(stated)
            data = bytearray()
            while piece := file.read(CHUNK):
                data += piece
                if len(data) > limit:
                    raise FailureError(Failure.of("FILE_TOO_LARGE", file=name, megabytes=limit // 1_000_000))
        if len(data) < stated:
            raise FailureError(Failure.of("SERVER_CUT_OFF", host=self._server.name))
        return bytes(data)

    def put_away(self, name: str, *, is_good: bool) -> None:
        """Move a file that was taken; a name that is taken there gets a counter, never replaced."""
        folder = self._folders.done if is_good else self._folders.bad
        source = _join(self._folders.in_, name)
        with self._naming(folder):
            if not self._exists(source):
                return
            self._ensure(folder)
            target, number = _join(folder, name), 1
            while self._exists(target):
                number += 1
                path = PurePosixPath(name)
                target = _join(folder, f"{path.stem}-{number}{path.suffix}")
            self._client.rename(source, target)

    def put(self, name: str, data: bytes) -> None:
        """Write under another name, check the size, rename: a reader sees all of it or nothing."""
        unfinished = _join(self._folders.out, f".{token_hex(8)}.tmp")
        with self._naming(self._folders.out):
            try:
                self._client.putfo(io.BytesIO(data), unfinished, confirm=False)
                if self._client.stat(unfinished).st_size != len(data):
                    raise FailureError(Failure.of("FOLDER_FULL", folder=self._folders.out))
                self._replace(unfinished, _join(self._folders.out, name))
            except BaseException:
                if self._transport.is_active():
                    with suppress(OSError, EOFError, paramiko.SSHException):
                        self._client.remove(unfinished)
                raise

    def _replace(self, source: str, target: str) -> None:
        try:
            self._client.posix_rename(source, target)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.ENOENT):
                raise
            # A server without the extension renames only to a name that is free.
            if self._exists(target):
                self._client.remove(target)
            self._client.rename(source, target)

    def _exists(self, path: str) -> bool:
        try:
            self._client.lstat(path)
        except FileNotFoundError:
            return False
        return True

    def _ensure(self, folder: str) -> None:
        if not self._exists(folder):
            self._client.mkdir(folder)

    def close(self) -> None:
        """Sign out."""
        self._transport.close()


def _key_types(name: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if name == "ssh-rsa" else (name,)


def _private_key(pem: str) -> paramiko.PKey:
    """Raises `FailureError` KEY_INVALID for what is no key, or one with a passphrase."""
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(pem))
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise FailureError(Failure.of("KEY_INVALID", field="SSH", expected="Ed25519, ECDSA, RSA"))


def _is_plain(name: str) -> bool:
    return "/" not in name and "\\" not in name


def _join(folder: str, name: str) -> str:
    return str(PurePosixPath(folder) / PurePosixPath(name).name)


def _folder_failure(error: OSError, folder: str) -> Failure:
    if error.errno == errno.ENOENT:
        return Failure.of("FOLDER_MISSING", folder=folder)
    if error.errno == errno.EACCES:
        return Failure.of("FOLDER_DENIED", folder=folder)
    return Failure.of("FOLDER_BROKEN", folder=folder, reason=errno.errorcode.get(error.errno or 0, "SFTP"))
