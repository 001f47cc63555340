"""Orders of the back office, and what a person may do with one: release, ship, note as paid, cancel."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from canonical.failure import FailureError
from erp.cancellation import cancel_order
from erp.orders import lift_holds, lock_order, set_autoship
from erp.payments import mark_paid
from erp.queries import journal
from erp.queries import orders as queries
from erp.queries.orders import OrderFilter
from erp.shipping import ParcelForm, ship_order
from web.context import Db, Form, go, in_db, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
LARGEST_ID = 2**63 - 1


@router.get("/orders", response_class=HTMLResponse)
def orders(request: Request, db: Db, wanted: Annotated[OrderFilter, Depends()]) -> HTMLResponse:
    """The list of orders, newest first."""
    return render(request, "orders.html", page=queries.orders(db, wanted), wanted=wanted)


@router.get("/orders/{order_id}", response_class=HTMLResponse)
def order(request: Request, db: Db, order_id: int) -> HTMLResponse:
    """One order with lines, tax per rate, shipments and its way through the systems."""
    found = queries.order(db, order_id) if order_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(
        request,
        "order.html",
        found=found,
        document_id=journal.document_of_order(db, order_id),
        events=journal.way_of_order(db, found.order.integration_id, found.order.external_id),
    )


def _release(session: Session, order_id: int, by: str) -> None:
    lift_holds(session, order_id, lock_order(session, order_id).holds, by)


def _let_ship(session: Session, order_id: int, by: str) -> None:
    set_autoship(session, order_id, True, by)


def _keep_back(session: Session, order_id: int, by: str) -> None:
    set_autoship(session, order_id, False, by)


def _note_paid(session: Session, order_id: int, by: str) -> None:
    mark_paid(session, order_id, datetime.now(UTC), by)


COMMANDS: Mapping[str, tuple[Callable[[Session, int, str], None], str]] = {
    "release": (_release, N_("The order is released.")),
    "autoship-on": (_let_ship, N_("Auto-ship may take the order.")),
    "autoship-off": (_keep_back, N_("Auto-ship leaves the order alone.")),
    "paid": (_note_paid, N_("The order is paid.")),
    "cancel": (cancel_order, N_("The order is cancelled.")),
}


async def _carry_out(request: Request, order_id: int, work: Callable[[Session], object], said: str) -> Response:
    """Do it in one transaction; a refusal is shown on the order's page and leaves nothing behind."""
    target = f"/orders/{order_id}"
    try:
        await in_db(request, work)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, target, failure=error.failure)
    return go(request, target, said)


@router.post("/orders/{order_id}/ship")
async def ship(request: Request, order_id: int, form: Form) -> Response:
    """Ship the whole order with the tracking number that a person entered; without one where nothing is tracked."""
    by = visitor_of(request).email
    number = text(form, "tracking_number")
    try:
        parcels = [ParcelForm(tracking_number=number)] if number else []
    except ValidationError:
        return go(request, f"/orders/{order_id}", N_("A tracking number has at most 80 characters."))

    def work(session: Session) -> object:
        return ship_order(session, order_id, parcels, by)

    return await _carry_out(request, order_id, work, N_("The order is shipped."))


@router.post("/orders/{order_id}/{command}")
async def change(request: Request, order_id: int, command: str) -> Response:
    """Release, hold back, note as paid, or cancel."""
    if command not in COMMANDS:
        raise not_found()
    service, said = COMMANDS[command]
    by = visitor_of(request).email
    return await _carry_out(request, order_id, lambda session: service(session, order_id, by), said)
