"""An article's options in one shop (D§2.3): what is empty is taken from the article ("settings from article")."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import and_, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.links import mark_dirty, mark_stock_dirty
from erp.prices import standard_gross
from erp.tables import Article, ArticleOption, Integration, Price


class OptionForm(BaseModel):
    """The options of one article in one shop; None means as at the article. `pseudo_price` is gross in EUR."""

    model_config = ConfigDict(frozen=True)

    is_inactive: bool | None = None
    remaining_stock_only: bool | None = None
    syncs_stock: bool | None = None
    stock_correction: Decimal | None = Field(default=None, max_digits=14, decimal_places=4)
    pseudo_stock: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)
    pseudo_price: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)


@dataclass(frozen=True)
class Options:
    """What holds for an article in one shop, after the article's own settings filled the gaps."""

    is_inactive: bool
    remaining_stock_only: bool
    syncs_stock: bool
    stock_correction: Decimal
    pseudo_stock: Decimal | None
    pseudo_price: Decimal | None
    """Gross, in EUR; else the pseudo amount of today's standard price."""


def store_options(session: Session, article_number: str, integration_id: str, form: OptionForm, by: str) -> None:
    """Store an article's options in one shop; a form that is all empty forgets them. Idempotent.

    Marks stock, prices and article as to be sent. Raises `FailureError` ARTICLE_UNKNOWN, SHOP_UNKNOWN.
    """
    article = find_article(session, article_number)
    shop = select(Integration.id).where(col(Integration.id) == integration_id, col(Integration.deleted_at).is_(None))
    if session.exec(shop).first() is None:
        raise FailureError(Failure.of("SHOP_UNKNOWN", shop=integration_id))
    values = form.model_dump()
    if any(value is not None for value in values.values()):
        statement = insert(ArticleOption).values(article_id=article.id, integration_id=integration_id, **values)
        session.execute(statement.on_conflict_do_update(index_elements=["article_id", "integration_id"], set_=values))
    else:
        of_article = col(ArticleOption.article_id) == article.id
        session.execute(delete(ArticleOption).where(of_article, col(ArticleOption.integration_id) == integration_id))
    mark_stock_dirty(session, {article.id or 0})
    mark_dirty(session, "prices", {article.id or 0})
    mark_dirty(session, "articles", {article.id or 0})
    note(session, "options_stored", article_number, by)


def options_for(session: Session, integration_id: str, article_ids: Sequence[int] | None) -> dict[int, Options]:
    """Say what holds for articles (None asks for all) in one shop, in one statement."""
    in_shop = and_(
        col(ArticleOption.article_id) == col(Article.id), col(ArticleOption.integration_id) == integration_id
    )
    query = (
        sqlalchemy.select(
            col(Article.id),
            func.coalesce(ArticleOption.is_inactive, Article.is_inactive),
            func.coalesce(ArticleOption.remaining_stock_only, Article.remaining_stock_only),
            func.coalesce(ArticleOption.syncs_stock, Article.syncs_stock),
            func.coalesce(ArticleOption.stock_correction, Article.stock_correction),
            func.coalesce(ArticleOption.pseudo_stock, Article.pseudo_stock),
            func.coalesce(ArticleOption.pseudo_price, standard_gross(col(Price.pseudo_amount))),
        )
        .select_from(Article)
        .outerjoin(ArticleOption, in_shop)
    )
    if article_ids is not None:
        query = query.where(col(Article.id) == func.any(list(article_ids)))
    return {row[0]: Options(*row[1:]) for row in session.execute(query)}
