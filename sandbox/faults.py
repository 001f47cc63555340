"""Faults that a person or a test switches on: refusals, delays, cut connections, lost replies, hanging requests."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MODES = ("429", "500", "503", "slow", "drop", "lose_reply", "html", "hang", "hang_reply")
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `count` requests long (None = until switched off), where `path` (a regular expression) is found.

    The first `skip` requests that it would hit pass. `path` is searched in "METHOD /path". `lose_reply` and `hang_reply` act after the effect, the others before anything is
    done; `retry_after` and `delay` are seconds.
    """

    mode: str
    count: int | None = None
    path: str | None = None
    retry_after: int | None = None
    delay: float = 2.0
    skip: int = 0


class Faults:
    """The fault in force, from any thread; setting one replaces the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._left: int | None = None
        self._skip = 0
        self._waiting = 0
        self._round = 0
        self.hits = 0

    def set(
        self,
        mode: str | None,
        *,
        count: int | None = None,
        path: str | None = None,
        retry_after: int | None = None,
        delay: float = 2.0,
        skip: int = 0,
    ) -> None:
        """Switch a fault on, or off with None; raises ValueError for an unknown mode or a bad regular expression."""
        if mode is not None and mode not in MODES:
            raise ValueError(f"unknown fault {mode!r}; known are {', '.join(MODES)}")
        try:
            re.compile(path or "")
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from error
        with self._lock:
            self._fault = None if mode is None else Fault(mode, count, path, retry_after, delay, skip)
            self._left = count
            self._skip = skip

    def apply_json(self, data: Mapping[str, Any]) -> None:
        """Do what a POST to `/sandbox/faults` says: set a fault, switch it off, or `{"release": true}` hanging requests."""
        if data.get("release"):
            self.release()
            return
        self.set(
            data.get("mode"),
            count=data.get("count"),
            path=data.get("path"),
            retry_after=data.get("retry_after"),
            delay=data.get("delay") or 2.0,
        )

    def clear(self) -> None:
        """Switch the fault off; hanging requests go on hanging."""
        self.set(None)

    def release(self) -> None:
        """Let all hanging requests go on, and switch a hanging fault off."""
        with self._lock:
            self._round += 1
            if self._fault is not None and self._fault.mode.startswith("hang"):
                self._fault = None

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, used up by one; called once per request."""
        with self._lock:
            fault = self._fault
            if fault is None or (fault.path and not re.search(fault.path, f"{method} {path}")):
                return None
            if self._skip:
                self._skip -= 1
                return None
            self.hits += 1
            if self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    self._fault = None
            return fault

    async def wait(self, is_gone: asyncio.Event) -> bool:
        """Hang until released (True) or until the client is gone (False)."""
        with self._lock:
            started, self._waiting = self._round, self._waiting + 1
        try:
            while self._round == started and not is_gone.is_set():
                await asyncio.sleep(POLL_SECONDS)
            return self._round != started
        finally:
            with self._lock:
                self._waiting -= 1

    @property
    def waiting(self) -> int:
        """How many requests hang at this moment."""
        return self._waiting

    def as_json(self) -> dict[str, Any]:
        """The state as shown at `/sandbox/faults`."""
        with self._lock:
            fault = None if self._fault is None else {**asdict(self._fault), "left": self._left}
            return {"fault": fault, "waiting": self._waiting, "hits": self.hits, "modes": list(MODES)}
