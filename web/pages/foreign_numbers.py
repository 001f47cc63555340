"""Foreign numbers of all articles: filter, add, switch, delete; files in and out, and the report of what a file lacked."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlmodel import Session
from starlette.datastructures import UploadFile

from canonical.codes import CODES, Language
from canonical.failure import Failure
from erp.article_import import import_numbers
from erp.csv_files import write_csv
from erp.foreign_numbers import delete_foreign_numbers, switch_foreign_numbers
from erp.queries import foreign_numbers as queries
from erp.queries.foreign_numbers import NumberQuery
from erp.tables import NumberImport
from web.context import Db, Form, deps_of, go, in_db, local_path, not_found, render, text, texts, visitor_of, voice_of
from web.i18n import N_
from web.pages.articles import let_orders_run
from web.security import UPLOADS

router = APIRouter(include_in_schema=False)
EXPORTS = {"long": queries.export_long, "wide": queries.export_wide}
_MEGABYTE = 1_000_000


@router.get("/foreign-numbers", response_class=HTMLResponse)
def numbers(request: Request, db: Db, wanted: Annotated[NumberQuery, Depends()]) -> HTMLResponse:
    """The list, the form for one more, and the files."""
    return render(
        request,
        "foreign_numbers.html",
        page=queries.foreign_numbers(db, wanted),
        wanted=wanted,
        labels=queries.labels(db),
        imports=queries.imports(db),
        limit=UPLOADS["/foreign-numbers/files"] // _MEGABYTE,
    )


@router.post("/foreign-numbers")
async def act(request: Request, form: Form) -> Response:
    """Activate, deactivate or delete the chosen numbers."""
    ids = [int(value) for value in texts(form, "ids") if value.isdecimal() and len(value) < 19]
    action, by = text(form, "action"), visitor_of(request).email

    def work(session: Session) -> int:
        if action == "delete":
            return delete_foreign_numbers(session, ids, by)
        return switch_foreign_numbers(session, ids, by, active=action == "activate")

    count = await in_db(request, work)
    waiting = await let_orders_run(request, []) if action == "activate" and count else None
    said = (
        N_("%(count)s foreign numbers are deleted.")
        if action == "delete"
        else N_("%(count)s foreign numbers are changed.")
    )
    return go(request, local_path(text(form, "next"), "/foreign-numbers"), said, waiting, count=count)


@router.post("/foreign-numbers/files")
async def upload(request: Request, form: Form) -> Response:
    """Take a CSV file in; the report says which lines were refused and why."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return go(request, "/foreign-numbers", failure=Failure.of("FILE_MISSING"))
    content, name = file.file, file.filename
    by = visitor_of(request).email
    result = await in_db(request, lambda session: import_numbers(session, content, name, by))
    waiting = await let_orders_run(request, list(result.integrations)) if result.integrations else None
    said = N_("%(taken)s foreign numbers taken, %(refused)s refused.")
    target = f"/foreign-numbers/files/{result.import_id}" if result.refused else "/foreign-numbers"
    return go(request, target, said, waiting, taken=result.taken, refused=result.refused)


@router.get("/foreign-numbers/files/{import_id}", response_class=HTMLResponse)
def report(request: Request, db: Db, import_id: int, after: str = "") -> HTMLResponse:
    """The refused lines of a file."""
    found = db.get(NumberImport, import_id)
    if found is None:
        raise not_found()
    page = queries.refused(db, import_id, after)
    return render(request, "foreign_numbers_report.html", found=found, page=page, after=after)


@router.get("/foreign-numbers/files/{import_id}/report.csv")
def report_csv(request: Request, import_id: int) -> Response:
    """The refused lines of a file as CSV, in the visitor's language."""
    voice = voice_of(request)
    header = [
        voice.say(name)
        for name in (N_("Line of the file"), N_("Article number"), N_("Shop"), N_("Number"), N_("Code"), N_("Reason"))
    ]

    def rows() -> Iterator[list[str]]:
        yield header
        with deps_of(request).sessions() as session:
            for row in queries.all_refused(session, import_id):
                reason = reason_of(row.code, row.value, voice.language)
                yield [str(row.line), row.article, row.shop, row.number, row.code, reason]

    return _csv(write_csv(rows()), f"refused-{import_id}.csv")


@router.get("/foreign-numbers/export.csv")
def export(request: Request, form: str = "long") -> Response:
    """All foreign numbers as CSV that can be taken in again: one per line, or up to forty per line."""
    if form not in EXPORTS:
        raise not_found()

    def rows() -> Iterator[object]:
        with deps_of(request).sessions() as session:
            yield from EXPORTS[form](session)

    return _csv(write_csv(rows()), f"foreign-numbers-{form}.csv")  # type: ignore[arg-type]


def _csv(content: Iterator[bytes], name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def reason_of(code: str, value: str, language: Language) -> str:
    """Say in one sentence why an entry was refused; the value stands wherever the code's text names one."""
    names = ("sku", "shop", "number", "value")
    return CODES[code].say(language, dict.fromkeys(names, value)) if code in CODES else code
