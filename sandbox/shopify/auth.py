"""Who calls: tokens of the three ways to get one, their scopes, their end, and the merchant's simulated consent."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.shopify.scopes import with_implied
from sandbox.shopify.store import Json

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

CLIENT_CREDENTIALS_SECONDS = 86_399
EXPIRING_SECONDS = 3_600
CODE_SECONDS = 60


class OAuthError(Exception):
    """A refusal of the token endpoint, in the words of RFC 6749."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class Token:
    """One access token; `ends` is None for one that never expires, `refresh` empty where there is no refresh token."""

    text: str
    scopes: tuple[str, ...]
    ends: str | None = None
    refresh: str = ""

    def as_json(self) -> Json:
        """The token as kept in the state file."""
        return asdict(self)


class Tokens:
    """The tokens an app was given; refreshing rotates, and the old refresh token dies with the first use of the new one."""

    def __init__(
        self, client_id: str, client_secret: str, scopes: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.scopes = tuple(scopes)
        self.lifetimes = {"client_credentials": CLIENT_CREDENTIALS_SECONDS, "offline": EXPIRING_SECONDS}
        self._clock, self._lock = clock, threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._refreshes: dict[str, tuple[tuple[str, ...], str]] = {}
        # Scopes and the refresh token before, by refresh token.
        self._codes: dict[str, tuple[datetime, tuple[str, ...], str]] = {}

    def add(self, text: str, scopes: Sequence[str]) -> None:
        """A custom app's token, which never expires."""
        self._tokens[text] = Token(text, tuple(scopes))

    def granted(self, text: str) -> frozenset[str] | None:
        """What a token allows, None for an unknown, expired or revoked one."""
        token = self._tokens.get(text)
        if token is None or (token.ends is not None and datetime.fromisoformat(token.ends) <= self._clock()):
            return None
        return with_implied(token.scopes)

    def handles(self, text: str) -> tuple[str, ...]:
        """The scopes of a token as they were granted."""
        token = self._tokens.get(text)
        return token.scopes if token else ()

    def expire(self) -> None:
        """Let every token that can expire be expired now; refresh tokens go on."""
        past = (self._clock() - timedelta(seconds=1)).isoformat()
        with self._lock:
            self._tokens = {k: replace(t, ends=past if t.ends else None) for k, t in self._tokens.items()}

    def revoke(self) -> None:
        """The app is uninstalled: tokens, refresh tokens and codes are gone, and the secret is another one."""
        with self._lock:
            self._tokens.clear()
            self._refreshes.clear()
            self._codes.clear()
            self.client_secret = secrets.token_hex(16)

    def narrow(self, scopes: Sequence[str]) -> None:
        """Grant other scopes from now on, to the tokens in use as well."""
        with self._lock:
            self.scopes = tuple(scopes)
            self._tokens = {key: replace(token, scopes=self.scopes) for key, token in self._tokens.items()}

    def consent(self, query: QueryParams, host: str) -> str:
        """The merchant agrees: the address the browser is sent back to. Raises OAuthError for a wrong request."""
        target = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id:
            raise OAuthError("invalid_client", "Oauth error application_cannot_be_found: Application cannot be found")
        if not target.startswith(("http://", "https://")):
            raise OAuthError("invalid_request", "Oauth error invalid_request: The redirect_uri is not whitelisted")
        wanted = [scope for scope in query.get("scope", "").split(",") if scope]
        allowed = with_implied(self.scopes)
        granted = tuple(scope for scope in wanted if scope in allowed) if wanted else self.scopes
        code = secrets.token_hex(16)
        self._codes[code] = (self._clock() + timedelta(seconds=CODE_SECONDS), granted, target)
        values = {
            "code": code,
            "host": secrets.token_urlsafe(12),
            "shop": host,
            "state": query.get("state", ""),
            "timestamp": str(int(self._clock().timestamp())),
        }
        text = "&".join(f"{name}={values[name]}" for name in sorted(values))
        values["hmac"] = hmac.new(self.client_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return f"{target}{'&' if '?' in target else '?'}{urlencode(values)}"

    def exchange(self, form: Json) -> tuple[Json, Token]:
        """Answer a request to the token endpoint with a token and its public form; raises OAuthError."""
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            raise OAuthError("invalid_client", "Client authentication failed", 401)
        grant = form.get("grant_type") or ("authorization_code" if form.get("code") else "")
        with self._lock:
            if grant == "client_credentials":
                return self._issue("client_credentials", self.scopes, refresh=False)
            if grant == "authorization_code":
                return self._from_code(str(form.get("code", "")), expiring=str(form.get("expiring", "")) == "1")
            if grant == "refresh_token":
                return self._refreshed(str(form.get("refresh_token", "")))
        raise OAuthError("unsupported_grant_type", f"The grant type {grant!r} is not supported")

    def restore(self, saved: Json) -> None:
        """Take a token back from the state file."""
        token = Token(saved["text"], tuple(saved["scopes"]), saved["ends"], saved["refresh"])
        self._tokens[token.text] = token
        if token.refresh:
            self._refreshes[token.refresh] = (token.scopes, "")

    def _from_code(self, code: str, *, expiring: bool) -> tuple[Json, Token]:
        ends, scopes, _ = self._codes.pop(code, (None, (), ""))
        if ends is None or ends <= self._clock():
            raise OAuthError("invalid_request", "The authorization code was not found or was already used")
        if expiring:
            return self._issue("offline", scopes, refresh=True)
        return self._issue("", scopes, refresh=False)

    def _refreshed(self, refresh: str) -> tuple[Json, Token]:
        if refresh not in self._refreshes:
            raise OAuthError("invalid_grant", "The refresh token was not found, expired or was already used", 400)
        scopes, before = self._refreshes[refresh]
        # The first use of a refresh token ends the one before it; until then a lost answer can be asked for again.
        self._refreshes.pop(before, None)
        return self._issue("offline", scopes, refresh=True, before=refresh)

    def _issue(self, kind: str, scopes: tuple[str, ...], *, refresh: bool, before: str = "") -> tuple[Json, Token]:
        seconds = self.lifetimes.get(kind)
        ends = None if seconds is None else (self._clock() + timedelta(seconds=seconds)).isoformat()
        token = Token(
            f"shpat_{secrets.token_hex(16)}", scopes, ends, f"shprt_{secrets.token_hex(16)}" if refresh else ""
        )
        self._tokens[token.text] = token
        body: Json = {"access_token": token.text, "scope": ",".join(scopes)}
        if seconds is not None:
            body["expires_in"] = seconds
        if token.refresh:
            self._refreshes[token.refresh] = (scopes, before)
            body |= {"refresh_token": token.refresh, "refresh_token_expires_in": 7_776_000}
        return body, token
