"""The authorisation code grant: the merchant agrees at the shop's own page and comes back with a code."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from canonical.failure import Failure, FailureError
from connectors.account import Account
from connectors.shopify.address import DOMAIN, SHOP_DOMAIN
from connectors.shopify.auth import TOKEN_PATH, token_of
from connectors.shopify.credentials import ShopifyCredentials, ShopifyGrantForm
from connectors.shopify.graph import classify
from connectors.shopify.scopes import ASKED_FOR
from connectors.transport import Transport, TransportOptions, Upload

AUTHORIZE_PATH = "/admin/oauth/authorize"


def authorize_url(form: ShopifyGrantForm, *, return_url: str, state: str) -> str:
    """The shop's page where the merchant agrees; no network."""
    asked = {
        "client_id": form.client_id,
        "scope": ",".join(ASKED_FOR),
        "redirect_uri": return_url,
        "state": state,
    }
    return f"{form.shop}{AUTHORIZE_PATH}?{urlencode(asked)}"


def granted_credentials(
    form: ShopifyGrantForm, answer: Mapping[str, str], state: str, account: Account, options: TransportOptions
) -> ShopifyCredentials:
    """Check what came back and exchange the code; the tokens go to the account's store, not into the credentials.

    Raises `FailureError` GRANT_REFUSED for a forged or foreign return, GRANT_EXPIRED for a code used before.
    """
    _verify(form, answer, state)
    fields = {
        "client_id": form.client_id,
        "client_secret": form.client_secret.get_secret_value(),
        "code": answer["code"],
        "expiring": "1",
    }
    transport = Transport(form.shop, auth=None, limiter=account.limiter, options=options, classify=classify)
    try:
        received = transport.post(TOKEN_PATH, Upload(urlencode(fields).encode(), "application/x-www-form-urlencoded"))
    except FailureError as error:
        if error.failure.code == "ACCESS":
            raise FailureError(Failure.of("GRANT_EXPIRED")) from error
        raise
    finally:
        transport.close()
    token = token_of(received.body, datetime.now(UTC))
    if token is None:
        raise FailureError(Failure.of("GRANT_REFUSED", reason="no token"))
    account.tokens.store(token)
    return ShopifyCredentials(
        shop=form.shop,
        client_id=form.client_id,
        client_secret=SecretStr(form.client_secret.get_secret_value()),
    )


def _verify(form: ShopifyGrantForm, answer: Mapping[str, str], state: str) -> None:
    """By the vendor's steps: signature over all other parameters, our state, and the shop that we sent the merchant to."""
    signed = "&".join(f"{key}={value}" for key, value in sorted(answer.items()) if key != "hmac")
    secret = form.client_secret.get_secret_value().encode()
    expected = hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), answer.get("hmac", "").encode()):
        raise FailureError(Failure.of("GRANT_REFUSED", reason="hmac"))
    if not state or not hmac.compare_digest(state.encode(), answer.get("state", "").encode()):
        raise FailureError(Failure.of("GRANT_REFUSED", reason="state"))
    shop = answer.get("shop", "")
    host = urlsplit(form.shop).hostname or ""
    if not SHOP_DOMAIN.fullmatch(shop) or (host.endswith(DOMAIN) and shop.lower() != host):
        raise FailureError(Failure.of("GRANT_REFUSED", reason="shop"))
    if not answer.get("code"):
        raise FailureError(Failure.of("GRANT_REFUSED", reason="code"))
