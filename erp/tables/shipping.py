"""What leaves and what comes back: shipments with parcels and labels, returns."""

from decimal import Decimal

from sqlalchemy import BigInteger, Index, LargeBinary, Numeric, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, moment, number, pieces, prose, word


class Shipment(SQLModel, table=True):
    """A delivery of an order; its number is the delivery note's and the idempotency key of the report (D§10.5)."""

    __tablename__ = "shipment"
    __table_args__ = (Index("ix_shipment_packed", "id", postgresql_where=text("state = 'packed'")),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=40)
    order_id: int = Field(foreign_key="sales_order.id", index=True, sa_type=BigInteger)
    warehouse_id: int = Field(foreign_key="warehouse.id")
    state: str = word(20, "shipped")
    """packed (waits for its labels) or shipped."""
    completes_order: bool = True
    shipped_at: Moment = filled_now()


class ShipmentLine(SQLModel, table=True):
    """How much of an order line is in a shipment."""

    __tablename__ = "shipment_line"

    shipment_id: int = Field(primary_key=True, foreign_key="shipment.id", sa_type=BigInteger)
    order_line_id: int = Field(primary_key=True, foreign_key="sales_order_line.id", sa_type=BigInteger)
    quantity: Decimal = pieces()


class Parcel(SQLModel, table=True):
    """One parcel of a shipment, with its label where the carrier's adapter gives one."""

    __tablename__ = "parcel"
    __table_args__ = (
        Index("ix_parcel_unlabelled", "id", postgresql_where=text("label_state IN ('wanted', 'requested', 'failed')")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    shipment_id: int = Field(foreign_key="shipment.id", index=True, sa_type=BigInteger)
    tracking_number: str = Field(max_length=80)
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300)
    weight: Decimal | None = Field(default=None, sa_type=Numeric(14, 4), nullable=True)
    """Kilogrammes."""
    label_state: str = word(20, "none")
    """none, wanted, requested, ready or failed."""
    label_code: str = word(40)
    label_reason: str = word(300)
    label_attempts: int = number()
    label_media_type: str = word(40)
    label: bytes | None = Field(default=None, sa_type=LargeBinary)
    label_requested_at: Moment | None = moment()
    labelled_at: Moment | None = moment()


class OrderReturn(SQLModel, table=True):
    """Goods that come back (Retoure): announced, received or settled with a credit note."""

    __tablename__ = "order_return"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=40)
    order_id: int = Field(foreign_key="sales_order.id", index=True, sa_type=BigInteger)
    state: str = word(20, "announced")
    reason: str = prose()
    refunds_shipping: bool = flag()
    """The credit note gives the shipping cost back, too."""
    created_by: str = word(120)
    created_at: Moment = filled_now()
    received_at: Moment | None = moment()
    settled_at: Moment | None = moment()


class ReturnLine(SQLModel, table=True):
    """How much of an order line comes back, and where it goes: into stock, or not (damaged)."""

    __tablename__ = "return_line"

    return_id: int = Field(primary_key=True, foreign_key="order_return.id", sa_type=BigInteger)
    order_line_id: int = Field(primary_key=True, foreign_key="sales_order_line.id", sa_type=BigInteger)
    quantity: Decimal = pieces()
    restocks: bool = flag(True)
    warehouse_id: int | None = Field(default=None, foreign_key="warehouse.id")
    condition: str = word(200)
