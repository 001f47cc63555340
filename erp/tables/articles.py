"""Articles, their variants and foreign numbers, warehouses, and stock as a ledger of movements."""

from decimal import Decimal

from sqlalchemy import BigInteger, Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, pieces


class Article(SQLModel, table=True):
    """An article: simple, matrix or variant; the flags mark the special articles of an order (D§4.1)."""

    __tablename__ = "article"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=80)
    name: str = Field(max_length=300)
    description: str = ""
    kind: str = Field(default="simple", max_length=20)
    parent_id: int | None = Field(default=None, foreign_key="article.id", index=True, sa_type=BigInteger)
    category: str = Field(default="", max_length=120)
    manufacturer: str = Field(default="", max_length=120)
    ean: str = Field(default="", max_length=20, index=True)
    tax_category: str = Field(default="normal", max_length=20)
    price_gross: Decimal | None = Field(default=None, sa_type=Numeric(14, 2), nullable=True)
    is_stock_article: bool = True
    is_postage: bool = False
    is_discount: bool = False
    is_surcharge: bool = False
    allows_decimals: bool = False
    is_locked: bool = False
    is_deleted: bool = False
    syncs_stock: bool = True
    """The article option "Lagerzahlen Sync"."""
    stock_correction: Decimal = pieces()
    pseudo_stock: Decimal | None = Field(default=None, sa_type=Numeric(14, 4), nullable=True)
    created_at: Moment = filled_now()


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


class Warehouse(SQLModel, table=True):
    """A place where stock lies."""

    __tablename__ = "warehouse"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)


class StockMovement(SQLModel, table=True):
    """One entry of the ledger; the level of an article in a warehouse is the sum of its movements."""

    __tablename__ = "stock_movement"
    __table_args__ = (
        Index("ix_stock_movement_article", "article_id", "warehouse_id"),
        UniqueConstraint("reason", "reference", "article_id", "warehouse_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    warehouse_id: int = Field(foreign_key="warehouse.id")
    quantity: Decimal = pieces()
    reason: str = Field(max_length=20)
    """opening, receipt, shipment, correction, count."""
    reference: str = Field(max_length=80)
    """The idempotency key of the movement together with reason, article and warehouse."""
    at: Moment = filled_now()


class StockLevel(SQLModel, table=True):
    """The ledger's sum per article and warehouse, kept in the same transaction so that reading a hundred thousand is one scan."""

    __tablename__ = "stock_level"

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    warehouse_id: int = Field(primary_key=True, foreign_key="warehouse.id")
    physical: Decimal = pieces()
