"""Answers keep the vendor's schema (where the real shop does) and the shape of the recorded answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from tests.sandbox.support import ANNA, api_client

NULL = {"type": ["string", "null"]}


@pytest.fixture(scope="session")
def validator(shared: Path) -> Callable[[str, Any], list[str]]:
    """The violations of a definition, with the README's list of where the real shop breaks its own schema let pass."""
    text = (shared / "specs" / "woocommerce" / "wc-v3.schema.json").read_text(encoding="utf-8")
    definitions = json.loads(text)["definitions"]
    for name in ("shop_order", "shop_order_refund"):
        line = definitions[name]["properties"]["line_items"]["items"]["properties"]
        line |= {"image": {}, "parent_name": NULL, "sku": NULL, "global_unique_id": NULL}
    for name in ("product", "product_variation"):
        properties = definitions[name]["properties"]
        properties |= {"stock_quantity": {"type": ["integer", "null"]}, "shipping_class_id": {"type": "integer"}}
    definitions["product_variation"]["properties"]["image"] = {"type": ["object", "null"]}
    definitions["payment_gateway"]["properties"]["order"] = {}

    def violations(name: str, document: Any) -> list[str]:
        return [f"{list(e.path)}: {e.message}" for e in Draft4Validator(definitions[name]).iter_errors(document)]

    return violations


RECORDED = [
    ("shop_order", "orders_all"),
    ("product", "products_all"),
    ("product_variation", "variations_tee"),
    ("tax", "taxes"),
    ("order_note", "order_notes_completed"),
    ("shop_order_refund", "order_refunds_refund_item"),
]


@pytest.mark.parametrize(("definition", "name"), RECORDED)
def test_the_real_shop_passes_the_lenient_schema(
    definition: str, name: str, validator: Callable[[str, Any], list[str]], recorded: Callable[[str], Any]
) -> None:
    assert [problem for document in recorded(name) for problem in validator(definition, document)] == []


LISTS = [
    ("shop_order", "/orders?per_page=100", "orders_all"),
    ("shop_order", "/orders?per_page=100&page=3&orderby=modified&order=asc", "orders_all"),
    ("product", "/products?per_page=100", "products_all"),
    ("product_variation", "/variations?per_page=100", "variations_all"),
    ("tax", "/taxes", "taxes"),
    ("payment_gateway", "/payment_gateways", "payment_gateways"),
    ("shipping_zone", "/shipping/zones", "shipping_zones"),
    ("shipping_zone_method", "/shipping/zones/1/methods", "shipping_zone_1_methods"),
    ("shipping_zone_location", "/shipping/zones/2/locations", "shipping_zone_2_locations"),
    ("shipping_method", "/shipping_methods", "shipping_methods"),
    ("order_status", "/orders/statuses", "order_statuses"),
    ("tax_class", "/taxes/classes", "taxes_classes"),
]


@pytest.mark.parametrize("case", LISTS, ids=[case[1] for case in LISTS])
def test_a_list_keeps_schema_and_recorded_shape(
    case: tuple[str, str, str],
    seeded: tuple[WooShop, httpx.Client],
    validator: Callable[[str, Any], list[str]],
    recorded: Callable[[str], Any],
) -> None:
    definition, path, name = case
    answer = seeded[1].get(path)
    documents = answer.json()
    assert documents
    assert [problem for document in documents for problem in validator(definition, document)] == []
    assert {tuple(sorted(d)) for d in documents} == {tuple(sorted(d)) for d in recorded(name)}
    headers = recorded("_requests")[name]["headers"]
    # What the shop's owner sets up (taxes, zones) can only be read here.
    assert set(answer.headers["allow"].split(", ")) <= set(headers["Allow"].split(", "))
    assert ("x-wp-total" in answer.headers) == ("X-WP-Total" in headers)


def test_lines_inside_an_order_have_the_recorded_keys_in_the_recorded_order(
    seeded: tuple[WooShop, httpx.Client], recorded: Callable[[str], Any]
) -> None:
    ours = [order for page in (1, 2, 3) for order in seeded[1].get(f"/orders?per_page=100&page={page}").json()]
    theirs = recorded("orders_all")
    assert {tuple(order) for order in ours} == {tuple(order) for order in theirs}
    for part in ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines"):
        assert {tuple(line) for order in ours for line in order[part]} == {
            tuple(line) for order in theirs for line in order[part]
        }
    for part in ("billing", "shipping"):
        assert {tuple(order[part]) for order in ours} == {tuple(order[part]) for order in theirs}


