"""Articles for the back office and for the article list of an integration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from erp.prices import standard_gross
from erp.queries.paging import PAGE, Page, cut
from erp.tables import (
    Article,
    ArticleCategory,
    ArticleFilter,
    ArticleListEntry,
    Integration,
    JournalEvent,
    Link,
    Reservation,
    StockLevel,
    StockMovement,
    Warehouse,
)


@dataclass(frozen=True)
class ArticleQuery:
    """What a list of articles is narrowed to; `after` is the last number seen, `lock` is yes, no or empty."""

    q: str = ""
    kind: str = ""
    lock: str = ""
    category: str = ""
    after: str = ""


@dataclass(frozen=True)
class ArticleRow:
    """One article with its physical stock over all warehouses."""

    article: Article
    stock: Decimal
    price: Decimal | None
    """The standard price in EUR, gross."""


@dataclass(frozen=True)
class ArticleDetail:
    """One article with stock per warehouse, variants, where it is listed, and what was changed."""

    article: Article
    price: Decimal | None
    """The standard price in EUR, gross, as it is valid today."""
    parent: Article | None
    variants: Sequence[Article]
    levels: Sequence[tuple[str, Decimal]]
    reserved: Decimal
    movements: Sequence[tuple[StockMovement, str]]
    links: Sequence[tuple[Link, str]]
    history: Sequence[JournalEvent]


@dataclass(frozen=True)
class ListedArticle:
    """An article that takes part in an integration."""

    number: str
    name: str
    kind: str
    article_id: int
    added_at: datetime
    removed_at: datetime | None


def articles(session: Session, wanted: ArticleQuery, size: int = PAGE) -> Page[ArticleRow]:
    """A page of articles by number; a search matches the beginning of the number or EAN, or a part of the name."""
    query = select(Article, standard_gross()).where(~col(Article.is_deleted))
    if wanted.kind:
        query = query.where(col(Article.kind) == wanted.kind)
    if wanted.lock in ("yes", "no"):
        query = query.where(col(Article.is_locked).is_(wanted.lock == "yes"))
    if wanted.category.isdecimal() and len(wanted.category) < 10:
        inside = select(ArticleCategory.article_id).where(col(ArticleCategory.category_id) == int(wanted.category))
        query = query.where(col(Article.id).in_(inside))
    if wanted.q:
        query = query.where(
            col(Article.number).startswith(wanted.q, autoescape=True)
            | (col(Article.ean) == wanted.q)
            | col(Article.name).icontains(wanted.q, autoescape=True)
        )
    if wanted.after:
        query = query.where(col(Article.number) > wanted.after)
    found = session.exec(query.order_by(col(Article.number)).limit(size + 1)).all()
    stock = _stock(session, [article.id or 0 for article, _ in found])
    return cut(
        [ArticleRow(article, stock.get(article.id or 0, Decimal(0)), price) for article, price in found],
        lambda row: row.article.number,
        size,
    )


def article(session: Session, number: str) -> ArticleDetail | None:
    """One article by number, with all that hangs on it."""
    row = session.exec(
        select(Article, standard_gross()).where(col(Article.number) == number, ~col(Article.is_deleted))
    ).first()
    if row is None:
        return None
    found, price = row
    levels = session.exec(
        select(Warehouse.name, col(StockLevel.physical))
        .join(Warehouse, col(Warehouse.id) == col(StockLevel.warehouse_id))
        .where(col(StockLevel.article_id) == found.id)
        .order_by(col(Warehouse.name))
    ).all()
    movements = session.exec(
        select(StockMovement, Warehouse.name)
        .join(Warehouse, col(Warehouse.id) == col(StockMovement.warehouse_id))
        .where(col(StockMovement.article_id) == found.id)
        .order_by(col(StockMovement.id).desc())
        .limit(20)
    ).all()
    links = session.exec(
        select(Link, Integration.name)
        .join(Integration, col(Integration.id) == col(Link.integration_id))
        .where(col(Link.record_id) == found.id, col(Link.kind).in_(("stock", "prices", "articles")))
    ).all()
    return ArticleDetail(
        article=found,
        price=price,
        parent=session.get(Article, found.parent_id) if found.parent_id else None,
        variants=session.exec(
            select(Article).where(col(Article.parent_id) == found.id).order_by(col(Article.number)).limit(200)
        ).all(),
        levels=[(name, physical) for name, physical in levels],
        reserved=session.exec(
            select(func.coalesce(func.sum(Reservation.quantity), 0)).where(col(Reservation.article_id) == found.id)
        ).one(),
        movements=[(movement, name) for movement, name in movements],
        links=[(link, name) for link, name in links],
        history=session.exec(_history(number)).all(),
    )


def listed(session: Session, integration_id: str, wanted: ArticleQuery, size: int = PAGE) -> Page[ListedArticle]:
    """A page of an integration's article list by number, with those that fell out of the filter."""
    query = (
        columns(
            col(Article.number),
            col(Article.name),
            col(Article.kind),
            col(Article.id),
            col(ArticleListEntry.added_at),
            col(ArticleListEntry.removed_at),
        )
        .join(Article, col(Article.id) == col(ArticleListEntry.article_id))
        .where(col(ArticleListEntry.integration_id) == integration_id)
    )
    if wanted.q:
        query = query.where(
            col(Article.number).startswith(wanted.q, autoescape=True)
            | col(Article.name).icontains(wanted.q, autoescape=True)
        )
    if wanted.after:
        query = query.where(col(Article.number) > wanted.after)
    found = session.execute(query.order_by(col(Article.number)).limit(size + 1)).all()
    return cut([ListedArticle(*row) for row in found], lambda row: row.number, size)


def count_listed(session: Session, integration_id: str) -> int:
    """How many articles take part in an integration."""
    return session.exec(
        select(func.count())
        .select_from(ArticleListEntry)
        .where(col(ArticleListEntry.integration_id) == integration_id, col(ArticleListEntry.removed_at).is_(None))
    ).one()


def filters(session: Session, integration_id: str, most: int = 10) -> list[ArticleFilter]:
    """The article filters that were activated, newest first."""
    return list(
        session.exec(
            select(ArticleFilter)
            .where(col(ArticleFilter.integration_id) == integration_id)
            .order_by(col(ArticleFilter.revision).desc())
            .limit(most)
        )
    )


def _stock(session: Session, article_ids: Sequence[int]) -> dict[int, Decimal]:
    return dict(
        session.exec(
            select(StockLevel.article_id, func.sum(StockLevel.physical))
            .where(col(StockLevel.article_id).in_(article_ids))
            .group_by(col(StockLevel.article_id))
        ).all()
    )


def _history(number: str) -> Any:
    """What people changed at the article; its way to the channels is in the journal of each integration."""
    return (
        select(JournalEvent)
        .where(
            col(JournalEvent.integration_id) == "",
            col(JournalEvent.feature).in_(("articles", "prices")),
            col(JournalEvent.record) == number,
        )
        .order_by(col(JournalEvent.id).desc())
        .limit(10)
    )
