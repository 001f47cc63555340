"""Shipping: orders by what they wait for, shipping by hand, labels, tracking numbers; and the printing settings."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import FormData

from canonical.failure import Failure, FailureError
from erp import labels, prints
from erp.autoship import ship_now
from erp.queries import shipping as queries
from erp.queries.shipping import ShippingFilter
from erp.shipping import ParcelForm, correct_tracking, ship_order
from erp.traffic_lights import QUEUES
from web.context import Db, Form, go, in_db, not_found, render, text, texts, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
MOST_PARCELS = 50
TOO_LONG = N_("A tracking number has at most 80 characters.")


@router.get("/shipping", response_class=HTMLResponse)
def shipping(request: Request, db: Db, wanted: Annotated[ShippingFilter, Depends()]) -> HTMLResponse:
    """The orders that still leave, by what they wait for."""
    if wanted.queue not in QUEUES:
        raise not_found()
    page, counts = queries.waiting(db, wanted), queries.counts(db)
    return render(request, "shipping.html", page=page, wanted=wanted, counts=counts)


@router.post("/shipping/ship")
async def ship_chosen(request: Request, form: Form) -> Response:
    """Ship the chosen orders as auto-ship does; those that are no longer ready stay."""
    chosen = [int(value) for value in texts(form, "order") if value.isdecimal() and len(value) < 19]
    by = visitor_of(request).email
    shipped = await in_db(request, lambda session: ship_now(session, chosen, by))
    said = N_("%(shipped)s of %(chosen)s orders are on their way.") if chosen else N_("Choose orders first.")
    return go(request, "/shipping", said, shipped=shipped, chosen=len(chosen))


@router.get("/shipping/labels", response_class=HTMLResponse)
def missing_labels(request: Request, db: Db, after: str = "") -> HTMLResponse:
    """Parcels whose labels are missing, with the age of their requests."""
    return render(request, "shipping_labels.html", page=queries.unlabelled(db, after), after=after)


@router.post("/orders/{order_id}/ship")
async def ship(request: Request, order_id: int, form: Form) -> Response:
    """Ship an order whole or in parts, with the tracking numbers that a person entered."""
    by = visitor_of(request).email
    try:
        parcels = _parcels(form)
        lines = _lines(form)
    except ValidationError:
        return go(request, f"/orders/{order_id}", TOO_LONG)
    except InvalidOperation:
        failure = Failure.of("QUANTITY_INVALID", line="", quantity="?")
        return go(request, f"/orders/{order_id}", failure=failure)
    warehouse = text(form, "warehouse") or None

    def work(session: Session) -> object:
        return ship_order(session, order_id, parcels, by, warehouse_code=warehouse, lines=lines)

    return await _carry_out(request, f"/orders/{order_id}", work, N_("The goods are on their way."))


def _parcels(form: FormData) -> list[ParcelForm]:
    """One parcel per tracking number: several fields, or several in one, on lines of their own or with commas."""
    given = [value for field in texts(form, "tracking_number") for value in field.replace(",", "\n").splitlines()]
    numbers = list(dict.fromkeys(value.strip() for value in given if value.strip()))
    return [ParcelForm(tracking_number=number) for number in numbers[:MOST_PARCELS]]


def _lines(form: FormData) -> dict[int, Decimal] | None:
    """Quantities by line; None where the form names no lines, which means the whole order."""
    named = {key.removeprefix("line-"): text(form, key) for key in form if key.startswith("line-")}
    if not named:
        return None
    quantities = {
        int(line): Decimal((value or "0").replace(",", "."))
        for line, value in named.items()
        if line.isdecimal() and len(line) < 19
    }
    if not all(quantity.is_finite() for quantity in quantities.values()):
        raise InvalidOperation
    return {line: quantity for line, quantity in quantities.items() if quantity}


@router.post("/parcels/{parcel_id}/tracking")
async def correct(request: Request, parcel_id: int, form: Form) -> Response:
    """Put a parcel's tracking number right, or enter the one that the carrier did not answer."""
    by = visitor_of(request).email
    target = text(form, "next", "/shipping/labels")
    try:
        named = ParcelForm(tracking_number=text(form, "tracking_number"), carrier=text(form, "carrier"))
    except ValidationError:
        return go(request, target, TOO_LONG)

    def work(session: Session) -> None:
        correct_tracking(session, parcel_id, named, by)

    return await _carry_out(request, target, work, N_("The tracking number is saved."))


