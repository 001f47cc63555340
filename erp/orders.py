"""What people do with booked orders: cancel, release, mark as paid."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import journal
from erp.links import mark_stock_dirty
from erp.push_shipments import Report, mark_reports
from erp.tables import Order, OrderLine, Reservation


def lock_order(session: Session, order_id: int) -> Order:
    """Load an order and hold it until the transaction ends; raises `LookupError`."""
    query = select(Order).where(col(Order.id) == order_id).with_for_update().execution_options(populate_existing=True)
    order = session.exec(query).one_or_none()
    if order is None:
        raise LookupError(order_id)
    return order


def cancel_order(session: Session, order_id: int, by: str) -> None:
    """Cancel an order: gives its reservations back, marks its articles' stock and its report as to be sent.

    Cancelling twice changes nothing. Raises `FailureError` STATE_FORBIDS when something has shipped (D§10.5).
    """
    order = lock_order(session, order_id)
    if order.is_cancelled:
        return
    if order.fulfilment_state != "open":
        raise FailureError(Failure.of("STATE_FORBIDS", state=order.fulfilment_state))
    order.is_cancelled = True
    session.add(order)
    session.flush()
    session.execute(delete(Reservation).where(col(Reservation.order_id) == order_id))
    lines = select(OrderLine.article_id).where(
        col(OrderLine.order_id) == order_id, col(OrderLine.article_id).is_not(None)
    )
    mark_stock_dirty(session, {article_id for article_id in session.exec(lines) if article_id is not None})
    mark_reports(session, [Report(order.integration_id, order.number, order_id)])
    _note(session, order, "cancelled", by, number=order.number)


def lift_holds(session: Session, order_id: int, holds: Collection[str], by: str) -> None:
    """Take holds off an order; holds it does not have are passed over.

    Lifting the last one is a person's release: auto-ship, which the holds had stopped, may take the order.
    """
    order = lock_order(session, order_id)
    lifted = [hold for hold in order.holds if hold in holds]
    if not lifted:
        return
    order.holds = [hold for hold in order.holds if hold not in holds]
    order.autoship = order.autoship or not order.holds
    session.add(order)
    session.flush()
    _note(session, order, "hold_lifted", by, holds=", ".join(lifted))


def mark_paid(session: Session, order_id: int, at: datetime, by: str) -> None:
    """Note that an order is paid, so that auto-ship may take it; an order that is paid keeps its moment."""
    order = lock_order(session, order_id)
    if order.payment_state == "paid":
        return
    order.payment_state, order.paid_at = "paid", at
    session.add(order)
    session.flush()
    _note(session, order, "paid", by, number=order.number)


def set_autoship(session: Session, order_id: int, autoship: bool, by: str) -> None:
    """Let auto-ship take an order, or keep it from it; saying the same again changes nothing."""
    order = lock_order(session, order_id)
    if order.autoship == autoship:
        return
    order.autoship = autoship
    session.add(order)
    session.flush()
    _note(session, order, "autoship_on" if autoship else "autoship_off", by)


def _note(session: Session, order: Order, event: str, by: str, **params: Any) -> None:
    journal.write(
        session,
        [
            journal.event(
                order.integration_id,
                "orders",
                event,
                hop="hub_to_erp",
                status="info",
                record=order.external_id,
                params=params,
                actor=by,
            )
        ],
    )
