"""Amounts of an order as Shopware computes them: taxes per line rounded to cents, then added up per rate ("horizontal").

Prices are gross, net or tax-free, as the order's `taxStatus` says. Calculated in `Decimal`; shown as JSON numbers, in which
the share of a mixed-rate price keeps the noise of binary fractions, as real answers have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]
Shares = Sequence[tuple[Decimal, Decimal]]
"""Tax rates with the share of the price each one covers, in percent; together 100."""
CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ROUNDING = {"decimals": 2, "interval": 0.01, "roundForNet": True, "extensions": [], "apiAlias": "cash_rounding_config"}


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to cents."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Tax:
    """One calculated tax: what it is, its rate in percent, and the part of the price it belongs to (in the order's mode)."""

    tax: Decimal
    rate: Decimal
    price: Decimal

    def shown(self) -> Json:
        """As the API shows it."""
        return {
            "tax": float(self.tax),
            "taxRate": float(self.rate),
            "price": float(self.price),
            "extensions": [],
            "apiAlias": "cart_tax_calculated",
        }


@dataclass(frozen=True)
class Price:
    """A calculated price of a line, a delivery or a payment."""

    unit: Decimal
    quantity: int
    total: Decimal
    taxes: tuple[Tax, ...]
    shares: Shares

    def shown(self) -> Json:
        """As the API shows it."""
        return {
            "unitPrice": float(self.unit),
            "quantity": self.quantity,
            "totalPrice": float(self.total),
            "calculatedTaxes": [tax.shown() for tax in self.taxes],
            "taxRules": rules(self.shares),
            "referencePrice": None,
            "listPrice": None,
            "regulationPrice": None,
            "extensions": [],
            "apiAlias": "calculated_price",
        }


def rules(shares: Shares) -> list[Json]:
    """The tax rules of a price."""
    return [
        {"taxRate": float(rate), "percentage": float(share), "extensions": [], "apiAlias": "cart_tax_rule"}
        for rate, share in shares
    ]


def priced(unit: Decimal, quantity: int, shares: Shares, tax_status: str) -> Price:
    """A price with its taxes."""
    total = cents(unit * quantity)
    return Price(unit, quantity, total, () if tax_status == "tax-free" else _taxes(total, shares, tax_status), shares)


def _taxes(total: Decimal, shares: Shares, tax_status: str) -> tuple[Tax, ...]:
    found = []
    for rate, share in shares:
        part = total * share / HUNDRED
        base = HUNDRED + rate if tax_status == "gross" else HUNDRED
        found.append(Tax(cents(part * rate / base), rate, part))
    return tuple(found)


def mixed(prices: Iterable[Price]) -> Shares:
    """The rates of several prices with their shares of the sum; a single zero-rate share where there is no sum."""
    sums: dict[Decimal, Decimal] = {}
    for price in prices:
        for rate, share in price.shares:
            sums[rate] = sums.get(rate, Decimal(0)) + price.total * share / HUNDRED
    total = sum(sums.values(), Decimal(0))
    if not total:
        return [(Decimal(0), HUNDRED)]
    return [(rate, amount * HUNDRED / total) for rate, amount in sorted(sums.items(), reverse=True)]


def summed(prices: Iterable[Price]) -> list[Tax]:
    """The taxes of several prices added up per rate."""
    found: dict[Decimal, Tax] = {}
    for price in prices:
        for tax in price.taxes:
            before = found.get(tax.rate, Tax(Decimal(0), tax.rate, Decimal(0)))
            found[tax.rate] = Tax(before.tax + tax.tax, tax.rate, before.price + tax.price)
    return list(found.values())


def order_price(positions: Sequence[Price], deliveries: Sequence[Price], tax_status: str) -> Json:
    """The order's `price` out of its top lines and its deliveries."""
    position = sum((price.total for price in positions), Decimal(0))
    shipping = sum((price.total for price in deliveries), Decimal(0))
    taxes = summed([*positions, *deliveries])
    tax = sum((one.tax for one in taxes), Decimal(0))
    total = position + shipping + (tax if tax_status == "net" else Decimal(0))
    net = total if tax_status == "tax-free" else total - tax
    return {
        "netPrice": float(net),
        "totalPrice": float(total),
        "calculatedTaxes": [one.shown() for one in taxes],
        "taxRules": rules(mixed([*positions, *deliveries])),
        "positionPrice": float(position),
        "taxStatus": tax_status,
        "rawTotal": float(total),
        "extensions": [],
        "apiAlias": "cart_price",
    }
