"""The login: HTTP Digest (RFC 2617) as Zend's adapter does it, or HTTP Basic, with the user's API key as password.

The nonce is no secret of a session: it follows from the hour and the client's name and is good until the hour ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Callable
from datetime import datetime

REALM = "Shopware REST-API"
NONCE_SECONDS = 3600
PART = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


def md5(text: str) -> str:
    """The digest that RFC 2617 asks for."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Gate:
    """The API users of a shop with their keys."""

    def __init__(self, users: dict[str, str], clock: Callable[[], datetime]) -> None:
        self._users, self._clock = users, clock

    def challenges(self, agent: str) -> list[str]:
        """The two `WWW-Authenticate` headers of a refusal."""
        digest = (
            f'Digest realm="{REALM}", domain="/", nonce="{self._nonce(agent)}", opaque="{self._opaque()}", '
            'algorithm="MD5", qop="auth"'
        )
        return [f'Basic realm="{REALM}"', digest]

    def user(self, header: str, method: str, target: str, agent: str) -> str | None:
        """The user whom an `Authorization` header proves; None for nobody. `target` is path and query as asked."""
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "basic":
            return self._basic(rest)
        if scheme.lower() == "digest":
            return self._digest({name: a or b for name, a, b in PART.findall(rest)}, method, target, agent)
        return None

    def revoke(self) -> None:
        """All API keys are taken away."""
        self._users.clear()

    def _basic(self, encoded: str) -> str | None:
        try:
            name, _, key = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return None
        return name if name in self._users and hmac.compare_digest(self._users[name], key) else None

    def _digest(self, parts: dict[str, str], method: str, target: str, agent: str) -> str | None:
        name = parts.get("username", "")
        key = self._users.get(name)
        is_ours = parts.get("nonce") == self._nonce(agent) and parts.get("opaque") == self._opaque()
        if key is None or not is_ours or parts.get("realm") != REALM or parts.get("uri") != target:
            return None
        first, second = md5(f"{name}:{REALM}:{key}"), md5(f"{method}:{target}")
        middle = ":".join(parts.get(one, "") for one in ("nonce", "nc", "cnonce", "qop"))
        expected = md5(f"{first}:{middle}:{second}")
        return name if hmac.compare_digest(expected, parts.get("response", "")) else None

    def _nonce(self, agent: str) -> str:
        until = math.ceil((self._clock().timestamp() + 1) / NONCE_SECONDS) * NONCE_SECONDS
        return md5(f"{until}:{agent}:sandbox")

    def _opaque(self) -> str:
        return md5("Opaque Data:sandbox")
