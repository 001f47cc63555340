"""Customers for the back office, read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Customer, CustomerGroup, Document, Erasure, Order


@dataclass(frozen=True)
class CustomerFilter:
    """What the list is narrowed to; the fields are the URL's."""

    q: str = ""
    state: str = ""
    """locked, guest or erased."""
    before: str = ""


@dataclass(frozen=True)
class CustomerRow:
    """One customer in a list."""

    customer: Customer
    orders: int
    last_order_at: datetime | None


@dataclass(frozen=True)
class CustomerDetail:
    """One customer with the newest orders and documents."""

    customer: Customer
    group: CustomerGroup | None
    orders: Sequence[Order]
    order_count: int
    turnover: Sequence[tuple[str, Decimal]]
    """Gross of orders that were not cancelled, per currency."""
    documents: Sequence[Document]


def customers(session: Session, wanted: CustomerFilter, size: int = PAGE) -> Page[CustomerRow]:
    """A page of customers, newest first; a search matches the beginning of number, name, company or e-mail."""
    query = select(Customer)
    if wanted.q:
        texts = (col(Customer.number), col(Customer.name), col(Customer.company), col(Customer.email))
        query = query.where(or_(*(text.istartswith(wanted.q, autoescape=True) for text in texts)))
    if wanted.state == "locked":
        query = query.where(col(Customer.is_locked))
    elif wanted.state == "guest":
        query = query.where(col(Customer.is_guest))
    elif wanted.state == "erased":
        query = query.where(col(Customer.erased_at).is_not(None))
    if (before := number_key(wanted.before)) is not None:
        query = query.where(col(Customer.id) < before)
    found = session.exec(query.order_by(col(Customer.id).desc()).limit(size + 1)).all()
    counts = _orders(session, [row.id or 0 for row in found])
    rows = [CustomerRow(row, *counts.get(row.id or 0, (0, None))) for row in found]
    return cut(rows, lambda row: row.customer.id, size)


def _orders(session: Session, customer_ids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
    query = (
        select(Order.customer_id, func.count(), func.max(Order.created_at))
        .where(col(Order.customer_id).in_(customer_ids))
        .group_by(col(Order.customer_id))
    )
    return {customer_id: (count, last) for customer_id, count, last in session.exec(query)}


def customer(session: Session, customer_id: int, most: int = 20) -> CustomerDetail | None:
    """One customer with the newest orders and documents."""
    found = session.get(Customer, customer_id)
    if found is None:
        return None
    mine = col(Order.customer_id) == customer_id
    turnover = (
        select(Order.currency, func.sum(Order.total))
        .where(mine, ~col(Order.is_cancelled))
        .group_by(col(Order.currency))
    )
    return CustomerDetail(
        customer=found,
        group=session.get(CustomerGroup, found.group_id) if found.group_id else None,
        orders=session.exec(select(Order).where(mine).order_by(col(Order.id).desc()).limit(most)).all(),
        order_count=session.exec(select(func.count()).select_from(Order).where(mine)).one(),
        turnover=[(currency, total) for currency, total in session.exec(turnover)],
        documents=session.exec(
            select(Document)
            .where(col(Document.customer_id) == customer_id)
            .order_by(col(Document.id).desc())
            .limit(most)
        ).all(),
    )


def groups(session: Session) -> Sequence[CustomerGroup]:
    """All customer groups by name."""
    return session.exec(select(CustomerGroup).order_by(col(CustomerGroup.name))).all()


def erasures(session: Session, most: int = 20) -> Sequence[Erasure]:
    """What was erased last, newest first."""
    return session.exec(select(Erasure).order_by(col(Erasure.id).desc()).limit(most)).all()
