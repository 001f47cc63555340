"""Every sentence the sandbox says it enforces is broken once here, and refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shopware6 import Shopware6Shop
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.rules import RULES
from tests.sandbox.shopware6.support import EURO, api_client, fill, first, product, token

NOBODY = "f" * 32
WITHHELD = ("order:update", "product:update", "currency:read", "document:create", "number_range:read", "customer:read")


@dataclass
class Bench:
    """A shop with all rights, one without some, and an order to be wrong about."""

    shop: Shopware6Shop
    client: httpx.Client
    narrow: httpx.Client
    order: str
    now: list[datetime]

    @property
    def url(self) -> str:
        return self.shop.base_url

    def sku(self, number: str = "KB-300") -> str:
        return str(self.shop.product(number)["id"])

    def search(self, entity: str = "order", **criteria: Any) -> httpx.Response:
        return self.client.post(f"/search/{entity}", json=criteria)

    def sync(self, **operation: Any) -> httpx.Response:
        return self.client.post("/_action/sync", json={"op": operation})

    def token(self, **changed: Any) -> httpx.Response:
        return httpx.post(
            f"{self.url}/api/oauth/token", json={"grant_type": "client_credentials", **changed}, verify=False
        )

    def document(self, kind: str = "invoice", **values: Any) -> httpx.Response:
        body = [{"orderId": self.order, "static": True, **values}]
        return self.client.post(f"/_action/order/document/{kind}/create", json=body)

    def static(self) -> str:
        return str(self.document().json()["data"][0]["documentId"])

    def upload(self, document: str, extension: str = "pdf") -> httpx.Response:
        return self.client.post(
            f"/_action/document/{document}/upload?fileName=RE&extension={extension}", content=b"%PDF-1.4"
        )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    shop, narrow = fill(Shopware6Shop(clock=lambda: now[0])), fill(Shopware6Shop(withheld=WITHHELD))
    order = shop.buy([("KB-300", 1)])
    narrow.buy([("KB-300", 1)])
    with SandboxServer(shop), SandboxServer(narrow), api_client(shop) as client, api_client(narrow) as other:
        yield Bench(shop, client, other, order, now)


def expired(b: Bench) -> httpx.Response:
    with api_client(b.shop) as client:
        b.now[0] += timedelta(seconds=601)
        try:
            return client.get("/_info/version")
        finally:
            b.now[0] -= timedelta(seconds=601)


def revoked(b: Bench) -> httpx.Response:
    shop = Shopware6Shop()
    with SandboxServer(shop), api_client(shop) as client:
        shop.revoke()
        return client.get("/_info/version")


def many_tries(b: Bench) -> httpx.Response:
    for _ in range(11):
        answer = b.token(client_id="SWIAWRONG", client_secret="x")
    return answer


def dynamic_upload(b: Bench) -> httpx.Response:
    created = b.document("delivery_note", static=False).json()["data"][0]["documentId"]
    return b.upload(created)


def second_upload(b: Bench) -> httpx.Response:
    document = b.static()
    assert b.upload(document).status_code == 200
    return b.upload(document)


def same_document_number(b: Bench) -> httpx.Response:
    b.document(config={"documentNumber": "RE-7"})
    return b.document(config={"documentNumber": "RE-7"})


def media(b: Bench, query: str, url: str = "https://example.org/a.jpg") -> httpx.Response:
    row = b.shop.new_id()
    b.client.post("/media", json={"id": row})
    return b.client.post(f"/_action/media/{row}/upload?{query}", json={"url": url})


def same_file_name(b: Bench) -> httpx.Response:
    media(b, "extension=jpg&fileName=twice")
    return media(b, "extension=jpg&fileName=twice")


def half_a_sync(b: Bench) -> httpx.Response:
    answer = b.sync(
        entity="product", action="upsert", payload=[{"id": b.sku(), "stock": 1}, {"id": b.sku("TS-S"), "stock": "2"}]
    )
    assert b.shop.product("KB-300")["stock"] != 1
    return answer


def transition(b: Bench, action: str, order: str = "") -> httpx.Response:
    return b.client.post(f"/_action/order/{order or b.order}/state/{action}")


PRIVILEGE, FILTER = "FRAMEWORK__MISSING_PRIVILEGE_ERROR", "FRAMEWORK__INVALID_FILTER_QUERY"
UNMAPPED, ASSOCIATION = "FRAMEWORK__UNMAPPED_FIELD", "FRAMEWORK__ASSOCIATION_NOT_FOUND"
BLANK, INTEND = "c1051bb4-d103-4f74-8988-acbcafc7fdc3", "FRAMEWORK__WRITE_TYPE_INTEND_ERROR"
GENERATION, ILLEGAL = "DOCUMENT__GENERATION_ERROR", "SYSTEM__ILLEGAL_STATE_TRANSITION"
# Rule → (wrong request, expected status, a text that the answer holds).
WRONG: dict[str, tuple[Callable[[Bench], httpx.Response], int, str]] = {
    "wrong_secret": (lambda b: token(b.url, {**b.shop.credentials(), "client_secret": "x"}), 401, '"code":"4"'),
    "wrong_grant": (lambda b: b.token(grant_type="implicit", client_id="x"), 400, '"code":"2"'),
    "no_client_id": (lambda b: b.token(), 400, "client_id"),
    "too_many_tries": (many_tries, 429, "Too many requests"),
    "no_token": (lambda b: httpx.get(f"{b.url}/api/_info/version"), 401, "Authorization"),
    "unknown_token": (
        lambda b: httpx.get(f"{b.url}/api/_info/version", headers={"Authorization": "Bearer x"}),
        401,
        '"code":"9"',
    ),
    "expired_token": (expired, 401, '"code":"9"'),
    "revoked": (revoked, 401, '"code":"9"'),
    "no_read_right": (lambda b: b.narrow.post("/search/currency", json={}), 403, "currency:read"),
    "no_association_right": (
        lambda b: b.narrow.post("/search/order", json={"associations": {"currency": {}}}),
        403,
        "currency:read",
    ),
    "no_write_right": (lambda b: b.narrow.patch(f"/product/{b.sku()}", json={"stock": 1}), 403, "product:update"),
    "no_transition_right": (
        lambda b: b.narrow.post(f"/_action/order/{first(b.narrow, 'order')['id']}/state/process"),
        403,
        "order:update",
    ),
    "no_document_right": (
        lambda b: b.narrow.post("/_action/order/document/invoice/create", json=[{}]),
        403,
        "document:create",
    ),
    "no_number_right": (
        lambda b: b.narrow.get(f"/_action/number-range/reserve/order/{id_of('sales_channel', 'b2b')}"),
        403,
        "number_range:read",
    ),
    "no_route": (lambda b: b.client.get("/orders"), 404, "No route found"),
    "wrong_method": (lambda b: b.client.put(f"/order/{b.order}", json={}), 405, "Method Not Allowed"),
    "bad_json": (
        lambda b: b.client.post("/search/order", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "malformed",
    ),
    "json_api": (
        lambda b: b.client.post("/search/order", json={}, headers={"Accept": "*/*"}),
        200,
        '"attributes":',
    ),
    "limit": (lambda b: b.search(limit=501), 400, "FRAMEWORK__QUERY_LIMIT_EXCEEDED"),
    "bad_limit": (lambda b: b.search(limit=0), 400, "FRAMEWORK__INVALID_LIMIT_QUERY"),
    "bad_page": (lambda b: b.search(page="x"), 400, "FRAMEWORK__INVALID_PAGE_QUERY"),
    "unknown_filter_field": (
        lambda b: b.search(filter=[{"type": "equals", "field": "number", "value": "1"}]),
        400,
        UNMAPPED,
    ),
    "unknown_sort_field": (lambda b: b.search(sort=[{"field": "deliveries.sent"}]), 400, UNMAPPED),
    "unknown_filter_type": (lambda b: b.search(filter=[{"type": "is", "field": "id", "value": "1"}]), 400, FILTER),
    "filter_value": (lambda b: b.search(filter=[{"type": "equals", "field": "id"}]), 400, FILTER),
    "unknown_association": (lambda b: b.search(associations={"items": {}}), 400, ASSOCIATION),
    "dotted_association": (lambda b: b.search(associations={"deliveries.shippingMethod": {}}), 400, ASSOCIATION),
    "bad_ids": (lambda b: b.search(ids=["1"]), 400, "FRAMEWORK__INVALID_API_CRITERIA_IDS"),
    "count_mode_word": (
        lambda b: b.search("product", limit=1, **{"total-count-mode": "exact"}),
        200,
        '"total":1,',
    ),
    "unknown_id": (lambda b: b.client.get(f"/order/{NOBODY}"), 404, "FRAMEWORK__RESOURCE_NOT_FOUND"),
    "bad_id": (lambda b: b.client.post("/product", json=product(id="ABC")), 400, "FRAMEWORK__INVALID_UUID"),
    "blank": (lambda b: b.client.post("/product", json={"name": "test"}), 400, '"pointer":"/0/taxId"'),
    "wrong_type": (lambda b: b.client.patch(f"/product/{b.sku()}", json={"stock": "5"}), 400, "of type int."),
    "price_default_currency": (
        lambda b: b.client.patch(f"/product/{b.sku()}", json={"price": []}),
        400,
        '"pointer":"/0/price"',
    ),
    "price_net": (
        lambda b: b.client.patch(
            f"/product/{b.sku()}", json={"price": [{"currencyId": EURO, "gross": 1, "linked": True}]}
        ),
        400,
        "/0/price/0/net",
    ),
    "write_protected": (
        lambda b: b.client.patch(f"/product/{b.sku()}", json={"availableStock": 1}),
        403,
        "/0/availableStock",
    ),
    "state_by_patch": (
        lambda b: b.client.patch(f"/order/{b.order}", json={"stateId": NOBODY}),
        400,
        "/0/stateId",
    ),
    "foreign_key": (lambda b: b.client.post("/product", json=product(unitId=NOBODY)), 500, "1452"),
    "duplicate_number": (
        lambda b: b.client.post("/product", json=product(productNumber="KB-300")),
        400,
        "CONTENT__DUPLICATE_PRODUCT_NUMBER",
    ),
    "duplicate_visibility": (
        lambda b: b.client.post(
            "/product-visibility",
            json={"productId": b.sku(), "salesChannelId": id_of("sales_channel", "storefront"), "visibility": 30},
        ),
        500,
        "1062",
    ),
    "create_existing": (lambda b: b.client.post("/product", json=product(id=b.sku())), 400, INTEND),
    "update_missing": (lambda b: b.client.patch(f"/product/{NOBODY}", json={"stock": 1}), 400, INTEND),
    "delete_used": (
        lambda b: b.client.delete(f"/tax/{id_of('tax', 'reduced')}"),
        409,
        "currently in use by: product (1)",
    ),
    "unknown_language": (
        lambda b: b.client.post("/search/product", json={}, headers={"sw-language-id": NOBODY}),
        412,
        "FRAMEWORK__LANGUAGE_NOT_FOUND",
    ),
    "sync_operation": (lambda b: b.sync(entity="product"), 400, "FRAMEWORK__INVALID_SYNC_OPERATION"),
    "sync_entity": (
        lambda b: b.sync(entity="products", action="upsert", payload=[{}]),
        404,
        "FRAMEWORK__DEFINITION_NOT_FOUND",
    ),
    "sync_pointer": (half_a_sync, 400, '"pointer":"/op/1/stock"'),
    "sync_criteria": (
        lambda b: b.sync(
            entity="product", action="delete", criteria=[{"type": "equals", "field": "id", "value": NOBODY}]
        ),
        400,
        "API_INVALID_SYNC_CRITERIA_EXCEPTION",
    ),
    "illegal_transition": (
        lambda b: transition(b, "ship"),
        400,
        "Possible transitions are: cancel, process",
    ),
    "complete_open": (lambda b: transition(b, "complete"), 400, ILLEGAL),
    "transition_unknown": (
        lambda b: transition(b, "process", NOBODY),
        400,
        "SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID",
    ),
    "document_type": (lambda b: b.document("bill"), 400, "DOCUMENT__INVALID_RENDERER_TYPE"),
    "document_number": (same_document_number, 200, "DOCUMENT__NUMBER_ALREADY_EXISTS"),
    "document_order": (lambda b: b.document(orderId=NOBODY), 200, "DOCUMENT__ORDER_NOT_FOUND"),
    "storno_first": (
        lambda b: b.document("storno", orderId=b.shop.buy([("TS-M", 1)])),
        200,
        GENERATION,
    ),
    "upload_dynamic": (dynamic_upload, 400, GENERATION),
    "upload_twice": (second_upload, 400, GENERATION),
    "upload_extension": (lambda b: b.upload(b.static(), "docx"), 400, "DOCUMENT__FILE_EXTENSION_NOT_SUPPORTED"),
    "deep_link": (
        lambda b: b.client.get(f"/_action/document/{b.static()}/guessed"),
        404,
        "DOCUMENT__DOCUMENT_NOT_FOUND",
    ),
    "media_unknown": (
        lambda b: b.client.post(f"/_action/media/{NOBODY}/upload?extension=jpg", json={}),
        404,
        "CONTENT__MEDIA_NOT_FOUND",
    ),
    "media_extension": (lambda b: media(b, ""), 400, "CONTENT__MEDIA_MISSING_FILE_EXTENSION"),
    "media_url": (lambda b: media(b, "extension=jpg", "file:///etc/hosts"), 400, "CONTENT__MEDIA_ILLEGAL_URL"),
    "media_name": (same_file_name, 409, "CONTENT__MEDIA_DUPLICATED_FILE_NAME"),
    "number_range": (
        lambda b: b.client.get(f"/_action/number-range/reserve/bill/{id_of('sales_channel', 'b2b')}"),
        400,
        "FRAMEWORK__NO_CONFIGURATION",
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_wrong_request_is_refused_as_the_vendor_does(rule: Any, bench: Bench) -> None:
    wrong, status, text = WRONG[rule.id]
    answer = wrong(bench)
    assert (answer.status_code, text in answer.text) == (status, True), answer.text


def test_each_rule_has_a_wrong_request() -> None:
    assert set(WRONG) == {rule.id for rule in RULES}
    assert len(RULES) == len({rule.id for rule in RULES})
