"""Mirakl as a connector: one method per protocol, each a call into the module of its feature."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from canonical.catalogue import ArticleContent, ArticlePrices, InitialFile, ListingPage, NewOffer
from canonical.channel import ChannelChoice, ChannelTask
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderAnswer, OrderStatus, OutgoingDocument, PushAnswer, Refund, StockLevel
from canonical.settings import FeatureSettings
from canonical.taxonomy import Taxonomy
from connectors.mirakl import (
    acceptance,
    choices,
    documents,
    envelopes,
    imports,
    initial_files,
    listings,
    mapping,
    offers,
    orders,
    products,
    refunds,
    shipments,
    tasks,
    taxonomy,
)
from connectors.mirakl.api import Api
from connectors.mirakl.check import ConnectionTest
from connectors.mirakl.settings import (
    MiraklArticleSettings,
    MiraklDocumentSettings,
    MiraklPriceSettings,
    MiraklRefundSettings,
    MiraklShipmentSettings,
    MiraklStockSettings,
)
from connectors.mirakl.tickets import Ticket
from connectors.protocol import FeatureSettingsByFeature

S = TypeVar("S", bound=FeatureSettings)


class Mirakl:
    """One shop of one marketplace."""

    def __init__(self, api: Api, settings: FeatureSettingsByFeature, *, is_secure: bool, version: str) -> None:
        self._api = api
        self._settings = settings
        self._is_secure = is_secure
        self._version = version

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials and each feature's permission; transfers nothing (D§1.4)."""
        return ConnectionTest(self._api, is_secure=self._is_secure, version=self._version).run(features)

    def close(self) -> None:
        """Give back connections."""
        self._api.close()

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        return str(orders.Cursor.parse(since))

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch one page of changed orders from the cursor on; the vendor permits one a minute. Raises `FailureError`."""
        return orders.fetch(self._api, cursor, limit)

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by number; what the marketplace does not know is left out. Raises `FailureError`."""
        return orders.fetch_by_number(self._api, numbers)

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID`."""
        return mapping.read_order(body)

    def unpack_orders(self, body: bytes) -> bytes | list[bytes]:
        """Take the orders out of an answer of the interface that a person has in a file; pure."""
        return envelopes.unpack_orders(body)

    def answer_orders(self, answers: Sequence[OrderAnswer]) -> PushAnswer:
        """Accept or refuse orders; raises `FailureError` only when nothing was answered yet."""
        return acceptance.send(self._api, answers)

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Hand stock levels over; the results come by ticket. Raises `FailureError`, after which all may be sent again."""
        return offers.send_stock(self._api, levels)

    def send_prices(self, prices: Sequence[ArticlePrices]) -> PushAnswer:
        """Hand all prices of the offers over; the results come by ticket. Raises `FailureError`; may be sent again."""
        settings = self._of(Feature.PRICES, MiraklPriceSettings)
        return offers.send_prices(self._api, settings, prices)

    def send_articles(self, articles: Sequence[ArticleContent]) -> PushAnswer:
        """Hand products over; the results come by ticket, often after hours. Raises `FailureError`; may be sent again."""
        return products.send(self._api, self._of(Feature.ARTICLES, MiraklArticleSettings), articles)

    def create_offers(self, new: Sequence[NewOffer]) -> PushAnswer:
        """Create offers of products that the marketplace has; the results come by ticket. Safe to repeat."""
        return offers.create(self._api, _offer_terms(self._settings), new)

    def initial_product_file(
        self, settings: FeatureSettingsByFeature, articles: Iterable[ArticleContent]
    ) -> InitialFile:
        """Write the products that a marketplace is begun with; no call is made."""
        return initial_files.products(_of(settings, Feature.ARTICLES, MiraklArticleSettings), articles)

    def initial_offer_file(self, settings: FeatureSettingsByFeature, new: Iterable[NewOffer]) -> InitialFile:
        """Write the offers that a marketplace is begun with; no call is made. Raises `FailureError` SETTINGS_INCOMPLETE."""
        return initial_files.offers(_offer_terms(settings), new)

    def check_ticket(self, ticket: str) -> PushAnswer:
        """Ask for the results of an earlier push; a ticket in the answer means: not yet. Raises `FailureError`."""
        waiting = Ticket.parse(ticket)
        if waiting.operation == products.OPERATION:
            return products.check(self._api, self._of(Feature.ARTICLES, MiraklArticleSettings), waiting)
        return imports.check(self._api, waiting)

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; raises `FailureError` only when nothing was reported yet."""
        return shipments.send(self._api, self._of(Feature.SHIPMENTS, MiraklShipmentSettings), statuses)

    def send_documents(self, documents_: Sequence[OutgoingDocument]) -> PushAnswer:
        """Hand documents over, each once; raises `FailureError` only when none was handed over yet."""
        return documents.send(self._api, self._of(Feature.DOCUMENTS, MiraklDocumentSettings), documents_)

    def send_refunds(self, refunds_: Sequence[Refund]) -> PushAnswer:
        """Pay refunds out, each once; raises `FailureError` only when none was paid yet."""
        return refunds.send(self._api, self._of(Feature.REFUNDS, MiraklRefundSettings), refunds_)

    def fetch_listings(self, cursor: str, limit: int) -> ListingPage:
        """Fetch the shop's offers, for pairing; some may come twice. Raises `FailureError`."""
        return listings.fetch(self._api, cursor, limit)

    def fetch_listings_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single offers; what the marketplace does not know is left out. Raises `FailureError`."""
        return listings.fetch_by_sku(self._api, skus)

    def fetch_taxonomy(self) -> Taxonomy:
        """Fetch categories, attributes and value lists; permitted once an hour. Raises `FailureError`."""
        return taxonomy.fetch(self._api, self._of(Feature.ARTICLES, MiraklArticleSettings))

    def list_choices(self, kind: str) -> Sequence[ChannelChoice]:
        """Fetch one list of `SPEC.choices`; most are permitted a few times a day. Raises `FailureError`."""
        return choices.fetch(self._api, kind)

    def fetch_tasks(self) -> Sequence[ChannelTask]:
        """Fetch the lines with an open incident. Raises `FailureError`."""
        return tasks.fetch(self._api)

    def _of(self, feature: Feature, kind: type[S]) -> S:
        return _of(self._settings, feature, kind)


def _of(settings: FeatureSettingsByFeature, feature: Feature, kind: type[S]) -> S:
    """A feature's settings; their defaults where none are given, as for a reader."""
    chosen = settings.get(feature)
    return chosen if isinstance(chosen, kind) else kind()


def _offer_terms(settings: FeatureSettingsByFeature) -> offers.OfferTerms:
    return offers.OfferTerms(
        _of(settings, Feature.STOCK, MiraklStockSettings), _of(settings, Feature.PRICES, MiraklPriceSettings)
    )
