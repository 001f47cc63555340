"""Mail against a real SMTP server: taken, refused, postponed, broken off, encrypted; nobody adds a header."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from adapters.mail import MailServer, compose, send
from canonical.failure import Failure, FailureError
from canonical.mail import Attachment, Letter
from tests.adapters.smtp_kit import Postbox, certificate, login, serve


@pytest.fixture
def postbox() -> Postbox:
    """Where mails arrive."""
    return Postbox()


@pytest.fixture
def smtp(postbox: Postbox) -> Iterator[Controller]:
    """A plain server."""
    controller = serve(postbox)
    yield controller
    controller.stop()


def server(smtp: Controller, **values: Any) -> MailServer:
    defaults = {"host": "localhost", "port": smtp.port, "sender": "shop@muster.example", "tls": "none"}
    return MailServer(**(defaults | values))


def letter(**values: Any) -> Letter:
    defaults = {
        "recipient": "jo@example.com", "subject": "Rechnung für Jörg", "text": "Grüße\n", "html": "<p>Grüße</p>",
        "message_id": "<invoice-1@muster.example>", "sender_name": "Muster & Söhne, GmbH",
    }  # fmt: skip
    return Letter(**(defaults | values))


def failure(server: MailServer, mail: Letter) -> Failure:
    with pytest.raises(FailureError) as caught:
        send(server, mail)
    return caught.value.failure


def test_a_mail_arrives_as_text_and_html_with_its_file(postbox: Postbox, smtp: Controller) -> None:
    pdf = Attachment(name="invoice-RE1.pdf", media_type="application/pdf", data=b"%PDF-1.7\r\n.\r\n\x00\xff")
    send(server(smtp), letter(attachments=(pdf,), reply_to="rechnung@muster.example"))
    (mail,) = postbox.mails()
    assert mail["From"] == '"Muster & Söhne, GmbH" <shop@muster.example>'
    assert (mail["To"], mail["Subject"]) == ("jo@example.com", "Rechnung für Jörg")
    assert (mail["Message-ID"], mail["Reply-To"]) == ("<invoice-1@muster.example>", "rechnung@muster.example")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Grüße"
    assert html.get_content().strip() == "<p>Grüße</p>"
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("invoice-RE1.pdf", pdf.data)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"rcpt": "550 no such user"}, "MAIL_REFUSED"),
        ({"data": "554 spam"}, "MAIL_REFUSED"),
        ({"rcpt": "450 greylisted, come back"}, "MAIL_POSTPONED"),
        ({"data": "451 disk full"}, "MAIL_POSTPONED"),
        ({"cut": "rcpt"}, "MAIL_SERVER"),
        ({"cut": "data"}, "MAIL_UNANSWERED"),
    ],
)
def test_each_answer_says_whether_the_mail_may_go_again(
    postbox: Postbox, smtp: Controller, answers: dict[str, str], code: str
) -> None:
    for name, value in answers.items():
        setattr(postbox, name, value)
    found = failure(server(smtp), letter())
    assert found.code == code
    if code in ("MAIL_REFUSED", "MAIL_POSTPONED"):
        assert next(iter(answers.values())) in found.params["reason"]


def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    gone = MailServer(host="127.0.0.1", port=port, sender="shop@muster.example", tls="none")
    assert failure(gone, letter()).code == "MAIL_SERVER"


def test_with_starttls_the_mail_travels_encrypted_and_an_unknown_certificate_is_refused(
    tmp_path: Path, postbox: Postbox
) -> None:
    ca_file, context = certificate(tmp_path)
    controller = serve(postbox, tls_context=context, require_starttls=True)
    try:
        send(server(controller, tls="starttls", ca_file=str(ca_file)), letter())
        assert len(postbox.taken) == 1
        assert failure(server(controller, tls="starttls"), letter()).code == "MAIL_SERVER"
        assert failure(server(controller, tls="none"), letter()).code == "MAIL_REFUSED"
    finally:
        controller.stop()


def test_with_tls_from_the_start(tmp_path: Path, postbox: Postbox) -> None:
    ca_file, context = certificate(tmp_path)
    controller = serve(postbox, ssl_context=context, server_hostname="localhost")
    try:
        send(server(controller, tls="tls", ca_file=str(ca_file)), letter())
        assert len(postbox.taken) == 1
    finally:
        controller.stop()


def test_a_wrong_password_hands_nothing_over_and_is_nowhere_shown(postbox: Postbox) -> None:
    controller = serve(postbox, authenticator=login("jo", "right"), auth_require_tls=False, auth_required=True)
    try:
        send(server(controller, user="jo", password="right"), letter())
        wrong = server(controller, user="jo", password="geheim")
        found = failure(wrong, letter())
        assert found.code == "MAIL_SERVER"
        assert "geheim" not in found.model_dump_json() + repr(wrong)
        assert len(postbox.taken) == 1
    finally:
        controller.stop()


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "jo",
        "jo@",
        "@example.com",
        "jo@example",
        "jo@example.com\r\nBcc: evil@example.com",
        "a@b.c,d@e.f",
        "jo@exa mple.com",
    ],
)
def test_what_is_no_address_is_not_sent(postbox: Postbox, smtp: Controller, recipient: str) -> None:
    assert failure(server(smtp), letter(recipient=recipient)).code == "MAIL_ADDRESS"
    assert postbox.taken == []


def test_nobody_adds_a_header(smtp: Controller) -> None:
    evil = "Hallo\r\nBcc: evil@example.com\n\nbody"
    mail = compose(server(smtp), letter(subject=evil, sender_name=evil, reply_to="jo@example.com\nBcc: x@example.com"))
    assert "Bcc" not in mail
    assert mail.get_body(("plain",)) is not None


def test_addresses_of_marketplaces_and_other_scripts_work(postbox: Postbox, smtp: Controller) -> None:
    for recipient in ("5fxk2+a=b.c_d@marketplace.amazon.de", "jo@bücher.example", "jörg@bücher.example"):
        send(server(smtp), letter(recipient=recipient))
    assert [each.rcpt_tos for each in postbox.taken] == [
        ["5fxk2+a=b.c_d@marketplace.amazon.de"],
        ["jo@xn--bcher-kva.example"],
        ["jörg@xn--bcher-kva.example"],
    ]
