"""Fulfilment providers: their access, what waits, the files that went and came, and what a person does about them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from canonical.failure import Failure, FailureError
from canonical.partner import PartnerCheck
from canonical.runs import PARTNERS
from erp import partner_orders, partner_tracking, partners
from erp.partners import PartnerForm
from erp.queries import partners as queries
from erp.queries.partners import FileFilter, OrderFilter, ProviderRow
from web.context import (
    Db,
    Form,
    deps_of,
    go,
    in_db,
    lifecycle_of,
    not_found,
    render,
    text,
    texts,
    voice_of,
)
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)
HERE = "/settings/providers"
FIELDS = tuple(name for name in PartnerForm.model_fields if name not in ("secret", "warehouses"))
LARGEST_ID = 2**31 - 1
LARGEST_FILE = 2**63 - 1


def _found(session: Session, partner_id: int) -> ProviderRow:
    rows = queries.providers(session, partner_id) if partner_id <= LARGEST_ID else []
    if not rows:
        raise not_found()
    return rows[0]


@router.get(HERE, response_class=HTMLResponse)
def show_all(request: Request, db: Db) -> HTMLResponse:
    """All providers with what waits and what stops them."""
    return render(request, "partners.html", rows=queries.providers(db))


# --- entering -------------------------------------------------------------------------------------------------------------


@router.get(HERE + "/new", response_class=HTMLResponse)
def new(request: Request, db: Db) -> HTMLResponse:
    """The form for a new provider."""
    blank = PartnerForm.model_construct(code="", name="")
    return _form(request, db, None, {name: getattr(blank, name) for name in FIELDS}, ())


@router.get(HERE + "/{partner_id}/edit", response_class=HTMLResponse)
def edit(request: Request, db: Db, partner_id: int) -> HTMLResponse:
    """The form of a provider; the secret is never shown."""
    partner = _found(db, partner_id).partner
    is_sftp = partner.transport == "sftp"
    host, _, port = partner.address.rpartition(":") if is_sftp else ("", "", "22")
    typed = {name: getattr(partner, name) for name in FIELDS if hasattr(partner, name)}
    typed |= {"folder": "" if is_sftp else partner.address, "host": host, "port": port}
    mine = [row.code for row in queries.warehouses(db, partner_id) if row.partner_id == partner_id]
    return _form(request, db, partner_id, typed, mine)


def _form(
    request: Request,
    session: Session,
    partner_id: int | None,
    typed: Mapping[str, Any],
    chosen: Any,
    *,
    errors: Mapping[str, str] | None = None,
    failure: Failure | None = None,
) -> HTMLResponse:
    return render(
        request,
        "partner_form.html",
        422 if errors or failure else 200,
        found=_found(session, partner_id) if partner_id else None,
        typed=typed,
        chosen=chosen,
        warehouses=queries.warehouses(session, partner_id),
        errors=errors or {},
        failure=failure,
    )


@router.post(HERE + "/new")
def create(request: Request, db: Db, form: Form) -> Response:
    """Create a provider with its warehouse."""
    return _save(request, db, None, form)


@router.post(HERE + "/{partner_id}/edit")
def change(request: Request, db: Db, partner_id: int, form: Form) -> Response:
    """Store what was entered; an empty secret keeps the stored one."""
    return _save(request, db, partner_id, form)


def _save(request: Request, session: Session, partner_id: int | None, form: Any) -> Response:
    typed = {name: text(form, name) for name in FIELDS}
    chosen = texts(form, "warehouses")
    if partner_id is not None:
        typed["code"] = _found(session, partner_id).partner.code
    keyring = deps_of(request).keyring
    try:
        entered = PartnerForm.model_validate(typed | {"secret": text(form, "secret"), "warehouses": tuple(chosen)})
        if partner_id is None:
            saved = partners.create_partner(session, keyring, entered)
        else:
            saved = partners.change_partner(session, keyring, partner_id, entered)
    except ValidationError as error:
        return _form(request, session, partner_id, typed, chosen, errors=errors_by_field(error, voice_of(request)))
    except FailureError as error:
        session.rollback()
        return _form(request, session, partner_id, typed, chosen, failure=error.failure)
    session.commit()
    said = N_("Saved. Test the connection before the first exchange.") if partner_id is None else N_("Saved.")
    return go(request, f"{HERE}/{saved.id}", said)


# --- one provider ---------------------------------------------------------------------------------------------------------


@router.get(HERE + "/{partner_id}", response_class=HTMLResponse)
def show(request: Request, db: Db, partner_id: int, wanted: Annotated[FileFilter, Depends()]) -> HTMLResponse:
    """A provider with its files, newest first."""
    return _page(request, db, partner_id, wanted)


def _page(
    request: Request, session: Session, partner_id: int, wanted: FileFilter, check: PartnerCheck | None = None
) -> HTMLResponse:
    return render(
        request,
        "partner.html",
        found=_found(session, partner_id),
        page=queries.files(session, partner_id, wanted),
        wanted=wanted,
        tab="files",
        check=check,
    )


@router.get(HERE + "/{partner_id}/orders", response_class=HTMLResponse)
def show_orders(request: Request, db: Db, partner_id: int, wanted: Annotated[OrderFilter, Depends()]) -> HTMLResponse:
    """The orders that a provider gets, has or had."""
    page = queries.orders(db, partner_id, wanted)
    found = _found(db, partner_id)
    return render(request, "partner_orders.html", found=found, page=page, wanted=wanted, tab="orders", check=None)


@router.get(HERE + "/{partner_id}/files/{file_id}", response_class=HTMLResponse)
def show_file(request: Request, db: Db, partner_id: int, file_id: int) -> HTMLResponse:
    """One file: what became of its records, line by line."""
    found = _found(db, partner_id)
    file = queries.file(db, partner_id, file_id) if file_id <= LARGEST_FILE else None
    if file is None:
        raise not_found()
    return render(request, "partner_file.html", found=found, file=file, tab="files", check=None)


@router.post(HERE + "/{partner_id}/test")
async def test(request: Request, partner_id: int) -> Response:
    """Sign in and look into the folders; transfers nothing. What was found is shown at once."""
    await in_db(request, lambda session: _found(session, partner_id))
    try:
        check = await lifecycle_of(request).test_partner(partner_id)
    except FailureError as error:
        return go(request, f"{HERE}/{partner_id}", failure=error.failure)
    return await in_db(request, lambda session: _page(request, session, partner_id, FileFilter(), check))


async def _carry_out(
    request: Request, target: str, work: Callable[[Session], object], said: str, *, exchanges: bool = False
) -> Response:
    """Do it in one transaction, then start the exchange where it is wanted; a refusal is shown and leaves nothing behind."""
    try:
        await in_db(request, work)
        if exchanges:
            await lifecycle_of(request).run_house(PARTNERS)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, target, failure=error.failure)
    return go(request, target, said)


@router.post(HERE + "/{partner_id}/host-key")
async def confirm_key(request: Request, partner_id: int, form: Form) -> Response:
    """Keep the server's key that the person has compared."""
    key = text(form, "host_key")
    said = N_("The key is confirmed. Test the connection once more.")
    return await _carry_out(
        request, f"{HERE}/{partner_id}", lambda session: partners.pin_host_key(session, partner_id, key), said
    )


