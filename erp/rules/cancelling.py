"""What of an order may still be cancelled, and what goes with it: components with their head, surcharges with their goods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

BY_HAND = ("article", "shipping", "surcharge")
"""Kinds of lines that a person cancels; discounts and components follow, rounding stays."""
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineState:
    """A line of an order, as far as cancelling reads it; quantities in the article's unit."""

    id: int
    parent_id: int | None
    kind: str
    is_delivered: bool
    """A stock article: it has to be shipped, and the order is complete without it only once it is cancelled."""
    quantity: Decimal
    cancelled: Decimal = NOTHING
    shipped: Decimal = NOTHING

    @property
    def open(self) -> Decimal:
        """What has neither left nor been cancelled."""
        return self.quantity - self.cancelled - self.shipped


def cancellable(lines: Sequence[LineState]) -> dict[int, Decimal]:
    """Say per line id how much of it may be cancelled; of a bundle only pieces of which no component has left; pure."""
    parts = _components(lines)
    return {
        line.id: min([line.open, *(_sets(part, line) for part in parts.get(line.id, ()))])
        for line in lines
        if line.kind in BY_HAND
    }


def follow(lines: Sequence[LineState], quantities: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Add what goes with the quantities: a head's components, and surcharges whose goods are gone whole; pure."""
    gone = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    by_id = {line.id: line for line in lines}
    for line in lines:
        head = by_id.get(line.parent_id or 0)
        if head is None or head.id not in gone:
            continue
        if line.kind == "component":
            gone[line.id] = gone[head.id] * line.quantity / head.quantity
        elif gone[head.id] == head.quantity - head.cancelled and line.open > 0:
            gone[line.id] = line.open
    return gone


def rest(lines: Sequence[LineState]) -> dict[int, Decimal]:
    """Say what is cancelled where nothing more ships: bundles that are whole, and of the others the missing components.

    A bundle of which a part has left keeps its price; what the buyer gets back for it is for a person to say. Pure.
    """
    parts, left = _components(lines), cancellable(lines)
    gone = follow(
        lines, {line.id: left[line.id] for line in lines if line.id in left and (line.is_delivered or line.id in parts)}
    )
    for line in lines:
        missing = line.open - gone.get(line.id, NOTHING)
        if line.kind == "component" and line.is_delivered and missing > 0:
            gone[line.id] = gone.get(line.id, NOTHING) + missing
    return gone


def is_all(lines: Sequence[LineState], gone: Mapping[int, Decimal]) -> bool:
    """Say whether no goods are left; pure."""
    return all(line.quantity == line.cancelled + gone.get(line.id, NOTHING) for line in lines if line.kind == "article")


def _components(lines: Sequence[LineState]) -> dict[int, list[LineState]]:
    found: dict[int, list[LineState]] = {}
    for line in lines:
        if line.kind == "component" and line.parent_id is not None:
            found.setdefault(line.parent_id, []).append(line)
    return found


def _sets(part: LineState, head: LineState) -> Decimal:
    """How many pieces of the head are still whole, as far as this component goes."""
    return (part.open * head.quantity / part.quantity).to_integral_value(ROUND_FLOOR) if part.quantity else head.open
