"""Shipping costs and fees: lines on the postage, surcharge and discount article (D§4.2.9, D§4.2.11, D§10.3)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO, unit_of
from canonical.order import ChannelOrder, Charge, ChargeKind
from canonical.settings import OrderSettings, ShippingTax
from erp.rules.discounts import discount_article, gross_per_rate, negative_fee_lines, split_over_rates
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.texts import clip

ONE = Decimal(1)

WORDS: dict[ChargeKind, tuple[str, str]] = {
    ChargeKind.FEE: ("Zuschlag", "Surcharge"),
    ChargeKind.COD: ("Nachnahmegebühr", "Cash-on-delivery fee"),
    ChargeKind.PAYMENT: ("Zahlungsgebühr", "Payment fee"),
    ChargeKind.TIP: ("Trinkgeld", "Tip"),
    ChargeKind.DEPOSIT: ("Pfand", "Deposit"),
    ChargeKind.SERVICE: ("Service", "Service"),
    ChargeKind.MARKETPLACE_TAX: ("Vom Marktplatz abgeführte Steuer", "Tax paid by the marketplace"),
}
"""What a fee without a title is called, in German and English."""


def shipping_lines(
    order: ChannelOrder,
    settings: OrderSettings,
    goods: Sequence[DraftLine],
    *,
    always: bool,
    master: MasterData,
    found: list[Finding],
) -> list[DraftLine]:
    """Draft the shipping costs: one line per tax rate, a discount on them as a negative line of its own.

    Free shipping gives a line of 0.00 only where the project asks for it. `goods` are the article and discount lines,
    whose rates decide where the settings do not take the channel's.
    """
    charged = [charge for charge in order.shipping if charge.net or charge.tax]
    if not charged and not always:
        return []
    article = master.articles_by_sku.get(settings.shipping_article)
    if article is None or not article.is_postage or not article.is_usable:
        keys = (f"article:{settings.shipping_article}", "settings")
        found.append(Finding.of("POSTAGE_ARTICLE_INVALID", value=settings.shipping_article, waits_for=keys))
    if not charged:
        title = clip(order.shipping[0].title, 500) if order.shipping else _word(order)
        return [DraftLine("shipping", article, "", title, "", ONE, ZERO, ZERO, ZERO, ZERO)]
    lines = [_line("shipping", charge, article, order) for charge in charged]
    lines = lines if len(lines) == 1 else _summed(lines)
    return _retaxed(lines, settings.shipping_tax, goods, unit_of(order.currency))


def _summed(lines: Sequence[DraftLine]) -> list[DraftLine]:
    """Add up several shipping lines per tax rate (split shipments); discounts stay apart, so that both are seen."""
    sums: dict[tuple[Decimal, bool], DraftLine] = {}
    for line in lines:
        key = (line.tax_rate, line.gross < 0)
        one = sums.get(key)
        sums[key] = (
            line
            if one is None
            else replace(
                one,
                title=one.title if line.title in one.title.split(" + ") else clip(f"{one.title} + {line.title}", 500),
                net=one.net + line.net,
                tax=one.tax + line.tax,
                gross=one.gross + line.gross,
                line_refs=(*(one.line_refs or (one.line_ref,)), line.line_ref),
            )
        )
    return list(sums.values())


def _retaxed(lines: list[DraftLine], mode: ShippingTax, goods: Sequence[DraftLine], unit: Decimal) -> list[DraftLine]:
    """Give shipping costs the tax that the goods call for; gross is leading, so the order's total stays (D§10.4)."""
    if mode is ShippingTax.FROM_CHANNEL:
        return lines
    rates = gross_per_rate(goods)
    if not rates or (len(rates) == 1 and all(line.tax_rate in rates for line in lines)):
        return lines
    if mode is ShippingTax.HIGHEST:
        rates = {max(rates): ONE}
    elif mode is ShippingTax.LARGEST_SHARE:
        rates = {max(rates, key=lambda rate: (rates[rate], rate)): ONE}
    parts = [
        replace(line, net=net, tax=tax, gross=net + tax, tax_rate=rate)
        for line in lines
        for rate, net, tax in split_over_rates(line.gross, rates, unit)
    ]
    return _summed(parts)


def fee_lines(
    order: ChannelOrder,
    settings: OrderSettings,
    goods: Sequence[DraftLine],
    master: MasterData,
    found: list[Finding],
) -> list[DraftLine]:
    """Draft the fees: positive ones on the surcharge article, negative ones (a cash discount) on the discount article.

    A service points at the line it belongs to; `goods` must be the first lines of the draft.
    """
    if not order.fees:
        return []
    positive = [charge for charge in order.fees if charge.net + charge.tax >= 0]
    negative = [charge for charge in order.fees if charge.net + charge.tax < 0]
    surcharge = _surcharge_article(positive, settings.surcharge_article, master, found) if positive else None
    discount = discount_article(settings.discount_article, master, found) if negative else None
    drafted = [_fee(charge, surcharge, order, goods) for charge in positive]
    return drafted + negative_fee_lines(negative, discount, order, goods)


def _fee(charge: Charge, article: ArticleInfo | None, order: ChannelOrder, goods: Sequence[DraftLine]) -> DraftLine:
    line = _line("surcharge", charge, article, order)
    if charge.kind is ChargeKind.MARKETPLACE_TAX:
        # The marketplace pays it to its tax office: money of the buyer that is no turnover tax of ours.
        return replace(line, net=line.gross, tax=ZERO, tax_rate=ZERO)
    if charge.line_ref:
        return replace(line, parent=_position(charge.line_ref, goods))
    return line


def _position(ref: str, goods: Sequence[DraftLine]) -> int | None:
    """Where the goods stand that a service belongs to; they may have been merged."""
    found = (at for at, line in enumerate(goods) if line.kind == "article" and ref in (line.line_ref, *line.line_refs))
    return next(found, None)


def _surcharge_article(
    charges: list[Charge], number: str, master: MasterData, found: list[Finding]
) -> ArticleInfo | None:
    article = master.articles_by_sku.get(number) if number else None
    if article is None or article.is_stock_article or not article.is_usable:
        names = ", ".join(dict.fromkeys(clip(charge.title, 80) for charge in charges))
        keys = (f"article:{number}", "settings") if number else ("settings",)
        found.append(Finding.of("SURCHARGE_ARTICLE_MISSING", names=names, waits_for=keys))
    return article


def _line(kind: str, charge: Charge, article: ArticleInfo | None, order: ChannelOrder) -> DraftLine:
    rate = charge.tax_rate if charge.tax_rate is not None else ZERO
    title = clip(charge.title, 500) or (_word(order) if kind == "shipping" else WORDS[charge.kind][_is_foreign(order)])
    gross = charge.net + charge.tax
    return DraftLine(kind, article, charge.ref, title, "", ONE, charge.net, charge.tax, gross, rate)


def _word(order: ChannelOrder) -> str:
    return "Shipping" if _is_foreign(order) else "Versand"


def _is_foreign(order: ChannelOrder) -> bool:
    return order.language[:2] not in ("", "de")
