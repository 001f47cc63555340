"""Returns: announced, received into stock or not, settled with a credit note and a refund; never more than left (D§10.5)."""

from decimal import Decimal as D
from typing import Any

import pytest
from sqlmodel import Session, col, select

from canonical.failure import FailureError
from erp.documents import issue_invoices
from erp.payments import execute_refund, release_refund
from erp.returns import ReceivedLine, announce_return, cancel_return, receive_return, returnable, settle_return
from erp.shipping import ship_order
from erp.tables import Article, Document, Link, Payment, ReturnLine, StockMovement
from tests.erp.order_life_kit import OrderKit

BACK = ReceivedLine(quantity=D(1), warehouse="MAIN")


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    made = OrderKit(session, shop)
    for number in ("A-1", "A-2"):
        shop.listed(number)
    made.fill(10, "A-1", "A-2")
    return made


def shipped(kit: Any, lines: dict[str, int], **values: Any) -> Any:
    """An order that has left, with its invoice."""
    order = kit.order(lines, **values)
    ship_order(kit.session, order.id, [], "jo")
    issue_invoices(kit.session, [order.id], "jo")
    return kit.fresh(order)


def test_a_return_comes_into_stock_and_is_settled_with_credit_note_and_refund(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 3}, paid="34.90")
    line = kit.line(order, "A-1")
    session.execute(Link.__table__.update().values(dirty_at=None))  # type: ignore[attr-defined]
    found: Any = announce_return(session, order.id, {line: D(2)}, "too small", "jo")
    assert (found.state, found.number[:2], kit.physical(_article(session, "A-1"))) == ("announced", "RT", 7)
    receive_return(session, found.id, {line: ReceivedLine(quantity=D(2), warehouse="MAIN", condition="as new")}, "jo")
    assert (found.state, kit.physical(_article(session, "A-1"))) == ("received", 9)
    movement: Any = session.exec(select(StockMovement).where(StockMovement.reason == "return")).one()
    assert (movement.reference, movement.quantity, movement.actor) == (found.number, 2, "jo")
    assert session.exec(select(Link.dirty_at).where(Link.record == "A-1")).one()
    settle_return(session, found.id, "jo")
    note = session.exec(select(Document).where(Document.kind == "credit_note")).one()
    assert (note.return_id, note.total) == (found.id, D("20.00"))
    refund: Any = session.exec(select(Payment).where(Payment.kind == "refund")).one()
    assert (refund.amount, refund.reference, refund.document_id, refund.state) == (
        D("20.00"),
        note.number,
        note.id,
        "open",
    )
    release_refund(session, refund.id, "jo")
    execute_refund(session, refund.id, "jo")
    assert (order.payment_state, order.paid, order.fulfilment_state) == ("paid", D("14.90"), "shipped")
    steps = [
        "return_announced",
        "return_received",
        "refund_opened",
        "return_settled",
        "refund_released",
        "refund_executed",
    ]
    assert [event for event in kit.events(order) if event in steps] == steps


def test_an_order_is_returned_once_all_of_it_came_back(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 1, "A-2": 1})
    for number in ("A-1", "A-2"):
        line = kit.line(order, number)
        assert order.fulfilment_state == "shipped"
        found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo")
        receive_return(session, found.id, {line: BACK}, "jo")
    assert order.fulfilment_state == "returned"


def test_damaged_goods_come_back_and_not_into_stock(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 1})
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo")
    receive_return(session, found.id, {line: ReceivedLine(quantity=D(1), restocks=False, condition="broken")}, "jo")
    assert kit.physical(_article(session, "A-1")) == 9
    row = session.exec(select(ReturnLine)).one()
    assert (row.restocks, row.condition, row.warehouse_id) == (False, "broken", None)


def test_never_more_comes_back_than_has_left(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 3})
    line = kit.line(order, "A-1")
    announce_return(session, order.id, {line: D(2)}, "", "jo")
    assert returnable(session, order.id) == {line: D(1)}
    with pytest.raises(FailureError, match="RETURN_EXCEEDED") as refused:
        announce_return(session, order.id, {line: D(2)}, "", "jo")
    assert refused.value.failure.params == {"line": "Article A-1", "quantity": "2", "left": "1"}


@pytest.mark.parametrize("quantity", ["0", "-1", "0.5"])
def test_a_quantity_that_cannot_come_back_is_refused(session: Session, kit: Any, quantity: str) -> None:
    order = shipped(kit, {"A-1": 3})
    with pytest.raises(FailureError, match="RETURN_EXCEEDED"):
        announce_return(session, order.id, {kit.line(order, "A-1"): D(quantity)}, "", "jo")


