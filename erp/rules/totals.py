"""The cent check: sums are computed from the lines and compared with what the document states (D§4.2.15)."""

from dataclasses import dataclass
from decimal import Decimal

from canonical.failure import Finding, Severity
from canonical.money import ZERO, tax_of_net
from canonical.order import ChannelOrder
from canonical.settings import OrderSettings
from erp.rules.model import DraftLine

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of an order's lines, discounts, shipping and fees."""

    total: Decimal
    tax: Decimal
    shipping_net: Decimal
    discount_net: Decimal
    discount_tax: Decimal
    tax_per_rate: dict[Decimal, Decimal]


def add_up(order: ChannelOrder) -> Sums:
    """Add up an order in one pass."""
    net = tax = shipping_net = discount_net = discount_tax = ZERO
    per_rate: dict[Decimal, Decimal] = {}
    for line in order.lines:
        net += line.net
        discount_net += line.discount_net
        discount_tax += line.discount_tax
        part = line.tax - line.discount_tax
        tax += part
        if part and line.tax_rate is not None:
            per_rate[line.tax_rate] = per_rate.get(line.tax_rate, ZERO) + part
    for charge in order.shipping:
        shipping_net += charge.net
    for charge in order.shipping + order.fees:
        net += charge.net
        tax += charge.tax
        if charge.tax and charge.tax_rate is not None:
            per_rate[charge.tax_rate] = per_rate.get(charge.tax_rate, ZERO) + charge.tax
    return Sums(net - discount_net + tax, tax, shipping_net, discount_net, discount_tax, per_rate)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison means: a line that closes the gap, or a difference that stops auto-ship."""

    rounding: DraftLine | None = None
    is_fixed: bool = False


def check_totals(order: ChannelOrder, sums: Sums, settings: OrderSettings, found: list[Finding]) -> Verdict:
    """Compare the sums with the stated ones; without "fix total" any difference rejects the document."""
    if sums.total < 0:
        found.append(Finding.of("TOTAL_NEGATIVE", total=sums.total))
    difference = order.stated.total - sums.total
    parts = differing_sums(order, sums)
    if not difference and not parts:
        return Verdict()
    if not settings.fix_total:
        if difference:
            found.append(_mismatch("total", order.stated.total, sums.total))
        found.extend(_mismatch(*part) for part in parts)
        return Verdict()
    largest = max([abs(difference), *(abs(stated - computed) for _, stated, computed in parts)])
    if largest > settings.max_total_diff:
        found.append(_difference(order, sums, parts))
        return Verdict()
    if not difference:
        return Verdict()
    explanation = explained(order, parts)
    found.append(Finding.of("TOTAL_FIXED", stated=order.stated.total, difference=difference, explanation=explanation))
    return Verdict(DraftLine("rounding", None, "", "±", "", ONE, difference, ZERO, difference, ZERO), is_fixed=True)


def differing_sums(order: ChannelOrder, sums: Sums) -> list[tuple[str, Decimal, Decimal]]:
    """List the stated sums that the lines do not give: name, stated, computed."""
    stated = order.stated
    pairs = [
        ("tax", stated.total_tax, sums.tax),
        ("shipping", stated.shipping_net, sums.shipping_net),
        ("discount", stated.discount_net, sums.discount_net),
        ("discount tax", stated.discount_tax, sums.discount_tax),
    ]
    if stated.taxes:
        named: dict[Decimal, Decimal] = {}
        for entry in stated.taxes:
            named[entry.rate] = named.get(entry.rate, ZERO) + entry.tax
        for rate in named.keys() | sums.tax_per_rate.keys():
            pairs.append((_tax_at(rate), named.get(rate, ZERO), sums.tax_per_rate.get(rate, ZERO)))
    return sorted(pair for pair in pairs if pair[1] != pair[2])


def explained(order: ChannelOrder, parts: list[tuple[str, Decimal, Decimal]]) -> str:
    """Say which sums differ, stated / computed; and of a rate's tax, whether the channel rounded once for all lines.

    "tax 19 %: 5.71 / 5.70 (Σ 5.71)" means: the shop took the tax of the rate's whole net amount, the lines' own taxes
    are a cent less.
    """
    nets: dict[Decimal, Decimal] = {}
    amounts = [(line.tax_rate, line.net - line.discount_net) for line in order.lines]
    for rate, net in amounts + [(charge.tax_rate, charge.net) for charge in order.shipping + order.fees]:
        if rate is not None:
            nets[rate] = nets.get(rate, ZERO) + net
    per_rate = {_tax_at(rate): tax_of_net(net, rate) for rate, net in nets.items()}
    said = [
        f"{what}: {stated} / {computed}" + (f" (Σ {stated})" if per_rate.get(what) == stated else "")
        for what, stated, computed in parts
    ]
    return "; ".join(said) or "total"


def _tax_at(rate: Decimal) -> str:
    return f"tax {rate.normalize():f} %"


def _mismatch(what: str, stated: Decimal, computed: Decimal) -> Finding:
    return Finding.of(
        "TOTAL_MISMATCH",
        what=what,
        stated=stated,
        computed=computed,
        difference=stated - computed,
        waits_for=("settings",),
    )


def _difference(order: ChannelOrder, sums: Sums, parts: list[tuple[str, Decimal, Decimal]]) -> Finding:
    """Name the total's difference, or that of the first sum where the total itself agrees."""
    stated, computed = order.stated.total, sums.total
    if stated == computed:
        _, stated, computed = parts[0]
    return Finding.of(
        "TOTAL_DIFFERENCE",
        severity=Severity.WARNING,
        difference=stated - computed,
        stated=stated,
        computed=computed,
    )
