"""Articles, their variants, components, texts, images, prices, options per shop, and foreign numbers."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, LargeBinary, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, json_object, measure, number, pieces, prose, texts, word


class Article(SQLModel, table=True):
    """An article: simple, matrix, variant, bundle or JIT; the flags mark the special articles of an order (D§4.1)."""

    __tablename__ = "article"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=80)
    name: str = Field(max_length=300)
    description: str = ""
    short_text: str = prose()
    shop_description: str = prose()
    """Wins over the description in shops where it is filled (D§2.1, text priority)."""
    kind: str = Field(default="simple", max_length=20)
    parent_id: int | None = Field(default=None, foreign_key="article.id", index=True, sa_type=BigInteger)
    category: str = Field(default="", max_length=120)
    """The article category (Warengruppe); the tree is in `article_category`."""
    manufacturer: str = Field(default="", max_length=120)
    manufacturer_number: str = word(80)
    ean: str = Field(default="", max_length=20, index=True)
    unit: str = word(20)
    weight: Decimal | None = measure()
    """Kilogrammes, with packing."""
    net_weight: Decimal | None = measure()
    """Kilogrammes, without packing."""
    length: Decimal | None = measure()
    """Centimetres, as width and height."""
    width: Decimal | None = measure()
    height: Decimal | None = measure()
    customs_number: str = word(20)
    origin_country: str = word(2)
    delivery_time: str = word(80)
    min_order_quantity: Decimal | None = measure()
    tax_category: str = Field(default="normal", max_length=20)
    """normal, reduced, special or exempt."""
    is_stock_article: bool = True
    is_postage: bool = False
    is_discount: bool = False
    is_surcharge: bool = False
    is_gift_card: bool = flag()
    """A value voucher: sold without tax and without stock (D§10.2)."""
    allows_decimals: bool = False
    is_locked: bool = False
    is_deleted: bool = False
    is_inactive: bool = flag()
    """Not offered in shops; overridable per integration."""
    remaining_stock_only: bool = flag()
    """Restmenge: sold until nothing is left; overridable per integration."""
    syncs_stock: bool = True
    """The article option "Lagerzahlen Sync"."""
    stock_correction: Decimal = pieces()
    pseudo_stock: Decimal | None = measure()
    tags: list[str] = texts()
    custom_fields: dict[str, Any] = json_object()
    """Free fields by name; values are texts."""
    created_at: Moment = filled_now()


class ArticleText(SQLModel, table=True):
    """Texts of an article in one language, for one shop or, without an integration, for all (D§2.1, text priority)."""

    __tablename__ = "article_text"
    __table_args__ = (UniqueConstraint("article_id", "language", "integration_id", postgresql_nulls_not_distinct=True),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    language: str = Field(max_length=5)
    integration_id: str | None = Field(default=None, foreign_key="integration.id", max_length=40)
    name: str = word(300)
    short_text: str = prose()
    description: str = prose()
    meta_title: str = word(300)
    meta_description: str = prose()
    meta_keywords: str = prose()


class ArticleImage(SQLModel, table=True):
    """An image of an article: stored here, or at an address; the first is the main one."""

    __tablename__ = "article_image"
    __table_args__ = (
        Index("ix_article_image_article", "article_id", "position"),
        Index("ix_article_image_digest", "digest"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    position: int = number()
    title: str = word(300)
    description: str = prose()
    url: str = prose()
    media_type: str = word(40)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    digest: str = word(64)


class ArticleProperty(SQLModel, table=True):
    """A property of an article, such as a colour; `is_option` marks those that tell variants apart."""

    __tablename__ = "article_property"
    __table_args__ = (UniqueConstraint("article_id", "name", "value"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    position: int = number()
    name: str = Field(max_length=120)
    value: str = Field(max_length=500)
    is_option: bool = flag()


class Category(SQLModel, table=True):
    """A node of the category tree (Artikelbaum)."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),)

    id: int | None = Field(default=None, primary_key=True)
    parent_id: int | None = Field(default=None, foreign_key="category.id", index=True)
    name: str = Field(max_length=200)
    position: int = number()


class ArticleCategory(SQLModel, table=True):
    """An article's place in the category tree; one article may have several."""

    __tablename__ = "article_category"

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    category_id: int = Field(primary_key=True, foreign_key="category.id", index=True)


