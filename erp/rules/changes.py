"""What a newer version of an imported order means: the booked order stays, people are told (D§10.1, D§10.5)."""

from canonical.failure import Finding
from canonical.order import ChannelOrder, ChannelState
from erp.rules.address import delivery_of, snapshot
from erp.rules.model import BookedLine, BookedOrder


def findings_after_import(order: ChannelOrder, booked: BookedOrder) -> tuple[Finding, ...]:
    """Tell that an order is here already, and what the channel changed since; a mere change of state is nothing new.

    Cancelled and refunded in full mean the same for goods that have not left: they must stay.
    """
    known = Finding.of("ALREADY_IMPORTED")
    is_void = order.state in (ChannelState.CANCELLED, ChannelState.REFUNDED)
    if is_void and not booked.is_cancelled and not booked.is_shipped:
        return (known, Finding.of("CANCELLED_IN_CHANNEL"))
    if what := changed_parts(order, booked):
        return (known, Finding.of("CHANGED_IN_CHANNEL", what=", ".join(what)))
    return (known,)


def changed_parts(order: ChannelOrder, booked: BookedOrder) -> list[str]:
    """Name the parts that differ from the booked order; amounts with their values, so that a second change is news."""
    lines = frozenset(BookedLine(line.ref, line.quantity, line.net, line.tax) for line in order.lines)
    differs = {
        f"amount {booked.channel_total} → {order.stated.total}": order.stated.total != booked.channel_total,
        f"refund {booked.refunded} → {order.refunded}": order.refunded != booked.refunded,
        "lines": lines != booked.lines,
        "billing address": snapshot(order.billing) != booked.billing,
        "delivery address": snapshot(delivery_of(order)) != booked.delivery,
    }
    return [name for name, is_different in differs.items() if is_different]
