"""What is reported to a channel about orders: shipments with their parcels, cancellations, returns (D§2.6, D§10.5)."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from canonical.push import OrderStatus, Parcel, ShippedLine, StatusKind
from canonical.settings import ExportTrigger, ShipmentSettings
from erp import tables
from erp.push_context import PushContext
from erp.tables import Link, Order, OrderReturn, Shipment


@dataclass(frozen=True, slots=True)
class Report:
    """Something that an order's integration must be told: `record` is the number of delivery note, return or order."""

    integration_id: str
    record: str
    record_id: int
    """The id of the shipment or return, or of the order of which something was cancelled."""


# A number that belongs to another record already is left alone: it would silently replace that record's report.
_MARK = text(
    """
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, dirty_at, code, params,
                      attempts, sent_value)
    SELECT g.integration_id, 'shipments', g.record, g.record_id, '', '', 'never', clock_timestamp(), '', '{}', 0, ''
    FROM unnest(:integrations ::text[], :records ::text[], :ids ::bigint[]) AS g(integration_id, record, record_id)
    JOIN integration i ON i.id = g.integration_id AND i.deleted_at IS NULL
    ON CONFLICT (integration_id, kind, record) DO UPDATE SET dirty_at = clock_timestamp(), attempts = 0, next_try_at = NULL,
        state = CASE WHEN link.state = 'failed' THEN 'never' ELSE link.state END
    WHERE link.record_id = excluded.record_id
    """
)


def mark_reports(session: Session, reports: Sequence[Report]) -> None:
    """Mark reports as to be sent, in the transaction of what they report; idempotent, two statements.

    Earlier shipments of the same orders that were never reported are marked, too: some channels are told only once an order
    is complete.
    """
    if reports:
        records = [report.record for report in reports]
        ids = [report.record_id for report in reports]
        integrations = [report.integration_id for report in reports]
        session.execute(_MARK, {"integrations": integrations, "records": records, "ids": ids})
        session.execute(_MARK_EARLIER, {"records": records, "ids": ids})


