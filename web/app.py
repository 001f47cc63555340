"""The web application: pages, files, error pages; everything it uses is handed in."""

import logging
from pathlib import Path

import starlette_admin
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from canonical.failure import FailureError
from erp.database import failure_of
from web import hooks
from web.context import LoginNeededError, Visitor, WebDeps, deps_of, go, local_path, texts_of
from web.i18n import Texts, pick
from web.pages import (
    article_parts,
    articles,
    auth,
    categories,
    checklist,
    connectors,
    customers,
    dashboard,
    documents,
    feature,
    foreign_numbers,
    golive,
    grants,
    initial_file,
    integration,
    journal,
    listing,
    master,
    migration,
    orders,
    pairing,
    partners,
    payments,
    people,
    records,
    returns,
    runs,
    shipping,
    stock,
    stocktakes,
    taxonomy,
    templates_page,
    wizard,
)
from web.security import LoginThrottle, SecurityHeaders, guard
from web.templating import Templates

__all__ = ["WebDeps", "create_app"]

STATIC = Path(__file__).parent / "static"
TABLER = Path(starlette_admin.__file__).parent / "static"
log = logging.getLogger(__name__)

PAGES = (
    auth, dashboard, connectors, wizard, grants, integration, migration, pairing, taxonomy, initial_file, golive, listing, feature, journal, records, runs, shipping, orders, payments, returns, article_parts, articles, foreign_numbers, categories,
    customers, checklist, master, partners, people, documents, templates_page, stock, stocktakes,
)  # fmt: skip


def create_app(deps: WebDeps) -> FastAPI:
    """Build the application; the caller runs it and owns the parts in `deps`."""
    app = FastAPI(title="Connect", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(guard)])
    app.state.deps = deps
    app.state.texts = Texts()
    app.state.templates = Templates(app.state.texts)
    app.state.throttle = LoginThrottle()
    for page in PAGES:
        app.include_router(page.router)
    app.add_api_route("/healthz", _healthy, methods=["GET"], response_class=PlainTextResponse)
    app.mount("/hooks", hooks.application(deps))
    app.mount("/media", hooks.images(deps))
    app.mount("/static/tabler", StaticFiles(directory=TABLER))
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(LoginNeededError, _ask_to_log_in)
    app.add_exception_handler(HTTPException, _say_status)
    app.add_exception_handler(RequestValidationError, _say_nothing_here)
    app.add_exception_handler(FailureError, _say_failure)
    app.add_exception_handler(DBAPIError, _say_database)
    app.add_exception_handler(Exception, _say_bug)
    return app


def _healthy() -> str:
    return "ok"


async def _ask_to_log_in(request: Request, _: Exception) -> Response:
    if request.headers.get("x-fragment"):
        return Response(status_code=401)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    response = RedirectResponse("/login", status_code=303)
    if request.method == "GET" and target != "/":
        response.set_cookie("next", target, max_age=600, httponly=True, samesite="lax")
    return response


async def _say_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = str(error.detail) if isinstance(error, HTTPException) else ""
    return await _page(request, status, reason=reason)


async def _say_nothing_here(request: Request, _: Exception) -> Response:
    return await _page(request, 404)


async def _say_failure(request: Request, error: Exception) -> Response:
    """A refused command: back to the page it came from with the reason; a page that cannot be shown says why."""
    if not isinstance(error, FailureError):
        raise error
    if request.method == "POST":
        came_from = request.headers.get("referer", "").removeprefix(str(request.base_url).rstrip("/"))
        return go(request, local_path(came_from), failure=error.failure)
    return await _page(request, 503, failure=error.failure)


async def _say_database(request: Request, error: Exception) -> Response:
    if not isinstance(error, DBAPIError):
        raise error
    log.error("database: %s", type(error.orig).__name__)
    return await _page(request, 503, failure=failure_of(error))


async def _say_bug(request: Request, _: Exception) -> Response:
    """The page for a bug of ours; Starlette raises the error on, so that the server logs it."""
    return await _page(request, 500)


async def _page(request: Request, status: int, **context: object) -> HTMLResponse:
    """An error page stands alone: it must work when the database does not."""
    visitor = getattr(request.state, "visitor", None) or Visitor(
        0, "", "", pick(request.cookies.get("language") or request.headers.get("accept-language", "")), "light", ""
    )
    templates: Templates = request.app.state.templates
    texts: Texts = texts_of(request)
    deps: WebDeps = deps_of(request)
    values = {
        "status": status,
        "visitor": visitor,
        "failure": None,
        "reason": "",
        "request": request,
        "specs": deps.specs,
    }
    said = await run_in_threadpool(
        templates.render, visitor.language, "error.html", values | context | {"title": texts.say(visitor.language, "")}
    )
    return HTMLResponse(said, status_code=status)
