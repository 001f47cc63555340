"""The search of the top bar: orders, articles and integrations by the beginning of their numbers, or a part of a name."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from erp.queries.articles import ArticleQuery, ArticleRow, articles
from erp.queries.orders import OrderFilter, OrderRow, orders
from erp.tables import Integration

MOST = 20


@dataclass(frozen=True)
class Found:
    """What a search found of each kind, at most twenty."""

    orders: list[OrderRow]
    articles: list[ArticleRow]
    integrations: list[Integration]


def search(session: Session, text: str) -> Found:
    """Look up a text."""
    text = text.strip()
    if not text:
        return Found([], [], [])
    return Found(
        orders=list(orders(session, OrderFilter(q=text), MOST).rows),
        articles=list(articles(session, ArticleQuery(q=text), MOST).rows),
        integrations=list(
            session.exec(
                select(Integration)
                .where(col(Integration.name).icontains(text, autoescape=True), col(Integration.deleted_at).is_(None))
                .limit(MOST)
            )
        ),
    )