def test_a_return_of_nothing_or_of_what_is_no_goods_is_refused(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 3})
    with pytest.raises(FailureError, match="RETURN_EXCEEDED"):
        announce_return(session, order.id, {}, "", "jo")
    with pytest.raises(FailureError, match="RETURN_EXCEEDED"):
        announce_return(session, order.id, {kit.lines(order)["shipping"].id or 0: D(1)}, "", "jo")
    with pytest.raises(LookupError):
        announce_return(session, order.id, {4711: D(1)}, "", "jo")


def test_what_has_not_left_is_no_return(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3})
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        announce_return(session, order.id, {kit.line(order, "A-1"): D(1)}, "", "jo")


def test_less_may_come_than_was_announced_but_not_more_and_not_nothing(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 3, "A-2": 1})
    one, two = kit.line(order, "A-1"), kit.line(order, "A-2")
    found: Any = announce_return(session, order.id, {one: D(2), two: D(1)}, "", "jo")
    session.commit()
    for wrong in ({one: ReceivedLine(quantity=D(3), warehouse="MAIN")}, {one: ReceivedLine(quantity=D(0))}):
        with pytest.raises(FailureError, match="RETURN_EXCEEDED"):
            receive_return(session, found.id, wrong, "jo")
        session.rollback()
    receive_return(session, found.id, {one: BACK}, "jo")
    assert session.exec(select(col(ReturnLine.order_line_id), col(ReturnLine.quantity))).all() == [(one, D(1))]
    assert returnable(session, order.id) == {one: D(2), two: D(1)}


def test_a_return_is_received_once_and_a_received_one_is_not_called_off(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 3})
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(2)}, "", "jo")
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        settle_return(session, found.id, "jo")
    receive_return(session, found.id, {line: BACK}, "jo")
    for step in (
        lambda: receive_return(session, found.id, {line: BACK}, "jo"),
        lambda: cancel_return(session, found.id, "jo"),
    ):
        with pytest.raises(FailureError, match="STATE_FORBIDS"):
            step()
    assert kit.physical(_article(session, "A-1")) == 8


def test_an_announced_return_is_called_off_and_can_be_announced_again(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 1})
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo")
    cancel_return(session, found.id, "jo")
    assert (found.state, returnable(session, order.id)) == ("cancelled", {line: D(1)})


def test_an_unknown_warehouse_and_an_unknown_return_are_refused(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 1})
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo")
    with pytest.raises(FailureError, match="MASTER_DATA_MISSING"):
        receive_return(session, found.id, {line: ReceivedLine(quantity=D(1), warehouse="MOON")}, "jo")
    with pytest.raises(LookupError):
        cancel_return(session, 4711, "jo")


def test_what_was_never_paid_is_credited_and_not_refunded(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 2}, payment_method_id=kit.shop.invoice.id)
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo")
    receive_return(session, found.id, {line: BACK}, "jo")
    settle_return(session, found.id, "jo")
    assert session.exec(select(col(Document.total)).where(Document.kind == "credit_note")).one() == D("10.00")
    assert (kit.refunds(order), kit.fresh(order).payment_state) == ([], "open")


def test_the_postage_is_given_back_where_the_return_says_so(session: Session, kit: Any) -> None:
    order = shipped(kit, {"A-1": 1}, paid="14.90")
    line = kit.line(order, "A-1")
    found: Any = announce_return(session, order.id, {line: D(1)}, "", "jo", refunds_shipping=True)
    receive_return(session, found.id, {line: BACK}, "jo")
    settle_return(session, found.id, "jo")
    assert kit.refunds(order) == [(D("14.90"), "open")]


def test_a_bundle_comes_back_as_its_components(session: Session, kit: Any) -> None:
    kit.shop.listed("SET", is_stock_article=False)
    order = kit.order({"SET": 1}, paid="14.90")
    head = kit.lines(order)["Article SET"]
    parts = [
        kit.extra(order, "component", D(0), parent_id=head.id, title=number, article_id=_article(session, number).id)
        for number in ("A-1", "A-2")
    ]
    ship_order(session, order.id, [], "jo")
    assert returnable(session, order.id) == {part.id: D(1) for part in parts}
    found: Any = announce_return(session, order.id, {part.id: D(1) for part in parts}, "", "jo")
    receive_return(session, found.id, {part.id: BACK for part in parts}, "jo")
    assert kit.fresh(order).fulfilment_state == "returned"
    issue_invoices(session, [order.id], "jo")
    settle_return(session, found.id, "jo")
    assert kit.refunds(order) == [(D("10.00"), "open")]


def _article(session: Session, number: str) -> Any:
    return session.exec(select(Article).where(Article.number == number)).one()
