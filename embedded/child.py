"""One server as our child process: started, waited for, started again when it dies, stopped."""

import logging
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from embedded.account import Account
from embedded.errors import EmbeddedServerError
from embedded.process import StopSteps, stop_orphan, write_pid_file

log = logging.getLogger(__name__)

_ATTEMPTS = 3
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0
_STEADY_AFTER = 60.0
_LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run, with which environment, as whom (None: as ourselves)."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    account: Account | None = None


class Server(Protocol):
    """A kind of server; `Child` keeps it running."""

    name: ClassVar[str]
    stop_steps: ClassVar[StopSteps]
    start_timeout: ClassVar[float]

    def prepare(self) -> None:
        """Makes all that the server needs on disk, and chooses its ports. Idempotent."""

    def launch(self) -> Launch:
        """The command, the same for every start of one run, so that clients reconnect."""
        ...

    def is_ready(self) -> bool:
        """Says whether the server answers and has been set up."""
        ...

    def clean_up(self) -> None:
        """Removes what only a running server needs, after it has ended. Idempotent."""


class Child:
    """A server process that is started again whenever it dies, with growing pauses, until it is stopped."""

    def __init__(self, server: Server, data: Path) -> None:
        self._server = server
        self._log_file = data / "logs" / f"{server.name}.log"
        self._pid_file = data / f"{server.name}.pid"
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The live process, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Ends an orphan, starts the server and waits until it is ready; raises `EmbeddedServerError`."""
        stop_orphan(self._pid_file, self._server.stop_steps)
        self._rotate_log()
        for attempt in range(1, _ATTEMPTS + 1):
            # Again for each attempt: another program may have taken a port between the choice and the start.
            self._server.prepare()
            log_begin = self._log_file.stat().st_size if self._log_file.exists() else 0
            process = self._process = self._spawn()
            if self._becomes_ready(process):
                break
            if attempt == _ATTEMPTS or process.poll() is None:
                raise EmbeddedServerError(self._explanation(process, log_begin))
            self._stopping.wait(_FIRST_DELAY * attempt)
        self._watcher = threading.Thread(
            target=self._watch, args=(process,), name=f"watch-{self._server.name}", daemon=True
        )
        self._watcher.start()

    def stop(self) -> None:
        """Stops the server, by force when it does not end by itself. Idempotent."""
        with self._guard:
            self._stopping.set()
            process = self._process
        if process is not None:
            self._end(process)
            self._server.clean_up()
        if self._watcher is not None:
            self._watcher.join()
        self._pid_file.unlink(missing_ok=True)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for step, patience in self._server.stop_steps:
            process.send_signal(step)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                log.warning(
                    "%s (process %s) did not end within %s s of %s", self._server.name, process.pid, patience, step.name
                )
            else:
                return

    def _spawn(self) -> subprocess.Popen[bytes]:
        launch = self._server.launch()
        account = launch.account
        with self._log_file.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - the servers' own commands
                launch.command,
                env=launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                umask=0o077,
                # Its own session: Ctrl-C in the terminal must reach us alone, or the servers end before their users.
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        try:
            write_pid_file(self._pid_file, process.pid)
        except OSError:
            # Unwritten, it could not be found again after a crash of ours, and a second server would share its files.
            process.kill()
            process.wait()
            raise
        return process

    def _becomes_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self._server.start_timeout
        while process.poll() is None and time.monotonic() < deadline:
            if self._server.is_ready():
                # Alive still? Else a stranger has answered at our port.
                return process.poll() is None
            self._stopping.wait(0.03)
        return False

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        delay = _FIRST_DELAY
        while True:
            begun = time.monotonic()
            status = process.wait()
            if time.monotonic() - begun >= _STEADY_AFTER:
                delay = _FIRST_DELAY
            if not self._stopping.is_set():
                log.error(
                    "%s (process %s) ended with status %s; it is started again", self._server.name, process.pid, status
                )
            again = None
            while again is None:
                if self._stopping.wait(delay):
                    return
                delay = min(delay * 2, _LONGEST_DELAY)
                with self._guard:
                    if self._stopping.is_set():
                        return
                    again = self._try_spawn()
            process = again

    def _try_spawn(self) -> subprocess.Popen[bytes] | None:
        try:
            self._process = self._spawn()
        except OSError as error:
            log.error("%s could not be started again: %s", self._server.name, error)
            return None
        return self._process

    def _rotate_log(self) -> None:
        """Keeps at most two files of about the limit; only at the start, because the server holds the file open."""
        self._log_file.parent.mkdir(mode=0o700, exist_ok=True)
        if self._log_file.exists() and self._log_file.stat().st_size > _LOG_LIMIT:
            self._log_file.replace(self._log_file.with_suffix(".log.1"))

    def _explanation(self, process: subprocess.Popen[bytes], log_begin: int) -> str:
        status = process.poll()
        what = (
            f"ended with status {status}"
            if status is not None
            else f"was not ready after {self._server.start_timeout:.0f} s"
        )
        with self._log_file.open("rb") as output:
            output.seek(log_begin)
            lines = output.read().decode(errors="replace").strip().splitlines()
        tail = "\n".join(line[:400] for line in lines[-10:])
        return f"{self._server.name} {what}. The last lines of {self._log_file}:\n{tail}"
