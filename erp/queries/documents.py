"""Documents for the pages: the list, one document with its file, mails and prints, and the last one of a kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Customer, Document, DocumentFile, Mail, Order, Printer, PrintJob, Project, Template


@dataclass(frozen=True)
class DocumentFilter:
    """What the list of documents shows."""

    q: str = ""
    kind: str = ""
    state: str = ""
    """A file's state, or `mail-` and a mail's."""
    project: str = ""
    before: str = ""


@dataclass(frozen=True)
class DocumentRow:
    """A document with its customer and how far its file and mail are."""

    document: Document
    customer: str
    file: DocumentFile | None
    mail: Mail | None


@dataclass(frozen=True)
class PrintRow:
    """A print of a document."""

    job: PrintJob
    printer: str


@dataclass(frozen=True)
class DocumentDetail:
    """A document with all that hangs on it, in a fixed number of statements."""

    document: Document
    customer: Customer | None
    order: Order | None
    project: Project | None
    file: DocumentFile | None
    template: Template | None
    refers_to: Document | None
    referring: Sequence[Document]
    mails: Sequence[Mail]
    prints: Sequence[PrintRow]

    @property
    def is_cancellable(self) -> bool:
        """Whether it is an invoice that nothing has taken back."""
        return self.document.kind == "invoice" and not self.referring

    @property
    def is_replaceable(self) -> bool:
        """Whether it is a cancelled invoice whose order may have a new one."""
        is_cancelled = any(each.kind == "cancellation_invoice" for each in self.referring)
        return is_cancelled and self.order is not None and not self.order.is_cancelled


def documents(session: Session, wanted: DocumentFilter, size: int = PAGE) -> Page[DocumentRow]:
    """A page of documents, newest first."""
    query = (
        select(Document, Customer, DocumentFile, Mail)
        .join(Customer, col(Customer.id) == col(Document.customer_id))
        .outerjoin(DocumentFile, col(DocumentFile.document_id) == col(Document.id))
        .outerjoin(Mail, (col(Mail.kind) == col(Document.kind)) & (col(Mail.record_id) == col(Document.id)))
        .where(*_conditions(wanted))
        .order_by(col(Document.id).desc())
        .limit(size + 1)
    )
    rows = [
        DocumentRow(document, customer.company or customer.name, file, mail)
        for document, customer, file, mail in session.exec(query)
    ]
    return cut(rows, lambda row: row.document.id, size)


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind:
        conditions.append(col(Document.kind) == wanted.kind)
    if wanted.project:
        chosen = select(Project.id).where(col(Project.code) == wanted.project)
        conditions.append(col(Document.project_id).in_(chosen))
    if wanted.state.startswith("mail-"):
        conditions.append(col(Mail.state) == wanted.state.removeprefix("mail-"))
    elif wanted.state:
        conditions.append(col(DocumentFile.state) == wanted.state)
    if wanted.q:
        orders = select(Order.id).where(col(Order.number) == wanted.q)
        conditions.append(
            col(Document.number).startswith(wanted.q, autoescape=True) | col(Document.order_id).in_(orders)
        )
    if (before := number_key(wanted.before)) is not None:
        conditions.append(col(Document.id) < before)
    return conditions


def document(session: Session, document_id: int) -> DocumentDetail | None:
    """One document with its file, mails and prints, and the documents that it belongs to."""
    found = session.get(Document, document_id)
    if found is None:
        return None
    referring = session.exec(
        select(Document).where(col(Document.refers_to_id) == document_id).order_by(col(Document.id))
    ).all()
    mails = session.exec(select(Mail).where(col(Mail.document_id) == document_id).order_by(col(Mail.id))).all()
    prints = session.exec(
        select(PrintJob, Printer.name)
        .join(Printer, col(Printer.id) == col(PrintJob.printer_id))
        .where(col(PrintJob.kind) == found.kind, col(PrintJob.record_id) == document_id)
        .order_by(col(PrintJob.id))
    ).all()
    file = session.get(DocumentFile, document_id)
    return DocumentDetail(
        document=found,
        customer=session.get(Customer, found.customer_id),
        order=session.get(Order, found.order_id),
        project=session.get(Project, found.project_id),
        file=file,
        template=session.get(Template, file.template_id) if file and file.template_id else None,
        refers_to=session.get(Document, found.refers_to_id) if found.refers_to_id else None,
        referring=referring,
        mails=mails,
        prints=[PrintRow(job, printer) for job, printer in prints],
    )


def last_document(session: Session, kind: str, project_id: int | None) -> Document | None:
    """The newest document of a kind, of a project where one is named: what a template is tried on."""
    query = select(Document).where(col(Document.kind) == kind).order_by(col(Document.id).desc()).limit(1)
    if project_id is not None:
        query = query.where(col(Document.project_id) == project_id)
    return session.exec(query).one_or_none()


@dataclass(frozen=True)
class Waiting:
    """What the pages warn about."""

    mails: int
    oldest: date | None
    invoices: int


def waiting(session: Session) -> Waiting:
    """Count mails that wait and invoices that wait for their project's issuer."""
    pending: SelectOfScalar[int] = select(func.count()).select_from(Mail).where(col(Mail.state) == "pending")
    oldest = session.exec(select(func.min(Mail.created_at)).where(col(Mail.state) == "pending")).one()
    due: SelectOfScalar[int] = select(func.count()).select_from(Order).where(col(Order.invoice_due_at).is_not(None))
    return Waiting(session.exec(pending).one(), oldest.date() if oldest else None, session.exec(due).one())


def projects(session: Session) -> list[Project]:
    """All projects by code."""
    return list(session.exec(select(Project).order_by(col(Project.code))))
