"""Who may log in."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError

from erp import accounts
from web.context import Db, Form, go, render, text, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)


@router.get("/settings/people", response_class=HTMLResponse)
def people(request: Request, db: Db) -> HTMLResponse:
    """Everybody, and a form to add somebody."""
    return render(request, "people.html", people=accounts.list_accounts(db), typed={}, errors={})


@router.post("/settings/people")
def add(request: Request, db: Db, form: Form) -> Response:
    """Add a person; the typed password is never given back."""
    typed = {name: text(form, name) for name in ("email", "name", "language")}
    errors: dict[str, str] = {}
    try:
        new = accounts.NewAccount.model_validate(typed | {"password": form.get("password")})
        accounts.create_account(db, new)
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except accounts.AccountExistsError:
        errors = {"email": voice_of(request).say(N_("This person is already here."))}
    if errors:
        return render(request, "people.html", 422, people=accounts.list_accounts(db), typed=typed, errors=errors)
    db.commit()
    return go(request, "/settings/people", N_("%(email)s can log in now."), email=new.email)
