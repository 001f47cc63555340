"""The page of one record: its way through the systems, what was stored, what it became, and how to repair it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from erp import inbox
from erp.queries import journal, orders, sent
from erp.secrets import SealBroken
from web.context import Db, deps_of, not_found, render
from web.journal_tabs import key_of

router = APIRouter(include_in_schema=False)
LARGEST_ID = 2**63 - 1
LARGEST_SHOWN = 400_000
"""Bytes of a document that a page shows; a browser stalls on much more."""


@router.get("/journal/documents/{document_id}", response_class=HTMLResponse)
def document(request: Request, db: Db, document_id: int) -> HTMLResponse:
    """An imported document with findings, events and its order."""
    found = journal.document(db, document_id) if document_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(
        request,
        "record.html",
        found=found,
        body=_body(request, db, document_id),
        order=orders.order(db, found.order_id) if found.order_id else None,
        events=journal.way_of_order(db, found.integration_id, found.external_id),
    )


def _body(request: Request, session: Session, document_id: int) -> bytes:
    """The stored document; one that cannot be opened (a lost key) is shown as missing, the rest of the page stays."""
    try:
        return inbox.open_document(session, deps_of(request).keyring, document_id)[:LARGEST_SHOWN]
    except SealBroken:
        return b""


@router.get("/journal/links/{link_id}", response_class=HTMLResponse)
def link(request: Request, db: Db, link_id: int) -> HTMLResponse:
    """A record of ours in a channel: what was sent, what the channel said."""
    found = sent.link(db, link_id) if link_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    events = journal.events(db, found.integration_id, found.feature.value, found.about)
    return render(request, "link.html", found=found, events=events, tab=key_of(found.feature))
