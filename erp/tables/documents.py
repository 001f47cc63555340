"""Documents, their files and templates, mails, printers and print jobs."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, json_object, moment, money, number, prose, word


class Document(SQLModel, table=True):
    """An issued document; never changed and never deleted, which a trigger of the database enforces.

    `content` is the frozen snapshot that rendering reads; amounts in `currency`, those of a credit note are positive.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        Index("ix_document_order", "order_id", "kind"),
        Index("ix_document_issued", "kind", "issued_on"),
        Index(
            "ix_document_oss",
            "issued_on",
            postgresql_where=text("kind = 'invoice' AND tax_kind IN ('eu', 'eu_origin') AND NOT is_b2b"),
        ),
        # What makes issuing idempotent: one invoice per order that is not cancelled is checked under the order's lock;
        # these hold even if somebody forgets the lock.
        Index(
            "ux_document_shipment", "shipment_id", "kind", unique=True, postgresql_where=text("shipment_id IS NOT NULL")
        ),
        Index("ux_document_return", "return_id", unique=True, postgresql_where=text("return_id IS NOT NULL")),
        Index(
            "ux_document_cancels", "refers_to_id", unique=True, postgresql_where=text("kind = 'cancellation_invoice'")
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    kind: str = Field(max_length=20)
    """invoice, cancellation_invoice, credit_note, delivery_note or pick_list."""
    number: str = Field(max_length=40)
    project_id: int = Field(foreign_key="project.id")
    order_id: int = Field(foreign_key="sales_order.id", sa_type=BigInteger)
    shipment_id: int | None = Field(default=None, foreign_key="shipment.id", sa_type=BigInteger)
    return_id: int | None = Field(default=None, foreign_key="order_return.id", sa_type=BigInteger)
    refers_to_id: int | None = Field(default=None, foreign_key="document.id", sa_type=BigInteger)
    """The invoice that a cancellation invoice or credit note belongs to."""
    customer_id: int = Field(foreign_key="customer.id", index=True, sa_type=BigInteger)
    language: str = word(5, "de")
    currency: str = Field(max_length=3)
    net: Decimal = money()
    tax: Decimal = money()
    total: Decimal = money()
    tax_kind: str = word(20, "domestic")
    tax_country: str = word(2)
    is_b2b: bool = flag()
    issued_on: date = Field(sa_type=Date, nullable=False)
    issued_by: str = word(120)
    content: dict[str, Any] = json_object()
    created_at: Moment = filled_now()


class DocumentFile(SQLModel, table=True):
    """A document's PDF, rendered once from its content; a template that fails leaves the code, and the next try mends it."""

    __tablename__ = "document_file"
    __table_args__ = (Index("ix_document_file_pending", "document_id", postgresql_where=text("state = 'pending'")),)

    document_id: int = Field(primary_key=True, foreign_key="document.id", sa_type=BigInteger)
    state: str = word(20, "pending")
    """pending, ready, failed (waits for a person) or erased."""
    template_id: int | None = Field(default=None, foreign_key="template.id")
    """None: the built-in template."""
    pdf: bytes | None = Field(default=None, sa_type=LargeBinary)
    xml: bytes | None = Field(default=None, sa_type=LargeBinary)
    digest: str = word(64)
    attempts: int = number()
    code: str = word(40)
    params: dict[str, Any] = json_object()
    rendered_at: Moment | None = moment()


class Template(SQLModel, table=True):
    """A merchant's own template, by kind, project and language; each saving is a new version, old ones stay."""

    __tablename__ = "template"
    __table_args__ = (
        UniqueConstraint("kind", "project_id", "language", "version", postgresql_nulls_not_distinct=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    """A document's kind (Typst), or `mail_` and what the mail is about (Jinja2)."""
    project_id: int | None = Field(default=None, foreign_key="project.id")
    language: str = word(5)
    """Empty: all languages."""
    version: int = number(1)
    is_active: bool = flag(True)
    subject: str = word(300)
    source: str = prose()
    saved_by: str = word(120)
    created_at: Moment = filled_now()


class Mail(SQLModel, table=True):
    """A mail to a buyer: written once per occasion, sent once; the log of what left."""

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("kind", "record_id"),
        Index("ix_mail_pending", "id", postgresql_where=text("state = 'pending'")),
        Index("ix_mail_order", "order_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    kind: str = Field(max_length=40)
    """invoice, credit_note, cancellation_invoice, shipment or payment_reminder."""
    record_id: int = Field(sa_type=BigInteger)
    """The document, shipment or order that the mail is about: with the kind its idempotency key."""
    order_id: int | None = Field(default=None, foreign_key="sales_order.id", sa_type=BigInteger)
    document_id: int | None = Field(default=None, foreign_key="document.id", sa_type=BigInteger)
    """Whose PDF is attached."""
    recipient: str = Field(max_length=200)
    language: str = word(5, "de")
    state: str = word(20, "pending")
    """pending, sending (handed to the server, no answer yet), sent, failed or dropped."""
    subject: str = word(300)
    message_id: str = word(200)
    attempts: int = number()
    next_try_at: Moment | None = moment()
    code: str = word(40)
    params: dict[str, Any] = json_object()
    created_at: Moment = filled_now()
    sent_at: Moment | None = moment()


class Printer(SQLModel, table=True):
    """A printer: a folder that something watches, an IPP address, or an lpr queue."""

    __tablename__ = "printer"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    adapter: str = Field(max_length=20)
    """folder, ipp or lpr."""
    address: str = Field(max_length=300)
    is_active: bool = flag(True)


class PrintRule(SQLModel, table=True):
    """Which kind of document or label goes to which printer by itself, how often; without a project for all."""

    __tablename__ = "print_rule"
    __table_args__ = (UniqueConstraint("project_id", "kind", "printer_id", postgresql_nulls_not_distinct=True),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int | None = Field(default=None, foreign_key="project.id")
    kind: str = Field(max_length=20)
    """A document's kind, or label."""
    printer_id: int = Field(foreign_key="printer.id")
    copies: int = number(1)


class PrintJob(SQLModel, table=True):
    """One printing of a document or label on a printer: made once, with a log."""

    __tablename__ = "print_job"
    __table_args__ = (
        UniqueConstraint("printer_id", "kind", "record_id", "run"),
        Index("ix_print_job_pending", "id", postgresql_where=text("state = 'pending'")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    printer_id: int = Field(foreign_key="printer.id")
    kind: str = Field(max_length=20)
    record_id: int = Field(sa_type=BigInteger)
    """The document's or the parcel's id."""
    run: int = number()
    """0 by itself; counts on when a person prints again."""
    copies: int = number(1)
    state: str = word(20, "pending")
    """pending, printed or failed."""
    attempts: int = number()
    next_try_at: Moment | None = moment()
    code: str = word(40)
    params: dict[str, Any] = json_object()
    created_at: Moment = filled_now()
    printed_at: Moment | None = moment()
