"""Any value at any place of a vendor's order: it is read and decided, or its field is named; never another error."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import orjson
import pytest

import connectors
from commands.orders import PreviewWorld, preview_document
from connectors.protocol import PullsOrders
from tests.connectors import test_mirakl_orders as mirakl
from tests.connectors import test_shopify_support as shopify
from tests.connectors import test_shopware6_orders as shopware6
from tests.connectors.test_shopify_rest import REST

ODD = (None, "", [], {}, "abc", -1, 1.005, 1e30, "1e999", "NaN", True, "\x00", [None], "0001-01-01T00:00:00+14:00")

ADDRESS = {"firstName": "Anna", "street": "Hauptstr. 1", "city": "Hamburg", "country": {"iso": "DE"}}
SHOPWARE = shopware6.document(
    billingAddress=ADDRESS,
    transactions=[{"id": "t", "stateMachineState": {"technicalName": "paid"}, "amount": {"totalPrice": 11.9}}],
    deliveries=[
        {"id": "d", "shippingCosts": {"totalPrice": 0, "calculatedTaxes": []}, "shippingOrderAddress": ADDRESS}
    ],
)
MIRAKL = mirakl.order(
    mirakl.line(
        quantity=3,
        price=30,
        total_price=34.9,
        taxes=[mirakl.tax(4.79)],
        shipping_price=4.9,
        shipping_taxes=[mirakl.tax(0.78)],
        promotions=[{"id": "P", "deduced_amount": 5.7}],
        cancelations=[{"id": "c", "amount": 10, "quantity": 1}],
        refunds=[{"id": "r", "amount": 1, "quantity": 1, "taxes": [mirakl.tax(0.16)]}],
    )
)
NODE = shopify.order(
    lines=[
        shopify.line(
            quantity=2,
            currentQuantity=1,
            taxLines=[shopify.tax("3.48")],
            originalTotalSet=shopify.money("23.80"),
            discountAllocations=[{"allocatedAmountSet": shopify.money("2.00"), "discountApplication": {"code": "X"}}],
        )
    ],
    totalPriceSet=shopify.money("21.80"),
    totalTaxSet=shopify.money("3.48"),
    taxLines=[shopify.tax("3.48")],
    transactions=[{"kind": "SALE", "status": "SUCCESS", "gateway": "gift_card", "amountSet": shopify.money("5.00")}],
)
DOCUMENTS = {"shopify": NODE, "shopify rest": REST, "shopware6": SHOPWARE, "mirakl": MIRAKL}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, without what only the buyer's currency says."""
    if path and "presentmentMoney" not in path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def with_odd(document: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The same document with something else at one place."""
    key, *rest = path
    inner = with_odd(document[key], tuple(rest), odd) if rest else odd
    if isinstance(document, dict):
        return {**document, key: inner}
    return [inner if at == key else each for at, each in enumerate(document)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_odd_value_anywhere_is_decided_and_what_is_booked_is_the_documents_total(name: str) -> None:
    connector, document = name.split(maxsplit=1)[0], DOCUMENTS[name]
    reader, world = cast(PullsOrders, connectors.reader(connector)), PreviewWorld(connector)
    assert preview_document(reader, orjson.dumps(document), world)["outcome"] == "import"
    for path in places(document):
        for odd in ODD:
            answer = preview_document(reader, orjson.dumps(with_odd(document, path, odd)), world)
            codes = {finding["code"] for finding in answer["findings"]}
            if answer["outcome"] != "import":
                assert codes, (path, odd)
            elif not codes & {"LINES_REMOVED"}:
                assert Decimal(answer["draft"]["total"]) == Decimal(answer["order"]["stated"]["total"]), (path, odd)
