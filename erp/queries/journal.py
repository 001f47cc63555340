"""The journal's record views: imported documents, and the events of one record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, union
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from canonical.failure import Finding
from canonical.feature import Feature
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Document, InboxDocument, Integration, JournalEvent, Order, Payment, Shipment

_FINDINGS = TypeAdapter(list[Finding])
MOST_EVENTS = 500


@dataclass(frozen=True)
class DocumentFilter:
    """What the orders tab is narrowed to; the fields are the URL's."""

    integration: str = ""
    state: str = ""
    code: str = ""
    q: str = ""
    since: date | None = None
    until: date | None = None
    before: str = ""


@dataclass(frozen=True)
class DocumentRow:
    """One stored document and, where it was booked, its order."""

    id: int
    integration_id: str
    integration_name: str
    external_id: str
    number: str
    state: str
    code: str
    findings: Sequence[Finding]
    received_at: datetime
    decided_at: datetime | None
    order_id: int | None
    order_number: str
    buyer: str
    total: Decimal | None
    currency: str
    feature: Feature


def documents(session: Session, wanted: DocumentFilter, size: int = PAGE) -> Page[DocumentRow]:
    """A page of stored documents, newest first; read backwards along an index."""
    query = _document_columns().where(*_conditions(wanted))
    if wanted.q:
        query = query.where(col(InboxDocument.id).in_(_named(wanted, size + 1)))
    found = session.execute(query.order_by(col(InboxDocument.id).desc()).limit(size + 1)).all()
    return cut([_document(row) for row in found], lambda row: row.id, size)


def matching_ids(session: Session, wanted: DocumentFilter, most: int = 5000) -> list[int]:
    """The ids of the newest documents that a filter names and that can still be moved, for "all that match"."""
    query = select(InboxDocument.id).where(*_conditions(wanted), col(InboxDocument.state) != "booked")
    if wanted.q:
        query = query.where(col(InboxDocument.id).in_(_named(wanted, most)))
    found = session.exec(query.order_by(col(InboxDocument.id).desc()).limit(most))
    return [document_id for document_id in found if document_id is not None]


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    """What a filter asks of a document, without its search text."""
    conditions = [col(InboxDocument.feature) == Feature.ORDERS.value]
    if wanted.integration:
        conditions.append(col(InboxDocument.integration_id) == wanted.integration)
    if wanted.state:
        conditions.append(col(InboxDocument.state) == wanted.state)
    if wanted.code:
        conditions.append(col(InboxDocument.code) == wanted.code)
    if wanted.since:
        conditions.append(col(InboxDocument.received_at) >= _midnight(wanted.since))
    if wanted.until:
        conditions.append(col(InboxDocument.received_at) < _midnight(wanted.until + timedelta(days=1)))
    if (before := number_key(wanted.before)) is not None:
        conditions.append(col(InboxDocument.id) < before)
    return conditions


def document(session: Session, document_id: int) -> DocumentRow | None:
    """One stored document without its body."""
    row = session.execute(_document_columns().where(col(InboxDocument.id) == document_id)).first()
    return _document(row) if row else None


def document_of_order(session: Session, order_id: int) -> int | None:
    """The stored document that an order came from."""
    order = session.get(Order, order_id)
    if order is None:
        return None
    return session.exec(
        select(InboxDocument.id).where(
            col(InboxDocument.integration_id) == order.integration_id,
            col(InboxDocument.feature) == Feature.ORDERS.value,
            col(InboxDocument.external_id) == order.external_id,
        )
    ).first()


def events(session: Session, integration_id: str, feature: str, record: str) -> list[JournalEvent]:
    """The events on one record's way, newest first; of a very long way the newest."""
    return list(
        session.exec(
            select(JournalEvent)
            .where(
                col(JournalEvent.integration_id) == integration_id,
                col(JournalEvent.feature) == feature,
                col(JournalEvent.record) == record,
            )
            .order_by(col(JournalEvent.id).desc())
            .limit(MOST_EVENTS)
        )
    )


