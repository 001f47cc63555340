"""Tax rates and the arithmetic of line amounts, to the cent as recorded from the real shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
HUNDRED = Decimal(100)
SHOP_COUNTRY = "DE"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One row of the shop's tax table; `tax_class` is empty for the standard rate, as on products."""

    id: int
    country: str
    name: str
    percent: Decimal
    tax_class: str

    @property
    def code(self) -> str:
        """The `rate_code` of an order's tax line."""
        return f"{self.country}-{self.name.upper()}-1"


TAX_RATES = (
    TaxRate(1, "DE", "MwSt. 19%", Decimal(19), ""),
    TaxRate(2, "DE", "MwSt. 7%", Decimal(7), "reduced-rate"),
    TaxRate(3, "AT", "USt. 20%", Decimal(20), ""),
    TaxRate(4, "AT", "USt. 10%", Decimal(10), "reduced-rate"),
    TaxRate(5, "FR", "TVA 20%", Decimal(20), ""),
    TaxRate(6, "FR", "TVA 5,5%", Decimal("5.5"), "reduced-rate"),
)
_BY_PLACE = {(rate.country, rate.tax_class): rate for rate in TAX_RATES}


def rate_for(country: str, tax_class: str) -> TaxRate | None:
    """The rate that applies in a country, None where the shop charges no tax (for example CH and US)."""
    return _BY_PLACE.get((country, tax_class))


def base_percent(tax_class: str) -> Decimal:
    """The percentage that is contained in prices as entered: the shop's own country's rate."""
    return _BY_PLACE[SHOP_COUNTRY, tax_class].percent


def net_amount(entered: Decimal, tax_class: str, *, is_taxable: bool, includes_tax: bool) -> Decimal:
    """Take the home country's tax out of an entered amount; six decimals, as WooCommerce keeps a line internally."""
    if not (is_taxable and includes_tax):
        return entered.quantize(MICRO, ROUND_HALF_UP)
    return (entered * HUNDRED / (HUNDRED + base_percent(tax_class))).quantize(MICRO, ROUND_HALF_UP)


def tax_on(net: Decimal, rate: TaxRate | None, *, includes_tax: bool) -> Decimal:
    """The tax of one line in cents: half a cent goes down where prices contain tax, else up (WooCommerce's own rule)."""
    if rate is None:
        return Decimal("0.00")
    return (net * rate.percent / HUNDRED).quantize(CENT, ROUND_HALF_DOWN if includes_tax else ROUND_HALF_UP)


def cents(amount: Decimal) -> Decimal:
    """Round an amount for display, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def split_percent_discount(prices: Sequence[Decimal], percent: Decimal) -> list[Decimal]:
    """A percentage off each line, rounded down per line; missing cents of the whole go to the first lines."""
    shares = [(price * percent / HUNDRED).quantize(CENT, "ROUND_FLOOR") for price in prices]
    wanted = cents(sum(prices, Decimal(0)) * percent / HUNDRED)
    return _hand_out(shares, prices, wanted - sum(shares, Decimal(0)))


def split_cart_discount(prices: Sequence[Decimal], quantities: Sequence[int], amount: Decimal) -> list[Decimal]:
    """An amount off the cart: the same for every single item, missing cents to the first lines, never below zero."""
    wanted = min(amount, sum(prices, Decimal(0)))
    each = (wanted / max(1, sum(quantities))).quantize(CENT, "ROUND_FLOOR")
    shares = [min(each * quantity, price) for price, quantity in zip(prices, quantities, strict=True)]
    return _hand_out(shares, prices, wanted - sum(shares, Decimal(0)))


def _hand_out(shares: list[Decimal], prices: Sequence[Decimal], rest: Decimal) -> list[Decimal]:
    for index, price in enumerate(prices):
        step = min(max(rest, Decimal(0)), price - shares[index], CENT)
        shares[index] += step
        rest -= step
    for index, price in enumerate(prices):
        step = min(max(rest, Decimal(0)), price - shares[index])
        shares[index] += step
        rest -= step
    return shares
