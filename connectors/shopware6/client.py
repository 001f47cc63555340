"""Shopware 6 as a connector: one method per protocol, each a call into the module of its feature."""

from collections.abc import Sequence
from typing import TypeVar

from canonical.catalogue import ArticleContent, ArticlePrices, CategoryNode, ListingPage
from canonical.channel import ChannelChoice, WebhookReport
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderAnswer, OrderStatus, OutgoingDocument, PushAnswer, StockLevel
from canonical.settings import FeatureSettings
from connectors.protocol import FeatureSettingsByFeature
from connectors.shopware6 import (
    articles,
    catalogue,
    categories,
    choices,
    documents,
    envelopes,
    mapping,
    orders,
    prices,
    reports,
    shipments,
    stock,
    webhooks,
)
from connectors.shopware6.check import ConnectionTest
from connectors.shopware6.settings import (
    Shopware6ArticleSettings,
    Shopware6CategorySettings,
    Shopware6DocumentSettings,
    Shopware6OrderSettings,
    Shopware6PriceSettings,
    Shopware6ShipmentSettings,
)
from connectors.transport import Calls

Chosen = TypeVar("Chosen", bound=FeatureSettings)


class Shopware6:
    """One integration of one shop."""

    def __init__(
        self, calls: Calls, settings: FeatureSettingsByFeature, *, client_id: str = "", is_secure: bool = True
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._client_id = client_id
        self._is_secure = is_secure

    def _of(self, feature: Feature, kind: type[Chosen]) -> Chosen:
        """The settings of a feature; the defaults where it is not chosen."""
        chosen = self._settings.get(feature)
        return chosen if isinstance(chosen, kind) else kind()

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's rights; transfers nothing (D§1.4)."""
        return ConnectionTest(self._calls, client_id=self._client_id, is_secure=self._is_secure).run(features)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        return str(orders.Cursor.parse(since))

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders of the chosen sales channels from the cursor on; raises `FailureError`."""
        channels = self._of(Feature.ORDERS, Shopware6OrderSettings).import_channels
        return orders.fetch(self._calls, channels, cursor, limit)

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by number; what the shop does not know is left out. Raises `FailureError`."""
        return orders.fetch_by_number(self._calls, numbers)

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID`."""
        return mapping.read_order(body)

    def unpack_orders(self, body: bytes) -> bytes | list[bytes]:
        """Take the orders out of an answer of the interface that a person has in a file; pure."""
        return envelopes.unpack_orders(body)

    def answer_orders(self, answers: Sequence[OrderAnswer]) -> PushAnswer:
        """Set orders to "in progress"; raises `FailureError` only when nothing was reported yet."""
        return reports.send(self._calls, answers)

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send stock levels; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return stock.send(self._calls, levels)

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; raises `FailureError` only when nothing was reported yet."""
        return shipments.send(self._calls, self._of(Feature.SHIPMENTS, Shopware6ShipmentSettings), statuses)

    def send_prices(self, levels: Sequence[ArticlePrices]) -> PushAnswer:
        """Send prices; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return prices.send(self._calls, self._of(Feature.PRICES, Shopware6PriceSettings), levels)

    def send_articles(self, contents: Sequence[ArticleContent]) -> PushAnswer:
        """Create and update articles; raises `FailureError`, after which all may be sent again: ids are made, not given."""
        owns_tree = Feature.CATEGORIES in self._settings
        settings = self._of(Feature.ARTICLES, Shopware6ArticleSettings)
        return articles.send(self._calls, settings, contents, owns_tree=owns_tree)

    def send_categories(self, nodes: Sequence[CategoryNode]) -> PushAnswer:
        """Create, update and delete categories; raises `FailureError`, after which all may be sent again."""
        return categories.send(self._calls, self._of(Feature.CATEGORIES, Shopware6CategorySettings), nodes)

    def send_documents(self, outgoing: Sequence[OutgoingDocument]) -> PushAnswer:
        """Hand invoices to their orders, each once; raises `FailureError` only when nothing was sent yet."""
        return documents.send(self._calls, self._of(Feature.DOCUMENTS, Shopware6DocumentSettings), outgoing)

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch products from the cursor on, a parent before its variants; raises `FailureError`."""
        return catalogue.fetch(self._calls, cursor, limit)

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single products, a parent with its variants; raises `FailureError`."""
        return catalogue.fetch_by_sku(self._calls, skus)

    def list_choices(self, kind: str) -> Sequence[ChannelChoice]:
        """Fetch one list of `SPEC.choices`; raises `FailureError`."""
        return choices.fetch(self._calls, kind)

    def ensure_webhooks(self, url: str, secret: str) -> WebhookReport:  # noqa: ARG002
        """Bring the webhooks of an address to what is needed; `secret` has no use, Shopware signs only for apps."""
        return webhooks.ensure(self._calls, url)

    def remove_webhooks(self, url: str) -> None:
        """Remove the webhooks of an address; raises `FailureError`."""
        webhooks.remove(self._calls, url)
