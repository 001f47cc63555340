"""Discounts: negative lines on the discount article, one per code and tax rate, exact to the cent (D§10.3)."""

from decimal import Decimal

from canonical.failure import Finding
from canonical.money import ZERO, split_in_proportion
from canonical.order import ChannelOrder
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.texts import clip

ONE = Decimal(1)
ROUNDING = Decimal("0.05")
"""Up to here the codes' amounts count as the whole discount; what lies above was given without a code."""


def discount_lines(
    order: ChannelOrder, article_number: str, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Draft the discounts; the sum per rate is exactly what the lines say, the codes only share it out."""
    per_rate: dict[Decimal, list[Decimal]] = {}
    for line in order.lines:
        if line.discount_net or line.discount_tax:
            sums = per_rate.setdefault(line.tax_rate if line.tax_rate is not None else ZERO, [ZERO, ZERO])
            sums[0] += line.discount_net
            sums[1] += line.discount_tax
    if not per_rate:
        return []
    article = discount_article(article_number, master, found)
    codes, weights = _shares(order, sum((sums[0] for sums in per_rate.values()), ZERO))
    drafted = []
    for rate, (net, tax) in per_rate.items():
        parts = zip(codes, split_in_proportion(net, weights), split_in_proportion(tax, weights), strict=True)
        drafted += [
            DraftLine("discount", article, "", code, "", ONE, -part, -part_tax, -part - part_tax, rate)
            for code, part, part_tax in parts
            if part or part_tax
        ]
    return drafted


def discount_article(number: str, master: MasterData, found: list[Finding]) -> ArticleInfo | None:
    """Find the discount article of the settings; it must carry the flag, because documents rely on it."""
    article = master.articles_by_sku.get(number)
    if article is None or not article.is_discount or not article.is_usable:
        problem = Finding.of("DISCOUNT_ARTICLE_INVALID", value=number, waits_for=(f"article:{number}", "settings"))
        if problem not in found:
            found.append(problem)
    return article


def _shares(order: ChannelOrder, discounted: Decimal) -> tuple[list[str], list[Decimal]]:
    """Weigh the codes by their amounts; a rest that no code explains is a discount of its own."""
    word = "Discount" if order.language[:2] not in ("", "de") else "Rabatt"
    weights: dict[str, Decimal] = {}
    for discount in order.discounts:
        if discount.net > 0:
            code = clip(discount.code, 200) or word
            weights[code] = weights.get(code, ZERO) + discount.net
    rest = discounted - sum(weights.values(), ZERO)
    if not weights or rest > ROUNDING:
        weights[word] = weights.get(word, ZERO) + (rest if rest > 0 else ONE)
    return list(weights), list(weights.values())
