"""Money in and out: payments by hand and from channels, refunds in two steps until they are executed (D§2.8, D§10.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from sqlmodel import Session, col, func, select

from canonical.failure import Failure, FailureError
from canonical.money import CENT, ZERO
from erp import journal
from erp.bulk import Row, insert_rows
from erp.order_money import Money, money_of, settle
from erp.orders import event_of, lock_order, lock_orders, tell
from erp.push_refunds import link_refund
from erp.rules.order_life import Part, move
from erp.tables import Order, Payment, PaymentMethod

REFUND = "refund"
LONGEST_REFERENCE = 120
UNPAID = ("open", "partial")
MOST = Decimal("99999999.99")


@dataclass(frozen=True, slots=True)
class ChannelPayment:
    """What a channel says about a booked order: so much of it is paid by now."""

    order_id: int
    reference: str
    at: datetime
    came: Decimal
    """All that came in so far, in the order's currency."""


@dataclass(frozen=True, slots=True)
class RefundWish:
    """A refund to be opened: the reference is its idempotency key within the order."""

    order_id: int
    amount: Decimal
    reference: str
    document_id: int | None = None


# --- money in -------------------------------------------------------------------------------------------------------


def record_payment(  # noqa: PLR0917 - what, for what, when and by whom are always named together
    session: Session,
    order_id: int,
    amount: Decimal,
    reference: str,
    at: datetime,
    by: str,
    *,
    method_code: str = "",
    kind: Literal["payment", "gift_card"] = "payment",
    origin: Literal["erp", "channel"] = "erp",
) -> Payment:
    """Record money that came in, also a part or more than is owed, and settle the order's payment state.

    Idempotent by (order, kind, reference): the payment that is there is returned. Raises `LookupError` for an unknown order
    and `FailureError`: AMOUNT_INVALID, MASTER_DATA_MISSING for an unknown payment method.
    """
    order = lock_order(session, order_id)
    reference = reference.strip()[:LONGEST_REFERENCE]
    known = session.exec(
        select(Payment).where(
            col(Payment.order_id) == order_id, col(Payment.kind) == kind, col(Payment.reference) == reference
        )
    ).one_or_none()
    if known is not None:
        return known
    _demand_amount(amount, MOST)
    payment = Payment(
        order_id=order_id,
        kind=kind,
        amount=amount,
        payment_method_id=_method(session, method_code),
        reference=reference,
        origin=origin,
        actor=by,
        at=at,
    )
    session.add(payment)
    session.flush()
    _settle(session, order, at, by, amount)
    return payment


def mark_paid(session: Session, order_id: int, at: datetime, by: str) -> None:
    """Record that all that was open came in, so that auto-ship may take the order; a paid order keeps its moment."""
    order = lock_order(session, order_id)
    if order.payment_state == "paid":
        return
    rest = money_of(session, [order_id])[order_id].rest
    if rest:
        record_payment(session, order_id, rest, _next_reference(session, order), at, by)
    else:
        _settle(session, order, at, by, rest)


def note_paid_in_channel(session: Session, payments: Sequence[ChannelPayment], *, run_id: str = "") -> None:
    """Record what channels say came in for booked orders, so that prepaid orders that waited may ship (D§10.4).

    Set-based: a fixed number of statements. Idempotent: only what came in beyond what is recorded becomes a payment, and an
    order that is paid gets nothing. Never reported back, because its origin is the channel.
    """
    orders = {order.id or 0: order for order in lock_orders(session, {each.order_id for each in payments})}
    before = {id: order.payment_state for id, order in orders.items() if order.payment_state in UNPAID}
    if not before:
        return
    waiting = [each for each in payments if each.order_id in before]
    insert_rows(
        session,
        Payment,
        _channel_rows(waiting, money_of(session, list(before)), orders),
        ending="ON CONFLICT (order_id, kind, reference) DO NOTHING",
    )
    settle(session, {each.order_id: each.at for each in waiting})
    now = lock_orders(session, before)
    journal.write(
        session,
        [
            journal.event(
                order.integration_id,
                "orders",
                "paid" if order.payment_state == "paid" else "payment",
                hop="hub_to_erp",
                record=order.external_id,
                params={"number": order.number, "amount": _amount(order.paid, order)},
                run_id=run_id,
            )
            for order in now
            if order.payment_state != before[order.id or 0]
        ],
    )


