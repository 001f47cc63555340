"""The shop's memory on disk: an append-only file of changes, flushed to the disk before a write is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson


class Journal:
    """One JSON document per line; a line torn by a kill is cut off when the file is read again.

    Without a path nothing is kept. The file opens at the first append and again after `close()`.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield what was written so far, oldest first, and cut off a torn last line."""
        if self._path is None or not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                yield orjson.loads(line)
                whole += len(line)
        os.truncate(self._path, whole)

    def append(self, change: dict[str, Any]) -> None:
        """Write one change and wait until the disk has it; idempotent replay is the reader's task."""
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        self._file.write(orjson.dumps(change) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; a later append opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
