"""Login, logout, language and theme."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from erp import accounts
from web.context import Db, Form, go, local_path, render, text, visitor_of
from web.i18n import LANGUAGES, N_
from web.security import SESSION, LoginThrottle, begin_session

router = APIRouter(include_in_schema=False)
YEAR = 365 * 24 * 3600


@router.get("/login", response_class=HTMLResponse)
def show_login(request: Request, db: Db) -> Response:
    """The login form; a browser without a session gets an anonymous one for the form's token."""
    return _form(request, db)


def _form(request: Request, db: Db, *, email: str = "", error: str = "", status: int = 200) -> Response:
    visitor = visitor_of(request)
    if visitor.is_known:
        return go(request, "/")
    if not visitor.csrf:
        response = go(request, "/login")
        begin_session(request, response, None)
        return response
    nobody = accounts.count_accounts(db) == 0
    return render(request, "login.html", status, email=email, error=error, nobody=nobody)


@router.post("/login")
def log_in(request: Request, db: Db, form: Form) -> Response:
    """Check the password and begin a session under a new token."""
    throttle: LoginThrottle = request.app.state.throttle
    email = text(form, "email").lower()
    keys = (f"email:{email}", f"address:{request.client.host if request.client else ''}")
    if throttle.must_wait(*keys):
        return _form(request, db, email=email, error=N_("Too many attempts. Please wait a minute."), status=429)
    password = form.get("password")
    account = accounts.verify_password(db, email, password) if isinstance(password, str) else None
    if account is None:
        throttle.failed(*keys)
        return _form(request, db, email=email, error=N_("E-mail or password is wrong."), status=422)
    throttle.succeeded(*keys)
    db.commit()
    response = go(request, local_path(request.cookies.get("next", "/")))
    response.delete_cookie("next")
    begin_session(request, response, account)
    return response


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End the session."""
    response = go(request, "/login")
    response.delete_cookie(SESSION)
    return response


@router.post("/preferences")
def prefer(request: Request, form: Form) -> Response:
    """Remember language and theme in this browser."""
    response = go(request, text(form, "next", "/"))
    if (language := text(form, "language")) in LANGUAGES:
        response.set_cookie("language", language, max_age=YEAR, samesite="lax")
    if (theme := text(form, "theme")) in ("light", "dark"):
        response.set_cookie("theme", theme, max_age=YEAR, samesite="lax")
    return response
