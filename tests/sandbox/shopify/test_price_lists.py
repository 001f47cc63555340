"""Quantity prices of a price list, and the few things beside that a shop tells about its channels and collections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.shopify import ShopifyShop
from tests.sandbox.shopify.support import Api, Json, fill, price_row, set_quantities

SHOWN = """{ priceList(id: "gid://shopify/PriceList/1") { fixedPricesCount
  quantityRules(first: 9, originType: FIXED) { nodes { minimum maximum increment isDefault productVariant { sku } } }
  prices(first: 9, originType: FIXED) { nodes { price { amount } variant { sku }
    quantityPriceBreaks(first: 9) { nodes { id minimumQuantity price { amount currencyCode } } } } } } }"""


def shown(api: Api) -> Json:
    found: Json = api.data(SHOWN)["priceList"]
    return found


def steps(api: Api) -> list[tuple[int, str]]:
    """The price breaks of the only fixed price."""
    (price,) = shown(api)["prices"]["nodes"]
    return [(row["minimumQuantity"], row["price"]["amount"]) for row in price["quantityPriceBreaks"]["nodes"]]


def scale(cup: str, *rows: tuple[int, str]) -> list[Json]:
    return [price_row(cup, amount, minimumQuantity=quantity) for quantity, amount in rows]


@pytest.fixture
def cup(shop: ShopifyShop) -> str:
    return str(shop.variant("KB-300")["id"])


def test_a_price_with_its_scale_is_set_and_replaced_in_one_call(shop: ShopifyShop, api: Api, cup: str) -> None:
    rows = scale(cup, (50, "8.00"), (10, "9.00"))
    payload = set_quantities(api, pricesToAdd=[price_row(cup, "10.00")], quantityPriceBreaksToAdd=rows)
    assert payload == {"productVariants": [{"id": cup, "sku": "KB-300"}], "errors": []}
    assert steps(api) == [(10, "9.0"), (50, "8.0")]
    replaced = scale(cup, (10, "8.50"))
    assert set_quantities(
        api, quantityPriceBreaksToDeleteByVariantId=[cup], quantityPriceBreaksToAdd=replaced
    )["errors"] == []  # fmt: skip
    assert steps(api) == [(10, "8.5")]
    assert [(effect.kind, effect.key, effect.value) for effect in shop.effects] == [
        ("price", "KB-300@Händler", "10.00, 10+: 9.00, 50+: 8.00"),
        ("price", "KB-300@Händler", "10.00, 10+: 8.50"),
    ]


def test_one_wrong_row_leaves_everything_as_it_was(shop: ShopifyShop, api: Api, cup: str) -> None:
    set_quantities(api, pricesToAdd=[price_row(cup, "10.00")], quantityPriceBreaksToAdd=scale(cup, (10, "9.00")))
    before, effects = shown(api), len(shop.effects)
    payload = set_quantities(
        api,
        pricesToDeleteByVariantId=[cup],
        pricesToAdd=[price_row(shop.variant("BU-1001")["id"], "20.00"), price_row("gid://shopify/ProductVariant/1", "1")],
    )  # fmt: skip
    assert payload["productVariants"] is None
    assert [(error["field"], error["code"]) for error in payload["errors"]] == [
        (["input", "pricesToAdd", "1", "variantId"], "PRICE_ADD_VARIANT_NOT_FOUND")
    ]
    assert (shown(api), len(shop.effects)) == (before, effects)


def test_breaks_go_by_their_id_and_with_their_fixed_price(api: Api, cup: str) -> None:
    rows = scale(cup, (10, "9.00"), (20, "8.00"))
    set_quantities(api, pricesToAdd=[price_row(cup, "10.00")], quantityPriceBreaksToAdd=rows)
    first = shown(api)["prices"]["nodes"][0]["quantityPriceBreaks"]["nodes"][0]["id"]
    assert set_quantities(api, quantityPriceBreaksToDelete=[first])["errors"] == []
    assert steps(api) == [(20, "8.0")]
    assert set_quantities(api, pricesToDeleteByVariantId=[cup])["errors"] == []
    assert shown(api)["prices"]["nodes"] == []
    assert set_quantities(api, pricesToAdd=[price_row(cup, "10.00")])["errors"] == []
    assert steps(api) == []


def test_rules_of_quantities_are_shown_and_removed(api: Api, cup: str) -> None:
    rule = {"variantId": cup, "minimum": 6, "maximum": 60, "increment": 6}
    assert set_quantities(api, quantityRulesToAdd=[rule])["errors"] == []
    kept = {"minimum": 6, "maximum": 60, "increment": 6, "isDefault": False, "productVariant": {"sku": "KB-300"}}
    assert shown(api)["quantityRules"]["nodes"] == [kept]
    assert set_quantities(api, quantityRulesToDeleteByVariantId=[cup])["errors"] == []
    assert shown(api)["quantityRules"]["nodes"] == []


WRONG_RULES: list[tuple[Json, str]] = [
    ({"increment": 0}, "INCREMENT_IS_LESS_THAN_ONE"),
    ({"minimum": 0}, "MINIMUM_IS_LESS_THAN_ONE"),
    ({"maximum": 0}, "MAXIMUM_IS_LESS_THAN_ONE"),
    ({"minimum": 5}, "INCREMENT_IS_GREATER_THAN_MINIMUM"),
    ({"minimum": 66}, "MINIMUM_GREATER_THAN_MAXIMUM"),
    ({"maximum": 61}, "MAXIMUM_NOT_A_MULTIPLE_OF_INCREMENT"),
    ({"minimum": 18}, "MIN_HIGHER_THAN_QUANTITY_PRICE_BREAK_MIN"),
    ({"maximum": 6}, "MAX_LOWER_THAN_QUANTITY_PRICE_BREAK_MIN"),
    ({"minimum": 5, "increment": 5}, "INCREMENT_NOT_A_MULTIPLE_OF_QUANTITY_PRICE_BREAK_MIN"),
    ({"variantId": "gid://shopify/ProductVariant/1"}, "VARIANT_NOT_FOUND"),
]


def test_rules_fit_themselves_and_the_breaks_there_are(api: Api, cup: str) -> None:
    set_quantities(api, pricesToAdd=[price_row(cup, "10.00")], quantityPriceBreaksToAdd=scale(cup, (12, "9.00")))
    good: Json = {"variantId": cup, "minimum": 6, "maximum": 60, "increment": 6}
    for change, code in WRONG_RULES:
        fitting: dict[str, Any] = {"maximum": None} if change.get("increment") else {}
        (error,) = set_quantities(api, quantityRulesToAdd=[good | fitting | change])["errors"]
        assert error["code"] == f"QUANTITY_RULE_ADD_{code}"
    (error,) = set_quantities(api, quantityRulesToAdd=[good, good])["errors"]
    assert error["code"] == "QUANTITY_RULE_ADD_DUPLICATE_INPUT_FOR_VARIANT"


def test_what_is_not_there_cannot_be_deleted(api: Api, cup: str) -> None:
    nothing = "gid://shopify/ProductVariant/1"
    payload = set_quantities(
        api,
        pricesToDeleteByVariantId=[nothing],
        quantityRulesToDeleteByVariantId=[nothing, cup],
        quantityPriceBreaksToDelete=["gid://shopify/QuantityPriceBreak/1"],
        quantityPriceBreaksToDeleteByVariantId=[cup, nothing],
    )
    assert [error["code"] for error in payload["errors"]] == [
        "PRICE_DELETE_VARIANT_NOT_FOUND",
        "QUANTITY_RULE_DELETE_VARIANT_NOT_FOUND",
        "QUANTITY_RULE_DELETE_RULE_NOT_FOUND",
        "QUANTITY_PRICE_BREAK_DELETE_NOT_FOUND",
        "QUANTITY_PRICE_BREAK_DELETE_BY_VARIANT_ID_VARIANT_NOT_FOUND",
    ]


def test_quantity_prices_survive_in_the_state_file(tmp_path: Path) -> None:
    from sandbox.server import SandboxServer

    file = tmp_path / "shop.jsonl"
    first = fill(ShopifyShop(state_file=file))
    cup = str(first.variant("KB-300")["id"])
    with SandboxServer(first) as server:
        set_quantities(
            Api(server.url, first.credentials()["token"]),
            pricesToAdd=[price_row(cup, "10.00")],
            quantityPriceBreaksToAdd=scale(cup, (10, "9.00")),
        )
    second = ShopifyShop(state_file=file)
    with SandboxServer(second) as server:
        assert steps(Api(server.url, second.credentials()["token"])) == [(10, "9.0")]


def test_channels_rules_of_collections_and_fees_are_told(shop: ShopifyShop, api: Api) -> None:
    shop.buy([("KB-300", 1)])
    found = api.data(
        "{ publications(first: 9) { nodes { name channels(first: 1) { nodes { name handle app { title } } } } } "
        "collections(first: 1) { nodes { ruleSet { appliedDisjunctively } } } orders(first: 1) { nodes { additionalFees { id } } } }"
    )
    channels = {row["name"]: row["channels"]["nodes"] for row in found["publications"]["nodes"]}
    web = {"name": "Online Store", "handle": "web", "app": {"title": "Online Store"}}
    assert (channels["Online Store"], channels["Händler"]) == ([web], [])
    assert found["collections"]["nodes"] == [{"ruleSet": None}]
    assert found["orders"]["nodes"] == [{"additionalFees": []}]
