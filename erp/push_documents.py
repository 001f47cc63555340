"""Which documents are handed to a channel: the invoices of its orders, each once (D§2.7)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from canonical.failure import Failure
from canonical.push import OutgoingDocument
from canonical.settings import DocumentSettings
from erp.push_context import PushContext, was_tried
from erp.tables import Document, DocumentFile, Link, Order


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the documents that a person means by their numbers, or by order numbers (ours or the channel's)."""
    wanted = list(records)
    orders = select(col(Order.id)).where(
        col(Order.integration_id) == integration_id,
        or_(col(Order.number).in_(wanted), col(Order.external_number).in_(wanted), col(Order.external_id).in_(wanted)),
    )
    documents = select(col(Document.id)).where(col(Document.order_id).in_(orders))
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id,
        col(Link.kind) == "documents",
        or_(col(Link.record).in_(wanted), col(Link.record_id).in_(documents)),
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


_DOCUMENTS = text(
    """
    SELECT d.id, d.number, d.issued_on, d.total, d.currency, o.external_id, o.external_number, f.state
    FROM document d JOIN sales_order o ON o.id = d.order_id JOIN document_file f ON f.document_id = d.id
    WHERE d.id = ANY(:ids) AND d.kind = 'invoice' AND f.state <> 'erased' AND NOT EXISTS (
        SELECT FROM document c WHERE c.refers_to_id = d.id AND c.kind = 'cancellation_invoice')
    """
)


def payloads(
    session: Session, context: PushContext[DocumentSettings], links: Sequence[Link]
) -> dict[int, OutgoingDocument | Failure]:
    """Say per link id which document is sent now; a link without an entry is not to be sent.

    Nothing without `send_invoice_pdf`, and no invoice that was cancelled. One whose file is not made yet fails with
    DOCUMENT_NOT_READY and is tried later. One statement, and no bytes: those are loaded when a portion is handed out.
    """
    if not context.settings.send_invoice_pdf:
        return {}
    rows = {row.id: row for row in session.execute(_DOCUMENTS, {"ids": [link.record_id for link in links]})}
    found: dict[int, OutgoingDocument | Failure] = {}
    for link in links:
        row = rows.get(link.record_id)
        if row is None or link.id is None:
            continue
        if row.state != "ready":
            found[link.id] = Failure.of("DOCUMENT_NOT_READY", number=row.number)
            continue
        found[link.id] = OutgoingDocument(
            key=link.record,
            order_ref=row.external_id,
            order_number=row.external_number,
            number=row.number,
            file_name=f"{re.sub(r'[^A-Za-z0-9._-]', '_', row.number)}.pdf",
            issued_on=row.issued_on,
            total=row.total,
            currency=row.currency,
            document_id=row.id,
            is_repeat=was_tried(link),
        )
    return found


def contents(session: Session, portion: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Load the PDFs of a portion by key; one that is gone has no entry."""
    by_id = {payload["document_id"]: payload["key"] for payload in portion}
    query = select(DocumentFile.document_id, DocumentFile.pdf).where(
        col(DocumentFile.document_id).in_(by_id), col(DocumentFile.state) == "ready"
    )
    return {by_id[document_id]: pdf for document_id, pdf in session.exec(query) if pdf is not None}


def not_ready(payload: Mapping[str, Any]) -> Failure:
    """Why a document cannot be sent now."""
    return Failure.of("DOCUMENT_NOT_READY", number=payload["number"])


def fingerprint(document: OutgoingDocument) -> str:
    """What tells that a document is to be sent: it never changes, so once is enough."""
    return f"document {document.document_id}"


def shown(document: OutgoingDocument) -> str:
    """A document in a few words for the journal: its number."""
    return document.number


_LINK = text(
    """
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, dirty_at, code, params,
                      attempts, sent_value)
    SELECT o.integration_id, 'documents', d.number, d.id, '', '', 'never', clock_timestamp(), '', '{}', 0, ''
    FROM document d JOIN sales_order o ON o.id = d.order_id
    JOIN integration_feature f ON f.integration_id = o.integration_id AND f.feature = 'documents' AND f.is_chosen
    WHERE d.id = ANY(:ids) AND d.kind = 'invoice' ORDER BY d.id
    ON CONFLICT (integration_id, kind, record) DO NOTHING
    """
)


def link_invoices(session: Session, document_ids: Sequence[int]) -> None:
    """Give new invoices a link that is to be sent, where their integration sends documents; in their own transaction."""
    if document_ids:
        session.execute(_LINK, {"ids": list(document_ids)})
