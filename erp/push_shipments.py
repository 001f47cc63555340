"""What is reported to a channel about orders: shipments with their parcels, and cancellations (D§2.6, D§10.5)."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from canonical.push import OrderStatus, Parcel, ShippedLine, StatusKind
from canonical.settings import AdvancedSettings, ShipmentSettings
from erp import tables
from erp.tables import Link, Order, Shipment


@dataclass(frozen=True, slots=True)
class Report:
    """Something that an order's integration must be told: `record` is the delivery note's number, or the order's."""

    integration_id: str
    record: str
    record_id: int
    """The id of the shipment, or of the cancelled order."""


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
    """Mark reports as to be sent, in the transaction of what they report; idempotent, one statement."""
    if reports:
        session.execute(
            _MARK,
            {
                "integrations": [report.integration_id for report in reports],
                "records": [report.record for report in reports],
                "ids": [report.record_id for report in reports],
            },
        )


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the reports that a person means by order numbers (ours or the channel's) or delivery note numbers."""
    wanted = list(records)
    orders = select(col(Order.id)).where(
        col(Order.integration_id) == integration_id,
        or_(col(Order.number).in_(wanted), col(Order.external_number).in_(wanted), col(Order.external_id).in_(wanted)),
    )
    notes = select(col(Shipment.number)).where(col(Shipment.order_id).in_(orders))
    own = select(col(Order.number)).where(col(Order.id).in_(orders))
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id,
        col(Link.kind) == "shipments",
        or_(col(Link.record).in_(wanted), col(Link.record).in_(notes), col(Link.record).in_(own)),
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


def payloads(
    session: Session,
    integration_id: str,  # noqa: ARG001 - the same signature as for stock
    settings: ShipmentSettings,
    advanced: AdvancedSettings,  # noqa: ARG001
    links: Sequence[Link],
) -> dict[int, OrderStatus]:
    """Say per link id what is reported now; a link without an entry is not to be sent.

    Without `send_tracking` no parcels are named; cancellations are reported only with `cancel_in_channel`.
    """
    shipped = _shipped(session, settings, [link.record_id for link in links])
    cancelled = _cancelled(session, [link.record_id for link in links]) if settings.cancel_in_channel else {}
    found: dict[int, OrderStatus] = {}
    for link in links:
        status = shipped.get((link.record, link.record_id)) or cancelled.get((link.record, link.record_id))
        if status is not None and link.id is not None:
            # What a channel accepted before is looked up first, because some forbid to say it twice.
            found[link.id] = status.model_copy(update={"is_repeat": link.sent_at is not None})
    return found


def _shipped(session: Session, settings: ShipmentSettings, ids: Sequence[int]) -> dict[tuple[str, int], OrderStatus]:
    rows = session.exec(
        select(Shipment, Order)
        .join(Order, col(Order.id) == col(Shipment.order_id))
        .where(col(Shipment.id).in_(ids), col(Shipment.state) == "shipped")
    ).all()
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
        if row.line_refs:
            pieces = row.line_refs[int(row.before) : int(row.before + row.quantity)]
            found[row.shipment_id] += [ShippedLine(line_ref=ref, quantity=Decimal(1)) for ref in pieces]
        else:
            found[row.shipment_id].append(ShippedLine(line_ref=row.line_ref, quantity=row.quantity.normalize()))
    return found


def _cancelled(session: Session, ids: Sequence[int]) -> dict[tuple[str, int], OrderStatus]:
    orders = session.exec(select(Order).where(col(Order.id).in_(ids), col(Order.is_cancelled)))
    return {
        (order.number, order.id): OrderStatus(
            key=order.number,
            order_ref=order.external_id,
            order_number=order.external_number,
            kind=StatusKind.CANCELLED,
        )
        for order in orders
        if order.id is not None
    }


def fingerprint(status: OrderStatus) -> str:
    """What tells that a report says something new; whether it is a repeat does not."""
    return hashlib.sha256(status.model_dump_json(exclude={"is_repeat"}).encode()).hexdigest()


def shown(status: OrderStatus) -> str:
    """A report in a few words for the journal: what happened, and the tracking numbers."""
    return " ".join([status.kind.value, ", ".join(parcel.tracking_number for parcel in status.parcels)]).strip()[:300]
