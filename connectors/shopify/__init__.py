"""Shopify: orders, articles, stock, prices, order status and refunds over its GraphQL Admin API."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.channel import GrantKind, WebhookHint
from connectors.shopify.credentials import ShopifyCredentials, ShopifyGrantForm
from connectors.shopify.declaration import CAPABILITIES, FEATURES, HELP, SUMMARY
from connectors.spec import ConnectorKind, ConnectorSpec, Grant, Limits, Text

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

SPEC = ConnectorSpec(
    key="shopify",
    title="Shopify",
    kind=ConnectorKind.SHOP,
    api_version="2026-10",
    summary=SUMMARY,
    credentials=ShopifyCredentials,
    credentials_help=HELP,
    # Cost points of the smallest plan; the shop's own numbers are taken over from its first answer.
    limits=Limits(per_second=100, burst=2000),
    features=FEATURES,
    capabilities=CAPABILITIES,
    imports_catalogue=True,
    lists_articles=True,
    has_webhooks=True,
    choices=("locations", "publications", "collections", "catalogs", "metafields", "taxonomy"),
    grants=(
        Grant(
            GrantKind.REDIRECT,
            ShopifyGrantForm,
            Text(
                "Mit einer öffentlichen App: du stimmst im Shop zu, alle Berechtigungen kommen von selbst mit.",
                "With a public app: you agree in the shop, and all permissions come with it.",
            ),
            is_recommended=True,
        ),
    ),
)


def build(
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",
    account: "Account",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet."""
    from connectors.shopify.auth import TokenAuth
    from connectors.shopify.client import Shopify
    from connectors.shopify.graph import classify
    from connectors.transport import Transport

    keys = ShopifyCredentials.model_validate(credentials, from_attributes=True)
    auth = TokenAuth(keys, account.tokens)
    transport = Transport(keys.shop, auth=auth, limiter=account.limiter, options=options, classify=classify)
    can_verify = bool(keys.client_secret.get_secret_value())
    return Shopify(transport, settings, account, options, is_secure=keys.is_secure, can_verify=can_verify)


def reader() -> "Connector":
    """Make a connector that only reads stored documents; every call to a shop fails with `CREDENTIALS_MISSING`."""
    from connectors.account import Account
    from connectors.shopify.client import Shopify
    from connectors.transport import NoTransport, TransportOptions

    return Shopify(NoTransport(), {}, Account(), TransportOptions(), is_secure=True, can_verify=False)


def read_webhook(credentials: BaseModel, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookHint | None:
    """Verify a delivery by the app's own secret of the credentials; `secret` is ours and nothing is signed with it."""
    from connectors.shopify.webhooks import read

    del secret
    return read(ShopifyCredentials.model_validate(credentials, from_attributes=True), headers, body)


def authorize_url(form: BaseModel, *, return_url: str, callback_url: str, state: str) -> str:
    """The shop's page where the merchant agrees; no network. The keys come with the return, so nothing is called back."""
    from connectors.shopify.grants import authorize_url as url_of

    del callback_url
    return url_of(ShopifyGrantForm.model_validate(form, from_attributes=True), return_url=return_url, state=state)


def granted_credentials(
    form: BaseModel,
    answer: Mapping[str, str],
    state: str,
    account: "Account",
    options: "TransportOptions",
) -> BaseModel:
    """Check what came back, exchange the code, and store the tokens; raises `FailureError` GRANT_REFUSED or GRANT_EXPIRED."""
    from connectors.shopify.grants import granted_credentials as granted

    return granted(ShopifyGrantForm.model_validate(form, from_attributes=True), answer, state, account, options)
