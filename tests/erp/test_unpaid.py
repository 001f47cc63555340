"""Unpaid orders are followed until they are paid or expire: reminded once, then cancelled, their goods free again (D§10.4)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from activities.house import STEPS
from activities.schedules import HOUSE
from canonical.runs import UNPAID, HouseDone
from erp.payments import mark_paid
from erp.tables import Link, Mail
from erp.unpaid import follow_unpaid
from tests.erp.order_life_kit import ADDRESS, NOW, OrderKit

EARLIER = NOW - timedelta(days=7)


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    shop.listed("A-1")
    shop.paypal.remind_days = 5
    return OrderKit(session, shop)


def mails(session: Session) -> list[tuple[str, int | None, str]]:
    return [(mail.kind, mail.order_id, mail.recipient) for mail in session.exec(select(Mail).order_by(col(Mail.id)))]


def test_the_buyer_of_an_unpaid_order_is_reminded_once(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, ordered_at=EARLIER, language="en")
    assert follow_unpaid(session, 10, NOW).done == 1
    assert follow_unpaid(session, 10, NOW + timedelta(days=9)).done == 0
    assert mails(session) == [("payment_reminder", order.id, "jo@example.org")]
    assert session.exec(select(col(Mail.language))).one() == "en"
    assert (kit.fresh(order).reminded_at, kit.events(order)) == (NOW, ["reminded"])


@pytest.mark.parametrize(
    "values",
    [
        {"ordered_at": NOW - timedelta(days=4)},
        {"ordered_at": EARLIER, "is_cancelled": True},
        {"ordered_at": EARLIER, "fulfilled_by": "channel"},
        {"ordered_at": EARLIER, "is_pos": True},
        {"ordered_at": EARLIER, "reminded_at": EARLIER},
    ],
)
def test_who_has_no_reason_is_not_reminded(session: Session, kit: Any, values: Any) -> None:
    kit.order({"A-1": 1}, **values)
    assert follow_unpaid(session, 10, NOW).done == 0
    assert mails(session) == []


def test_a_paid_order_is_not_followed_any_more(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, ordered_at=EARLIER, expires_at=EARLIER)
    mark_paid(session, order.id, NOW, "jo")
    assert follow_unpaid(session, 10, NOW).done == 0


def test_a_method_without_days_never_reminds(session: Session, kit: Any) -> None:
    kit.order({"A-1": 1}, ordered_at=EARLIER, payment_method_id=kit.shop.invoice.id)
    assert follow_unpaid(session, 10, NOW).done == 0


def test_a_buyer_without_an_address_for_mail_is_not_reminded_but_the_order_expires(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, ordered_at=EARLIER, expires_at=NOW, billing=ADDRESS | {"email": ""})
    follow_unpaid(session, 10, NOW - timedelta(minutes=1))
    assert (mails(session), kit.events(order)) == ([], [])
    follow_unpaid(session, 10, NOW)
    assert kit.fresh(order).is_cancelled


def test_an_unpaid_order_expires_and_its_goods_are_free_again(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2}, expires_at=NOW)
    session.execute(Link.__table__.update().values(dirty_at=None))  # type: ignore[attr-defined]
    assert follow_unpaid(session, 10, NOW - timedelta(seconds=1)).done == 0
    assert follow_unpaid(session, 10, NOW).done == 1
    order = kit.fresh(order)
    assert (order.is_cancelled, order.cancel_reason, kit.reserved(order)) == (True, "UNPAID_EXPIRED", 0)
    assert kit.reports() == [order.number]
    assert session.exec(select(Link.dirty_at).where(Link.kind == "stock")).one()


def test_an_order_that_expires_now_is_not_reminded_any_more(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, ordered_at=EARLIER, expires_at=NOW)
    assert follow_unpaid(session, 10, NOW).done == 1
    assert (mails(session), kit.fresh(order).is_cancelled) == ([], True)


@pytest.mark.parametrize("values", [{"paid": "5.00"}, {"fulfilment_state": "shipped"}, {"fulfilment_state": "packed"}])
def test_money_in_part_and_goods_that_left_are_for_a_person(session: Session, kit: Any, values: Any) -> None:
    order = kit.order({"A-1": 1}, expires_at=NOW, **values)
    assert follow_unpaid(session, 10, NOW).done == 0
    assert not kit.fresh(order).is_cancelled


def test_many_orders_are_followed_in_batches_of_a_fixed_number_of_statements(session: Session, kit: Any) -> None:
    for _ in range(6):
        kit.order({"A-1": 1}, expires_at=NOW)
        kit.order({"A-1": 1}, ordered_at=EARLIER)
    session.expunge_all()
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    assert follow_unpaid(session, 1, NOW) == HouseDone(done=2, left=True)
    few = len(said)
    assert follow_unpaid(session, 10, NOW).done == 10
    assert len(said) == 2 * few
    assert not follow_unpaid(session, 10, NOW).left


def test_the_house_follows_unpaid_orders_every_hour() -> None:
    assert UNPAID in STEPS
    assert HOUSE[UNPAID] == timedelta(hours=1)
