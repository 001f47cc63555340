"""Money arithmetic: amounts are `Decimal`, rounded half up to the cent as invoices are."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Round an amount to two decimals, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def tax_of_net(net: Decimal, rate: Decimal) -> Decimal:
    """Compute the tax of a net amount at a percent rate, rounded to the cent."""
    return cents(net * rate / HUNDRED)


def split_in_proportion(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Split an amount over weights to the cent; the last part with a weight takes what rounding leaves (D§10.3)."""
    total = sum(weights, ZERO)
    if not weights or total == 0:
        raise ValueError("nothing to split the amount over")
    parts = [cents(amount * weight / total) for weight in weights]
    last = max(index for index, weight in enumerate(weights) if weight)
    parts[last] += amount - sum(parts, ZERO)
    return parts
