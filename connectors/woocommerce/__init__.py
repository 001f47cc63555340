"""WooCommerce: orders, stock, order status and tracking over its REST API v3."""

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.feature import Feature
from canonical.settings import StockSettings
from connectors.spec import ConnectorKind, ConnectorSpec, FeatureSpec, Limits, Text
from connectors.woocommerce.settings import WooCredentials, WooOrderSettings, WooShipmentSettings

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
        de="Der Shop für WordPress: Aufträge kommen herein, Bestände und Sendungsnummern gehen hinaus.",
        en="The shop for WordPress: orders come in, stock and tracking go out.",
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
        Feature.ORDERS: FeatureSpec(
            WooOrderSettings, every=timedelta(minutes=15), hints=("order.created", "order.updated")
        ),
        Feature.STOCK: FeatureSpec(
            StockSettings,
            every=timedelta(minutes=5),
            batch=100,
            note=Text(
                "Nur an Produkten, deren Lagerbestand der Shop verwaltet.",
                "Only for products whose stock the shop manages.",
            ),
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
    },
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
