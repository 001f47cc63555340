"""Money in and out: parts, gift cards, too much, refunds in two steps, and what the channel says (D§2.8, D§10.4, D§10.5)."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from canonical.failure import FailureError
from erp.order_money import money_of
from erp.payments import (
    ChannelPayment,
    execute_refund,
    fail_refund,
    mark_paid,
    note_paid_in_channel,
    note_refund_in_channel,
    open_refund,
    record_payment,
    refund_excess,
    release_refund,
)
from erp.tables import Payment
from tests.erp.order_life_kit import NOW, OrderKit


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    shop.article("A-1")
    return OrderKit(session, shop)


def test_an_order_is_paid_in_parts(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    record_payment(session, order.id, D("5.00"), "bank 1", NOW, "jo", method_code="paypal")
    assert (order.payment_state, order.paid, order.paid_at) == ("partial", D("5.00"), None)
    record_payment(session, order.id, D("9.90"), "bank 2", NOW, "jo")
    assert (order.payment_state, order.paid, order.paid_at) == ("paid", D("14.90"), NOW)
    assert kit.events(order) == ["payment", "paid"]


def test_a_payment_with_the_same_reference_is_recorded_once(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    first = record_payment(session, order.id, D("5.00"), "bank 1", NOW, "jo")
    again = record_payment(session, order.id, D("5.00"), " bank 1 ", NOW, "jo")
    assert (first.id, order.paid) == (again.id, D("5.00"))


def test_a_redeemed_gift_card_is_a_payment_and_the_total_stays(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    record_payment(session, order.id, D("10.00"), "card", NOW, "jo", kind="gift_card")
    assert (order.payment_state, order.total) == ("partial", D("14.90"))
    mark_paid(session, order.id, NOW, "jo")
    assert session.exec(select(col(Payment.amount)).where(Payment.kind == "payment")).one() == D("4.90")


def test_more_than_is_owed_is_shown_and_can_go_back(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    record_payment(session, order.id, D("14.90"), "bank", NOW, "jo")
    record_payment(session, order.id, D("5.10"), "bank again", NOW + timedelta(days=1), "jo")
    assert order.paid_at == NOW
    assert (order.payment_state, money_of(session, [order.id])[order.id].excess) == ("paid", D("5.10"))
    assert "overpaid" in kit.events(order)
    refund_excess(session, order.id, "jo")
    assert refund_excess(session, order.id, "jo") is None
    assert kit.refunds(order) == [(D("5.10"), "open")]


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "100000000.00"])
def test_an_amount_that_is_no_money_is_refused(session: Session, kit: Any, amount: str) -> None:
    order = kit.order({"A-1": 1})
    with pytest.raises(FailureError, match="AMOUNT_INVALID"):
        record_payment(session, order.id, D(amount), "bank", NOW, "jo")


def test_an_unknown_payment_method_is_refused(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    with pytest.raises(FailureError, match="MASTER_DATA_MISSING"):
        record_payment(session, order.id, D(1), "bank", NOW, "jo", method_code="moon")


def test_marking_as_paid_records_the_rest_and_keeps_the_moment(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="4.90")
    mark_paid(session, order.id, NOW, "jo")
    mark_paid(session, order.id, NOW + timedelta(days=1), "jo")
    assert (order.payment_state, order.paid, order.paid_at) == ("paid", D("14.90"), NOW)
    assert sorted(session.exec(select(col(Payment.amount)))) == [D("4.90"), D("10.00")]


def test_a_refund_is_opened_released_and_executed_and_only_then_the_money_is_gone(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="14.90")
    refund: Any = open_refund(session, order.id, D("14.90"), "GS1", "jo")
    assert open_refund(session, order.id, D("14.90"), "GS1", "jo").id == refund.id
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        execute_refund(session, refund.id, "jo")
    release_refund(session, refund.id, "jo")
    assert (order.payment_state, order.paid) == ("paid", D("14.90"))
    execute_refund(session, refund.id, "jo", NOW)
    execute_refund(session, refund.id, "jo", NOW)
    assert (order.payment_state, order.paid, refund.executed_at) == ("refunded", D("0.00"), NOW)
    assert kit.events(order) == ["refund_opened", "refund_released", "refund_executed"]


def test_a_refund_that_failed_is_released_again(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="14.90")
    refund: Any = open_refund(session, order.id, D("5.00"), "GS1", "jo")
    fail_refund(session, refund.id, "account closed", "jo")
    assert (refund.state, refund.note) == ("failed", "account closed")
    assert money_of(session, [order.id])[order.id].refundable == D("14.90")
    release_refund(session, refund.id, "jo")
    execute_refund(session, refund.id, "jo")
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        fail_refund(session, refund.id, "", "jo")


def test_no_more_goes_back_than_came_in(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="14.90")
    open_refund(session, order.id, D("10.00"), "GS1", "jo")
    with pytest.raises(FailureError, match="AMOUNT_INVALID") as refused:
        open_refund(session, order.id, D("5.00"), "GS2", "jo")
    assert refused.value.failure.params["most"] == "4.90"


def test_a_part_that_went_back_does_not_make_an_order_unpaid(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2}, paid="24.90")
    refund: Any = open_refund(session, order.id, D("10.00"), "GS1", "jo")
    release_refund(session, refund.id, "jo")
    execute_refund(session, refund.id, "jo")
    assert (order.payment_state, order.paid) == ("paid", D("14.90"))


def test_what_is_no_refund_is_a_lookup_error(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="14.90")
    payment: Any = session.exec(select(col(Payment.id)).where(Payment.order_id == order.id)).one()
    for unknown in (payment, 4711):
        with pytest.raises(LookupError):
            release_refund(session, unknown, "jo")


def test_the_channel_says_that_orders_are_paid_by_now_in_a_fixed_number_of_statements(
    session: Session, kit: Any
) -> None:
    orders = [kit.order({"A-1": 1}) for _ in range(6)]

    def paid(order: Any) -> ChannelPayment:
        return ChannelPayment(order.id, f"T-{order.id}", NOW, D("14.90"))

    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    note_paid_in_channel(session, [ChannelPayment(orders[0].id, "T-0", NOW, D("14.90"))])
    few = len(said)
    note_paid_in_channel(session, [paid(order) for order in orders[1:]])
    assert len(said) == 2 * few
    assert {kit.fresh(order).payment_state for order in orders} == {"paid"}
    assert set(session.exec(select(col(Payment.origin)))) == {"channel"}
    note_paid_in_channel(session, [paid(order) for order in orders])
    assert len(session.exec(select(Payment)).all()) == 6
    assert kit.events(orders[0]) == ["paid"]


def test_the_rest_that_the_channel_says_is_paid_is_a_payment_beside_the_first(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="4.90")
    for came in ("4.90", "9.90", "9.90", "14.90"):
        note_paid_in_channel(session, [ChannelPayment(order.id, "import", NOW, D(came))])
    assert kit.fresh(order).payment_state == "paid"
    assert sorted(session.exec(select(col(Payment.amount)))) == [D("4.90"), D("5.00"), D("5.00")]
    assert kit.events(order) == ["paid"]


def test_a_refund_made_in_the_shop_is_recorded_as_done_and_never_reported_back(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, paid="14.90")
    for _ in range(2):
        note_refund_in_channel(session, order.id, D("20.00"), "channel 20", "jo")
    refund = session.exec(select(Payment).where(Payment.kind == "refund")).one()
    assert (refund.amount, refund.state, refund.origin) == (D("14.90"), "executed", "channel")
    assert kit.fresh(order).payment_state == "refunded"
