"""One wrong request for each enforced sentence of the specification, refused with the vendor's error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shopify import ShopifyShop
from sandbox.shopify.returning import request_return
from sandbox.shopify.rules import RULES
from tests.sandbox.shopify.support import (
    PATH,
    Api,
    Json,
    cancel,
    fill,
    item_id,
    level,
    price_row,
    refund,
    set_levels,
    set_quantities,
    ship,
)

Try = Callable[[ShopifyShop, Api], Any]
TRIES: dict[str, tuple[Try, str]] = {}


def wrong(expected: str) -> Callable[[Try], Try]:
    """Register an attempt by its function's name; its answer must contain `expected`."""

    def register(attempt: Try) -> Try:
        TRIES[attempt.__name__] = attempt, expected
        return attempt

    return register


def raw(api: Api, query: str, headers: Json | None = None, **variables: Any) -> str:
    answer = httpx.post(
        f"{str(api.client.base_url).rstrip('/')}{PATH}",
        json={"query": query, "variables": variables},
        headers=headers,
        trust_env=False,
    )
    return f"{answer.status_code} {answer.text}"


def narrowed(shop: ShopifyShop, api: Api, scopes: list[str], query: str) -> Json:
    shop.tokens.narrow(scopes)
    return api.post(query)


def order(shop: ShopifyShop, *lines: tuple[str, int]) -> Json:
    return shop.store.table("Order")[shop.buy(lines or [("KB-300", 2), ("BU-1001", 1)])]


def shipped(shop: ShopifyShop, api: Api) -> Json:
    found = order(shop)
    ship(api, found)
    return shop.store.table("Order")[found["id"]]


@wrong('401 {"errors":"[API] Invalid API key or access token')
def no_token(_shop: ShopifyShop, api: Api) -> Any:
    return raw(api, "{ shop { name } }")


@wrong("401 ")
def bearer(shop: ShopifyShop, api: Api) -> Any:
    return raw(api, "{ shop { name } }", {"Authorization": f"Bearer {shop.credentials()['token']}"})


@wrong("401 ")
def expired_token(shop: ShopifyShop, api: Api) -> Any:
    form = {"grant_type": "client_credentials"} | {k: shop.credentials()[k] for k in ("client_id", "client_secret")}
    token = httpx.post(
        f"{str(api.client.base_url).rstrip('/')}/admin/oauth/access_token", data=form, trust_env=False
    ).json()
    headers = {"X-Shopify-Access-Token": token["access_token"]}
    assert token["expires_in"] == 86399
    assert raw(api, "{ shop { name } }", headers).startswith("200 ")
    shop.tokens.expire()
    return raw(api, "{ shop { name } }", headers)


@wrong(
    "'code': 'ACCESS_DENIED', 'documentation': 'https://shopify.dev/api/usage/access-scopes', 'requiredAccess': '`read_orders` access scope, `read_m"
)
def missing_scope(shop: ShopifyShop, api: Api) -> Any:
    return narrowed(shop, api, ["read_products"], "{ orders(first: 1) { nodes { id } } }")


@wrong("'requiredAccess': '`write_products` access scope.'")
def missing_write_scope(shop: ShopifyShop, api: Api) -> Any:
    return narrowed(
        shop,
        api,
        ["read_products"],
        'mutation { productDelete(input: {id: "gid://shopify/Product/1"}) { deletedProductId } }',
    )


@wrong("Cannot query field 'price' on type 'Order'")
def unknown_field(_shop: ShopifyShop, api: Api) -> Any:
    return api.post("{ orders(first: 1) { nodes { price } } }")


@wrong("Expected a value of non-null type 'ID!' to be provided.")
def wrong_variable(_shop: ShopifyShop, api: Api) -> Any:
    return api.post("query($id: ID!) { order(id: $id) { id } }")


@wrong('400 {"errors":{"query":"Required parameter missing or invalid"}}')
def no_query(_shop: ShopifyShop, api: Api) -> Any:
    answer = api.client.post(PATH, json={"text": ""})
    return f"{answer.status_code} {answer.text}"


@wrong(
    "'code': 'THROTTLED', 'documentation': 'https://shopify.dev/api/usage/rate-limits'}}], 'extensions': {'cost': {'requestedQueryCost': 1, 'actualQueryCost': None"
)
def throttled(shop: ShopifyShop, api: Api) -> Any:
    shop.bucket.rate = 0
    shop.bucket.drain()
    return api.post("{ shop { name } }")


@wrong("'code': 'MAX_COST_EXCEEDED', 'cost': 1003")
def max_cost(_shop: ShopifyShop, api: Api) -> Any:
    return api.post(
        "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id variant { product { id variants(first: 5) { nodes { id } } } } } } } } }"
    )


