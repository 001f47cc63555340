"""The limiter of calls: how a connector keeps to what the vendor permits per account."""

from typing import Protocol


class Limiter(Protocol):
    """Permits calls of one account; the real one holds across workers."""

    def acquire(self, calls: int = 1) -> None:
        """Wait until so many calls are permitted, or raise `FailureError` with `RATE_LIMITED` and when to come back."""
        ...


class NoLimiter:
    """Permits everything at once: for a single call by a person, and for tests."""

    def acquire(self, calls: int = 1) -> None:
        """Permit."""
