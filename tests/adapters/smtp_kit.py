"""A real SMTP server that takes mails, or answers as a test wants."""

import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Postbox:
    """Takes mails; each answer can be replaced, and `cut` breaks the connection at a command."""

    rcpt: str = ""
    data: str = ""
    cut: str = ""
    """rcpt, or data: after the mail has arrived, without an answer."""
    taken: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self.cut == "rcpt":
            return self._hang_up(server)
        envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data
        self.taken.append(envelope)
        return self._hang_up(server) if self.cut == "data" else "250 taken"

    def _hang_up(self, server: SMTP) -> str:
        assert server.transport is not None
        server.transport.abort()
        return "250 never heard"

    def mails(self) -> list[EmailMessage]:
        """What was taken, parsed."""
        found: list[Any] = [
            message_from_bytes(each.content or b"", policy=policy.default)
            for each in self.taken  # type: ignore[arg-type]
        ]
        return found


def serve(postbox: Postbox, **options: Any) -> Controller:
    """Start a server for a postbox on a free port; the caller stops it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    return controller


def login(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator that knows one user."""

    def check(_: Any, __: Any, ___: Any, mechanism: str, given: Any) -> AuthResult:
        is_right = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    return check


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that only who has the file trusts, and a server's context with it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