@wrong("first cannot exceed 250")
def page_size(_shop: ShopifyShop, api: Api) -> Any:
    return api.post("{ orders(first: 251) { nodes { id } } }")


@wrong("you must provide one of first or last")
def no_page_size(_shop: ShopifyShop, api: Api) -> Any:
    return api.post("{ orders { nodes { id } } }")


@wrong("Invalid cursor for current pagination sort.")
def bad_cursor(_shop: ShopifyShop, api: Api) -> Any:
    return api.post('{ orders(first: 1, after: "abc") { nodes { id } } }')


@wrong("{'orders': {'nodes': []}, 'order': None}")
def old_orders(shop: ShopifyShop, api: Api) -> Any:
    found = shop.buy([("KB-300", 1)], at=shop.clock() - timedelta(days=61))
    query = f'{{ orders(first: 1) {{ nodes {{ id }} }} order(id: "{found}") {{ id }} }}'
    assert api.data(query)["order"]
    return narrowed(shop, api, ["read_orders"], query)


@wrong("[{'message': 'The @idempotent directive is required for the inventorySetQuantities mutation.'")
def no_idempotency_key(_shop: ShopifyShop, api: Api) -> Any:
    answer = api.post(
        'mutation { inventorySetQuantities(input: {name: "available", reason: "correction", quantities: []}) { userErrors { code } } }'
    )
    assert "data" not in answer
    return answer["errors"]


