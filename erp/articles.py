"""Articles: created, changed, locked and deleted by hand; texts, prices, components and numbers have modules of their own."""

import hashlib
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import delete, func, text, update
from sqlmodel import Session, col, select

from canonical.article import ArticleKind
from canonical.failure import Failure, FailureError
from erp import prices
from erp.article_lookup import find_article, note
from erp.links import mark_dirty, mark_family_dirty, mark_stock_dirty
from erp.releases import release_waiting
from erp.tables import Article, ArticleListEntry, Component, ForeignNumber

EAN_LENGTHS = (8, 12, 13, 14)
STOCKLESS_KINDS = (ArticleKind.MATRIX, ArticleKind.JIT)
"""A matrix article is only the frame of its variants; a JIT article's stock is that of its components (D§0.3)."""
SET_KINDS = (ArticleKind.BUNDLE, ArticleKind.JIT)
OF_STOCK = ("is_stock_article", "syncs_stock", "stock_correction", "pseudo_stock", "kind", "is_inactive",
            "remaining_stock_only")  # fmt: skip
"""Fields that change what a channel may sell."""


def measure() -> Any:
    """An optional weight, length or quantity, never negative."""
    return Field(default=None, ge=0, max_digits=14, decimal_places=4)


class ArticleForm(BaseModel):
    """An article as a person enters it; weights in kg, measures in cm; `price_gross` is the plain standard price in EUR.

    Errors carry our codes as types: EAN_INVALID, VARIANT_PARENT, SPECIAL_IN_STOCK, KIND_IN_STOCK.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    number: str = Field(min_length=1, max_length=80)
    name: str = Field(min_length=1, max_length=300)
    short_text: str = ""
    description: str = ""
    shop_description: str = ""
    kind: ArticleKind = ArticleKind.SIMPLE
    parent: str = Field(default="", max_length=80)
    """The number of the matrix article that a variant belongs to."""
    category: str = Field(default="", max_length=120)
    manufacturer: str = Field(default="", max_length=120)
    manufacturer_number: str = Field(default="", max_length=80)
    ean: str = Field(default="", max_length=20)
    unit: str = Field(default="", max_length=20)
    weight: Decimal | None = measure()
    net_weight: Decimal | None = measure()
    length: Decimal | None = measure()
    width: Decimal | None = measure()
    height: Decimal | None = measure()
    customs_number: str = Field(default="", max_length=20, pattern="^[0-9 ]*$")
    origin_country: str = Field(default="", pattern="^([A-Z]{2})?$")
    delivery_time: str = Field(default="", max_length=80)
    min_order_quantity: Decimal | None = measure()
    tax_category: Literal["normal", "reduced", "special", "exempt"] = "normal"
    price_gross: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)
    is_stock_article: bool = True
    is_postage: bool = False
    is_discount: bool = False
    is_surcharge: bool = False
    is_gift_card: bool = False
    allows_decimals: bool = False
    is_inactive: bool = False
    remaining_stock_only: bool = False
    syncs_stock: bool = True
    stock_correction: Decimal = Field(default=Decimal(0), max_digits=14, decimal_places=4)
    pseudo_stock: Decimal | None = measure()

    @field_validator("ean")
    @classmethod
    def _has_check_digit(cls, value: str) -> str:
        ean = value.replace(" ", "").replace("-", "")
        if ean and not is_ean(ean):
            raise PydanticCustomError("EAN_INVALID", "no valid EAN", {"ean": value})
        return ean

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind is ArticleKind.VARIANT) != bool(self.parent):
            raise PydanticCustomError("VARIANT_PARENT", "a variant needs its matrix article")
        if self.is_stock_article and self.kind in STOCKLESS_KINDS:
            raise PydanticCustomError("KIND_IN_STOCK", "this kind is no stock article")
        if self.is_stock_article and (self.is_postage or self.is_discount or self.is_surcharge or self.is_gift_card):
            raise PydanticCustomError("SPECIAL_IN_STOCK", "special articles are no stock articles")
        return self


def is_ean(value: str) -> bool:
    """Whether digits are an EAN of 8, 12, 13 or 14 digits with the right check digit; pure."""
    if len(value) not in EAN_LENGTHS or not (value.isascii() and value.isdecimal()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(value)))
    return weighted % 10 == 0


def create_article(session: Session, form: ArticleForm, by: str = "") -> Article:
    """Create an article and release the documents that wait for its number.

    Raises `FailureError` ARTICLE_NUMBER_TAKEN (numbers of deleted articles stay taken), and MATRIX_UNKNOWN when a variant's
    matrix article does not exist.
    """
    if session.exec(select(Article.id).where(col(Article.number) == form.number)).first() is not None:
        raise FailureError(Failure.of("ARTICLE_NUMBER_TAKEN", sku=form.number))
    article = Article(**_columns(form), parent_id=_matrix_of(session, form))
    session.add(article)
    session.flush()
    if article.id is not None and form.price_gross is not None:
        prices.set_standard(session, article.id, form.price_gross)
    if article.parent_id is not None:
        mark_dirty(session, "articles", {article.parent_id})
    note(session, "article_created", form.number, by)
    release_waiting(session, f"article:{form.number}", None)
    return article


def _columns(form: ArticleForm) -> dict[str, Any]:
    return form.model_dump(exclude={"parent", "price_gross"}) | {"kind": form.kind.value}


def _matrix_of(session: Session, form: ArticleForm) -> int | None:
    if not form.parent:
        return None
    query = select(Article.id).where(
        col(Article.number) == form.parent, col(Article.kind) == ArticleKind.MATRIX.value, ~col(Article.is_deleted)
    )
    parent_id = session.exec(query).first()
    if parent_id is None:
        raise FailureError(Failure.of("MATRIX_UNKNOWN", sku=form.parent))
    return parent_id


def form_of(session: Session, article: Article) -> dict[str, Any]:
    """Read an article as the values of its form, with the parent's number and the plain standard price."""
    values = {name: getattr(article, name) for name in ArticleForm.model_fields if name in Article.model_fields}
    parent = session.get(Article, article.parent_id) if article.parent_id else None
    standard = prices.plain_standard(session, article.id or 0)
    return values | {
        "parent": parent.number if parent else "",
        "price_gross": standard.amount if standard and standard.is_gross else None,
    }


