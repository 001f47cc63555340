"""What an order's page shows of its life: money, what may be done, returns, documents, changes of the shop; read only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from erp.cancellation import line_amounts, line_states, lines_of
from erp.order_changes import open_changes, plan_for
from erp.order_money import Money, money_of
from erp.orders import states_of
from erp.returns import returnable
from erp.rules.amounts import Amounts, remaining
from erp.rules.cancelling import cancellable
from erp.rules.order_life import Action, allowed
from erp.rules.takeover import Plan
from erp.tables import Document, Order, OrderChange, OrderReturn, Payment, PaymentMethod


@dataclass(frozen=True)
class PaymentRow:
    """Money of an order with the name of its method."""

    payment: Payment
    method: str


@dataclass(frozen=True)
class DocumentRow:
    """A document of an order, as far as a link to it needs it."""

    id: int
    kind: str
    number: str
    total: Decimal
    currency: str
    issued_on: Any


@dataclass(frozen=True)
class OrderLife:
    """An order's life, in a fixed number of statements."""

    actions: frozenset[Action]
    money: Money
    payments: Sequence[PaymentRow]
    documents: Sequence[DocumentRow]
    returns: Sequence[OrderReturn]
    left: Mapping[int, Amounts]
    """By line id: what is left of it after part cancellations; a discount that has no share any more is missing."""
    cancellable: Mapping[int, Decimal]
    returnable: Mapping[int, Decimal]
    changes: Sequence[OrderChange]
    """The shop's changes that wait for a decision."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    """Ours and the shop's, by part, of all those changes together."""
    plan: Plan
    decided: Sequence[OrderChange]
    methods: Sequence[PaymentMethod]
    """What a payment can be entered with."""


def life_of(session: Session, order: Order) -> OrderLife:
    """Read an order's life."""
    order_id = order.id or 0
    lines = lines_of(session, order_id)
    changes = [] if order.is_cancelled else open_changes(session, order_id)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in changes:
        before = change.before | before
        after |= change.after
    return OrderLife(
        actions=allowed(states_of(order)),
        money=money_of(session, [order_id])[order_id],
        payments=_payments(session, order_id),
        documents=_documents(session, order_id),
        returns=session.exec(
            select(OrderReturn).where(col(OrderReturn.order_id) == order_id).order_by(col(OrderReturn.id))
        ).all(),
        left=remaining([line_amounts(line) for line, _ in lines]),
        cancellable=cancellable(line_states(lines)),
        returnable=returnable(session, order_id),
        changes=changes,
        before=before,
        after=after,
        plan=plan_for(session, order, changes),
        decided=_decided(session, order_id),
        methods=session.exec(select(PaymentMethod).order_by(col(PaymentMethod.name))).all(),
    )


def _payments(session: Session, order_id: int) -> list[PaymentRow]:
    query = (
        select(Payment, PaymentMethod.name)
        .outerjoin(PaymentMethod, col(PaymentMethod.id) == col(Payment.payment_method_id))
        .where(col(Payment.order_id) == order_id)
        .order_by(col(Payment.id))
    )
    return [PaymentRow(payment, method or "") for payment, method in session.exec(query)]


def _documents(session: Session, order_id: int) -> list[DocumentRow]:
    query = (
        columns(
            col(Document.id), col(Document.kind), col(Document.number), col(Document.total), col(Document.currency),
            col(Document.issued_on),
        )
        .where(col(Document.order_id) == order_id)
        .order_by(col(Document.id))
    )  # fmt: skip
    return [DocumentRow(*row) for row in session.execute(query)]


def _decided(session: Session, order_id: int) -> Sequence[OrderChange]:
    """What a person decided about the shop's changes, the newest first; our own corrections are in the order's way."""
    wanted = (col(OrderChange.order_id) == order_id, col(OrderChange.state) == "taken")
    return session.exec(select(OrderChange).where(*wanted).order_by(col(OrderChange.id).desc()).limit(5)).all()
