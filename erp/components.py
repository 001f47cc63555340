"""Bills of materials (D§0.3): what a bundle or a just-in-time article is made of."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.articles import SET_KINDS
from erp.bulk import insert_rows
from erp.links import mark_dirty, mark_stock_dirty
from erp.tables import Article, Component


class ComponentForm(BaseModel):
    """One row of a bill of materials: how much of an article is in one piece."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    number: str = Field(min_length=1, max_length=80)
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)


def store_components(session: Session, article_number: str, wanted: Sequence[ComponentForm], by: str) -> None:
    """Replace an article's bill of materials by these rows, and mark its stock as to be sent.

    A component is a usable stock article; bundles may be in bundles, but never in a circle, and no just-in-time article is
    in another one, because its components would not be booked. Raises `FailureError` NOT_A_BUNDLE, KIND_IN_STOCK,
    ARTICLE_UNKNOWN, COMPONENT_TWICE, COMPONENT_JIT, COMPONENT_UNUSABLE, COMPONENT_NOT_WHOLE, COMPONENT_CYCLE.
    """
    # Bills of materials take turns: two that are stored at once could make a circle that neither sees.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('component'))"))
    article = find_article(session, article_number, lock=True)
    if article.kind not in SET_KINDS:
        raise FailureError(Failure.of("NOT_A_BUNDLE", sku=article_number))
    if article.kind == ArticleKind.JIT.value and article.is_stock_article:
        raise FailureError(Failure.of("KIND_IN_STOCK"))
    ids = _checked(session, wanted)
    _refuse_circles(session, article, ids)
    session.execute(delete(Component).where(col(Component.article_id) == article.id))
    rows = [
        {"article_id": article.id, "component_id": ids[one.number], "quantity": one.quantity, "position": place}
        for place, one in enumerate(wanted, 1)
    ]
    insert_rows(session, Component, rows)
    mark_dirty(session, "articles", {article.id or 0})
    mark_stock_dirty(session, {article.id or 0})
    note(session, "components_stored", article_number, by, count=len(wanted))


def _checked(session: Session, wanted: Sequence[ComponentForm]) -> dict[str, int]:
    """The components' ids by number; refuses what cannot be a component."""
    numbers = [one.number for one in wanted]
    # Shared locks: nobody makes a component of them unusable between this look and the end of the transaction.
    query = select(Article).where(col(Article.number).in_(numbers), ~col(Article.is_deleted)).with_for_update(read=True)
    found = {article.number: article for article in session.exec(query.order_by(col(Article.id)))}
    ids: dict[str, int] = {}
    for one in wanted:
        article = found.get(one.number)
        if article is None:
            raise FailureError(Failure.of("ARTICLE_UNKNOWN", sku=one.number))
        if one.number in ids:
            raise FailureError(Failure.of("COMPONENT_TWICE", component=one.number))
        if code := _unfit(article, one.quantity):
            raise FailureError(Failure.of(code, component=one.number))
        ids[one.number] = article.id or 0
    return ids


def _unfit(article: Article, quantity: Decimal) -> str:
    if article.kind == ArticleKind.JIT.value:
        return "COMPONENT_JIT"
    if not article.is_stock_article or article.is_locked or article.kind == ArticleKind.MATRIX.value:
        return "COMPONENT_UNUSABLE"
    if quantity % 1 and not article.allows_decimals:
        return "COMPONENT_NOT_WHOLE"
    return ""


def _refuse_circles(session: Session, article: Article, ids: dict[str, int]) -> None:
    reached = session.execute(
        text(
            "WITH RECURSIVE below AS ("
            " SELECT number, id FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS bigint[])) AS given(number, id)"
            " UNION SELECT below.number, c.component_id FROM component c JOIN below ON c.article_id = below.id)"
            " SELECT number FROM below WHERE id = :article LIMIT 1"
        ),
        {"numbers": list(ids), "ids": list(ids.values()), "article": article.id},
    ).scalar()
    if reached is not None:
        raise FailureError(Failure.of("COMPONENT_CYCLE", sku=article.number, component=reached))
