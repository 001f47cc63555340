"""Money arithmetic: amounts are `Decimal`, rounded half up to the cent, or the currency's smallest unit, as invoices are."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
WITHOUT_CENTS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"]
)  # fmt: skip
"""Currencies that have no smaller unit (ISO 4217)."""


def unit_of(currency: str) -> Decimal:
    """Say the smallest amount that we book in a currency; of currencies with three decimals (KWD) only two are kept."""
    return Decimal(1) if currency in WITHOUT_CENTS else CENT


def cents(amount: Decimal, unit: Decimal = CENT) -> Decimal:
    """Round an amount to the unit, half up; always with two decimals, as the books hold it."""
    return amount.quantize(unit, ROUND_HALF_UP).quantize(CENT)


def tax_of_net(net: Decimal, rate: Decimal) -> Decimal:
    """Compute the tax of a net amount at a percent rate, rounded to the cent."""
    return cents(net * rate / HUNDRED)


def tax_in_gross(gross: Decimal, rate: Decimal, unit: Decimal = CENT) -> Decimal:
    """Compute the tax that a gross amount holds at a percent rate, rounded to the unit."""
    return cents(gross * rate / (HUNDRED + rate), unit)


def split_in_proportion(amount: Decimal, weights: list[Decimal], unit: Decimal = CENT) -> list[Decimal]:
    """Split an amount over weights to the unit; the last part with a weight takes what rounding leaves (D§10.3)."""
    total = sum(weights, ZERO)
    if not weights or total == 0:
        raise ValueError("nothing to split the amount over")
    parts = [cents(amount * weight / total, unit) for weight in weights]
    last = max(index for index, weight in enumerate(weights) if weight)
    parts[last] += amount - sum(parts, ZERO)
    return parts
