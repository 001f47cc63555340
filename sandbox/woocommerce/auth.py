"""Who may do what: HTTP Basic over TLS, OAuth 1.0a over plain HTTP, with WooCommerce's own refusals."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from sandbox.woocommerce.errors import WooError

WINDOW_SECONDS = 15 * 60
OAUTH_FIELDS = (*("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method"),)
DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
CANNOT = {
    "list": ("view", "Sorry, you cannot list resources."),
    "view": ("view", "Sorry, you cannot view this resource."),
    "create": ("create", "Sorry, you are not allowed to create resources."),
    "edit": ("edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("delete", "Sorry, you are not allowed to delete this resource."),
    "batch": ("batch", "Sorry, you are not allowed to batch manipulate this resource."),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A REST API key; `permission` is read, write or read_write."""

    consumer_key: str
    consumer_secret: str
    permission: str


def refusal(code: str, message: str) -> WooError:
    """A 401 of the authentication or of a permission check."""
    return WooError(401, f"woocommerce_rest_{code}", message)


def refuse_anonymous(action: str) -> WooError:
    """What a caller without a valid key is told when the route exists."""
    verb, message = CANNOT[action]
    return refusal(f"cannot_{verb}", message)


class Gate:
    """Check keys and signatures; remembers used nonces for the length of the time window."""

    def __init__(self, keys: Mapping[str, Key], *, https: bool) -> None:
        self._keys = dict(keys)
        self._https = https
        self._nonces: dict[tuple[str, str], float] = {}

    def revoke(self, consumer_key: str) -> None:
        """Delete a key, as the shop's owner does; from now on it is unknown."""
        self._keys.pop(consumer_key, None)

    def grant(self, key: Key) -> None:
        """Add a key, or change the permission of an existing one."""
        self._keys[key.consumer_key] = key

    def identify(self, method: str, url: str, query: str, authorization: str) -> Key | None:
        """Return the key a request proves, None without one; raises WooError 401 for a false proof."""
        pairs = parse_qsl(query, keep_blank_values=True)
        key = self._basic(dict(pairs), authorization) if self._https else None
        if key is None:
            key = self._oauth(method, url, pairs, authorization)
        if key is not None and not _permits(key.permission, method):
            kind = "read" if _is_reading(method) else "write"
            raise refusal("authentication_error", f"The API key provided does not have {kind} permissions.")
        return key

    def _basic(self, query: Mapping[str, str], authorization: str) -> Key | None:
        name, secret = query.get("consumer_key", ""), query.get("consumer_secret", "")
        if authorization.lower().startswith("basic "):
            try:
                text = base64.b64decode(authorization[6:], validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            name, _, secret = text.partition(":")
        key = self._keys.get(name)
        if key is not None and not hmac.compare_digest(key.consumer_secret.encode(), secret.encode()):
            raise refusal("authentication_error", "Consumer secret is invalid.")
        return key

    def _oauth(self, method: str, url: str, pairs: Sequence[tuple[str, str]], authorization: str) -> Key | None:
        params = [*pairs, *_header_params(authorization)]
        given = dict(params)
        missing = [name for name in OAUTH_FIELDS if not given.get(name)]
        if len(missing) == len(OAUTH_FIELDS):
            return None
        if missing:
            text = "Missing OAuth parameters " if len(missing) > 1 else "Missing OAuth parameter "
            raise refusal("authentication_missing_parameter", text + ", ".join(missing))
        key = self._keys.get(given["oauth_consumer_key"])
        if key is None:
            raise refusal("authentication_error", "Consumer key is invalid.")
        self._check_signature(key, method, url, params)
        self._check_freshness(key, given["oauth_timestamp"], given["oauth_nonce"])
        return key

    def _check_signature(self, key: Key, method: str, url: str, params: Sequence[tuple[str, str]]) -> None:
        given = dict(params)
        wanted = sign(key.consumer_secret, given["oauth_signature_method"], base_string(method, url, params))
        if wanted is None:
            raise refusal("authentication_error", "Invalid signature - signature method is invalid.")
        if not hmac.compare_digest(wanted.encode(), given["oauth_signature"].encode()):
            raise refusal("authentication_error", "Invalid signature - provided signature does not match.")

    def _check_freshness(self, key: Key, timestamp: str, nonce: str) -> None:
        now = time.time()
        if not timestamp.isdigit() or abs(now - int(timestamp)) > WINDOW_SECONDS:
            raise refusal("authentication_error", "Invalid timestamp.")
        if (key.consumer_key, nonce) in self._nonces:
            raise refusal("authentication_error", "Invalid nonce - nonce has already been used.")
        if len(self._nonces) > 50_000:
            self._nonces = {used: at for used, at in self._nonces.items() if now - at < 2 * WINDOW_SECONDS}
        self._nonces[key.consumer_key, nonce] = now


def base_string(method: str, url: str, params: Sequence[tuple[str, str]]) -> str:
    """The text OAuth 1.0a signs: method, address without query, sorted parameters without the signature."""
    encoded = sorted((_encode(name), _encode(value)) for name, value in params if name != "oauth_signature")
    return f"{method}&{_encode(url)}&{_encode('&'.join(f'{name}={value}' for name, value in encoded))}"


def sign(secret: str, method: str, text: str) -> str | None:
    """The signature in base64, None for a method that WooCommerce does not know."""
    digest = DIGESTS.get(method)
    if digest is None:
        return None
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), digest).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _header_params(authorization: str) -> list[tuple[str, str]]:
    if not authorization.lower().startswith("oauth "):
        return []
    parts = (part.strip().partition("=") for part in authorization[6:].split(","))
    return [(name, unquote(value.strip('"'))) for name, _, value in parts if name.startswith("oauth_")]


def _is_reading(method: str) -> bool:
    return method in {"GET", "HEAD", "OPTIONS"}


def _permits(permission: str, method: str) -> bool:
    return permission == "read_write" or permission == ("read" if _is_reading(method) else "write")
