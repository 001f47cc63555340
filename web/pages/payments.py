"""Money of the back office: orders that wait for it, and refunds that are released and executed (D§2.8)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from erp.payments import execute_refund, fail_refund, release_refund
from erp.queries import payments as queries
from erp.queries.payments import OF_REFUNDS, WAITING, PaymentFilter
from web.commands import carry_out
from web.context import Db, Form, go, local_path, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)

COMMANDS: Mapping[str, tuple[Callable[[Session, int, str], Any], str]] = {
    "release": (release_refund, N_("The refund is released. Execute it once the money is on its way.")),
    "execute": (execute_refund, N_("The refund is executed.")),
}


@router.get("/payments", response_class=HTMLResponse)
def payments(request: Request, db: Db, wanted: Annotated[PaymentFilter, Depends()]) -> HTMLResponse:
    """Orders that wait for money, refunds by their state, or all that came in."""
    is_waiting = wanted.state == WAITING
    return render(
        request,
        "payments.html",
        page=queries.waiting(db, wanted) if is_waiting else queries.payments(db, wanted),
        counts=queries.counts(db),
        wanted=wanted,
        refund_states=OF_REFUNDS,
    )


@router.post("/payments/{payment_id}/fail")
async def fail(request: Request, payment_id: int, form: Form) -> Response:
    """Note that a refund is not paid out, and why."""
    by, note, target = visitor_of(request).email, text(form, "note"), local_path(text(form, "next"), "/payments")
    if not note:
        return go(request, target, N_("Say why the refund is not paid out."))
    return await carry_out(
        request, target, lambda session: fail_refund(session, payment_id, note, by), N_("The refund is set aside.")
    )


@router.post("/payments/{payment_id}/{command}")
async def advance(request: Request, payment_id: int, command: str, form: Form) -> Response:
    """Release or execute a refund."""
    if command not in COMMANDS:
        raise not_found()
    service, said = COMMANDS[command]
    by, target = visitor_of(request).email, local_path(text(form, "next"), "/payments")
    return await carry_out(request, target, lambda session: service(session, payment_id, by), said)
