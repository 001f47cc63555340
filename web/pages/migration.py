"""The initial import (D§1.6): migration mode, settings, identify, preview with a status per row, take over all or single ones."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.lifecycle import By, ReadCatalogue, ScanPurpose, TakeOverArticles
from canonical.settings import ImportSettings
from erp import initial_import, scans
from erp.queries import channel_articles
from erp.queries.channel_articles import ItemQuery
from erp.queries.integrations import IntegrationRow
from web import forms, places
from web.context import (
    Db,
    Form,
    deps_of,
    fragment,
    go,
    in_db,
    lifecycle_of,
    not_found,
    render,
    text,
    visitor_of,
    voice_of,
)
from web.i18n import N_
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)
STATES = ("proposed", "queued", "imported", "unchanged", "failed")


def _found(request: Request, session: Session, integration_id: str) -> IntegrationRow:
    row = found_or_404(session, integration_id)
    spec = deps_of(request).specs.get(row.connector)
    if spec is None or not spec.imports_catalogue:
        raise not_found()
    return row


def _progress(session: Session, integration_id: str) -> dict[str, Any]:
    return {
        "scan": channel_articles.scan(session, integration_id, ScanPurpose.IMPORT),
        "counts": initial_import.counts(session, integration_id),
    }


@router.get("/integrations/{integration_id}/migration", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str, wanted: Annotated[ItemQuery, Depends()]) -> HTMLResponse:
    """Mode, settings, progress and the preview; only the preview for a page that is open."""
    row = _found(request, db, integration_id)
    if request.headers.get("x-fragment"):
        page = channel_articles.items(db, row.id, wanted)
        return fragment(request, "migration_items.html", row=row, page=page, wanted=wanted)
    return _page(request, db, row, wanted)


def _page(
    request: Request, session: Session, row: IntegrationRow, wanted: ItemQuery, parsed: forms.Parsed | None = None
) -> HTMLResponse:
    stored = initial_import.settings_of(session, row.id).model_dump()
    session.commit()
    values = dict(parsed.typed) if parsed else stored
    return render(
        request,
        "migration.html",
        422 if parsed else 200,
        row=row,
        tab="migration",
        sections=forms.sections(
            ImportSettings, values, forms.Offers(), voice_of(request), parsed.errors if parsed else None
        ),
        page=channel_articles.items(session, row.id, wanted),
        wanted=wanted,
        states=STATES,
        **_progress(session, row.id),
    )


@router.get("/integrations/{integration_id}/migration/progress", response_class=HTMLResponse)
def progress(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: how far it is."""
    row = _found(request, db, integration_id)
    return fragment(request, "migration_progress.html", row=row, **_progress(db, integration_id))


@router.post("/integrations/{integration_id}/migration/mode")
async def switch(request: Request, integration_id: str, form: Form) -> Response:
    """Switch migration mode on or off; on ends productive mode."""
    here = f"{places.integration(integration_id)}/migration"
    on = text(form, "on") == "yes"
    update = "start_migration" if on else "end_migration"
    await lifecycle_of(request).send(integration_id, update, By(by=visitor_of(request).email))
    said = N_("Migration mode is on; nothing runs by itself meanwhile.") if on else N_("Migration mode is off.")
    return go(request, here, said)


@router.post("/integrations/{integration_id}/migration/settings")
async def save(request: Request, integration_id: str, form: Form) -> Response:
    """Save the settings of the import."""
    parsed = forms.parse(ImportSettings, form, voice_of(request))

    def store(session: Session) -> IntegrationRow:
        row = _found(request, session, integration_id)
        if parsed.settings is not None:
            scans.store_settings(session, integration_id, parsed.settings.model_dump(mode="json"))
        return row

    row = await in_db(request, store)
    if parsed.settings is None:
        return await run_in_threadpool(_again, request, row, parsed)
    return go(request, f"{places.integration(integration_id)}/migration", N_("The settings are saved."))


def _again(request: Request, row: IntegrationRow, parsed: forms.Parsed) -> HTMLResponse:
    with deps_of(request).sessions() as session:
        return _page(request, session, row, ItemQuery(), parsed)


@router.post("/integrations/{integration_id}/migration/identify")
async def identify(request: Request, integration_id: str, form: Form) -> Response:
    """Identify all articles of the shop, or single ones by number."""
    command = ReadCatalogue(
        purpose=ScanPurpose.IMPORT, skus=_skus(form), afresh=bool(text(form, "afresh")), by=visitor_of(request).email
    )
    return await _begin(
        request, integration_id, "read_catalogue", command, N_("The articles of the shop are being read.")
    )


@router.post("/integrations/{integration_id}/migration/import")
async def take_over(request: Request, integration_id: str, form: Form) -> Response:
    """Take over all that was identified, or single articles by number."""
    command = TakeOverArticles(skus=_skus(form), by=visitor_of(request).email)
    return await _begin(
        request, integration_id, "take_over_articles", command, N_("The articles are being taken over.")
    )


async def _begin(request: Request, integration_id: str, update: str, command: BaseModel, said: str) -> Response:
    await in_db(request, lambda session: _found(request, session, integration_id))
    await lifecycle_of(request).send(integration_id, update, command)
    return go(request, f"{places.integration(integration_id)}/migration", said)


def _skus(form: Form) -> tuple[str, ...]:
    typed = text(form, "skus").replace("\n", ",").replace(";", ",")
    return tuple(dict.fromkeys(part.strip() for part in typed.split(",") if part.strip()))
