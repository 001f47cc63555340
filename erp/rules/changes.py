"""What a newer version of an imported order means: the booked order stays, people are told (D§10.1, D§10.5)."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO, unit_of
from canonical.order import ChannelOrder, ChannelState
from canonical.settings import OrderSettings
from erp.rules.address import delivery_of, snapshot
from erp.rules.amounts import remaining, total_of
from erp.rules.model import BookedLine, BookedOrder
from erp.rules.own_tax import at_booked_rates
from erp.rules.sold import as_sold

NONE = Decimal(0)


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
    # Removed items are compared as lines; the total is compared as the channel states it.
    sold = at_booked_rates(as_sold(order, settings).order, booked).model_copy(update={"stated": order.stated})
    differs = {
        f"amount {booked.channel_total} → {order.stated.total}": is_total_changed(sold, booked),
        f"refund {booked.refunded} → {order.refunded}": not booked.explains_refund(order.refunded),
        "lines": are_lines_changed(sold, booked),
        "billing address": snapshot(sold.billing) != booked.billing,
        "delivery address": snapshot(delivery_of(sold)) != booked.delivery,
    }
    return [name for name, is_different in differs.items() if is_different]


def are_lines_changed(order: ChannelOrder, booked: BookedOrder) -> bool:
    """Whether the channel's items, added up as they were booked, give other lines; one that is new or gone does.

    Less of a line than was booked is none where that much was cancelled here or came back: the channel was told, or need
    not be (D§10.5, loops). Pure.
    """
    return _missing(order, booked) is None


def is_total_changed(order: ChannelOrder, booked: BookedOrder) -> bool:
    """Whether a channel's total is neither the one that was agreed nor that without what is gone here; pure.

    Some channels lower the total with the lines, some leave it; shares of discounts may differ by a cent a line.
    """
    total = order.stated.total
    if total == booked.channel_total:
        return False
    missing = _missing(order, booked)
    if not missing:
        return True
    left = [replace(line, cancelled=missing.get(line.id, NONE)) for line in booked.amounts]
    given_up = total_of(remaining(booked.amounts)).gross - total_of(remaining(left)).gross
    return abs(booked.channel_total - given_up - total) > unit_of(order.currency) * len(booked.amounts)


def _missing(order: ChannelOrder, booked: BookedOrder) -> dict[int, Decimal] | None:
    """Say per booked line how much of it the channel has no more, as far as it is gone here; None for any other change."""
    line_of = {ref: line.ref for line in booked.lines for ref in line.refs}
    theirs = _sums((line_of.get(line.ref, line.ref), line.quantity, line.net, line.tax) for line in order.lines)
    missing: dict[int, Decimal] = {}
    for ref, ours in _by_ref(booked.lines).items():
        quantity, net, tax = theirs.pop(ref, (NONE, ZERO, ZERO))
        whole = sum((line.quantity for line in ours), NONE)
        less = whole - quantity
        if not 0 <= less <= sum((line.gone for line in ours), NONE):
            return None
        kept = quantity / whole if whole else Decimal(1)
        # A part of several merged items is rounded once for each of them.
        off = unit_of(order.currency) * max(1, sum(len(line.refs) for line in ours)) if less else ZERO
        for amount, of in ((net, [line.net for line in ours]), (tax, [line.tax for line in ours])):
            if abs(amount - sum(of, ZERO) * kept) > off:
                return None
        for line in ours:
            taken = min(less, line.gone)
            less -= taken
            missing |= {line.id: taken} if taken else {}
    return None if any(any(values) for values in theirs.values()) else missing


def _by_ref(lines: Iterable[BookedLine]) -> dict[str, list[BookedLine]]:
    found: dict[str, list[BookedLine]] = {}
    for line in lines:
        found.setdefault(line.ref, []).append(line)
    return found


def _sums(lines: Iterable[tuple[str, Decimal, Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    for ref, quantity, net, tax in lines:
        before = sums.get(ref, (ZERO, ZERO, ZERO))
        sums[ref] = (before[0] + quantity, before[1] + net, before[2] + tax)
    return sums
