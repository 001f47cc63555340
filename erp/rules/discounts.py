"""Discounts: negative lines on the discount article, one per code and tax rate, exact to the cent (D§10.3)."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.failure import Finding, Severity
from canonical.money import ZERO, split_in_proportion, tax_in_gross, unit_of
from canonical.order import ChannelOrder, Charge
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.texts import clip

ONE = Decimal(1)
ROUNDING = Decimal("0.05")
"""Up to here the codes' amounts count as the whole discount, and a discount as the rounding of a total to five cents."""


def discount_lines(
    order: ChannelOrder, article_number: str, master: MasterData, found: list[Finding]
) -> list[DraftLine]:
    """Draft the discounts; the sum per rate is exactly what the lines say, the codes only share it out.

    A code whose amount is in no line's discount share makes no line: the line prices have it already.
    """
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
    unit = unit_of(order.currency)
    drafted = []
    for rate, (net, tax) in per_rate.items():
        nets, taxes = split_in_proportion(net, weights, unit), split_in_proportion(tax, weights, unit)
        drafted += [
            DraftLine("discount", article, "", code, "", ONE, -part, -part_tax, -part - part_tax, rate)
            for code, part, part_tax in zip(codes, nets, taxes, strict=True)
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


def negative_fee_lines(
    charges: Sequence[Charge], article: ArticleInfo | None, order: ChannelOrder, goods: Sequence[DraftLine]
) -> list[DraftLine]:
    """Draft negative fees as discounts; one without a tax rate lowers the goods of every rate by its share (D§10.3)."""
    unit = unit_of(order.currency)
    drafted = []
    for charge in charges:
        title = clip(charge.title, 500) or discount_word(order)
        if charge.tax_rate is not None or charge.tax:
            parts = [(charge.tax_rate or ZERO, charge.net, charge.tax)]
        else:
            parts = split_over_rates(charge.net, gross_per_rate(goods), unit)
        drafted += [
            DraftLine("discount", article, charge.ref, title, "", ONE, net, tax, net + tax, rate)
            for rate, net, tax in parts
        ]
    return drafted


def split_over_rates(
    gross: Decimal, per_rate: dict[Decimal, Decimal], unit: Decimal
) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Split a gross amount over tax rates in proportion to their gross: rate, net and tax; the last takes the cent.

    Without goods all of it is at 0 %.
    """
    if not per_rate:
        return [(ZERO, gross, ZERO)]
    parts = zip(per_rate, split_in_proportion(gross, list(per_rate.values()), unit), strict=True)
    taxes = [(rate, part, tax_in_gross(part, rate, unit)) for rate, part in parts if part]
    return [(rate, part - tax, tax) for rate, part, tax in taxes]


def gross_per_rate(lines: Sequence[DraftLine]) -> dict[Decimal, Decimal]:
    """Add up goods and discounts per rate, in the order of the rates; rates of which nothing is left are out."""
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.kind in ("article", "discount"):
            sums[line.tax_rate] = sums.get(line.tax_rate, ZERO) + line.gross
    return {rate: sums[rate] for rate in sorted(sums) if sums[rate] > 0}


def check_discounts(lines: Sequence[DraftLine], found: list[Finding]) -> None:
    """Find rates at which the discounts are larger than the goods: a voucher that also ate the postage, or a mistake.

    A total that a shop rounds down (to five cents in Switzerland) is a discount without goods, and no mistake.
    """
    discounts: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.kind == "discount":
            discounts[line.tax_rate] = discounts.get(line.tax_rate, ZERO) - line.gross
    if not discounts:
        return
    goods: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.kind == "article":
            goods[line.tax_rate] = goods.get(line.tax_rate, ZERO) + line.gross
    for rate, discount in discounts.items():
        if discount <= ROUNDING:
            continue
        if discount > goods.get(rate, ZERO):
            found.append(
                Finding.of(
                    "DISCOUNT_TOO_LARGE",
                    severity=Severity.WARNING,
                    discount=discount,
                    goods=goods.get(rate, ZERO),
                    rate=f"{rate.normalize():f}",
                )
            )


def discount_word(order: ChannelOrder) -> str:
    """What a discount without a name is called, in the order's language."""
    return "Discount" if order.language[:2] not in ("", "de") else "Rabatt"


def _shares(order: ChannelOrder, discounted: Decimal) -> tuple[list[str], list[Decimal]]:
    """Weigh the codes by their amounts; a rest that no code explains is a discount of its own."""
    word = discount_word(order)
    weights: dict[str, Decimal] = {}
    for discount in order.discounts:
        if discount.net > 0:
            code = clip(discount.code, 200) or word
            weights[code] = weights.get(code, ZERO) + discount.net
    rest = discounted - sum(weights.values(), ZERO)
    if not weights or rest > ROUNDING:
        weights[word] = weights.get(word, ZERO) + (rest if rest > 0 else ONE)
    return list(weights), list(weights.values())