def fingerprint(values: dict[str, Any]) -> str:
    """Digest the values of an article's form: a page carries it, so that a save overwrites only what was shown."""
    said = [
        f"{name}={f'{value.normalize():f}' if isinstance(value, Decimal) else value}"
        for name, value in sorted(values.items())
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def change_article(session: Session, form: ArticleForm, read: str, by: str) -> Article:
    """Replace an article's values; its number never changes, because channels and documents know the article by it.

    `read` is the `fingerprint` of what the person saw. Marks the article as to be sent, its stock and prices too where they
    changed, and the matrix articles that it leaves or joins. Raises `FailureError` ARTICLE_CHANGED when somebody else was faster, ARTICLE_UNKNOWN, MATRIX_UNKNOWN,
    KIND_HAS_VARIANTS, KIND_HAS_COMPONENTS, ARTICLE_IS_COMPONENT when the new kind or flag breaks what hangs on the article.
    """
    article = find_article(session, form.number, lock=True)
    before = form_of(session, article)
    if fingerprint(before) != read:
        raise FailureError(Failure.of("ARTICLE_CHANGED", sku=form.number))
    _refuse_broken_ties(session, article, form)
    article_id = article.id or 0
    if form.price_gross != before["price_gross"]:
        prices.set_standard(session, article_id, form.price_gross)
    columns = _columns(form) | {"parent_id": _matrix_of(session, form)}
    changed = {name for name, value in columns.items() if getattr(article, name) != value}
    parents = {article.parent_id, columns["parent_id"]} - {None} if changed & {"kind", "parent_id"} else set()
    for name in changed:
        setattr(article, name, columns[name])
    session.add(article)
    session.flush()
    if changed:
        mark_dirty(session, "articles", {article_id, *parents})
        note(session, "article_changed", form.number, by)
    if changed & {"tax_category", "ean"}:
        # Prices create offers, which find their product by the EAN.
        mark_dirty(session, "prices", {article_id})
    if changed.intersection(OF_STOCK):
        mark_stock_dirty(session, {article_id})
    return article


def _refuse_broken_ties(session: Session, article: Article, form: ArticleForm) -> None:
    if article.kind == ArticleKind.MATRIX.value and form.kind is not ArticleKind.MATRIX:
        refuse_variants(session, article)
    if form.kind not in SET_KINDS:
        of_set = col(Component.article_id) == article.id
        count = session.exec(select(func.count()).select_from(Component).where(of_set)).one()
        if count:
            raise FailureError(Failure.of("KIND_HAS_COMPONENTS", sku=article.number, count=count))
    if not form.is_stock_article:
        refuse_component(session, article)


def refuse_variants(session: Session, article: Article) -> None:
    """Raise `FailureError` KIND_HAS_VARIANTS when articles hang on this one."""
    hanging = col(Article.parent_id) == article.id, ~col(Article.is_deleted)
    count = session.exec(select(func.count()).select_from(Article).where(*hanging)).one()
    if count:
        raise FailureError(Failure.of("KIND_HAS_VARIANTS", sku=article.number, count=count))


def refuse_component(session: Session, article: Article) -> None:
    """Raise `FailureError` ARTICLE_IS_COMPONENT when bills of materials need this article."""
    query = (
        select(Article.number)
        .join(Component, col(Component.article_id) == col(Article.id))
        .where(col(Component.component_id) == article.id, ~col(Article.is_deleted))
        .order_by(col(Article.number))
        .limit(10)
    )
    bundles = session.exec(query).all()
    if bundles:
        raise FailureError(Failure.of("ARTICLE_IS_COMPONENT", sku=article.number, bundles=", ".join(bundles)))


def lock_article(session: Session, number: str, by: str, *, locked: bool) -> None:
    """Lock an article, so that no new order may have it, or unlock it; repeating changes nothing.

    Marks article and stock as to be sent, and an unlocked article releases the documents that wait for it.
    Raises `FailureError` ARTICLE_UNKNOWN.
    """
    article = find_article(session, number, lock=True)
    if article.is_locked == locked:
        return
    article.is_locked = locked
    session.add(article)
    session.flush()
    mark_dirty(session, "articles", {article.id or 0})
    mark_stock_dirty(session, {article.id or 0})
    note(session, "article_locked" if locked else "article_unlocked", number, by)
    if not locked:
        release_waiting(session, f"article:{number}", None)


_IN_DOCUMENTS = text(
    "SELECT EXISTS (SELECT FROM sales_order_line WHERE article_id = :id)"
    " OR EXISTS (SELECT FROM stock_movement WHERE article_id = :id)"
    " OR EXISTS (SELECT FROM reservation WHERE article_id = :id)"
    " OR EXISTS (SELECT FROM stocktake_line WHERE article_id = :id)"
)


def delete_article(session: Session, number: str, by: str) -> None:
    """Delete an article that is in no document, with its foreign numbers and its bill of materials (D§3.1, D§3.3).

    The row stays, marked, so that its number never means something else. It leaves all article lists at once. Raises
    `FailureError` ARTICLE_IN_DOCUMENTS (lock it instead), KIND_HAS_VARIANTS, ARTICLE_IS_COMPONENT, ARTICLE_UNKNOWN.
    """
    article = find_article(session, number, lock=True)
    if session.execute(_IN_DOCUMENTS, {"id": article.id}).scalar_one():
        raise FailureError(Failure.of("ARTICLE_IN_DOCUMENTS", sku=number))
    refuse_variants(session, article)
    refuse_component(session, article)
    session.execute(delete(ForeignNumber).where(col(ForeignNumber.article_id) == article.id))
    session.execute(delete(Component).where(col(Component.article_id) == article.id))
    session.execute(
        update(ArticleListEntry)
        .where(col(ArticleListEntry.article_id) == article.id, col(ArticleListEntry.removed_at).is_(None))
        .values(removed_at=func.now())
    )
    article.is_deleted = True
    session.add(article)
    session.flush()
    mark_family_dirty(session, {article.id or 0})
    note(session, "article_deleted", number, by)
