"""The measurement of auto-ship: a tiny run that checks its own result, and that notices wrong books."""

from random import Random

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bench import BenchError, autoship
from bench.invented import ISSUER, offers, orders, take_in
from erp.autoship import ship_released
from erp.merchant_seed import Size, seed_merchant
from erp.tables import Integration


def test_orders_are_shipped_in_three_sizes() -> None:
    result = autoship.measure(orders=50)
    assert [size.orders for size in result.sizes] == [10, 25, 50]
    assert all(size.batches == 1 for size in result.sizes)
    assert result.sizes[0].statements_per_batch == result.sizes[2].statements_per_batch, "whatever the orders"
    assert "largest to smallest" in result.text()


@pytest.fixture
def shipped(session: Session) -> Session:
    """A store with ten shipped orders."""
    seed_merchant(session, Size(articles=40, customers=0))
    session.add(Integration(id="bench", connector="bench", name="Bench"))
    session.flush()
    session.execute(text("UPDATE project SET issuer = CAST(:issuer AS jsonb)"), {"issuer": ISSUER})
    autoship._receive_goods(session, 10)
    take_in(session, orders(10, offers(session), Random(1), "x"))
    ship_released(session, 100)
    session.commit()
    autoship.check(session, "x-", 10)
    return session


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE sales_order SET fulfilment_state = 'packed' WHERE id = (SELECT min(id) FROM sales_order)", "not shipped"),
        ("DELETE FROM parcel", "no parcel"),
        ("UPDATE stock_level SET physical = physical + 1", "not the sum"),
        ("UPDATE sales_order SET total = total + 1", "differ from their orders"),
        ("INSERT INTO reservation SELECT id, order_id, article_id, 1 FROM sales_order_line WHERE kind = 'article' LIMIT 1",
         "reservations are left"),
    ],
)  # fmt: skip
def test_wrong_books_are_noticed(shipped: Session, harm: str, complaint: str) -> None:
    shipped.execute(text(harm))
    with pytest.raises(BenchError, match=complaint):
        autoship.check(shipped, "x-", 10)


def test_a_missing_order_is_noticed(shipped: Session) -> None:
    with pytest.raises(BenchError, match="10 orders instead of 11"):
        autoship.check(shipped, "x-", 11)
