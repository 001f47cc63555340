"""How calls are authorised: by a token that is entered, or by one that an app asks for and renews in time."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import orjson

from canonical.channel import Token
from canonical.failure import Failure, FailureError
from connectors.account import TokenStore
from connectors.shopify.credentials import ShopifyCredentials

HEADER = "x-shopify-access-token"
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 - an address, no token
RENEW_BEFORE = timedelta(minutes=5)
"""Tokens of the code grant live an hour, those of client credentials a day."""


def token_of(body: bytes, now: datetime) -> Token | None:
    """Read the answer to a token request; None where it is none."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        return None
    refresh = answer.get("refresh_token")
    return Token(
        access=answer["access_token"],
        expires_at=_end(answer.get("expires_in"), now),
        refresh=refresh if isinstance(refresh, str) else "",
        refresh_expires_at=_end(answer.get("refresh_token_expires_in"), now),
        scopes=tuple(scope.strip() for scope in str(answer.get("scope") or "").split(",") if scope.strip()),
    )


def _end(seconds: object, now: datetime) -> datetime | None:
    return now + timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else None


class TokenAuth(httpx.Auth):
    """Puts the account's token on each call; asks for a new one before the old one ends, and once when it is refused.

    Workers share the store: before one asks, it looks whether another has just done so, because a refresh token is good
    for one use only.
    """

    requires_response_body = True

    def __init__(self, keys: ShopifyCredentials, tokens: TokenStore) -> None:
        self._keys = keys
        self._tokens = tokens

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign; where a token is asked for and refused, that refusal is the answer."""
        entered = self._keys.token.get_secret_value()
        if entered:
            request.headers[HEADER] = entered
            yield request
            return
        token = self._tokens.load()
        if token is None or self._ends(token):
            token = yield from self._renewed(request, token)
            if token is None:
                return
        request.headers[HEADER] = token.access
        response = yield request
        if response.status_code != 401:
            return
        stored = self._tokens.load()
        if stored is None or stored.access == token.access:
            stored = yield from self._renewed(request, token)
        if stored is not None:
            request.headers[HEADER] = stored.access
            yield request

    @staticmethod
    def _ends(token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - RENEW_BEFORE <= datetime.now(UTC)

    def _renewed(
        self, request: httpx.Request, old: Token | None
    ) -> Generator[httpx.Request, httpx.Response, Token | None]:
        """Ask for a token and store it at once; None when it is refused, unless another worker was faster."""
        response = yield self._question(request, old)
        token = token_of(response.content, datetime.now(UTC))
        if response.status_code == 200 and token is not None:
            self._tokens.store(token)
            return token
        other = self._tokens.load()
        if other is not None and (old is None or other.access != old.access) and not self._ends(other):
            return other
        if response.status_code == 200:
            content_type = response.headers.get("content-type", "?").partition(";")[0]
            raise FailureError(Failure.of("NOT_JSON", host=request.url.host, content_type=content_type))
        return None

    def _question(self, request: httpx.Request, old: Token | None) -> httpx.Request:
        """The token request: with the refresh token of a granted app, else by client credentials."""
        fields = {"client_id": self._keys.client_id, "client_secret": self._keys.client_secret.get_secret_value()}
        if old is not None and old.refresh:
            fields |= {"grant_type": "refresh_token", "refresh_token": old.refresh}
        else:
            fields |= {"grant_type": "client_credentials"}
        return httpx.Request(
            "POST",
            request.url.copy_with(path=TOKEN_PATH, query=None),
            headers={
                "accept": "application/json",
                "content-type": "application/x-www-form-urlencoded",
                "user-agent": request.headers.get("user-agent", ""),
            },
            content=urlencode(fields).encode(),
            extensions=request.extensions,
        )
