"""Parts of an order's lines to the cent: what is left after a part cancellation, what a credit note gives back (D§10.5).

All amounts are in the order's currency; discounts are negative. Parts that are taken one after the other add up to the
whole exactly, in net, tax and gross, and no part has another sign than its line: rounding is cumulative, the amount of a
part is the rounded amount up to its end less the rounded amount up to its beginning.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.money import ZERO, cents


@dataclass(frozen=True, slots=True)
class Amounts:
    """A quantity and what it costs; `net` + `tax` = `gross`."""

    quantity: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line of an order as it was booked, as far as its parts depend on it; `kind` as in `OrderLine`."""

    id: int
    kind: str
    tax_rate: Decimal
    booked: Amounts
    cancelled: Decimal = Decimal(0)


def part_of(line: Amounts, quantity: Decimal, before: Decimal = Decimal(0)) -> Amounts:
    """Take a part of a line, after `before` was taken: a line of 3 for 10.00 gives 3.33, 3.34 and 3.33.

    The gross amount is divided and the tax follows it, so that a price with tax stays round and net is never turned
    around by two roundings. Raises `ValueError` for a part outside the line. Pure.
    """
    if quantity < 0 or before < 0 or before + quantity > line.quantity:
        raise ValueError(f"{before} + {quantity} of {line.quantity}")
    if not line.quantity:
        return line
    return _taken(line, quantity, before, line.quantity)


def discount_share(discount: Amounts, goods: Decimal, taken: Decimal, before: Decimal = Decimal(0)) -> Amounts:
    """Take the share of a discount line that falls on goods of its rate, in proportion to their gross (D§10.3).

    `goods` is the gross of all goods of the discount's rate, `taken` of those that are taken now, `before` of those that
    were taken earlier. A discount on nothing has no share. Its quantity stays: a share is one discount. Pure.
    """
    if taken < 0 or before < 0 or before + taken > goods:
        raise ValueError(f"{before} + {taken} of {goods}")
    if not goods:
        return Amounts(discount.quantity, ZERO, ZERO, ZERO)
    share = _taken(discount, taken, before, goods)
    return Amounts(discount.quantity, share.net, share.tax, share.gross)


def remaining(lines: Sequence[LineAmounts]) -> dict[int, Amounts]:
    """Say per line id what is left of an order after its part cancellations: what is invoiced.

    A discount keeps the share of the goods that are left; one without goods of its rate, such as on the postage, stays
    whole. Pure.
    """
    left = {line.id: line.booked.quantity - line.cancelled for line in lines if line.kind != "discount"}
    goods = _goods(lines)
    whole = {line.id: line.booked for line in lines if line.kind == "discount" and not goods.get(line.tax_rate)}
    return taken(lines, left) | whole


def taken(
    lines: Sequence[LineAmounts],
    quantities: Mapping[int, Decimal],
    before: Mapping[int, Decimal] | None = None,
) -> dict[int, Amounts]:
    """Take quantities by line id out of an order, after `before` was taken; with the shares of the discounts.

    What came back of an order, or what is left of it: the amounts of the lines named, and of every discount line whose
    rate has goods among them. Pure.
    """
    earlier = before or {}
    parts = {
        line.id: part_of(line.booked, quantities[line.id], earlier.get(line.id, Decimal(0)))
        for line in lines
        if line.id in quantities
    }
    goods = _goods(lines)
    now: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    then: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.kind == "article":
            now[line.tax_rate] += parts[line.id].gross if line.id in parts else ZERO
            then[line.tax_rate] += part_of(line.booked, earlier.get(line.id, Decimal(0))).gross
    for line in lines:
        if line.kind == "discount" and now[line.tax_rate]:
            rate = line.tax_rate
            parts[line.id] = discount_share(line.booked, goods[rate], now[rate], then[rate])
    return parts


def total_of(parts: Mapping[int, Amounts]) -> Amounts:
    """Add parts up; the quantities of different lines add up to nothing that means anything, so it is 0."""
    return Amounts(
        Decimal(0),
        sum((part.net for part in parts.values()), ZERO),
        sum((part.tax for part in parts.values()), ZERO),
        sum((part.gross for part in parts.values()), ZERO),
    )


def _goods(lines: Sequence[LineAmounts]) -> dict[Decimal, Decimal]:
    """The gross of all goods of an order per tax rate."""
    goods: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.kind == "article":
            goods[line.tax_rate] += line.booked.gross
    return goods


def _taken(whole: Amounts, weight: Decimal, before: Decimal, of: Decimal) -> Amounts:
    gross, tax = _up_to(whole, before + weight, of)
    gross_before, tax_before = _up_to(whole, before, of)
    gross, tax = gross - gross_before, tax - tax_before
    return Amounts(weight, gross - tax, tax, gross)


def _up_to(whole: Amounts, weight: Decimal, of: Decimal) -> tuple[Decimal, Decimal]:
    """Gross and tax of the first part; the tax is that of the rounded gross, so it never outgrows it."""
    gross = cents(whole.gross * weight / of)
    if whole.gross:
        return gross, cents(whole.tax * gross / whole.gross)
    return gross, cents(whole.tax * weight / of)
