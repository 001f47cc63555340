"""Every sentence the sandbox says it enforces is broken once here, and refused."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from sandbox.woocommerce.rules import RULES
from tests.sandbox.support import ANNA, api_client, fill, signed_url


@dataclass
class Bench:
    """A shop behind TLS, one on plain HTTP, and an order to be wrong about."""

    shop: WooShop
    client: httpx.Client
    plain: WooShop
    plain_url: str
    order: dict[str, Any]

    def signed(self, secret: str = "", **overrides: str) -> httpx.Response:
        """A signed request to the plain shop."""
        url = f"{self.plain_url}/wp-json/wc/v3/orders"
        secret = secret or self.plain.consumer_secret
        return httpx.get(signed_url("GET", url, self.plain.consumer_key, secret, **overrides))

    def product(self, sku: str = "KB-300") -> str:
        """The path of a product."""
        return f"/products/{self.shop.skus[sku]}"

    def refund(self, **body: Any) -> httpx.Response:
        """Ask for a refund of the order."""
        return self.client.post(f"/orders/{self.order['id']}/refunds", json=body)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    shop, plain = fill(WooShop(https=True)), WooShop(https=False)
    order = shop.place_order([("KB-300", 1)], ANNA)
    with SandboxServer(shop) as server, SandboxServer(plain) as other, api_client(server.url, shop) as client:
        yield Bench(shop, client, plain, other.url, order)


def repeat_nonce(b: Bench) -> httpx.Response:
    b.signed(oauth_nonce="once")
    return b.signed(oauth_nonce="once")


def fulfil_too_much(b: Bench) -> httpx.Response:
    items = {"key": "_items", "value": [{"item_id": b.order["line_items"][0]["id"], "qty": 99}]}
    b.shop.fulfillments_enabled = True
    try:
        return b.client.post(f"/orders/{b.order['id']}/fulfillments", json={"meta_data": [items]})
    finally:
        b.shop.fulfillments_enabled = False


def under_wrong_parent(b: Bench) -> httpx.Response:
    variation = b.shop.skus["TS-BASIC-S"]
    return b.client.put(f"{b.product()}/variations/{variation}", json={"stock_quantity": 1})


CANNOT, FALSE = "woocommerce_rest_cannot_view", "woocommerce_rest_authentication_error"
PARAM, REFUND = "rest_invalid_param", "woocommerce_rest_cannot_create_order_refund"
ORDER_ID = "woocommerce_rest_shop_order_invalid_id"
TERM, NO_TRASH = "woocommerce_rest_term_invalid", "woocommerce_rest_trash_not_supported"
# Rule → (wrong request, expected status, expected code).
WRONG: dict[str, tuple[Callable[[Bench], httpx.Response], int, str]] = {
    "no_key": (lambda b: httpx.get(f"{b.client.base_url}orders"), 401, CANNOT),
    "basic_needs_tls": (
        lambda b: httpx.get(
            f"{b.plain_url}/wp-json/wc/v3/orders", auth=(b.plain.consumer_key, b.plain.consumer_secret)
        ),
        401,
        CANNOT,
    ),
    "unknown_key": (lambda b: b.client.get("/orders", auth=("ck_x", "cs_x")), 401, CANNOT),
    "wrong_secret": (lambda b: b.client.get("/orders", auth=(b.shop.consumer_key, "cs_x")), 401, FALSE),
    "oauth_signature": (lambda b: b.signed("cs_wrong"), 401, FALSE),
    "oauth_timestamp": (lambda b: b.signed(oauth_timestamp=str(int(time.time()) - 1000)), 401, FALSE),
    "oauth_nonce": (repeat_nonce, 401, FALSE),
    "read_only_key": (
        lambda b: b.client.post(
            "/products/batch", json={"update": []}, auth=(b.shop.read_only_key, b.shop.read_only_secret)
        ),
        401,
        FALSE,
    ),
    "no_route": (lambda b: b.client.get("/shipments"), 404, "rest_no_route"),
    "per_page": (lambda b: b.client.get("/products?per_page=250"), 400, PARAM),
    "bad_date": (lambda b: b.client.get("/orders?after=22.11.2026"), 400, PARAM),
    "unknown_status_filter": (lambda b: b.client.get("/orders?status=processing,shipped"), 400, PARAM),
    "unknown_status_write": (
        lambda b: b.client.put(f"/orders/{b.order['id']}", json={"status": "shipped"}),
        400,
        PARAM,
    ),
    "unknown_order": (lambda b: b.client.get("/orders/424242"), 404, ORDER_ID),
    "unknown_order_write": (lambda b: b.client.put("/orders/424242", json={"status": "completed"}), 400, ORDER_ID),
    "wrong_type": (lambda b: b.client.put(b.product(), json={"stock_quantity": 1.5}), 400, PARAM),
    "price_is_text": (lambda b: b.client.put(b.product(), json={"regular_price": 12.9}), 400, PARAM),
    "price_is_number": (lambda b: b.client.put(b.product(), json={"regular_price": "12,90"}), 400, PARAM),
    "batch_size": (
        lambda b: b.client.post("/products/batch", json={"update": [{"id": 1}] * 60, "delete": [1] * 41}),
        413,
        "woocommerce_rest_request_entity_too_large",
    ),
    "wrong_parent": (under_wrong_parent, 400, "woocommerce_rest_product_variation_invalid_id"),
    "duplicate_sku": (lambda b: b.client.post("/products", json={"sku": "KB-300"}), 400, "product_invalid_sku"),
    "free_text_line": (
        lambda b: b.client.post("/orders", json={"line_items": [{"name": "Freitext", "quantity": 1}]}),
        400,
        "woocommerce_rest_required_product_reference",
    ),
    "note_text": (
        lambda b: b.client.post(f"/orders/{b.order['id']}/notes", json={"customer_note": True}),
        400,
        "rest_missing_callback_param",
    ),
    "fulfillments_off": (
        lambda b: b.client.post(f"/orders/{b.order['id']}/fulfillments", json={"meta_data": []}),
        404,
        "rest_no_route",
    ),
    "fulfillment_items": (fulfil_too_much, 400, "fulfillment_error"),
    "refund_too_high": (lambda b: b.refund(amount="9999.00", api_refund=False), 500, REFUND),
    "refund_by_gateway": (lambda b: b.refund(amount="1.00"), 500, REFUND),
    "webhook_topic": (
        lambda b: b.client.post("/webhooks", json={"topic": "order.shipped", "delivery_url": "http://127.0.0.1:9/"}),
        400,
        "woocommerce_rest_shop_webhook_invalid_topic",
    ),
    "duplicate_gtin": (
        lambda b: b.client.put(b.product("BU-1001"), json={"global_unique_id": "4006381333931"}),
        400,
        "product_invalid_global_unique_id",
    ),
    "unknown_category": (lambda b: b.client.put(b.product(), json={"categories": [{"id": 99}]}), 400, TERM),
    "unknown_attribute": (
        lambda b: b.client.put(b.product(), json={"attributes": [{"id": 99, "options": ["X"]}]}),
        400,
        "woocommerce_rest_taxonomy_invalid",
    ),
    "unknown_image": (
        lambda b: b.client.put(b.product(), json={"images": [{"id": 99}]}),
        400,
        "woocommerce_product_invalid_image_id",
    ),
    "bad_image": (
        lambda b: b.client.put(b.product(), json={"images": [{"src": "https://host.invalid/a.jpg"}]}),
        400,
        "woocommerce_product_image_upload_error",
    ),
    "duplicate_term": (
        lambda b: b.client.post("/products/categories", json={"name": "Uncategorized"}),
        400,
        "term_exists",
    ),
    "unknown_parent": (
        lambda b: b.client.post("/products/categories", json={"name": "Neu", "parent": 99}),
        400,
        TERM,
    ),
    "duplicate_attribute": (
        lambda b: b.client.post("/products/attributes", json={"name": "Grösse", "slug": "groesse"}),
        400,
        "woocommerce_rest_cannot_create",
    ),
    "no_trash_for_terms": (lambda b: b.client.delete("/products/categories/15"), 501, NO_TRASH),
    "no_trash_for_variations": (
        lambda b: b.client.delete(f"{b.product('TS-BASIC')}/variations/{b.shop.skus['TS-BASIC-S']}"),
        501,
        NO_TRASH,
    ),
    "no_trash_for_webhooks": (lambda b: b.client.delete("/webhooks/1"), 501, NO_TRASH),
    "bad_json": (
        lambda b: b.client.post("/orders", content=b'{"a":', headers={"Content-Type": "application/json"}),
        400,
        "rest_invalid_json",
    ),
}
# Rules whose breach is answered with 200: the item bears the error, or the value is not kept.
QUIET = {"batch_item", "batch_item_type", "stock_unmanaged"}


def test_every_rule_has_a_wrong_request() -> None:
    assert {rule.id for rule in RULES} == set(WRONG) | QUIET
    assert len(RULES) == len({rule.id for rule in RULES})


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_a_wrong_request_is_refused_and_changes_nothing(rule: str, bench: Bench) -> None:
    send, status, code = WRONG[rule]
    answer = send(bench)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert bench.shop.effects == []
    assert bench.shop.orders[bench.order["id"]] == bench.order


def test_a_failed_item_of_a_batch_stands_in_its_place_with_its_error(shop: WooShop, client: httpx.Client) -> None:
    cup, cable = shop.skus["KB-300"], shop.skus["EL-USBC-2"]
    items = [
        {"id": cup, "stock_quantity": 7},
        {"id": 999999, "stock_quantity": 1},
        {"id": cable, "stock_quantity": "viele"},
    ]
    answer = client.post("/products/batch", json={"update": items})
    assert answer.status_code == 200
    good, unknown, untyped = answer.json()["update"]
    assert (good["id"], good["stock_quantity"]) == (cup, 7)
    assert unknown == {
        "id": 999999,
        "error": {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.", "data": {"status": 400}},
    }
    assert (untyped["id"], untyped["error"]["code"]) == (cable, "rest_invalid_param")
    assert [(effect.kind, effect.key, effect.value) for effect in shop.effects] == [("stock", "KB-300", "7")]


def test_a_level_for_an_article_without_managed_stock_is_not_kept(shop: WooShop, client: httpx.Client) -> None:
    answer = client.put(f"/products/{shop.skus['PFAND-025']}", json={"stock_quantity": 5})
    assert (answer.status_code, answer.json()["stock_quantity"], shop.effects) == (200, None, [])
