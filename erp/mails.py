"""Mails to buyers: queued in the transaction of their occasion, handed over once, never twice by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.codes import Kind
from canonical.document import DocumentContent, Issuer
from canonical.failure import Failure
from canonical.mail import MailFacts, MailKind, MailParcel
from erp import journal
from erp.bulk import Row, insert_rows
from erp.tables import Document, DocumentFile, Mail, Order, Parcel, Project, Shipment
from erp.templates import ChosenTemplate, template_for

UNANSWERED_AFTER = timedelta(minutes=10)
"""A mail handed to the server without an answer for this long may have been delivered: a person decides."""
WAITS = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
"""How long a mail waits after each refusal for now (4xx); after the last one it has failed."""
SERVER_WAIT = timedelta(minutes=5)
"""How long mails wait for a server that cannot be used; it is not the mail's fault, so they wait without end."""

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


# --- handing over ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail on its way to the server, with all that its letter is written from."""

    id: int
    recipient: str
    message_id: str
    facts: MailFacts
    template: ChosenTemplate | None
    file_name: str = ""
    pdf: bytes | None = None


# A mail with a document waits for its file; one without goes at once.
_CLAIM = text(
    """
    WITH due AS (
        SELECT m.id FROM mail m WHERE m.state = 'pending' AND (m.next_try_at IS NULL OR m.next_try_at <= :now)
          AND (m.document_id IS NULL OR EXISTS (
            SELECT FROM document_file f WHERE f.document_id = m.document_id AND f.state = 'ready'))
        ORDER BY m.id LIMIT :limit FOR UPDATE OF m SKIP LOCKED)
    UPDATE mail m SET state = 'sending', attempts = m.attempts + 1, next_try_at = :until,
        message_id = CASE WHEN m.message_id = '' THEN '<' || m.kind || '-' || m.id || '.' || :key || '@' || :domain || '>'
                     ELSE m.message_id END
    FROM due WHERE m.id = due.id RETURNING m.id
    """
)


def claim(session: Session, limit: int, now: datetime, domain: str) -> list[ClaimedMail]:
    """Take due mails, oldest first; the caller commits before it sends, and settles each with its answer.

    The Message-ID is made at the first try and kept, so that a repeated mail is recognisable. `domain` is the sender's.
    """
    until = now + UNANSWERED_AFTER
    given = {"now": now, "limit": limit, "until": until, "key": uuid4().hex[:12], "domain": domain}
    ids = list(session.execute(_CLAIM, given).scalars())
    query = select(Mail).where(col(Mail.id).in_(ids)).order_by(col(Mail.id)).execution_options(populate_existing=True)
    mails = session.exec(query).all()
    orders = _rows(session, Order, {mail.order_id for mail in mails})
    projects = _rows(session, Project, {order.project_id for order in orders.values()})
    return [_claimed(session, mail, orders[mail.order_id], projects) for mail in mails]


def _rows(session: Session, table: Any, ids: set[Any]) -> dict[Any, Any]:
    return {row.id: row for row in session.exec(select(table).where(table.id.in_(ids - {None})))}


def _claimed(session: Session, mail: Mail, order: Order, projects: dict[Any, Project]) -> ClaimedMail:
    project = projects[order.project_id]
    name, pdf = "", None
    if mail.document_id is not None:
        content, pdf = session.exec(
            select(Document.content, DocumentFile.pdf)
            .join(DocumentFile, col(DocumentFile.document_id) == col(Document.id))
            .where(col(Document.id) == mail.document_id)
        ).one()
        facts, name = _document_facts(mail, DocumentContent.model_validate(content))
    else:
        facts = _order_facts(session, mail, order, project)
    template = template_for(session, f"mail_{mail.kind}", order.project_id, mail.language)
    return ClaimedMail(mail.id or 0, mail.recipient, mail.message_id, facts, template, name, pdf)


def _document_facts(mail: Mail, content: DocumentContent) -> tuple[MailFacts, str]:
    facts = MailFacts(
        kind=MailKind(mail.kind),
        language=mail.language,
        name=content.buyer.name or content.buyer.company,
        order=content.references.order,
        shop_order=content.references.shop_order,
        document=content.number,
        total=content.total,
        due=content.due,
        currency=content.currency,
        due_on=content.due_on,
        issuer=content.issuer,
    )
    return facts, f"{content.kind.value}-{content.number}.pdf"


