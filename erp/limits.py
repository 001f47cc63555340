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
LANE_SHARE = 0.98
"""Of a lane's rate that is used: the vendor counts when calls arrive, so one that was long under way must not make the next early."""
UNDER_WAY = 1.0
"""Seconds of the rate that other callers may have taken and not yet paid when the vendor says what is left."""

_NOW = "rate_bucket.tokens + :rate * EXTRACT(EPOCH FROM clock_timestamp() - rate_bucket.updated_at)"
_LEFT = f"LEAST(:burst, {_NOW}) - :cost"
# A call that would have to wait longer than the longest wait takes nothing: its turn comes when it asks again.
_TAKE = text(
    f"""
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, CAST(:burst AS float) - :cost, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET tokens = {_LEFT}, updated_at = clock_timestamp() WHERE {_LEFT} >= -:debt
    RETURNING tokens
    """  # noqa: S608 - constants
)
_LOOK = text(f"SELECT {_LEFT} FROM rate_bucket WHERE account = :account")  # noqa: S608 - constants
# What is left at the vendor does not yet miss what others took here and have under way: taking it over as it stands would
# permit that twice. Ours is held for right therefore, but for costs that were reckoned too high and a rate that was unknown.
_CORRECT = text(
    f"""
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, :tokens, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET tokens = LEAST(excluded.tokens, GREATEST({_NOW}, excluded.tokens - :under_way)),
        updated_at = clock_timestamp()
    """  # noqa: S608 - constants
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
        rate = self._rate_of(lane)
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
        """Take over what the vendor says is left, but for what may be under way; its rate and size hold for this connector's life."""
        self._rate = Rate(per_second or self._rate.per_second, most or self._rate.burst)
        rate = self._rate.per_second
        stated = {"account": self._account, "tokens": available, "rate": rate, "under_way": UNDER_WAY * rate}
        with self._sessions() as session:
            session.execute(_CORRECT, stated)
            session.commit()

    def _rate_of(self, lane: str) -> Rate:
        if not lane:
            return self._rate
        declared = self._lanes[lane]
        return Rate(declared.per_second * LANE_SHARE, declared.burst)
