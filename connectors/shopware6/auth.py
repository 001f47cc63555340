"""The access token of an integration: asked for once in ten minutes, not per call, because Shopware slows down who asks often."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import httpx
import orjson
from pydantic import SecretStr

from canonical.channel import Token
from connectors.account import TokenStore

EARLY = timedelta(seconds=30)
"""A token is replaced before its end, so that none expires on its way."""


class TokenAuth(httpx.Auth):
    """Signs calls with the stored token; a new one comes before the end of the old one, and once after a 401.

    A refused token request ends the flow: its answer is then the answer of the call, and says why.
    """

    requires_response_body = True

    def __init__(self, url: str, client_id: str, client_secret: SecretStr, tokens: TokenStore) -> None:
        self._url = f"{url}/api/oauth/token"
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens = tokens

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request; ask for a token where there is no good one."""
        token = self._tokens.load()
        is_fresh = not _is_good(token)
        if is_fresh:
            token = self._keep((yield self._ask(request)))
        if token is None:
            return
        request.headers["authorization"] = f"Bearer {token.access}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED or is_fresh:
            return
        # Another worker may have stored a newer one meanwhile; it is as good as one of our own.
        stored = self._tokens.load()
        if stored is None or stored.access == token.access or not _is_good(stored):
            stored = self._keep((yield self._ask(request)))
        if stored is not None:
            request.headers["authorization"] = f"Bearer {stored.access}"
            yield request

    def _ask(self, request: httpx.Request) -> httpx.Request:
        body = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        headers = {"content-type": "application/json", "accept": "application/json"}
        headers["user-agent"] = request.headers.get("user-agent", "")
        return httpx.Request(
            "POST", self._url, headers=headers, content=orjson.dumps(body), extensions=request.extensions
        )

    def _keep(self, response: httpx.Response) -> Token | None:
        """Store what was granted; None if the answer grants nothing."""
        if response.status_code != httpx.codes.OK:
            return None
        try:
            body = orjson.loads(response.content)
            access, seconds = body["access_token"], int(body.get("expires_in", 600))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return None
        token = Token(access=str(access), expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
        self._tokens.store(token)
        return token


def _is_good(token: Token | None) -> bool:
    return token is not None and (token.expires_at is None or token.expires_at - EARLY > datetime.now(UTC))
