"""The life of an order: holds with reasons, cancelling of orders, parts and rests, and what money makes of it (D§10.5)."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from canonical.failure import FailureError
from erp.cancellation import cancel_lines, cancel_locked, cancel_order, cancel_rest
from erp.documents import issue_invoices
from erp.orders import add_note, hold_order, lift_holds, lock_orders
from erp.shipping import ship_order
from erp.tables import Article, Document, Link, Shipment
from tests.erp.order_life_kit import OrderKit


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    for number in ("A-1", "A-2"):
        shop.listed(number)
    return OrderKit(session, shop)


# --- holds and notes ------------------------------------------------------------------------------------------------


def test_an_order_is_held_for_a_named_reason_and_each_hold_is_lifted_alone(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, holds=["X"])
    for _ in range(2):
        hold_order(session, order.id, " Kunde ruft zurück ", "jo")
    assert (order.holds, order.autoship) == (["X", "hold_by_hand:Kunde ruft zurück"], False)
    lift_holds(session, order.id, ["X"], "jo")
    assert not order.autoship
    lift_holds(session, order.id, ["hold_by_hand:Kunde ruft zurück"], "jo")
    assert (order.holds, order.autoship) == ([], True)
    assert kit.events(order) == ["held", "hold_lifted", "hold_lifted"]


def test_what_has_left_is_not_held(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, fulfilment_state="shipped")
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        hold_order(session, order.id, "late", "jo")


def test_a_note_goes_to_the_internal_label_and_not_into_the_journal(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1}, internal_label="first")
    add_note(session, order.id, " Frau Meier rief an ", "jo")
    assert order.internal_label == "first\nFrau Meier rief an"
    assert kit.events(order) == ["noted"]


# --- the whole order ------------------------------------------------------------------------------------------------


def test_a_paid_order_that_is_cancelled_opens_the_refund_of_all_that_came_in(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2}, paid="24.90")
    cancel_order(session, order.id, "jo", "Kunde will nicht mehr")
    cancel_order(session, order.id, "jo", "again")
    assert (order.is_cancelled, order.cancel_reason, order.total) == (True, "Kunde will nicht mehr", D("24.90"))
    assert kit.refunds(order) == [(D("24.90"), "open")]
    assert kit.reserved(order) == 0
    assert {line.cancelled for line in kit.lines(order).values() if line.kind == "article"} == {D(2)}
    assert kit.reports() == [order.number]
    assert kit.events(order) == ["cancelled", "refund_opened"]


def test_an_unpaid_order_that_is_cancelled_owes_nothing_and_refunds_nothing(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2})
    cancel_order(session, order.id, "jo")
    assert (order.payment_state, kit.refunds(order)) == ("open", [])


@pytest.mark.parametrize("state", ["packed", "partial", "shipped", "returned"])
def test_an_order_of_which_something_has_left_is_not_cancelled(session: Session, kit: Any, state: str) -> None:
    order = kit.order({"A-1": 2}, fulfilment_state=state)
    with pytest.raises(FailureError) as refused:
        cancel_order(session, order.id, "jo")
    assert refused.value.failure.params == {"state": "partly shipped" if state == "partial" else state}


def test_many_orders_are_cancelled_in_a_fixed_number_of_statements(session: Session, kit: Any) -> None:
    orders = [kit.order({"A-1": 1}, paid="14.90") for _ in range(6)]
    ids = [order.id for order in orders]
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    cancel_locked(session, lock_orders(session, ids[:1]), "late", "jo")
    few = len(said)
    cancel_locked(session, lock_orders(session, ids[1:]), "late", "jo")
    assert len(said) == 2 * few
    assert all(kit.fresh(order).is_cancelled and kit.refunds(order) for order in orders)


# --- parts ----------------------------------------------------------------------------------------------------------


def test_a_part_is_cancelled_before_shipping_and_the_total_follows(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3, "A-2": 1}, paid="44.90")
    session.execute(Link.__table__.update().values(dirty_at=None))  # type: ignore[attr-defined]
    cancel_lines(session, order.id, {kit.line(order, "A-1"): D(2)}, "jo", "out of stock")
    assert (order.total, order.total_tax, order.channel_total) == (D("24.90"), D("3.98"), D("44.90"))
    assert (order.is_cancelled, order.fulfilment_state, kit.reserved(order)) == (False, "open", D(2))
    assert kit.refunds(order) == [(D("20.00"), "open")]
    assert order.payment_state == "paid"
    dirty = session.exec(select(Link.record).where(Link.kind == "stock", col(Link.dirty_at).is_not(None))).all()
    assert dirty == ["A-1"]
    assert kit.events(order) == ["lines_cancelled", "refund_opened"]


def test_a_discount_shrinks_with_the_goods_it_was_given_on(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3, "A-2": 1})
    kit.extra(order, "discount", D("-4.00"))
    kit.sum_up(order)
    cancel_lines(session, order.id, {kit.line(order, "A-1"): D(2)}, "jo")
    assert order.total == D("20.00") - D("2.00") + D("4.90")


def test_a_smaller_total_can_make_a_part_payment_enough(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2}, paid="14.90")
    assert order.payment_state == "partial"
    cancel_lines(session, order.id, {kit.line(order, "A-1"): D(1)}, "jo")
    assert (order.payment_state, kit.refunds(order)) == ("paid", [])
    assert kit.events(order) == ["lines_cancelled", "paid"]


def test_cancelling_all_goods_is_cancelling_the_order(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1, "A-2": 1}, paid="24.90")
    cancel_lines(session, order.id, {kit.line(order, "A-1"): D(1)}, "jo")
    cancel_lines(session, order.id, {kit.line(order, "A-2"): D(1)}, "jo")
    session.refresh(order)
    assert order.is_cancelled
    assert sum(amount for amount, _ in kit.refunds(order)) == D("24.90")


def test_postage_can_be_cancelled_and_a_discount_cannot(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 1})
    discount = kit.extra(order, "discount", D("-1.00"))
    postage = kit.lines(order)["shipping"]
    with pytest.raises(LookupError):
        cancel_lines(session, order.id, {discount.id: D(1)}, "jo")
    cancel_lines(session, order.id, {postage.id: D(1)}, "jo")
    assert order.total == D("9.00")


@pytest.mark.parametrize("quantity", ["0", "-1", "4", "1.5"])
def test_a_quantity_that_is_not_open_is_not_cancelled(session: Session, kit: Any, quantity: str) -> None:
    order = kit.order({"A-1": 3})
    with pytest.raises(FailureError, match="QUANTITY_INVALID"):
        cancel_lines(session, order.id, {kit.line(order, "A-1"): D(quantity)}, "jo")


def test_components_go_with_their_bundle_and_a_surcharge_with_its_goods(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2, "A-2": 1})
    head, other = kit.lines(order)["Article A-1"], kit.lines(order)["Article A-2"]
    part = kit.extra(
        order, "component", D(0), parent_id=head.id, title="part", quantity=D(6), article_id=other.article_id
    )
    kit.extra(order, "surcharge", D("3.00"), parent_id=head.id, title="gift wrap")
    kit.sum_up(order)
    cancel_lines(session, order.id, {head.id: D(1)}, "jo")
    assert kit.fresh(part).cancelled == 3
    assert kit.lines(order)["gift wrap"].cancelled == 0
    cancel_lines(session, order.id, {head.id: D(1)}, "jo")
    assert (kit.fresh(part).cancelled, kit.lines(order)["gift wrap"].cancelled) == (6, 1)
    assert order.total == D("14.90")


def test_a_bundle_of_which_a_part_has_left_is_not_cancelled(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2, "A-2": 1})
    head, other = kit.lines(order)["Article A-1"], kit.lines(order)["Article A-2"]
    given = {"parent_id": head.id, "quantity": D(4), "article_id": other.article_id, "shipped": D(1)}
    kit.extra(order, "component", D(0), **given)
    with pytest.raises(FailureError, match="QUANTITY_INVALID"):
        cancel_lines(session, order.id, {head.id: D(2)}, "jo")
    cancel_lines(session, order.id, {head.id: D(1)}, "jo")


# --- the rest after a part has left ---------------------------------------------------------------------------------


def test_the_rest_is_cancelled_after_a_part_and_the_order_is_complete_and_invoiced(session: Session, kit: Any) -> None:
    kit.fill(10, "A-1", "A-2")
    order = kit.order({"A-1": 3, "A-2": 1}, paid="44.90")
    ship_order(session, order.id, [], "jo", lines={kit.line(order, "A-1"): D(1)})
    assert (order.fulfilment_state, session.exec(select(Document)).all()[1:]) == ("partial", [])
    session.execute(Link.__table__.update().values(dirty_at=None))  # type: ignore[attr-defined]
    cancel_rest(session, order.id, "jo", "sold out")
    assert (order.fulfilment_state, order.is_cancelled, order.total) == ("shipped", False, D("14.90"))
    invoice = session.exec(select(Document).where(Document.kind == "invoice")).one()
    assert (invoice.order_id, invoice.total) == (order.id, D("14.90"))
    assert kit.refunds(order) == [(D("30.00"), "open")]
    assert kit.reserved(order) == 0
    shipment = session.exec(select(Shipment)).one()
    assert (shipment.completes_order, sorted(kit.reports())) == (True, sorted([order.number, shipment.number]))


def test_a_change_that_leaves_nothing_to_ship_completes_the_order(session: Session, kit: Any) -> None:
    kit.fill(10, "A-1", "A-2")
    order = kit.order({"A-1": 1, "A-2": 1})
    ship_order(session, order.id, [], "jo", lines={kit.line(order, "A-1"): D(1)})
    cancel_lines(session, order.id, {kit.line(order, "A-2"): D(1)}, "jo")
    assert order.fulfilment_state == "shipped"


def test_the_rest_of_an_open_or_shipped_order_is_no_rest(session: Session, kit: Any) -> None:
    kit.fill(10, "A-1")
    order = kit.order({"A-1": 1})
    for _ in range(2):
        with pytest.raises(FailureError, match="STATE_FORBIDS"):
            cancel_rest(session, order.id, "jo")
        if order.fulfilment_state == "open":
            ship_order(session, order.id, [], "jo")


def test_a_bundle_that_left_in_part_keeps_its_price_when_the_rest_is_cancelled(session: Session, kit: Any) -> None:
    kit.shop.listed("SET", is_stock_article=False)
    kit.fill(10, "A-1", "A-2")
    order = kit.order({"SET": 2})
    head = kit.lines(order)["Article SET"]
    for number in ("A-1", "A-2"):
        article_id = session.exec(select(Article.id).where(Article.number == number)).one()
        kit.extra(order, "component", D(0), parent_id=head.id, title=number, quantity=D(2), article_id=article_id)
    ship_order(session, order.id, [], "jo", lines={kit.lines(order)["A-1"].id: D(1)})
    cancel_rest(session, order.id, "jo")
    lines = kit.lines(order)
    assert (lines["Article SET"].cancelled, lines["A-1"].cancelled, lines["A-2"].cancelled) == (1, 1, 2)
    assert (order.total, order.fulfilment_state) == (D("14.90"), "shipped")


def test_an_invoice_covers_what_was_not_cancelled(session: Session, kit: Any) -> None:
    kit.fill(10, "A-1")
    order = kit.order({"A-1": 3})
    cancel_lines(session, order.id, {kit.line(order, "A-1"): D(1)}, "jo")
    ship_order(session, order.id, [], "jo")
    document_id = issue_invoices(session, [order.id], "jo")[order.id]
    assert session.get(Document, document_id).total == order.total == D("24.90")  # type: ignore[union-attr]
