"""Folders in which files are exchanged with printers, carriers and providers: no path leads out, no file is half there."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from canonical.failure import Failure, FailureError

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp")
"""Endings of files that somebody is still writing."""
SETTLES_AFTER = timedelta(seconds=10)
"""A file that changed more recently may still be growing: writers do not all rename."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A complete file in a folder; size in bytes."""

    name: str
    size: int
    modified_at: datetime


def inside(root: Path, name: str) -> Path:
    """Find the path of a name below a folder, whether it exists or not; an empty name is the folder itself.

    Raises `FailureError` FOLDER_INVALID for a name that is absolute or leads out by `..` or a symbolic link.
    """
    where = Path(name)
    if "\0" in name or "\\" in name or where.is_absolute() or ".." in where.parts:
        raise FailureError(Failure.of("FOLDER_INVALID", folder=name))
    base = root.resolve()
    try:
        path = (base / where).resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself, a name too long
        raise FailureError(Failure.of("FOLDER_INVALID", folder=name)) from error
    if not path.is_relative_to(base):
        raise FailureError(Failure.of("FOLDER_INVALID", folder=name))
    return path


@contextmanager
def naming_failures(folder: str) -> Iterator[None]:
    """Turn the system's errors into failures: FOLDER_FULL, FOLDER_DENIED, or FOLDER_BROKEN with the error's name."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise FailureError(Failure.of("FOLDER_FULL", folder=folder)) from error
        if error.errno in _DENIED:
            raise FailureError(Failure.of("FOLDER_DENIED", folder=folder)) from error
        reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise FailureError(Failure.of("FOLDER_BROKEN", folder=folder, reason=reason)) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing, even after a power cut; an older file is replaced.

    Missing folders are created. Repeating it with the same data changes nothing. Raises `FailureError` FOLDER_FULL,
    FOLDER_DENIED or FOLDER_BROKEN; then nothing is left behind.
    """
    with naming_failures(path.parent.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.parent / f".{token_hex(8)}.tmp"
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """Without this a power cut may forget the renaming although the content is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_finished_name(name: str) -> bool:
    """Tell whether a name is not that of a hidden or half-written file, and can be shown and stored."""
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED) and name.isprintable()


def complete_files(
    folder: Path, limit: int, *, settles_after: timedelta = SETTLES_AFTER, now: datetime | None = None
) -> list[FoundFile]:
    """List the files that nobody is writing any more, oldest first, at most `limit`.

    Hidden and unfinished files, folders and symbolic links are passed over. A folder that does not exist is empty.
    Raises `FailureError` FOLDER_DENIED or FOLDER_BROKEN.
    """
    latest = (now or datetime.now(UTC)) - settles_after
    found: list[FoundFile] = []
    with naming_failures(folder.name):
        if not folder.exists():
            return []
        with os.scandir(folder) as entries:
            for entry in entries:
                if not is_finished_name(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                try:
                    known = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # its owner took it back meanwhile
                    continue
                changed = datetime.fromtimestamp(known.st_mtime, UTC)
                if changed <= latest:
                    found.append(FoundFile(entry.name, known.st_size, changed))
    return sorted(found, key=lambda file: (file.modified_at, file.name))[:limit]


def read_limited(path: Path, limit: int) -> bytes:
    """Read a file of at most `limit` bytes; the size is looked at before reading and again while reading.

    Raises `FailureError` FILE_TOO_LARGE, FOLDER_DENIED or FOLDER_BROKEN; a symbolic link is not followed.
    """
    with naming_failures(path.parent.name):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            known = os.fstat(file.fileno())
            if not stat.S_ISREG(known.st_mode):
                raise FailureError(Failure.of("FOLDER_INVALID", folder=path.name))
            data = b"" if known.st_size > limit else file.read(limit + 1)
    if known.st_size > limit or len(data) > limit:
        raise FailureError(Failure.of("FILE_TOO_LARGE", file=path.name, megabytes=limit // 1_000_000))
    return data


def move_into(path: Path, folder: Path) -> Path:
    """Move a file into a folder and return where it is now; a name that is taken there gets a counter, never replaced.

    Raises `FailureError` FOLDER_FULL, FOLDER_DENIED or FOLDER_BROKEN.
    """
    with naming_failures(folder.name):
        folder.mkdir(parents=True, exist_ok=True)
        for target in _free_names(path.name):
            try:
                os.close(os.open(folder / target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except FileExistsError:
                continue
            try:
                return path.replace(folder / target)
            except OSError:
                (folder / target).unlink(missing_ok=True)
                raise
    raise AssertionError("unreachable")  # pragma: no cover


def _free_names(name: str) -> Iterator[str]:
    yield name
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 2
    while True:
        yield f"{stem}-{number}{suffix}"
        number += 1
