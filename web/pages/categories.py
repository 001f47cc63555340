"""The category tree: create, rename, move and delete."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from erp.categories import CategoryForm, change_category, create_category, delete_category
from erp.queries import catalogue
from erp.queries.paging import number_key
from web.context import Db, Form, go, in_db, render, text, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/categories", response_class=HTMLResponse)
def categories(request: Request, db: Db, category: str = "") -> HTMLResponse:
    """The tree, and the form of the chosen category or a new one."""
    return _page(request, db, number_key(category))


def _page(
    request: Request,
    session: Session,
    chosen_id: int | None,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> HTMLResponse:
    tree = catalogue.categories(session)
    chosen = next((row for row in tree if row.id == chosen_id), None)
    shown = typed or (vars(chosen) if chosen else {})
    status = 422 if errors else 200
    return render(request, "categories.html", status, tree=tree, chosen=chosen, typed=shown, errors=errors or {})


@router.post("/categories")
async def save(request: Request, form: Form) -> Response:
    """Create a category, or rename and move the chosen one."""
    typed = {
        "name": text(form, "name"),
        "parent_id": number_key(text(form, "parent")),
        "position": text(form, "position") or "0",
    }
    chosen = number_key(text(form, "category"))
    try:
        wanted = CategoryForm.model_validate(typed)
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
        return await in_db(request, lambda session: _page(request, session, chosen, typed, errors))
    work: Callable[[Session], object] = (
        (lambda session: change_category(session, chosen, wanted))
        if chosen
        else (lambda session: create_category(session, wanted))
    )
    await in_db(request, work)
    return go(request, "/categories", N_("The category %(name)s is saved."), name=wanted.name)


@router.post("/categories/delete")
async def delete(request: Request, form: Form) -> Response:
    """Delete a category; its content moves up if that was chosen."""
    chosen = number_key(text(form, "category")) or 0
    moves_up = text(form, "moves_up") == "yes"
    await in_db(request, lambda session: delete_category(session, chosen, moves_up=moves_up))
    return go(request, "/categories", N_("The category is deleted."))
