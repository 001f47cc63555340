"""A merchant's own templates: each saving is a new version, and documents that failed are tried again with it."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from erp.tables import Template


class TemplateForm(BaseModel):
    """A template as a person saves it; without a project for all of them, without a language for every language."""

    model_config = ConfigDict(frozen=True)

    kind: str = Field(pattern="^(invoice|cancellation_invoice|credit_note|delivery_note|pick_list|mail_[a-z_]+)$")
    project_id: int | None = None
    language: str = Field(default="", pattern="^([a-z]{2})?$")
    subject: str = Field(default="", max_length=300)
    source: str = Field(min_length=1, max_length=200_000)


@dataclass(frozen=True, slots=True)
class ChosenTemplate:
    """A template as rendering takes it."""

    id: int
    subject: str
    source: str


# The project's own before everybody's, the language's own before every language's.
_CHOOSE = text(
    """
    SELECT id, subject, source FROM template
    WHERE kind = :kind AND is_active AND (project_id = :project OR project_id IS NULL) AND language IN (:language, '')
    ORDER BY project_id NULLS LAST, language = '', version DESC LIMIT 1
    """
)


def template_for(session: Session, kind: str, project_id: int, language: str) -> ChosenTemplate | None:
    """Choose the own template for a kind of document or mail; None: the built-in one."""
    row = session.execute(_CHOOSE, {"kind": kind, "project": project_id, "language": language}).one_or_none()
    return None if row is None else ChosenTemplate(row.id, row.subject, row.source)


def save_template(session: Session, form: TemplateForm, by: str) -> Template:
    """Save a template as the next version in the place of the one before; the caller has tried that it compiles.

    Documents and mails that an own template let fail are tried again. Two who save at once get two versions.
    """
    key = f"template/{form.kind}/{form.project_id}/{form.language}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": key})
    versions = [row.version for row in session.exec(_same(form.kind, form.project_id, form.language))]
    _withdraw(session, form.kind, form.project_id, form.language)
    saved = Template(**form.model_dump(), version=max(versions, default=0) + 1, saved_by=by[:120])
    session.add(saved)
    session.flush()
    _try_again(session, form.kind)
    return saved


def withdraw_template(session: Session, template_id: int) -> None:
    """Stop using a template: what is next in rank, at last the built-in one, takes its place. Raises `LookupError`."""
    found = session.get(Template, template_id)
    if found is None:
        raise LookupError(template_id)
    _withdraw(session, found.kind, found.project_id, found.language)
    session.expire(found)
    _try_again(session, found.kind)


def templates(session: Session) -> list[Template]:
    """The templates in use, by kind, project and language."""
    ranked = (col(Template.kind), col(Template.project_id), col(Template.language))
    return list(session.exec(select(Template).where(col(Template.is_active)).order_by(*ranked)))


def template_at(session: Session, kind: str, project_id: int | None, language: str) -> Template | None:
    """The template in use that was saved for exactly this kind, project and language."""
    return session.exec(_same(kind, project_id, language).where(col(Template.is_active))).one_or_none()


def _same(kind: str, project_id: int | None, language: str) -> SelectOfScalar[Template]:
    return select(Template).where(
        col(Template.kind) == kind,
        col(Template.project_id).is_not_distinct_from(project_id),
        col(Template.language) == language,
    )


def _withdraw(session: Session, kind: str, project_id: int | None, language: str) -> None:
    session.execute(
        update(Template)
        .where(
            col(Template.kind) == kind,
            col(Template.project_id).is_not_distinct_from(project_id),
            col(Template.language) == language,
            col(Template.is_active),
        )
        .values(is_active=False)
        .execution_options(synchronize_session=False)
    )


def _try_again(session: Session, kind: str) -> None:
    """Queue again what a template of this kind let fail; cheap, as failures are few."""
    if kind.startswith("mail_"):
        session.execute(
            text(
                "UPDATE mail SET state = 'pending', code = '', params = '{}', attempts = 0, next_try_at = NULL"
                " WHERE state = 'failed' AND code = 'TEMPLATE_FAILED' AND kind = :kind"
            ),
            {"kind": kind.removeprefix("mail_")},
        )
        return
    session.execute(
        text(
            "UPDATE document_file f SET state = 'pending', code = '', params = '{}' FROM document d"
            " WHERE d.id = f.document_id AND f.state = 'failed' AND f.code = 'TEMPLATE_FAILED' AND d.kind = :kind"
        ),
        {"kind": kind},
    )
