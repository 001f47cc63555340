"""Which permissions a feature needs, by the vendor's own list of what each field asks for."""

from collections.abc import Iterable, Mapping, Sequence

from canonical.catalogue import DataType
from canonical.feature import Feature
from canonical.settings import FeatureSettings, MediaMode
from connectors.shopify.settings import ShopifyArticleSettings, ShopifyOrderSettings, ShopifyShipmentSettings

Choice = frozenset[str]
"""Permissions of which one is enough."""


def _all(*scopes: str) -> list[Choice]:
    return [frozenset({scope}) for scope in scopes]


_FULFILLMENTS = ("merchant_managed", "assigned", "third_party")
_NEEDS: Mapping[Feature, Sequence[Choice]] = {
    Feature.ORDERS: _all("read_orders", "read_customers"),
    Feature.STOCK: _all("read_products", "write_inventory", "read_locations"),
    Feature.PRICES: _all("write_products"),
    Feature.ARTICLES: _all("write_products", "write_inventory"),
    Feature.SHIPMENTS: [
        frozenset({"read_orders"}),
        frozenset(f"write_{kind}_fulfillment_orders" for kind in _FULFILLMENTS),
    ],
    Feature.REFUNDS: _all("write_orders"),
}


def needs(feature: Feature, settings: FeatureSettings | None) -> list[Choice]:
    """What a feature needs as it is set."""
    needed = list(_NEEDS.get(feature, ()))
    if isinstance(settings, ShopifyOrderSettings) and settings.vat_id_from_company:
        needed.append(frozenset({"read_companies", "read_customers"}))
    if isinstance(settings, ShopifyShipmentSettings):
        needed += _all("write_orders") if settings.cancel_in_channel else []
        needed += _all("write_returns") if settings.send_returns else []
    if isinstance(settings, ShopifyArticleSettings):
        needed += _all("write_publications") if settings.sales_channels else []
        if settings.translation_languages and DataType.TRANSLATIONS in settings.data_types:
            needed += _all("write_translations")
        if DataType.IMAGES in settings.data_types and settings.media_mode is MediaMode.ADD_AND_DELETE:
            needed += _all("write_files")
    return needed


def missing(feature: Feature, settings: FeatureSettings | None, granted: Iterable[str]) -> list[str]:
    """What is not granted; the right to write holds that to read."""
    having = set(granted)
    having |= {"read_" + scope.removeprefix("write_") for scope in having if scope.startswith("write_")}
    return [" / ".join(sorted(choice)) for choice in needs(feature, settings) if not choice & having]


ASKED_FOR = (
    "read_orders",
    "write_orders",
    "read_customers",
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_publications",
    "write_publications",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
    "read_returns",
    "write_returns",
    "read_translations",
    "write_translations",
    "read_files",
    "write_files",
    "read_companies",
)
"""What a public app asks the merchant for: all that any setting of any feature may need."""
