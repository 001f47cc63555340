"""Where files are exchanged with a partner: the same few acts in a folder and on an SFTP server."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from adapters.folders import (
    SETTLES_AFTER,
    FoundFile,
    complete_files,
    inside,
    move_into,
    naming_failures,
    read_limited,
    write_whole,
)
from canonical.failure import Failure, FailureError


@dataclass(frozen=True, slots=True)
class Folders:
    """The four folders of an exchange, as a person named them."""

    out: str
    in_: str
    done: str
    bad: str

    @property
    def all(self) -> tuple[str, ...]:
        """Every folder."""
        return (self.out, self.in_, self.done, self.bad)


class Exchange(Protocol):
    """An opened exchange; every act raises `FailureError` and may be repeated."""

    def waiting(self, limit: int) -> list[FoundFile]:
        """Complete files in the in-folder, oldest first; never written to."""

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a waiting file of at most `limit` bytes; None when its owner took it back. Raises FILE_TOO_LARGE."""

    def put_away(self, name: str, *, is_good: bool) -> None:
        """Move a file that was taken to the done-folder, or to the bad one; one that is gone counts as put away."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file into the out-folder, whole or not at all; a file of that name is replaced."""

    def close(self) -> None:
        """Give the connection back."""


def prepare_folders(root: Path, folder: str, folders: Folders) -> None:
    """Create a partner's folders, because a person asked for it.

    Never done by itself: where a network drive is not connected, files would be written below its empty place.
    Raises `FailureError` FOLDER_INVALID, FOLDER_DENIED, FOLDER_BROKEN.
    """
    base = inside(root, folder)
    for name in folders.all:
        with naming_failures(name):
            inside(base, name).mkdir(parents=True, exist_ok=True)


class FolderExchange:
    """An exchange in a folder below the house's exchange folder."""

    def __init__(self, root: Path, folder: str, folders: Folders, settles_after: timedelta = SETTLES_AFTER) -> None:
        """Check that all folders are inside; raises `FailureError` FOLDER_INVALID, and FOLDER_MISSING for the main one."""
        base = inside(root, folder)
        if base == root.resolve():
            raise FailureError(Failure.of("FOLDER_INVALID", folder=folder))
        if not base.is_dir():
            raise FailureError(Failure.of("FOLDER_MISSING", folder=folder))
        self._base, self._folders, self._settles_after = base, folders, settles_after
        for name in folders.all:
            inside(base, name)

    def waiting(self, limit: int) -> list[FoundFile]:
        """Complete files in the in-folder, oldest first."""
        return complete_files(inside(self._base, self._folders.in_), limit, settles_after=self._settles_after)

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a waiting file of at most `limit` bytes; None when its owner took it back."""
        path = inside(self._base, self._folders.in_) / Path(name).name
        return read_limited(path, limit) if self._is_there(path) else None

    def put_away(self, name: str, *, is_good: bool) -> None:
        """Move a file that was taken."""
        path = inside(self._base, self._folders.in_) / Path(name).name
        if self._is_there(path):
            move_into(path, inside(self._base, self._folders.done if is_good else self._folders.bad))

    def _is_there(self, path: Path) -> bool:
        with naming_failures(self._folders.in_):
            return path.is_symlink() or path.exists()

    def put(self, name: str, data: bytes) -> None:
        """Write a file into the out-folder."""
        write_whole(inside(self._base, self._folders.out) / Path(name).name, data)

    def close(self) -> None:
        """Nothing is held."""
