"""Mails: queued once, sent once, never repeated by themselves; files and templates; the whole paperwork against a real server."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from activities.deps import Deps
from activities.paperwork import step_paperwork
from adapters.mail import MailServer
from canonical.failure import Failure, FailureError
from connectors.transport import TransportOptions
from erp import mails
from erp.database import make_sessions
from erp.document_files import document_data, has_waiting, render_again
from erp.documents import issue_delivery_notes, issue_due_invoices, issue_invoices
from erp.mails import queue_mail
from erp.secrets import Keyring
from erp.tables import DocumentFile, JournalEvent, Mail, Parcel
from erp.templates import TemplateForm, save_template, template_for, templates, withdraw_template
from tests.adapters.smtp_kit import Postbox, serve
from tests.erp.document_kit import ISSUER, Desk

LINES = (("article", "2", "20.00", "19"), ("shipping", "1", "4.90", "19"))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def desk(shop: Any) -> Desk:
    """Orders whose invoices are mailed."""
    shop.project.mails_invoices = True
    return Desk(shop)


@pytest.fixture
def postbox() -> Postbox:
    """Where mails arrive."""
    return Postbox()


@pytest.fixture
def smtp(postbox: Postbox) -> Iterator[Controller]:
    """A real server."""
    controller = serve(postbox)
    yield controller
    controller.stop()


@pytest.fixture
def deps(engine: Engine, smtp: Controller, tmp_path: Any) -> Deps:
    """A worker that can send."""
    server = MailServer(host="127.0.0.1", port=smtp.port, sender="shop@muster.example", tls="none")
    return Deps(make_sessions(engine), Keyring.in_folder(tmp_path), TransportOptions(), tmp_path, server)


def invoice(session: Session, desk: Desk, **values: Any) -> int:
    order = desk.order(*LINES, **values)
    issued = issue_invoices(session, [order.id or 0], "jo")[order.id or 0]
    session.commit()
    return issued


def mail(session: Session) -> Mail:
    session.expire_all()
    return session.exec(select(Mail)).one()


def file(session: Session) -> DocumentFile:
    session.expire_all()
    return session.exec(select(DocumentFile)).one()


def events(session: Session) -> list[str]:
    return list(session.exec(select(JournalEvent.event).order_by(JournalEvent.id)))


def test_an_invoice_is_rendered_and_mailed_with_its_pdf_once(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    document = invoice(session, desk)
    assert has_waiting(session)
    assert step_paperwork(deps, 200).done == 2
    assert step_paperwork(deps, 200).done == 0
    (sent,) = postbox.mails()
    made = document_data(session, document)
    (attached,) = sent.iter_attachments()
    assert attached.get_content() == made.pdf
    assert made.xml is not None
    assert made.pdf.startswith(b"%PDF-")
    row = mail(session)
    assert (row.state, row.message_id, row.subject) == ("sent", sent["Message-ID"], sent["Subject"])
    assert sent["Reply-To"] == ISSUER["email"]
    assert "Müller" in sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert events(session) == ["invoiced", "mailed"]


def test_the_file_of_a_document_is_not_there_before_it_is_made(session: Session, desk: Desk) -> None:
    document = invoice(session, desk)
    with pytest.raises(FailureError, match="FILE_PENDING"):
        document_data(session, document)
    with pytest.raises(LookupError):
        document_data(session, 999)


def test_without_a_mail_server_mails_wait(session: Session, desk: Desk, deps: Deps, postbox: Postbox) -> None:
    invoice(session, desk)
    step_paperwork(Deps(deps.sessions, deps.keyring, deps.transport, deps.exchange), 200)
    assert (mail(session).state, mail(session).attempts) == ("pending", 0)
    step_paperwork(deps, 200)
    assert len(postbox.taken) == 1


def test_queueing_the_same_mail_again_changes_nothing(session: Session, desk: Desk) -> None:
    order = desk.order(*LINES)
    for recipient in ("jo@example.com", "other@example.com", ""):
        queue_mail(session, "shipment", 7, order.id or 0, recipient=recipient, language="de")
    assert mail(session).recipient == "jo@example.com"


def test_a_greylisted_mail_is_tried_again_later_with_the_same_message_id(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    invoice(session, desk)
    postbox.data = "451 come back"
    step_paperwork(deps, 200)
    row = mail(session)
    first = row.message_id
    assert (row.state, row.code, row.attempts) == ("pending", "MAIL_POSTPONED", 1)
    assert row.next_try_at is not None
    assert timedelta(minutes=4) < row.next_try_at - datetime.now(UTC) <= timedelta(minutes=5)
    postbox.data = ""
    assert step_paperwork(deps, 200).done == 0
    session.execute(text("UPDATE mail SET next_try_at = now()"))
    session.commit()
    step_paperwork(deps, 200)
    assert [each["Message-ID"] for each in postbox.mails()] == [first]
    assert mail(session).state == "sent"


def test_a_mail_that_is_postponed_too_often_has_failed(session: Session, desk: Desk) -> None:
    invoice(session, desk)
    session.execute(text("UPDATE document_file SET state = 'ready'"))
    waits = []
    postponed = Failure.of("MAIL_POSTPONED", recipient="jo", reason="451")
    for _ in range(len(mails.WAITS) + 1):
        session.execute(text("UPDATE mail SET next_try_at = NULL"))
        (claimed,) = mails.claim(session, 10, NOW, "muster.example")
        mails.settle(session, claimed.id, "s", postponed, NOW)
        row = mail(session)
        waits.append(row.next_try_at - NOW if row.next_try_at else None)
    assert waits == [*mails.WAITS, None]
    assert (mail(session).state, mail(session).code) == ("failed", "MAIL_POSTPONED")
    assert events(session)[-1] == "mail_failed"


def test_a_refused_mail_has_failed_and_goes_again_by_hand_to_a_better_address(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    invoice(session, desk)
    postbox.rcpt = "550 no such user"
    step_paperwork(deps, 200)
    row = mail(session)
    assert (row.state, row.code, row.params["reason"]) == ("failed", "MAIL_REFUSED", "550 no such user")
    assert step_paperwork(deps, 200).done == 0
    postbox.rcpt = ""
    mails.send_again(session, row.id or 0, "jo@example.com")
    session.commit()
    step_paperwork(deps, 200)
    assert postbox.mails()[0]["To"] == "jo@example.com"


def test_a_mail_without_an_answer_is_not_repeated_by_itself(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    invoice(session, desk)
    postbox.cut = "data"
    step_paperwork(deps, 200)
    postbox.cut = ""
    step_paperwork(deps, 200)
    assert (mail(session).state, mail(session).code) == ("failed", "MAIL_UNANSWERED")
    assert len(postbox.taken) == 1


def test_a_mail_whose_worker_died_is_shown_to_a_person_after_ten_minutes(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    invoice(session, desk)
    session.execute(text("UPDATE document_file SET state = 'ready', pdf = 'x'"))
    assert len(mails.claim(session, 10, NOW, "muster.example")) == 1
    session.commit()
    assert mails.claim(session, 10, NOW + timedelta(hours=1), "muster.example") == []
    assert mails.give_up_unanswered(session, NOW + timedelta(minutes=9)) == 0
    assert mails.give_up_unanswered(session, NOW + timedelta(minutes=10)) == 1
    assert (mail(session).state, mail(session).code) == ("failed", "MAIL_UNANSWERED")
    session.commit()
    step_paperwork(deps, 200)
    assert postbox.taken == []


def test_a_server_that_cannot_be_used_costs_no_attempt_and_is_asked_once_per_step(
    session: Session, desk: Desk, deps: Deps, smtp: Controller
) -> None:
    for _ in range(3):
        invoice(session, desk)
    gone = MailServer(host="127.0.0.1", port=1, sender="shop@muster.example", tls="none")
    step_paperwork(Deps(deps.sessions, deps.keyring, deps.transport, deps.exchange, gone), 200)
    session.expire_all()
    rows = session.exec(select(Mail)).all()
    assert {(row.state, row.code, row.attempts) for row in rows} == {("pending", "MAIL_SERVER", 0)}


def test_two_workers_send_each_mail_once(session: Session, desk: Desk, deps: Deps, postbox: Postbox) -> None:
    for _ in range(6):
        invoice(session, desk)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        while step_paperwork(deps, 2).done:
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each["Message-ID"] for each in postbox.mails()}) == len(postbox.taken) == 6


def test_a_notice_of_shipping_names_the_parcels(session: Session, desk: Desk, deps: Deps, postbox: Postbox) -> None:
    order = desk.order(*LINES)
    shipment = desk.shipment(order, "LS1")
    desk.shop.add(
        Parcel(
            shipment_id=shipment.id, tracking_number="JD1", carrier="DHL", tracking_url="https://dhl.example/?a=1&b=2"
        )
    )
    queue_mail(session, "shipment", shipment.id or 0, order.id or 0, recipient="jo@example.com", language="en")
    session.commit()
    step_paperwork(deps, 200)
    (sent,) = postbox.mails()
    html = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "on its way" in sent["Subject"]
    assert '<a href="https://dhl.example/?a=1&amp;b=2">' in html
    assert "Parcel JD1 with DHL" in html


def test_a_reminder_says_what_is_missing(session: Session, desk: Desk, deps: Deps, postbox: Postbox) -> None:
    order = desk.order(*LINES, paid=5)
    queue_mail(session, "payment_reminder", order.id or 0, order.id or 0, recipient="jo@example.com", language="de")
    session.commit()
    step_paperwork(deps, 200)
    said = postbox.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "19,90" in said


# --- own templates --------------------------------------------------------------------------------------------------


def form(source: str, kind: str = "invoice", **values: Any) -> TemplateForm:
    return TemplateForm(kind=kind, source=source, **values)


def test_the_nearest_template_is_chosen(session: Session, desk: Desk) -> None:
    project = desk.shop.project.id

    def chosen(language: str = "de") -> str:
        found = template_for(session, "invoice", project, language)
        return found.source if found else ""

    assert chosen() == ""
    for source, values in (
        ("all", {}),
        ("german", {"language": "de"}),
        ("project", {"project_id": project}),
        ("nearest", {"project_id": project, "language": "de"}),
    ):
        save_template(session, form(source, **values), "jo")
        assert chosen() == source
    assert chosen("en") == "project"
    assert template_for(session, "credit_note", project, "de") is None


def test_saving_makes_a_version_and_withdrawing_goes_back_to_ours(session: Session, desk: Desk) -> None:
    first = save_template(session, form("one"), "jo")
    second = save_template(session, form("two"), "jo")
    assert (first.version, second.version) == (1, 2)
    assert [each.source for each in templates(session)] == ["two"]
    withdraw_template(session, second.id or 0)
    assert templates(session) == []
    assert template_for(session, "invoice", desk.shop.project.id or 0, "de") is None


def test_a_template_that_fails_later_leaves_the_reason_and_the_next_version_mends_it(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    broken = '#import "/letter.typ": *\n#let d = data()\n#if d.number != "" { panic("no") }'
    save_template(session, form(broken), "jo")
    document = invoice(session, desk)
    step_paperwork(deps, 200)
    row = file(session)
    assert (row.state, row.code, row.pdf, row.xml) == ("failed", "TEMPLATE_FAILED", None, None)
    assert "no" in row.params["reason"]
    assert postbox.taken == []
    assert step_paperwork(deps, 200).done == 0
    save_template(session, form('#import "/letter.typ": *\n#let d = data()\n#show: letter.with(d)\nHallo'), "jo")
    session.commit()
    step_paperwork(deps, 200)
    assert file(session).state == "ready"
    assert document_data(session, document).pdf.startswith(b"%PDF")
    assert len(postbox.taken) == 1


def test_an_own_mail_template_is_used_and_cannot_leave_its_sandbox(
    session: Session, desk: Desk, deps: Deps, postbox: Postbox
) -> None:
    own = form("{{ name.__class__.__mro__ }}", kind="mail_invoice", subject="Hi")
    save_template(session, own, "jo")
    invoice(session, desk)
    step_paperwork(deps, 200)
    assert (mail(session).state, mail(session).code) == ("failed", "TEMPLATE_FAILED")
    save_template(session, form("Moin {{ name }} <b>", kind="mail_invoice", subject="Neu: {{ document }}"), "jo")
    session.commit()
    step_paperwork(deps, 200)
    (sent,) = postbox.mails()
    assert sent["Subject"].startswith("Neu: RE")
    assert "&lt;b&gt;" in sent.get_body(("html",)).get_content()  # type: ignore[union-attr]


# --- what else can go wrong -----------------------------------------------------------------------------------------


def test_an_invoice_that_breaks_the_norm_has_no_file_and_stops_no_other(
    session: Session, desk: Desk, deps: Deps
) -> None:
    bad = invoice(session, desk, currency="ZZZ")
    good = invoice(session, desk)
    step_paperwork(deps, 200)
    states = dict(session.exec(select(DocumentFile.document_id, DocumentFile.code)).all())
    assert states == {bad: "EINVOICE_INVALID", good: ""}
    render_again(session, bad)
    render_again(session, good)
    session.commit()
    session.expire_all()
    assert dict(session.exec(select(DocumentFile.document_id, DocumentFile.state)).all()) == {
        bad: "pending",
        good: "ready",
    }


def test_a_document_that_nobody_foresaw_stops_no_other(session: Session, desk: Desk, deps: Deps) -> None:
    first, second = invoice(session, desk), invoice(session, desk)
    session.execute(text("SET LOCAL connect.erasing = 'on'"))
    session.execute(text("UPDATE document SET content = '{}' WHERE id = :id"), {"id": first})
    session.commit()
    step_paperwork(deps, 200)
    codes = dict(session.exec(select(DocumentFile.document_id, DocumentFile.code)).all())
    assert codes == {first: "UNCLASSIFIED", second: ""}


def test_delivery_notes_are_rendered_and_not_mailed(session: Session, desk: Desk, deps: Deps, postbox: Postbox) -> None:
    issued = issue_delivery_notes(session, [desk.shipment(desk.order(*LINES), "LS1").id or 0], "jo")
    session.commit()
    step_paperwork(deps, 200)
    (document,) = issued.values()
    assert document_data(session, document).xml is None
    assert postbox.taken == []


def test_paperwork_issues_the_invoices_that_waited(session: Session, desk: Desk, deps: Deps) -> None:
    desk.shop.project.issuer = {}
    order = desk.order(*LINES)
    issue_invoices(session, [order.id or 0], "jo")
    desk.shop.project.issuer = ISSUER
    session.commit()
    step_paperwork(deps, 200)
    assert file(session).state == "ready"
    assert issue_due_invoices(session, 10).done == 0
