"""Paperwork: invoices that are due, labels, files of documents, prints and mails, in this order, in small batches."""

import logging
import time
from datetime import UTC, datetime

from activities.deps import Deps
from activities.labels import step_labels
from activities.prints import step_prints
from adapters import mail
from canonical.document import DocumentContent
from canonical.failure import Failure, FailureError
from canonical.mail import Attachment, Letter
from canonical.runs import HouseDone
from documents.mail_text import write_mail
from documents.pdf import produce
from erp import document_files, documents, mails

FILES = 100
"""Files per step; an invoice takes about 0.1 s."""
LONGEST = 60.0
"""Seconds after which a step leaves the rest of the files and mails to the next one."""
MAILS = 20
"""Mails claimed at once: what a crash leaves between handing over and its answer is at most so many."""

log = logging.getLogger(__name__)


def step_paperwork(deps: Deps, limit: int) -> HouseDone:
    """Do one batch of everything; safe to repeat at any point.

    A file is rendered within the transaction that stores it. Mails are claimed, sent, and settled one by one; one whose
    answer was never noted is not sent again but shown to a person after ten minutes (MAIL_UNANSWERED).
    """
    with deps.sessions.begin() as session:
        issued = documents.issue_due_invoices(session, limit)
    steps = (
        issued,
        step_labels(deps, limit),
        _render(deps, min(limit, FILES)),
        step_prints(deps, limit),
        _send(deps, min(limit, MAILS)),
    )
    return HouseDone(done=sum(step.done for step in steps), left=any(step.left for step in steps))


def _render(deps: Deps, limit: int) -> HouseDone:
    until = time.monotonic() + LONGEST
    for done in range(limit):
        if time.monotonic() > until or not _render_one(deps):
            return HouseDone(done=done, left=time.monotonic() > until)
    return HouseDone(done=limit, left=True)


def _render_one(deps: Deps) -> bool:
    with deps.sessions.begin() as session:
        waiting = document_files.next_file(session)
        if waiting is None:
            return False
        try:
            pdf, xml = produce(DocumentContent.model_validate(waiting.content), waiting.source)
        except FailureError as error:
            document_files.fail_file(session, waiting, error.failure)
        except Exception as error:
            # One document that nobody foresaw must not keep all others from their files.
            log.exception("document %s", waiting.document_id)
            failure = Failure.of("UNCLASSIFIED", where=f"document {waiting.document_id}", error=type(error).__name__)
            document_files.fail_file(session, waiting, failure)
        else:
            document_files.store_file(session, waiting, pdf, xml, datetime.now(UTC))
    return True


def _send(deps: Deps, limit: int) -> HouseDone:
    """Send due mails; without a server they wait."""
    with deps.sessions.begin() as session:
        mails.give_up_unanswered(session, datetime.now(UTC))
    if deps.mail is None:
        return HouseDone(done=0, left=False)
    with deps.sessions.begin() as session:
        claimed = mails.claim(session, limit, datetime.now(UTC), deps.mail.domain)
    down: Failure | None = None
    for each in claimed:
        # A server that could not be used is not asked again in this step: each time costs a timeout.
        subject, failure = ("", down) if down else _send_one(deps.mail, each)
        if failure and failure.code in ("MAIL_SERVER", "MAIL_UNANSWERED"):
            down = Failure.of("MAIL_SERVER", host=deps.mail.host, reason=failure.params.get("reason", failure.code))
        with deps.sessions.begin() as session:
            mails.settle(session, each.id, subject, failure, datetime.now(UTC))
    return HouseDone(done=len(claimed), left=len(claimed) == limit and down is None)


def _send_one(server: mail.MailServer, claimed: mails.ClaimedMail) -> tuple[str, Failure | None]:
    own = claimed.template
    subject = ""
    try:
        words = write_mail(claimed.facts, own.subject, own.source) if own else write_mail(claimed.facts)
        subject = words.subject
        mail.send(server, _letter(claimed, words.subject, words.text, words.html))
    except FailureError as error:
        return subject, error.failure
    return subject, None


def _letter(claimed: mails.ClaimedMail, subject: str, text: str, html: str) -> Letter:
    attached: tuple[Attachment, ...] = ()
    if claimed.pdf is not None:
        attached = (Attachment(name=claimed.file_name, media_type="application/pdf", data=claimed.pdf),)
    return Letter(
        recipient=claimed.recipient,
        subject=subject,
        text=text,
        html=html,
        message_id=claimed.message_id,
        sender_name=claimed.facts.issuer.name,
        reply_to=claimed.facts.issuer.email,
        attachments=attached,
    )
