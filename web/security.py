"""Who may do what: sealed session cookies, CSRF tokens on every post, throttled login, headers on every answer."""

import hashlib
import secrets
import threading
import time
from typing import Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from erp.secrets import Keyring
from erp.tables import Account
from web.context import LoginNeededError, Visitor, deps_of
from web.flash import open_json, seal_json
from web.i18n import pick

SESSION = "connect_session"
SESSION_SECONDS = 7 * 24 * 3600
PUBLIC = frozenset({"/login", "/preferences", "/healthz"})
LARGEST_FORM = 2_000_000
UPLOADS = {"/articles/images": 6_000_000, "/foreign-numbers/files": 250_000_000, "/pairing/files": 100_000_000}
"""Endings of paths that take one file, with the most bytes of the whole form; larger files than a megabyte wait on the disk."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _stamp(account: Account) -> str:
    """Changes with the password, so that a changed password ends all sessions."""
    return hashlib.sha256(account.password_hash.encode()).hexdigest()[:16]


def recognise(request: Request) -> Visitor:
    """Find out who is visiting from the cookies; a session of a person who was locked out counts as none."""
    deps = deps_of(request)
    session = _read(deps.keyring, request.cookies.get(SESSION, ""))
    account = None
    if session.get("account"):
        with deps.sessions() as database:
            account = database.get(Account, session["account"])
        if account is not None and (not account.is_active or session.get("stamp") != _stamp(account)):
            account = None
    wanted = request.cookies.get("language") or (account.language if account else "")
    return Visitor(
        account_id=(account.id or 0) if account else 0,
        name=(account.name or account.email) if account else "",
        email=account.email if account else "",
        language=pick(wanted or request.headers.get("accept-language", "")),
        theme="dark" if request.cookies.get("theme") == "dark" else "light",
        csrf=session.get("csrf", ""),
    )


def _read(keyring: Keyring, cookie: str) -> dict[str, Any]:
    session = open_json(keyring, cookie, SESSION) if cookie else None
    if not isinstance(session, dict) or session.get("until", 0) < time.time():
        return {}
    return session


def begin_session(request: Request, response: Response, account: Account | None) -> None:
    """Give the browser a session: an anonymous one for the login form, or a person's."""
    session = {"csrf": secrets.token_urlsafe(24), "until": int(time.time()) + SESSION_SECONDS}
    if account is not None:
        session |= {"account": account.id, "stamp": _stamp(account)}
    response.set_cookie(
        SESSION,
        seal_json(deps_of(request).keyring, session, SESSION),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


async def guard(request: Request) -> None:
    """Runs before every route: recognises the visitor, refuses posts without our token, asks strangers to log in.

    Raises `LoginNeededError`, and `HTTPException` 403 or 413.
    """
    visitor = await run_in_threadpool(recognise, request)
    request.state.visitor = visitor
    if not visitor.is_known and request.url.path not in PUBLIC:
        raise LoginNeededError
    if request.method not in ("GET", "HEAD"):
        length = request.headers.get("content-length", "")
        upload = next((most for ending, most in UPLOADS.items() if request.url.path.endswith(ending)), 0)
        if not length.isdecimal() or int(length) > (upload or LARGEST_FORM):
            raise HTTPException(413)
        form = await request.form(max_files=int(upload > 0), max_fields=20_000)
        sent = form.get("csrf")
        if (
            not visitor.csrf
            or not isinstance(sent, str)
            or not secrets.compare_digest(sent.encode(), visitor.csrf.encode())
        ):
            raise HTTPException(403, "csrf")


class LoginThrottle:
    """Slows down guessing: after five wrong passwords for one e-mail or from one address, a minute's wait each time."""

    LIMIT = 5
    WAIT = 60.0
    MOST = 10_000

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def must_wait(self, *keys: str) -> bool:
        """Whether one of the keys failed too often just now."""
        now = time.monotonic()
        with self._lock:
            found = [self._failures.get(key, (0, 0.0)) for key in keys]
        return any(count >= self.LIMIT and now - last < self.WAIT for count, last in found)

    def failed(self, *keys: str) -> None:
        """Count a wrong password."""
        now = time.monotonic()
        with self._lock:
            if len(self._failures) > self.MOST:
                self._failures.clear()
            for key in keys:
                count, last = self._failures.get(key, (0, 0.0))
                self._failures[key] = (1 if now - last > self.WAIT else count + 1, now)

    def succeeded(self, *keys: str) -> None:
        """Forget what was counted."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)


class SecurityHeaders:
    """Adds the security headers to every answer; pages are never cached, files of ours are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_file = scope["path"].startswith("/static/")

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Cache-Control"] = "public, max-age=3600" if is_file else "no-store"
            await send(message)

        await self.app(scope, receive, complete)