def _channel_rows(
    payments: Sequence[ChannelPayment], moneys: Mapping[int, Money], orders: Mapping[int, Order]
) -> list[Row]:
    """The rows of what came in; a second payment of one transaction is named apart."""
    rows: list[Row] = []
    for each in payments:
        money = moneys[each.order_id]
        if each.came <= money.came:
            continue
        rows.append(
            {
                "order_id": each.order_id,
                "kind": "payment",
                "amount": each.came - money.came,
                "payment_method_id": orders[each.order_id].payment_method_id,
                "reference": each.reference[: LONGEST_REFERENCE - 20] + (f" {each.came}" if money.came else ""),
                "state": "booked",
                "origin": "channel",
                "note": "",
                "actor": "",
                "at": each.at,
            }
        )
    return rows


# --- money out ------------------------------------------------------------------------------------------------------


def open_refund(  # noqa: PLR0917 - the same
    session: Session, order_id: int, amount: Decimal, reference: str, by: str, document_id: int | None = None
) -> Payment:
    """Open a refund, which a person releases and executes (D§2.8). Idempotent by (order, reference).

    Raises `LookupError` for an unknown order and `FailureError` AMOUNT_INVALID when more would go back than came in.
    """
    order = lock_order(session, order_id)
    reference = reference.strip()[:LONGEST_REFERENCE]
    wanted = (col(Payment.order_id) == order_id, col(Payment.kind) == REFUND, col(Payment.reference) == reference)
    if (known := session.exec(select(Payment).where(*wanted)).one_or_none()) is not None:
        return known
    _demand_amount(amount, money_of(session, [order_id])[order_id].refundable)
    open_refunds(session, [order], [RefundWish(order_id, amount, reference, document_id)], by)
    return session.exec(select(Payment).where(*wanted)).one()


def refund_excess(session: Session, order_id: int, by: str) -> Payment | None:
    """Open a refund of what came in beyond what is owed; nothing where nothing is too much."""
    order = lock_order(session, order_id)
    excess = money_of(session, [order_id])[order_id].excess
    return open_refund(session, order_id, excess, _next_reference(session, order), by) if excess else None


def open_refunds(session: Session, orders: Sequence[Order], wishes: Sequence[RefundWish], by: str) -> None:
    """Open refunds of orders that the caller holds, as one set; what has the same reference is there already."""
    rows: list[Row] = [
        {
            "order_id": wish.order_id,
            "kind": REFUND,
            "amount": wish.amount,
            "reference": wish.reference[:LONGEST_REFERENCE],
            "document_id": wish.document_id,
            "state": "open",
            "origin": "erp",
            "note": "",
            "actor": by,
            "at": "now",
        }
        for wish in wishes
    ]
    ending = "ON CONFLICT (order_id, kind, reference) DO NOTHING RETURNING order_id"
    opened = set(insert_rows(session, Payment, rows, ending=ending))
    by_id = {order.id: order for order in orders}
    told = [(by_id[wish.order_id], wish.amount) for wish in wishes if wish.order_id in opened]
    journal.write(
        session, [event_of(order, "refund_opened", by, amount=_amount(amount, order)) for order, amount in told]
    )


def release_refund(session: Session, payment_id: int, by: str) -> Payment:
    """Release a refund, so that it may be executed; also one that failed, which is tried again."""
    return _advance_refund(session, payment_id, "released", by)


