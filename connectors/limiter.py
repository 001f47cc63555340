"""The limiter of calls: how a connector keeps to what the vendor permits per account."""

from typing import Protocol


class Limiter(Protocol):
    """Permits calls of one account; the real one holds across workers."""

    def acquire(self, cost: float = 1, lane: str = "") -> None:
        """Wait until a call of this cost is permitted, or raise `FailureError` with `RATE_LIMITED` and when to come back.

        `lane` names one of `SPEC.limits.lanes`; without it the account's own limit holds.
        """
        ...

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        """Take over what the vendor says is left of the account's limit, its rate and its size (Shopify's cost bucket)."""
        ...


class NoLimiter:
    """Permits everything at once: for a single call by a person, and for tests."""

    def acquire(self, cost: float = 1, lane: str = "") -> None:
        """Permit."""

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        """Nothing to correct."""
