"""What is sent to a channel about stock: how much of each listed article it may sell (D§2.3)."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.push import LocationLevel, StockLevel
from canonical.settings import LocationStockSettings, StockSettings
from erp.availability import available, available_at
from erp.foreign_numbers import channel_numbers
from erp.push_context import PushContext
from erp.tables import Article, ArticleListEntry, ArticleOption, Link


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the stock links that a person means by article numbers."""
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id, col(Link.kind) == "stock", col(Link.record).in_(list(records))
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


def payloads(
    session: Session, context: PushContext[StockSettings | LocationStockSettings], links: Sequence[Link]
) -> dict[int, StockLevel]:
    """Say per link id what is sent now; a link without an entry is not to be sent.

    Only stock articles in the integration's list whose stock is synchronised there, and JIT articles, whose stock is
    computed; never a matrix article, which has none. Where the channel keeps locations apart, each mapped one has its level
    and the quantity is their sum. A fixed number of statements for any number of links. Raises `FailureError` NO_WAREHOUSE,
    NO_LOCATION_MAP, SETTINGS_INCOMPLETE.
    """
    settings, integration_id = context.settings, context.integration_id
    articles = _sendable(session, integration_id, [link.record_id for link in links])
    places: dict[int, tuple[LocationLevel, ...]] = {}
    if isinstance(settings, LocationStockSettings):
        levels = available_at(session, settings, articles, integration_id)
        quantities = {article_id: sum(each.values()) for article_id, each in levels.items()}
        places = {
            article_id: tuple(LocationLevel(location_ref=ref, quantity=each[ref]) for ref in sorted(each))
            for article_id, each in levels.items()
        }
    else:
        quantities = available(session, settings, articles, integration_id)
    skus = channel_numbers(session, integration_id, context.advanced, articles)
    return {
        link.id: StockLevel(
            key=link.record,
            sku=skus[link.record_id],
            ref=link.external_ref,
            quantity=quantities[link.record_id],
            locations=places.get(link.record_id, ()),
        )
        for link in links
        if link.id is not None and link.record_id in quantities
    }


def _sendable(session: Session, integration_id: str, article_ids: Sequence[int]) -> list[int]:
    query = (
        select(col(Article.id))
        .join(ArticleListEntry, col(ArticleListEntry.article_id) == col(Article.id))
        .outerjoin(
            ArticleOption,
            (col(ArticleOption.article_id) == col(Article.id)) & (col(ArticleOption.integration_id) == integration_id),
        )
        .where(
            col(ArticleListEntry.integration_id) == integration_id,
            col(ArticleListEntry.removed_at).is_(None),
            col(Article.id) == func.any(list(article_ids)),
            func.coalesce(ArticleOption.syncs_stock, Article.syncs_stock),
            col(Article.is_stock_article) | (col(Article.kind) == ArticleKind.JIT.value),
            ~col(Article.is_deleted),
            col(Article.kind) != ArticleKind.MATRIX.value,
        )
    )
    return [article_id for article_id in session.exec(query) if article_id is not None]


def fingerprint(level: StockLevel) -> str:
    """What tells that a level says something new: the quantity, where it lies, and under which number."""
    places = "".join(f"\n{place.location_ref}\n{place.quantity}" for place in level.locations)
    return f"{level.quantity}:{hashlib.sha256((level.sku + places).encode()).hexdigest()[:32]}"


def shown(level: StockLevel) -> str:
    """A level in a few words for the journal: of several locations each, too."""
    if len(level.locations) < 2:
        return str(level.quantity)
    return f"{level.quantity} ({' + '.join(str(place.quantity) for place in level.locations)})"
