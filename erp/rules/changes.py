"""What a newer version of an imported order means: the booked order stays, people are told (D§10.1, D§10.5)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO
from canonical.order import ChannelOrder, ChannelState, OrderLine
from canonical.settings import OrderSettings
from erp.rules.address import delivery_of, snapshot
from erp.rules.model import BookedOrder
from erp.rules.sold import as_sold


def findings_after_import(order: ChannelOrder, booked: BookedOrder, settings: OrderSettings) -> tuple[Finding, ...]:
    """Tell that an order is here already, and what the channel changed since; a mere change of state is nothing new.

    Cancelled and refunded in full mean the same for goods that have not left: they must stay.
    """
    known = Finding.of("ALREADY_IMPORTED")
    is_void = order.state in (ChannelState.CANCELLED, ChannelState.REFUNDED)
    if is_void and not booked.is_cancelled and not booked.is_shipped:
        return (known, Finding.of("CANCELLED_IN_CHANNEL"))
    if what := changed_parts(order, booked, settings):
        return (known, Finding.of("CHANGED_IN_CHANNEL", what=", ".join(what)))
    return (known,)


def changed_parts(order: ChannelOrder, booked: BookedOrder, settings: OrderSettings) -> list[str]:
    """Name the parts that differ from the booked order; amounts with their values, so that a second change is news."""
    sold = as_sold(order, settings).order
    differs = {
        f"amount {booked.channel_total} → {order.stated.total}": order.stated.total != booked.channel_total,
        f"refund {booked.refunded} → {order.refunded}": not booked.explains_refund(order.refunded),
        "lines": _differ(sold.lines, booked),
        "billing address": snapshot(sold.billing) != booked.billing,
        "delivery address": snapshot(delivery_of(sold)) != booked.delivery,
    }
    return [name for name, is_different in differs.items() if is_different]


def _differ(lines: Sequence[OrderLine], booked: BookedOrder) -> bool:
    """Whether the channel's items, added up as they were booked, give other lines; one that is new or gone does."""
    line_of = {ref: line.ref for line in booked.lines for ref in line.refs}
    items = _sums((line_of.get(line.ref, line.ref), line.quantity, line.net, line.tax) for line in lines)
    return items != _sums((line.ref, line.quantity, line.net, line.tax) for line in booked.lines)


def _sums(lines: Iterable[tuple[str, Decimal, Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    for ref, quantity, net, tax in lines:
        before = sums.get(ref, (ZERO, ZERO, ZERO))
        sums[ref] = (before[0] + quantity, before[1] + net, before[2] + tax)
    return sums
