"""Article lines: which article, which text, which quantity, and the parts of a shop's bundles (D§4.2.8, D§10.2)."""

from decimal import Decimal

from canonical.article import ArticleKind
from canonical.failure import Finding, Severity
from canonical.money import ZERO
from canonical.order import ChannelOrder, LineKind, OrderLine
from canonical.settings import AdvancedSettings, DescriptionSource, OrderSettings
from erp.rules.model import ArticleInfo, DraftLine, MasterData
from erp.rules.sold import Sold
from erp.rules.texts import clip

SMALLEST_QUANTITY = Decimal("0.0001")
LARGEST_QUANTITY = Decimal(10**9)
LONGEST_KEY = 200
"""Longer than any number of ours; an index refuses endless ones."""


def find_articles(
    sold: Sold, advanced: AdvancedSettings, master: MasterData, found: list[Finding]
) -> list[ArticleInfo | None]:
    """Find each line's article; all lines without one are named at once, each as a thing to wait for.

    What a bundle with stock of its own contains needs no article: it leaves as one piece.
    """
    articles: list[ArticleInfo | None] = []
    nameless, unknown, locked, by_own = [], [], [], []
    packed: set[str] = set()
    for line in sold.order.lines:
        if sold.parents and sold.parents.get(line.ref) in packed:
            articles.append(None)
            continue
        sku = line.sku
        article = master.articles_by_foreign_number.get(sku) if advanced.foreign_numbers else None
        if article is None:
            article = master.articles_by_sku.get(sku)
            if advanced.foreign_numbers and article is not None:
                by_own.append(sku)
        if not sku.strip():
            nameless.append(line.title)
        elif article is None:
            unknown.append(sku)
        elif not article.is_usable:
            locked.append(sku)
        elif article.kind == ArticleKind.BUNDLE:
            packed.add(line.ref)
        articles.append(article)
    if nameless:
        found.append(Finding.of("PRODUCT_WITHOUT_SKU", titles=_listed(nameless)))
    if unknown:
        found.append(Finding.of("PRODUCT_UNKNOWN", skus=_listed(unknown), waits_for=_keys(unknown)))
    if locked:
        found.append(Finding.of("ARTICLE_LOCKED", skus=_listed(locked), waits_for=_keys(locked)))
    if by_own:
        found.append(Finding.of("OWN_NUMBER_USED", skus=_listed(by_own)))
    return articles


def article_lines(
    sold: Sold, articles: list[ArticleInfo | None], settings: OrderSettings, found: list[Finding]
) -> list[DraftLine]:
    """Draft the article lines at full price, before any discount; parts of a bundle stand behind their head."""
    drafted: list[DraftLine] = []
    heads: dict[str, int] = {}
    for line, article in zip(sold.order.lines, articles, strict=True):
        head = heads.get(sold.parents[line.ref]) if line.ref in sold.parents else None
        if head is None:
            heads[line.ref] = len(drafted)
        if not _is_possible(line, article):
            found.append(Finding.of("QUANTITY_INVALID", line=clip(line.title, 120), quantity=line.quantity))
        is_named_by_erp = settings.name_from_erp and article is not None and article.name
        is_described = settings.description_source is DescriptionSource.ERP and article is not None
        drafted.append(
            DraftLine(
                kind="article" if head is None else "component",
                article=article,
                line_ref=line.ref,
                title=article.name if is_named_by_erp and article else clip(line.title, 500),
                description=article.description if is_described and article else "",
                quantity=line.quantity,
                net=line.net,
                tax=line.tax,
                gross=line.net + line.tax,
                tax_rate=line.tax_rate if line.tax_rate is not None else ZERO,
                properties=tuple((clip(item.name, 200), clip(item.value)) for item in line.properties),
                parent=head,
                line_refs=sold.refs.get(line.ref, ()),
            )
        )
    return drafted


def needs_transport(articles: list[ArticleInfo | None]) -> bool:
    """Whether anything of the order lies in a warehouse; an unknown article may, and what a JIT article is made of."""
    return any(article is None or article.is_stock_article or article.kind == ArticleKind.JIT for article in articles)


def check_gift_cards(order: ChannelOrder, articles: list[ArticleInfo | None], found: list[Finding]) -> None:
    """Find gift cards that are sold with tax or from stock: a multi-purpose voucher is money, not goods (D§10.2)."""
    for line, article in zip(order.lines, articles, strict=True):
        if line.kind is not LineKind.GIFT_CARD and (article is None or not article.is_gift_card):
            continue
        if line.tax or line.discount_tax:
            found.append(Finding.of("GIFT_CARD_TAXED", severity=Severity.WARNING, line=clip(line.title, 120)))
        if article is not None and article.is_stock_article:
            keys = (f"article:{article.number}",)
            found.append(Finding.of("GIFT_CARD_STOCKED", skus=article.number, waits_for=keys))


def _is_possible(line: OrderLine, article: ArticleInfo | None) -> bool:
    quantity = line.quantity
    if line.removed < 0 or not 0 < quantity < LARGEST_QUANTITY:
        return False
    if quantity == quantity.to_integral_value():
        return True
    is_fine_enough = quantity == quantity.quantize(SMALLEST_QUANTITY)
    return is_fine_enough and (article is None or article.allows_decimals)


def _listed(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(value[:80] for value in values))


def _keys(skus: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"article:{sku[:LONGEST_KEY]}" for sku in skus))
