"""Money for the back office: orders that wait for it, refunds on their way, and what was booked; read only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from erp.order_money import Money, money_of
from erp.queries.journal import buyer_of
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.rules.order_life import REFUND
from erp.tables import Order, Payment, PaymentMethod

UNPAID = ("open", "partial")
WAITING, BOOKED = "waiting", "booked"
OF_REFUNDS = ("open", "released", "failed", "executed")


@dataclass(frozen=True)
class PaymentFilter:
    """What the list is narrowed to; the fields are the URL's."""

    state: str = WAITING
    """waiting (orders), booked (payments), or a refund's state."""
    after: str = ""


@dataclass(frozen=True)
class WaitingRow:
    """An order that waits for its money, with what is still to come and what happens next."""

    order: Order
    buyer: str
    method: str
    money: Money
    since: datetime
    reminds_after: int | None
    """The method's days until a reminder; None: never."""
    ships_unpaid: bool


@dataclass(frozen=True)
class PaymentRow:
    """A payment or refund with its order."""

    payment: Payment
    order: Order
    buyer: str
    targets: frozenset[str]
    """The states that a refund can go to."""


def waiting(session: Session, wanted: PaymentFilter, size: int = PAGE) -> Page[WaitingRow]:
    """A page of live orders that are not paid, the oldest first."""
    query = (
        select(Order, PaymentMethod)
        .outerjoin(PaymentMethod, col(PaymentMethod.id) == col(Order.payment_method_id))
        .where(col(Order.payment_state).in_(UNPAID), ~col(Order.is_cancelled))
    )
    if (after := number_key(wanted.after)) is not None:
        query = query.where(col(Order.id) > after)
    found = session.exec(query.order_by(col(Order.id)).limit(size + 1)).all()
    moneys = money_of(session, [order.id or 0 for order, _ in found])
    rows = [
        WaitingRow(
            order=order,
            buyer=buyer_of(order.billing),
            method=method.name if method else "",
            money=moneys[order.id or 0],
            since=order.ordered_at or order.created_at,
            reminds_after=method.remind_days if method else None,
            ships_unpaid=bool(method and method.ships_unpaid),
        )
        for order, method in found
    ]
    return cut(rows, lambda row: row.order.id, size)


def payments(session: Session, wanted: PaymentFilter, size: int = PAGE) -> Page[PaymentRow]:
    """A page of payments or of refunds in one state, the newest first."""
    query = select(Payment, Order).join(Order, col(Order.id) == col(Payment.order_id))
    if wanted.state in OF_REFUNDS:
        query = query.where(col(Payment.kind) == "refund", col(Payment.state) == wanted.state)
    else:
        query = query.where(col(Payment.kind) != "refund")
    if (after := number_key(wanted.after)) is not None:
        query = query.where(col(Payment.id) < after)
    found = session.exec(query.order_by(col(Payment.id).desc()).limit(size + 1)).all()
    rows = [PaymentRow(payment, order, buyer_of(order.billing), targets_of(payment)) for payment, order in found]
    return cut(rows, lambda row: row.payment.id, size)


def targets_of(payment: Payment) -> frozenset[str]:
    """The states that a refund can go to: the buttons of its row."""
    if payment.kind != "refund":
        return frozenset()
    return frozenset(target for state, target in REFUND if state == payment.state)


def counts(session: Session) -> dict[str, tuple[int, Decimal]]:
    """How many refunds are in each state and of how much, and how many orders wait."""
    refunds = session.execute(
        select(col(Payment.state), func.count(), func.sum(Payment.amount))
        .where(col(Payment.kind) == "refund")
        .group_by(col(Payment.state))
    )
    found = {state: (count, amount) for state, count, amount in refunds}
    unpaid = session.exec(
        select(func.count()).select_from(Order).where(col(Order.payment_state).in_(UNPAID), ~col(Order.is_cancelled))
    ).one()
    return found | {WAITING: (unpaid, Decimal(0))}
