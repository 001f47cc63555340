"""The pairing worksheet: all listings of a channel against our articles; proposals are confirmed one, many, or all above a confidence."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlmodel import Session
from starlette.datastructures import UploadFile

from canonical.failure import Failure
from canonical.lifecycle import Configure, ReadCatalogue, ScanPurpose
from canonical.settings import AdvancedSettings
from erp import pairing, pairing_files
from erp.csv_files import write_csv
from erp.feature_settings import load_settings
from erp.pairing import Confirmed
from erp.queries import channel_articles
from erp.queries.channel_articles import ListingQuery
from erp.queries.integrations import IntegrationRow
from web import places
from web.context import (
    Db,
    Form,
    deps_of,
    fragment,
    go,
    in_db,
    lifecycle_of,
    local_path,
    not_found,
    render,
    text,
    texts,
    visitor_of,
)
from web.i18n import N_
from web.pages.integration import found_or_404

router = APIRouter(include_in_schema=False)
LABEL = "SKU"
"""The label of foreign numbers where nobody chose another one."""


def _found(request: Request, session: Session, integration_id: str) -> IntegrationRow:
    row = found_or_404(session, integration_id)
    spec = deps_of(request).specs.get(row.connector)
    if spec is None or not spec.lists_articles:
        raise not_found()
    return row


def _here(integration_id: str) -> str:
    return f"{places.integration(integration_id)}/pairing"


def _progress(session: Session, integration_id: str) -> dict[str, Any]:
    return {
        "scan": channel_articles.scan(session, integration_id, ScanPurpose.PAIRING),
        "counts": channel_articles.listing_counts(session, integration_id),
    }


@router.get("/integrations/{integration_id}/pairing", response_class=HTMLResponse)
def show(request: Request, db: Db, integration_id: str, wanted: Annotated[ListingQuery, Depends()]) -> HTMLResponse:
    """The worksheet."""
    row = _found(request, db, integration_id)
    advanced, _ = load_settings(db, integration_id, None, AdvancedSettings)
    return render(
        request,
        "pairing.html",
        row=row,
        tab="pairing",
        page=channel_articles.listings(db, integration_id, wanted),
        wanted=wanted,
        states=channel_articles.STATES,
        advanced=advanced,
        label=advanced.foreign_number_label or LABEL,
        **_progress(db, integration_id),
    )


@router.get("/integrations/{integration_id}/pairing/progress", response_class=HTMLResponse)
def progress(request: Request, db: Db, integration_id: str) -> HTMLResponse:
    """A piece of the page: how far reading is."""
    row = _found(request, db, integration_id)
    return fragment(request, "pairing_progress.html", row=row, **_progress(db, integration_id))


@router.post("/integrations/{integration_id}/pairing/read")
async def read(request: Request, integration_id: str, form: Form) -> Response:
    """Read the channel's listings anew, or go on where reading stopped."""
    await in_db(request, lambda session: _found(request, session, integration_id))
    command = ReadCatalogue(
        purpose=ScanPurpose.PAIRING, afresh=bool(text(form, "afresh")), by=visitor_of(request).email
    )
    await lifecycle_of(request).send(integration_id, "read_catalogue", command)
    return go(request, _here(integration_id), N_("The listings of the channel are being read."))


@router.post("/integrations/{integration_id}/pairing")
async def act(request: Request, integration_id: str, form: Form) -> Response:
    """Confirm or ignore the chosen listings, all that match the filter, or all above a confidence."""
    action, by = text(form, "action"), visitor_of(request).email
    back = local_path(text(form, "next"), _here(integration_id))
    ids = await in_db(request, lambda session: _chosen(request, session, integration_id, form))
    if action in ("ignore", "take_back"):
        count = await in_db(
            request, lambda session: pairing.ignore(session, integration_id, ids, ignored=action == "ignore")
        )
        return go(request, back, N_("%(count)s listings are changed."), count=count)
    await _switch_numbers_on(request, integration_id)
    done = await in_db(request, lambda session: pairing.confirm(session, integration_id, ids, by))
    return _said(request, back, done)


