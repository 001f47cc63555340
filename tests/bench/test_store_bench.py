"""The measurements of the store alone: tiny runs that check their own result, and that notice wrong books."""

from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from bench import BenchError, availability, drafts, together
from bench.invented import offers, orders, take_in
from erp.autoship import ship_released
from erp.database import make_sessions
from erp.merchant_seed import Size, seed_merchant
from erp.tables import Integration


def test_drafts_are_decided_and_booked_in_three_sizes() -> None:
    result = drafts.measure(drafts=60)
    assert [size.drafts for size in result.sizes] == [6, 20, 60]
    assert all(size.booked_per_second > 0 for size in result.sizes)
    assert "booked" in result.text()


def test_eight_processes_at_once_leave_the_books_right() -> None:
    result = together.measure(processes=8, seconds=8)
    assert result.orders > 50 and result.shipments > 20 and result.invoices > 20
    assert result.lowest_level >= 0
    assert result.done.keys() >= {"imports", "auto-ships", "invoicings", "receipts", "cancellations", "returns"}


@pytest.fixture
def sessions(engine: object, session: Session) -> sessionmaker[Session]:
    """A store with a few shipped orders."""
    made = make_sessions(session.get_bind())  # type: ignore[arg-type]
    with made.begin() as own:
        seed_merchant(own, Size(articles=40, customers=0))
        own.add(Integration(id="bench", connector="bench", name="Bench"))
    with made.begin() as own:
        take_in(own, orders(10, offers(own), Random(1), "x"))
    with made.begin() as own:
        ship_released(own, 100)
    return made


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE stock_level SET physical = physical + 1 WHERE article_id = (SELECT min(article_id) FROM stock_level)", "not the sum"),
        ("UPDATE number_range SET next_value = next_value + 1 WHERE kind = 'order'", "range order"),
        ("UPDATE sales_order_line SET shipped = shipped + 1 WHERE shipped > 0", "lines shipped beyond"),
        ("UPDATE sales_order SET paid = paid + 1 WHERE id = (SELECT min(id) FROM sales_order)", "payments do not add up"),
        ("UPDATE sales_order SET total = total + 1 WHERE id = (SELECT min(id) FROM sales_order)", "not the sum of their lines"),
        ("DELETE FROM stock_movement WHERE reason = 'shipment'", "moved other stock"),
    ],
)  # fmt: skip
def test_wrong_books_are_noticed(sessions: sessionmaker[Session], harm: str, complaint: str) -> None:
    with sessions() as session:
        session.execute(text(harm))
        with pytest.raises(BenchError, match=complaint):
            together._judge(session, [], 1, 1.0)


def test_made_up_orders_state_what_their_lines_give(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        made = orders(50, offers(session), Random(2), "y")
    assert all(order.stated.total == order.computed_total > Decimal(5) for order in made)


def test_every_quantity_is_computed_in_three_sizes_and_compared() -> None:
    result = availability.measure(articles=800)
    assert [size.articles for size in result.sizes] == [80, 240, 800]
    assert "every quantity as expected" in result.text()


def test_a_wrong_quantity_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "SETTINGS", availability.SETTINGS.model_copy(update={"apply_correction": False}))
    with pytest.raises(BenchError, match="quantities are wrong"):
        availability.measure(articles=100)
