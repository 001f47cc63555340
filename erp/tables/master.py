"""Master data: projects with number ranges, payment and shipping methods, terms, taxes, exchange rates."""

from decimal import Decimal

from sqlalchemy import Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, moment


class Project(SQLModel, table=True):
    """A business area: decides numbering, reservation and shipping rules of its orders."""

    __tablename__ = "project"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    reserves_stock: bool = True
    always_postage_line: bool = False
    autoship_allowed: bool = True


class NumberRange(SQLModel, table=True):
    """A range of numbers of one kind (order, delivery_note, parcel, customer) in a project; drawn by `erp/numbers.py`."""

    __tablename__ = "number_range"
    __table_args__ = (UniqueConstraint("project_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int | None = Field(default=None, foreign_key="project.id")
    kind: str = Field(max_length=20)
    prefix: str = Field(default="", max_length=20)
    next_value: int = 1


class PaymentMethod(SQLModel, table=True):
    """How customers pay; `ships_unpaid` for invoice and cash on delivery, `is_cash` forces self pick-up (D§4.2)."""

    __tablename__ = "payment_method"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    ships_unpaid: bool = False
    is_cash: bool = False


class ShippingMethod(SQLModel, table=True):
    """How goods leave; `carrier` is what the channel is told."""

    __tablename__ = "shipping_method"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300)
    """With `{number}` in it."""
    is_pickup: bool = False


class DeliveryTerm(SQLModel, table=True):
    """A delivery term printed on orders."""

    __tablename__ = "delivery_term"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)


class TaxRate(SQLModel, table=True):
    """A VAT rate of a country: normal, reduced, special or zero; percent."""

    __tablename__ = "tax_rate"
    __table_args__ = (UniqueConstraint("country", "kind", "rate"),)

    id: int | None = Field(default=None, primary_key=True)
    country: str = Field(max_length=2)
    kind: str = Field(max_length=20)
    rate: Decimal = Field(sa_type=Numeric(6, 3))
    valid_from: Moment | None = moment()


class ExchangeRate(SQLModel, table=True):
    """Units of a foreign currency for one EUR."""

    __tablename__ = "exchange_rate"

    currency: str = Field(primary_key=True, max_length=3)
    rate: Decimal = Field(sa_type=Numeric(14, 6))
    valid_from: Moment | None = moment()