def _chosen(request: Request, session: Session, integration_id: str, form: Form) -> list[int]:
    _found(request, session, integration_id)
    percent = text(form, "above")
    if percent.isdecimal():
        return pairing.certain_enough(session, integration_id, Decimal(percent) / 100)
    if text(form, "every"):
        wanted = ListingQuery(q=text(form, "q"), state=text(form, "state"), confidence=text(form, "confidence"))
        return channel_articles.matching_ids(session, integration_id, wanted)
    return [int(value) for value in texts(form, "ids") if value.isdecimal() and len(value) < 19]


async def _switch_numbers_on(request: Request, integration_id: str) -> None:
    """Confirming writes foreign numbers, so they are switched on with a label first, as the page says."""

    def values(session: Session) -> dict[str, Any] | None:
        advanced, _ = load_settings(session, integration_id, None, AdvancedSettings)
        if advanced.foreign_numbers and advanced.foreign_number_label:
            return None
        label = advanced.foreign_number_label or LABEL
        return advanced.model_dump(mode="json") | {"foreign_numbers": True, "foreign_number_label": label}

    changed = await in_db(request, values)
    if changed is not None:
        command = Configure(feature=None, values=changed, by=visitor_of(request).email)
        await lifecycle_of(request).send(integration_id, "configure", command)


def _said(request: Request, back: str, done: Confirmed) -> Response:
    if done.refused and not done.count:
        return go(request, back, failure=done.refused[0][1])
    if done.refused:
        said = N_("%(count)s pairs are confirmed, %(refused)s were refused and keep their state.")
        return go(request, back, said, count=done.count, refused=len(done.refused))
    return go(request, back, N_("%(count)s pairs are confirmed."), count=done.count)


@router.post("/integrations/{integration_id}/pairing/{listing_id}/article")
async def choose(request: Request, integration_id: str, listing_id: int, form: Form) -> Response:
    """Choose a listing's article by its number, and confirm it."""
    number, by = text(form, "number"), visitor_of(request).email
    back = local_path(text(form, "next"), _here(integration_id))
    await _switch_numbers_on(request, integration_id)

    def work(session: Session) -> Confirmed:
        _found(request, session, integration_id)
        pairing.choose(session, integration_id, listing_id, number)
        return pairing.confirm(session, integration_id, [listing_id], by)

    return _said(request, back, await in_db(request, work))


@router.get("/integrations/{integration_id}/pairing.csv")
def export(request: Request, db: Db, integration_id: str) -> Response:
    """The worksheet as CSV; filled in, it can be taken in again."""
    _found(request, db, integration_id)

    def rows() -> Iterator[Any]:
        with deps_of(request).sessions() as session:
            yield from channel_articles.export(session, integration_id)

    headers = {"Content-Disposition": 'attachment; filename="pairing.csv"'}
    return StreamingResponse(write_csv(rows()), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/integrations/{integration_id}/pairing/files")
async def upload(request: Request, integration_id: str, form: Form) -> Response:
    """Take a CSV file in: lines with an article number confirm that pair; every refused line is said."""
    file = form.get("file")
    here = _here(integration_id)
    if not isinstance(file, UploadFile) or not file.filename:
        return go(request, here, failure=Failure.of("FILE_MISSING"))
    content, by = file.file, visitor_of(request).email
    await _switch_numbers_on(request, integration_id)

    def work(session: Session) -> pairing_files.Taken:
        _found(request, session, integration_id)
        return pairing_files.take_in(session, integration_id, content, by)

    taken = await in_db(request, work)
    if taken.refused:
        line, failure = taken.refused[0]
        said = N_(
            "%(count)s pairs are confirmed, %(refused)s lines were refused; the first is line %(line)s: %(reason)s"
        )
        reason = failure.text(visitor_of(request).language)
        return go(request, here, said, count=taken.count, refused=len(taken.refused), line=line, reason=reason)
    return go(request, here, N_("%(count)s pairs are confirmed."), count=taken.count)