def test_single_answers_have_the_recorded_shape(
    shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    shop.fulfillments_enabled = True
    order = shop.place_order([("KB-300", 2)], ANNA)
    line = order["line_items"][0]
    product = client.get(f"/products/{line['product_id']}").json()
    meta = [
        {"id": 0, "key": "_items", "value": [{"item_id": line["id"], "qty": 1}]},
        {"id": 0, "key": "_tracking_number", "value": "0034"},
    ]
    body = {"status": "fulfilled", "is_fulfilled": True, "meta_data": meta}
    answers = {
        "data_currency_current": client.get("/data/currencies/current").json(),
        "system_status": client.get("/system_status").json(),
        "order_put_completed": client.put(f"/orders/{order['id']}", json={"customer_note": "x"}).json(),
        "fulfillment_post": client.post(f"/orders/{order['id']}/fulfillments", json=body).json(),
        "order_note_post": client.post(f"/orders/{order['id']}/notes", json={"note": "Test"}).json(),
    }
    for name, answer in answers.items():
        assert list(answer) == list(recorded(name)), name
    assert list(product) == list(recorded("products_all")[0])
    listed = client.get(f"/orders/{order['id']}/fulfillments").json()[0]
    assert list(listed) == list(recorded("order_fulfillments")[0])
    assert listed["is_fulfilled"] == recorded("order_fulfillments")[0]["is_fulfilled"]


def test_a_refund_keeps_schema_and_shape(
    shop: WooShop, client: httpx.Client, validator: Callable[[str, Any], list[str]], recorded: Callable[[str], Any]
) -> None:
    order = shop.place_order([("LM-KAF-1000", 3)], ANNA, payment_method="stripe")
    line = order["line_items"][0]
    item = {"id": line["id"], "quantity": 1, "refund_total": 17.28, "refund_tax": [{"id": 2, "refund_total": 1.21}]}
    body = {"amount": "18.49", "reason": "beschädigt", "line_items": [item], "api_refund": False}
    refund = client.post(f"/orders/{order['id']}/refunds", json=body).json()
    theirs = recorded("order_refunds_refund_item")[0]
    assert validator("shop_order_refund", refund) == []
    assert list(refund) == list(theirs)
    for part in ("line_items", "tax_lines"):
        assert [list(x) for x in refund[part]] == [list(x) for x in theirs[part]]
    kept = {"total": "-17.28", "total_tax": "-1.21", "quantity": -1, "price": 17.28}
    assert kept.items() <= refund["line_items"][0].items()
    assert list(client.get("/refunds").json()[0]).count("parent_id") == 1
    assert client.get(f"/orders/{order['id']}").json()["refunds"][0]["total"] == "-18.49"


def test_recorded_documents_are_served_as_they_are(
    recorded: Callable[[str], Any], client: httpx.Client, shop: WooShop
) -> None:
    orders = recorded("orders_all")
    shop.load_orders(orders)
    assert client.get("/orders?per_page=100&order=asc&orderby=id").json() == orders


def test_recorded_products_keep_their_shown_values(recorded: Callable[[str], Any], client: httpx.Client) -> None:
    shop = WooShop(https=True)
    products, variations = recorded("products_all"), recorded("variations_tee")
    shop.load_products([*products, *variations])
    with SandboxServer(shop) as server, api_client(server.url, shop) as other:
        ours = {p["id"]: p for p in other.get("/products?per_page=100").json()}
        shirt = other.get("/products/28/variations?per_page=100").json()
    for theirs in products:
        keys = (
            "sku",
            "name",
            "regular_price",
            "stock_quantity",
            "manage_stock",
            "tax_class",
            "type",
            "date_modified_gmt",
        )
        assert {key: ours[theirs["id"]][key] for key in keys} == {key: theirs[key] for key in keys}
    assert {v["sku"]: v["stock_quantity"] for v in shirt} == {v["sku"]: v["stock_quantity"] for v in variations}
