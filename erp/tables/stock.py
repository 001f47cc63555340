"""Warehouses and stock: a ledger of movements, its sums, and stocktakes."""

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, measure, moment, pieces, word


class Warehouse(SQLModel, table=True):
    """A place where stock lies: our own, a fulfilment provider's, or a marketplace's (FBA), which is never picked from."""

    __tablename__ = "warehouse"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    kind: str = word(20, "own")
    """own, provider or marketplace."""
    country: str = word(2, "DE")
    partner_id: int | None = Field(default=None, foreign_key="partner.id")
    """Who ships from it, for a provider's warehouse."""
    is_locked: bool = flag()
    """Auto-ship takes nothing from it."""


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
    """opening, receipt, shipment, correction, count, transfer or return."""
    reference: str = Field(max_length=80)
    """The idempotency key of the movement together with reason, article and warehouse."""
    note: str = word(200)
    actor: str = word(120)
    at: Moment = filled_now()


class StockLevel(SQLModel, table=True):
    """The ledger's sum per article and warehouse, kept in the same transaction so that reading a hundred thousand is one scan.

    Never negative: the database refuses to sell what is not there.
    """

    __tablename__ = "stock_level"
    __table_args__ = (CheckConstraint("physical >= 0", name="ck_stock_level_physical"),)

    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    warehouse_id: int = Field(primary_key=True, foreign_key="warehouse.id")
    physical: Decimal = pieces()


class StockTransfer(SQLModel, table=True):
    """A move of goods from one warehouse to another; its two movements per article carry its number as reference."""

    __tablename__ = "stock_transfer"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    key: str = Field(unique=True, max_length=80)
    """What the caller calls this transfer: the same key twice is the same transfer."""
    source_id: int = Field(foreign_key="warehouse.id")
    target_id: int = Field(foreign_key="warehouse.id")
    note: str = word(200)
    moved_by: str = word(120)
    moved_at: Moment = filled_now()


class Stocktake(SQLModel, table=True):
    """A counting of one warehouse (Inventur): open, posted or cancelled; one open at a time per warehouse."""

    __tablename__ = "stocktake"
    __table_args__ = (Index("ix_stocktake_open", "warehouse_id", unique=True, postgresql_where=text("state = 'open'")),)

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    warehouse_id: int = Field(foreign_key="warehouse.id")
    state: str = word(20, "open")
    note: str = word(200)
    started_by: str = word(120)
    started_at: Moment = filled_now()
    posted_by: str = word(120)
    posted_at: Moment | None = moment()


class StocktakeLine(SQLModel, table=True):
    """An article of a stocktake: what the books say when it is counted, and what a person counted."""

    __tablename__ = "stocktake_line"

    stocktake_id: int = Field(primary_key=True, foreign_key="stocktake.id")
    article_id: int = Field(primary_key=True, foreign_key="article.id", sa_type=BigInteger)
    expected: Decimal = pieces()
    """The level at the moment of counting; posting moves by counted − expected, so sales in between stay right."""
    counted: Decimal | None = measure()
    counted_by: str = word(120)
    counted_at: Moment | None = moment()
