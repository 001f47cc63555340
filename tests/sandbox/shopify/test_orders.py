"""Orders as the shop system computes them: amounts to the cent, states, stock, and what refunds leave."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify import Basket, Discount, Item, Payment, ShopifyShop
from sandbox.shopify.shop import ANNA
from tests.sandbox.shopify.support import Api, Json, cancel, refund, ship

ADDED = "{ shopMoney { amount } presentmentMoney { amount } }"
QUERY = f"""query($a: String) {{ orders(first: 10, after: $a, sortKey: ID) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id taxesIncluded
  subtotalPriceSet {ADDED} totalShippingPriceSet {ADDED} totalTaxSet {ADDED} totalPriceSet {ADDED} totalTipReceivedSet {ADDED}
  totalDiscountsSet {ADDED} taxLines {{ rate priceSet {ADDED} }} transactions {{ amountSet {ADDED} }}
  shippingLines(first: 2) {{ nodes {{ discountedPriceSet {ADDED} originalPriceSet {ADDED} taxLines {{ rate priceSet {ADDED} }} }} }}
  lineItems(first: 20) {{ nodes {{ title originalTotalSet {ADDED} discountAllocations {{ allocatedAmountSet {ADDED} }} taxLines {{ rate priceSet {ADDED} }} }} }} }} }} }}"""


def amount(bag: Json, side: str) -> Decimal:
    return Decimal(bag[side]["amount"])


@pytest.mark.parametrize("side", ["shopMoney", "presentmentMoney"])
def test_seeded_orders_add_up_to_the_cent(shop: ShopifyShop, api: Api, side: str) -> None:
    shop.seed(articles=60, orders=120, seed=11)
    found: list[Json] = []
    after = None
    while True:
        page = api.data(QUERY, a=after)["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(found) == 120
    assert len({order["taxesIncluded"] for order in found}) == 2
    for order in found:
        lines = [line for line in order["lineItems"]["nodes"] if line["title"] != "Tip"]
        postage = order["shippingLines"]["nodes"]
        allocated = [amount(a["allocatedAmountSet"], side) for line in lines for a in line["discountAllocations"]]
        goods = sum((amount(line["originalTotalSet"], side) for line in lines), Decimal(0)) - sum(allocated, Decimal(0))
        shipping = sum((amount(line["discountedPriceSet"], side) for line in postage), Decimal(0))
        taxes = sum((amount(t["priceSet"], side) for line in (*lines, *postage) for t in line["taxLines"]), Decimal(0))
        tip = amount(order["totalTipReceivedSet"], side)
        assert goods == amount(order["subtotalPriceSet"], side)
        assert shipping == amount(order["totalShippingPriceSet"], side)
        assert (
            taxes
            == amount(order["totalTaxSet"], side)
            == sum((amount(t["priceSet"], side) for t in order["taxLines"]), Decimal(0))
        )
        total = goods + shipping + tip + (0 if order["taxesIncluded"] else taxes)
        assert total == amount(order["totalPriceSet"], side)
        assert total == sum((amount(t["amountSet"], side) for t in order["transactions"]), Decimal(0))
        for line in lines:
            whole = amount(line["originalTotalSet"], side) - sum(
                (amount(a["allocatedAmountSet"], side) for a in line["discountAllocations"]), Decimal(0)
            )
            for tax in line["taxLines"]:
                rate = Decimal(str(tax["rate"]))
                exact = whole - whole / (1 + rate) if order["taxesIncluded"] else whole * rate
                assert abs(exact - amount(tax["priceSet"], side)) <= Decimal("0.005")


def totals(shop: ShopifyShop, order_id: str) -> tuple[str, ...]:
    order = shop.store.table("Order")[order_id]
    names = ("totalPriceSet", "currentTotalPriceSet", "currentTotalTaxSet", "totalRefundedSet")
    return (*(str(order[name].shop) for name in names), order["displayFinancialStatus"])


def test_a_partial_refund_reduces_what_is_current_and_not_what_was_ordered(shop: ShopifyShop, api: Api) -> None:
    order_id = shop.buy([("KB-300", 3), ("BU-1001", 1)])
    order = shop.store.table("Order")[order_id]
    assert totals(shop, order_id) == ("68.55", "68.55", "8.59", "0", "PAID")
    line, payment = order["lineItems"][0], order["transactions"][0]
    given = {
        "orderId": order_id,
        "gateway": payment["gateway"],
        "kind": "REFUND",
        "amount": "12.90",
        "parentId": payment["id"],
    }
    rows = [
        {"lineItemId": line["id"], "quantity": 1, "restockType": "CANCEL", "locationId": "gid://shopify/Location/1"}
    ]
    answer = refund(api, orderId=order_id, refundLineItems=rows, transactions=[given])
    assert (answer["errors"], answer["refund"]["totalRefundedSet"]) == ([], {"shopMoney": {"amount": "12.9"}})
    assert totals(shop, order_id) == ("68.55", "55.65", "6.53", "12.90", "PARTIALLY_REFUNDED")
    left = shop.store.table("Order")[order_id]
    assert [part["remainingQuantity"] for part in left["fulfillmentOrders"][0]["lines"]] == [2, 1]
    assert shop.ledger().stock["KB-300"] == 50 + 5 - 3 + 1
    assert shop.ledger().orders[order_id].refunded == Decimal("12.90")


def test_stock_is_committed_by_an_order_and_leaves_with_the_shipment(shop: ShopifyShop, api: Api) -> None:
    order_id = shop.buy([("KB-300", 3)])
    level = shop.variant("KB-300")["item"]["levels"]["gid://shopify/Location/1"]
    assert (level["available"], level["committed"]) == (47, 3)
    ship(api, shop.store.table("Order")[order_id], lines={"KB-300": 1})
    order = shop.store.table("Order")[order_id]
    assert (order["displayFulfillmentStatus"], order["fulfillmentOrders"][0]["status"]) == (
        "PARTIALLY_FULFILLED",
        "IN_PROGRESS",
    )
    ship(api, order)
    level = shop.variant("KB-300")["item"]["levels"]["gid://shopify/Location/1"]
    assert (level["available"], level["committed"]) == (47, 0)
    facts = shop.ledger().orders[order_id]
    assert (facts.is_shipped, facts.tracking) == (True, ("00340434161094", "00340434161094"))


def test_a_cancelled_order_is_refunded_and_its_stock_returns(shop: ShopifyShop, api: Api) -> None:
    order_id = shop.buy([("KB-300", 3)])
    assert cancel(api, order_id)["errors"] == []
    facts = shop.ledger().orders[order_id]
    assert (facts.is_cancelled, facts.refunded, shop.ledger().stock["KB-300"]) == (True, Decimal("43.60"), 55)
    assert totals(shop, order_id)[1:] == ("0.00", "0.00", "43.60", "REFUNDED")


def test_a_cancelled_authorization_is_voided(shop: ShopifyShop, api: Api) -> None:
    basket = Basket([shop.item("KB-300", 1)], ANNA, ANNA, payment=Payment("Klarna", kind="AUTHORIZATION"))
    order = shop.place_order(basket)
    assert order["displayFinancialStatus"] == "AUTHORIZED"
    cancel(api, order["id"])
    assert shop.store.table("Order")[order["id"]]["displayFinancialStatus"] == "VOIDED"


def test_lines_go_to_the_location_that_has_them(shop: ShopifyShop) -> None:
    shop.set_stock("KB-300", 2)
    order = shop.store.table("Order")[shop.buy([("KB-300", 3), ("BU-1001", 1)])]
    places = {document["locationId"]: len(document["lines"]) for document in order["fulfillmentOrders"]}
    assert places == {"gid://shopify/Location/2": 1, "gid://shopify/Location/1": 1}


def test_net_prices_discounts_tips_and_gift_cards_are_told_apart(shop: ShopifyShop) -> None:
    items = [
        shop.item("KB-300", 2, price=Decimal("10.84")),
        Item(1, price=Decimal("3.00"), title="Tip", kind="tip"),
        Item(1, price=Decimal("25.00"), title="Gutschein", kind="gift_card"),
    ]
    basket = Basket(
        items,
        ANNA,
        ANNA,
        postage=None,
        taxes_included=False,
        discounts=(Discount("ZEHN", percent=Decimal(10)),),
        payment=Payment(gift_card=Decimal("10.00")),
        attributes={"vat_id": "DE123456789"},
        is_test=True,
    )
    order = shop.place_order(basket)
    # 2 x 10.84 less 10 % = 19.51 net, 19 % of it is 3.71; a gift card of 25.00 and a tip of 3.00 untaxed.
    assert [
        str(order[name].shop) for name in ("subtotalPriceSet", "totalTaxSet", "totalTipReceivedSet", "totalPriceSet")
    ] == ["44.51", "3.71", "3.00", "51.22"]
    assert [(t["gateway"], str(t["amountSet"].shop)) for t in order["transactions"]] == [
        ("gift_card", "10.00"),
        ("shopify_payments", "41.22"),
    ]
    assert not shop.ledger().orders[order["id"]].is_importable


def test_orders_are_found_by_the_words_of_the_search(shop: ShopifyShop, api: Api) -> None:
    first, second, third = (shop.buy([("KB-300", 1)]) for _ in range(3))
    cancel(api, second)
    shop.touch(third, shop.clock().replace(year=2020))
    searches = {
        "status:open": [first, third],
        "status:cancelled": [second],
        "-status:cancelled": [first, third],
        "financial_status:paid,refunded": [first, second, third],
        "financial_status:paid AND NOT name:#1001": [third],
        "(name:1001 OR name:1002) test:false": [first, second],
        "updated_at:<'2021-01-01T00:00:00Z'": [third],
        "updated_at:>=2021": [first, second],
        f"id:>{first.rsplit('/', 1)[1]}": [second, third],
        "sku:kb-*": [first, second, third],
        "weiß": [first, second, third],
    }
    text = "query($q: String) { orders(first: 9, sortKey: ID, query: $q) { nodes { id } } }"
    found = {query: [o["id"] for o in api.data(text, q=query)["orders"]["nodes"]] for query in searches}
    assert found == searches
    answer = api.post(text, q="colour:red")
    assert answer["extensions"]["search"][0]["warnings"][0]["code"] == "invalid_field"


def test_pages_follow_their_cursor_in_both_directions(shop: ShopifyShop, api: Api) -> None:
    ids = [shop.buy([("KB-300", 1)]) for _ in range(5)]
    text = "query($a: String, $r: Boolean) { orders(first: 2, after: $a, sortKey: UPDATED_AT, reverse: $r) { nodes { id } pageInfo { hasNextPage endCursor } } }"
    for is_reversed in (False, True):
        found, after = [], None
        while True:
            page = api.data(text, a=after, r=is_reversed)["orders"]
            found += [node["id"] for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert found == (ids[::-1] if is_reversed else ids)
    last = api.data("{ orders(last: 2, sortKey: ID) { nodes { id } pageInfo { hasPreviousPage } } }")["orders"]
    assert ([node["id"] for node in last["nodes"]], last["pageInfo"]["hasPreviousPage"]) == (ids[3:], True)
