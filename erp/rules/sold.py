"""The order as it is to be booked: without what was taken out again, the shop's bundles collapsed (D§10.1, D§10.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from canonical.money import ZERO, cents, unit_of
from canonical.order import ChannelOrder, OrderLine, StatedTax
from canonical.settings import OrderSettings
from erp.rules.address import complete
from erp.rules.language import document_language
from erp.rules.model import ProjectInfo

AMOUNTS = ("net", "tax", "discount_net", "discount_tax")
NOTHING = dict.fromkeys(AMOUNTS, ZERO)


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as it is to be booked, and what became of its lines."""

    document: ChannelOrder
    """As the channel has it."""
    order: ChannelOrder
    taken_out: Decimal = ZERO
    """Gross value of what was removed from the order before the import, as far as the buyer had paid for it."""
    removed: tuple[tuple[str, Decimal], ...] = ()
    """Title and quantity of what was removed."""
    parents: Mapping[str, str] = field(default_factory=dict)
    """By the ref of a bundle's part: the ref of its head."""
    refs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a line's ref: all items that became this line, where there are several."""


def as_sold(order: ChannelOrder, settings: OrderSettings, project: ProjectInfo | None = None) -> Sold:
    """Prepare an order for the rules; pure, and nearly free for the ordinary order.

    Amounts of a line that is partly removed are taken in proportion, to the cent; the stated sums are lowered by exactly
    what is left out, so that the cent check still proves every line.
    """
    changes: dict[str, Any] = dict(complete(order, settings))
    billed = changes.get("billing", order.billing)
    language = document_language(order.language, billed.country, settings, project)
    if language != order.language:
        changes["language"] = language
    lines: Sequence[OrderLine] = order.lines
    parents: dict[str, str] = {}
    refs: dict[str, tuple[str, ...]] = {}
    if any(line.parent_ref for line in lines):
        lines, parents, refs = _bundles(order)
    left, taken = _open(lines, unit_of(order.currency))
    if taken:
        changes["stated"] = _lowered(order, taken)
    if taken or parents or refs:
        changes["lines"] = tuple(left)
    if not changes:
        return Sold(order, order)
    sold = order.model_copy(update=changes)
    removed = tuple((line.title, line.quantity) for line in taken if line.quantity)
    paid = [_gross(line) for line in taken if line.was_charged]
    return Sold(order, sold, sum(paid, ZERO), removed, parents, refs)


def is_gone(line: OrderLine) -> bool:
    """Whether nothing is left of a line; a line of nothing at no price was taken out by the channel itself."""
    if line.removed > 0:
        return line.removed >= line.quantity
    return line.quantity == 0 and not any(getattr(line, name) for name in AMOUNTS)


# --- what was taken out again ---------------------------------------------------------------------------------------


def _open(lines: Sequence[OrderLine], unit: Decimal) -> tuple[list[OrderLine], list[OrderLine]]:
    """Part the lines into what is still to be delivered and what was removed; quantities and amounts add up exactly."""
    left: list[OrderLine] = []
    taken: list[OrderLine] = []
    for line in lines:
        if is_gone(line):
            taken.append(line)
        elif line.removed > 0:
            kept = line.quantity - line.removed
            amounts = {name: cents(getattr(line, name) * kept / line.quantity, unit) for name in AMOUNTS}
            gone = {name: getattr(line, name) - amount for name, amount in amounts.items()}
            left.append(line.model_copy(update=amounts | {"quantity": kept, "removed": ZERO}))
            taken.append(line.model_copy(update=gone | {"quantity": line.removed}))
        else:
            left.append(line)
    return left, taken


def _gross(line: OrderLine) -> Decimal:
    return line.net + line.tax - line.discount_net - line.discount_tax