@wrong("IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
def key_reused(shop: ShopifyShop, api: Api) -> Any:
    text = 'mutation($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) @idempotent(key: "k") { userErrors { code } } }'
    item = item_id(shop, "KB-300")
    for pieces in (7, 7):
        assert api.data(text, i={"name": "available", "reason": "correction", "quantities": [level(item, pieces)]})[
            "inventorySetQuantities"
        ] == {"userErrors": []}
    assert len(shop.effects) == 1
    return api.data(text, i={"name": "available", "reason": "correction", "quantities": [level(item, 8)]})


@wrong(
    "'field': ['input', 'quantities', '0', 'changeFromQuantity'], 'message': 'The changeFromQuantity argument no longer matches the persisted quantity.', 'code': 'CHANGE_FROM_QUANTITY_STALE'"
)
def stale_level(shop: ShopifyShop, api: Api) -> Any:
    return set_levels(api, level(item_id(shop, "KB-300"), 7, before=3))


@wrong("changeFromQuantity must be given")
def no_comparison(shop: ShopifyShop, api: Api) -> Any:
    row = level(item_id(shop, "KB-300"), 7)
    del row["changeFromQuantity"]
    text = 'mutation($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) @idempotent(key: "n") { userErrors { code } } }'
    return api.post(text, i={"name": "available", "reason": "correction", "quantities": [row]})


@wrong("'code': 'INVALID_LOCATION'")
def inactive_level(shop: ShopifyShop, api: Api) -> Any:
    return set_levels(api, level(item_id(shop, "BU-1001"), 7, location=2))


@wrong("'code': 'INVALID_INVENTORY_ITEM'")
def unknown_item(_shop: ShopifyShop, api: Api) -> Any:
    return set_levels(api, level("gid://shopify/InventoryItem/9", 7))


@wrong("'code': 'MAX_INPUT_SIZE_EXCEEDED'")
def too_many_levels(shop: ShopifyShop, api: Api) -> Any:
    text = 'mutation($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) @idempotent(key: "m") { userErrors { code } } }'
    rows = [level(item_id(shop, "KB-300"), 7)] * 251
    return api.post(text, i={"name": "available", "reason": "correction", "quantities": rows})


@wrong("'code': 'INVALID_REASON'")
def bad_reason(shop: ShopifyShop, api: Api) -> Any:
    return set_levels(api, level(item_id(shop, "KB-300"), 7), reason="sync")


@wrong("'code': 'INVALID_NAME'")
def bad_quantity_name(shop: ShopifyShop, api: Api) -> Any:
    return set_levels(api, level(item_id(shop, "KB-300"), 7), name="committed")


@wrong("already active")
def activate_twice(shop: ShopifyShop, api: Api) -> Any:
    return api.change(
        "inventoryActivate",
        'inventoryItemId: $i, locationId: "gid://shopify/Location/1", available: 4',
        "inventoryLevel { id }",
        "$i: ID!",
        i=item_id(shop, "KB-300"),
    )


@wrong("has an unfulfillable status= closed.")
def ship_twice(shop: ShopifyShop, api: Api) -> Any:
    return ship(api, shipped(shop, api))


@wrong("Invalid fulfillment order line item quantity requested.")
def ship_too_much(shop: ShopifyShop, api: Api) -> Any:
    return ship(api, order(shop), lines={"KB-300": 3})


@wrong("must belong to the same order")
def ship_two_orders(shop: ShopifyShop, api: Api) -> Any:
    rows = [{"fulfillmentOrderId": order(shop)["fulfillmentOrders"][0]["id"]} for _ in range(2)]
    return api.change(
        "fulfillmentCreate",
        "fulfillment: $f",
        "fulfillment { id }",
        "$f: FulfillmentInput!",
        f={"lineItemsByFulfillmentOrder": rows},
    )


@wrong("cancelled")
def ship_cancelled(shop: ShopifyShop, api: Api) -> Any:
    found = order(shop)
    cancel(api, found["id"])
    return ship(api, found)


@wrong("'code': 'INVALID'")
def cancel_shipped(shop: ShopifyShop, api: Api) -> Any:
    return cancel(api, shipped(shop, api)["id"])


@wrong("already been cancelled")
def cancel_twice(shop: ShopifyShop, api: Api) -> Any:
    found = order(shop)
    assert cancel(api, found["id"])["errors"] == []
    return cancel(api, found["id"])


@wrong("'code': 'INVALID'")
def cancel_with_return(shop: ShopifyShop, api: Api) -> Any:
    found = shipped(shop, api)
    request_return(shop, found["id"], "KB-300", 1)
    return cancel(api, found["id"])


@wrong("Refund amount exceeds")
def refund_too_much(shop: ShopifyShop, api: Api) -> Any:
    found = order(shop)
    parent = found["transactions"][0]
    row = {
        "orderId": found["id"],
        "gateway": "shopify_payments",
        "kind": "REFUND",
        "amount": "999.00",
        "parentId": parent["id"],
    }
    return refund(api, orderId=found["id"], transactions=[row])


@wrong("cannot refund more items")
def refund_pieces(shop: ShopifyShop, api: Api) -> Any:
    found = order(shop)
    return refund(
        api, orderId=found["id"], refundLineItems=[{"lineItemId": found["lineItems"][0]["id"], "quantity": 3}]
    )


@wrong("'code': 'NOT_FOUND'")
def return_unshipped(shop: ShopifyShop, api: Api) -> Any:
    rows = [{"fulfillmentLineItemId": "gid://shopify/FulfillmentLineItem/1", "quantity": 1, "returnReason": "OTHER"}]
    return api.change(
        "returnCreate",
        "returnInput: $i",
        "return { id }",
        "$i: ReturnInput!",
        i={"orderId": order(shop)["id"], "returnLineItems": rows},
    )


@wrong("'code': 'INVALID_STATE'")
def approve_open(shop: ShopifyShop, api: Api) -> Any:
    asked = request_return(shop, shipped(shop, api)["id"], "KB-300", 1)
    for _ in range(2):
        found = api.change("returnApproveRequest", "input: {id: $id}", "return { id }", "$id: ID!", id=asked)
    return found


def update_variant(shop: ShopifyShop, api: Api, **values: Any) -> Json:
    variant = shop.variant("TS-S")
    return api.change(
        "productVariantsBulkUpdate",
        "productId: $p, variants: $v",
        "productVariants { id }",
        "$p: ID!, $v: [ProductVariantsBulkInput!]!",
        p=variant["productId"],
        v=[{"id": variant["id"]} | values],
    )


@wrong("'code': 'PRODUCT_VARIANT_DOES_NOT_EXIST'")
def unknown_variant(shop: ShopifyShop, api: Api) -> Any:
    return update_variant(shop, api, id=shop.variant("KB-300")["id"])


@wrong(
    "'field': ['variants', '0', 'price'], 'message': 'Price must be greater than or equal to 0', 'code': 'GREATER_THAN_OR_EQUAL_TO'"
)
def negative_price(shop: ShopifyShop, api: Api) -> Any:
    return update_variant(shop, api, price="-1")


@wrong("'code': 'VARIANT_ALREADY_EXISTS'")
def same_options(shop: ShopifyShop, api: Api) -> Any:
    return update_variant(shop, api, optionValues=[{"optionName": "Größe", "name": "M"}])


@wrong("'code': 'NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE'")
def levels_on_update(shop: ShopifyShop, api: Api) -> Any:
    return update_variant(
        shop, api, inventoryQuantities=[{"locationId": "gid://shopify/Location/1", "availableQuantity": 1}]
    )


def set_product(api: Api, identifier: Json | None = None, **values: Any) -> Json:
    return api.change(
        "productSet",
        "input: $i, identifier: $id",
        "product { id }",
        "$i: ProductSetInput!, $id: ProductSetIdentifiers",
        i=values,
        id=identifier,
    )


@wrong("'code': 'PRODUCT_OPTIONS_INPUT_MISSING'")
def options_missing(_shop: ShopifyShop, api: Api) -> Any:
    return set_product(api, title="Hose", variants=[{"optionValues": [{"optionName": "Farbe", "name": "Rot"}]}])


@wrong("'code': 'HANDLE_NOT_UNIQUE'")
def handle_taken(_shop: ShopifyShop, api: Api) -> Any:
    return set_product(api, title="Becher", handle="kaffeebecher")


@wrong("'code': 'PRODUCT_DOES_NOT_EXIST'")
def unknown_product(_shop: ShopifyShop, api: Api) -> Any:
    return set_product(api, {"id": "gid://shopify/Product/1"}, title="Becher")


def set_fields(shop: ShopifyShop, api: Api, *rows: Json) -> Json:
    owner = shop.variant("KB-300")["productId"]
    fields = [
        {"ownerId": owner, "namespace": "custom", "key": f"feld{i}", "type": "number_integer"} | row
        for i, row in enumerate(rows)
    ]
    return api.change("metafieldsSet", "metafields: $m", "metafields { id }", "$m: [MetafieldsSetInput!]!", m=fields)


@wrong("'code': 'INVALID_VALUE'")
def bad_metafield(shop: ShopifyShop, api: Api) -> Any:
    return set_fields(shop, api, {"value": "zwei"})


@wrong("'code': 'LESS_THAN_OR_EQUAL_TO'")
def many_metafields(shop: ShopifyShop, api: Api) -> Any:
    return set_fields(shop, api, *[{"value": "2"}] * 26)


@wrong("'code': 'STALE_OBJECT'")
def stale_metafield(shop: ShopifyShop, api: Api) -> Any:
    assert set_fields(shop, api, {"value": "2"})["errors"] == []
    return set_fields(shop, api, {"value": "3", "compareDigest": "0"})


def translate(shop: ShopifyShop, api: Api, **values: Any) -> Json:
    row = {"key": "title", "locale": "en", "value": "Mug", "translatableContentDigest": "x"} | values
    return api.change(
        "translationsRegister",
        "resourceId: $r, translations: $t",
        "translations { key }",
        "$r: ID!, $t: [TranslationInput!]!",
        r=shop.variant("KB-300")["productId"],
        t=[row],
    )


@wrong("'code': 'INVALID_TRANSLATABLE_CONTENT'")
def stale_digest(shop: ShopifyShop, api: Api) -> Any:
    return translate(shop, api)


@wrong("'code': 'INVALID_LOCALE_FOR_SHOP'")
def unknown_locale(shop: ShopifyShop, api: Api) -> Any:
    return translate(shop, api, locale="sv")


@wrong("'code': 'PRICE_LIST_CURRENCY_MISMATCH'")
def wrong_currency(shop: ShopifyShop, api: Api) -> Any:
    row = {"variantId": shop.variant("KB-300")["id"], "price": {"amount": "1.00", "currencyCode": "CHF"}}
    return api.change(
        "priceListFixedPricesAdd",
        'priceListId: "gid://shopify/PriceList/1", prices: $p',
        "prices { originType }",
        "$p: [PriceListPriceInput!]!",
        p=[row],
    )


def scaled(shop: ShopifyShop, api: Api, *rows: Json, **changes: Any) -> Json:
    """Price breaks for the cup, whose fixed price comes with them."""
    cup = shop.variant("KB-300")["id"]
    breaks = [price_row(cup, "9.00", **{"minimumQuantity": 10, **row}) for row in rows]
    values = {"pricesToAdd": [price_row(cup, "10.00")], "quantityPriceBreaksToAdd": breaks, **changes}
    return set_quantities(api, **values)


@wrong("'code': 'QUANTITY_PRICE_BREAK_ADD_PRICE_LIST_PRICE_NOT_FOUND'")
def break_without_price(shop: ShopifyShop, api: Api) -> Any:
    return scaled(shop, api, {}, pricesToAdd=[])


@wrong("'code': 'QUANTITY_PRICE_BREAK_ADD_CURRENCY_MISMATCH'")
def break_currency(shop: ShopifyShop, api: Api) -> Any:
    return scaled(shop, api, {"price": {"amount": "9.00", "currencyCode": "CHF"}})


@wrong(
    "'field': ['input', 'quantityPriceBreaksToAdd', '1'], 'message': 'Invalid quantity price break.', "
    "'code': 'QUANTITY_PRICE_BREAK_ADD_DUPLICATE_INPUT_FOR_VARIANT_AND_MIN'"
)
def break_twice(shop: ShopifyShop, api: Api) -> Any:
    return scaled(shop, api, {}, {})


@wrong("'code': 'QUANTITY_PRICE_BREAK_ADD_MIN_NOT_A_MULTIPLE_OF_QUANTITY_RULES_INCREMENT'")
def break_off_rule(shop: ShopifyShop, api: Api) -> Any:
    rule = {"variantId": shop.variant("KB-300")["id"], "minimum": 6, "increment": 6}
    return scaled(shop, api, {}, quantityRulesToAdd=[rule])


@wrong("'code': 'QUANTITY_PRICE_BREAK_ADD_FAILED_TO_SAVE'")
def break_is_there(shop: ShopifyShop, api: Api) -> Any:
    assert scaled(shop, api, {})["errors"] == []
    return scaled(shop, api, {})


@wrong("'code': 'QUANTITY_PRICE_BREAK_ADD_LIMIT_EXCEEDED'")
def many_breaks(shop: ShopifyShop, api: Api) -> Any:
    return scaled(shop, api, *({"minimumQuantity": number} for number in range(2, 13)))


@wrong("'code': 'QUANTITY_RULE_ADD_MINIMUM_NOT_A_MULTIPLE_OF_INCREMENT'")
def uneven_rule(shop: ShopifyShop, api: Api) -> Any:
    rule = {"variantId": shop.variant("KB-300")["id"], "minimum": 7, "increment": 6}
    return set_quantities(api, quantityRulesToAdd=[rule])


@wrong("'code': 'PRICE_DELETE_PRICE_NOT_FIXED'")
def unfixed_price(shop: ShopifyShop, api: Api) -> Any:
    return set_quantities(api, pricesToDeleteByVariantId=[shop.variant("KB-300")["id"]])


@wrong("'code': 'PRICE_LIST_NOT_FOUND'")
def unknown_list(_shop: ShopifyShop, api: Api) -> Any:
    return set_quantities(api, price_list=99)


@wrong("Address for this topic has already been taken")
def hook_twice(_shop: ShopifyShop, api: Api) -> Any:
    for _ in range(2):
        found = api.change(
            "webhookSubscriptionCreate",
            'topic: ORDERS_PAID, webhookSubscription: {uri: "https://example.org/h"}',
            "webhookSubscription { id }",
        )
    return found


def bulk(api: Api, query: str) -> Json:
    return api.change(
        "bulkOperationRunQuery", "query: $q, groupObjects: false", "bulkOperation { id }", "$q: String!", q=query
    )


@wrong("'code': 'INVALID'")
def bulk_without_connection(_shop: ShopifyShop, api: Api) -> Any:
    return bulk(api, "{ shop { name } }")


@wrong("'code': 'LIMIT_REACHED'")
def sixth_bulk(_shop: ShopifyShop, api: Api) -> Any:
    for _ in range(5):
        assert bulk(api, "{ orders { nodes { id } } }")["errors"] == []
    return bulk(api, "{ orders { nodes { id } } }")


@wrong("Publication does not exist")
def unknown_publication(shop: ShopifyShop, api: Api) -> Any:
    return api.change(
        "publishablePublish",
        'id: $p, input: [{publicationId: "gid://shopify/Publication/9"}]',
        "publishable { __typename }",
        "$p: ID!",
        p=shop.variant("KB-300")["productId"],
    )


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_wrong_request_is_refused(rule: Any) -> None:
    attempt, expected = TRIES[rule.id]
    shop = fill(ShopifyShop(bucket=100_000))
    with SandboxServer(shop) as server:
        api = Api(server.url, shop.credentials()["token"])
        answer = attempt(shop, api)
        api.client.close()
    assert expected in str(answer), answer


def test_a_refused_mutation_leaves_no_effect(shop: ShopifyShop, api: Api) -> None:
    before = shop.ledger()
    matrix = {
        "title": "Hose",
        "files": [{"originalSource": "https://example.org/a.jpg"}],
        "productOptions": [{"name": "Farbe", "values": [{"name": "Rot"}]}],
    }
    refused = set_product(
        api, **matrix, variants=[{"optionValues": [{"optionName": "Farbe", "name": "Blau"}], "sku": "X"}]
    )
    assert [error["code"] for error in refused["errors"]] == ["OPTION_VALUE_DOES_NOT_EXIST"]
    assert (shop.effects, shop.ledger()) == ([], before)


def test_every_rule_has_its_wrong_request() -> None:
    assert {rule.id for rule in RULES} == set(TRIES)
