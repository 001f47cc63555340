"""What a newer version of an imported order means: the booked order stays, people are told (D§10.1, D§10.5)."""

from canonical.failure import Finding
from canonical.order import ChannelOrder, ChannelState
from erp.rules.address import delivery_of, snapshot
from erp.rules.model import BookedLine, BookedOrder


def findings_after_import(order: ChannelOrder, booked: BookedOrder) -> tuple[Finding, ...]:
    """Tell that an order is here already, and what the channel changed since; a mere change of state is nothing new."""
    found = [Finding.of("ALREADY_IMPORTED")]
    if order.state is ChannelState.CANCELLED:
        if not booked.is_cancelled and not booked.is_shipped:
            found.append(Finding.of("CANCELLED_IN_CHANNEL"))
        return tuple(found)
    if what := changed_parts(order, booked):
        found.append(Finding.of("CHANGED_IN_CHANNEL", what=", ".join(what)))
    return tuple(found)


def changed_parts(order: ChannelOrder, booked: BookedOrder) -> list[str]:
    """Name the parts that differ from the booked order."""
    lines = frozenset(BookedLine(line.ref, line.quantity, line.net, line.tax) for line in order.lines)
    differs = {
        "amount": order.stated.total != booked.channel_total,
        "refund": order.refunded != booked.refunded,
        "lines": lines != booked.lines,
        "billing address": snapshot(order.billing) != booked.billing,
        "delivery address": snapshot(delivery_of(order)) != booked.delivery,
    }
    return [name for name, is_different in differs.items() if is_different]
