"""Master data: payment and shipping methods, terms, groups, projects, rates; documents that waited for one run again."""

from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from canonical.failure import Failure, FailureError
from erp import master
from erp.documents import today
from erp.master import REGISTERS, Register
from erp.oss import oss_state, set_threshold
from web.context import Db, Form, deps_of, go, in_db, not_found, render, text, visitor_of, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)


def _register(name: str) -> Register:
    if name not in REGISTERS:
        raise not_found()
    return REGISTERS[name]


@router.get("/settings/master-data", response_class=HTMLResponse)
def first(request: Request, db: Db) -> HTMLResponse:
    """The first register."""
    return show(request, db, next(iter(REGISTERS)))


@router.get("/settings/master-data/{name}", response_class=HTMLResponse)
def show(request: Request, db: Db, name: str) -> HTMLResponse:
    """One register with its rows, each with a form to change it, and a form for a new one."""
    return _page(request, db, name)


def _page(
    request: Request,
    session: Session,
    name: str,
    *,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    failure: Failure | None = None,
    is_new: bool = False,
) -> HTMLResponse:
    register = _register(name)
    return render(
        request,
        "master.html",
        422 if errors or failure else 200,
        registers=REGISTERS,
        name=name,
        register=register,
        fields=_fields(register),
        rows=master.rows(session, name),
        typed=typed or {},
        errors=errors or {},
        failure=failure,
        is_new=is_new,
        oss=oss_state(session, today()) if name == "tax-rates" else None,
    )


def _fields(register: Register) -> list[dict[str, Any]]:
    """What a form shows per field: a switch, a choice or a text."""
    schema = register.form.model_json_schema()
    found = []
    for name, field in schema["properties"].items():
        kind = "switch" if field.get("type") == "boolean" else "select" if "enum" in field else "text"
        found.append({"name": name, "kind": kind, "choices": field.get("enum", ()), "is_key": name in register.key})
    return found


def _values(register: Register, form: FormData) -> dict[str, Any]:
    """The posted values; an empty text is left out, so that the form's default counts."""
    values: dict[str, Any] = {}
    for field in _fields(register):
        name = field["name"]
        if field["kind"] == "switch":
            values[name] = name in form
        elif typed := text(form, name):
            values[name] = typed.replace(",", ".") if _is_number(register, name) else typed
    return values


def _is_number(register: Register, name: str) -> bool:
    return name in ("rate", "max_parcel_weight") and name in register.form.model_fields


@router.post("/settings/delivery-threshold")
async def save_threshold(request: Request, form: Form) -> Response:
    """Set the EU delivery threshold; 1.00 lets the countries' rates apply at once."""
    here, by = "/settings/master-data/tax-rates", visitor_of(request).email
    try:
        threshold = Decimal(text(form, "threshold").replace(",", "."))
    except InvalidOperation:
        threshold = Decimal(0)
    try:
        await in_db(request, lambda db: set_threshold(db, threshold, today(), by))
    except FailureError as error:
        return go(request, here, failure=error.failure)
    return go(request, here, N_("The delivery threshold is saved."))


@router.post("/settings/master-data/{name}")
async def save(request: Request, name: str, form: Form) -> Response:
    """Add, change or remove a row."""
    register = _register(name)
    doing = text(form, "do")
    values = _values(register, form)
    here = f"/settings/master-data/{name}"
    errors: dict[str, str] = {}
    failure = None
    released = 0
    try:
        if doing == "add":
            released = await in_db(request, lambda db: master.add(db, name, values))
        elif doing == "change":
            await in_db(request, lambda db: master.change(db, name, values))
        elif doing == "remove":
            await in_db(request, lambda db: master.remove(db, name, values))
            return go(request, here, N_("The entry is removed."))
        else:
            raise not_found()
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        failure = error.failure
    if errors or failure:
        return await _again(request, name, values, errors, failure, is_new=doing == "add")
    if released:
        return go(request, here, N_("Saved. %(number)s waiting documents run again."), number=released)
    return go(request, here, N_("Saved."))


async def _again(
    request: Request, name: str, typed: dict[str, Any], errors: dict[str, str], failure: Failure | None, *, is_new: bool
) -> Response:
    def page() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _page(request, session, name, typed=typed, errors=errors, failure=failure, is_new=is_new)

    return await run_in_threadpool(page)