def way_of_order(session: Session, integration_id: str, external_id: str) -> list[JournalEvent]:
    """The events of an order across both systems, newest first: its import, and whatever the channel was told since."""
    order = session.exec(
        select(Order).where(col(Order.integration_id) == integration_id, col(Order.external_id) == external_id)
    ).first()
    found = events(session, integration_id, Feature.ORDERS.value, external_id)
    if order is None:
        return found
    notes = session.exec(select(Shipment.number).where(col(Shipment.order_id) == order.id)).all()
    papers = session.exec(select(Document.number).where(col(Document.order_id) == order.id)).all()
    refunds = session.exec(select(Payment.id).where(col(Payment.order_id) == order.id, col(Payment.kind) == "refund"))
    records = {
        Feature.SHIPMENTS: [order.number, *notes],
        Feature.DOCUMENTS: list(papers),
        Feature.REFUNDS: [str(payment_id) for payment_id in refunds],
    }
    for feature, named in records.items():
        for record in named:
            found += events(session, integration_id, feature.value, record)
    return sorted(found, key=lambda row: row.id or 0, reverse=True)


def lifecycle_events(session: Session, integration_id: str, most: int = 12) -> list[JournalEvent]:
    """What happened to the integration itself, newest first."""
    return list(
        session.exec(
            select(JournalEvent)
            .where(
                col(JournalEvent.integration_id) == integration_id,
                # By the index of records: among a million orders' events these few would be far apart.
                col(JournalEvent.feature).in_(["", *(feature.value for feature in Feature)]),
                col(JournalEvent.record) == "",
                col(JournalEvent.hop) == "lifecycle",
            )
            .order_by(col(JournalEvent.id).desc())
            .limit(most)
        )
    )


def _midnight(day: date) -> datetime:
    """The beginning of a day where this server stands."""
    return datetime.combine(day, time()).astimezone()


def _named(wanted: DocumentFilter, most: int) -> Any:
    """Documents by the beginning of their number, by their exact id in the channel, or by their order's number.

    Each part has its index. The first is cut to a page: one digit begins nearly every number.
    """
    by_number = (
        select(InboxDocument.id)
        .where(*_conditions(wanted), col(InboxDocument.number).startswith(wanted.q, autoescape=True))
        .order_by(col(InboxDocument.id).desc())
        .limit(most)
        .subquery()
    )
    by_id = (
        select(InboxDocument.id)
        .join(Integration, col(Integration.id) == col(InboxDocument.integration_id))
        .where(col(InboxDocument.feature) == Feature.ORDERS.value, col(InboxDocument.external_id) == wanted.q)
    )
    by_order = (
        select(InboxDocument.id)
        .join(
            Order,
            (col(Order.integration_id) == col(InboxDocument.integration_id))
            & (col(Order.external_id) == col(InboxDocument.external_id)),
        )
        .where(col(InboxDocument.feature) == Feature.ORDERS.value, col(Order.number) == wanted.q)
    )
    return union(select(by_number.c.id), by_id, by_order)


def _document_columns() -> Select[Any]:
    """Everything but the body, which may be large and is sealed."""
    return (
        columns(
            col(InboxDocument.id),
            col(InboxDocument.integration_id),
            col(Integration.name).label("integration_name"),
            col(InboxDocument.external_id),
            col(InboxDocument.number),
            col(InboxDocument.state),
            col(InboxDocument.code),
            col(InboxDocument.findings),
            col(InboxDocument.received_at),
            col(InboxDocument.decided_at),
            col(InboxDocument.feature),
            col(Order.id).label("order_id"),
            col(Order.number).label("order_number"),
            col(Order.billing),
            col(Order.total),
            col(Order.currency),
        )
        .join(Integration, col(Integration.id) == col(InboxDocument.integration_id))
        .outerjoin(Order, col(Order.id) == col(InboxDocument.order_id))
    )


def buyer_of(billing: dict[str, Any] | None) -> str:
    """The buyer's name from an order's address snapshot."""
    if not billing:
        return ""
    name = f"{billing.get('first_name', '')} {billing.get('last_name', '')}".strip()
    return str(billing.get("company") or "") or name or str(billing.get("name") or "")


def _document(row: Any) -> DocumentRow:
    return DocumentRow(
        id=row.id,
        integration_id=row.integration_id,
        integration_name=row.integration_name,
        external_id=row.external_id,
        number=row.number or row.external_id,
        state=row.state,
        code=row.code,
        findings=_FINDINGS.validate_python(row.findings),
        received_at=row.received_at,
        decided_at=row.decided_at,
        order_id=row.order_id,
        order_number=row.order_number or "",
        buyer=buyer_of(row.billing),
        total=row.total,
        currency=row.currency or "",
        feature=Feature(row.feature),
    )
