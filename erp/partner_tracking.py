"""Tracking of a fulfilment provider: a file is taken once, a record is booked once, the rest follows by itself."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.partner import RefusedRecord, TrackedParcel, TrackingRecord
from erp import journal
from erp.deliveries import OpenLine, PlannedParcel, open_lines, with_carrier
from erp.orders import lock_order
from erp.push_shipments import Report, mark_reports
from erp.shipping import ParcelForm, ship_order
from erp.tables import Order, Parcel, Partner, PartnerFile, PartnerOrder, Shipment, ShippingMethod, Warehouse

HOLD = "PROVIDER_REFUSED"
LONGEST_NAME = 200
Outcome = Literal["booked", "known"]


def take_file(session: Session, partner_id: int, name: str, body: bytes) -> PartnerFile:
    """Write a file down as taken, or find the row of the same name and content: it is taken once."""
    digest = hashlib.sha256(body).hexdigest()
    return _row_of(session, partner_id, name, digest, {"state": "taken", "body": body})


def set_aside(session: Session, partner_id: int, name: str, size: int, failure: Failure) -> PartnerFile:
    """Write a file down that was not read because it is too large; its size stands for its content."""
    digest = hashlib.sha256(f"{name}/{size}".encode()).hexdigest()
    report = {"code": failure.code, "params": failure.params}
    return _row_of(session, partner_id, name, digest, {"state": "bad", "report": report, "settled_at": "now()"})


def _row_of(session: Session, partner_id: int, name: str, digest: str, values: Mapping[str, Any]) -> PartnerFile:
    key = {"partner_id": partner_id, "direction": "in", "name": name[:LONGEST_NAME], "digest": digest}
    session.execute(insert(PartnerFile).values(**key, **values).on_conflict_do_nothing())
    query = select(PartnerFile).filter_by(**key).execution_options(populate_existing=True)
    return session.exec(query).one()


def files_to_apply(session: Session, partner_id: int, limit: int) -> list[tuple[int, bytes]]:
    """Taken files whose records are not booked yet, oldest first: id and content."""
    query = (
        select(PartnerFile)
        .where(
            col(PartnerFile.partner_id) == partner_id,
            col(PartnerFile.direction) == "in",
            col(PartnerFile.state) == "taken",
        )
        .order_by(col(PartnerFile.id))
        .limit(limit)
    )
    return [(row.id or 0, row.body or b"") for row in session.exec(query)]


def settle_file(session: Session, file_id: int, outcomes: Sequence[Outcome], refused: Sequence[RefusedRecord]) -> None:
    """Write what became of a file's records: done, or partial with a report of each refused one."""
    report = {
        "booked": outcomes.count("booked"),
        "known": outcomes.count("known"),
        "refused": [
            {"line": each.line, "order": each.order, "code": each.failure.code, "params": each.failure.params}
            for each in sorted(refused, key=lambda each: each.line)
        ],
    }
    _settle(session, file_id, "partial" if refused else "done", len(outcomes) + len(refused), report)


def settle_bad(session: Session, file_id: int, failure: Failure) -> None:
    """Write why a file is set aside whole."""
    _settle(session, file_id, "bad", 0, {"code": failure.code, "params": failure.params})


def _settle(session: Session, file_id: int, state: str, records: int, report: Mapping[str, Any]) -> None:
    row = session.get_one(PartnerFile, file_id, with_for_update=True, populate_existing=True)
    if row.state != "taken":  # another worker was quicker
        return
    row.state, row.records, row.report, row.settled_at = state, records, dict(report), datetime.now(UTC)
    session.add(row)
    session.flush()


def take_again(session: Session, partner_id: int, file_id: int) -> None:
    """Let a file with refused records be taken once more; what was booked is known and stays.

    Raises `LookupError` and `FailureError` STATE_FORBIDS for a file that is done, or whose content is kept no longer.
    """
    row = session.get(PartnerFile, file_id, with_for_update=True, populate_existing=True)
    if row is None or row.partner_id != partner_id or row.direction != "in":
        raise LookupError(file_id)
    if row.state not in ("partial", "bad") or row.body is None:
        raise FailureError(Failure.of("STATE_FORBIDS", state=row.state))
    row.state, row.report, row.settled_at = "taken", {}, None
    session.add(row)
    session.flush()


_ORDER = text(
    """
    SELECT o.id, w.code, p.name AS partner FROM sales_order o JOIN partner_order po ON po.order_id = o.id
    JOIN warehouse w ON w.id = po.warehouse_id JOIN partner p ON p.id = po.partner_id
    WHERE o.number = :number AND po.partner_id = :partner AND po.file_id IS NOT NULL
    """
)


def apply_record(session: Session, partner_id: int, record: TrackingRecord) -> Outcome:
    """Book what a provider says of one order, in the caller's transaction, which is this record's alone.

    A shipment leaves the provider's warehouse with its parcels (`ship_order`: stock, delivery note, invoice, report to the
    shop); a refusal puts the order on hold. Idempotent by the tracking numbers: a record that is known changes nothing.
    Raises `FailureError` TRACKING_ORDER_UNKNOWN, TRACKING_ALREADY_SHIPPED, TRACKING_MIXED, TRACKING_LINE_UNKNOWN,
    TRACKING_TOO_MUCH, and what `ship_order` raises (STATE_FORBIDS, STOCK_MISSING).
    """
    if not record.order:
        return _name_parcels(session, partner_id, record)
    found = session.execute(_ORDER, {"number": record.order, "partner": partner_id}).one_or_none()
    if found is None:
        raise FailureError(Failure.of("TRACKING_ORDER_UNKNOWN", order=record.order))
    order = lock_order(session, found.id)
    row = session.get_one(PartnerOrder, found.id, populate_existing=True)
    if record.refusal:
        return _give_back(session, order, row, found.partner, record.refusal)
    if _is_known(session, order, record):
        return "known"
    if order.fulfilment_state in ("shipped", "returned"):
        raise FailureError(Failure.of("TRACKING_ALREADY_SHIPPED", order=order.number))
    lines = _lines(open_lines(session, [found.id])[found.id], record) if record.lines else None
    shipment = ship_order(
        session, found.id, [_form(parcel) for parcel in record.parcels], found.partner,
        warehouse_code=found.code, lines=lines,
    )  # fmt: skip
    if record.shipped_at is not None:
        shipment.shipped_at = min(record.shipped_at, datetime.now(UTC))
        session.add(shipment)
    session.refresh(order, ["fulfilment_state"])
    row.confirmed_at = datetime.now(UTC)
    row.state = "shipped" if order.fulfilment_state == "shipped" else row.state
    session.add(row)
    session.flush()
    return "booked"


