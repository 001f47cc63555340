"""Refusals are the recorded ones, key for key and word for word."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from tests.sandbox.support import ANNA, api_client

CASES = [
    ("error_bad_date", "GET", "/orders?modified_after=gestern", None),
    ("error_bad_param", "GET", "/orders?per_page=101", None),
    ("error_bad_status", "GET", "/orders?status=shipped", None),
    ("error_bad_json_type", "PUT", "/products/{product}", {"stock_quantity": "viele"}),
    ("error_batch_over_100", "POST", "/products/batch", {"update": [{"id": 12, "stock_quantity": 117}] * 101}),
    (
        "error_line_without_product",
        "POST",
        "/orders",
        {"line_items": [{"name": "Freitext", "quantity": 1, "total": "25.00"}]},
    ),
    ("error_no_route", "GET", "/nosuchroute", None),
    ("error_order_not_found", "GET", "/orders/999999", None),
    ("error_refund_too_high", "POST", "/orders/{order}/refunds", {"amount": "99999.00", "api_refund": False}),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_refusal_is_the_recorded_one(
    case: tuple[str, str, str, Any], shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    name, method, path, body = case
    order = shop.place_order([("KB-300", 1)], ANNA)
    path = path.format(product=shop.skus["KB-300"], order=order["id"])
    answer = client.request(method, path, json=body)
    assert answer.json() == recorded(name)
    assert answer.status_code == recorded("_requests")[name]["status"]
    assert answer.headers.get("allow") == recorded("_requests")[name]["headers"].get("Allow")


def test_a_duplicate_sku_names_the_product_that_has_it(
    shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    answer = client.post("/products", json={"name": "Doppelt", "sku": "KB-300"})
    wanted = recorded("error_duplicate_sku")
    wanted["data"]["resource_id"] = shop.skus["KB-300"]
    assert (answer.status_code, answer.json()) == (400, wanted)


def test_false_keys_are_refused_as_recorded(
    shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    for name, auth in (
        ("error_no_auth", None),
        ("error_unknown_key", ("ck_unknown", "cs_unknown")),
        ("error_wrong_secret", (shop.consumer_key, "cs_wrong")),
    ):
        answer = httpx.get(f"{client.base_url}orders", auth=auth)
        assert (answer.status_code, answer.json()) == (401, recorded(name)), name
        assert "allow" not in answer.headers


def test_a_read_only_key_reads_but_does_not_write(
    shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA)
    auth = (shop.read_only_key, shop.read_only_secret)
    read = client.get("/orders?per_page=1&_fields=id,number,status", auth=auth)
    assert list(read.json()[0]) == list(recorded("readonly_key_read")[0])
    write = client.put(f"/orders/{order['id']}", json={"status": "completed"}, auth=auth)
    assert (write.status_code, write.json()) == (401, recorded("error_readonly_key_write"))
    assert shop.orders[order["id"]]["status"] == "on-hold"
    assert not shop.effects


def test_basic_authentication_is_ignored_over_plain_http(recorded: Callable[[str], Any]) -> None:
    shop = WooShop(https=False)
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        answer = client.get("/orders")
    assert (answer.status_code, answer.json()) == (401, recorded("error_http_no_tls_basic"))