@router.post(HERE + "/{partner_id}/exchange")
async def exchange(request: Request, partner_id: int) -> Response:
    """Try a stopped provider again, and exchange files now."""
    said = N_("The exchange has started; its files appear here.")
    return await _carry_out(
        request, f"{HERE}/{partner_id}", lambda session: partners.try_again(session, partner_id), said, exchanges=True
    )


@router.post(HERE + "/{partner_id}/active")
async def switch(request: Request, partner_id: int, form: Form) -> Response:
    """Switch a provider on or off."""
    is_active = text(form, "active") == "1"
    said = N_("The provider is switched on.") if is_active else N_("The provider is switched off.")
    return await _carry_out(
        request, f"{HERE}/{partner_id}", lambda session: partners.set_active(session, partner_id, is_active), said
    )


@router.post(HERE + "/{partner_id}/files/{file_id}/again")
async def again(request: Request, partner_id: int, file_id: int) -> Response:
    """Take a file with refused records once more."""
    said = N_("The file is taken again; what was booked stays.")
    target = f"{HERE}/{partner_id}/files/{file_id}"

    def work(session: Session) -> None:
        partner_tracking.take_again(session, partner_id, min(file_id, LARGEST_FILE))

    return await _carry_out(request, target, work, said, exchanges=True)


@router.post(HERE + "/{partner_id}/orders/{order_id}/again")
async def hand_over_again(request: Request, partner_id: int, order_id: int) -> Response:
    """Let an order go out to its provider once more."""
    said = N_("The order goes out with the next file.")
    target = f"{HERE}/{partner_id}/orders"

    def work(session: Session) -> None:
        partner_orders.hand_over_again(session, min(order_id, LARGEST_FILE))

    return await _carry_out(request, target, work, said)