def execute_refund(session: Session, payment_id: int, by: str, at: datetime | None = None) -> Payment:
    """Note that a released refund was paid out, which is what a channel is told (D§2.8), and settle the order."""
    payment = _advance_refund(session, payment_id, "executed", by)
    payment.executed_at = at or datetime.now(UTC)
    session.add(payment)
    session.flush()
    link_refund(session, payment_id)
    return payment


def fail_refund(session: Session, payment_id: int, note: str, by: str) -> Payment:
    """Note that a refund is not paid out, and why; it may be released again."""
    payment = _advance_refund(session, payment_id, "failed", by)
    payment.note = note.strip()[:1000]
    session.add(payment)
    session.flush()
    return payment


def note_refund_in_channel(session: Session, order_id: int, amount: Decimal, reference: str, by: str) -> None:
    """Record a refund that was made in the channel itself: executed, and never reported back (D§10.5, loops).

    Idempotent by (order, reference); an amount beyond what came in is cut, because the rest is none of our money.
    """
    order = lock_order(session, order_id)
    amount = min(amount, money_of(session, [order_id])[order_id].refundable)
    if amount <= 0:
        return
    row: Row = {
        "order_id": order_id,
        "kind": REFUND,
        "amount": amount,
        "reference": reference[:LONGEST_REFERENCE],
        "state": "executed",
        "origin": "channel",
        "note": "",
        "actor": by,
        "at": "now",
        "executed_at": "now",
    }
    ending = "ON CONFLICT (order_id, kind, reference) DO NOTHING RETURNING id"
    if insert_rows(session, Payment, [row], ending=ending):
        settle(session, {order_id: datetime.now(UTC)})
        session.refresh(order)
        tell(session, order, "refunded_in_channel", by, amount=_amount(amount, order))


def _advance_refund(session: Session, payment_id: int, target: str, by: str) -> Payment:
    """Move a refund to another state under its order's lock; the same state again changes nothing."""
    query = select(Payment).where(col(Payment.id) == payment_id, col(Payment.kind) == REFUND)
    found = session.exec(query).one_or_none()
    if found is None:
        raise LookupError(payment_id)
    order = lock_order(session, found.order_id)
    session.refresh(found)
    if found.state == target:
        return found
    found.state = move(Part.REFUND, found.state, target)
    session.add(found)
    session.flush()
    settle(session, {found.order_id: datetime.now(UTC)})
    session.refresh(order)
    tell(session, order, f"refund_{target}", by, amount=_amount(found.amount, order))
    return found


# --- common ---------------------------------------------------------------------------------------------------------


def _settle(session: Session, order: Order, at: datetime, by: str, amount: Decimal) -> None:
    """Settle one order after money came in and tell what it means: paid, paid in part, or more than is owed."""
    before = order.payment_state
    money = settle(session, {order.id or 0: at})[order.id or 0]
    session.refresh(order)
    is_paid_now = order.payment_state == "paid" and before != "paid"
    tell(session, order, "paid" if is_paid_now else "payment", by, amount=_amount(amount, order))
    if money.excess:
        tell(session, order, "overpaid", by, amount=_amount(money.excess, order))


def _demand_amount(amount: Decimal, most: Decimal) -> None:
    if not ZERO < amount <= most or amount != amount.quantize(CENT):
        raise FailureError(Failure.of("AMOUNT_INVALID", amount=amount, most=most))


def _method(session: Session, code: str) -> int | None:
    if not code:
        return None
    found = session.exec(select(PaymentMethod.id).where(col(PaymentMethod.code) == code)).one_or_none()
    if found is None:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="payment method", value=code))
    return found


def _next_reference(session: Session, order: Order) -> str:
    """Name money that has no reference of its own: the order's number, counted on."""
    count = session.exec(select(func.count()).where(col(Payment.order_id) == order.id)).one()
    return f"{order.number}-{count + 1}"


def _amount(amount: Decimal, order: Order) -> str:
    return f"{amount} {order.currency}"
