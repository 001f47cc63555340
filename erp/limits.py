"""The rate limit of an account: a token bucket row, so that it holds across all workers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from canonical.failure import Failure, FailureError

LONGEST_WAIT = 20.0
"""Seconds that a call waits here; a longer wait is Temporal's, which holds no thread for it."""

_LEFT = (
    "LEAST(:burst, rate_bucket.tokens + :rate * EXTRACT(EPOCH FROM clock_timestamp() - rate_bucket.updated_at)) - :cost"
)
# A call that would have to wait longer than the longest wait takes nothing: its turn comes when it asks again.
_TAKE = text(
    f"""
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, CAST(:burst AS float) - :cost, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET tokens = {_LEFT}, updated_at = clock_timestamp() WHERE {_LEFT} >= -:debt
    RETURNING tokens
    """  # noqa: S608 - constants
)
_LOOK = text(f"SELECT {_LEFT} FROM rate_bucket WHERE account = :account")  # noqa: S608 - constants
_CORRECT = text(
    """
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, :tokens, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET tokens = excluded.tokens, updated_at = clock_timestamp()
    """
)


@dataclass(frozen=True)
class Rate:
    """How much is permitted: `burst` at once, `per_second` in the long run."""

    per_second: float
    burst: float


class AccountLimiter:
    """Takes tokens from an account's bucket; a short debt is waited off by the caller that made it, so calls never burst."""

    def __init__(self, sessions: sessionmaker[Session], account: str, rate: Rate, lanes: Mapping[str, Rate]) -> None:
        self._sessions, self._account, self._rate, self._lanes = sessions, account, rate, lanes

    def acquire(self, cost: float = 1, lane: str = "") -> None:
        """Wait until the call is permitted; raises `FailureError` RATE_LIMITED where that takes longer than twenty seconds."""
        rate = self._lanes[lane] if lane else self._rate
        bucket = {
            "account": f"{self._account}/{lane}" if lane else self._account,
            "burst": rate.burst,
            "rate": rate.per_second,
            "cost": cost,
            "debt": LONGEST_WAIT * rate.per_second,
        }
        with self._sessions() as session:
            tokens = session.execute(_TAKE, bucket).scalar_one_or_none()
            missing = session.execute(_LOOK, bucket).scalar_one() if tokens is None else 0.0
            session.commit()
        if tokens is None:
            wait = timedelta(seconds=max(1.0, -missing / rate.per_second))
            raise FailureError(Failure.of("RATE_LIMITED", host=self._account, retry_after=wait))
        if tokens < 0:
            time.sleep(-tokens / rate.per_second)

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        """Take over what the vendor says is left; its rate and size hold for this connector's life."""
        self._rate = Rate(per_second or self._rate.per_second, most or self._rate.burst)
        with self._sessions() as session:
            session.execute(_CORRECT, {"account": self._account, "tokens": available})
            session.commit()
