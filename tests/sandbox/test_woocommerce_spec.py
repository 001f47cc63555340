"""The sandbox and recorded answers keep what the vendor's controllers say of themselves; wrong exchanges do not."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shop import Exchange
from sandbox.woocommerce import WooShop
from tests.contract.woocommerce_spec import load, operation, violations
from tests.sandbox.support import ANNA, api_client, fill

RECORDED = [
    *(("shop_order", "orders_all"), ("product", "products_all"), ("product_variation", "variations_all")),
    *(("shop_order_refund", "refunds_all"), ("product_cat", "products_categories"), ("product_tag", "products_tags")),
    *(("product_attribute", "products_attributes"), ("product_attribute_term", "products_attribute_terms")),
    *(("product_shipping_class", "products_shipping_classes"), ("webhook", "webhooks_list"), ("tax", "taxes")),
    *(("payment_gateway", "payment_gateways"), ("shipping_zone_method", "shipping_zone_1_methods")),
]


@pytest.mark.parametrize(("title", "name"), RECORDED)
def test_recorded_answers_of_the_real_shop_are_no_violations(
    title: str, name: str, recorded: Callable[[str], Any]
) -> None:
    assert [problem for document in recorded(name) for problem in load().document_problems(title, document)] == []


READS = (
    *("/orders?per_page=5&status=processing,on-hold&modified_after=2020-01-01T00:00:00&dates_are_gmt=true", "/refunds"),
    *("/orders?_fields=id,status&orderby=modified&order=asc", "/orders/statuses", "/products?per_page=3&type=simple"),
    *("/products?sku=KB-300", "/variations?per_page=5", "/products/categories?hide_empty=true&orderby=slug"),
    *("/products/attributes", "/products/shipping_classes", "/products/brands", "/taxes", "/taxes/classes"),
    *("/payment_gateways", "/shipping_methods", "/shipping/zones", "/shipping/zones/1/methods", "/webhooks"),
    *(
        "/shipping/zones/2/locations",
        "/settings/tax",
        "/settings/general",
        "/settings/products",
        "/data/currencies/current",
        "",
    ),
)


def drive_products(client: httpx.Client, shop: WooShop) -> None:
    category = client.post("/products/categories", json={"name": "Becher"}).json()["id"]
    client.put(f"/products/categories/{category}", json={"description": "zum Trinken"})
    client.post(
        "/products/categories/batch",
        json={"create": [{"name": "A"}, {"name": "A"}], "update": [{"id": category, "display": "both"}]},
    )
    client.post("/products/tags", json={"name": "Neu"})
    size = client.get("/products/attributes").json()[0]["id"]
    client.post(f"/products/attributes/{size}/terms", json={"name": "XXL"})
    attributes = [{"id": size, "variation": True, "visible": True, "options": ["XXL"]}]
    picture = [{"src": "https://img.example/a.jpg", "alt": "A"}]
    body = {"name": "Hemd", "type": "variable", "sku": "HE", "attributes": attributes, "images": picture}
    parent = client.post("/products", json={**body, "categories": [{"id": category}]}).json()["id"]
    new = {"sku": "HE-XXL", "regular_price": "9.90", "attributes": [{"id": size, "option": "XXL"}]}
    variation = client.post(f"/products/{parent}/variations", json={**new, "image": picture[0]}).json()["id"]
    client.get(f"/products/{parent}")
    client.get(f"/products/{parent}/variations?per_page=100")
    update = {"update": [{"id": variation, "regular_price": "8.90"}, {"id": 999999, "stock_quantity": 1}]}
    client.post(f"/products/{parent}/variations/batch", json=update)
    levels = {"update": [{"id": shop.skus["KB-300"], "stock_quantity": 7}], "delete": [shop.skus["BU-1001"]]}
    client.post("/products/batch", json=levels)
    client.delete(f"/products/{parent}/variations/{variation}?force=true")
    client.delete(f"/products/{parent}")


def drive_orders(client: httpx.Client, shop: WooShop) -> None:
    order = shop.place_order([("KB-300", 2)], ANNA, payment_method="stripe")
    path, line = f"/orders/{order['id']}", order["line_items"][0]["id"]
    client.get(path)
    client.post(f"{path}/notes", json={"note": "Sendung 1", "customer_note": True})
    client.get(f"{path}/notes")
    client.put(path, json={"status": "completed"})
    item = {"id": line, "quantity": 1, "refund_total": 10.84, "refund_tax": [{"id": 1, "refund_total": 2.06}]}
    client.post(f"{path}/refunds", json={"amount": "12.90", "line_items": [item], "api_refund": False})
    client.get(f"{path}/refunds")
    client.get("/orders/999999")
    hook = client.post(
        "/webhooks", json={"topic": "order.updated", "delivery_url": "http://127.0.0.1:9/", "secret": "s"}
    )
    client.put(f"/webhooks/{hook.json()['id']}", json={"status": "paused"})
    client.delete(f"/webhooks/{hook.json()['id']}?force=true")


@pytest.fixture(scope="module")
def traffic(shared: Path) -> Iterator[list[Exchange]]:
    """What went over the wire while a connector's calls were made."""
    shop = fill(WooShop(https=True))
    shop.traffic = []
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        drive_products(client, shop)
        drive_orders(client, shop)
        for path in READS:
            client.get(path)
        yield shop.traffic


