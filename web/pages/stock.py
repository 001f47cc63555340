"""Stock of the back office: levels, an article's movements, receipts, corrections, transfers, and the warehouses."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from canonical.failure import Failure, FailureError
from erp.queries import stock as queries
from erp.queries.stock import StockQuery
from erp.transfers import StockEntry, TransferForm, book_entry, transfer
from erp.warehouses import WarehouseForm, change_warehouse, create_warehouse
from web.context import Db, Form, deps_of, go, in_db, not_found, render, text, texts, visitor_of, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)
ENTRY_FIELDS = ("kind", "article", "warehouse", "quantity", "note")


@router.get("/stock", response_class=HTMLResponse)
def stock(request: Request, db: Db, wanted: Annotated[StockQuery, Depends()]) -> HTMLResponse:
    """The list of levels by article number."""
    return render(
        request, "stock.html", page=queries.levels(db, wanted), wanted=wanted, warehouses=queries.warehouses(db)
    )


@router.get("/stock/book", response_class=HTMLResponse)
def book(request: Request, db: Db, article: str = "") -> HTMLResponse:
    """Forms for goods that come, are corrected or move."""
    return _booking(request, db, {"article": article})


def _booking(
    request: Request,
    session: Session,
    typed: dict[str, Any],
    *,
    form: str = "",
    errors: dict[str, str] | None = None,
    failure: Failure | None = None,
) -> HTMLResponse:
    return render(
        request,
        "stock_book.html",
        422 if errors or failure else 200,
        typed=typed,
        form=form,
        errors=errors or {},
        failure=failure,
        warehouses=queries.warehouses(session),
        key=secrets.token_hex(8),
    )


async def _booking_again(
    request: Request, form: str, typed: dict[str, Any], errors: dict[str, str], failure: Failure | None
) -> Response:
    """The forms once more with what was typed and what is wrong with it; the form's name for the entry stays."""

    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _booking(request, session, typed, form=form, errors=errors, failure=failure)

    return await run_in_threadpool(show)


@router.post("/stock/entries")
async def enter(request: Request, form: Form) -> Response:
    """Book a receipt or a correction, once however often the form is sent."""
    typed: dict[str, Any] = {name: text(form, name) for name in ENTRY_FIELDS}
    typed["reference"] = text(form, "reference")
    by = visitor_of(request).email
    try:
        values = {
            **typed,
            "quantity": _decimal(typed["quantity"]),
            "reference": typed["reference"] or text(form, "key"),
        }
        entry = StockEntry.model_validate(values)
        booked = await in_db(request, lambda session: book_entry(session, entry, by))
    except ValidationError as error:
        return await _booking_again(request, typed["kind"], typed, _errors(request, error), None)
    except FailureError as error:
        return await _booking_again(request, typed["kind"], typed, {}, error.failure)
    said = N_("Booked: %(quantity)s of %(number)s.") if booked else N_("This was booked before: nothing has moved.")
    target = f"/stock/book?article={typed['article']}" if not booked else "/stock/book"
    return go(request, target, said, **({"quantity": typed["quantity"], "number": entry.article} if booked else {}))


@router.post("/stock/transfers")
async def move(request: Request, form: Form) -> Response:
    """Move goods between two warehouses, once however often the form is sent."""
    lines = [
        (article.strip(), _decimal(quantity))
        for article, quantity in zip(texts(form, "article"), texts(form, "quantity"), strict=False)
        if article.strip() or quantity.strip()
    ]
    typed = {
        "source": text(form, "source"),
        "target": text(form, "target"),
        "note": text(form, "note"),
        "lines": lines,
        "article": lines[0][0] if lines else "",
    }
    by = visitor_of(request).email
    try:
        values = {name: typed[name] for name in ("source", "target", "note", "lines")}
        wanted = TransferForm.model_validate(values | {"key": text(form, "key")})
        number = await in_db(request, lambda session: transfer(session, wanted, by))
    except ValidationError as error:
        return await _booking_again(request, "transfer", typed, _errors(request, error), None)
    except FailureError as error:
        return await _booking_again(request, "transfer", typed, {}, error.failure)
    return go(request, "/stock/book", N_("Moved as transfer %(number)s."), number=number)


def _decimal(typed: str) -> str:
    return typed.strip().replace(",", ".")


def _errors(request: Request, error: ValidationError) -> dict[str, str]:
    """One sentence per field; a value that does not fit as a whole is about the quantity."""
    found = errors_by_field(error, voice_of(request))
    whole = found.pop("", "")
    return (
        {**found, "quantity": voice_of(request).say(N_("Please enter a quantity that moves something."))}
        if whole
        else found
    )


@router.get("/stock/articles/{number:path}", response_class=HTMLResponse)
def article(request: Request, db: Db, number: str, before: str = "") -> HTMLResponse:
    """One article's stock per warehouse with its movements, the newest first."""
    found = queries.detail(db, number, before)
    if found is None:
        raise not_found()
    return render(request, "stock_article.html", found=found, before=before)


@router.get("/stock/warehouses", response_class=HTMLResponse)
def warehouses(request: Request, db: Db) -> HTMLResponse:
    """The warehouses, each with a form to change it, and a form for a new one."""
    return _warehouses(request, db)


def _warehouses(
    request: Request,
    session: Session,
    *,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    failure: Failure | None = None,
) -> HTMLResponse:
    return render(
        request,
        "stock_warehouses.html",
        422 if errors or failure else 200,
        rows=queries.warehouses(session),
        typed=typed or {},
        errors=errors or {},
        failure=failure,
    )


def _warehouse_form(form: FormData, code: str) -> dict[str, Any]:
    named = {name: text(form, name) for name in ("name", "kind")}
    return {"code": code, **named, "country": text(form, "country").upper(), "is_locked": "is_locked" in form}


@router.post("/stock/warehouses")
async def create(request: Request, form: Form) -> Response:
    """Create a warehouse."""
    typed = _warehouse_form(form, text(form, "code"))
    return await _store(request, typed, create_warehouse, N_("Warehouse %(name)s is created."))


@router.post("/stock/warehouses/{code}")
async def change(request: Request, code: str, form: Form) -> Response:
    """Rename or lock a warehouse."""
    return await _store(request, _warehouse_form(form, code), change_warehouse, N_("Warehouse %(name)s is changed."))


async def _store(request: Request, typed: dict[str, Any], service: Any, said: str) -> Response:
    errors: dict[str, str] = {}
    failure = None
    try:
        wanted: BaseModel = WarehouseForm.model_validate(typed)
        await in_db(request, lambda session: service(session, wanted))
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except FailureError as error:
        failure = error.failure
    if not errors and not failure:
        return go(request, "/stock/warehouses", said, name=typed["name"])

    def show() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _warehouses(request, session, typed=typed, errors=errors, failure=failure)

    return await run_in_threadpool(show)