def _lowered(order: ChannelOrder, taken: Sequence[OrderLine]) -> Any:
    """Lower the stated sums by what was removed."""
    stated = order.stated
    sums = {name: sum((getattr(line, name) for line in taken), ZERO) for name in AMOUNTS}
    per_rate: dict[Decimal, Decimal] = {}
    for line in taken:
        if line.tax_rate is not None:
            per_rate[line.tax_rate] = per_rate.get(line.tax_rate, ZERO) + line.tax - line.discount_tax
    taxes = []
    for entry in stated.taxes:
        taxes.append(StatedTax(rate=entry.rate, tax=entry.tax - per_rate.pop(entry.rate, ZERO)))
    return stated.model_copy(
        update={
            "total": stated.total - sum(map(_gross, taken), ZERO),
            "total_tax": stated.total_tax - sums["tax"] + sums["discount_tax"],
            "discount_net": stated.discount_net - sums["discount_net"],
            "discount_tax": stated.discount_tax - sums["discount_tax"],
            "taxes": tuple(taxes),
        }
    )


# --- bundles that the shop sends taken apart ------------------------------------------------------------------------


def _bundles(order: ChannelOrder) -> tuple[list[OrderLine], dict[str, str], dict[str, tuple[str, ...]]]:
    """Put each bundle's parts behind its head: a single part replaces the head, several stand at 0.00 below its price.

    Where the lines only give the stated total without the parts' prices, those are a breakdown of the head's price and
    left out; else they are added to it. A part at another tax rate keeps its price, so that the tax per rate stays right.
    """
    by_ref = {line.ref: line for line in order.lines}
    parts: dict[str, list[OrderLine]] = {}
    heads = {line.ref: head for line in order.lines if (head := _head(line, by_ref)) is not None}
    for ref, head in heads.items():
        parts.setdefault(head, []).append(by_ref[ref])
    is_breakdown = order.computed_total != order.stated.total
    parents: dict[str, str] = {}
    refs: dict[str, tuple[str, ...]] = {}
    made: list[OrderLine] = []
    for line in order.lines:
        if line.ref in heads:
            continue
        if line.ref not in parts:
            made.append(line)
            continue
        children = [_removed_with(part, line) for part in parts[line.ref]]
        whole, children = _priced(line, children, is_breakdown=is_breakdown)
        if len(children) == 1 and not _has_price(children[0]):
            made.append(_replaced(whole, children[0]))
            refs[line.ref] = (line.ref, children[0].ref)
        else:
            made += [whole, *children]
            parents |= {child.ref: line.ref for child in children}
    return made, parents, refs


def _head(line: OrderLine, by_ref: Mapping[str, OrderLine]) -> str | None:
    """Find the outermost bundle that a line belongs to.

    A part whose head is not in the order, or that is a part of itself, is an ordinary line.
    """
    seen, at = {line.ref}, line
    while at.parent_ref in by_ref:
        if at.parent_ref in seen:
            return None
        at = by_ref[at.parent_ref]
        seen.add(at.ref)
    return None if at is line else at.ref


def _removed_with(part: OrderLine, head: OrderLine) -> OrderLine:
    """Take out of a part what was taken out of its head, in proportion."""
    if head.removed <= 0 or head.quantity <= 0:
        return part
    along = part.quantity * min(head.removed, head.quantity) / head.quantity
    return part.model_copy(update={"removed": max(part.removed, along)})


def _priced(head: OrderLine, children: Sequence[OrderLine], *, is_breakdown: bool) -> tuple[OrderLine, list[OrderLine]]:
    """Move the parts' prices to the head, or drop them where they only repeat its price; rates are never mixed."""
    sums = {name: getattr(head, name) for name in AMOUNTS}
    rates = {child.tax_rate for child in children if _has_price(child)}
    rate = next(iter(rates)) if len(rates) == 1 and not _has_price(head) else head.tax_rate
    free = []
    for child in children:
        if _has_price(child) and not is_breakdown:
            if child.tax_rate != rate:
                free.append(child)
                continue
            for name in AMOUNTS:
                sums[name] += getattr(child, name)
        free.append(child.model_copy(update=NOTHING | {"tax_rate": rate}) if _has_price(child) else child)
    return head.model_copy(update=sums | {"tax_rate": rate}), free


def _has_price(line: OrderLine) -> bool:
    return any(getattr(line, name) for name in AMOUNTS)


def _replaced(head: OrderLine, child: OrderLine) -> OrderLine:
    """Let a single part stand for its bundle: its article and quantity, the head's price and id."""
    kept = {name: getattr(head, name) for name in (*AMOUNTS, "ref", "tax_rate")}
    return child.model_copy(update=kept | {"parent_ref": "", "properties": head.properties + child.properties})