def test_all_exchanges_keep_what_the_shop_says_of_itself(traffic: list[Exchange]) -> None:
    assert [problem for exchange in traffic for problem in violations(exchange)] == []
    assert len({operation(exchange) for exchange in traffic}) > 35


def pick(traffic: list[Exchange], name: str) -> Exchange:
    return next(exchange for exchange in traffic if operation(exchange) == name and exchange.status < 300)


PRODUCTS, ORDERS = "/wc/v3/products", "/wc/v3/orders"


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (f"GET {ORDERS}", {"query": "per_page=250"}, "out of bounds"),
        (f"GET {ORDERS}", {"query": "status=shipped"}, "not in its enumeration"),
        (f"GET {ORDERS}", {"query": "modified_since=1"}, "unknown parameter modified_since"),
        (f"GET {ORDERS}", {"answer": b'[{"total": 12.9}]'}, "12.9 is not of type 'string'"),
        (f"GET {ORDERS}", {"answer": b'[{"grand_total": "1"}]'}, "unknown field grand_total"),
        (f"GET {ORDERS}", {"answer_headers": {"content-type": "application/json"}}, "a list without X-WP-Total"),
        (f"GET {ORDERS}", {"answer": b"<html>", "answer_headers": {"content-type": "text/html"}}, "is not JSON"),
        (f"POST {PRODUCTS}", {"body": b'{"regular_price": 9.9}'}, "9.9 is not of type 'string'"),
        (f"POST {PRODUCTS}", {"body": b'{"price": "9.90"}'}, "unknown argument price"),
        (f"POST {PRODUCTS}", {"body": b'{"status": "live"}'}, "'live' is not one of"),
        (f"POST {PRODUCTS}", {"status": 200}, "status 200 instead of 201"),
        (f"POST {PRODUCTS}/batch", {"body": b'{"update": [{"id": 1, "stock": 2}]}'}, "unknown argument stock"),
        (f"POST {PRODUCTS}/batch", {"body": b'{"delete": [{"id": 1}]}'}, "is no id"),
        (f"POST {PRODUCTS}/batch", {"body": b'{"change": []}'}, "unknown part change"),
    ],
)
def test_a_wrong_request_or_answer_is_a_violation(
    traffic: list[Exchange], name: str, change: dict[str, Any], words: str
) -> None:
    assert words in " | ".join(violations(replace(pick(traffic, name), **change)))


def test_a_refusal_has_code_message_and_data(traffic: list[Exchange]) -> None:
    refused = next(exchange for exchange in traffic if exchange.status == 404)
    assert violations(refused) == []
    assert violations(replace(refused, answer=json.dumps({"error": "gone"}).encode())) != []


def test_addresses_without_permalinks_and_unknown_routes(traffic: list[Exchange]) -> None:
    found = pick(traffic, f"GET {ORDERS}")
    plain = replace(found, path="/", query="rest_route=/wc/v3/orders&per_page=5")
    assert (operation(plain), violations(plain)) == (f"GET {ORDERS}", [])
    assert violations(replace(found, path="/wp-json/wc/v3/shipments")) == ["no operation GET /wc/v3/shipments"]
