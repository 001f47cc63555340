"""Shopware 6: everything over its Admin API, with the keys of an integration."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.capability import Capability
from canonical.channel import WebhookHint
from canonical.feature import Feature
from canonical.settings import StockSettings
from connectors.shopware6.settings import (
    Shopware6ArticleSettings,
    Shopware6CategorySettings,
    Shopware6Credentials,
    Shopware6DocumentSettings,
    Shopware6OrderSettings,
    Shopware6PriceSettings,
    Shopware6ShipmentSettings,
)
from connectors.spec import ConnectorKind, ConnectorSpec, FeatureSpec, Limits, Text

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

HINTS = (
    "checkout.order.placed",
    "order.written",
    "state_enter.order_transaction.state.paid",
    "state_enter.order_transaction.state.authorized",
    "state_enter.order.state.cancelled",
)
_PLAIN = Text("", "")
_UNCONDITIONAL = (
    Capability.MATCH_SKU,
    Capability.FOREIGN_NUMBERS,
    Capability.IMPORT_ARTICLES,
    Capability.IMPORT_PRICES,
    Capability.IMPORT_MEDIA,
    Capability.ARTICLE_BASICS,
    Capability.ARTICLE_MEASURES,
    Capability.VARIANTS,
    Capability.ARTICLE_INACTIVE,
    Capability.ARTICLE_CLOSEOUT,
    Capability.MANUFACTURER,
    Capability.MANUFACTURER_NUMBER,
    Capability.EAN,
    Capability.DESCRIPTION,
    Capability.META_TEXTS,
    Capability.META_KEYWORDS,
    Capability.TAGS,
    Capability.CUSTOM_FIELDS,
    Capability.PROPERTIES,
    Capability.CUSTOM_TO_STANDARD,
    Capability.BUNDLES,
    Capability.CROSS_SELLING,
    Capability.IMAGES,
    Capability.IMAGE_TITLE,
    Capability.CATEGORY_TREE,
    Capability.STOCK,
    Capability.PRICES,
    Capability.PSEUDO_PRICE,
    Capability.DUPLICATE_BY_ID,
    Capability.ORDER_ADDRESSES,
    Capability.ORDER_CUSTOMERS,
    Capability.ORDER_VAT_ID,
    Capability.LINE_TEXT_ERP,
    Capability.LINE_TEXT_SHOP,
    Capability.ORDER_DISCOUNTS,
    Capability.ORDER_SHIPPING,
    Capability.CHANNEL_PROJECTS,
    Capability.ORDER_MAPPINGS,
    Capability.ORDER_CLERK,
    Capability.TRACKING,
    Capability.SEVERAL_TRACKING,
    Capability.SHIPPED_STATUS,
    Capability.CUSTOMER_MAIL,
    Capability.INVOICE_PDF,
)
_CONDITIONAL = {
    Capability.ARTICLE_DELIVERY_TIME: Text(
        "Eine neue Lieferzeit wird angelegt, wenn ihr Text eine Spanne nennt („2-5 Tage“).",
        "A new delivery time is created if its text names a span ('2-5 days').",
    ),
    Capability.TRANSLATIONS: Text("In Sprachen, die der Shop führt.", "In languages that the shop has."),
    Capability.GROUP_PRICES: Text(
        "Über Preisregeln; gesendet werden Preise, die heute gelten.",
        "By price rules; prices that are valid today are sent.",
    ),
    Capability.CANCELLATION: Text(
        "Nur ganze Aufträge, die noch nicht versendet sind.", "Only whole orders that are not shipped yet."
    ),
}

SPEC = ConnectorSpec(
    key="shopware6",
    title="Shopware 6",
    kind=ConnectorKind.SHOP,
    api_version="6.4–6.7",
    summary=Text(
        de="Artikel, Preise, Bestände, Kategorien, Versandmeldungen und Rechnungen gehen hinaus, Aufträge kommen herein.",
        en="Articles, prices, stock, categories, shipments and invoices go out, orders come in.",
    ),
    credentials=Shopware6Credentials,
    credentials_help=(
        Text("Melde dich in der Administration des Shops an.", "Log in to the shop's administration."),
        Text(
            "Öffne Einstellungen → System → Integrationen und klicke auf „Integration hinzufügen“.",
            "Open Settings → System → Integrations and click 'Add integration'.",
        ),
        Text("Gib ihr einen Namen und schalte „Administrator“ ein.", "Give it a name and switch 'Administrator' on."),
        Text(
            "Kopiere Zugangs-ID und Sicherheitsschlüssel hierher; der Schlüssel wird nur einmal gezeigt.",
            "Copy access key ID and secret access key here; the secret is shown only once.",
        ),
    ),
    limits=Limits(per_second=10, burst=20),
    features={
        Feature.ORDERS: FeatureSpec(Shopware6OrderSettings, every=timedelta(minutes=15), hints=HINTS),
        Feature.STOCK: FeatureSpec(
            StockSettings,
            every=timedelta(minutes=5),
            batch=250,
            note=Text(
                "Der Shop zieht Bestellungen selbst ab (ab 6.6).", "The shop subtracts orders itself (from 6.6 on)."
            ),
        ),
        Feature.SHIPMENTS: FeatureSpec(Shopware6ShipmentSettings, every=timedelta(minutes=10), batch=20),
        Feature.PRICES: FeatureSpec(Shopware6PriceSettings, every=timedelta(minutes=15), batch=100),
        Feature.ARTICLES: FeatureSpec(
            Shopware6ArticleSettings,
            every=timedelta(minutes=30),
            batch=20,
            note=Text(
                "Ein neu angelegtes Produkt ist verborgen, bis sein Preis übertragen ist.",
                "A newly created product is hidden until its price was sent.",
            ),
        ),
        Feature.CATEGORIES: FeatureSpec(Shopware6CategorySettings, every=timedelta(hours=1), batch=100),
        Feature.DOCUMENTS: FeatureSpec(Shopware6DocumentSettings, every=timedelta(minutes=15), batch=10),
    },
    capabilities={**dict.fromkeys(_UNCONDITIONAL, _PLAIN), **_CONDITIONAL},
    imports_catalogue=True,
    lists_articles=True,
    answers_orders=True,
    has_webhooks=True,
    choices=(
        "sales_channels",
        "taxes",
        "currencies",
        "price_rules",
        "media_folders",
        "delivery_times",
        "cms_layouts",
        "categories",
        "property_groups",
        "custom_fields",
    ),
)


def build(
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",
    account: "Account",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet."""
    from connectors.shopware6.answers import classify
    from connectors.shopware6.auth import TokenAuth
    from connectors.shopware6.client import Shopware6
    from connectors.transport import Transport

    keys = Shopware6Credentials.model_validate(credentials, from_attributes=True)
    auth = TokenAuth(keys.url, keys.client_id, keys.client_secret, account.tokens)
    transport = Transport(f"{keys.url}/api", auth=auth, limiter=account.limiter, options=options, classify=classify)
    return Shopware6(transport, settings, client_id=keys.client_id, is_secure=keys.is_secure)


def reader() -> "Connector":
    """Make a connector that only reads stored documents; every call to a shop fails with `CREDENTIALS_MISSING`."""
    from connectors.shopware6.client import Shopware6
    from connectors.transport import NoTransport

    return Shopware6(NoTransport(), {})


def read_webhook(credentials: BaseModel, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookHint | None:  # noqa: ARG001
    """Say what a webhook hints at. Shopware signs only for apps; here the token in the address proves the sender."""
    from connectors.shopware6 import webhooks

    return webhooks.read(body)
