"""The rate limit of an account: a token bucket row, so that it holds across all workers."""

import time

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

TAKE = text(
    """
    INSERT INTO rate_bucket (account, tokens, updated_at) VALUES (:account, CAST(:burst AS float) - :calls, clock_timestamp())
    ON CONFLICT (account) DO UPDATE SET
      tokens = LEAST(:burst, rate_bucket.tokens + :rate * EXTRACT(EPOCH FROM clock_timestamp() - rate_bucket.updated_at)) - :calls,
      updated_at = clock_timestamp()
    RETURNING tokens
    """
)


class AccountLimiter:
    """Takes tokens from an account's bucket; a debt is waited off by the caller that made it, so calls never burst."""

    def __init__(self, sessions: sessionmaker[Session], account: str, per_second: float, burst: int) -> None:
        self._sessions, self._account, self._per_second, self._burst = sessions, account, per_second, burst

    def acquire(self, calls: int = 1) -> None:
        """Wait until the calls are permitted; the wait is as long as the debt needs at the permitted rate."""
        with self._sessions() as session:
            tokens = session.execute(
                TAKE, {"account": self._account, "burst": self._burst, "rate": self._per_second, "calls": calls}
            ).scalar_one()
            session.commit()
        if tokens < 0:
            time.sleep(-tokens / self._per_second)
