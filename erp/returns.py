"""Returns: goods that come back are announced, received into stock and settled with a credit note and a refund (D§10.5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import documents, numbers
from erp.bulk import insert_rows
from erp.order_money import money_of, settle
from erp.orders import lock_order, states_of, tell
from erp.payments import RefundWish, open_refunds
from erp.push_shipments import Report, mark_reports
from erp.rules.order_life import Action, Part, demand, may, move
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, Order, OrderLine, OrderReturn, ReturnLine, Warehouse

NOTHING = Decimal(0)


class ReceivedLine(BaseModel):
    """What came back of one line, in which condition, and whether it goes into stock again, and where."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    quantity: Decimal = Field(ge=0, max_digits=14, decimal_places=4)
    restocks: bool = True
    warehouse: str = Field(default="", max_length=40)
    """The warehouse's code; needed where the goods go into stock."""
    condition: str = Field(default="", max_length=200)


# A bundle comes back as its components: the head costs something and is no goods; the credit note adds it.
_RETURNABLE = text(
    """
    SELECT l.id, l.shipped - l.returned - coalesce((
        SELECT sum(r.quantity) FROM return_line r JOIN order_return o ON o.id = r.return_id
        WHERE r.order_line_id = l.id AND o.state = 'announced'), 0)
    FROM sales_order_line l
    WHERE l.order_id = :order AND l.kind IN ('article', 'component') AND l.shipped > l.returned
      AND NOT EXISTS (SELECT FROM sales_order_line c WHERE c.parent_id = l.id AND c.kind = 'component')
    ORDER BY l.position
    """
)


def returnable(session: Session, order_id: int) -> dict[int, Decimal]:
    """Say per line id how much can come back: shipped, not returned, and not announced by another return."""
    return {line_id: left for line_id, left in session.execute(_RETURNABLE, {"order": order_id}) if left > 0}


def announce_return(  # noqa: PLR0917 - what, why and by whom are always named together
    session: Session,
    order_id: int,
    quantities: Mapping[int, Decimal],
    reason: str,
    by: str,
    refunds_shipping: bool = False,
) -> OrderReturn:
    """Announce that quantities by line id come back, under a number of the project's range of returns.

    Raises `LookupError` for an unknown order or line and `FailureError`: STATE_FORBIDS when nothing has left,
    RETURN_EXCEEDED when more would come back than has left, or nothing.
    """
    order = lock_order(session, order_id)
    demand(Action.RETURN, states_of(order))
    lines = _lines(session, order_id)
    left = returnable(session, order_id)
    for line_id, quantity in quantities.items():
        if line_id not in lines:
            raise LookupError(line_id)
        _demand_quantity(lines[line_id], quantity, left.get(line_id, NOTHING))
        if quantity <= 0:
            _refuse(lines[line_id].title, quantity, left.get(line_id, NOTHING))
    if not quantities:
        _refuse("", NOTHING, sum(left.values(), NOTHING))
    found = OrderReturn(
        number=numbers.draw(session, order.project_id, "return", 1)[0],
        order_id=order_id,
        reason=reason.strip()[:1000],
        refunds_shipping=refunds_shipping,
        created_by=by,
    )
    session.add(found)
    session.flush()
    rows = [
        {"return_id": found.id, "order_line_id": line_id, "quantity": quantity, "restocks": True, "condition": ""}
        for line_id, quantity in quantities.items()
    ]
    insert_rows(session, ReturnLine, rows)
    tell(session, order, "return_announced", by, return_number=found.number)
    return found


def receive_return(session: Session, return_id: int, received: Mapping[int, ReceivedLine], by: str) -> OrderReturn:
    """Receive an announced return: what came, at most what was announced; nothing of a line leaves it out.

    What can be sold again goes into stock of its warehouse (reason return, its number as the key), which marks the stock
    as to be sent. The channel is told, where its settings say so. The order is returned once all of it came back. Raises `LookupError` and `FailureError`: STATE_FORBIDS,
    RETURN_EXCEEDED, MASTER_DATA_MISSING for an unknown warehouse.
    """
    found, order = _lock(session, return_id)
    found.state, found.received_at = _step(found, "received"), datetime.now(UTC)
    rows = {row.order_line_id: row for row in _rows(session, return_id)}
    lines = _lines(session, found.order_id)
    for line_id, came in received.items():
        if line_id not in rows:
            raise LookupError(line_id)
        _demand_quantity(lines[line_id], came.quantity, rows[line_id].quantity)
    came_back = {line_id: came for line_id, came in received.items() if came.quantity}
    if not came_back:
        _refuse("", NOTHING, sum((row.quantity for row in rows.values()), NOTHING))
    for line_id in rows.keys() - came_back.keys():
        session.delete(rows[line_id])
    movements = _put_away(session, found, [(rows[id], lines[id], came) for id, came in came_back.items()], by)
    if _is_all_back(lines.values()) and may(Part.FULFILMENT, order.fulfilment_state, "returned"):
        order.fulfilment_state = "returned"
    session.add_all([found, order])
    session.flush()
    tell(session, order, "return_received", by, return_number=found.number)
    post_movements(session, movements)
    # Links come last in the order of locks.
    mark_reports(session, [Report(order.integration_id, found.number, return_id)])
    return found


