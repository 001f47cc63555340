"""Payments: what the channel says has come in, as the books keep it; a redeemed gift card is money, no discount (D§10.2)."""

from datetime import datetime, timedelta
from decimal import Decimal

from canonical.money import ZERO
from canonical.order import ChannelOrder, PaymentKind
from canonical.settings import OrderSettings
from erp.rules.model import DraftPayment, MasterData, PaymentInfo
from erp.rules.texts import clip

LONGEST_REFERENCE = 120
REFUND = "refund"


def main_method(order: ChannelOrder) -> str:
    """Read the channel's word for the way to pay; of several payments the first counts (D§10.4)."""
    if not order.payments:
        return order.payment.method
    named = (part.method for part in order.payments if part.kind is PaymentKind.PAYMENT and part.method)
    return next(named, order.payment.method)


def methods_of(order: ChannelOrder) -> list[str]:
    """Name the different ways of payment that an order was paid by, gift cards apart."""
    named = (part.method for part in order.payments if part.kind is PaymentKind.PAYMENT and part.amount > 0)
    return list(dict.fromkeys(named))


def by_gift_cards(order: ChannelOrder) -> Decimal:
    """Add up what gift cards paid."""
    return sum((part.amount for part in order.payments if part.kind is PaymentKind.GIFT_CARD), ZERO)


def received(order: ChannelOrder, total: Decimal) -> Decimal:
    """Say how much has come in of `total`; the parts where they are listed, else all once the channel says it is paid.

    Where only gift cards are listed, the order's own payment pays the rest.
    """
    is_paid = order.payment.paid_at is not None
    if not order.payments:
        return total if is_paid else ZERO
    listed = sum((part.amount for part in order.payments), ZERO)
    return max(listed, total) if is_paid and not methods_of(order) else listed


def draft_payments(
    order: ChannelOrder, total: Decimal, method: PaymentInfo | None, settings: OrderSettings, master: MasterData
) -> tuple[DraftPayment, ...]:
    """Draft the money that came in for `total`, what the buyer ordered, and what of it went back before the import."""
    came_in = received(order, total)
    if not came_in:
        return ()
    at = order.payment.paid_at or order.ordered_at
    drafted: list[DraftPayment] = []
    known: set[str] = set()
    for part in order.payments:
        if part.amount > 0:
            of_part = method_of(part.method, settings, master) if part.kind is PaymentKind.PAYMENT else None
            reference = _unique(part.reference or reference_of(order), known)
            drafted.append(DraftPayment(part.kind.value, part.amount, of_part, reference, at))
    rest = came_in - sum((payment.amount for payment in drafted), ZERO)
    if rest > 0:
        reference = _unique(reference_of(order), known)
        drafted.append(DraftPayment(PaymentKind.PAYMENT.value, rest, method, reference, at))
    if order.refunded > 0:
        drafted.append(DraftPayment(REFUND, order.refunded, method, reference_of(order), order.modified_at))
    return tuple(drafted)


def reference_of(order: ChannelOrder) -> str:
    """Read the transaction's id, or take the order's where the channel names none."""
    return clip(order.payment.transaction_id or order.external_id, LONGEST_REFERENCE)


def method_of(value: str, settings: OrderSettings, master: MasterData) -> PaymentInfo | None:
    """Find our method for a further payment; one that is not mapped is recorded without."""
    return master.payment_methods.get(settings.payment_map.get(value, ""))


def expiry(payment: PaymentInfo | None, now: datetime, *, is_paid: bool) -> datetime | None:
    """Say when an unpaid order expires: counted from the import, so that none expires the moment it arrives."""
    if is_paid or payment is None or payment.expire_days is None:
        return None
    return now + timedelta(days=payment.expire_days)


def sums_of(payments: tuple[DraftPayment, ...]) -> tuple[Decimal, Decimal]:
    """Add up what came in and what went back."""
    paid = refunded = ZERO
    for payment in payments:
        if payment.kind == REFUND:
            refunded += payment.amount
        else:
            paid += payment.amount
    return paid, refunded


def _unique(reference: str, known: set[str]) -> str:
    """Number a reference that occurred before: two gift cards may come without one."""
    found = clip(reference, LONGEST_REFERENCE)
    number = 1
    while found in known:
        number += 1
        found = f"{clip(reference, LONGEST_REFERENCE - 10)} #{number}"
    known.add(found)
    return found
