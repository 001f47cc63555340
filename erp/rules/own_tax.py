"""The tax of orders whose channel leaves it to the seller: out of gross prices, by article and place of delivery (D§8.5, D§10.4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO, tax_in_gross, unit_of
from canonical.order import ChannelOrder, Charge, LineKind, OrderLine
from canonical.settings import OrderSettings
from erp.rules.model import ArticleInfo, BookedOrder, MasterData
from erp.rules.taxes import TAXED, treat
from erp.rules.vat_ids import vat_id_of

EXEMPT = "exempt"
INSTEAD = {"reduced": "normal"}
"""A country without a reduced rate (Denmark) taxes everything at its normal one."""


def with_own_tax(
    order: ChannelOrder,
    articles: Sequence[ArticleInfo | None],
    settings: OrderSettings,
    master: MasterData,
    found: list[Finding],
) -> ChannelOrder:
    """Take the tax out of the gross prices of an order whose channel states none; every other order stays as it is.

    The rate is the article's own in the country, else the only one that the country has for its category. Shipping and fees
    bear the highest rate of the goods. Where the sale is untaxed or the settings say 0 %, the order stays without. A line
    whose rate cannot be told stays without, too, and is found by `check_missing`: it is never guessed. Pure.
    """
    if not order.is_tax_left_to_seller or settings.exempt_if_tax_missing:
        return order
    treatment = treat(order, settings, master, vat_id_of(order), is_taxed=False)
    if treatment.kind not in TAXED:
        return order
    rates: dict[str, Decimal] = {}
    for line, article in zip(order.lines, articles, strict=True):
        rate = _rate(line, article, treatment.country, order.ordered_at, master)
        if rate is not None:
            rates[line.ref] = rate
    if rates:
        names = ", ".join(f"{rate.normalize():f} %" for rate in sorted(set(rates.values())))
        found.append(Finding.of("TAX_FROM_ARTICLE", rates=names, country=treatment.country))
    return at_rates(order, rates)


def at_booked_rates(order: ChannelOrder, booked: BookedOrder) -> ChannelOrder:
    """Part a newer version of such an order at the rates at which it was booked, so that equal prices are equal; pure."""
    if not order.is_tax_left_to_seller:
        return order
    rate_of = {line.id: line.tax_rate for line in booked.amounts}
    return at_rates(
        order, {ref: rate_of[line.id] for line in booked.lines if line.id in rate_of for ref in (line.ref, *line.refs)}
    )


def at_rates(order: ChannelOrder, rates: Mapping[str, Decimal]) -> ChannelOrder:
    """Part the gross amounts of an order into net and tax, by the rate (percent) of each line's ref; pure.

    A line without a rate stays as it is. The channel's total stays: it is the one sum that it states.
    """
    unit = unit_of(order.currency)
    highest = max(rates.values(), default=None)
    taxed = order.model_copy(
        update={
            "lines": tuple(_taxed(line, rates.get(line.ref), unit) for line in order.lines),
            "shipping": tuple(_charged(charge, highest, unit) for charge in order.shipping),
            "fees": tuple(_charged(charge, highest, unit) for charge in order.fees),
        }
    )
    stated = order.stated.model_copy(
        update={
            "total_tax": taxed.computed_tax,
            "shipping_net": sum((charge.net for charge in taxed.shipping), ZERO),
            "discount_net": sum((line.discount_net for line in taxed.lines), ZERO),
            "discount_tax": sum((line.discount_tax for line in taxed.lines), ZERO),
        }
    )
    return taxed.model_copy(update={"stated": stated})


def _taxed(line: OrderLine, rate: Decimal | None, unit: Decimal) -> OrderLine:
    """The tax is that of what is left after the discount; the discount has the rest of the full price's tax."""
    if rate is None:
        return line
    gross, off = line.net + line.tax, line.discount_net + line.discount_tax
    tax, left = tax_in_gross(gross, rate, unit), tax_in_gross(gross - off, rate, unit)
    return line.model_copy(
        update={
            "net": gross - tax,
            "tax": tax,
            "tax_rate": rate,
            "discount_net": off - (tax - left),
            "discount_tax": tax - left,
        }
    )


def _charged(charge: Charge, rate: Decimal | None, unit: Decimal) -> Charge:
    if rate is None:
        return charge
    gross = charge.net + charge.tax
    tax = tax_in_gross(gross, rate, unit)
    return charge.model_copy(update={"net": gross - tax, "tax": tax, "tax_rate": rate})


def _rate(
    line: OrderLine, article: ArticleInfo | None, country: str, at: datetime, master: MasterData
) -> Decimal | None:
    if article is None:
        return None
    if line.kind is LineKind.GIFT_CARD or article.is_gift_card or article.tax_category == EXEMPT:
        return Decimal(0)
    own = master.article_rates.get((article.id, country))
    if own is not None:
        return own
    category = article.tax_category
    table = master.category_rates
    rows = table.get((country, category)) or table.get((country, INSTEAD.get(category, "")), ())
    valid = [(since, rate) for since, rate in rows if since is None or since <= at]
    newest = max((since for since, _ in valid if since is not None), default=None)
    rates = {rate for since, rate in valid if since == newest}
    return rates.pop() if len(rates) == 1 else None
