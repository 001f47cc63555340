"""What goes into the files with which a marketplace is begun: listed articles, and offers of them (D§2.1, D§2.3)."""

from collections.abc import Iterator, Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.catalogue import ArticleContent, NewOffer
from canonical.failure import Failure
from canonical.feature import Feature
from canonical.settings import ArticleSettings, LocationStockSettings, PriceSettings, StockSettings
from erp import category_mapping, push_articles, push_prices
from erp.marketplace_content import checked
from erp.push_context import PushContext
from erp.push_offers import new_offers
from erp.tables import Article, Link

PAGE = 500
LIMITS = (100, 500, 1000, 5000)
"""Articles that a person may choose to have in a file; or all."""

LeftOut = list[tuple[str, Failure]]
"""By article number, why it cannot be in a file."""

# The marketplace's mapping wants each category seen: one article of each comes before a second one of any.
_SPREAD = text(
    """
    SELECT id FROM (
        SELECT l.id, row_number() OVER (PARTITION BY a.category, c.category_id ORDER BY l.id) AS turn
        FROM link l JOIN article a ON a.id = l.record_id
        JOIN article_list_entry e ON e.integration_id = l.integration_id AND e.article_id = a.id AND e.removed_at IS NULL
        LEFT JOIN LATERAL (SELECT min(category_id) AS category_id FROM article_category WHERE article_id = a.id) c ON true
        WHERE l.integration_id = :id AND l.kind = :kind AND a.kind <> 'matrix' AND NOT a.is_deleted) AS spread
    ORDER BY turn, id LIMIT :limit
    """
)


def products(
    session: Session, context: PushContext[ArticleSettings], limit: int | None, left_out: LeftOut
) -> Iterator[ArticleContent]:
    """The content of listed articles as it would be sent, page by page; nothing is sent and nothing is written.

    With a `limit` so many at most, the categories taken in turn; matrix articles are no products and do not count. Where the
    marketplace's categories are mapped here, they are checked as before sending. What cannot be sent goes to `left_out`.
    """
    integration_id = context.integration_id
    is_mapped = category_mapping.has_taxonomy(session, integration_id)
    tables = category_mapping.load_tables(session, integration_id) if is_mapped else None
    for links in _pages(session, integration_id, Feature.ARTICLES, limit):
        records = {link.id: link.record for link in links}
        for link_id, content in push_articles.plain_payloads(session, context, links).items():
            if isinstance(content, ArticleContent) and content.is_deleted:
                continue
            given = checked(content, tables) if tables and isinstance(content, ArticleContent) else content
            if isinstance(given, Failure):
                left_out.append((records[link_id], given))
            else:
                yield given


def offers(
    session: Session,
    prices: PushContext[PriceSettings],
    stock: PushContext[StockSettings | LocationStockSettings],
    limit: int | None,
    left_out: LeftOut,
) -> Iterator[NewOffer]:
    """Offers of listed articles, with price and quantity as they would be sent; those without a price go to `left_out`.

    Raises `FailureError` PRICE_SOURCE_UNKNOWN.
    """
    for links in _pages(session, prices.integration_id, Feature.PRICES, limit):
        found = push_prices.payloads(session, prices, links)
        left_out += [(link.record, each) for link in links if isinstance(each := found.get(link.id or 0), Failure)]
        yield from new_offers(session, [each for each in found.values() if not isinstance(each, Failure)], stock)


def _pages(session: Session, integration_id: str, feature: Feature, limit: int | None) -> Iterator[Sequence[Link]]:
    """The links of a feature by keyset pages, the session emptied after each; with a limit those of the chosen articles."""
    if limit is not None:
        values = {"id": integration_id, "kind": feature.value, "limit": limit}
        ids = list(session.execute(_SPREAD, values).scalars())
        for start in range(0, len(ids), PAGE):
            page = select(Link).where(col(Link.id).in_(ids[start : start + PAGE])).order_by(col(Link.id))
            yield session.exec(page).all()
        return
    after = ""
    while True:
        query = (
            select(Link)
            .join(Article, col(Article.id) == col(Link.record_id))
            .where(
                col(Link.integration_id) == integration_id,
                col(Link.kind) == feature.value,
                col(Link.record) > after,
                col(Article.kind) != ArticleKind.MATRIX.value,
            )
            .order_by(col(Link.record))
            .limit(PAGE)
        )
        links = session.exec(query).all()
        if not links:
            return
        after = links[-1].record
        yield links
        # A hundred thousand articles need not be remembered at once.
        session.expunge_all()
