"""The maximum call frequencies that the vendor's specification states per operation, enforced where a shop wants it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.mirakl.errors import MiraklError

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SECONDS = {
    **{"A01": DAY, "AF01": DAY, "DO01": DAY, "OF61": DAY, "OR75": DAY, "SH11": DAY, "SH12": DAY, "SH21": DAY},
    **{"H11": HOUR, "PM11": HOUR, "VL11": HOUR},
    **{"OR11": MINUTE, "OR04": MINUTE, "OF24": MINUTE, "OF01": MINUTE, "OF02": MINUTE, "OF03": MINUTE},
    **{"PRI01": MINUTE, "PRI02": MINUTE, "PRI03": MINUTE, "STO01": MINUTE, "STO02": 15.0, "STO03": MINUTE},
    **{"P41": 15 * MINUTE, "P42": MINUTE, "CM11": 5 * MINUTE, "ST12": 5 * MINUTE},
    **{"OR31": 0.2},
}
"""Seconds between two calls; operations that may be called "at each …" are not in it. P41 counts per seller."""


class Frequencies:
    """When each operation was last called, by key, operation and (where the path has an id) path."""

    def __init__(self, clock: Callable[[], datetime], *, is_enforced: bool) -> None:
        self.is_enforced = is_enforced
        self._clock = clock
        self._last: dict[tuple[str, str, str], datetime] = {}
        self._lock = threading.Lock()

    def check(self, key: str, operation: str, path: str, *, is_next_page: bool) -> None:
        """Note a call; raises a 429 with Retry-After for one that comes too early. A refused call is not counted.

        The further pages of a listing are not calls of their own (assumed: otherwise no listing could be read).
        """
        pause = SECONDS.get(operation)
        if not self.is_enforced or pause is None or is_next_page:
            return
        with self._lock:
            now = self._clock()
            last = self._last.get((key, operation, path))
            if last is not None and now < last + timedelta(seconds=pause):
                wait = math.ceil((last + timedelta(seconds=pause) - now).total_seconds())
                raise MiraklError(429, "Too many requests", headers={"Retry-After": str(wait)})
            self._last[key, operation, path] = now
