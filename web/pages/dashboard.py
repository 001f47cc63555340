"""The first page, and the search of the top bar."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from erp.queries import integrations
from erp.queries import search as queries
from web.context import Db, render, today
from web.journal_tabs import key_of

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def dashboard(request: Request, db: Db) -> HTMLResponse:
    """All integrations with what needs a person first."""
    rows = integrations.overview(db, today())
    turnover: dict[str, object] = {}
    for row in rows:
        for currency, total in row.turnover_today.items():
            turnover[currency] = total + turnover.get(currency, 0)  # type: ignore[operator]
    return render(
        request,
        "dashboard.html",
        rows=rows,
        installed=integrations.installed(db),
        orders_today=sum(row.orders_today for row in rows),
        turnover=turnover,
        parked=sum(row.parked for row in rows),
        waiting=sum(row.waiting for row in rows),
        journal_key_of=key_of,
    )


@router.get("/integrations", response_class=HTMLResponse)
def all_integrations(request: Request, db: Db) -> HTMLResponse:
    """All integrations as a table."""
    return render(request, "integrations.html", rows=integrations.overview(db, today()))


@router.get("/search", response_class=HTMLResponse)
def search(request: Request, db: Db, q: str = "") -> HTMLResponse:
    """Orders, articles and integrations that a text names."""
    return render(request, "search.html", q=q, found=queries.search(db, q))
