"""Shipping and printing for the pages: orders by what they wait for, labels on their way, printers and their log; read only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from erp.deliveries import OpenLine, open_lines
from erp.queries.journal import buyer_of
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.rules.order_life import Action, States, allowed
from erp.tables import Document, Order, Parcel, Printer, PrintJob, PrintRule, Project, Shipment, Warehouse
from erp.traffic_lights import OPEN, QUEUES, Light, facts_from, facts_of, lights, sql


@dataclass(frozen=True)
class ShippingFilter:
    """What the list is narrowed to; the fields are the URL's."""

    queue: str = "ready"
    after: str = ""
    """The last order's place in the list: fast lane (1 or 0) and id."""


@dataclass(frozen=True)
class QueueRow:
    """An order that still leaves, with the lights that are not green."""

    order: Order
    buyer: str
    reasons: Sequence[Light]


_COUNTS = text(sql(OPEN, "SELECT queue, count(*) AS orders FROM queued GROUP BY 1"))
_PAGE = text(
    sql(
        OPEN,
        """
        SELECT * FROM queued WHERE queue = :queue
            AND (:after < 0 OR (CASE WHEN fast_lane THEN 0 ELSE 1 END, order_id) > (:lane, :after))
        ORDER BY fast_lane DESC, order_id LIMIT :limit
        """,
    )
)


def counts(session: Session) -> dict[str, int]:
    """How many orders wait for what."""
    found = {row.queue: row.orders for row in session.execute(_COUNTS)}
    return {queue: found.get(queue, 0) for queue in QUEUES}


def waiting(session: Session, wanted: ShippingFilter, size: int = PAGE) -> Page[QueueRow]:
    """A page of the orders that wait for one thing, in the order in which auto-ship takes them."""
    lane, _, key = wanted.after.partition("-")
    after = number_key(key)
    given = {"queue": wanted.queue, "lane": 0 if lane == "1" else 1, "after": -1 if after is None else after}
    rows = session.execute(_PAGE, given | {"limit": size + 1}).all()
    orders = {
        order.id: order for order in session.exec(select(Order).where(col(Order.id).in_([r.order_id for r in rows])))
    }
    found = [
        QueueRow(
            orders[row.order_id],
            buyer_of(orders[row.order_id].billing),
            [light for light in lights(facts_from(row)) if light.reason],
        )
        for row in rows
    ]
    return cut(found, lambda row: f"{int(row.order.fast_lane)}-{row.order.id}", size)


@dataclass(frozen=True)
class OrderShipping:
    """What an order's page shows about its shipping: lights, what can be shipped by hand, and parcels by shipment."""

    order_id: int
    lights: Sequence[Light]
    """Empty once nothing leaves from here any more."""
    lines: Sequence[OpenLine]
    """What a person may ship now; empty where the order's state forbids it."""
    titles: Mapping[int, str]
    warehouses: Sequence[Warehouse]
    parcels: Mapping[int, Sequence[Parcel]]


def of_order(session: Session, order: Order) -> OrderShipping:
    """Read it for one order, for the partials `order_lights.html`, `order_ship.html` and `order_parcels.html`."""
    order_id = order.id or 0
    is_ours = order.fulfilled_by == "merchant" and not order.is_cancelled
    shows = is_ours and order.fulfilment_state in ("open", "partial")
    may_ship = is_ours and Action.SHIP in allowed(States(order.fulfilment_state, order.is_cancelled, order.holds))
    titles = text("SELECT id, title FROM sales_order_line WHERE order_id = :id")
    parcels: dict[int, list[Parcel]] = {}
    query = select(Parcel).join(Shipment, col(Shipment.id) == col(Parcel.shipment_id))
    for parcel in session.exec(query.where(col(Shipment.order_id) == order_id).order_by(col(Parcel.id))):
        parcels.setdefault(parcel.shipment_id, []).append(parcel)
    return OrderShipping(
        order_id=order_id,
        lights=lights(facts_of(session, [order_id])[order_id]) if shows else (),
        lines=open_lines(session, [order_id])[order_id] if may_ship else (),
        titles={row.id: row.title for row in session.execute(titles, {"id": order_id})},
        warehouses=session.exec(
            select(Warehouse).where(col(Warehouse.kind) != "marketplace").order_by(col(Warehouse.id))
        ).all(),
        parcels=parcels,
    )


