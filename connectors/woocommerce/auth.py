"""How calls are signed: Basic over HTTPS; OAuth 1.0a with HMAC-SHA256 over plain HTTP, where the shop ignores Basic."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Generator
from urllib.parse import quote

import httpx
from pydantic import SecretStr


def _encode(text: str) -> str:
    return quote(text, safe="~")


def signed_url(method: str, url: httpx.URL, key: str, secret: str, *, timestamp: int, nonce: str) -> httpx.URL:
    """Add the OAuth parameters and their signature to the query; the body is not signed, only JSON bodies are sent."""
    parameters = {
        **dict(url.params.multi_items()),
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(timestamp),
    }
    pairs = "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(parameters.items()))
    address = str(url.copy_with(query=None, fragment=None))
    base = "&".join((method.upper(), _encode(address), _encode(pairs)))
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    signature = _encode(base64.b64encode(digest).decode())
    return url.copy_with(query=f"{pairs}&oauth_signature={signature}".encode())


class KeyAuth(httpx.Auth):
    """Signs each call with the account's key, in the way that the scheme of the address asks for."""

    def __init__(self, key: str, secret: SecretStr) -> None:
        self._key = key
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign; the nonce is new for every call because the shop accepts each only once."""
        secret = self._secret.get_secret_value()
        if request.url.scheme == "https":
            pair = base64.b64encode(f"{self._key}:{secret}".encode()).decode()
            request.headers["authorization"] = f"Basic {pair}"
        else:
            nonce, now = secrets.token_hex(16), int(time.time())
            request.url = signed_url(request.method, request.url, self._key, secret, timestamp=now, nonce=nonce)
        yield request
