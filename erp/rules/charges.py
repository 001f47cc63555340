"""Shipping costs and fees: lines on the postage, surcharge and discount article (D§4.2.9, D§4.2.11)."""

from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO
from canonical.order import ChannelOrder, Charge
from erp.rules.discounts import discount_article
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.texts import clip

ONE = Decimal(1)


def shipping_lines(
    order: ChannelOrder, article_number: str, *, always: bool, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Draft the shipping costs; free shipping gives a line of 0.00 only where the project asks for it."""
    charged = [charge for charge in order.shipping if charge.net or charge.tax]
    if not charged and not always:
        return []
    article = master.articles_by_sku.get(article_number)
    if article is None or not article.is_postage or not article.is_usable:
        keys = (f"article:{article_number}", "settings")
        found.append(Finding.of("POSTAGE_ARTICLE_INVALID", value=article_number, waits_for=keys))
    lines = [_line("shipping", charge, article) for charge in charged or order.shipping[:1]]
    return lines or [DraftLine("shipping", article, "", _word(order), "", ONE, ZERO, ZERO, ZERO, ZERO)]


def fee_lines(
    order: ChannelOrder, surcharge_number: str, discount_number: str, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Draft the fees: positive ones on the surcharge article, negative ones (a cash discount) on the discount article."""
    if not order.fees:
        return []
    positive = [charge for charge in order.fees if charge.net + charge.tax >= 0]
    negative = [charge for charge in order.fees if charge.net + charge.tax < 0]
    surcharge = _surcharge_article(positive, surcharge_number, master, found) if positive else None
    discount = discount_article(discount_number, master, found) if negative else None
    drafted = [_line("surcharge", charge, surcharge) for charge in positive]
    return drafted + [_line("discount", charge, discount) for charge in negative]


def _surcharge_article(
    charges: list[Charge], number: str, master: MasterData, found: list[Finding]
) -> ArticleInfo | None:
    article = master.articles_by_sku.get(number) if number else None
    if article is None or article.is_stock_article or not article.is_usable:
        names = ", ".join(dict.fromkeys(clip(charge.title, 80) for charge in charges))
        keys = (f"article:{number}", "settings") if number else ("settings",)
        found.append(Finding.of("SURCHARGE_ARTICLE_MISSING", names=names, waits_for=keys))
    return article


def _line(kind: str, charge: Charge, article: ArticleInfo | None) -> DraftLine:
    rate = charge.tax_rate if charge.tax_rate is not None else ZERO
    gross = charge.net + charge.tax
    return DraftLine(kind, article, charge.ref, clip(charge.title, 500), "", ONE, charge.net, charge.tax, gross, rate)


def _word(order: ChannelOrder) -> str:
    return "Shipping" if order.language[:2] not in ("", "de") else "Versand"
