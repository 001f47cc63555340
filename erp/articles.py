"""Articles: created by hand, and the numbers by which channels know them (D§3.3)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.failure import Failure, FailureError
from canonical.settings import AdvancedSettings
from erp import journal
from erp.links import mark_stock_dirty
from erp.releases import release_waiting
from erp.tables import Article, ForeignNumber


class NumberTaken(ValueError):
    """A number belongs to another article already."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class ArticleForm(BaseModel):
    """An article as a person enters it; the price is gross in EUR."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    number: str = Field(min_length=1, max_length=80)
    name: str = Field(min_length=1, max_length=300)
    description: str = ""
    kind: ArticleKind = ArticleKind.SIMPLE
    parent: str = Field(default="", max_length=80)
    """The number of the matrix article that a variant belongs to."""
    category: str = Field(default="", max_length=120)
    manufacturer: str = Field(default="", max_length=120)
    ean: str = Field(default="", max_length=20)
    tax_category: Literal["normal", "reduced", "exempt"] = "normal"
    price_gross: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=2)
    is_stock_article: bool = True
    is_postage: bool = False
    is_discount: bool = False
    is_surcharge: bool = False
    allows_decimals: bool = False
    syncs_stock: bool = True
    stock_correction: Decimal = Field(default=Decimal(0), max_digits=14, decimal_places=4)
    pseudo_stock: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind is ArticleKind.VARIANT) != bool(self.parent):
            raise ValueError("a variant needs the number of its matrix article, and only a variant has one")
        if self.is_stock_article and (self.is_postage or self.is_discount or self.is_surcharge):
            raise ValueError("postage, discount and surcharge articles are not stock articles")
        return self


def create_article(session: Session, form: ArticleForm) -> Article:
    """Create an article and release the documents that wait for its number.

    Raises `NumberTaken`, and `FailureError` MASTER_DATA_MISSING when a variant's matrix article does not exist.
    """
    if session.exec(select(Article.id).where(col(Article.number) == form.number)).first() is not None:
        raise NumberTaken(form.number)
    article = Article(**form.model_dump(exclude={"parent"}), parent_id=_matrix_of(session, form))
    article.kind = form.kind.value
    session.add(article)
    session.flush()
    release_waiting(session, f"article:{form.number}", None)
    return article


def _matrix_of(session: Session, form: ArticleForm) -> int | None:
    if not form.parent:
        return None
    query = select(Article.id).where(
        col(Article.number) == form.parent, col(Article.kind) == ArticleKind.MATRIX.value, ~col(Article.is_deleted)
    )
    parent_id = session.exec(query).first()
    if parent_id is None:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="article", value=form.parent))
    return parent_id


def add_foreign_number(  # noqa: PLR0917 - a foreign number is just these values
    session: Session, article_number: str, integration_id: str, label: str, number: str, by: str
) -> None:
    """Give an article the number by which a channel knows it, and release the documents that wait for that number.

    The label counts exactly (D§3.3). The article's stock is marked as to be sent under the new number. Storing the same
    again makes it active again and changes nothing more. Raises `NumberTaken`, and `FailureError` MASTER_DATA_MISSING for
    an unknown article.
    """
    article = session.exec(select(Article).where(col(Article.number) == article_number)).first()
    if article is None or article.id is None:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="article", value=article_number))
    stored = (
        insert(ForeignNumber)
        .values(article_id=article.id, integration_id=integration_id, label=label, number=number, is_active=True)
        .on_conflict_do_update(
            index_elements=["integration_id", "label", "number"],
            set_={"is_active": True},
            where=col(ForeignNumber.article_id) == article.id,
        )
        .returning(col(ForeignNumber.id))
    )
    if session.execute(stored).first() is None:
        raise NumberTaken(number)
    mark_stock_dirty(session, {article.id})
    journal.write(
        session,
        [
            journal.event(
                integration_id,
                "orders",
                "mapped",
                hop="lifecycle",
                status="info",
                record=article_number,
                params={"value": number, "target": article_number},
                actor=by,
            )
        ],
    )
    release_waiting(session, f"article:{number}", integration_id)


def channel_numbers(
    session: Session, integration_id: str, advanced: AdvancedSettings, article_ids: Sequence[int]
) -> dict[int, str]:
    """Say by which number a channel knows articles: the active foreign number with exactly the chosen label, else our own.

    Two statements for any number of articles; the oldest of several foreign numbers counts.
    """
    own = select(Article.id, Article.number).where(col(Article.id) == func.any(list(article_ids)))
    known = {article_id: number for article_id, number in session.exec(own) if article_id is not None}
    if not advanced.foreign_numbers:
        return known
    foreign = (
        select(ForeignNumber.article_id, ForeignNumber.number)
        .where(
            col(ForeignNumber.integration_id) == integration_id,
            col(ForeignNumber.label) == advanced.foreign_number_label,
            col(ForeignNumber.is_active),
            col(ForeignNumber.article_id) == func.any(list(article_ids)),
        )
        .order_by(col(ForeignNumber.id).desc())
    )
    return known | dict(session.exec(foreign).all())
