"""WooCommerce as a connector: one method per protocol, each a call into the module of its feature."""

from collections.abc import Sequence
from typing import TypeVar

from canonical.catalogue import ArticleContent, ArticlePrices, CategoryNode, ListingPage
from canonical.channel import ChannelChoice, WebhookReport
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderStatus, PushAnswer, Refund, StockLevel
from canonical.settings import FeatureSettings
from connectors.protocol import FeatureSettingsByFeature
from connectors.transport import Calls
from connectors.woocommerce import (
    articles,
    catalogue,
    categories,
    choices,
    envelopes,
    mapping,
    orders,
    prices,
    refunds,
    shipments,
    stock,
    webhooks,
)
from connectors.woocommerce.check import ConnectionTest
from connectors.woocommerce.listing import Listing
from connectors.woocommerce.settings import (
    TrackingWay,
    WooArticleSettings,
    WooPriceSettings,
    WooRefundSettings,
    WooShipmentSettings,
)
from connectors.woocommerce.shop_facts import ShopFacts

S = TypeVar("S", bound=FeatureSettings)


class WooCommerce:
    """One account of one shop."""

    def __init__(self, calls: Calls, settings: FeatureSettingsByFeature, *, is_secure: bool) -> None:
        self._calls = calls
        self._is_secure = is_secure
        self._facts = ShopFacts(calls)
        self._shipments = _chosen(settings, Feature.SHIPMENTS, WooShipmentSettings)
        self._articles = _chosen(settings, Feature.ARTICLES, WooArticleSettings)
        self._prices = _chosen(settings, Feature.PRICES, WooPriceSettings)
        self._refunds = _chosen(settings, Feature.REFUNDS, WooRefundSettings)

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's permission; transfers nothing (D§1.4)."""
        uses_fulfillments = self._shipments.tracking_way is TrackingWay.FULFILLMENTS
        test = ConnectionTest(self._calls, is_secure=self._is_secure, uses_fulfillments=uses_fulfillments)
        return test.run(features)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        return str(orders.Cursor.parse(since))

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on; raises `FailureError`."""
        return orders.fetch(self._calls, cursor, limit)

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by number; what the shop does not know is left out. Raises `FailureError`."""
        return orders.fetch_by_number(self._calls, numbers)

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID`."""
        return mapping.read_order(body)

    def unpack_orders(self, body: bytes) -> bytes | list[bytes]:
        """Take the orders out of an answer of the interface that a person has in a file; pure."""
        return envelopes.unpack_orders(body)

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send stock levels; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return stock.send(self._calls, levels)

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; raises `FailureError` only when nothing was reported yet."""
        return shipments.send(self._calls, self._shipments, statuses)

    def send_prices(self, batch: Sequence[ArticlePrices]) -> PushAnswer:
        """Send prices; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return prices.send(self._calls, self._prices, batch)

    def send_articles(self, batch: Sequence[ArticleContent]) -> PushAnswer:
        """Create, change and delete articles; raises `FailureError` only when nothing was done yet."""
        return articles.send(self._calls, self._articles, self._facts, batch)

    def send_categories(self, nodes: Sequence[CategoryNode]) -> PushAnswer:
        """Create, change and delete categories; raises `FailureError` only when nothing was done yet."""
        return categories.send(self._calls, nodes)

    def send_refunds(self, batch: Sequence[Refund]) -> PushAnswer:
        """Refund orders, each once; raises `FailureError` only when nothing was refunded yet."""
        return refunds.send(self._calls, self._refunds, batch)

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch the shop's products from the cursor on; raises `FailureError`."""
        return catalogue.fetch(self._calls, Listing(self._facts, self._articles), cursor, limit)

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single products by number, a parent with its variations; raises `FailureError`."""
        return catalogue.fetch_by_sku(self._calls, Listing(self._facts, self._articles), skus)

    def list_choices(self, kind: str) -> Sequence[ChannelChoice]:
        """Fetch the tax classes, categories or order statuses; raises `FailureError`."""
        return choices.of(kind, self._calls, self._facts)

    def ensure_webhooks(self, url: str, secret: str) -> WebhookReport:
        """Bring the webhooks to `url` to one active one per topic; raises `FailureError`."""
        return webhooks.ensure(self._calls, url, secret)

    def remove_webhooks(self, url: str) -> None:
        """Remove the webhooks to `url`; raises `FailureError`."""
        webhooks.remove(self._calls, url)


def _chosen(settings: FeatureSettingsByFeature, feature: Feature, model: type[S]) -> S:
    """The feature's settings; where none are given, as for a reader, those of a fresh integration."""
    found = settings.get(feature)
    return found if isinstance(found, model) else model()
