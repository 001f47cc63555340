"""Sending prices: absolute values, net or gross as the shop enters them, in the shop's batches."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from canonical.catalogue import ArticlePrices, TaxCategory
from canonical.failure import Failure
from canonical.money import HUNDRED, unit_of
from canonical.push import PushAnswer
from connectors.transport import Calls
from connectors.woocommerce import updates
from connectors.woocommerce.answers import Row
from connectors.woocommerce.settings import WooPriceSettings

FINEST = Decimal("0.0001")
"""Four decimals are what WooCommerce keeps of a unit price when it computes."""


def send(calls: Calls, settings: WooPriceSettings, prices: Sequence[ArticlePrices]) -> PushAnswer:
    """Send the base prices; a product with variations has none of its own and is skipped."""
    update: updates.Update[ArticlePrices] = updates.Update(
        change=lambda each: _change(settings, each),
        judge=lambda each, row: _judge(settings, each, row),
        concerns=lambda row: row.get("type") != "variable",
    )
    return updates.send(calls, prices, update)


def _change(settings: WooPriceSettings, prices: ArticlePrices) -> dict[str, Any]:
    """The regular price is what is shown crossed out; without a pseudo price there is no sale.

    Where pseudo prices are not sent, the shop's own sale price stays.
    """
    amount = _entered(settings, prices, prices.base.amount)
    if not settings.send_pseudo_price:
        return {"regular_price": str(amount)}
    pseudo = prices.base.pseudo_amount
    shown = _entered(settings, prices, pseudo) if pseudo is not None else amount
    if shown <= amount:
        return {"regular_price": str(amount), "sale_price": ""}
    return {"regular_price": str(shown), "sale_price": str(amount)}


def _entered(settings: WooPriceSettings, prices: ArticlePrices, amount: Decimal) -> Decimal:
    """An amount net or gross as the shop enters prices, with no more decimals than it needs."""
    if prices.base.is_gross == settings.prices_net:
        factor = 1 + _rate(settings, prices) / HUNDRED
        amount = amount / factor if prices.base.is_gross else amount * factor
    unit = unit_of(prices.base.currency)
    rounded = amount.quantize(unit, ROUND_HALF_UP)
    fine = amount.quantize(FINEST, ROUND_HALF_UP)
    return rounded if settings.pre_round or fine == rounded else fine.normalize()


def _rate(settings: WooPriceSettings, prices: ArticlePrices) -> Decimal:
    if prices.tax_rate is not None:
        return prices.tax_rate
    rates = {
        TaxCategory.NORMAL: settings.tax_normal,
        TaxCategory.REDUCED: settings.tax_reduced,
        TaxCategory.SPECIAL: settings.tax_reduced,
        TaxCategory.EXEMPT: settings.tax_exempt,
    }
    return rates[prices.tax_category]


def _judge(settings: WooPriceSettings, prices: ArticlePrices, row: Row) -> Failure | None:
    for name, sent in _change(settings, prices).items():
        answered = row.get(name)
        if not _is_same(str(sent), str(answered or "")):
            return Failure.of("ITEM_REFUSED", record=prices.sku, reason=f"{name} = {answered}")
    return None


def _is_same(sent: str, answered: str) -> bool:
    if not sent or not answered:
        return sent == answered
    try:
        return Decimal(sent) == Decimal(answered)
    except InvalidOperation:
        return False