def _form(parcel: TrackedParcel) -> ParcelForm:
    return ParcelForm(tracking_number=parcel.number, carrier=parcel.carrier, tracking_url=parcel.url)


def _is_known(session: Session, order: Order, record: TrackingRecord) -> bool:
    """Whether these parcels are booked already; some of them and some not cannot be told apart from a mistake."""
    numbers = [parcel.number for parcel in record.parcels]
    query = (
        select(Parcel.tracking_number, Shipment.number)
        .join(Shipment, col(Shipment.id) == col(Parcel.shipment_id))
        .where(col(Shipment.order_id) == order.id, col(Parcel.tracking_number).in_(numbers))
    )
    known = dict(session.exec(query).all())
    if known and len(known) < len(numbers):
        tracking, note = next(iter(known.items()))
        raise FailureError(Failure.of("TRACKING_MIXED", tracking=tracking, note=note))
    return bool(known)


def _lines(still_open: Sequence[OpenLine], record: TrackingRecord) -> dict[int, Decimal]:
    """Find the lines that a partial delivery names; an article on several lines fills them in their order."""
    leaving: dict[int, Decimal] = {}
    for named in record.lines:
        named_line = str(named.line_id or named.article)
        meant = [line for line in still_open if named.line_id == line.line_id or named.article == line.article]
        if not meant:
            raise FailureError(Failure.of("TRACKING_LINE_UNKNOWN", order=record.order, line=named_line))
        rest = named.quantity
        for line in meant:
            part = min(rest, line.quantity - leaving.get(line.line_id, Decimal(0)))
            if part > 0:
                leaving[line.line_id] = leaving.get(line.line_id, Decimal(0)) + part
                rest -= part
        if rest > 0:
            available = f"{(named.quantity - rest).normalize():f}"
            failure = Failure.of("TRACKING_TOO_MUCH", line=named_line, quantity=named.quantity, open=available)
            raise FailureError(failure)
    return leaving


def _give_back(session: Session, order: Order, row: PartnerOrder, partner: str, reason: str) -> Outcome:
    """The provider cannot deliver: the order waits for a person."""
    if order.is_cancelled or row.state == "withdrawn":
        return "known"
    if order.fulfilment_state in ("shipped", "returned"):
        raise FailureError(Failure.of("TRACKING_ALREADY_SHIPPED", order=order.number))
    order.holds = [*order.holds, HOLD]
    row.state, row.confirmed_at = "withdrawn", datetime.now(UTC)
    session.add_all([order, row])
    session.flush()
    event = journal.event(
        order.integration_id, "orders", "provider_refused", hop="erp_to_hub", status="info", record=order.external_id,
        params={"partner": partner, "reason": reason}, actor=partner,
    )  # fmt: skip
    journal.write(session, [event])
    return "booked"


def _name_parcels(session: Session, partner_id: int, record: TrackingRecord) -> Outcome:
    """Name the parcels of a delivery note that left the provider's warehouse without them."""
    query = (
        select(Shipment, Partner.name)
        .join(Warehouse, col(Warehouse.id) == col(Shipment.warehouse_id))
        .join(Partner, col(Partner.id) == col(Warehouse.partner_id))
        .where(col(Shipment.number) == record.delivery_note, col(Partner.id) == partner_id)
    )
    found = session.exec(query.where(col(Shipment.state) == "shipped")).one_or_none()
    if found is None:
        raise FailureError(Failure.of("TRACKING_ORDER_UNKNOWN", order=record.delivery_note))
    shipment, partner = found
    if record.lines or record.refusal:
        raise FailureError(Failure.of("PROVIDER_FIELD_INVALID", field="delivery_note", value=record.delivery_note))
    order = lock_order(session, shipment.order_id)
    known = set(session.exec(select(Parcel.tracking_number).where(col(Parcel.shipment_id) == shipment.id)))
    new = [parcel for parcel in record.parcels if parcel.number not in known]
    if not new:
        return "known"
    method = session.get(ShippingMethod, order.shipping_method_id) if order.shipping_method_id else None
    for parcel in new:
        named = with_carrier(PlannedParcel(parcel.number, parcel.carrier, parcel.url), method)
        session.add(
            Parcel(
                shipment_id=shipment.id or 0,
                tracking_number=named.tracking_number,
                carrier=named.carrier,
                tracking_url=named.tracking_url,
            )
        )
    session.flush()
    params = {"number": shipment.number, "tracking": ", ".join(parcel.number for parcel in new)[:300]}
    event = journal.event(
        order.integration_id, "shipments", "tracking_added", hop="erp_to_hub", status="pending", record=shipment.number,
        params=params, actor=partner,
    )  # fmt: skip
    journal.write(session, [event])
    mark_reports(session, [Report(order.integration_id, shipment.number, shipment.id or 0)])
    return "booked"
