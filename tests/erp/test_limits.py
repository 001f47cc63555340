"""The limiter of an account: what the vendor states of its plan holds for every worker, not only for the one that heard it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from canonical.failure import FailureError
from erp import limits
from erp.database import make_sessions
from erp.limits import AccountLimiter, Rate

DECLARED = Rate(per_second=100, burst=2000)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long calls would have waited."""
    found: list[float] = []
    monkeypatch.setattr("erp.limits.time.sleep", found.append)
    return found


def worker(engine: Engine) -> AccountLimiter:
    """Another worker's limiter of the same account."""
    return AccountLimiter(make_sessions(engine), "shop", DECLARED, {"slow": Rate(1, 1)})


def spend(engine: Engine) -> None:
    """Empty the bucket, now."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE rate_bucket SET tokens = 0, updated_at = clock_timestamp()"))


def test_a_larger_plan_that_one_worker_heard_of_holds_for_the_next(engine: Engine, waits: list[float]) -> None:
    worker(engine).correct(20_000, per_second=1000, most=20_000)
    worker(engine).acquire(15_000)
    assert waits == [], "the declared bucket would not hold so much"
    spend(engine)
    worker(engine).acquire(500)
    assert waits == [pytest.approx(0.5, abs=0.1)]


def test_a_smaller_plan_makes_the_next_worker_wait_longer_than_declared(engine: Engine, waits: list[float]) -> None:
    worker(engine).correct(1000, per_second=50, most=1000)
    spend(engine)
    worker(engine).acquire(100)
    assert waits == [pytest.approx(2, abs=0.2)]
    spend(engine)
    with pytest.raises(FailureError) as caught:
        worker(engine).acquire(1500)
    assert (caught.value.failure.retry_after or timedelta()) > timedelta(seconds=29)


def test_a_vendor_that_states_no_rate_leaves_the_last_one_and_lanes_keep_their_own(
    engine: Engine, waits: list[float]
) -> None:
    worker(engine).correct(20_000, per_second=1000, most=20_000)
    worker(engine).correct(10_000)
    spend(engine)
    worker(engine).acquire(1000)
    assert waits == [pytest.approx(1, abs=0.1)]
    for _ in range(2):
        worker(engine).acquire(lane="slow")
    assert waits[1:] == [pytest.approx(1 / limits.LANE_SHARE, abs=0.1)]


def test_without_a_word_of_the_vendor_the_declared_rate_holds(engine: Engine, waits: list[float]) -> None:
    worker(engine).acquire(2000)
    worker(engine).acquire(100)
    assert waits == [pytest.approx(1, abs=0.1)]
