"""Fulfilment providers: who ships for us, the files that go and come, and which orders they have."""

from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, flag, json_object, moment, number, word


class Partner(SQLModel, table=True):
    """A fulfilment provider that gets orders and gives tracking as files, in folders or over SFTP."""

    __tablename__ = "partner"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=40)
    name: str = Field(max_length=120)
    format: str = word(10, "xml")
    """xml or csv."""
    transport: str = word(10, "folder")
    """folder or sftp."""
    address: str = word(300)
    """The folder, or `host:port`."""
    user: str = word(120)
    key_id: str = word(20)
    secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The SFTP password or private key, sealed."""
    host_key: str = word(1000)
    """The server's public key: another server is refused."""
    out_folder: str = word(300, "out")
    in_folder: str = word(300, "in")
    done_folder: str = word(300, "done")
    bad_folder: str = word(300, "bad")
    is_active: bool = flag(True)
    code_of_failure: str = word(40)
    params: dict[str, Any] = json_object()
    last_success_at: Moment | None = moment()
    failing_since: Moment | None = moment()


class PartnerFile(SQLModel, table=True):
    """A file that went to or came from a partner, taken once: a name with the same content is known."""

    __tablename__ = "partner_file"
    __table_args__ = (UniqueConstraint("partner_id", "direction", "name", "digest"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    partner_id: int = Field(foreign_key="partner.id")
    direction: str = Field(max_length=10)
    """out or in."""
    name: str = Field(max_length=200)
    digest: str = Field(max_length=64)
    state: str = word(20, "new")
    """out: new, written; in: taken, done, partial (some records refused) or bad (set aside whole)."""
    records: int = number()
    report: dict[str, Any] = json_object()
    """Refused records with their reasons; for a bad file why."""
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    at: Moment = filled_now()
    settled_at: Moment | None = moment()


class PartnerOrder(SQLModel, table=True):
    """An order that a partner ships: handed over in a file, confirmed by its tracking."""

    __tablename__ = "partner_order"
    __table_args__ = (
        Index("ix_partner_order_waiting", "partner_id", "order_id", postgresql_where=text("file_id IS NULL")),
    )

    order_id: int = Field(primary_key=True, foreign_key="sales_order.id", sa_type=BigInteger)
    partner_id: int = Field(foreign_key="partner.id")
    warehouse_id: int = Field(foreign_key="warehouse.id")
    file_id: int | None = Field(default=None, foreign_key="partner_file.id", sa_type=BigInteger)
    state: str = word(20, "waiting")
    """waiting, handed_over, shipped or withdrawn."""
    assigned_at: Moment = filled_now()
    confirmed_at: Moment | None = moment()
