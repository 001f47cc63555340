"""What a project says about its documents: who issues them, in which language, what goes by itself."""

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from canonical.document import Issuer
from erp.tables import Project


class ProjectDocuments(BaseModel):
    """A project's documents as a person enters them; an issuer may be incomplete, its invoices wait then."""

    model_config = ConfigDict(frozen=True)

    issuer: Issuer
    language: str = Field(default="de", pattern="^[a-z]{2}$")
    invoices_by_itself: bool = True
    mails_invoices: bool = False
    mails_shipments: bool = False


def project_by_code(session: Session, code: str) -> Project | None:
    """Find a project."""
    return session.exec(select(Project).where(col(Project.code) == code)).one_or_none()


def save_project_documents(session: Session, code: str, wanted: ProjectDocuments) -> Project:
    """Change a project's documents; issued ones stay as they are, waiting invoices are issued by themselves.

    Raises `LookupError`.
    """
    query = select(Project).where(col(Project.code) == code).with_for_update().execution_options(populate_existing=True)
    project = session.exec(query).one_or_none()
    if project is None:
        raise LookupError(code)
    project.issuer = wanted.issuer.model_dump()
    project.language = wanted.language
    project.invoices_by_itself = wanted.invoices_by_itself
    project.mails_invoices = wanted.mails_invoices
    project.mails_shipments = wanted.mails_shipments
    session.add(project)
    session.flush()
    return project
