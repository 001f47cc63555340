"""The journal's tabs of records, with filters in the URL and actions on many."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.lifecycle import RunNow
from erp import inbox
from erp.links import send_again
from erp.queries import journal, sent
from erp.queries.journal import DocumentFilter
from erp.queries.sent import LinkFilter
from erp.tables import InboxDocument, Link
from web.context import Db, Form, go, in_db, lifecycle_of, not_found, render, text, texts, visitor_of
from web.i18n import N_
from web.journal_tabs import LISTINGS, key_of, tabs

router = APIRouter(include_in_schema=False)
FEATURES = {key_of(feature): feature for feature in sent.SHOWN}


def document_filter(  # noqa: PLR0917 - the URL's parameters
    integration: str = "",
    state: str = "",
    code: str = "",
    q: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
) -> DocumentFilter:
    """Read the orders tab's filter from the URL; a date that is none counts as not given."""
    return DocumentFilter(integration, state, code, q.strip(), _day(since), _day(until), before)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


@router.get("/journal")
def first(request: Request) -> Response:
    """The journal begins with the orders."""
    return go(request, "/journal/orders")


@router.get("/journal/orders", response_class=HTMLResponse)
def orders(request: Request, db: Db, wanted: Annotated[DocumentFilter, Depends(document_filter)]) -> HTMLResponse:
    """Imported documents, newest first."""
    page = journal.documents(db, wanted)
    return render(request, "journal_orders.html", tab="orders", tabs=tabs(db), page=page, wanted=wanted)


@router.get("/journal/stock", response_class=HTMLResponse)
@router.get("/journal/prices", response_class=HTMLResponse)
@router.get("/journal/articles", response_class=HTMLResponse)
@router.get("/journal/categories", response_class=HTMLResponse)
@router.get("/journal/shipments", response_class=HTMLResponse)
@router.get("/journal/documents", response_class=HTMLResponse)
@router.get("/journal/refunds", response_class=HTMLResponse)
@router.get("/journal/replies", response_class=HTMLResponse)
def links(request: Request, db: Db, wanted: Annotated[LinkFilter, Depends()]) -> HTMLResponse:
    """Records of ours in the channels: what was confirmed, what waits, what failed."""
    tab = request.url.path.rpartition("/")[2]
    feature = FEATURES[tab]
    return render(
        request,
        "journal_links.html",
        tab=tab,
        tabs=tabs(db),
        page=sent.links(db, feature, wanted),
        wanted=wanted,
        feature=feature,
        listing=LISTINGS[feature],
    )


@router.post("/journal/orders")
async def act_on_documents(
    request: Request, form: Form, wanted: Annotated[DocumentFilter, Depends(document_filter)]
) -> Response:
    """Run documents again, or set them aside: the ticked ones, or all that the filter names."""
    by = visitor_of(request).email
    action = text(form, "action")
    if action not in ("run_again", "ignore"):
        raise not_found()

    def move(session: Session) -> tuple[int, list[str]]:
        chosen = journal.matching_ids(session, wanted) if text(form, "all") == "yes" else _numbers(texts(form, "ids"))
        if not chosen:
            return 0, []
        if action == "ignore":
            return inbox.ignore(session, chosen, by), []
        moved = inbox.run_again(session, chosen, by)
        concerned = select(InboxDocument.integration_id).where(col(InboxDocument.id).in_(chosen)).distinct()
        return moved, list(session.exec(concerned))

    number, concerned = await in_db(request, move)
    back = text(form, "next") or "/journal/orders"
    failure = await _hint(request, concerned, Feature.ORDERS, by)
    if failure is not None:
        return go(request, back, failure=failure)
    if not number:
        return go(request, back, N_("Nothing was chosen that can be moved."))
    said = N_("%(number)s documents run again.") if action == "run_again" else N_("%(number)s documents are ignored.")
    return go(request, back, said, number=number)


@router.post("/journal/links")
async def send_links_again(request: Request, form: Form) -> Response:
    """Send ticked records again, whatever was accepted before."""
    by = visitor_of(request).email
    chosen = _numbers(texts(form, "ids"))

    def move(session: Session) -> tuple[int, list[tuple[str, str]]]:
        concerned = session.exec(
            select(Link.integration_id, Link.kind).where(col(Link.id).in_(chosen)).distinct()
        ).all()
        return send_again(session, chosen, by) if chosen else 0, [(one, kind) for one, kind in concerned]

    number, concerned = await in_db(request, move)
    back = text(form, "next") or "/journal/stock"
    for integration_id, kind in concerned:
        failure = await _hint(request, [integration_id], Feature(kind), by)
        if failure is not None:
            return go(request, back, failure=failure)
    if not number:
        return go(request, back, N_("Nothing was chosen that can be moved."))
    return go(request, back, N_("%(number)s records are sent again."), number=number)


def _numbers(chosen: Sequence[str]) -> list[int]:
    return [int(one) for one in chosen if one.isdecimal() and len(one) < 19]


async def _hint(request: Request, integration_ids: Sequence[str], feature: Feature, by: str) -> Failure | None:
    """Let the features run now; what is queued stays queued when one cannot."""
    first: Failure | None = None
    for integration_id in integration_ids:
        try:
            await lifecycle_of(request).send(integration_id, "run_now", RunNow(feature=feature, trigger="hand", by=by))
        except FailureError as error:
            first = first or error.failure
    return first
