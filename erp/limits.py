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

# What a vendor stated of an account's plan is kept with its bucket; until then, what the connector declares holds.
_RATE, _BURST = "coalesce(rate_bucket.per_second, :rate)", "coalesce(rate_bucket.burst, :burst)"
_SINCE = "EXTRACT(EPOCH FROM clock_timestamp() - rate_bucket.updated_at)"
_LEFT = f"LEAST({_BURST}, rate_bucket.tokens + {_RATE} * {_SINCE}) - :cost"
# A call that would have to wait longer than the longest wait takes nothing: its turn comes when it asks again.
_TAKE = text(
    f"""
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, CAST(:burst AS float) - :cost, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET tokens = {_LEFT}, updated_at = clock_timestamp() WHERE {_LEFT} >= -:patience * {_RATE}
    RETURNING tokens, {_RATE} AS rate
    """  # noqa: S608 - constants
)
_LOOK = text(f"SELECT {_LEFT} AS tokens, {_RATE} AS rate FROM rate_bucket WHERE account = :account")  # noqa: S608 - constants
# What is left at the vendor does not yet miss what others took here and have under way: taking it over as it stands would
# permit that twice. Ours is held for right therefore, but for costs that were reckoned too high and a rate that was unknown.
_STATED = "coalesce(excluded.per_second, rate_bucket.per_second, :rate)"
_CORRECT = text(
    f"""
    INSERT INTO rate_bucket (account, tokens, updated_at, per_second, burst)
    VALUES (:account, :tokens, clock_timestamp(), CAST(:per_second AS float), CAST(:most AS float))
    ON CONFLICT (account) DO UPDATE SET
        tokens = LEAST(excluded.tokens,
            GREATEST(rate_bucket.tokens + {_STATED} * {_SINCE}, excluded.tokens - :under_way * {_STATED})),
        updated_at = clock_timestamp(), per_second = coalesce(excluded.per_second, rate_bucket.per_second),
        burst = coalesce(excluded.burst, rate_bucket.burst)
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
        declared = self._rate_of(lane)
        bucket = {
            "account": f"{self._account}/{lane}" if lane else self._account,
            "burst": declared.burst,
            "rate": declared.per_second,
            "cost": cost,
            "patience": LONGEST_WAIT,
        }
        with self._sessions() as session:
            taken = session.execute(_TAKE, bucket).one_or_none()
            left = taken or session.execute(_LOOK, bucket).one()
            session.commit()
        wait = -left.tokens / left.rate
        if taken is None:
            retry_after = timedelta(seconds=max(1.0, wait))
            raise FailureError(Failure.of("RATE_LIMITED", host=self._account, retry_after=retry_after))
        if wait > 0:
            time.sleep(wait)

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        """Take over what the vendor says is left, but for what may be under way.

        Its rate and size are kept with the account's bucket, so that they hold for every worker until it states others.
        """
        stated = {
            "account": self._account,
            "tokens": available,
            "per_second": per_second,
            "most": most,
            "rate": self._rate.per_second,
            "under_way": UNDER_WAY,
        }
        with self._sessions() as session:
            session.execute(_CORRECT, stated)
            session.commit()

    def _rate_of(self, lane: str) -> Rate:
        if not lane:
            return self._rate
        declared = self._lanes[lane]
        return Rate(declared.per_second * LANE_SHARE, declared.burst)
