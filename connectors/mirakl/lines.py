"""The amounts of an order's lines: goods, promotions, shipping and fees, net and tax apart."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.money import CENT, HUNDRED, ZERO, cents, tax_in_gross
from canonical.order import Charge, Discount, OrderLine
from connectors.mirakl.models import MiraklLine, MiraklOrder, MiraklTax

GONE = ("REFUSED", "CANCELED")


def tax_of(taxes: Sequence[MiraklTax]) -> Decimal:
    """The sum of some taxes."""
    return sum((tax.amount for tax in taxes), ZERO)


def rate_of(taxes: Sequence[MiraklTax]) -> Decimal | None:
    """The percent rate of what bears these taxes; several add up. None where tax is charged at a rate that is not stated.

    None also without any tax: most instances leave tax to the seller, which is something else than a tax of zero.
    """
    charged = [tax for tax in taxes if tax.amount] or list(taxes)
    rates = [tax.rate for tax in charged if tax.rate is not None]
    if not charged or len(rates) < len(charged):
        return None
    return sum(rates, Decimal(0))


def parts_of(taxes: Sequence[MiraklTax]) -> int:
    """How many amounts a tax is made of, each rounded by itself."""
    return max(1, sum(1 for tax in taxes if tax.amount))


def goods_line(line: MiraklLine, *, is_net: bool, unit: Decimal) -> OrderLine:
    """A line of goods before its promotions, and what these took off; `unit` is the currency's smallest amount."""
    tax = tax_of(line.taxes)
    net = line.price if is_net else line.price - tax
    off_net, off_tax = _discount(line, tax, is_net=is_net, unit=unit)
    return OrderLine(
        ref=line.order_line_id,
        sku=line.offer_sku,
        title=line.product_title or line.offer_sku,
        quantity=line.quantity,
        net=net + off_net,
        tax=tax + off_tax,
        tax_rate=rate_of(line.taxes),
        tax_parts=parts_of(line.taxes),
        discount_net=off_net,
        discount_tax=off_tax,
        product_ref=line.offer_sku,
        removed=removed(line),
        # What was refused or cancelled was never charged; only a refund gives money back.
        was_charged=bool(line.refunds) or line.order_line_state == "REFUNDED",
    )


def _discount(line: MiraklLine, tax: Decimal, *, is_net: bool, unit: Decimal) -> tuple[Decimal, Decimal]:
    """What promotions took off, net and tax: only where the unit price still is the one before them (D§10.3)."""
    if line.price_unit is None or not any(promotion.deduced_amount for promotion in line.promotions):
        return ZERO, ZERO
    before = cents(line.price_unit * line.quantity, unit)
    off = before - line.price
    if off <= 0 or (not line.price and not line.taxes):
        return ZERO, ZERO  # what became free and states no tax is simply free: nobody knows what it would have borne
    share = _tax_taken_off(line, before, off, tax, is_net=is_net, unit=unit)
    return (off, share) if is_net else (off - share, share)


def _tax_taken_off(
    line: MiraklLine, before: Decimal, off: Decimal, tax: Decimal, *, is_net: bool, unit: Decimal
) -> Decimal:
    """What the tax of the full price is more than that of the rest, so that both are rounded once.

    Without a rate it is in the proportion of the rest.
    """
    rate = rate_of(line.taxes)
    if rate is None:
        return cents(off * tax / line.price, unit) if line.price else ZERO
    return (cents(before * rate / HUNDRED, unit) if is_net else tax_in_gross(before, rate, unit)) - tax


def removed(line: MiraklLine) -> Decimal:
    """How much of a line will not be shipped: refused, cancelled, or refunded before it left.

    A refund's quantity is only informative: pieces are taken out where their whole price went back, less is goodwill.
    """
    if line.order_line_state in GONE:
        return line.quantity
    given_back = sum((entry.quantity for entry in line.cancelations), Decimal(0))
    for refund in line.refunds:
        whole = line.price * refund.quantity / line.quantity if line.quantity else ZERO
        given_back += refund.quantity if refund.amount >= whole - CENT else Decimal(0)
    if line.order_line_state == "REFUNDED" and not given_back:
        return line.quantity
    return min(given_back, line.quantity)


def discounts_of(lines: Sequence[MiraklLine], *, is_net: bool, unit: Decimal) -> tuple[Discount, ...]:
    """The promotions by name; of several on a line, the first names all that was taken off."""
    found: dict[str, Discount] = {}
    for line in lines:
        net, tax = _discount(line, tax_of(line.taxes), is_net=is_net, unit=unit)
        if not net and not tax:
            continue
        named = next(promotion for promotion in line.promotions if promotion.deduced_amount)
        code = named.promo_code or named.id
        known = found.get(code, Discount(code=code, net=ZERO, tax=ZERO))
        found[code] = Discount(code=code, net=known.net + net, tax=known.tax + tax)
    return tuple(found.values())


def shipping_of(lines: Sequence[MiraklLine], order: MiraklOrder) -> tuple[Charge, ...]:
    """Shipping is stated per line; one charge per rate, and one of zero where it is free (D§10.3)."""
    sums: dict[Decimal | None, tuple[Decimal, Decimal, int]] = {}
    for line in lines:
        if line.shipping_price or tax_of(line.shipping_taxes):
            tax = tax_of(line.shipping_taxes)
            net = line.shipping_price if order.is_net else line.shipping_price - tax
            known = sums.get(rate_of(line.shipping_taxes), (ZERO, ZERO, 0))
            sums[rate_of(line.shipping_taxes)] = (
                known[0] + net,
                known[1] + tax,
                known[2] + parts_of(line.shipping_taxes),
            )
    return tuple(
        Charge(
            ref=f"shipping-{number}",
            title=order.shipping_type_label or order.shipping_type_code,
            method=order.shipping_type_code,
            net=net,
            tax=tax,
            tax_rate=rate,
            parts=parts,
        )
        for number, (rate, (net, tax, parts)) in enumerate((sums or {ZERO: (ZERO, ZERO, 1)}).items(), start=1)
    )


def fees_of(lines: Sequence[MiraklLine]) -> tuple[Charge, ...]:
    """The fees of the lines; the marketplace states no tax for them."""
    return tuple(
        Charge(
            ref=f"{line.order_line_id}-{fee.code}",
            title=fee.code,
            method=fee.code,
            net=fee.amount,
            tax=ZERO,
            tax_rate=None,
            line_ref=line.order_line_id,
        )
        for line in lines
        for fee in line.fees
        if fee.amount
    )


def taxes_of(lines: Sequence[MiraklLine]) -> dict[Decimal, Decimal]:
    """The tax per rate as the lines state it; nothing where one bears several taxes, whose joint rate is not stated."""
    everything = [taxes for line in lines for taxes in (line.taxes, line.shipping_taxes)]
    if any(len([tax for tax in taxes if tax.amount]) > 1 for taxes in everything):
        return {}
    sums: dict[Decimal, Decimal] = {}
    for taxes in everything:
        rate = rate_of(taxes)
        if rate is not None:
            sums[rate] = sums.get(rate, ZERO) + tax_of(taxes)
    return sums
