"""Every connector with its sandbox, in the words that the conformance suite uses for all of them alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from pydantic import SecretStr

import connectors
from canonical.catalogue import ArticleContent, ArticlePrices, CategoryNode, DataType, NamedValue, PriceTier, Words
from canonical.feature import Feature
from canonical.push import (
    AnswerKind,
    LocationLevel,
    OrderAnswer,
    OrderStatus,
    OutgoingDocument,
    Parcel,
    PushAnswer,
    PushResult,
    Refund,
    RefundLine,
    StatusKind,
    StockLevel,
)
from canonical.settings import FeatureSettings
from canonical.taxonomy import Requirement
from connectors.account import Account
from connectors.transport import TransportOptions
from sandbox.server import SandboxServer
from sandbox.shop import Ledger, OrderFacts, SimulatedShop
from tests.contract.operations import unlisted

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SKU, NEW_SKU = "MUG", "NEU-1"
EAN, NEW_EAN = "4006381333931", "4006381333948"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SENDERS: Mapping[Feature, str] = {
    Feature.STOCK: "send_stock",
    Feature.PRICES: "send_prices",
    Feature.ARTICLES: "send_articles",
    Feature.CATEGORIES: "send_categories",
    Feature.SHIPMENTS: "send_shipments",
    Feature.DOCUMENTS: "send_documents",
    Feature.REFUNDS: "send_refunds",
}
SHOPS: Mapping[str, tuple[str, str]] = {
    **{entry.name: (entry.module, entry.attr) for entry in entry_points(group="connect.sandboxes")},
    "woocommerce": ("sandbox.woocommerce", "WooShop"),
    "shopify": ("sandbox.shopify", "ShopifyShop"),
    "shopware6": ("sandbox.shopware6", "Shopware6Shop"),
    "shopware5": ("sandbox.shopware5", "Shopware5Shop"),
    "mirakl": ("sandbox.mirakl", "MiraklShop"),
}
"""Module and class of each connector's sandbox, those of other distributions included."""
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "mirakl": {"update_delta": timedelta(0)},
    "shopify": {"bucket": 1_000_000, "restore_rate": 1_000_000.0},
}
"""A marketplace of Mirakl shows changes a minute later, and the suite looks at once; Shopify has points for a suite without limiter."""


def first(connector: Any, kind: str) -> str:
    """The first choice that the channel offers of a list."""
    return str(connector.list_choices(kind)[0].value)


def woocommerce_settings(_connector: Any) -> dict[Feature, dict[str, Any]]:
    """What a person chooses for WooCommerce: buyers pay by bank transfer, which nobody can pay back by API; short notes."""
    return {
        Feature.REFUNDS: {"api_refund": False},
        Feature.SHIPMENTS: {"note_text": "{tracking_numbers}"},
    }


def shopware_settings(connector: Any) -> dict[Feature, dict[str, Any]]:
    """What a person chooses for Shopware from its own lists."""
    currencies = {choice.label.split()[0]: choice.value for choice in connector.list_choices("currencies")}
    taxes = {choice.label: choice.value for choice in connector.list_choices("taxes")}
    normal = next(value for label, value in taxes.items() if "19" in label)
    reduced = next(value for label, value in taxes.items() if "7" in label and "19" not in label)
    euro = next(value for label, value in currencies.items() if "EUR" in label or "Euro" in label)
    rates = {"tax_normal": normal, "tax_reduced": reduced}
    return {
        Feature.PRICES: {"currency_map": {"EUR": euro}},
        Feature.ARTICLES: {
            "currency_map": {"EUR": euro},
            "sales_channels": [first(connector, "sales_channels")],
            **rates,
        },
        Feature.DOCUMENTS: {"send_invoice_pdf": True},
    }


def mirakl_settings(connector: Any) -> dict[Feature, dict[str, Any]]:
    """What a person chooses for a Mirakl marketplace from its own lists."""
    return {
        Feature.DOCUMENTS: {"send_invoice_pdf": True, "document_type": first(connector, "document_types")},
        Feature.REFUNDS: {"reason": first(connector, "refund_reasons")},
        Feature.ARTICLES: {"sku_attribute": "shop-sku", "variant_attribute": "variant-group"},
        Feature.SHIPMENTS: {
            "carrier_map": {"DHL": first(connector, "carriers")},
            "cancel_reason": first(connector, "cancel_reasons"),
        },
    }


CHOSEN: Mapping[str, Callable[[Any], dict[Feature, dict[str, Any]]]] = {
    "woocommerce": woocommerce_settings,
    "shopware6": shopware_settings,
    "mirakl": mirakl_settings,
}
"""Settings without which a feature cannot work as the suite uses it, as a person would choose them on the settings page."""


