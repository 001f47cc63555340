"""What a connector can do: one small protocol per feature; which ones it satisfies follows from its `SPEC.features`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from canonical.catalogue import ArticleContent, ArticlePrices, CategoryNode, InitialFile, ListingPage, NewOffer
from canonical.channel import ChannelChoice, ChannelTask, WebhookReport
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderAnswer, OrderStatus, OutgoingDocument, PushAnswer, Refund, StockLevel
from canonical.settings import FeatureSettings
from canonical.taxonomy import Taxonomy

FeatureSettingsByFeature = Mapping[Feature, FeatureSettings]


@runtime_checkable
class Connector(Protocol):
    """What every connector has."""

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's permission; transfers nothing (D§1.4)."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class PullsOrders(Protocol):
    """Brings orders: `fetch_*` talks to the shop, `read_order` is pure."""

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        ...

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on, up to about `limit` documents or thirty seconds.

        Rows that change while paging are never skipped; some may come twice. Raises `FailureError`.
        """
        ...

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders for a person who asks for them by number. Raises `FailureError`."""
        ...

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document. Pure. Raises `FailureError` with `DOCUMENT_INVALID` naming the fields."""
        ...


@runtime_checkable
class UnpacksOrders(Protocol):
    """Knows what its interface wraps orders in; for a person who has an answer in a file."""

    def unpack_orders(self, body: bytes) -> bytes | list[bytes]:
        """Take the orders out of an answer: a list where it holds a list. Pure; what it does not know comes back as it is."""
        ...


@runtime_checkable
class PushesStock(Protocol):
    """Sends stock levels; absolute values, so sending twice is harmless."""

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send one batch (at most `SPEC.features[STOCK].batch`); one result per level. Raises `FailureError` if the whole call failed."""
        ...


@runtime_checkable
class PushesShipments(Protocol):
    """Reports order status and tracking."""

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; one result per status.

        With `is_repeat` the connector first looks whether the earlier try took effect. Raises `FailureError` if the whole call failed.
        """
        ...


@runtime_checkable
class PushesPrices(Protocol):
    """Sends prices; absolute values, so sending twice is harmless."""

    def send_prices(self, prices: Sequence[ArticlePrices]) -> PushAnswer:
        """Send one batch; one result per article. Raises `FailureError` if the whole call failed."""
        ...


@runtime_checkable
class PushesArticles(Protocol):
    """Creates and updates articles, variants and their images; parents stand before their variants in a batch."""

    def send_articles(self, articles: Sequence[ArticleContent]) -> PushAnswer:
        """Send one batch; one result per article, its `ref` the channel's id. Raises `FailureError` if the whole call failed.

        Creating looks by SKU first, so that a repeat after a lost answer makes no second article.
        """
        ...


@runtime_checkable
class PushesCategories(Protocol):
    """Creates and updates the category tree; parents stand before their children in a batch."""

    def send_categories(self, categories: Sequence[CategoryNode]) -> PushAnswer:
        """Send one batch; one result per node, its `ref` the channel's id. Raises `FailureError` if the whole call failed."""
        ...


@runtime_checkable
class PushesDocuments(Protocol):
    """Hands documents of orders to the channel, each once."""

    def send_documents(self, documents: Sequence[OutgoingDocument]) -> PushAnswer:
        """Send one batch; with `is_repeat` the connector first looks whether the document is there. Raises `FailureError`."""
        ...


@runtime_checkable
class PushesRefunds(Protocol):
    """Pays refunds out through the channel, each once."""

    def send_refunds(self, refunds: Sequence[Refund]) -> PushAnswer:
        """Send one batch; with `is_repeat` the connector first looks whether the refund is there. Raises `FailureError`."""
        ...


@runtime_checkable
class AnswersOrders(Protocol):
    """Accepts or refuses orders before the import, or reports it afterwards; part of the feature orders."""

    def answer_orders(self, answers: Sequence[OrderAnswer]) -> PushAnswer:
        """Send answers; with `is_repeat` the connector first looks whether the order's state says so. Raises `FailureError`."""
        ...


@runtime_checkable
class PullsCatalogue(Protocol):
    """Lists the channel's articles: for the initial import and for the pairing worksheet."""

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch articles from the cursor on ("" begins), up to about `limit`; a parent before its variants.

        Articles that change while paging may come twice, none is skipped. Raises `FailureError`.
        """
        ...

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single articles, a parent with its variants; what the channel does not know is left out."""
        ...


@runtime_checkable
class DescribesTaxonomy(Protocol):
    """Tells a marketplace's own categories and attributes for the mapping page."""

    def fetch_taxonomy(self) -> Taxonomy:
        """Fetch all of it. Raises `FailureError`."""
        ...


@runtime_checkable
class ListsChoices(Protocol):
    """Lists what can be chosen in the channel: locations, carriers, tax classes (D§2, "reload options")."""

    def list_choices(self, kind: str) -> Sequence[ChannelChoice]:
        """Fetch one list of `SPEC.choices`. Raises `FailureError`."""
        ...


@runtime_checkable
class KeepsWebhooks(Protocol):
    """Registers its webhooks and mends them; a webhook is only a hint to fetch."""

    def ensure_webhooks(self, url: str, secret: str) -> WebhookReport:
        """Bring the subscriptions to `url` to what `SPEC` names: there, enabled, no second one. Idempotent. Raises `FailureError`."""
        ...

    def remove_webhooks(self, url: str) -> None:
        """Remove the subscriptions to `url`; none there is as good. Raises `FailureError`."""
        ...


@runtime_checkable
class ReportsTasks(Protocol):
    """Tells what a person must look after at the channel: incidents, open refusals."""

    def fetch_tasks(self) -> Sequence[ChannelTask]:
        """Fetch what is open now. Raises `FailureError`."""
        ...


@runtime_checkable
class CreatesOffers(Protocol):
    """For marketplaces, where an article is sold by an offer on a product that is there already (D§2.3)."""

    def create_offers(self, new: Sequence[NewOffer]) -> PushAnswer:
        """Create offers that a push found missing (`NOT_IN_SHOP`); one result per offer. Safe to repeat. Raises `FailureError`."""
        ...


@runtime_checkable
class MakesInitialFiles(Protocol):
    """Writes the files with which a marketplace is begun (D§2.1, D§2.3). Pure: no call is made, a reader can do it.

    A record that cannot be in a file is named and leaves the others alone; records are taken as they come, one by one.
    """

    def initial_product_file(
        self, settings: FeatureSettingsByFeature, articles: Iterable[ArticleContent]
    ) -> InitialFile:
        """Write the products, by the settings of the feature articles."""
        ...

    def initial_offer_file(self, settings: FeatureSettingsByFeature, new: Iterable[NewOffer]) -> InitialFile:
        """Write the offers, by the settings of stock and prices; raises `FailureError` SETTINGS_INCOMPLETE."""
        ...


@runtime_checkable
class AnswersTickets(Protocol):
    """For channels that answer a push later (feeds, reports, files)."""

    def check_ticket(self, ticket: str) -> PushAnswer:
        """Ask for the results of an earlier push; a ticket in the answer means: not yet. Raises `FailureError`."""
        ...


FEATURE_PROTOCOLS: Mapping[Feature, type] = {
    Feature.ORDERS: PullsOrders,
    Feature.STOCK: PushesStock,
    Feature.SHIPMENTS: PushesShipments,
    Feature.PRICES: PushesPrices,
    Feature.ARTICLES: PushesArticles,
    Feature.CATEGORIES: PushesCategories,
    Feature.DOCUMENTS: PushesDocuments,
    Feature.REFUNDS: PushesRefunds,
}
