"""Cross-selling: which articles shops show beside an article (D§2.1)."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.bulk import insert_rows
from erp.links import mark_dirty
from erp.tables import Article, CrossSelling


def shown_beside(session: Session, article_id: int) -> list[str]:
    """The numbers of the articles that are shown beside one, in their order; deleted ones are left out."""
    query = (
        select(Article.number)
        .join(CrossSelling, col(CrossSelling.other_id) == col(Article.id))
        .where(col(CrossSelling.article_id) == article_id, ~col(Article.is_deleted))
        .order_by(col(CrossSelling.position), col(Article.number))
    )
    return list(session.exec(query))


def store_cross_selling(session: Session, article_number: str, numbers: Sequence[str], by: str) -> None:
    """Show exactly these articles beside an article, in this order, and mark it as to be sent; doubles and itself are left out.

    Raises `FailureError` ARTICLE_UNKNOWN naming the numbers that nothing has.
    """
    article = find_article(session, article_number, lock=True)
    wanted = [number for number in dict.fromkeys(each.strip() for each in numbers) if number]
    known = select(Article.number, Article.id).where(col(Article.number).in_(wanted), ~col(Article.is_deleted))
    ids = dict(session.exec(known).all())
    unknown = [number for number in wanted if number not in ids]
    if unknown:
        raise FailureError(Failure.of("ARTICLE_UNKNOWN", sku=", ".join(unknown)))
    session.execute(delete(CrossSelling).where(col(CrossSelling.article_id) == article.id))
    others = [ids[number] for number in wanted if ids[number] != article.id]
    rows = [{"article_id": article.id, "other_id": other, "position": place} for place, other in enumerate(others, 1)]
    insert_rows(session, CrossSelling, rows)
    mark_dirty(session, "articles", {article.id or 0})
    note(session, "article_changed", article_number, by)
