"""Shopify as a connector: one method per protocol, each a call into the module of its feature."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from canonical.catalogue import ArticleContent, ArticlePrices, ListingPage
from canonical.channel import ChannelChoice, WebhookReport
from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderStatus, PushAnswer, Refund, StockLevel
from canonical.settings import FeatureSettings
from connectors.account import Account
from connectors.limiter import NoLimiter
from connectors.protocol import FeatureSettingsByFeature
from connectors.shopify import bulk_file, check, choices, envelopes, mapping, refunds, shipments, stock, webhooks
from connectors.shopify.articles import ArticleSender
from connectors.shopify.bulk_file import ByteRange, Part
from connectors.shopify.catalogue import Catalogue
from connectors.shopify.graph import Graph
from connectors.shopify.orders import Cursor, OrderFetcher
from connectors.shopify.prices import PriceSender
from connectors.shopify.settings import (
    ShopifyArticleSettings,
    ShopifyOrderSettings,
    ShopifyPriceSettings,
    ShopifyRefundSettings,
    ShopifyShipmentSettings,
    ShopifyStockSettings,
)
from connectors.transport import Calls, Transport, TransportOptions

Chosen = TypeVar("Chosen", bound=FeatureSettings)

LARGEST_FILE = 200_000_000
"""Bytes of a bulk operation's file: about a hundred thousand variants."""


class Shopify:
    """One account of one shop."""

    def __init__(
        self,
        calls: Calls,
        settings: FeatureSettingsByFeature,
        account: Account,
        options: TransportOptions,
        *,
        is_secure: bool,
        can_verify: bool,
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._options = options
        self._is_secure = is_secure
        self._can_verify = can_verify
        self._graph = Graph(calls, account.limiter)
        order = _of(settings, Feature.ORDERS, ShopifyOrderSettings())
        self._orders = OrderFetcher(
            self._graph, with_tests=order.import_test_orders, with_company=order.vat_id_from_company
        )
        self._prices = PriceSender(self._graph, _of(settings, Feature.PRICES, ShopifyPriceSettings()))
        self._articles = ArticleSender(self._graph, _of(settings, Feature.ARTICLES, ShopifyArticleSettings()))
        self._catalogue = Catalogue(self._graph, self._download)

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's permission; transfers nothing (D§1.4)."""
        return check.check(self._graph, self._settings, features, is_secure=self._is_secure)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        return str(Cursor.parse(since))

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on; raises `FailureError`."""
        return self._orders.fetch(cursor, limit)

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by number; what the shop does not know is left out. Raises `FailureError`."""
        return self._orders.fetch_by_number(numbers)

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID`."""
        return mapping.read_order(body)

    def unpack_orders(self, body: bytes) -> bytes | list[bytes]:
        """Take the orders out of an answer of the interface that a person has in a file; pure."""
        return envelopes.unpack_orders(body)

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send stock levels; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return stock.send(self._graph, _of(self._settings, Feature.STOCK, ShopifyStockSettings()), levels)

    def send_prices(self, prices: Sequence[ArticlePrices]) -> PushAnswer:
        """Send prices; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return self._prices.send(prices)

    def send_articles(self, articles: Sequence[ArticleContent]) -> PushAnswer:
        """Send articles; raises `FailureError` only when nothing was sent yet."""
        return self._articles.send(articles)

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped, cancelled and returned orders; raises `FailureError` only when nothing was reported yet."""
        return shipments.send(self._graph, _of(self._settings, Feature.SHIPMENTS, ShopifyShipmentSettings()), statuses)

    def send_refunds(self, refunds_: Sequence[Refund]) -> PushAnswer:
        """Pay refunds out; raises `FailureError` only when nothing was paid yet."""
        return refunds.send(self._graph, _of(self._settings, Feature.REFUNDS, ShopifyRefundSettings()), refunds_)

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch articles from the cursor on; raises `FailureError`."""
        return self._catalogue.page(cursor, limit)

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single articles, a parent with its variants; raises `FailureError`."""
        return self._catalogue.by_sku(skus)

    def list_choices(self, kind: str) -> Sequence[ChannelChoice]:
        """Fetch one list of `SPEC.choices`; raises `FailureError`."""
        return choices.list_choices(self._graph, kind)

    def ensure_webhooks(self, url: str, secret: str) -> WebhookReport:
        """Bring the subscriptions to what is declared; Shopify signs with the app's own secret, so `secret` is not used."""
        del secret
        return webhooks.ensure(self._graph, url, can_verify=self._can_verify)

    def remove_webhooks(self, url: str) -> None:
        """Remove the subscriptions to `url`; raises `FailureError`."""
        webhooks.remove(self._graph, url)

    def _download(self, url: str, start: int, count: int) -> Part:
        """Fetch from a bulk operation's file: its address carries its own permission, so no token travels there."""
        parts = urlsplit(url)
        if parts.scheme != "https" and self._is_secure:
            raise FailureError(Failure.of("URL_INVALID", value=f"{parts.scheme}://{parts.netloc}"))
        options = replace(self._options, max_bytes=LARGEST_FILE)
        ranged = ByteRange(start, count)
        calls = Transport(f"{parts.scheme}://{parts.netloc}", auth=ranged, limiter=NoLimiter(), options=options)
        try:
            return bulk_file.fetch(calls, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), start)
        finally:
            calls.close()


def _of(settings: FeatureSettingsByFeature, feature: Feature, default: Chosen) -> Chosen:
    chosen = settings.get(feature)
    return chosen if isinstance(chosen, type(default)) else default
