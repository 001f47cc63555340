"""Documents of the back office: the list, one document with its files, mails and prints, and the project's issuer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.document import DocumentContent, Issuer
from canonical.failure import FailureError
from documents.pdf import picture
from erp.document_files import document_data, render_again
from erp.documents import issue_cancellation, issue_invoice
from erp.mails import send_again
from erp.project_documents import ProjectDocuments, project_by_code, save_project_documents
from erp.queries import documents as queries
from erp.queries.documents import DocumentFilter
from erp.tables import Project
from web.commands import LARGEST_ID, carry_out
from web.context import Db, Form, deps_of, go, in_db, not_found, render, text, visitor_of, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)
FLAGS = ("invoices_by_itself", "mails_invoices", "mails_shipments")
LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pl")


@router.get("/documents", response_class=HTMLResponse)
def documents(request: Request, db: Db, wanted: Annotated[DocumentFilter, Depends()]) -> HTMLResponse:
    """The list of documents, newest first."""
    return render(
        request,
        "documents.html",
        page=queries.documents(db, wanted),
        wanted=wanted,
        waiting=queries.waiting(db),
        projects=queries.projects(db),
        has_mail_server=bool(deps_of(request).settings.smtp_host),
    )


def _number(document_id: str) -> int:
    if not document_id.isdecimal() or int(document_id) > LARGEST_ID:
        raise not_found()
    return int(document_id)


@router.get("/documents/{document_id}.pdf")
def pdf(db: Db, document_id: str) -> Response:
    """A document's PDF, shown by the browser; a name for whoever saves it."""
    found = _data(db, document_id)
    return _file(found.pdf, "application/pdf", f"{found.name}.pdf", "inline")


@router.get("/documents/{document_id}.xml")
def xml(db: Db, document_id: str) -> Response:
    """An invoice's data."""
    found = _data(db, document_id)
    if found.xml is None:
        raise not_found()
    return _file(found.xml, "application/xml", f"{found.name}.xml", "attachment")


def _data(session: Session, document_id: str) -> Any:
    try:
        return document_data(session, _number(document_id))
    except LookupError:
        raise not_found() from None


def _file(data: bytes, media_type: str, name: str, way: str) -> Response:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-._") else "_" for letter in name)
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'{way}; filename="{plain}"'})


@router.get("/documents/{document_id}.png")
def preview(db: Db, document_id: str) -> Response:
    """A picture of a document's first page, made of its content and the template that its file was made with."""
    found = queries.document(db, _number(document_id))
    if found is None:
        raise not_found()
    content = DocumentContent.model_validate(found.document.content)
    return Response(picture(content, found.template.source if found.template else ""), media_type="image/png")


@router.get("/documents/{document_id}", response_class=HTMLResponse)
def document(request: Request, db: Db, document_id: str) -> HTMLResponse:
    """One document with a look at it, its files, mails and prints, and what may be done."""
    found = queries.document(db, _number(document_id))
    if found is None:
        raise not_found()
    return render(request, "document.html", found=found)


@router.post("/documents/{document_id}/cancel")
async def cancel(request: Request, document_id: int, form: Form) -> Response:
    """Cancel an invoice with a cancellation invoice, and show that."""
    by, reason = visitor_of(request).email, text(form, "reason")[:200]
    try:
        made = await in_db(request, lambda session: issue_cancellation(session, document_id, by, reason))
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, f"/documents/{document_id}", failure=error.failure)
    said = N_("The invoice is cancelled by %(number)s.")
    return go(request, f"/documents/{made.id}", said, number=made.number)


@router.post("/documents/{document_id}/render")
async def try_again(request: Request, document_id: int) -> Response:
    """Try a document's file once more."""
    target = f"/documents/{document_id}"
    return await carry_out(
        request, target, lambda session: render_again(session, document_id), N_("The file is being made.")
    )


@router.post("/documents/{document_id}/mails/{mail_id}")
async def mail_again(request: Request, document_id: int, mail_id: int, form: Form) -> Response:
    """Send a mail again, to another address if one is given."""
    target, recipient = f"/documents/{document_id}", text(form, "recipient")
    return await carry_out(
        request, target, lambda session: send_again(session, mail_id, recipient), N_("The mail is sent again.")
    )


@router.post("/documents/invoices")
async def invoice(request: Request, form: Form) -> Response:
    """Issue an order's invoice by hand, and show it."""
    by, order_id = visitor_of(request).email, _number(text(form, "order"))
    try:
        made = await in_db(request, lambda session: issue_invoice(session, order_id, by))
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, f"/orders/{order_id}", failure=error.failure)
    return go(request, f"/documents/{made}", N_("The invoice is issued."))


# --- projects -------------------------------------------------------------------------------------------------------


@router.get("/settings/projects/{code}", response_class=HTMLResponse)
def project(request: Request, db: Db, code: str) -> HTMLResponse:
    """A project's issuer and what of its documents goes by itself."""
    return _project(request, db, code)


def _project(
    request: Request,
    session: Session,
    code: str,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    found: Project | None = project_by_code(session, code)
    if found is None:
        raise not_found()
    return render(
        request,
        "project_documents.html",
        422 if errors else 200,
        project=found,
        typed=typed or found.issuer | {name: getattr(found, name) for name in ("language", *FLAGS)},
        errors=errors or {},
        fields=tuple(Issuer.model_fields),
        lengths={name: _longest(info.metadata) for name, info in Issuer.model_fields.items()},
        missing=Issuer.model_validate(found.issuer).missing(),
        languages=LANGUAGES,
        flags=FLAGS,
    )


def _longest(limits: list[Any]) -> int:
    """How many letters a field takes; the country has two."""
    return next((int(each.max_length) for each in limits if hasattr(each, "max_length")), 2)


@router.post("/settings/projects/{code}")
async def save_project(request: Request, code: str, form: Form) -> Response:
    """Save a project's issuer and flags; invoices that waited for it are issued by themselves."""
    issuer = {name: text(form, name) for name in Issuer.model_fields}
    issuer["country"] = issuer["country"].upper()
    rest = {"language": text(form, "language")} | {name: name in form for name in FLAGS}
    try:
        wanted = ProjectDocuments.model_validate({"issuer": Issuer.model_validate(issuer)} | rest)
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))

        def show() -> HTMLResponse:
            with deps_of(request).sessions() as session:
                return _project(request, session, code, issuer | rest, errors)

        return await run_in_threadpool(show)
    target = f"/settings/projects/{code}"
    return await carry_out(request, target, lambda session: save_project_documents(session, code, wanted), N_("Saved."))