_MARK_EARLIER = text(
    """
    UPDATE link SET dirty_at = clock_timestamp() FROM (
        SELECT l.id FROM unnest(:records ::text[], :ids ::bigint[]) AS g(record, id)
        JOIN shipment s ON s.id = g.id AND s.number = g.record
        JOIN shipment e ON e.order_id = s.order_id AND e.id < s.id
        JOIN link l ON l.kind = 'shipments' AND l.record_id = e.id AND l.record = e.number
        WHERE l.state = 'never' AND l.dirty_at IS NULL ORDER BY l.id FOR NO KEY UPDATE OF l) AS earlier
    WHERE link.id = earlier.id
    """
)


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the reports that a person means by order numbers (ours or the channel's), or those of delivery notes or returns."""
    wanted = list(records)
    orders = select(col(Order.id)).where(
        col(Order.integration_id) == integration_id,
        or_(col(Order.number).in_(wanted), col(Order.external_number).in_(wanted), col(Order.external_id).in_(wanted)),
    )
    notes = select(col(Shipment.number)).where(col(Shipment.order_id).in_(orders))
    returns = select(col(OrderReturn.number)).where(col(OrderReturn.order_id).in_(orders))
    own = select(col(Order.number)).where(col(Order.id).in_(orders))
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id,
        col(Link.kind) == "shipments",
        or_(*(col(Link.record).in_(numbers) for numbers in (wanted, notes, returns, own))),
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


def payloads(session: Session, context: PushContext[ShipmentSettings], links: Sequence[Link]) -> dict[int, OrderStatus]:
    """Say per link id what is reported now; a link without an entry is not to be sent.

    Without `send_tracking` no parcels are named; cancellations are reported only with `cancel_in_channel`. Connectors whose
    settings have them may be told only of complete orders (`export_trigger`), and of returns (`send_returns`).
    """
    settings, ids = context.settings, [link.record_id for link in links]
    shipped = _shipped(session, settings, ids)
    cancelled = _cancelled(session, ids) if settings.cancel_in_channel else {}
    returned = _returned(session, ids) if getattr(settings, "send_returns", False) else {}
    said = shipped | cancelled | returned
    found: dict[int, OrderStatus] = {}
    for link in links:
        status = said.get((link.record, link.record_id))
        if status is not None and link.id is not None:
            # What a channel accepted before is looked up first, because some forbid to say it twice.
            found[link.id] = status.model_copy(update={"is_repeat": link.sent_at is not None})
    return found


def _shipped(session: Session, settings: ShipmentSettings, ids: Sequence[int]) -> dict[tuple[str, int], OrderStatus]:
    query = (
        select(Shipment, Order)
        .join(Order, col(Order.id) == col(Shipment.order_id))
        .where(col(Shipment.id).in_(ids), col(Shipment.state) == "shipped")
    )
    if getattr(settings, "export_trigger", None) is ExportTrigger.COMPLETED:
        query = query.where(col(Order.fulfilment_state).in_(("shipped", "returned")))
    rows = session.exec(query).all()
    found = [shipment.id for shipment, _ in rows if shipment.id is not None]
    parcels = _parcels(session, found) if settings.send_tracking else {}
    lines = _lines(session, found)
    return {
        (shipment.number, shipment.id): OrderStatus(
            key=shipment.number,
            order_ref=order.external_id,
            order_number=order.external_number,
            kind=StatusKind.SHIPPED,
            completes_order=shipment.completes_order,
            parcels=tuple(parcels.get(shipment.id, ())),
            lines=tuple(lines.get(shipment.id, ())),
            shipped_at=shipment.shipped_at,
        )
        for shipment, order in rows
        if shipment.id is not None
    }


def _parcels(session: Session, ids: Sequence[int]) -> dict[int, list[Parcel]]:
    query = select(tables.Parcel).where(col(tables.Parcel.shipment_id).in_(ids)).order_by(col(tables.Parcel.id))
    found: dict[int, list[Parcel]] = defaultdict(list)
    for parcel in session.exec(query):
        found[parcel.shipment_id].append(
            Parcel(tracking_number=parcel.tracking_number, carrier=parcel.carrier, tracking_url=parcel.tracking_url)
        )
    return found


_LINES = text(
    """
    SELECT s.shipment_id, l.line_ref, l.line_refs, s.quantity, coalesce((
        SELECT sum(earlier.quantity) FROM shipment_line earlier
        WHERE earlier.order_line_id = s.order_line_id AND earlier.shipment_id < s.shipment_id), 0) AS before
    FROM shipment_line s JOIN sales_order_line l ON l.id = s.order_line_id
    WHERE s.shipment_id = ANY(:ids) AND (l.line_ref <> '' OR l.line_refs <> '{}') ORDER BY l.position
    """
)


def _lines(session: Session, ids: Sequence[int]) -> dict[int, list[ShippedLine]]:
    """The lines that the channel knows: those with its own reference; a merged line as the channel's items of one piece."""
    found: dict[int, list[ShippedLine]] = defaultdict(list)
    for row in session.execute(_LINES, {"ids": list(ids)}):
        found[row.shipment_id] += _parts(row, int(row.before))
    return found


def _parts(row: Any, before: int) -> list[ShippedLine]:
    """A line as the channel knows it: by its reference, or piece by piece from `before` on where several were merged."""
    if row.line_refs:
        pieces = row.line_refs[before : before + int(row.quantity)]
        return [ShippedLine(line_ref=ref, quantity=Decimal(1)) for ref in pieces]
    return [ShippedLine(line_ref=row.line_ref, quantity=row.quantity.normalize() + 0)]


_CANCELLED_LINES = text(
    """
    SELECT l.order_id, l.line_ref, l.line_refs, l.cancelled AS quantity, l.quantity - l.cancelled AS before
    FROM sales_order_line l JOIN sales_order o ON o.id = l.order_id AND NOT o.is_cancelled
    WHERE l.order_id = ANY(:ids) AND l.kind = 'article' AND l.cancelled > 0 AND (l.line_ref <> '' OR l.line_refs <> '{}')
    ORDER BY l.position
    """
)


def _cancelled(session: Session, ids: Sequence[int]) -> dict[tuple[str, int], OrderStatus]:
    """Whole orders, and of others the lines of which something was cancelled: all of it, whenever that was.

    Of pieces that were merged the last ones: the first are shipped first.
    """
    parts: dict[int, list[ShippedLine]] = defaultdict(list)
    for row in session.execute(_CANCELLED_LINES, {"ids": list(ids)}):
        parts[row.order_id] += _parts(row, int(row.before))
    orders = session.exec(select(Order).where(col(Order.id).in_(ids)))
    return {
        (order.number, order.id): OrderStatus(
            key=order.number,
            order_ref=order.external_id,
            order_number=order.external_number,
            kind=StatusKind.CANCELLED,
            completes_order=order.is_cancelled,
            lines=tuple(parts.get(order.id, ())),
        )
        for order in orders
        if order.id is not None and (order.is_cancelled or order.id in parts)
    }


_RETURNED_LINES = text(
    """
    SELECT r.return_id, l.line_ref, l.line_refs, r.quantity, coalesce((
        SELECT sum(earlier.quantity) FROM return_line earlier
        WHERE earlier.order_line_id = r.order_line_id AND earlier.return_id < r.return_id), 0) AS before
    FROM return_line r JOIN sales_order_line l ON l.id = r.order_line_id
    WHERE r.return_id = ANY(:ids) AND (l.line_ref <> '' OR l.line_refs <> '{}') ORDER BY l.position
    """
)


def _returned(session: Session, ids: Sequence[int]) -> dict[tuple[str, int], OrderStatus]:
    """Goods that came back: received, not only announced."""
    rows = session.exec(
        select(OrderReturn, Order)
        .join(Order, col(Order.id) == col(OrderReturn.order_id))
        .where(col(OrderReturn.id).in_(ids), col(OrderReturn.state).in_(("received", "settled")))
    ).all()
    lines: dict[int, list[ShippedLine]] = defaultdict(list)
    for row in session.execute(_RETURNED_LINES, {"ids": [found.id for found, _ in rows]}):
        lines[row.return_id] += _parts(row, int(row.before))
    return {
        (found.number, found.id): OrderStatus(
            key=found.number,
            order_ref=order.external_id,
            order_number=order.external_number,
            kind=StatusKind.RETURNED,
            completes_order=order.fulfilment_state == "returned",
            lines=tuple(lines.get(found.id, ())),
        )
        for found, order in rows
        if found.id is not None
    }


def fingerprint(status: OrderStatus) -> str:
    """What tells that a report says something new; whether it is a repeat does not."""
    return hashlib.sha256(status.model_dump_json(exclude={"is_repeat"}).encode()).hexdigest()


def shown(status: OrderStatus) -> str:
    """A report in a few words for the journal: what happened, and the tracking numbers."""
    return " ".join([status.kind.value, ", ".join(parcel.tracking_number for parcel in status.parcels)]).strip()[:300]
