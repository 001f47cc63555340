"""Customers, orders with address snapshots, lines, reservations, changes in the shop that wait for a decision."""

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, json_list, json_object, moment, money, pieces, texts, word


class Customer(SQLModel, table=True):
    """A customer; `email_key` and `name_key` are what matching compares (D§4.2), never shown."""

    __tablename__ = "customer"
    __table_args__ = (Index("ix_customer_email_key", "email_key"), Index("ix_customer_name_key", "name_key"))

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=40)
    project_id: int | None = Field(default=None, foreign_key="project.id")
    name: str = Field(default="", max_length=200)
    company: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=60)
    street: str = Field(default="", max_length=200)
    postcode: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=120)
    country: str = Field(default="", max_length=2)
    vat_id: str = Field(default="", max_length=40)
    language: str = Field(default="", max_length=5)
    is_guest: bool = False
    email_key: str = ""
    name_key: str = ""
    group_id: int | None = Field(default=None, foreign_key="customer_group.id")
    is_locked: bool = flag()
    """Auto-ship leaves the customer's orders to a person."""
    lock_reason: str = word(200)
    vat_id_checked_at: Moment | None = moment()
    erased_at: Moment | None = moment()
    """When the customer was made anonymous; the books stay."""
    created_at: Moment = filled_now()


class Order(SQLModel, table=True):
    """A booked order; amounts in `currency`, totals are the sums of its lines; three independent states."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("integration_id", "external_id"),
        Index("ix_sales_order_to_ship", "fulfilment_state", "autoship"),
        Index("ix_sales_order_created", "created_at"),
        Index(
            "ix_sales_order_unpaid",
            "id",
            postgresql_where=text("payment_state IN ('open', 'partial') AND NOT is_cancelled"),
        ),
        Index("ix_sales_order_invoice_due", "id", postgresql_where=text("invoice_due_at IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    number: str = Field(unique=True, max_length=40)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    external_id: str = Field(max_length=120)
    external_number: str = Field(default="", max_length=120, index=True)
    project_id: int = Field(foreign_key="project.id")
    customer_id: int = Field(foreign_key="customer.id", index=True, sa_type=BigInteger)
    ordered_at: Moment | None = moment()
    clerk: str = ""
    language: str = ""
    currency: str = Field(max_length=3)
    exchange_rate: Decimal | None = Field(default=None, sa_type=Numeric(14, 6), nullable=True)
    """Units of `currency` for one EUR, as it was when the order was booked."""
    exchange_rate_at: Moment | None = moment()
    """From when that rate is."""
    prices_include_tax: bool = True
    total: Decimal = money()
    total_tax: Decimal = money()
    channel_total: Decimal = money()
    is_total_fixed: bool = False
    refunded: Decimal = money()
    """What the channel had given back when the order was imported."""
    paid: Decimal = money()
    """The sum of the order's payments, refunds deducted; kept by `erp/payments.py`."""
    fulfilled_by: str = word(20, "merchant")
    """merchant, or channel: the marketplace ships (FBA), only an invoice is written."""
    is_pos: bool = flag()
    """Sold over the counter: stock and invoice at once."""
    is_b2b: bool = flag()
    payment_method_id: int | None = Field(default=None, foreign_key="payment_method.id")
    payment_value: str = ""
    transaction_id: str = ""
    paid_at: Moment | None = moment()
    shipping_method_id: int | None = Field(default=None, foreign_key="shipping_method.id")
    shipping_value: str = ""
    delivery_term_id: int | None = Field(default=None, foreign_key="delivery_term.id")
    fast_lane: bool = False
    billing: dict[str, Any] = json_object()
    delivery: dict[str, Any] = json_object()
    vat_id: str = ""
    vat_id_trusted: bool = False
    tax_kind: str = Field(default="domestic", max_length=20)
    """domestic, eu, eu_origin, export, reverse_charge or marketplace (the marketplace owes the VAT)."""
    tax_country: str = Field(default="", max_length=2)
    free_text: str = ""
    internal_label: str = ""
    autoship: bool = True
    autoship_documents: str = Field(default="standard", max_length=40)
    holds: list[str] = texts()
    """What stops shipping until a person lifts it: a code, a name, or `hold_by_hand:` and the reason."""
    payment_state: str = Field(default="open", max_length=20)
    """open, partial, paid or refunded."""
    fulfilment_state: str = Field(default="open", max_length=20)
    """open, packed (the label is missing), partial, shipped or returned."""
    is_cancelled: bool = False
    cancel_reason: str = word(200)
    expires_at: Moment | None = moment()
    """When an unpaid order is cancelled by itself."""
    reminded_at: Moment | None = moment()
    invoice_due_at: Moment | None = moment()
    """Since when the invoice waits for the project's issuer to be complete; issued by itself then."""
    settings_revision: int = 0
    created_at: Moment = filled_now()


class OrderLine(SQLModel, table=True):
    """One line; `net` + `tax` = `gross`, in the order's currency; discounts are negative lines of their own."""

    __tablename__ = "sales_order_line"
    __table_args__ = (Index("ix_sales_order_line_order", "order_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    order_id: int = Field(foreign_key="sales_order.id", sa_type=BigInteger)
    position: int
    kind: str = Field(max_length=20)
    """article, component (of a JIT article, without a price), shipping, discount, surcharge or rounding."""
    parent_id: int | None = Field(default=None, foreign_key="sales_order_line.id", sa_type=BigInteger)
    """The JIT article's line that a component belongs to, or the goods that a surcharge belongs to."""
    article_id: int | None = Field(default=None, foreign_key="article.id", sa_type=BigInteger)
    line_ref: str = ""
    title: str = ""
    description: str = ""
    quantity: Decimal = pieces()
    net: Decimal = money()
    tax: Decimal = money()
    gross: Decimal = money()
    tax_rate: Decimal = Field(default=Decimal(0), sa_type=Numeric(6, 3))
    properties: list[Any] = json_list()
    line_refs: list[str] = texts()
    """The channel's items where several were merged into this line."""
    shipped: Decimal = pieces()
    cancelled: Decimal = pieces()
    returned: Decimal = pieces()


class OrderChange(SQLModel, table=True):
    """A change in the shop after the import, which waits for a person's decision: take it over or keep ours (D§10.1)."""

    __tablename__ = "order_change"
    __table_args__ = (UniqueConstraint("order_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    order_id: int = Field(foreign_key="sales_order.id", sa_type=BigInteger)
    digest: str = Field(max_length=64)
    """Of what changed, so that the same change is one row however often it is read."""
    parts: list[str] = texts()
    """amount, refund, lines, billing or delivery."""
    before: dict[str, Any] = json_object()
    after: dict[str, Any] = json_object()
    state: str = word(20, "open")
    """open, taken or kept."""
    by_hand: list[Any] = json_list()
    """What could not be taken over: pairs of a reason and a name (`erp/rules/takeover.py`)."""
    found_at: Moment = filled_now()
    decided_at: Moment | None = moment()
    decided_by: str = word(120)


class Reservation(SQLModel, table=True):
    """Stock kept for an order line until it ships or is cancelled; per article, not per warehouse (D§2.3)."""

    __tablename__ = "reservation"
    __table_args__ = (Index("ix_reservation_article", "article_id"), Index("ix_reservation_order", "order_id"))

    order_line_id: int = Field(primary_key=True, foreign_key="sales_order_line.id", sa_type=BigInteger)
    order_id: int = Field(foreign_key="sales_order.id", sa_type=BigInteger)
    article_id: int = Field(foreign_key="article.id", sa_type=BigInteger)
    quantity: Decimal = pieces()
