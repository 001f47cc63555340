"""Cancelling: a whole order before shipping, parts of it, or the rest after a part has left (D§10.5)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from canonical.failure import Failure, FailureError
from erp import completion, journal
from erp.deliveries import open_lines
from erp.links import mark_stock_dirty
from erp.order_money import money_of, settle
from erp.orders import event_of, lock_order, states_of, tell
from erp.payments import RefundWish, open_refunds, refund_excess
from erp.push_shipments import Report, mark_reports
from erp.rules.amounts import Amounts, LineAmounts, remaining, total_of
from erp.rules.cancelling import LineState, cancellable, follow, is_all, rest
from erp.rules.order_life import Action, Part, demand, move
from erp.tables import Article, Order, OrderLine, Shipment

LONGEST_REASON = 200


def cancel_order(session: Session, order_id: int, by: str, reason: str = "", *, tells_channel: bool = True) -> None:
    """Cancel an order of which nothing has left, with the reason; money that came in opens a refund.

    Cancelling twice changes nothing. Raises `LookupError` and `FailureError` STATE_FORBIDS when something has left: the
    rest is cancelled with `cancel_rest`, and what left comes back as a return (D§10.5).
    """
    order = lock_order(session, order_id)
    if order.is_cancelled:
        return
    demand(Action.CANCEL, states_of(order))
    cancel_locked(session, [order], reason, by, tells_channel=tells_channel)
    session.refresh(order)


def cancel_locked(
    session: Session, orders: Sequence[Order], reason: str, by: str, *, tells_channel: bool = True
) -> None:
    """Cancel open orders that the caller holds, as one set.

    Gives reservations back, marks stock and reports as to be sent, opens refunds of money that came in, withdraws the
    orders from providers that have not got them yet, and writes the journal: a fixed number of statements.
    """
    if not orders:
        return
    for order in orders:
        move(Part.CANCELLATION, "cancelled" if order.is_cancelled else "live", "cancelled")
    ids = [order.id or 0 for order in orders]
    reports = [Report(order.integration_id, order.number, order.id or 0) for order in orders]
    told = [event_of(order, "cancelled", by, reason=reason) for order in orders]
    given = {"ids": ids, "reason": reason.strip()[:LONGEST_REASON]}
    for statement in (
        "UPDATE sales_order SET is_cancelled = true, cancel_reason = :reason WHERE id = ANY(:ids)",
        "DELETE FROM reservation WHERE order_id = ANY(:ids)",
        "UPDATE partner_order SET state = 'withdrawn' WHERE order_id = ANY(:ids) AND state = 'waiting'",
    ):
        session.execute(text(statement), given)
    articles = session.execute(
        text(
            "UPDATE sales_order_line SET cancelled = quantity - shipped WHERE order_id = ANY(:ids) RETURNING article_id"
        ),
        given,
    ).scalars()
    freed = {article_id for article_id in articles if article_id is not None}
    moneys = money_of(session, ids)
    wishes = [RefundWish(id, money.excess, "cancelled") for id, money in moneys.items() if money.excess]
    journal.write(session, told)
    open_refunds(session, orders, wishes, by)
    # Links come last in the order of locks.
    mark_stock_dirty(session, freed)
    if tells_channel:
        mark_reports(session, reports)
    session.expire_all()


def cancel_lines(
    session: Session,
    order_id: int,
    quantities: Mapping[int, Decimal],
    by: str,
    reason: str = "",
    *,
    tells_channel: bool = True,
) -> None:
    """Cancel quantities by line id that have not left: part cancellation, also of whole lines (D§10.5).

    Components follow their head, a surcharge follows goods that are gone whole. Reservations are given back, the total
    becomes the sum of what is left, and money beyond it opens a refund. Where nothing is left to ship the order is
    complete and invoiced; where no goods are left at all it is cancelled. Raises `LookupError` for an unknown order or
    line, and `FailureError`: STATE_FORBIDS, QUANTITY_INVALID.
    """
    order = lock_order(session, order_id)
    demand(Action.CHANGE, states_of(order))
    lines = lines_of(session, order_id)
    states = line_states(lines)
    left = cancellable(states)
    titles = {line.id: line.title for line, _ in lines}
    for line_id, quantity in quantities.items():
        if line_id not in left:
            raise LookupError(line_id)
        if not 0 < quantity <= left[line_id] or (quantity % 1 and not left[line_id] % 1):
            raise FailureError(Failure.of("QUANTITY_INVALID", line=titles[line_id], quantity=f"{quantity:f}"))
    gone = follow(states, quantities)
    if gone and is_all(states, gone):
        cancel_locked(session, [order], reason, by, tells_channel=tells_channel)
    elif gone:
        _cancel_parts(session, order, gone, by, reason, tells_channel=tells_channel)


def cancel_rest(session: Session, order_id: int, by: str, reason: str = "") -> None:
    """Cancel all that has not left of an order that was shipped in part, which makes it complete (D§10.5).

    Raises `LookupError` and `FailureError` STATE_FORBIDS.
    """
    order = lock_order(session, order_id)
    demand(Action.CANCEL_REST, states_of(order))
    gone = rest(line_states(lines_of(session, order_id)))
    _cancel_parts(session, order, gone, by, reason, tells_channel=True)


_GONE = text(
    """
    UPDATE sales_order_line l SET cancelled = l.cancelled + g.quantity
    FROM unnest(CAST(:lines AS bigint[]), CAST(:quantities AS numeric[])) AS g(line_id, quantity)
    WHERE l.id = g.line_id RETURNING l.article_id, l.title, g.quantity, l.kind
    """
)
_KEEP_LESS = text(
    """
    UPDATE reservation r SET quantity = least(r.quantity, l.quantity - l.cancelled - l.shipped)
    FROM sales_order_line l WHERE l.id = r.order_line_id AND l.id = ANY(:lines)
    """
)


def _cancel_parts(
    session: Session, order: Order, gone: Mapping[int, Decimal], by: str, reason: str, *, tells_channel: bool
) -> None:
    order_id = order.id or 0
    given = {"lines": list(gone), "quantities": list(gone.values())}
    rows = session.execute(_GONE, given).all()
    session.execute(_KEEP_LESS, given)
    session.execute(text("DELETE FROM reservation WHERE order_line_id = ANY(:lines) AND quantity <= 0"), given)
    named = ", ".join(f"{row.quantity.normalize():f} × {row.title}" for row in rows if row.kind != "component")
    tell(session, order, "lines_cancelled", by, lines=named, reason=reason.strip()[:LONGEST_REASON])
    recount(session, order, by)
    refund_excess(session, order_id, by)
    is_complete = order.fulfilment_state == "partial" and not open_lines(session, [order_id])[order_id]
    if is_complete:
        order.fulfilment_state = move(Part.FULFILMENT, order.fulfilment_state, "shipped")
        session.add(order)
        session.flush()
        completion.invoice(session, [order_id], by)
    # Links come last in the order of locks.
    mark_stock_dirty(session, {row.article_id for row in rows if row.article_id is not None})
    if tells_channel:
        mark_reports(session, [Report(order.integration_id, order.number, order_id)])
    if is_complete:
        _report_complete(session, order)


def _report_complete(session: Session, order: Order) -> None:
    """Tell the channel that the shipment that was reported last has completed the order after all."""
    query = select(Shipment).where(col(Shipment.order_id) == order.id).order_by(col(Shipment.id).desc()).limit(1)
    last = session.exec(query).one()
    last.completes_order = True
    session.add(last)
    session.flush()
    mark_reports(session, [Report(order.integration_id, last.number, last.id or 0)])


def recount(session: Session, order: Order, by: str) -> None:
    """Bring an order's total, tax and payment state into line with what is left of its lines.

    `channel_total` stays what was agreed, so that a page can show both.
    """
    lines = [line_amounts(line) for line, _ in lines_of(session, order.id or 0)]
    left, before = total_of(remaining(lines)), order.payment_state
    order.total, order.total_tax = left.gross, left.tax
    session.add(order)
    session.flush()
    settle(session, {order.id or 0: datetime.now(UTC)})
    session.refresh(order)
    if order.payment_state == "paid" != before:
        tell(session, order, "paid", by)


def line_amounts(line: OrderLine) -> LineAmounts:
    """A line as the rules of amounts read it."""
    booked = Amounts(line.quantity, line.net, line.tax, line.gross)
    return LineAmounts(line.id or 0, line.kind, line.tax_rate, booked, line.cancelled)


def lines_of(session: Session, order_id: int) -> Sequence[tuple[OrderLine, bool]]:
    """The lines with whether they are stock articles."""
    query = (
        select(OrderLine, func.coalesce(Article.is_stock_article, False))
        .outerjoin(Article, col(Article.id) == col(OrderLine.article_id))
        .where(col(OrderLine.order_id) == order_id)
        .order_by(col(OrderLine.position))
    )
    return session.exec(query.execution_options(populate_existing=True)).all()


def line_states(lines: Sequence[tuple[OrderLine, bool]]) -> list[LineState]:
    """The lines as the rules of cancelling read them."""
    return [
        LineState(
            id=line.id or 0,
            parent_id=line.parent_id,
            kind=line.kind,
            is_delivered=is_stock,
            quantity=line.quantity,
            cancelled=line.cancelled,
            shipped=line.shipped,
        )
        for line, is_stock in lines
    ]
