"""Orders of the back office, and what a person may do with one: hold, change, cancel, pay, take changes of the shop over."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from erp.cancellation import cancel_lines, cancel_order, cancel_rest
from erp.order_changes import (
    CANCELLED_THERE,
    AddressForm,
    Which,
    correct_address,
    follow_cancellation,
    keep_ours,
    take_change,
)
from erp.orders import add_note, hold_order, lift_holds, lock_order, set_autoship
from erp.payments import mark_paid, open_refund, record_payment, refund_excess
from erp.queries import journal, order_life, shipping
from erp.queries import orders as queries
from erp.queries.orders import OrderFilter
from erp.returns import announce_return
from web.commands import LARGEST_ID, NO_NUMBER, NoNumberError, carry_out, number_of, quantities_of
from web.context import Db, Form, go, local_path, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/orders", response_class=HTMLResponse)
def orders(request: Request, db: Db, wanted: Annotated[OrderFilter, Depends()]) -> HTMLResponse:
    """The list of orders, newest first."""
    return render(request, "orders.html", page=queries.orders(db, wanted), wanted=wanted)


@router.get("/orders/{order_id}", response_class=HTMLResponse)
def order(request: Request, db: Db, order_id: int) -> HTMLResponse:
    """One order with its states and what may be done, lines, money, shipments, returns, documents, and its way."""
    found = queries.order(db, order_id) if order_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(
        request,
        "order.html",
        found=found,
        life=order_life.life_of(db, found.order),
        shipping=shipping.of_order(db, found.order),
        today=datetime.now().astimezone().date(),
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


def _keep_alive(session: Session, order_id: int, by: str) -> None:
    lift_holds(session, order_id, [CANCELLED_THERE], by)


COMMANDS: Mapping[str, tuple[Callable[[Session, int, str], Any], str]] = {
    "release": (_release, N_("The order is released.")),
    "autoship-on": (_let_ship, N_("Auto-ship may take the order.")),
    "autoship-off": (_keep_back, N_("Auto-ship leaves the order alone.")),
    "paid": (_note_paid, N_("The order is paid.")),
    "refund-excess": (refund_excess, N_("The refund is opened. Release it under 'Payments'.")),
    "take-change": (take_change, N_("The change is taken over as far as it goes.")),
    "keep-ours": (keep_ours, N_("The order stays as it is.")),
    "follow-cancellation": (follow_cancellation, N_("The order is cancelled.")),
    "keep-alive": (_keep_alive, N_("The order stays as it is.")),
}


@router.post("/orders/{order_id}/payment")
async def pay(request: Request, order_id: int, form: Form) -> Response:
    """Record money that came in: its amount, day, reference and method."""
    by, target = visitor_of(request).email, f"/orders/{order_id}"
    kind: Literal["payment", "gift_card"] = "gift_card" if text(form, "kind") == "gift_card" else "payment"
    try:
        amount, at = number_of(text(form, "amount")), _moment(text(form, "day"))
    except NoNumberError:
        return go(request, target, NO_NUMBER)
    reference, method = text(form, "reference"), text(form, "method")
    if not reference:
        return go(request, target, N_("Every payment needs a reference, such as the bank's."))

    def work(session: Session) -> object:
        return record_payment(session, order_id, amount, reference, at, by, method_code=method, kind=kind)

    return await carry_out(request, target, work, N_("The payment is recorded."))


def _moment(day: str) -> datetime:
    """Noon of the day that a person chose, where the server stands; without one it is now."""
    try:
        return datetime.combine(date.fromisoformat(day), time(12)).astimezone()
    except ValueError:
        return datetime.now(UTC)


@router.post("/orders/{order_id}/refund")
async def refund(request: Request, order_id: int, form: Form) -> Response:
    """Open a refund by hand."""
    by, target = visitor_of(request).email, f"/orders/{order_id}"
    try:
        amount = number_of(text(form, "amount"))
    except NoNumberError:
        return go(request, target, NO_NUMBER)
    reference = text(form, "reference")
    if not reference:
        return go(request, target, N_("Say what the refund is for."))

    def work(session: Session) -> object:
        return open_refund(session, order_id, amount, reference, by)

    return await carry_out(request, target, work, N_("The refund is opened. Release it under 'Payments'."))


@router.post("/orders/{order_id}/hold")
async def hold(request: Request, order_id: int, form: Form) -> Response:
    """Put an order on hold, with the reason."""
    by, reason, target = visitor_of(request).email, text(form, "reason"), f"/orders/{order_id}"
    if not reason:
        return go(request, target, N_("Say why the order must wait."))
    return await carry_out(
        request, target, lambda session: hold_order(session, order_id, reason, by), N_("The order is on hold.")
    )


@router.post("/orders/{order_id}/lift")
async def lift(request: Request, order_id: int, form: Form) -> Response:
    """Lift one hold."""
    by, which = visitor_of(request).email, text(form, "hold")
    return await carry_out(
        request,
        f"/orders/{order_id}",
        lambda session: lift_holds(session, order_id, [which], by),
        N_("The hold is lifted."),
    )


@router.post("/orders/{order_id}/note")
async def note(request: Request, order_id: int, form: Form) -> Response:
    """Add an internal note."""
    by, said, target = visitor_of(request).email, text(form, "note"), f"/orders/{order_id}"
    if not said:
        return go(request, target)
    return await carry_out(
        request, target, lambda session: add_note(session, order_id, said, by), N_("The note is added.")
    )


@router.post("/orders/{order_id}/cancel")
async def cancel(request: Request, order_id: int, form: Form) -> Response:
    """Cancel an order, or the rest of one of which a part has left."""
    by, reason = visitor_of(request).email, text(form, "reason")
    service = cancel_rest if text(form, "what") == "rest" else cancel_order
    said = N_("The rest is cancelled.") if service is cancel_rest else N_("The order is cancelled.")
    return await carry_out(request, f"/orders/{order_id}", lambda session: service(session, order_id, by, reason), said)


@router.post("/orders/{order_id}/lines")
async def change_lines(request: Request, order_id: int, form: Form) -> Response:
    """Cancel quantities of single lines."""
    by, reason, target = visitor_of(request).email, text(form, "reason"), f"/orders/{order_id}"
    try:
        quantities = quantities_of(form, "cancel-")
    except NoNumberError:
        return go(request, target, NO_NUMBER)

    def work(session: Session) -> None:
        cancel_lines(session, order_id, quantities, by, reason)

    return await carry_out(request, target, work, N_("The order is changed."))


@router.post("/orders/{order_id}/address/{which}")
async def change_address(request: Request, order_id: int, which: str, form: Form) -> Response:
    """Correct the billing or the delivery address."""
    by, target = visitor_of(request).email, f"/orders/{order_id}"
    if which not in ("billing", "delivery"):
        raise not_found()
    try:
        address = AddressForm.model_validate({name: text(form, name) for name in AddressForm.model_fields})
    except ValidationError:
        return go(request, target, N_("An address needs street, city and a country of two letters."))

    def work(session: Session) -> object:
        return correct_address(session, order_id, cast("Which", which), address, by)

    return await carry_out(request, target, work, N_("The address is corrected."))


@router.post("/orders/{order_id}/returns")
async def announce(request: Request, order_id: int, form: Form) -> Response:
    """Announce a return and go to its page."""
    by, reason, postage = visitor_of(request).email, text(form, "reason"), "refunds_shipping" in form
    announced: list[int | None] = []
    try:
        quantities = quantities_of(form, "return-")
    except NoNumberError:
        return go(request, f"/orders/{order_id}", NO_NUMBER)

    def work(session: Session) -> None:
        announced.append(announce_return(session, order_id, quantities, reason, by, postage).id)

    answer = await carry_out(request, f"/orders/{order_id}", work, N_("The return is announced."))
    if announced:
        answer.headers["location"] = f"/returns/{announced[0]}"
    return answer


@router.post("/orders/{order_id}/{command}")
async def change(request: Request, order_id: int, command: str, form: Form) -> Response:
    """Carry out a command that needs nothing but the order."""
    if command not in COMMANDS:
        raise not_found()
    service, said = COMMANDS[command]
    by = visitor_of(request).email
    target = local_path(text(form, "next"), f"/orders/{order_id}")
    return await carry_out(request, target, lambda session: service(session, order_id, by), said)
