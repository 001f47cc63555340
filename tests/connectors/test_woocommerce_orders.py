"""What the import finds in an order of WooCommerce, and goods that were given back before it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.order import ChannelOrder
from connectors.woocommerce.mapping import read_order
from connectors.woocommerce.settings import WooOrderSettings
from tests.connectors.woo_kit import KitServer, KitShop

Recorded = Callable[[str], bytes]
SINCE = "2026-02-01T00:00:00Z"


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


@pytest.fixture
def orders(order_bodies: list[bytes]) -> dict[str, ChannelOrder]:
    return {order.number: order for order in map(read_order, order_bodies)}


@pytest.mark.proves(
    "woocommerce", "duplicate_by_id", "order_addresses", "order_customers", "line_text_erp", "order_shipping"
)
def test_an_order_has_its_id_its_addresses_its_buyer_and_numbered_lines(orders: dict[str, ChannelOrder]) -> None:
    assert len({order.external_id for order in orders.values()}) == len(orders) == 39
    order = orders["64"]
    assert order.billing.name and order.billing.street and order.billing.email and order.delivery.postcode
    assert {each.is_guest for each in orders.values()} == {True, False}
    assert all(line.sku and line.title for line in order.lines)
    charge = order.shipping[0]
    assert charge.title == "DHL Paket" and charge.net > 0 and charge.tax_rate is not None


@pytest.mark.proves("woocommerce", "order_mappings", "order_clerk")
def test_payment_postage_and_comment_come_in_the_shops_own_words(orders: dict[str, ChannelOrder]) -> None:
    assert {"bacs", "stripe"} <= {order.payment.method for order in orders.values()}
    assert {"flat_rate"} <= {charge.method for order in orders.values() for charge in order.shipping}
    assert any(order.comment for order in orders.values())
    settings = WooOrderSettings(clerk_name="Anna", delivery_term="frei Haus", payment_map={"bacs": "vorkasse"})
    assert (settings.clerk_name, settings.delivery_term) == ("Anna", "frei Haus")


@pytest.fixture
def refunded(shop: KitShop, recorded: Recorded) -> KitShop:
    """The recorded order of which one bag was given back, still to be shipped."""
    order = orjson.loads(recorded("order_refund_item"))
    shop.orders[order["id"]] = {**order, "status": "processing"}
    shop.refunds[order["id"]] = orjson.loads(recorded("order_refunds_refund_item"))
    return shop


def fetched(shop: KitShop) -> ChannelOrder:
    connector = shop.connect()
    page = connector.fetch_orders(connector.first_cursor(SINCE), 100)
    return read_order(page.documents[0].body)


def test_goods_given_back_before_the_import_are_taken_off_their_line(refunded: KitShop) -> None:
    order = fetched(refunded)
    removed = {line.sku: (line.quantity, line.removed) for line in order.lines if line.removed}
    assert list(removed) == ["LM-KAF-1000"] and removed["LM-KAF-1000"][1] == 1
    assert order.refunded == Decimal("18.49") and order.computed_total == order.stated.total
    page = refunded.connect().fetch_orders_by_number(["72"])
    assert read_order(page.documents[0].body).lines == order.lines


def test_the_document_of_the_list_alone_says_only_how_much_was_refunded(recorded: Recorded) -> None:
    order = read_order(recorded("order_refund_item"))
    assert order.refunded == Decimal("18.49") and not any(line.removed for line in order.lines)


@pytest.mark.parametrize("name", ["refund_amount", "refund_shipping"])
def test_money_that_went_back_without_goods_takes_nothing_off_a_line(
    shop: KitShop, recorded: Recorded, name: str
) -> None:
    number = {"refund_amount": 73, "refund_shipping": 74}[name]
    row = next(row for row in orjson.loads(recorded("orders_all")) if row["id"] == number)
    shop.orders[number] = {**row, "status": "processing"}
    shop.refunds[number] = orjson.loads(recorded(f"order_refunds_{name}"))
    assert not any(line.removed for line in fetched(shop).lines)


def test_never_more_is_taken_off_than_was_ordered(refunded: KitShop) -> None:
    refunded.refunds[72] *= 9
    line = next(line for line in fetched(refunded).lines if line.removed)
    assert line.removed == line.quantity


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunded", "failed", "trash"])
def test_refunds_of_closed_orders_are_not_asked_for(refunded: KitShop, status: str) -> None:
    refunded.orders[72]["status"] = status
    fetched(refunded)
    assert [path for _, path, _, _ in refunded.requests] == ["/orders"]


def test_an_order_deleted_while_its_refunds_are_fetched_is_kept_as_it_came(refunded: KitShop) -> None:
    def rule(method: str, path: str, body: Any) -> Any:
        return (404, {"code": "woocommerce_rest_shop_order_invalid_id"}) if path.endswith("/refunds") else None

    refunded.rules.append(rule)
    assert fetched(refunded).number == "72"


@pytest.mark.parametrize(
    "refunds",
    [None, "", {}, [{}], [{"line_items": None}], [{"line_items": [{"quantity": None, "meta_data": None}]}]],
)
def test_odd_refunds_never_become_another_error(recorded: Recorded, refunds: Any) -> None:
    body = {**orjson.loads(recorded("order_refund_item")), "connect_refunds": refunds}
    assert read_order(orjson.dumps(body)).number == "72"
