"""Returns of the back office: received into stock and settled with a credit note and a refund (D§10.5)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import FormData

from erp.queries import returns as queries
from erp.queries.returns import ReturnFilter
from erp.returns import ReceivedLine, cancel_return, receive_return, settle_return
from web.commands import LARGEST_ID, NO_NUMBER, NoNumberError, carry_out, number_of
from web.context import Db, Form, go, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/returns", response_class=HTMLResponse)
def returns(request: Request, db: Db, wanted: Annotated[ReturnFilter, Depends()]) -> HTMLResponse:
    """The list of returns, newest first."""
    return render(request, "returns.html", page=queries.returns(db, wanted), wanted=wanted)


@router.get("/returns/{return_id}", response_class=HTMLResponse)
def one_return(request: Request, db: Db, return_id: int) -> HTMLResponse:
    """One return with its lines and the next step."""
    found = queries.one_return(db, return_id) if return_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(request, "return.html", found=found)


@router.post("/returns/{return_id}/receive")
async def receive(request: Request, return_id: int, form: Form) -> Response:
    """Receive what came."""
    by, target = visitor_of(request).email, f"/returns/{return_id}"
    try:
        received = _received(form)
    except (NoNumberError, ValidationError):
        return go(request, target, NO_NUMBER)

    def work(session: Session) -> object:
        return receive_return(session, return_id, received, by)

    return await carry_out(request, target, work, N_("The goods are received."))


def _received(form: FormData) -> dict[int, ReceivedLine]:
    """What a person entered per line."""
    ids = [key.removeprefix("quantity-") for key in form if key.startswith("quantity-")]
    return {
        int(id): ReceivedLine(
            quantity=number_of(text(form, f"quantity-{id}")),
            restocks=text(form, f"warehouse-{id}") != "",
            warehouse=text(form, f"warehouse-{id}"),
            condition=text(form, f"condition-{id}"),
        )
        for id in ids
        if id.isdecimal() and len(id) < 19
    }


@router.post("/returns/{return_id}/settle")
async def settle(request: Request, return_id: int) -> Response:
    """Issue the credit note and open the refund."""
    by = visitor_of(request).email
    return await carry_out(
        request,
        f"/returns/{return_id}",
        lambda session: settle_return(session, return_id, by),
        N_("The return is settled: the credit note is issued. A refund waits under 'Payments'."),
    )


@router.post("/returns/{return_id}/cancel")
async def call_off(request: Request, return_id: int) -> Response:
    """Call an announced return off."""
    by = visitor_of(request).email
    return await carry_out(
        request,
        f"/returns/{return_id}",
        lambda session: cancel_return(session, return_id, by),
        N_("The return is called off."),
    )
