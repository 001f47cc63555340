"""Mail over SMTP: one connection per mail, and an answer that says whether it may be sent again."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

from canonical.failure import Failure, FailureError
from canonical.mail import Letter

TIMEOUT = 30.0
"""Seconds that the server may take for each answer."""
SHOWN = 300
"""Characters of the server's words that are kept."""
_ODD = r"\s@<>(),;:\"\[\]\\\x00-\x1f"
_ADDRESS = re.compile(rf"(?P<user>[^{_ODD}]+)@(?P<domain>[^{_ODD}]+\.[^{_ODD}]+)")
"""One plain address: no list, no name, no quoting, no comment."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and from whom they come."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    ca_file: str | None = None
    """The authority that signed the server's certificate, where it is not a public one."""

    @property
    def domain(self) -> str:
        """The sender's domain, for the Message-ID."""
        return self.sender.rpartition("@")[2]


def send(server: MailServer, letter: Letter) -> None:
    """Hand a mail over; when this returns the server has taken it.

    Raises `FailureError`: MAIL_SERVER (not reached or no login: nothing was handed over), MAIL_ADDRESS, MAIL_POSTPONED
    (4xx: try again later), MAIL_REFUSED (5xx), MAIL_UNANSWERED (the connection broke after the mail had begun to go: it may
    have been delivered, so it must not be repeated by itself).
    """
    message = compose(server, letter)
    connection = _connect(server)
    try:
        _hand_over(connection, server, letter, message)
    finally:
        connection.close()


def compose(server: MailServer, letter: Letter) -> EmailMessage:
    """Write the message; a line break in a recipient or subject is refused or left out, so no header can be added."""
    message = EmailMessage(policy=policy.SMTP)
    try:
        found = _ADDRESS.fullmatch(letter.recipient)
        if found is None:
            raise ValueError(letter.recipient)
        message["To"] = Address(username=found["user"], domain=found["domain"].encode("idna").decode())
    except (ValueError, UnicodeError, LookupError) as error:
        raise FailureError(Failure.of("MAIL_ADDRESS", recipient=letter.recipient)) from error
    sender_user, _, sender_domain = server.sender.rpartition("@")
    message["From"] = Address(_one_line(letter.sender_name), sender_user, sender_domain)
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    if letter.reply_to:
        message["Reply-To"] = _one_line(letter.reply_to)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for attachment in letter.attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(attachment.data, maintype=main, subtype=sub, filename=attachment.name)
    return message


def _one_line(said: str) -> str:
    return " ".join(said.split())


def _connect(server: MailServer) -> smtplib.SMTP:
    """A connection that is greeted, encrypted and logged in; nothing that goes wrong here has handed anything over."""
    context = ssl.create_default_context(cafile=server.ca_file)
    connection: smtplib.SMTP | None = None
    try:
        if server.tls == "tls":
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        connection.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            connection.starttls(context=context)
            connection.ehlo()
        if server.user:
            connection.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        if connection is not None:
            connection.close()
        raise FailureError(Failure.of("MAIL_SERVER", host=server.host, reason=_reason(error))) from error
    return connection


def _hand_over(connection: smtplib.SMTP, server: MailServer, letter: Letter, message: EmailMessage) -> None:
    recipient = str(message["To"].addresses[0].addr_spec)
    is_begun = False
    try:
        options = []
        if not recipient.isascii():
            if not connection.has_extn("smtputf8"):
                raise FailureError(Failure.of("MAIL_ADDRESS", recipient=letter.recipient))
            options, message = ["SMTPUTF8"], _as_utf8(message)
        _accepted(connection.mail(server.sender, options), letter)
        _accepted(connection.rcpt(recipient), letter)
        is_begun = True
        _accepted(connection.data(message.as_bytes()), letter)
    except smtplib.SMTPDataError as error:
        _accepted((error.smtp_code, error.smtp_error), letter)
    except (OSError, smtplib.SMTPException) as error:
        if is_begun:
            raise FailureError(Failure.of("MAIL_UNANSWERED", recipient=letter.recipient)) from error
        raise FailureError(Failure.of("MAIL_SERVER", host=server.host, reason=_reason(error))) from error


def _as_utf8(message: EmailMessage) -> EmailMessage:
    message.policy = policy.SMTPUTF8
    return message


def _accepted(answer: tuple[int, bytes | str], letter: Letter) -> None:
    code, said = answer
    if 200 <= code < 300:
        return
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    name = "MAIL_POSTPONED" if 400 <= code < 500 else "MAIL_REFUSED"
    raise FailureError(Failure.of(name, recipient=letter.recipient, reason=f"{code} {_one_line(words)}"[:SHOWN]))


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {_one_line(said.decode(errors='replace') if isinstance(said, bytes) else said)}"[
            :SHOWN
        ]
    return (f"{type(error).__name__}: {error}")[:SHOWN]
