"""The exchange with channels: inbox of documents, links with fingerprints, push batches, runs and the journal."""

from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, json_list, json_object, moment, texts


class InboxDocument(SQLModel, table=True):
    """A vendor's document as it came (compressed, encrypted), with its way through the import; one row per external id."""

    __tablename__ = "inbox_document"
    __table_args__ = (
        UniqueConstraint("integration_id", "feature", "external_id"),
        Index("ix_inbox_new", "integration_id", "feature", "id", postgresql_where=text("state = 'new'")),
        Index("ix_inbox_parked", "integration_id", "feature", postgresql_where=text("state = 'parked'")),
        Index("ix_inbox_waits", "waits_for", postgresql_using="gin", postgresql_where=text("state = 'parked'")),
        Index("ix_inbox_list", "integration_id", "feature", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    feature: str = Field(max_length=20)
    external_id: str = Field(max_length=120)
    number: str = Field(default="", max_length=120, index=True)
    version_at: Moment | None = moment()
    digest: bytes = Field(sa_type=LargeBinary)
    key_id: str = Field(max_length=20)
    body: bytes = Field(sa_type=LargeBinary)
    state: str = Field(default="new", max_length=20)
    """new, booked, skipped, parked, ignored or erased."""
    code: str = Field(default="", max_length=40)
    findings: list[Any] = json_list()
    waits_for: list[str] = texts()
    attempts: int = 0
    by_hand: bool = False
    """A person asked for it: age and watermark do not matter."""
    order_id: int | None = Field(default=None, foreign_key="sales_order.id", sa_type=BigInteger)
    settings_revision: int = 0
    received_at: Moment = filled_now()
    decided_at: Moment | None = moment()


class Link(SQLModel, table=True):
    """A record of ours in a channel: its id there, the fingerprint last accepted, and whether it must be sent.

    `kind` is the feature; `record` the article number, the delivery note's number or the order's.
    """

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("integration_id", "kind", "record"),
        Index(
            "ix_link_dirty",
            "integration_id",
            "kind",
            "id",
            postgresql_where=text("dirty_at IS NOT NULL AND state <> 'failed'"),
        ),
        Index("ix_link_record_id", "kind", "record_id"),
        Index("ix_link_failed", "kind", "id", postgresql_where=text("state = 'failed'")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    kind: str = Field(max_length=20)
    record: str = Field(max_length=120)
    record_id: int = Field(sa_type=BigInteger)
    """The id of our row: article, shipment or order."""
    external_ref: str = Field(default="", max_length=120)
    fingerprint: str = Field(default="", max_length=64)
    state: str = Field(default="never", max_length=20)
    """never, sent, failed (waits for a person or a change)."""
    dirty_at: Moment | None = moment()
    code: str = Field(default="", max_length=40)
    params: dict[str, Any] = json_object()
    attempts: int = 0
    next_try_at: Moment | None = moment()
    sent_at: Moment | None = moment()
    sent_value: str = ""
    """What the channel accepted last, for people."""


class PushBatch(SQLModel, table=True):
    """A batch on its way to the channel: frozen items, then the answers; settled once into the links."""

    __tablename__ = "push_batch"
    __table_args__ = (Index("ix_push_batch_run", "run_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    feature: str = Field(max_length=20)
    run_id: str = Field(default="", max_length=80)
    state: str = Field(default="collected", max_length=20)
    """collected, sending, answered or settled; `sending` on a second look means: the first try got no answer."""
    items: list[Any] = json_list()
    results: list[Any] = json_list()
    ticket: str = ""
    collected_at: Moment = filled_now()
    settled_at: Moment | None = moment()


class Run(SQLModel, table=True):
    """One run of a feature, with its counts; the technical record is Temporal's."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_integration", "integration_id", "started_at"),)

    id: str = Field(primary_key=True, max_length=80)
    """Temporal's run id."""
    workflow_id: str = Field(max_length=200)
    integration_id: str = Field(foreign_key="integration.id", max_length=40)
    feature: str = Field(max_length=20)
    trigger: str = Field(default="schedule", max_length=20)
    requested_by: str = ""
    records: list[Any] = json_list()
    settings_revision: int = 0
    outcome: str = Field(default="running", max_length=20)
    code: str = Field(default="", max_length=40)
    params: dict[str, Any] = json_object()
    good: int = 0
    skipped: int = 0
    parked: int = 0
    failed: int = 0
    started_at: Moment = filled_now()
    ended_at: Moment | None = moment()


class JournalEvent(SQLModel, table=True):
    """One event on a record's way, written in the transaction of its effect; texts come from code and params."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_record", "integration_id", "feature", "record", "id"),
        Index("ix_journal_integration", "integration_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    at: Moment = filled_now()
    integration_id: str = Field(max_length=40)
    feature: str = Field(max_length=20)
    record: str = Field(default="", max_length=120)
    """External order id, article number or delivery note; empty for the integration itself."""
    hop: str = Field(max_length=20)
    """channel_to_hub, hub_to_erp, erp_to_hub, hub_to_channel or lifecycle."""
    status: str = Field(max_length=20)
    """pending, ok, skipped, error or info."""
    event: str = Field(max_length=40)
    """What happened: `received`, `booked`, `parked`, `sent` … (texts in `erp/journal.py`)."""
    code: str = Field(default="", max_length=40)
    params: dict[str, Any] = json_object()
    actor: str = Field(default="", max_length=120)
    run_id: str = Field(default="", max_length=80)


class Account(SQLModel, table=True):
    """A person who may log in; the password is stored as an argon2 hash."""

    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, max_length=200)
    name: str = Field(default="", max_length=120)
    password_hash: str
    role: str = Field(default="admin", max_length=20)
    language: str = Field(default="de", max_length=2)
    is_active: bool = True
    created_at: Moment = filled_now()
