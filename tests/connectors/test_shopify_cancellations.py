"""Part cancellations in a Shopify shop: pieces are taken out once, without money, and never what has left."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from canonical.feature import Feature
from canonical.order import ChannelOrder
from canonical.push import OrderStatus, PushAnswer, ShippedLine, StatusKind
from connectors import shopify
from connectors.account import Account
from connectors.shopify.client import Shopify
from connectors.shopify.credentials import ShopifyCredentials
from connectors.shopify.graph import PATH
from connectors.shopify.settings import ShopifyOrderSettings, ShopifyShipmentSettings
from connectors.transport import TransportOptions
from sandbox.server import SandboxServer
from sandbox.shopify import Basket, Entry, ShopifyShop

TAKE_OUT = """
mutation TakeOut($input: RefundInput!) {
  refundCreate(input: $input) @idempotent(key: "00000000-0000-4000-8000-000000000001") { refund { id } }
}
"""
ANNA = {"firstName": "Anna", "lastName": "Weiß", "address1": "Hauptstr. 1", "city": "Bonn", "zip": "53111",
        "countryCodeV2": "DE"}  # fmt: skip


class Counter:
    """A shop with one order of three cups and a jug, of which the connector is told."""

    def __init__(self, shop: ShopifyShop) -> None:
        self.shop = shop
        shop.add_product("Becher", [Entry("B-1", "10.00", 20)])
        shop.add_product("Kanne", [Entry("K-1", "30.00", 20)])
        basket = Basket([shop.item("B-1", 3), shop.item("K-1", 1)], ANNA, ANNA)
        self.document = shop.place_order(basket)
        keys = shop.credentials()
        credentials = ShopifyCredentials(
            shop=shop.base_url, token=SecretStr(keys["token"]), client_secret=SecretStr(keys["client_secret"])
        )
        chosen = {
            Feature.ORDERS: ShopifyOrderSettings(),
            Feature.SHIPMENTS: ShopifyShipmentSettings(cancel_in_channel=True),
        }
        made = shopify.build(credentials, chosen, Account(), TransportOptions(allow_private=True, timeout=5))
        assert isinstance(made, Shopify)
        self.connector = made

    def read(self) -> ChannelOrder:
        (document,) = self.connector.fetch_orders_by_number([self.document["name"]]).documents
        return self.connector.read_order(document.body)

    def tell(self, kind: StatusKind = StatusKind.CANCELLED, **pieces: int) -> str:
        """Report pieces by SKU, all that were ever cancelled; gives the code of the answer."""
        order = self.read()
        refs = {line.sku.replace("-", ""): line.ref for line in order.lines}
        status = OrderStatus(
            key="AU1",
            order_ref=order.external_id,
            order_number=order.number,
            kind=kind,
            lines=tuple(ShippedLine(line_ref=refs[sku], quantity=Decimal(count)) for sku, count in pieces.items()),
        )
        return code(self.connector.send_shipments([status]))

    def removed(self) -> dict[str, int]:
        return {line.sku: int(line.removed) for line in self.read().lines}

    def refunds(self) -> int:
        return len(self.shop.store.table("Order")[self.document["id"]]["refunds"])

    def take_out(self, sku: str, pieces: int) -> None:
        """The merchant takes pieces out in the shop's own pages."""
        line = next(line for line in self.document["lineItems"] if line["sku"] == sku)
        rows = [{"lineItemId": line["id"], "quantity": pieces, "restockType": "CANCEL"}]
        body = {"query": TAKE_OUT, "variables": {"input": {"orderId": self.document["id"], "refundLineItems": rows}}}
        headers = {"X-Shopify-Access-Token": self.shop.credentials()["token"]}
        address = f"{self.shop.base_url}{PATH}"
        assert (
            "refund" in httpx.post(address, json=body, headers=headers, trust_env=False).json()["data"]["refundCreate"]
        )


def code(answer: PushAnswer) -> str:
    (result,) = answer.results
    return result.failure.code if result.failure else result.outcome.value


@pytest.fixture
def counter() -> Iterator[Counter]:
    shop = ShopifyShop(bucket=100_000)
    with SandboxServer(shop):
        yield Counter(shop)


def test_pieces_are_cancelled_once_and_no_money_goes_back(counter: Counter) -> None:
    agreed = counter.read().stated.total
    for _ in range(2):
        assert counter.tell(B1=2) == "accepted"
        assert counter.removed() == {"B-1": 2, "K-1": 0}
        assert counter.read().stated.total == agreed
        assert (counter.refunds(), counter.read().refunded) == (1, 0)


def test_of_more_pieces_only_the_rest_is_cancelled(counter: Counter) -> None:
    counter.tell(B1=1)
    assert counter.tell(B1=2, K1=1) == "accepted"
    assert counter.removed() == {"B-1": 2, "K-1": 1}
    assert counter.refunds() == 2


def test_pieces_that_the_shop_took_out_itself_are_not_cancelled_again(counter: Counter) -> None:
    counter.take_out("B-1", 2)
    assert counter.tell(B1=2) == "accepted"
    assert counter.removed() == {"B-1": 3, "K-1": 0}, "no more than was there"
    assert counter.tell(B1=2) == "accepted"
    assert counter.refunds() == 2


def test_what_the_shop_has_shipped_is_not_cancelled(counter: Counter) -> None:
    assert counter.tell(StatusKind.SHIPPED, B1=2) == "accepted"
    assert counter.tell(B1=1) == "accepted", "one still waits"
    assert counter.tell(B1=2) == "CANCEL_AFTER_SHIPPING"
    assert counter.removed() == {"B-1": 1, "K-1": 0}
    assert counter.tell(B1=1, K1=1) == "accepted"
