"""What of a change in the shop can be taken over into a booked order, and what is left for a person (D§10.1, D§10.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from canonical.money import CENT, ZERO

NOTHING = Decimal(0)
ADDRESSES = ("billing", "delivery")


class ByHand(StrEnum):
    """Why something of a change cannot be taken over."""

    LINE_ADDED = "line_added"
    LINE_MORE = "line_more"
    LINE_GONE = "line_gone"
    """Less is wanted, but it has left already."""
    PRICE = "price"
    COUNTRY = "country"
    """Another country would change the tax."""
    AMOUNT = "amount"
    """The shop's total is not the sum of what is left here."""
    LEFT = "left"
    """The order has left; only what comes back can be changed."""


@dataclass(frozen=True, slots=True)
class OurLine:
    """An article line of the booked order."""

    id: int
    refs: tuple[str, ...]
    title: str
    quantity: Decimal
    gone: Decimal
    """Cancelled, or came back."""
    cancellable: Decimal
    net: Decimal
    """For `quantity`, as booked."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The booked order, as far as a change is compared with it."""

    lines: Sequence[OurLine]
    parts: frozenset[str]
    """The channel's items that are no article lines of ours: components, which follow their bundle."""
    countries: Mapping[str, str]
    """Of the billing and the delivery address."""
    refunded: Decimal
    can_change: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking a change over does."""

    cancel: dict[int, Decimal] = field(default_factory=dict)
    """Quantities by line id."""
    addresses: tuple[str, ...] = ()
    refund: Decimal = ZERO
    """What the shop gave back since."""
    by_hand: tuple[tuple[ByHand, str], ...] = ()

    @property
    def does_something(self) -> bool:
        """Whether anything can be taken over at all."""
        return bool(self.cancel or self.addresses or self.refund)


def plan(ours: Ours, after: Mapping[str, Any]) -> Plan:
    """Say what of `after`, the parts that the shop changed, can be taken over into our order; pure.

    Quantities that went down or are gone are cancelled, addresses within the country are copied, money that the shop gave
    back is recorded. Added lines, larger quantities and other prices are for a person: our order has no price for them.
    """
    by_hand: list[tuple[ByHand, str]] = []
    cancel: dict[int, Decimal] = {}
    addresses = []
    if not ours.can_change and set(after) & {"lines", *ADDRESSES}:
        by_hand.append((ByHand.LEFT, ""))
    elif "lines" in after:
        cancel = _lines(ours, after["lines"], by_hand)
    for name in ADDRESSES:
        if name in after and ours.can_change:
            country = after[name].get("country", "")
            if country == ours.countries.get(name, ""):
                addresses.append(name)
            else:
                by_hand.append((ByHand.COUNTRY, country))
    refund = max(ZERO, Decimal(after["refund"]) - ours.refunded) if "refund" in after else ZERO
    if set(after) == {"amount"}:
        by_hand.append((ByHand.AMOUNT, str(after["amount"])))
    return Plan(cancel, tuple(addresses), refund, tuple(by_hand))


def _lines(ours: Ours, theirs: Sequence[Mapping[str, Any]], by_hand: list[tuple[ByHand, str]]) -> dict[int, Decimal]:
    cancel = {}
    matched = set(ours.parts)
    for line in ours.lines:
        found = [their for their in theirs if their["ref"] in line.refs]
        matched.update(line.refs)
        wanted = sum((Decimal(their["quantity"]) for their in found), NOTHING)
        if wanted > line.quantity:
            by_hand.append((ByHand.LINE_MORE, line.title))
        elif (less := line.quantity - line.gone - wanted) > 0:
            if less <= line.cancellable:
                cancel[line.id] = less
            else:
                by_hand.append((ByHand.LINE_GONE, line.title))
        net = sum((Decimal(their["net"]) for their in found), ZERO)
        if wanted and abs(net - line.net * wanted / line.quantity) > CENT:
            by_hand.append((ByHand.PRICE, line.title))
    by_hand += [(ByHand.LINE_ADDED, str(their["title"])) for their in theirs if their["ref"] not in matched]
    return cancel