@router.post("/parcels/{parcel_id}/label")
async def ask_again(request: Request, parcel_id: int, form: Form) -> Response:
    """Request a parcel's label once more."""

    def work(session: Session) -> None:
        labels.request_again(session, parcel_id)

    return await _carry_out(request, text(form, "next", "/shipping/labels"), work, N_("The label is requested again."))


@router.get("/parcels/{parcel_id}/label")
def label(db: Db, parcel_id: int) -> Response:
    """A parcel's label as the carrier gave it."""
    found = queries.label(db, parcel_id)
    if found is None:
        raise not_found()
    data, media_type, name = found
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


@router.get("/settings/printing", response_class=HTMLResponse)
def printing(request: Request, db: Db, state: str = "", before: str = "") -> HTMLResponse:
    """Printers, rules and the print log."""
    return render(
        request,
        "printing.html",
        found=queries.printing(db),
        jobs=queries.jobs(db, state, before),
        kinds=prints.KINDS,
        state=state,
        before=before,
    )


@router.post("/settings/printing/printers")
async def add_printer(request: Request, form: Form) -> Response:
    """Add a printer."""
    typed = {name: text(form, name) for name in ("code", "name", "adapter", "address")}
    try:
        new = prints.PrinterForm.model_validate(typed)
    except ValidationError:
        return go(request, PRINTING, failure=Failure.of("PRINTER_ADDRESS", address=typed["address"][:300]))
    return await _carry_out(
        request,
        PRINTING,
        lambda session: prints.add_printer(session, new),
        N_("The printer is there. Print a test page."),
    )


PRINTING = "/settings/printing"
COMMANDS: dict[str, tuple[Callable[[Session, int], object], str]] = {
    "printers/{id}/test": (prints.print_test, N_("A test page is on its way.")),
    "printers/{id}/on": (lambda session, key: prints.set_printer_active(session, key, True), N_("The printer is on.")),
    "printers/{id}/off": (
        lambda session, key: prints.set_printer_active(session, key, False),
        N_("The printer is off."),
    ),
    "rules/{id}/remove": (prints.remove_rule, N_("The rule is removed.")),
    "jobs/{id}/again": (prints.print_again, N_("It is printed again.")),
}
"""What a person may do with printers, rules and jobs."""


@router.post("/settings/printing/rules")
async def add_rule(request: Request, form: Form) -> Response:
    """Add a rule: what goes to which printer by itself."""
    typed = {name: text(form, name) or None for name in ("kind", "printer_id", "project_id", "copies")}
    try:
        rule = prints.RuleForm.model_validate({key: value for key, value in typed.items() if value})
    except ValidationError:
        return go(request, PRINTING, N_("Choose what is printed, the printer, and 1 to 20 copies."))
    return await _carry_out(request, PRINTING, lambda session: prints.add_rule(session, rule), N_("The rule is saved."))


@router.post("/settings/printing/{kind}/{key}/{command}")
async def change(request: Request, kind: str, key: int, command: str) -> Response:
    """Carry out a command on a printer, a rule or a job."""
    found = COMMANDS.get(f"{kind}/{{id}}/{command}")
    if found is None or key >= 2**31:
        raise not_found()
    service, said = found
    return await _carry_out(request, PRINTING, lambda session: service(session, key), said)


async def _carry_out(request: Request, target: str, work: Callable[[Session], object], said: str) -> Response:
    """Do it in one transaction; a refusal is shown on the page and leaves nothing behind."""
    try:
        await in_db(request, work)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, target, failure=error.failure)
    return go(request, target, said)
