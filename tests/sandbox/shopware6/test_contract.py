"""Every operation of the sandbox keeps the vendor's specification, and what breaks it is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shop import Exchange
from sandbox.shopware6 import Shopware6Shop
from sandbox.shopware6.definitions import BY_PATH
from sandbox.shopware6.ids import id_of
from tests.contract.shopware6_spec import operation, violations
from tests.sandbox.shopware6.support import api_client, first, product

CAPTURES: dict[str, object] = {
    "associations": {"stateMachineState": {}, "refunds": {"associations": {"positions": {}}}}
}
ASSOCIATIONS = {
    "lineItems": {"associations": {"product": {}, "children": {}}},
    "deliveries": {
        "associations": {
            "stateMachineState": {},
            "shippingMethod": {},
            "shippingOrderAddress": {"associations": {"country": {}}},
            "positions": {},
        }
    },
    "transactions": {"associations": {"stateMachineState": {}, "paymentMethod": {}, "captures": CAPTURES}},
    "orderCustomer": {"associations": {"customer": {}, "salutation": {}}},
    "billingAddress": {"associations": {"country": {}}},
    **{name: {} for name in ("addresses", "currency", "stateMachineState", "tags", "documents", "language")},
}


def read(client: httpx.Client) -> None:
    """Searches of every entity, with all kinds of filters."""
    client.get("/_info/version")
    client.get("/_info/config")
    for path in BY_PATH:
        client.post(f"/search/{path}", json={"limit": 3, "total-count-mode": 1})
        client.post(f"/search-ids/{path}", json={"limit": 3})
    queries = [
        {"type": "range", "field": "createdAt", "parameters": {"gte": "2020-01-01T00:00:00Z"}},
        {"type": "not", "operator": "and", "queries": [{"type": "equals", "field": "orderNumber", "value": "1"}]},
        {"type": "equalsAny", "field": "stateMachineState.technicalName", "value": ["open", "in_progress"]},
        {"type": "contains", "field": "orderNumber", "value": "1"},
    ]
    sort = [{"field": "orderNumber", "order": "ASC"}]
    includes = {"order_customer": ["email"]}
    body = {"filter": queries, "sort": sort, "associations": ASSOCIATIONS, "includes": includes, "page": 1}
    assert client.post("/search/order", json={**body, "limit": 30}).json()["data"]
    nested = {name: {} for name in ("children", "visibilities", "categories", "options", "prices", "tax")}
    assert client.post("/search/product", json={"limit": 40, "associations": nested}).json()["data"]


def write(client: httpx.Client, order: str) -> None:
    """Creates, changes, syncs, uploads, transitions, documents and deletes."""
    lamp = id_of("lamp")
    assert client.post("/product", json=product(id=lamp)).status_code == 204
    assert client.patch(f"/product/{lamp}", json={"stock": 5}).status_code == 204
    rows = [{"id": lamp, "categories": [{"id": id_of("category")}], "customFields": {"a": 1}}]
    assert client.post("/_action/sync", json=[sync("product", rows)]).status_code == 200
    picture = id_of("picture")
    client.post("/media", json={"id": picture, "mediaFolderId": id_of("folder", "product")})
    address = {"url": "https://example.org/a.png"}
    assert client.post(f"/_action/media/{picture}/upload?extension=png&fileName=a", json=address).status_code == 204
    client.post("/product-media", json={"id": id_of("pm"), "productId": lamp, "mediaId": picture, "position": 1})
    client.post("/webhook", json={"name": "w", "eventName": "order.written", "url": "http://127.0.0.1:1/"})
    delivery = first(client, "order-delivery", filter=[{"type": "equals", "field": "orderId", "value": order}])["id"]
    transaction = first(client, "order-transaction", filter=[{"type": "equals", "field": "orderId", "value": order}])[
        "id"
    ]
    client.patch(f"/order-delivery/{delivery}", json={"trackingCodes": ["0034"]})
    client.post(f"/_action/order/{order}/state/process", json={"sendMail": False})
    client.post(f"/_action/order_delivery/{delivery}/state/ship", json={"documentIds": []})
    client.post(f"/_action/order_transaction/{transaction}/state/refund", json={})
    shell = [{"orderId": order, "fileType": "pdf", "static": True, "config": {"documentNumber": "RE-1"}}]
    made = client.post("/_action/order/document/invoice/create", json=shell).json()["data"][0]
    client.post(f"/_action/document/{made['documentId']}/upload?fileName=RE-1&extension=pdf", content=b"%PDF-1.4 own")
    file = client.get(f"/_action/document/{made['documentId']}/{made['documentDeepLink']}")
    assert file.content == b"%PDF-1.4 own"
    client.post("/_action/order/document/download", json=[made["documentId"]])
    client.get(f"/_action/number-range/reserve/document_invoice/{id_of('sales_channel', 'storefront')}?preview=1")
    assert client.get(f"/product/{lamp}").json()["data"]["stock"] == 5
    client.get("/tax?limit=2")
    assert client.delete(f"/product/{lamp}").status_code == 204


def sync(entity: str, rows: list[dict[str, object]]) -> dict[str, object]:
    return {"action": "upsert", "entity": entity, "payload": rows}


def refused(client: httpx.Client, order: str) -> None:
    """Refusals have bodies of the specification too."""
    client.post("/search/order", json={"filter": [{"type": "equals", "field": "nothing", "value": 1}]})
    client.get(f"/order/{'f' * 32}")
    client.post(f"/_action/order/{order}/state/ship")
    httpx.get(f"{client.base_url}_info/version", headers={"Accept": "application/json"})


@pytest.fixture(scope="module")
def traffic(shared: Path) -> Iterator[list[Exchange]]:
    shop = Shopware6Shop()
    shop.seed(articles=40, orders=60, seed=3)
    shop.traffic = []
    with SandboxServer(shop), api_client(shop) as client:
        order = first(client, "order")["id"]
        read(client)
        write(client, order)
        refused(client, order)
    yield shop.traffic


def test_a_whole_scenario_shows_no_violation(traffic: list[Exchange]) -> None:
    assert [(operation(one), found) for one in traffic if (found := violations(one))] == []


def test_the_scenario_touches_every_operation(traffic: list[Exchange]) -> None:
    seen = {operation(one) for one in traffic}
    wanted = {"POST /oauth/token", "POST /_action/sync", "POST /search-ids/{entity}", "PATCH /order-delivery/{id}"}
    wanted |= {f"POST /search/{path}" for path in BY_PATH}
    wanted |= {"POST /_action/order/document/{documentTypeName}/create", "POST /_action/document/{documentId}/upload"}
    assert wanted - seen == set()


def one(traffic: list[Exchange], name: str) -> Exchange:
    return next(exchange for exchange in traffic if operation(exchange) == name and exchange.status < 400)


def test_a_wrong_answer_is_a_violation(traffic: list[Exchange]) -> None:
    good = one(traffic, "POST /search/order")
    body = json.loads(good.answer)
    body["data"][0]["orderNumber"] = 10001
    assert violations(replace(good, answer=json.dumps(body).encode())) != []
    del body["data"][0]["orderNumber"], body["data"][0]["currencyId"]
    assert violations(replace(good, answer=json.dumps(body).encode())) != []


WRONG_REQUESTS = [
    ("POST /search/order", {"filter": [{"type": "range", "field": "createdAt"}]}),
    ("POST /search/order", {"sort": [{"order": "ASC"}]}),
    ("PATCH /product/{id}", {"stock": "5"}),
    ("PATCH /product/{id}", {"quantity": 5}),
    ("PATCH /product/{id}", {"availableStock": 5}),
    ("POST /_action/sync", [{"action": "insert", "entity": "product", "payload": []}]),
    ("POST /_action/sync", [{"action": "upsert", "entity": "product", "payload": [{"id": "1"}]}]),
    ("POST /_action/sync", [{"action": "upsert", "entity": "product", "payload": [{"prices": [{"gross": 1}]}]}]),
]


@pytest.mark.parametrize(("name", "body"), WRONG_REQUESTS, ids=[json.dumps(body)[:60] for _, body in WRONG_REQUESTS])
def test_a_wrong_request_is_a_violation(name: str, body: object, traffic: list[Exchange]) -> None:
    assert violations(replace(one(traffic, name), body=json.dumps(body).encode())) != []


def test_a_missing_accept_header_is_a_violation(traffic: list[Exchange]) -> None:
    good = one(traffic, "POST /search/order")
    headers = {**good.headers, "accept": "*/*"}
    assert violations(replace(good, headers=headers)) != []
