"""Master data: projects with number ranges, payment and shipping methods, terms, taxes, exchange rates."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, flag, json_object, moment, money, word


class Project(SQLModel, table=True):
    """A business area: decides numbering, reservation, shipping rules, documents and their issuer."""

    __tablename__ = "project"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    reserves_stock: bool = True
    always_postage_line: bool = False
    autoship_allowed: bool = True
    language: str = word(5, "de")
    """Of documents where the order names none of its own."""
    issuer: dict[str, Any] = json_object()
    """Who issues the documents: name, address, VAT id, bank (`erp/documents` reads it as `Issuer`)."""
    invoices_by_itself: bool = flag(True)
    """Auto-ship issues invoices."""
    mails_invoices: bool = flag()
    mails_shipments: bool = flag()
    is_outside_oss: bool = flag()
    """Its invoices do not count for the EU delivery threshold (D§10.4)."""


class NumberRange(SQLModel, table=True):
    """A range of numbers of one kind (order, delivery_note, invoice …) in a project; drawn by `erp/numbers.py`."""

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
    due_days: int | None = None
    """Days until an invoice is due."""
    remind_days: int | None = None
    """Days after which the buyer of an unpaid order is reminded by mail."""
    expire_days: int | None = None
    """Days after which an unpaid order expires and is cancelled; None: never."""


class ShippingMethod(SQLModel, table=True):
    """How goods leave; `carrier` is what the channel is told, `adapter` where labels come from."""

    __tablename__ = "shipping_method"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300)
    """With `{number}` in it."""
    is_pickup: bool = False
    adapter: str = word(20, "manual")
    """manual (numbers from our range or a person) or file (label requests and answers in a folder)."""
    adapter_folder: str = word(300)
    max_parcel_weight: Decimal | None = Field(default=None, sa_type=Numeric(14, 4), nullable=True)
    """Kilogrammes; heavier orders leave in several parcels."""


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


class DeliveryThreshold(SQLModel, table=True):
    """The one row for OSS (Lieferschwelle): the EU-wide threshold and since when the countries' rates apply (D§10.4)."""

    __tablename__ = "delivery_threshold"

    id: int = Field(default=1, primary_key=True)
    threshold: Decimal = money(Decimal(10000))
    """EUR net of a calendar year, all EU countries together; 1.00 applies at once, never 0."""
    applies_from: date | None = Field(default=None, sa_type=Date, nullable=True)
    """Orders from this day on are taxed in the country of delivery; set by itself when the threshold is crossed."""


class VatRegistration(SQLModel, table=True):
    """A VAT id of ours in a country; goods from an own warehouse there are taxed there without OSS."""

    __tablename__ = "vat_registration"

    country: str = Field(primary_key=True, max_length=2)
    vat_id: str = Field(max_length=40)


class ExchangeRate(SQLModel, table=True):
    """Units of a foreign currency for one EUR."""

    __tablename__ = "exchange_rate"

    currency: str = Field(primary_key=True, max_length=3)
    rate: Decimal = Field(sa_type=Numeric(14, 6))
    valid_from: Moment | None = moment()