class Component(SQLModel, table=True):
    """An entry of a bill of materials: how much of an article is in one piece of a bundle or JIT article."""

    __tablename__ = "component"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_component_quantity"),
        CheckConstraint("article_id <> component_id", name="ck_component_other"),
    )

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    """The bundle."""
    component_id: int = Field(primary_key=True, foreign_key="article.id", index=True, sa_type=BigInteger)
    quantity: Decimal = pieces()
    position: int = number()


class CustomerGroup(SQLModel, table=True):
    """A group of customers with prices of its own; channels choose it by its exact name (D§2.4)."""

    __tablename__ = "customer_group"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(unique=True, max_length=120)


class Price(SQLModel, table=True):
    """A price per unit: standard (neither group nor customer), of a group, or of a customer, from a quantity on.

    Gross or net is said by `is_gross`; valid from the first day to the last, both included.
    """

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint(
            "article_id", "customer_group_id", "customer_id", "currency", "from_quantity", "valid_from",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("amount >= 0", name="ck_price_amount"),
        CheckConstraint("from_quantity > 0", name="ck_price_from_quantity"),
        CheckConstraint("customer_group_id IS NULL OR customer_id IS NULL", name="ck_price_one_source"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    customer_group_id: int | None = Field(default=None, foreign_key="customer_group.id")
    customer_id: int | None = Field(default=None, foreign_key="customer.id", sa_type=BigInteger)
    currency: str = word(3, "EUR")
    from_quantity: Decimal = Field(
        default=Decimal(1), sa_type=Numeric(14, 4), sa_column_kwargs={"server_default": "1"}, nullable=False
    )
    amount: Decimal = Field(sa_type=Numeric(14, 4), nullable=False)
    pseudo_amount: Decimal | None = measure()
    """The price shown crossed out (Pseudopreis)."""
    is_gross: bool = flag(True)
    valid_from: date | None = Field(default=None, sa_type=Date, nullable=True)
    valid_to: date | None = Field(default=None, sa_type=Date, nullable=True)


class ArticleOption(SQLModel, table=True):
    """An article's options in one shop; what is empty is taken from the article ("settings from article")."""

    __tablename__ = "article_option"

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    integration_id: str = Field(primary_key=True, foreign_key="integration.id", max_length=40)
    is_inactive: bool | None = None
    remaining_stock_only: bool | None = None
    syncs_stock: bool | None = None
    stock_correction: Decimal | None = measure()
    pseudo_stock: Decimal | None = measure()
    pseudo_price: Decimal | None = measure()
    """Gross, in EUR."""


class ForeignNumber(SQLModel, table=True):
    """An article's number in one channel (D§3.3); unique per integration, label and number."""

    __tablename__ = "foreign_number"
    __table_args__ = (
        UniqueConstraint("integration_id", "label", "number"),
        Index("ix_foreign_number_article", "article_id", "integration_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    label: str = Field(max_length=60)
    number: str = Field(max_length=120)
    is_active: bool = True
    is_scannable: bool = flag()
    """A barcode scanner may use it (D§3.3)."""


class NumberImport(SQLModel, table=True):
    """A file of foreign numbers that was taken in; its refused lines are kept with the newest files."""

    __tablename__ = "number_import"

    id: int | None = Field(default=None, primary_key=True)
    file_name: str = word(200)
    lines: int = number()
    taken: int = number()
    refused: int = number()
    actor: str = word(120)
    at: Moment = filled_now()


class RefusedNumber(SQLModel, table=True):
    """An entry of a file of foreign numbers that was not taken, with the code that says why."""

    __tablename__ = "refused_number"
    __table_args__ = (Index("ix_refused_number_import", "import_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    import_id: int = Field(foreign_key="number_import.id", ondelete="CASCADE")
    line: int
    article: str = Field(max_length=200)
    """The article's number as the file names it."""
    shop: str = Field(max_length=200)
    number: str = Field(max_length=200)
    code: str = Field(max_length=40)
    value: str = Field(max_length=200)


class ArticleTaxRate(SQLModel, table=True):
    """A VAT rate that one article has in one country, against the country's table (D§10.4, OSS)."""

    __tablename__ = "article_tax_rate"

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    country: str = Field(primary_key=True, max_length=2)
    rate: Decimal = Field(sa_type=Numeric(6, 3), nullable=False)