@dataclass(frozen=True)
class LabelRow:
    """A parcel without its label."""

    parcel: Parcel
    shipment: Shipment
    order: Order


def unlabelled(session: Session, after: str, size: int = PAGE) -> Page[LabelRow]:
    """A page of the parcels whose labels are missing, oldest first."""
    query = (
        select(Parcel, Shipment, Order)
        .join(Shipment, col(Shipment.id) == col(Parcel.shipment_id))
        .join(Order, col(Order.id) == col(Shipment.order_id))
        .where(col(Parcel.label_state).in_(("wanted", "requested", "failed")))
    )
    if (key := number_key(after)) is not None:
        query = query.where(col(Parcel.id) > key)
    rows = session.exec(query.order_by(col(Parcel.id)).limit(size + 1)).all()
    return cut([LabelRow(*row) for row in rows], lambda row: row.parcel.id, size)


@dataclass(frozen=True)
class RuleRow:
    """A print rule with its names."""

    rule: PrintRule
    printer: str
    project: str


@dataclass(frozen=True)
class JobRow:
    """A print job with what it prints."""

    job: PrintJob
    printer: str
    number: str


@dataclass(frozen=True)
class Printing:
    """Printers, what goes to them by itself, and the projects that may have rules of their own."""

    printers: Sequence[Printer]
    rules: Sequence[RuleRow]
    projects: Sequence[Project]


def printing(session: Session) -> Printing:
    """Read the printing settings."""
    rules = (
        select(PrintRule, Printer.name, Project.name)
        .join(Printer, col(Printer.id) == col(PrintRule.printer_id))
        .outerjoin(Project, col(Project.id) == col(PrintRule.project_id))
        .order_by(col(PrintRule.kind), col(PrintRule.id))
    )
    return Printing(
        printers=session.exec(select(Printer).order_by(col(Printer.name))).all(),
        rules=[RuleRow(rule, printer, project or "") for rule, printer, project in session.exec(rules)],
        projects=session.exec(select(Project).order_by(col(Project.name))).all(),
    )


def jobs(session: Session, state: str, before: str, size: int = PAGE) -> Page[JobRow]:
    """A page of the print log, newest first."""
    query: Any = (
        select(PrintJob, Printer.name, Document.number, Parcel.tracking_number)
        .join(Printer, col(Printer.id) == col(PrintJob.printer_id))
        .outerjoin(Document, (col(Document.id) == col(PrintJob.record_id)) & (col(Document.kind) == col(PrintJob.kind)))
        .outerjoin(Parcel, (col(Parcel.id) == col(PrintJob.record_id)) & (col(PrintJob.kind) == "label"))
    )
    if state:
        query = query.where(col(PrintJob.state) == state)
    if (key := number_key(before)) is not None:
        query = query.where(col(PrintJob.id) < key)
    rows = session.exec(query.order_by(col(PrintJob.id).desc()).limit(size + 1)).all()
    return cut(
        [JobRow(job, name, number or tracking or "") for job, name, number, tracking in rows],
        lambda row: row.job.id,
        size,
    )


def label(session: Session, parcel_id: int) -> tuple[bytes, str, str] | None:
    """A parcel's label: data, media type and a name for the file; None where there is none."""
    parcel = session.get(Parcel, parcel_id) if parcel_id < 2**31 else None
    if parcel is None or parcel.label is None:
        return None
    ending = "zpl" if parcel.label_media_type == "application/zpl" else "pdf"
    return parcel.label, parcel.label_media_type, f"label-P{parcel.id}.{ending}"