def _put_away(
    session: Session, found: OrderReturn, came_back: Sequence[tuple[ReturnLine, OrderLine, ReceivedLine]], by: str
) -> list[Movement]:
    """Note what came back on its lines, and return the movements of what goes into stock: one per article and warehouse."""
    warehouses = {warehouse.code: warehouse.id for warehouse in session.exec(select(Warehouse))}
    articles = _stock_articles(session, [line for _, line, _ in came_back])
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row, line, came in came_back:
        row.quantity, row.condition = came.quantity, came.condition
        row.restocks = came.restocks and line.article_id in articles
        line.returned += came.quantity
        if row.restocks:
            if came.warehouse not in warehouses:
                raise FailureError(Failure.of("MASTER_DATA_MISSING", what="warehouse", value=came.warehouse))
            row.warehouse_id = warehouses[came.warehouse]
            sums[articles[line.article_id], came.warehouse] += came.quantity
        session.add_all([row, line])
    return [
        Movement(article, warehouse, quantity, Reason.RETURN, found.number, actor=by)
        for (article, warehouse), quantity in sums.items()
    ]


def settle_return(session: Session, return_id: int, by: str) -> OrderReturn:
    """Settle a received return: the credit note, and an open refund of what was paid for it (D§2.8).

    Raises `LookupError` and `FailureError` STATE_FORBIDS, and whatever keeps the credit note from being issued.
    """
    found, order = _lock(session, return_id)
    settled = _step(found, "settled")
    note = documents.issue_credit_note(session, return_id, by)
    found.state, found.settled_at = settled, datetime.now(UTC)
    session.add(found)
    session.flush()
    amount = min(note.total, money_of(session, [found.order_id])[found.order_id].excess)
    if amount > 0:
        open_refunds(session, [order], [RefundWish(found.order_id, amount, note.number, note.id)], by)
    settle(session, {found.order_id: datetime.now(UTC)})
    session.refresh(order)
    tell(session, order, "return_settled", by, return_number=found.number, credit_note=note.number)
    return found


def cancel_return(session: Session, return_id: int, by: str) -> OrderReturn:
    """Call an announced return off: nothing came; its quantities can be announced again.

    Raises `LookupError` and `FailureError` STATE_FORBIDS.
    """
    found, order = _lock(session, return_id)
    found.state = _step(found, "cancelled")
    session.add(found)
    session.flush()
    tell(session, order, "return_cancelled", by, return_number=found.number)
    return found


def _lock(session: Session, return_id: int) -> tuple[OrderReturn, Order]:
    """Load a return under its order's lock."""
    found = session.get(OrderReturn, return_id)
    if found is None:
        raise LookupError(return_id)
    order = lock_order(session, found.order_id)
    session.refresh(found)
    return found, order


def _step(found: OrderReturn, target: str) -> str:
    """Take a step that exists; one that was taken before is refused, too: goods are not received twice."""
    if found.state == target:
        raise FailureError(Failure.of("STATE_FORBIDS", state=found.state))
    return move(Part.RETURN, found.state, target)


def _demand_quantity(line: OrderLine, quantity: Decimal, most: Decimal) -> None:
    if quantity > most or (quantity % 1 and not most % 1):
        _refuse(line.title, quantity, most)


def _refuse(title: str, quantity: Decimal, most: Decimal) -> NoReturn:
    asked, left = f"{quantity.normalize():f}", f"{most.normalize():f}"
    raise FailureError(Failure.of("RETURN_EXCEEDED", line=title, quantity=asked, left=left))


def _rows(session: Session, return_id: int) -> Sequence[ReturnLine]:
    return session.exec(select(ReturnLine).where(col(ReturnLine.return_id) == return_id)).all()


def _lines(session: Session, order_id: int) -> dict[int, OrderLine]:
    query = select(OrderLine).where(col(OrderLine.order_id) == order_id).execution_options(populate_existing=True)
    return {line.id or 0: line for line in session.exec(query)}


def _stock_articles(session: Session, lines: Collection[OrderLine]) -> dict[int | None, str]:
    """The numbers of the lines' stock articles; nothing else goes into stock."""
    ids = {line.article_id for line in lines if line.article_id}
    query = select(Article.id, Article.number).where(col(Article.id).in_(ids), col(Article.is_stock_article))
    return dict(session.exec(query).all())


def _is_all_back(lines: Collection[OrderLine]) -> bool:
    """Whether all that left came back; a bundle comes back as its components."""
    heads = {line.parent_id for line in lines if line.kind == "component"}
    shipped = [line for line in lines if line.shipped and line.id not in heads]
    return bool(shipped) and all(line.returned >= line.shipped for line in shipped)
