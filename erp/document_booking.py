"""Booking of composed documents: numbers drawn last, rows, files to render, mails and journal in a few statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col

from canonical.document import DocumentContent, DocumentKind
from erp import journal, numbers
from erp.bulk import Row, insert_rows
from erp.document_content import OrderFacts
from erp.mails import MailRequest, queue_mails
from erp.prints import PrintRequest, queue_prints
from erp.tables import Document, DocumentFile, Order

EVENTS: Mapping[DocumentKind, str] = {
    DocumentKind.INVOICE: "invoiced",
    DocumentKind.CANCELLATION: "invoice_cancelled",
    DocumentKind.CREDIT_NOTE: "credited",
}
"""What the journal says; delivery notes and pick lists are part of the shipment's event."""

_NOW = "now"
"""PostgreSQL reads this text as the start of the transaction."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that is composed and not yet numbered."""

    facts: OrderFacts
    content: DocumentContent
    number: str = ""
    """Given beforehand for delivery notes; else drawn."""
    shipment_id: int | None = None
    return_id: int | None = None
    refers_to_id: int | None = None


def book_documents(session: Session, drafts: Sequence[Draft], by: str) -> list[int]:
    """Number and write documents of one kind with all that follows, and return their ids in the order of the drafts.

    The number comes last, from the project's range, in this transaction: gapless, a roll-back gives it back. Each gets a
    file to be rendered, its prints by the rules, and its mail where the project sends invoices by mail. A fixed number of statements.
    """
    if not drafts:
        return []
    kind = drafts[0].content.kind
    drawn = _numbers(session, kind, drafts)
    ids = _ids(session, len(drafts))
    rows = [
        _row(draft, draft.content.model_copy(update={"number": number}), document_id, by)
        for draft, number, document_id in zip(drafts, drawn, ids, strict=True)
    ]
    insert_rows(session, Document, rows)
    files = [
        {"document_id": document_id, "state": "pending", "digest": "", "attempts": 0, "code": "", "params": {}}
        for document_id in ids
    ]
    insert_rows(session, DocumentFile, files)
    if kind is DocumentKind.INVOICE:
        settled = update(Order).where(col(Order.id).in_([draft.facts.order.id for draft in drafts]))
        session.execute(settled.values(invoice_due_at=None).execution_options(synchronize_session=False))
    queue_mails(
        session, [mail for draft, document_id in zip(drafts, ids, strict=True) for mail in _mails(draft, document_id)]
    )
    queue_prints(
        session,
        [
            PrintRequest(kind.value, document_id, draft.facts.order.project_id)
            for draft, document_id in zip(drafts, ids, strict=True)
        ],
    )
    _journal(session, kind, drafts, drawn, by)
    return ids


def _numbers(session: Session, kind: DocumentKind, drafts: Sequence[Draft]) -> list[str]:
    """Draw each draft's number from its project's range; projects in a fixed order."""
    drawn = [draft.number for draft in drafts]
    wanted: dict[int, list[int]] = defaultdict(list)
    for position, draft in enumerate(drafts):
        if not draft.number:
            wanted[draft.facts.order.project_id].append(position)
    for project_id, positions in sorted(wanted.items()):
        for position, number in zip(
            positions, numbers.draw(session, project_id, kind.value, len(positions)), strict=True
        ):
            drawn[position] = number
    return drawn


def _ids(session: Session, count: int) -> list[int]:
    query = text("SELECT nextval(pg_get_serial_sequence('document', 'id')) FROM generate_series(1, :count)")
    return list(session.execute(query, {"count": count}).scalars())


def _row(draft: Draft, content: DocumentContent, document_id: int, by: str) -> Row:
    order = draft.facts.order
    return {
        "id": document_id,
        "kind": content.kind.value,
        "number": content.number,
        "project_id": order.project_id,
        "order_id": order.id,
        "shipment_id": draft.shipment_id,
        "return_id": draft.return_id,
        "refers_to_id": draft.refers_to_id,
        "customer_id": order.customer_id,
        "language": content.language,
        "currency": content.currency,
        "net": content.net,
        "tax": content.tax,
        "total": content.total,
        "tax_kind": content.tax_kind,
        "tax_country": content.tax_country,
        "is_b2b": order.is_b2b,
        "issued_on": content.issued_on.isoformat(),
        "issued_by": by[:120],
        "content": content.stored(),
        "created_at": _NOW,
    }


def _mails(draft: Draft, document_id: int) -> list[MailRequest]:
    """The mail that brings a document to its buyer, where the project sends its invoices by mail."""
    content, order = draft.content, draft.facts.order
    if not (content.kind.is_invoice and draft.facts.project.mails_invoices):
        return []
    recipient = content.buyer.email or (content.recipient.email if content.recipient else "")
    return [MailRequest(content.kind.value, document_id, order.id or 0, recipient, content.language, document_id)]


def _journal(session: Session, kind: DocumentKind, drafts: Sequence[Draft], drawn: Sequence[str], by: str) -> None:
    if kind not in EVENTS:
        return
    events = [
        order_event(
            draft.facts.order, EVENTS[kind], by, params={"number": number, "invoice": draft.content.references.invoice}
        )
        for draft, number in zip(drafts, drawn, strict=True)
    ]
    journal.write(session, events)


def order_event(order: Order, name: str, by: str, **values: Any) -> dict[str, Any]:
    """Make a journal event on an order's way."""
    given = {"status": "info"} | values
    return journal.event(
        order.integration_id, "orders", name, hop="hub_to_erp", record=order.external_id, actor=by, **given
    )
