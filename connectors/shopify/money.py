"""How an order is paid: the way that the mapping knows, and the parts where there are several or a gift card."""

from canonical.money import ZERO
from canonical.order import Payment, PaymentKind, PaymentPart
from connectors.shopify.models import RawOrder, RawTransaction

GIFT_CARD = "gift_card"
MONEY_IN = frozenset({"SALE", "CAPTURE"})
PAID = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})


def _taken(order: RawOrder) -> list[RawTransaction]:
    """What was paid; what is only authorised where nothing was captured yet."""
    done = [each for each in order.transactions if each.status == "SUCCESS"]
    taken = [each for each in done if each.kind in MONEY_IN]
    captured = {each.gateway for each in taken}
    return taken + [each for each in done if each.kind == "AUTHORIZATION" and each.gateway not in captured]


def paid_by(order: RawOrder) -> Payment:
    """The first way of payment that is no gift card, in the spelling of the shop's own list."""
    taken = _taken(order)
    names = [*(each.gateway for each in taken), *order.payment_gateway_names]
    method = next((name for name in names if name and name != GIFT_CARD), "")
    of_method = [each for each in taken if each.gateway == method]
    first = of_method[0] if of_method else None
    moments = [each.processed_at for each in of_method if each.processed_at is not None and each.kind in MONEY_IN]
    is_paid = order.display_financial_status in PAID
    return Payment(
        method=method,
        title=first.formatted_gateway if first else "",
        transaction_id=first.payment_id if first else "",
        paid_at=max(moments) if moments and is_paid else None,
    )


def parts_of(order: RawOrder) -> tuple[PaymentPart, ...]:
    """The parts, gross; none where one way paid all of it. Paid in several steps by one way counts as one."""
    sums: dict[str, PaymentPart] = {}
    for each in _taken(order):
        kind = PaymentKind.GIFT_CARD if each.gateway == GIFT_CARD else PaymentKind.PAYMENT
        before = sums.get(each.gateway)
        amount = each.amount_set.amount + (before.amount if before else ZERO)
        method = "" if kind is PaymentKind.GIFT_CARD else each.gateway
        sums[each.gateway] = PaymentPart(kind=kind, method=method, amount=amount, reference=each.payment_id)
    parts = tuple(part for part in sums.values() if part.amount > 0)
    return parts if len(parts) > 1 or any(part.kind is PaymentKind.GIFT_CARD for part in parts) else ()
