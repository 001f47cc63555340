"""Mails to buyers: queued in the transaction of their occasion, handed over once, never twice by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from erp.bulk import Row, insert_rows
from erp.tables import Mail

_NOW = "now"
"""PostgreSQL reads this text as the start of the transaction."""


@dataclass(frozen=True, slots=True)
class MailRequest:
    """A mail to be written: `kind` and `record_id` are its idempotency key."""

    kind: str
    record_id: int
    order_id: int
    recipient: str
    language: str
    document_id: int | None = None


def queue_mail(
    session: Session,
    kind: str,
    record_id: int,
    order_id: int,
    *,
    document_id: int | None = None,
    recipient: str,
    language: str,
) -> None:
    """Queue one mail: invoice, credit_note, cancellation_invoice, shipment or payment_reminder; idempotent by kind and record."""
    queue_mails(session, [MailRequest(kind, record_id, order_id, recipient, language, document_id)])


def queue_mails(session: Session, requests: Sequence[MailRequest]) -> None:
    """Queue mails in one statement; without a recipient there is none, and one that was queued before stays as it is."""
    rows: list[Row] = [
        {
            "kind": each.kind,
            "record_id": each.record_id,
            "order_id": each.order_id,
            "document_id": each.document_id,
            "recipient": each.recipient.strip()[:200],
            "language": each.language,
            "state": "pending",
            "subject": "",
            "message_id": "",
            "attempts": 0,
            "code": "",
            "params": {},
            "created_at": _NOW,
        }
        for each in requests
        if each.recipient.strip()
    ]
    insert_rows(session, Mail, rows, ending="ON CONFLICT (kind, record_id) DO NOTHING")