def known(model: type[FeatureSettings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of some values those that a settings model has."""
    return {name: value for name, value in values.items() if name in model.model_fields}


class UnderTest:
    """A connector and the simulated shop that it talks to over HTTP."""

    def __init__(self, shop: SimulatedShop, url: str) -> None:
        self.shop, self.url, self.key = shop, url, shop.key
        self.spec = connectors.spec_of(shop.key)
        form = self.spec.credentials.model_validate(shop.credentials())
        values = (getattr(form, name) for name in type(form).model_fields)
        self.secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        self.account = Account()
        self._settings: dict[Feature, FeatureSettings] | None = None

    def settings(self) -> dict[Feature, FeatureSettings]:
        """Settings as a person would choose them; asked of the shop once."""
        if self._settings is None:
            chosen = CHOSEN[self.key](self._build({}, self.shop.credentials())) if self.key in CHOSEN else {}
            common: dict[str, Any] = {"cancel_in_channel": True, "send_invoice_pdf": True, "report_in_progress": True}
            self._settings = {
                feature: offer.settings.model_validate(
                    known(offer.settings, common) | known(offer.settings, chosen.get(feature, {}))
                )
                for feature, offer in self.spec.features.items()
            }
        return self._settings

    def connect(self, *, read_only: bool = False) -> Any:
        """Build the connector through the registry, as the worker does; tokens are shared as they are across workers."""
        return self._build(self.settings(), self.shop.credentials(read_only=read_only), fresh=read_only)

    def _build(
        self, settings: Mapping[Feature, FeatureSettings], credentials: Mapping[str, Any], *, fresh: bool = False
    ) -> Any:
        form = self.spec.credentials.model_validate(credentials)
        options = TransportOptions(allow_private=True, timeout=5)
        return connectors.build(self.key, form, settings, Account() if fresh else self.account, options)

    def place(self, count: int, *, start: datetime = START, step: timedelta = timedelta(seconds=7)) -> list[str]:
        """Let customers buy; changed at steps from the start. Returns the ids under which the API knows the orders."""
        self.stocked()
        return [self.shop.buy([(SKU, 1)], at=start + step * index) for index in range(count)]

    def stocked(self) -> None:
        """The shop sells the article that the suite uses."""
        if SKU not in self.shop.ledger().articles:
            self.shop.add_article(SKU, "Becher", "11.90", stock=100_000, ean=EAN)

    def touch(self, order: str, moment: datetime) -> None:
        """Somebody changes an order in the shop."""
        self.shop.touch(order, moment)

    def fault(self, mode: str, **options: Any) -> None:
        """Switch a fault on."""
        self.shop.faults.set(mode, **options)

    def heal(self) -> None:
        """Switch faults off."""
        self.shop.faults.clear()

    def revoke(self) -> None:
        """The shop's owner takes the credentials away."""
        self.shop.revoke()

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        return self.shop.ledger()

    def order(self, ref: str) -> OrderFacts:
        """An order as the shop has it."""
        return self.ledger().orders[ref]

    # --- what is sent --------------------------------------------------------------------------------------------------

    def level(self, connector: Any, sku: str = SKU, quantity: int = 7, key: str = "A-1") -> StockLevel:
        """A stock level; where the channel has locations, at its first one."""
        places: tuple[LocationLevel, ...] = ()
        if "locations" in self.spec.choices:
            places = (LocationLevel(location_ref=first(connector, "locations"), quantity=quantity),)
        return StockLevel(key=key, sku=sku, quantity=quantity, locations=places)

    def sample(self, connector: Any, feature: Feature, order: str = "", *, bad: bool = False) -> Any:
        """A plain record of a feature, or one that the channel must refuse."""
        sku = "GIBT-ES-NICHT" if bad else SKU
        match feature:
            case Feature.STOCK:
                return self.level(connector, sku, key=f"A-{sku}")
            case Feature.PRICES:
                return ArticlePrices(
                    key=f"P-{sku}", sku=sku, tax_rate=Decimal(19), base=PriceTier(amount=Decimal("12.50"))
                )
            case Feature.ARTICLES:
                return self.article(bad=bad)
            case Feature.CATEGORIES:
                return CategoryNode(key="7", name="x" * 1000 if bad else "Küche")
            case Feature.SHIPMENTS:
                return shipped("gibt-es-nicht" if bad else order, f"LS-{order}")
            case Feature.DOCUMENTS:
                return document("gibt-es-nicht" if bad else order)
            case Feature.REFUNDS:
                return self.refund(connector, order, bad=bad)
        raise AssertionError(f"the suite does not know how to use {feature}")

    def refund(self, connector: Any, order: str, *, bad: bool = False) -> Refund:
        """All of an order's money goes back, line by line; or of an order that does not exist."""
        if bad:
            return Refund(key="GS-2", order_ref="gibt-es-nicht", amount=Decimal("11.90"), currency="EUR")
        page = connector.fetch_orders_by_number([self.number(connector, order)])
        read = connector.read_order(page.documents[0].body)
        lines = tuple(
            RefundLine(
                line_ref=line.ref,
                quantity=line.quantity,
                amount=line.net + line.tax - line.discount_net - line.discount_tax,
                tax=line.tax - line.discount_tax,
            )
            for line in read.lines
        )
        shipping = sum((charge.net + charge.tax for charge in read.shipping), Decimal(0))
        return Refund(
            key="GS-1", order_ref=order, order_number=read.number, amount=read.computed_total, currency=read.currency, lines=lines,
            shipping=shipping,
        )  # fmt: skip

    def number(self, connector: Any, order: str) -> str:
        """The number under which people know an order."""
        page = connector.fetch_orders(connector.first_cursor("2026-02-01T00:00:00Z"), 500)
        return next((each.number for each in page.documents if each.external_id == order), order)

    def article(self, *, bad: bool = False) -> ArticleContent:
        """A new simple article, or one without anything that a channel needs."""
        return ArticleContent(
            key="N-1", sku="" if bad else NEW_SKU, sends=frozenset({DataType.MASTER_DATA}),
            words=Words(language="de", name="" if bad else "Neue Tasse", description="<p>rund</p>"), ean=NEW_EAN,
            manufacturer="Ton AG", weight=Decimal("0.3"), **({} if bad or not self.spec.has_taxonomy else self._mapped()),
        )  # fmt: skip

    def _mapped(self) -> dict[str, Any]:
        """A category of the marketplace and what it requires, as category and attribute mapping would fill it in."""
        taxonomy = self._build(self.settings(), self.shop.credentials()).fetch_taxonomy()
        category = next(node.code for node in taxonomy.nodes if node.is_leaf)
        parents = {node.code: node.parent_code for node in taxonomy.nodes}
        above = [category]
        while above[-1]:
            above.append(parents[above[-1]])
        required = [
            each
            for each in taxonomy.attributes
            if each.requirement is Requirement.REQUIRED and each.category_code in above
        ]
        lists = {value.list_code: value.code for value in taxonomy.values}
        values = {
            "ean": NEW_EAN,
            "title": "Neue Tasse",
            "brand": "Ton AG",
            "main-image": "https://bilder.example/neu.jpg",
        }
        attributes = [
            NamedValue(
                name=each.code, value=lists[each.values_code] if each.values_code else values.get(each.code, "350")
            )
            for each in required
            if each.code not in ("category", "shop-sku")
        ]
        return {"channel_category": category, "channel_attributes": tuple(attributes)}


def shipped(order: str, key: str = "LS-1", *, is_repeat: bool = False) -> OrderStatus:
    """An order that left in one parcel."""
    parcel = Parcel(tracking_number=f"JJD-{key}", carrier="DHL", tracking_url="https://dhl.example/JJD")
    return OrderStatus(
        key=key, order_ref=order, kind=StatusKind.SHIPPED, parcels=(parcel,), shipped_at=START, is_repeat=is_repeat
    )


def document(order: str, *, is_repeat: bool = False) -> OutgoingDocument:
    """An invoice of an order."""
    return OutgoingDocument(
        key="RE-1", order_ref=order, number="RE-1", file_name="RE-1.pdf", issued_on=date(2026, 3, 2), total=Decimal("11.90"),
        currency="EUR", document_id=1, content=PDF, is_repeat=is_repeat,
    )  # fmt: skip


def answer(order: str, kind: AnswerKind, *, is_repeat: bool = False) -> OrderAnswer:
    """An answer to an order."""
    return OrderAnswer(key=f"{kind.value}:{order}", order_ref=order, kind=kind, is_repeat=is_repeat)


def send(connector: Any, feature: Feature, records: Sequence[Any]) -> tuple[PushResult, ...]:
    """Send records as a push run does: where the channel gives a ticket, ask until the answers are there."""
    answer: PushAnswer = getattr(connector, SENDERS[feature])(records)
    for _ in range(20):
        if not answer.ticket:
            return answer.results
        answer = connector.check_ticket(answer.ticket)
    raise AssertionError("the ticket never ends")


@contextmanager
def served(key: str, **options: Any) -> Iterator[UnderTest]:
    """A running sandbox of a connector."""
    module, name = SHOPS[key]
    shop: SimulatedShop = getattr(import_module(module), name)(**{**OPTIONS.get(key, {}), **options})
    with SandboxServer(shop) as server:
        made = UnderTest(shop, server.url)
        made.settings()
        shop.requests.clear()
        shop.traffic = []
        yield made
        # What no contract test holds against the vendor's description is not sent here either.
        new = unlisted(key, shop.traffic or ())
        assert not new, f"no contract test covers {sorted(new)}; see docs/contract-tests.md"
