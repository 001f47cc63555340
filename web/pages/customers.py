"""Customers: what is known of each, locking, and data protection: export, erasure and retention."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from canonical.failure import FailureError
from erp import customers, retention
from erp.privacy import erase_customer, export_customer
from erp.queries import customers as queries
from erp.queries.customers import CustomerFilter
from web.context import Db, Form, go, in_db, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
LARGEST_ID = 2**63 - 1


@router.get("/customers", response_class=HTMLResponse)
def show_all(request: Request, db: Db, wanted: Annotated[CustomerFilter, Depends()]) -> HTMLResponse:
    """The list of customers, newest first."""
    return render(request, "customers.html", page=queries.customers(db, wanted), wanted=wanted)


@router.get("/customers/{customer_id}", response_class=HTMLResponse)
def show(request: Request, db: Db, customer_id: int) -> HTMLResponse:
    """One customer with orders and documents."""
    found = queries.customer(db, customer_id) if customer_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(request, "customer.html", found=found, groups=queries.groups(db))


@router.get("/customers/{customer_id}/export")
def export(db: Db, customer_id: int) -> Response:
    """Everything that is stored of one customer, as a file."""
    try:
        found = export_customer(db, customer_id)
    except LookupError:
        raise not_found() from None
    headers = {"Content-Disposition": f'attachment; filename="customer-{customer_id}.json"'}
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2)
    return Response(body, media_type="application/json", headers=headers)


async def _carry_out(request: Request, customer_id: int, work: Callable[[Session], object], said: str) -> Response:
    here = f"/customers/{customer_id}"
    try:
        await in_db(request, work)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, here, failure=error.failure)
    return go(request, here, said)


@router.post("/customers/{customer_id}/lock")
async def lock(request: Request, customer_id: int, form: Form) -> Response:
    """Keep auto-ship from the customer's orders."""
    reason = text(form, "reason")
    said = N_("The customer is locked: orders from now on wait for a person.")
    return await _carry_out(request, customer_id, lambda db: customers.lock_customer(db, customer_id, reason), said)


@router.post("/customers/{customer_id}/unlock")
async def unlock(request: Request, customer_id: int) -> Response:
    """Let the customer's orders ship by themselves again."""
    said = N_("The customer is unlocked.")
    return await _carry_out(request, customer_id, lambda db: customers.unlock_customer(db, customer_id), said)


@router.post("/customers/{customer_id}/group")
async def group(request: Request, customer_id: int, form: Form) -> Response:
    """Put the customer into a group, or into none."""
    code = text(form, "group")
    said = N_("The group is saved.")
    return await _carry_out(request, customer_id, lambda db: customers.set_group(db, customer_id, code), said)


@router.post("/customers/{customer_id}/vat-id-checked")
async def vat_id_checked(request: Request, customer_id: int) -> Response:
    """Note that a person checked the VAT id."""
    said = N_("Noted that the VAT id was checked.")
    now = datetime.now(UTC)
    return await _carry_out(request, customer_id, lambda db: customers.note_vat_id_checked(db, customer_id, now), said)


@router.post("/customers/{customer_id}/erase")
async def erase(request: Request, customer_id: int) -> Response:
    """Make the customer anonymous; the books stay."""
    by = visitor_of(request).email
    said = N_("The customer is anonymous now; orders and invoices stay.")
    return await _carry_out(request, customer_id, lambda db: erase_customer(db, customer_id, by), said)


@router.get("/settings/retention", response_class=HTMLResponse)
def periods(request: Request, db: Db) -> HTMLResponse:
    """How long each kind of record is kept, and what was erased."""
    return render(
        request,
        "retention.html",
        periods=retention.periods(db),
        rules=retention.RULES,
        shortest=retention.SHORTEST_BOOKKEEPING,
        erasures=queries.erasures(db),
    )


@router.post("/settings/retention")
async def save_periods(request: Request, form: Form) -> Response:
    """Choose how long each kind is kept."""

    def work(session: Session) -> None:
        for kind in retention.RULES:
            months = text(form, kind)
            retention.set_period(session, kind, int(months) if months.isdecimal() and len(months) < 6 else 0)

    try:
        await in_db(request, work)
    except FailureError as error:
        return go(request, "/settings/retention", failure=error.failure)
    return go(request, "/settings/retention", N_("The retention is saved."))
