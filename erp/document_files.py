"""The files of documents: rendered once from what was issued, kept with their digest; what fails waits with its reason."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.links import mark_dirty
from erp.tables import Document, DocumentFile
from erp.templates import template_for


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A document whose file is to be made, with its own template's source where it has one."""

    document_id: int
    content: dict[str, Any]
    """As `canonical.document.DocumentContent` stored it."""
    template_id: int | None
    source: str


_NEXT = text(
    """
    SELECT f.document_id, d.kind, d.project_id, d.language, d.content
    FROM document_file f JOIN document d ON d.id = f.document_id
    WHERE f.state = 'pending' ORDER BY f.document_id LIMIT 1 FOR UPDATE OF f SKIP LOCKED
    """
)


def next_file(session: Session) -> WaitingFile | None:
    """Take the oldest document that waits for its file, held until the transaction ends, which stores it or its failure.

    Rendering takes a tenth of a second and only this process, so it happens within: a crash leaves nothing half-done.
    """
    row = session.execute(_NEXT).one_or_none()
    if row is None:
        return None
    own = template_for(session, row.kind, row.project_id, row.language)
    return WaitingFile(row.document_id, row.content, own.id if own else None, own.source if own else "")


def store_file(session: Session, waiting: WaitingFile, pdf: bytes, xml: bytes | None, now: datetime) -> None:
    """Keep a document's PDF and XML, and let the channel's copy go out that waited for it."""
    made = {"pdf": pdf, "xml": xml, "digest": hashlib.sha256(pdf).hexdigest(), "rendered_at": now}
    _set(session, waiting, made | {"state": "ready", "code": "", "params": {}})
    mark_dirty(session, "documents", {waiting.document_id})


def fail_file(session: Session, waiting: WaitingFile, failure: Failure) -> None:
    """Write why a document has no file; it waits for a person, or for a new template."""
    _set(session, waiting, {"state": "failed", "code": failure.code, "params": failure.params})


def _set(session: Session, waiting: WaitingFile, values: dict[str, Any]) -> None:
    session.execute(
        update(DocumentFile)
        .where(col(DocumentFile.document_id) == waiting.document_id)
        .values(**values, template_id=waiting.template_id, attempts=DocumentFile.attempts + 1)
        .execution_options(synchronize_session=False)
    )


def render_again(session: Session, document_id: int) -> None:
    """Try a document's file once more; one that is there stays as it is. Raises `LookupError`."""
    found = session.get(DocumentFile, document_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise LookupError(document_id)
    if found.state == "failed":
        found.state, found.code, found.params = "pending", "", {}
        session.add(found)
        session.flush()


@dataclass(frozen=True, slots=True)
class DocumentData:
    """A document's file for whoever downloads it."""

    name: str
    pdf: bytes
    xml: bytes | None


def document_data(session: Session, document_id: int) -> DocumentData:
    """Read a document's file; raises `LookupError`, and `FailureError` FILE_PENDING where it is not made yet."""
    query = (
        select(Document, DocumentFile)
        .join(DocumentFile, col(DocumentFile.document_id) == col(Document.id))
        .where(col(Document.id) == document_id)
    )
    row = session.exec(query).one_or_none()
    if row is None:
        raise LookupError(document_id)
    document, file = row
    if file.state != "ready" or file.pdf is None:
        raise FailureError(Failure.of("FILE_PENDING", number=document.number))
    return DocumentData(f"{document.kind}-{document.number}", file.pdf, file.xml)


def has_waiting(session: Session) -> bool:
    """Say whether some document waits for its file."""
    return (
        session.execute(text("SELECT EXISTS (SELECT FROM document_file WHERE state = 'pending')")).scalar_one() is True
    )
