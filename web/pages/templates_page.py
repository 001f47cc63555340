"""Templates of documents and mails: which are in use, an editor with a look at the result, versions."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from canonical.document import DocumentContent, DocumentKind, Issuer
from canonical.failure import Failure, FailureError
from canonical.mail import MailKind
from documents.mail_text import MailText, built_in_mail, check_mail_source
from documents.pdf import built_in, check_source
from documents.sample import sample_document, sample_mail
from erp.documents import today
from erp.queries.documents import last_document, projects
from erp.tables import Project
from erp.templates import TemplateForm, save_template, template_at, templates, withdraw_template
from web.commands import carry_out
from web.context import Db, Form, deps_of, go, in_db, not_found, render, text, visitor_of, voice_of
from web.forms import errors_by_field
from web.i18n import N_

router = APIRouter(include_in_schema=False)
KINDS = (*(kind.value for kind in DocumentKind), *(f"mail_{kind.value}" for kind in MailKind))
LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pl")


@dataclass(frozen=True)
class Wanted:
    """Which template is edited."""

    kind: str = "invoice"
    project: str = ""
    language: str = ""

    @property
    def is_mail(self) -> bool:
        """Whether it is a mail's."""
        return self.kind.startswith("mail_")


@router.get("/settings/templates", response_class=HTMLResponse)
def overview(request: Request, db: Db) -> HTMLResponse:
    """Own templates in use, and where a new one is begun."""
    known = projects(db)
    return render(
        request,
        "templates.html",
        rows=templates(db),
        kinds=KINDS,
        languages=LANGUAGES,
        projects=known,
        names={each.id: each.name for each in known},
        codes={each.id: each.code for each in known},
    )


@router.get("/settings/templates/edit", response_class=HTMLResponse)
def edit(request: Request, db: Db, kind: str = "invoice", project: str = "", language: str = "") -> HTMLResponse:
    """The editor: the own template, or the built-in one to begin with."""
    return _editor(request, db, Wanted(kind, project, language))


def _chosen(session: Session, wanted: Wanted) -> Project | None:
    found = next((each for each in projects(session) if each.code == wanted.project), None)
    if wanted.kind not in KINDS or (wanted.project and found is None):
        raise not_found()
    return found


def _editor(
    request: Request,
    session: Session,
    wanted: Wanted,
    *,
    typed: dict[str, str] | None = None,
    failure: Failure | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    project = _chosen(session, wanted)
    own = template_at(session, wanted.kind, project.id if project else None, wanted.language)
    if typed is None:
        typed = {"subject": own.subject, "source": own.source} if own else _beginning(wanted)
    return render(
        request,
        "template_edit.html",
        422 if failure or errors else 200,
        wanted=wanted,
        project=project,
        own=own,
        typed=typed,
        failure=failure,
        errors=errors or {},
    )


def _beginning(wanted: Wanted) -> dict[str, str]:
    if wanted.is_mail:
        subject, source = built_in_mail(wanted.kind.removeprefix("mail_"), wanted.language or "de")
        return {"subject": subject, "source": source}
    return {"subject": "", "source": built_in(wanted.kind)}


@router.post("/settings/templates/edit")
async def save(request: Request, form: Form) -> Response:
    """Try a template on the sample and the last document; then show the result, or save it."""
    wanted = Wanted(text(form, "kind"), text(form, "project"), text(form, "language"))
    source = form.get("source")
    typed = {"subject": text(form, "subject"), "source": source if isinstance(source, str) else ""}
    typed["source"] = typed["source"].replace("\r\n", "\n")
    failure, errors, by = None, {}, visitor_of(request).email
    try:
        project = await in_db(request, lambda session: _chosen(session, wanted))
        checked = TemplateForm.model_validate(
            typed | {"kind": wanted.kind, "project_id": project.id if project else None, "language": wanted.language}
        )
        do = text(form, "do")
        shown = await run_in_threadpool(lambda: _try(request, wanted, project, typed, is_last=do == "look-last"))
        if do.startswith("look"):
            return shown
        await in_db(request, lambda session: save_template(session, checked, by))
        return go(request, "/settings/templates", N_("The template is saved and used from now on."))
    except ValidationError as error:
        errors = errors_by_field(error, voice_of(request))
    except FailureError as error:
        failure = error.failure

    def again() -> HTMLResponse:
        with deps_of(request).sessions() as session:
            return _editor(request, session, wanted, typed=typed, failure=failure, errors=errors)

    return await run_in_threadpool(again)


def _try(
    request: Request, wanted: Wanted, project: Project | None, typed: dict[str, str], *, is_last: bool
) -> Response:
    """Run a template on the sample and on the last document, where there is one, and give what is asked for."""
    issuer = Issuer.model_validate(project.issuer if project else {})
    language = wanted.language or (project.language if project else "de")
    if wanted.is_mail:
        facts = sample_mail(MailKind(wanted.kind.removeprefix("mail_")), language, issuer, today())
        mail: MailText = check_mail_source(facts, typed["subject"], typed["source"])
        return HTMLResponse(mail.html)
    contents = [sample_document(DocumentKind(wanted.kind), language, issuer, today())]
    with deps_of(request).sessions() as session:
        last = last_document(session, wanted.kind, project.id if project else None)
    if last is not None:
        contents.append(DocumentContent.model_validate(last.content))
    made = [check_source(content, typed["source"]) for content in contents]
    return Response(made[-1] if is_last else made[0], media_type="application/pdf")


@router.post("/settings/templates/{template_id}/withdraw")
async def withdraw(request: Request, template_id: int) -> Response:
    """Stop using an own template."""
    return await carry_out(
        request,
        "/settings/templates",
        lambda session: withdraw_template(session, template_id),
        N_("The template is no longer used."),
    )
