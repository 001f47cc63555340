"""Go-live in two stages (D§6.1): features switched on, then productive mode; what is missing stands beside it."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from canonical.failure import Failure, FailureError
from canonical.feature import Mode
from canonical.lifecycle import By, GoLive, Readiness
from web import places
from web.context import Form, deps_of, fragment, go, in_db, lifecycle_of, not_found, render_async, text, visitor_of
from web.i18n import N_
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)


async def _readiness(request: Request, integration_id: str) -> Readiness:
    by = By(by=visitor_of(request).email)
    return await lifecycle_of(request).send(integration_id, "check_readiness", by, Readiness)


@router.get("/integrations/{integration_id}/readiness", response_class=HTMLResponse)
async def readiness(request: Request, integration_id: str) -> HTMLResponse:
    """A piece of a page: how much is green."""
    try:
        report = await _readiness(request, integration_id)
    except FailureError as error:
        return fragment(request, "readiness.html", report=None, failure=error.failure, integration_id=integration_id)
    return fragment(request, "readiness.html", report=report, failure=None, integration_id=integration_id)


@router.get("/integrations/{integration_id}/go-live", response_class=HTMLResponse)
async def show(request: Request, integration_id: str) -> Response:
    """Both stages as one control, with the readiness report."""
    return await _page(request, integration_id)


async def _page(
    request: Request, integration_id: str, start_at: str = "", refused: Failure | None = None, error: str = ""
) -> Response:
    row = await in_db(request, lambda session: found_or_404(session, integration_id))
    spec = deps_of(request).specs.get(row.connector)
    if spec is not None and not spec.is_productive:
        raise not_found()
    report, failure = None, refused
    try:
        report = await _readiness(request, integration_id)
    except FailureError as problem:
        failure = refused or problem.failure
    status = 422 if refused or error else 200
    return await render_async(
        request,
        "go_live.html",
        status,
        row=row,
        tab="golive",
        report=report,
        failure=failure,
        start_at=start_at,
        error=error,
        is_live=row.mode is Mode.PRODUCTIVE,
    )


@router.post("/integrations/{integration_id}/go-live")
async def go_live(request: Request, integration_id: str, form: Form) -> Response:
    """Switch productive mode on; orders last changed before the chosen moment stay out."""
    typed = text(form, "start_at")
    start_at: datetime | None = None
    if typed:
        try:
            start_at = datetime.fromisoformat(typed).astimezone()
        except ValueError:
            return await _page(request, integration_id, typed, error=N_("Please enter date and time."))
    try:
        await lifecycle_of(request).send(
            integration_id, "go_live", GoLive(start_at=start_at, by=visitor_of(request).email)
        )
    except FailureError as problem:
        return await _page(request, integration_id, typed, problem.failure)
    return go(
        request, places.integration(integration_id), N_("Productive mode is on. From now on everything runs by itself.")
    )
