"""Orders that were asked for with more decimals than money has (`dp=4`), rounded as the shop itself rounds them."""

from decimal import Decimal
from typing import TypeVar

from canonical.money import ZERO, cents
from connectors.woocommerce.models import WooCharge, WooLine, WooLineTax, WooOrder, WooTaxLine

Item = TypeVar("Item", WooCharge, WooTaxLine, WooOrder)

DECIMALS = 2
OF_CHARGE = ("total", "total_tax")
OF_TAX = ("tax_total", "shipping_tax_total")
OF_ORDER = ("discount_total", "discount_tax", "shipping_total", "total", "total_tax")


def in_cents(order: WooOrder) -> WooOrder:
    """Round an order's amounts to cents; one that has no more decimals stays as it is. Pure.

    Where prices include the tax, a line's gross amount is leading, as the buyer saw it, and net is what tax leaves of it; the
    order's total is a whole number of cents anyway, or the order stays as it is and its total is refused.
    """
    if not _is_finer(order.total) or order.total != cents(order.total):
        return order
    changes = {
        "line_items": tuple(_line(line, is_gross=order.prices_include_tax) for line in order.line_items),
        "shipping_lines": tuple(_rounded(charge, OF_CHARGE) for charge in order.shipping_lines),
        "fee_lines": tuple(_rounded(charge, OF_CHARGE) for charge in order.fee_lines),
        "tax_lines": tuple(_rounded(tax, OF_TAX) for tax in order.tax_lines),
    }
    return _rounded(order.model_copy(update=changes), OF_ORDER)


def _is_finer(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent < -DECIMALS


def _rounded(item: Item, names: tuple[str, ...]) -> Item:
    return item.model_copy(update={name: cents(getattr(item, name)) for name in names})


def _line(line: WooLine, *, is_gross: bool) -> WooLine:
    taxes = line.taxes
    total, total_tax = _parted(line.total, line.total_tax, [tax.total for tax in taxes], is_gross=is_gross)
    whole, whole_tax = _parted(line.subtotal, line.subtotal_tax, [tax.subtotal for tax in taxes], is_gross=is_gross)
    return line.model_copy(
        update={
            "total": total,
            "total_tax": total_tax,
            "subtotal": whole,
            "subtotal_tax": whole_tax,
            "taxes": tuple(_tax(tax) for tax in taxes),
        }
    )


def _parted(net: Decimal, tax: Decimal, taxes: list[Decimal | None], *, is_gross: bool) -> tuple[Decimal, Decimal]:
    """Net and tax in cents; the sum of a line's taxes may be rounded already, its parts are not."""
    fine = sum((part for part in taxes if part is not None), ZERO) or tax
    rounded = cents(fine)
    return (cents(net + fine) - rounded, rounded) if is_gross else (cents(net), rounded)


def _tax(tax: WooLineTax) -> WooLineTax:
    changes = {
        name: amount if (amount := getattr(tax, name)) is None else cents(amount) for name in ("total", "subtotal")
    }
    return tax.model_copy(update=changes)
