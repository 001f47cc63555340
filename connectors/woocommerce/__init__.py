"""WooCommerce over its REST API v3: orders, articles, prices, stock, categories, order status, tracking and refunds."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.channel import GrantKind, WebhookHint
from canonical.feature import Feature
from canonical.settings import StockSettings
from connectors.spec import ConnectorKind, ConnectorSpec, FeatureSpec, Grant, Limits, Text
from connectors.woocommerce.capabilities import CAPABILITIES
from connectors.woocommerce.settings import (
    WooArticleSettings,
    WooCategorySettings,
    WooCredentials,
    WooOrderSettings,
    WooPriceSettings,
    WooRefundSettings,
    WooShipmentSettings,
    WooShopAddress,
)

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

SPEC = ConnectorSpec(
    key="woocommerce",
    title="WooCommerce",
    kind=ConnectorKind.SHOP,
    api_version="wc/v3",
    summary=Text(
        de="Der Shop für WordPress: Aufträge kommen herein, Artikel, Preise, Bestände und Sendungsnummern gehen hinaus.",
        en="The shop for WordPress: orders come in, articles, prices, stock and tracking go out.",
    ),
    credentials=WooCredentials,
    credentials_help=(
        Text(
            "Melde dich in WordPress als Administrator oder Shop-Manager an.",
            "Log in to WordPress as administrator or shop manager.",
        ),
        Text(
            "Öffne WooCommerce → Einstellungen → Erweitert → REST-API und klicke auf „Schlüssel hinzufügen“.",
            "Open WooCommerce → Settings → Advanced → REST API and click 'Add key'.",
        ),
        Text("Wähle als Berechtigung „Lesen/Schreiben“.", "Choose the permission 'Read/Write'."),
        Text(
            "Klicke auf „API-Schlüssel generieren“ und kopiere beide Werte hierher; das Geheimnis wird nur einmal gezeigt.",
            "Click 'Generate API key' and copy both values here; the secret is shown only once.",
        ),
        Text(
            "Unter Einstellungen → Permalinks darf nicht „Einfach“ gewählt sein.",
            "Under Settings → Permalinks, 'Plain' must not be chosen.",
        ),
    ),
    limits=Limits(per_second=20, burst=40),
    features={
        Feature.ARTICLES: FeatureSpec(WooArticleSettings, every=timedelta(minutes=5), batch=50),
        Feature.CATEGORIES: FeatureSpec(WooCategorySettings, every=timedelta(minutes=15), batch=100),
        Feature.STOCK: FeatureSpec(
            StockSettings,
            every=timedelta(minutes=5),
            batch=100,
            note=Text(
                "Nur an Produkten, deren Lagerbestand der Shop verwaltet.",
                "Only for products whose stock the shop manages.",
            ),
        ),
        Feature.PRICES: FeatureSpec(WooPriceSettings, every=timedelta(minutes=5), batch=100),
        Feature.ORDERS: FeatureSpec(
            WooOrderSettings, every=timedelta(minutes=15), hints=("order.created", "order.updated")
        ),
        Feature.SHIPMENTS: FeatureSpec(
            WooShipmentSettings,
            every=timedelta(minutes=10),
            batch=20,
            note=Text(
                "WooCommerce hat kein eigenes Feld für Sendungsnummern; den Weg wählst du in den Einstellungen.",
                "WooCommerce has no field of its own for tracking numbers; you choose the way in the settings.",
            ),
        ),
        Feature.REFUNDS: FeatureSpec(
            WooRefundSettings,
            every=timedelta(minutes=10),
            batch=10,
            note=Text(
                "Ausgezahlt wird nur, wenn der Zahlungsanbieter des Auftrags es im Shop kann.",
                "Paid out only if the order's payment provider can do so in the shop.",
            ),
        ),
    },
    capabilities=CAPABILITIES,
    imports_catalogue=True,
    lists_articles=True,
    has_webhooks=True,
    choices=("tax_classes", "categories", "order_statuses"),
    grants=(
        Grant(
            GrantKind.CALLBACK,
            WooShopAddress,
            Text(
                "Der Shop fragt dich, ob Connect lesen und schreiben darf, und sendet den Schlüssel selbst; "
                "dafür muss Connect von außen über https erreichbar sein.",
                "The shop asks you whether Connect may read and write, and sends the key itself; "
                "for this, Connect must be reachable from outside over https.",
            ),
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
    from connectors.transport import Transport
    from connectors.woocommerce.answers import classify
    from connectors.woocommerce.auth import KeyAuth
    from connectors.woocommerce.client import WooCommerce

    keys = WooCredentials.model_validate(credentials, from_attributes=True)
    auth = KeyAuth(keys.consumer_key, keys.consumer_secret)
    url = f"{keys.url}/wp-json/wc/v3"
    transport = Transport(url, auth=auth, limiter=account.limiter, options=options, classify=classify)
    return WooCommerce(transport, settings, is_secure=keys.is_secure)


def reader() -> "Connector":
    """Make a connector that only reads stored documents; every call to a shop fails with `CREDENTIALS_MISSING`."""
    from connectors.transport import NoTransport
    from connectors.woocommerce.client import WooCommerce

    return WooCommerce(NoTransport(), {}, is_secure=True)


def read_webhook(
    credentials: BaseModel,  # noqa: ARG001 - other vendors sign with them
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
) -> WebhookHint | None:
    """Verify a delivery with the secret of the registration; the credentials sign nothing here."""
    from connectors.woocommerce.webhooks import read

    return read(headers, body, secret)


def authorize_url(form: BaseModel, *, return_url: str, callback_url: str, state: str) -> str:
    """The shop's page where the merchant grants a key. No network."""
    from connectors.woocommerce import grants

    return grants.authorize_url(form, return_url=return_url, callback_url=callback_url, state=state)


def granted_credentials(
    form: BaseModel,
    answer: Mapping[str, str],
    state: str,
    account: "Account",  # noqa: ARG001 - other vendors are asked for a token
    options: "TransportOptions",  # noqa: ARG001
) -> BaseModel:
    """Make credentials of the key that the shop posted; no call is made. Raises `FailureError` GRANT_REFUSED."""
    from connectors.woocommerce import grants

    return grants.granted_credentials(form, answer, state)
