"""Tokens and rights: the OAuth grant for integrations, tokens that expire, privileges of roles, the pause after wrong tries."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.shopware6 import errors

TRIES = ((20, 60), (15, 30), (10, 10))
"""How many wrong tries lead to how many seconds of waiting [C]."""
FORGOTTEN_AFTER = timedelta(hours=24)
MALFORMED = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than "
    "once, or is otherwise malformed."
)


@dataclass(frozen=True)
class Integration:
    """A pair of keys with its rights; `privileges` None means administrator."""

    access_key: str
    secret: str
    privileges: frozenset[str] | None = None


@dataclass
class Rights:
    """What one request may do; missing privileges are collected and refused together."""

    privileges: frozenset[str] | None
    missing: list[str] = field(default_factory=list)

    def require(self, privilege: str) -> None:
        """Note a privilege that is needed."""
        if self.privileges is not None and privilege not in self.privileges and privilege not in self.missing:
            self.missing.append(privilege)

    def require_all(self, privileges: Iterable[str]) -> None:
        """Note several privileges and refuse at once what is missing."""
        for privilege in privileges:
            self.require(privilege)
        self.raise_missing()

    def raise_missing(self) -> None:
        """Refuse with everything that was missing so far."""
        if self.missing:
            raise errors.missing_privileges(self.missing)


class Gate:
    """The shop's integrations and the tokens they hold."""

    def __init__(self, integrations: Iterable[Integration], clock: Callable[[], datetime], token_seconds: int) -> None:
        self._integrations = {one.access_key: one for one in integrations}
        self._clock, self.token_seconds = clock, token_seconds
        self._tokens: dict[str, tuple[Integration, datetime]] = {}
        self._wrong: dict[str, tuple[int, datetime]] = {}

    def grant(self, body: Any) -> dict[str, Any]:
        """A new token for client credentials; raises the OAuth server's refusals."""
        body = body if isinstance(body, dict) else {}
        kind = body.get("grant_type")
        if kind != "client_credentials":
            raise errors.oauth(
                400,
                2,
                "The authorization grant type is not supported by the authorization server.",
                "Check that all required parameters have been provided",
            )
        client = body.get("client_id")
        if not client:
            raise errors.oauth(400, 3, MALFORMED, "Check the `client_id` parameter")
        self._pause(str(client))
        integration = self._integrations.get(str(client))
        if integration is None or integration.secret != body.get("client_secret"):
            count, _ = self._wrong.get(str(client), (0, self._clock()))
            self._wrong[str(client)] = (count + 1, self._clock())
            raise errors.oauth(401, 4, "Client authentication failed")
        self._wrong.pop(str(client), None)
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (integration, self._clock() + timedelta(seconds=self.token_seconds))
        return {"token_type": "Bearer", "expires_in": self.token_seconds, "access_token": token}

    def identify(self, header: str) -> Rights:
        """The rights of a bearer token; raises the vendor's 401 for none, an unknown or an expired one."""
        if not header:
            raise errors.denied('Missing "Authorization" header')
        scheme, _, token = header.partition(" ")
        found = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise errors.denied("Access token could not be verified")
        integration, until = found
        if self._clock() >= until:
            raise errors.denied("Access token could not be verified")
        return Rights(integration.privileges)

    def revoke(self) -> None:
        """The owner deletes all integrations; tokens that are out end too."""
        self._integrations.clear()
        self._tokens.clear()

    def expire(self) -> None:
        """All tokens that are out end now; the keys stay good."""
        now = self._clock()
        self._tokens = {token: (integration, now) for token, (integration, _) in self._tokens.items()}

    def _pause(self, client: str) -> None:
        count, last = self._wrong.get(client, (0, self._clock()))
        passed = self._clock() - last
        if passed >= FORGOTTEN_AFTER:
            self._wrong.pop(client, None)
            return
        wait = next((seconds for tries, seconds in TRIES if count >= tries), 0)
        if passed < timedelta(seconds=wait):
            left = wait - int(passed.total_seconds())
            detail = f"Too many requests, try again in {left} seconds."
            raise errors.refusal(429, "FRAMEWORK__RATE_LIMIT_EXCEEDED", detail, seconds=left)