def _order_facts(session: Session, mail: Mail, order: Order, project: Project) -> MailFacts:
    parcels: tuple[MailParcel, ...] = ()
    if mail.kind == MailKind.SHIPMENT:
        query = select(Parcel).join(Shipment).where(col(Shipment.id) == mail.record_id).order_by(col(Parcel.id))
        found = session.exec(query).all()
        parcels = tuple(
            MailParcel(carrier=each.carrier, number=each.tracking_number, url=each.tracking_url) for each in found
        )
    person = f"{order.billing.get('first_name', '')} {order.billing.get('last_name', '')}".strip()
    return MailFacts(
        kind=MailKind(mail.kind),
        language=mail.language,
        name=person or str(order.billing.get("company", "")),
        order=order.number,
        shop_order=order.external_number,
        total=order.total,
        due=order.total - order.paid,
        currency=order.currency,
        parcels=parcels,
        issuer=Issuer.model_validate(project.issuer),
    )


def settle(session: Session, mail_id: int, subject: str, failure: Failure | None, now: datetime) -> None:
    """Write what became of a mail that was handed over, and in the journal when it left.

    No mail is sent twice by itself: MAIL_UNANSWERED waits for a person. A refusal for now is tried again after `WAITS`, a
    server that cannot be used without end; anything else has failed.
    """
    mail = session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
    if mail is None or mail.state == "sent":
        return
    mail.subject = subject[:300] or mail.subject
    if failure is None:
        mail.state, mail.sent_at, mail.next_try_at, mail.code, mail.params = "sent", now, None, "", {}
    else:
        mail.code, mail.params = failure.code, failure.params
        wait = _wait(failure, mail.attempts)
        mail.state, mail.next_try_at = ("pending", now + wait) if wait else ("failed", None)
        if failure.code == "MAIL_SERVER":
            mail.attempts -= 1
    session.add(mail)
    session.flush()
    _note(session, mail, failure)


def _wait(failure: Failure, attempts: int) -> timedelta | None:
    if failure.code == "MAIL_SERVER":
        return SERVER_WAIT
    if failure.kind is Kind.RETRY and attempts <= len(WAITS):
        return WAITS[attempts - 1]
    return None


def _note(session: Session, mail: Mail, failure: Failure | None) -> None:
    """The journal tells what left and what failed, not each try."""
    if mail.order_id is None or mail.state == "pending":
        return
    order = session.get_one(Order, mail.order_id)
    happened = journal.event(
        order.integration_id,
        "orders",
        "mailed" if failure is None else "mail_failed",
        hop="hub_to_erp",
        status="info" if failure is None else "error",
        record=order.external_id,
        code=failure.code if failure else "",
        params={"recipient": mail.recipient, "subject": mail.subject} | (failure.params if failure else {}),
    )
    journal.write(session, [happened])


def give_up_unanswered(session: Session, now: datetime) -> int:
    """Hand mails over to a person that were on their way when something died; says how many."""
    lost = (
        select(Mail).where(col(Mail.state) == "sending", col(Mail.next_try_at) <= now).with_for_update(skip_locked=True)
    )
    mails = session.exec(lost).all()
    for mail in mails:
        settle(session, mail.id or 0, mail.subject, Failure.of("MAIL_UNANSWERED", recipient=mail.recipient), now)
    return len(mails)


def send_again(session: Session, mail_id: int, recipient: str = "") -> None:
    """Send a mail once more because a person says so, to another recipient if one is named; raises `LookupError`.

    One that is on its way is left alone. It keeps its Message-ID.
    """
    mail = session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
    if mail is None:
        raise LookupError(mail_id)
    if mail.state == "sending":
        return
    mail.recipient = recipient.strip()[:200] or mail.recipient
    mail.state, mail.attempts, mail.next_try_at, mail.code, mail.params = "pending", 0, None, "", {}
    session.add(mail)
    session.flush()


def has_due(session: Session, now: datetime) -> bool:
    """Say whether some mail can be sent now."""
    query = text(
        "SELECT EXISTS (SELECT FROM mail m WHERE m.state = 'pending' AND (m.next_try_at IS NULL OR m.next_try_at <= :now)"
        " AND (m.document_id IS NULL OR EXISTS (SELECT FROM document_file f WHERE f.document_id = m.document_id"
        " AND f.state = 'ready')))"
    )
    return session.execute(query, {"now": now}).scalar_one() is True
