"""The arithmetic of an order's lines: taxes, commission, sums, and the change between both tax modes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]
INCLUDED, EXCLUDED = "TAX_INCLUDED", "TAX_EXCLUDED"
CENT, HUNDRED, ZERO = Decimal("0.01"), Decimal(100), Decimal(0)
COMMISSION_PERCENT, COMMISSION_TAX = Decimal(12), Decimal(19)
CALCULATION = "PROPORTIONAL_TO_AMOUNT"
GONE = frozenset({"REFUSED", "CANCELED"})


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def decimal(value: object) -> Decimal:
    """A number of a request or of the state file as Decimal."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def tax_in(amount: Decimal, percent: Decimal, mode: str) -> Decimal:
    """The tax of one amount, which contains it or does not."""
    base = HUNDRED + percent if mode == INCLUDED else HUNDRED
    return cents(amount * percent / base)


def taxes_on(amount: Decimal, code: str, percent: Decimal, mode: str) -> list[Json]:
    """The `taxes` of one amount."""
    tax = tax_in(amount, percent, mode)
    return [{"amount": tax, "code": code, "rate": percent, "tax_calculation_rule": CALCULATION}]


def tax_sum(taxes: Iterable[Json]) -> Decimal:
    """The sum of a list of taxes."""
    return sum((decimal(tax["amount"]) for tax in taxes), ZERO)


def add_commission(line: Json) -> None:
    """The marketplace's commission on a line with its shipping, and its VAT."""
    fee = cents((line["price"] + line["shipping_price"]) * COMMISSION_PERCENT / HUNDRED)
    vat = cents(fee * COMMISSION_TAX / HUNDRED)
    line |= {
        "commission_fee": fee,
        "commission_rate_vat": COMMISSION_TAX,
        "commission_taxes": [{"amount": vat, "code": "TAXDEFAULT", "rate": COMMISSION_TAX}],
        "commission_vat": vat,
        "total_commission": fee + vat,
    }


def add_sums(order: Json) -> None:
    """The order's own amounts: sums over all its lines, as the vendor's specification words it."""
    for line in order["order_lines"]:
        line["total_price"] = line["price"] + line["shipping_price"]
    for name in ("price", "shipping_price", "total_commission", "total_price"):
        order[name] = sum((decimal(line[name]) for line in order["order_lines"]), ZERO)


def in_mode(order: Json, mode: str) -> Json:
    """The order with its amounts including or excluding tax; the same amounts where it has no taxes."""
    if order["order_tax_mode"] == mode:
        return order
    sign = 1 if mode == INCLUDED else -1
    other = {**order, "order_tax_mode": mode}
    other["order_lines"] = [_line_in_mode(line, sign) for line in order["order_lines"]]
    add_sums(other)
    return other


def _line_in_mode(line: Json, sign: int) -> Json:
    price = line["price"] + sign * tax_sum(line["taxes"])
    quantity = max(1, line["quantity"])
    return {
        **line,
        "price": price,
        "price_unit": cents(price / quantity),
        "shipping_price": line["shipping_price"] + sign * tax_sum(line["shipping_taxes"]),
        "refunds": [_part_in_mode(part, sign) for part in line["refunds"]],
        "cancelations": [_part_in_mode(part, sign) for part in line["cancelations"]],
    }


def _part_in_mode(part: Json, sign: int) -> Json:
    return {
        **part,
        "amount": decimal(part["amount"]) + sign * tax_sum(part["taxes"]),
        "shipping_amount": decimal(part["shipping_amount"]) + sign * tax_sum(part["shipping_taxes"]),
    }


def gross(order: Json, lines: Sequence[Json]) -> Decimal:
    """What customers pay for some lines of an order, shipping and taxes included, cancelled parts taken off."""
    total = ZERO
    for line in lines:
        if line["order_line_state"] in GONE:
            continue
        total += part_gross(order, line["price"], line["shipping_price"], line["taxes"], line["shipping_taxes"])
        total -= sum((entry_gross(order, part) for part in line["cancelations"]), ZERO)
    return total


def entry_gross(order: Json, part: Json) -> Decimal:
    """The gross amount of one refund or cancelation."""
    return part_gross(order, part["amount"], part["shipping_amount"], part["taxes"], part["shipping_taxes"])


def part_gross(
    order: Json, price: Decimal, shipping: Decimal, taxes: Iterable[Json], shipping_taxes: Iterable[Json]
) -> Decimal:
    """Price and shipping with their taxes, where the order's amounts do not contain them."""
    total = decimal(price) + decimal(shipping)
    return total if order["order_tax_mode"] == INCLUDED else total + tax_sum(taxes) + tax_sum(shipping_taxes)
