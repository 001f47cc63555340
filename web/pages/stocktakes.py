"""Stocktakes: counted at the shelf with keyboard or scanner, or by a pasted list; then posted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.failure import Failure, FailureError
from erp.queries import stock as queries
from erp.queries.stock import CountQuery
from erp.scanning import ScannedArticle, refusal, scan
from erp.stocktakes import (
    CountEntry,
    CountReport,
    cancel_stocktake,
    count,
    parse_counts,
    post_stocktake,
    start_stocktake,
)
from web.context import Db, Form, deps_of, go, in_db, not_found, render, text, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
LARGEST_ID = 2**31 - 1
MOST_SHOWN = 200
"""Refused lines of a pasted list that are named on the page; the rest is counted."""


@router.get("/stock/stocktakes", response_class=HTMLResponse)
def stocktakes(request: Request, db: Db, before: str = "") -> HTMLResponse:
    """The stocktakes, the newest first, and a form to begin one."""
    page = queries.stocktakes(db, before)
    return render(request, "stocktakes.html", page=page, before=before, warehouses=queries.warehouses(db))


@router.post("/stock/stocktakes")
async def start(request: Request, form: Form) -> Response:
    """Begin a stocktake of a warehouse."""
    by, warehouse, note = visitor_of(request).email, text(form, "warehouse"), text(form, "note")
    try:
        started = await in_db(request, lambda session: start_stocktake(session, warehouse, by, note))
    except FailureError as error:
        return go(request, "/stock/stocktakes", failure=error.failure)
    return go(request, f"/stock/stocktakes/{started.id}", N_("Stocktake %(number)s has begun."), number=started.number)


@router.get("/stock/stocktakes/{stocktake_id}", response_class=HTMLResponse)
def show(
    request: Request, db: Db, stocktake_id: int, wanted: Annotated[CountQuery, Depends()], article: str = ""
) -> HTMLResponse:
    """One stocktake: what was scanned waits for its quantity; below, what is counted and what is not."""
    return _page(request, db, stocktake_id, wanted, article=article)


def _page(
    request: Request,
    session: Session,
    stocktake_id: int,
    wanted: CountQuery,
    *,
    article: str = "",
    failure: Failure | None = None,
    report: CountReport | None = None,
) -> HTMLResponse:
    found = queries.stocktake(session, stocktake_id) if stocktake_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    scanned: ScannedArticle | None = scan(session, [article]).get(article) if article else None
    if article and failure is None:
        failure = refusal(article, scanned, Decimal(1))
    is_countable = scanned is not None and scanned.is_stock_article
    return render(
        request,
        "stocktake.html",
        422 if failure or report else 200,
        found=found,
        wanted=wanted,
        page=queries.counts(session, stocktake_id, wanted),
        last=queries.last_counts(session, stocktake_id),
        scanned=scanned if is_countable else None,
        before=queries.count_of(session, stocktake_id, scanned.id) if scanned else None,
        typed=article,
        failure=failure,
        report=report,
        most_shown=MOST_SHOWN,
    )


@router.post("/stock/stocktakes/{stocktake_id}/count")
async def count_one(request: Request, stocktake_id: int, form: Form) -> Response:
    """Take one count; a scan without a quantity asks for it next."""
    article, counted, by = text(form, "article"), text(form, "counted"), visitor_of(request).email
    here = f"/stock/stocktakes/{stocktake_id}"
    if not article:
        return go(request, here)
    if not counted:
        return go(request, f"{here}?{urlencode({'article': article})}")

    def work(session: Session) -> CountReport:
        return count(session, stocktake_id, [CountEntry(1, article, counted)], by)

    report = await _do(request, work)
    if isinstance(report, Failure):
        return go(request, here, failure=report)
    if report.refused:
        return await _again(request, stocktake_id, article=article, failure=report.refused[0].failure)
    return go(request, here, N_("%(article)s: %(counted)s counted."), article=article, counted=counted)


@router.post("/stock/stocktakes/{stocktake_id}/paste")
async def paste(request: Request, stocktake_id: int, form: Form) -> Response:
    """Take a pasted list; the lines that were refused are named."""
    pasted, by = text(form, "list"), visitor_of(request).email
    here = f"/stock/stocktakes/{stocktake_id}"

    def work(session: Session) -> CountReport:
        return count(session, stocktake_id, parse_counts(pasted), by)

    report = await _do(request, work)
    if isinstance(report, Failure):
        return go(request, here, failure=report)
    if report.refused:
        return await _again(request, stocktake_id, report=report)
    return go(request, here, N_("%(number)s articles counted."), number=report.taken)


async def _do(request: Request, work: Callable[[Session], CountReport]) -> CountReport | Failure:
    try:
        return await in_db(request, work)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return error.failure


async def _again(
    request: Request,
    stocktake_id: int,
    *,
    article: str = "",
    failure: Failure | None = None,
    report: CountReport | None = None,
) -> Response:
    def page() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _page(request, session, stocktake_id, CountQuery(), article=article, failure=failure, report=report)

    return await run_in_threadpool(page)


@router.post("/stock/stocktakes/{stocktake_id}/post")
async def post(request: Request, stocktake_id: int) -> Response:
    """Post the differences; posting again changes nothing."""
    by, here = visitor_of(request).email, f"/stock/stocktakes/{stocktake_id}"
    try:
        moved = await in_db(request, lambda session: post_stocktake(session, stocktake_id, by))
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, here, failure=error.failure)
    return go(request, here, N_("Posted: %(number)s articles have a new level."), number=moved)


@router.post("/stock/stocktakes/{stocktake_id}/cancel")
async def cancel(request: Request, stocktake_id: int) -> Response:
    """Cancel the stocktake; nothing moves."""
    here = f"/stock/stocktakes/{stocktake_id}"
    try:
        await in_db(request, lambda session: cancel_stocktake(session, stocktake_id))
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, here, failure=error.failure)
    return go(request, here, N_("The stocktake is cancelled: nothing has moved."))
