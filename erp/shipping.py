"""Shipping by a person: an order whole or in parts, with the parcels that the person names, and a tracking put right later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import completion, journal
from erp.deliveries import (
    Delivery,
    OpenLine,
    PlannedParcel,
    book,
    choose_warehouse,
    lock_levels,
    needs_of,
    open_lines,
    tracking_url,
)
from erp.orders import lock_order
from erp.push_shipments import Report, mark_reports
from erp.rules.order_life import Action, States, demand
from erp.tables import Order, Parcel, Shipment, ShippingMethod, Warehouse


class ParcelForm(BaseModel):
    """A parcel as a person enters it; carrier and link come from the order's shipping method where they are left out."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    tracking_number: str = Field(min_length=1, max_length=80)
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300)


def ship_order(
    session: Session,
    order_id: int,
    parcels: Sequence[ParcelForm],
    by: str,
    *,
    warehouse_code: str | None = None,
    lines: Mapping[int, Decimal] | None = None,
) -> Shipment:
    """Ship an order, or with `lines` (quantities by line id) a part of it, and return the shipment.

    Posts movements, gives reservations back, writes the journal, marks stock and report as to be sent, and issues what the
    order asks for (`erp/completion.py`). Without a warehouse the first that holds everything is taken, our own before a
    provider's. Raises `LookupError` for an unknown order or line and `FailureError`: STATE_FORBIDS when the order is
    cancelled, held, shipped, or shipped by the channel, QUANTITY_INVALID, MASTER_DATA_MISSING for an unknown warehouse,
    STOCK_MISSING where a warehouse does not hold it: nothing leaves that is not there.
    """
    order = lock_order(session, order_id)
    demand(Action.SHIP, States(order.fulfilment_state, order.is_cancelled, order.holds))
    if order.fulfilled_by == "channel":
        raise FailureError(Failure.of("STATE_FORBIDS", state="channel"))
    still_open = open_lines(session, [order_id])[order_id]
    leaving = still_open if lines is None else _chosen(still_open, lines)
    warehouse = _warehouse(session, warehouse_code, leaving)
    planned = [PlannedParcel(**parcel.model_dump()) for parcel in parcels]
    (shipment_id,) = book(session, [Delivery(order, warehouse, leaving, planned)], by)
    session.refresh(order)
    return session.exec(select(Shipment).where(col(Shipment.id) == shipment_id)).one()


def _chosen(still_open: Sequence[OpenLine], wanted: Mapping[int, Decimal]) -> list[OpenLine]:
    by_id = {line.line_id: line for line in still_open}
    chosen = []
    for line_id, quantity in wanted.items():
        line = by_id.get(line_id)
        if line is None:
            raise LookupError(line_id)
        if not 0 < quantity <= line.quantity:
            raise FailureError(Failure.of("QUANTITY_INVALID", line=line.article, quantity=quantity))
        chosen.append(replace(line, quantity=quantity))
    if not chosen:
        raise FailureError(Failure.of("QUANTITY_INVALID", line="", quantity=0))
    return chosen


def _warehouse(session: Session, code: str | None, leaving: Sequence[OpenLine]) -> Warehouse:
    warehouses = list(session.exec(select(Warehouse).where(col(Warehouse.kind) != "marketplace")))
    if code is not None:
        warehouses = [warehouse for warehouse in warehouses if warehouse.code == code]
    if not warehouses:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="warehouse", value=code or ""))
    warehouses.sort(key=lambda one: (one.kind != "own", one.is_locked, one.id))
    levels = lock_levels(session, {line.article_id for line in leaving})
    # Where none holds everything the first is named: its posting says what is missing.
    return choose_warehouse(needs_of(leaving), levels, warehouses) or warehouses[0]


def correct_tracking(session: Session, parcel_id: int, form: ParcelForm, by: str) -> None:
    """Put a parcel's tracking right, or enter by hand what the carrier did not answer (D§10.5).

    A shipped shipment is marked to be reported again; a packed one that now has all numbers is finished. Saying the same
    again changes nothing. Raises `LookupError`.
    """
    order, shipment = _lock_shipment(session, parcel_id)
    parcel = session.exec(
        select(Parcel).where(col(Parcel.id) == parcel_id).execution_options(populate_existing=True)
    ).one()
    method = session.get(ShippingMethod, order.shipping_method_id) if order.shipping_method_id else None
    # A carrier of another name has another page: our method's link would lead nowhere.
    is_methods = method is not None and form.carrier in ("", method.carrier)
    carrier = form.carrier or (method.carrier if method else "")
    url = form.tracking_url or (tracking_url(method, form.tracking_number) if method and is_methods else "")
    named = (form.tracking_number, carrier, url)
    waits = parcel.label_state not in ("none", "ready")
    before = parcel.tracking_number
    if named == (before, parcel.carrier, parcel.tracking_url) and not waits:
        return
    parcel.tracking_number, parcel.carrier, parcel.tracking_url = named
    if waits:
        parcel.label_state, parcel.label_code, parcel.label_reason = "none", "", ""
    session.add(parcel)
    session.flush()
    params = {"number": shipment.number, "before": before or "–", "after": form.tracking_number}
    journal.write(
        session,
        [
            journal.event(
                order.integration_id, "shipments", "tracking_corrected", hop="erp_to_hub", status="pending",
                record=shipment.number, params=params, actor=by,
            )
        ],
    )  # fmt: skip
    if shipment.state == "shipped":
        mark_reports(session, [Report(order.integration_id, shipment.number, shipment.id or 0)])
    else:
        completion.finish_labelled(session, [shipment.id or 0], by)


def _lock_shipment(session: Session, parcel_id: int) -> tuple[Order, Shipment]:
    """Find a parcel's shipment and lock its order, which comes before everything else."""
    parcel = session.get(Parcel, parcel_id)
    shipment = session.get(Shipment, parcel.shipment_id) if parcel else None
    if shipment is None:
        raise LookupError(parcel_id)
    order = lock_order(session, shipment.order_id)
    session.refresh(shipment)
    return order, shipment
