"""Server processes that outlive the process that started them: how they are recognised and ended."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from embedded.errors import EmbeddedServerError

log = logging.getLogger(__name__)

StopSteps = Sequence[tuple[signal.Signals, float]]
"""Signals to end a server with, the gentlest first, each with the seconds it is given."""

_PROC = Path("/proc")


class PidRecord(BaseModel):
    """What a pid file says; a pid alone may belong to an unrelated process by now."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: str
    folder: str


def started_at(pid: int) -> str | None:
    """A mark of when the process started, which with the pid names one process for ever; None when it is dead.

    A zombie counts as dead: where nobody collects it, it stays for ever.
    """
    if (_PROC / "self" / "stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    told = subprocess.run(  # noqa: S603 - a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 - where it lies differs
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = told.stdout.strip().partition(" ")
    return began.strip() if began and not state.startswith("Z") else None


def folder_identity(folder: Path) -> str:
    """Names a folder so that moving it keeps the name and copying it does not."""
    found = folder.stat()
    return f"{found.st_dev}:{found.st_ino}"


def write_pid_file(file: Path, pid: int) -> None:
    """Notes a child, so that the next start in this folder finds it should we be killed."""
    record = PidRecord(pid=pid, started=started_at(pid) or "", folder=folder_identity(file.parent))
    file.write_text(record.model_dump_json())


def stop_orphan(file: Path, steps: StopSteps) -> None:
    """Ends the server of a killed parent that the pid file names, and removes the file. Idempotent.

    A pid file that was copied along with its folder names a server of the other folder and is left alone.
    """
    try:
        record = PidRecord.model_validate_json(file.read_text())
    except (FileNotFoundError, ValidationError):
        return
    if record.folder == folder_identity(file.parent) and _is_alive(record):
        log.warning("ending process %s, which a killed process left running (%s)", record.pid, file.stem)
        _end(record, steps)
    file.unlink(missing_ok=True)


def _is_alive(record: PidRecord) -> bool:
    return started_at(record.pid) == record.started


def _end(record: PidRecord, steps: StopSteps) -> None:
    for step, patience in steps:
        try:
            os.kill(record.pid, step)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise EmbeddedServerError(
                f"Process {record.pid} still serves this data folder and belongs to another user; stop it first."
            ) from error
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _is_alive(record):
                return
            time.sleep(0.02)
    raise EmbeddedServerError(f"Process {record.pid} still serves this data folder and does not end.")
