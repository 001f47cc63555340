"""Returns for the back office, read only."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from erp.queries.journal import buyer_of
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.rules.order_life import RETURN
from erp.tables import Article, Document, Order, OrderLine, OrderReturn, ReturnLine, Warehouse


@dataclass(frozen=True)
class ReturnFilter:
    """What the list is narrowed to; the fields are the URL's."""

    state: str = ""
    before: str = ""


@dataclass(frozen=True)
class ReturnRow:
    """A return in the list."""

    found: OrderReturn
    order: Order
    buyer: str


@dataclass(frozen=True)
class ReturnedLine:
    """A line of a return with its article and where it went."""

    row: ReturnLine
    line: OrderLine
    article_number: str
    is_stock: bool
    warehouse: str


@dataclass(frozen=True)
class ReturnDetail:
    """A return with all that hangs on it."""

    found: OrderReturn
    order: Order
    buyer: str
    lines: Sequence[ReturnedLine]
    warehouses: Sequence[Warehouse]
    credit_note_id: int | None
    credit_note: str
    targets: frozenset[str]
    """The states that it can go to: the buttons of its page."""


def returns(session: Session, wanted: ReturnFilter, size: int = PAGE) -> Page[ReturnRow]:
    """A page of returns, the newest first."""
    query = select(OrderReturn, Order).join(Order, col(Order.id) == col(OrderReturn.order_id))
    if wanted.state:
        query = query.where(col(OrderReturn.state) == wanted.state)
    if (before := number_key(wanted.before)) is not None:
        query = query.where(col(OrderReturn.id) < before)
    found = session.exec(query.order_by(col(OrderReturn.id).desc()).limit(size + 1)).all()
    rows = [ReturnRow(one, order, buyer_of(order.billing)) for one, order in found]
    return cut(rows, lambda row: row.found.id, size)


def one_return(session: Session, return_id: int) -> ReturnDetail | None:
    """One return with its lines, in a fixed number of statements."""
    found = session.get(OrderReturn, return_id)
    order = session.get(Order, found.order_id) if found else None
    if found is None or order is None:
        return None
    rows = session.exec(
        select(ReturnLine, OrderLine, Article, Warehouse)
        .join(OrderLine, col(OrderLine.id) == col(ReturnLine.order_line_id))
        .outerjoin(Article, col(Article.id) == col(OrderLine.article_id))
        .outerjoin(Warehouse, col(Warehouse.id) == col(ReturnLine.warehouse_id))
        .where(col(ReturnLine.return_id) == return_id)
        .order_by(col(OrderLine.position))
    ).all()
    note = session.execute(
        select(col(Document.id), col(Document.number)).where(col(Document.return_id) == return_id)
    ).one_or_none()
    return ReturnDetail(
        found=found,
        order=order,
        buyer=buyer_of(order.billing),
        lines=[
            ReturnedLine(
                row,
                line,
                article.number if article else "",
                bool(article and article.is_stock_article),
                warehouse.name if warehouse else "",
            )
            for row, line, article, warehouse in rows
        ],
        warehouses=session.exec(
            select(Warehouse).where(col(Warehouse.kind) != "marketplace").order_by(col(Warehouse.id))
        ).all(),
        credit_note_id=note[0] if note else None,
        credit_note=note[1] if note else "",
        targets=frozenset(target for state, target in RETURN if state == found.state),
    )
