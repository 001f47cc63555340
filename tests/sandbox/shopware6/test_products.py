"""Products and what belongs to them: search, writes, translations, prices, sync, files, webhooks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import httpx
import orjson
import pytest

from sandbox.server import SandboxServer
from sandbox.shopware6 import Shopware6Shop
from sandbox.shopware6.basics import ENGLISH
from sandbox.shopware6.ids import id_of
from tests.sandbox.shopware6.support import EURO, api_client, fill, first, product


@pytest.fixture
def shop() -> Shopware6Shop:
    return fill(Shopware6Shop())


@pytest.fixture
def client(shop: Shopware6Shop) -> Iterator[httpx.Client]:
    with SandboxServer(shop), api_client(shop) as client:
        yield client


def one(client: httpx.Client, number: str, headers: dict[str, str] | None = None, **associations: Any) -> Any:
    body = {
        "filter": [{"type": "equals", "field": "productNumber", "value": number}],
        "associations": {name: {"associations": nested} for name, nested in associations.items()},
    }
    return client.post("/search/product", json=body, headers=headers or {}).json()["data"][0]


def test_a_variant_takes_what_it_lacks_only_with_inheritance(client: httpx.Client) -> None:
    plain, inherited = one(client, "TS-S"), one(client, "TS-S", {"sw-inheritance": "1"})
    assert (plain["name"], plain["translated"]["name"], plain["price"]) == (None, None, None)
    assert (inherited["translated"]["name"], inherited["price"][0]["gross"]) == ("T-Shirt", 19.9)
    parent = one(client, "TS", children={"options": {}})
    assert (parent["parentId"], parent["childCount"], len(parent["children"])) == (None, 2, 2)


def test_a_text_is_null_in_a_language_that_has_none(client: httpx.Client) -> None:
    english = one(client, "KB-300", {"sw-language-id": ENGLISH})
    assert (english["name"], english["translated"]["name"]) == (None, "Kaffeebecher")
    client.patch(f"/product/{english['id']}", json={"translations": {"en-GB": {"name": "Mug"}}})
    assert one(client, "KB-300", {"sw-language-id": ENGLISH})["name"] == "Mug"
    assert one(client, "KB-300")["name"] == "Kaffeebecher"


def test_a_product_is_created_with_everything_nested(shop: Shopware6Shop, client: httpx.Client) -> None:
    parent = id_of("p")
    size = {"id": id_of("xl"), "name": "XL", "group": {"id": id_of("g"), "name": "Größe"}}
    payload = product(
        id=parent,
        manufacturer={"id": id_of("m"), "name": "Möwe"},
        categories=[{"id": id_of("c"), "name": "Licht", "parentId": id_of("category")}],
        visibilities=[{"salesChannelId": id_of("sales_channel", "storefront"), "visibility": 30}],
        configuratorSettings=[{"option": size}],
        prices=[{"ruleId": id_of("rule", "all"), "quantityStart": 10, "price": product(9.9)["price"]}],
        customFields={"farbe": "rot"},
        children=[{"productNumber": "LA-1-XL", "stock": 2, "options": [{"id": id_of("xl")}]}],
    )
    assert client.post("/product", json=payload).status_code == 204
    found = one(client, "LA-1", categories={}, visibilities={}, prices={}, configuratorSettings={"option": {}})
    assert [len(found[name]) for name in ("categories", "visibilities", "prices", "configuratorSettings")] == [1] * 4
    assert found["customFields"] == {"farbe": "rot"}
    assert (found["updatedAt"], found["childCount"]) == (None, 1)
    category = first(client, "category", ids=[id_of("c")])
    assert category["translated"]["breadcrumb"] == ["Katalog #1", "Licht"]
    child = one(client, "LA-1-XL", options={})
    assert (child["parentId"], child["options"][0]["name"]) == (parent, "XL")
    assert shop.ledger().prices["LA-1-XL"] == shop.ledger().prices["LA-1-XL"].__class__("11.9")


def test_an_empty_map_of_custom_fields_is_a_list(client: httpx.Client) -> None:
    row = one(client, "KB-300")
    assert row["customFields"] is None
    client.patch(f"/product/{row['id']}", json={"customFields": {}})
    assert one(client, "KB-300")["customFields"] == []


def test_sync_keeps_all_or_nothing_and_tells_what_it_did(shop: Shopware6Shop, client: httpx.Client) -> None:
    ids = [shop.product(sku)["id"] for sku in ("KB-300", "TS-S")]
    rows = [{"id": row, "stock": 4} for row in ids]
    done = client.post("/_action/sync", json={"stock": {"entity": "product", "action": "upsert", "payload": rows}})
    assert done.json() == {"extensions": [], "data": {"product": ids}, "notFound": [], "deleted": []}
    assert [(e.kind, e.key, e.value) for e in shop.effects] == [("stock", "KB-300", "4"), ("stock", "TS-S", "4")]
    bad = [{"id": ids[0], "stock": 9}, {"id": ids[1], "stock": None}]
    refused = client.post("/_action/sync", json=[{"entity": "product", "action": "upsert", "payload": bad}])
    assert refused.json()["errors"][0]["source"] == {"pointer": "/0/1/stock"}
    assert (shop.product("KB-300")["stock"], len(shop.effects)) == (4, 2)


def test_sync_links_and_unlinks_mappings(shop: Shopware6Shop, client: httpx.Client) -> None:
    pair = {"productId": shop.product("KB-300")["id"], "categoryId": shop.add_category("Küche")}
    operation = {"entity": "product_category", "action": "upsert", "payload": [pair]}
    assert client.post("/_action/sync", json=[operation]).json()["data"]["product_category"] == [pair]
    assert one(client, "KB-300")["categoryIds"] == [pair["categoryId"]]
    criteria = [{"type": "equals", "field": "productId", "value": pair["productId"]}]
    gone = client.post("/_action/sync", json=[{**operation, "action": "delete", "payload": [], "criteria": criteria}])
    assert gone.json()["deleted"] == {"product_category": [pair]}
    missing = client.post("/_action/sync", json=[{**operation, "action": "delete"}])
    assert missing.json()["notFound"] == {"product_category": [pair]}
    assert one(client, "KB-300")["categoryIds"] is None


def test_disabled_indexing_leaves_what_the_shop_works_out(shop: Shopware6Shop, client: httpx.Client) -> None:
    pair = {"productId": shop.product("KB-300")["id"], "categoryId": shop.add_category("Küche")}
    body = [{"entity": "product_category", "action": "upsert", "payload": [pair]}]
    client.post("/_action/sync", json=body, headers={"indexing-behavior": "disable-indexing"})
    assert one(client, "KB-300")["categoryIds"] is None


def test_a_deleted_product_takes_its_variants_along(shop: Shopware6Shop, client: httpx.Client) -> None:
    order = shop.buy([("TS-S", 1)])
    assert client.delete(f"/product/{shop.product('TS')['id']}").status_code == 204
    assert set(shop.ledger().articles) == {"KB-300", "BU-9"}
    line = first(client, f"order/{order}/line-items")
    assert (line["productId"], line["label"]) == (None, "T-Shirt")


def test_what_is_deleted_is_no_longer_shown_at_products(shop: Shopware6Shop, client: httpx.Client) -> None:
    assert one(client, "BU-9")["categoryIds"] == [shop.add_category("Bücher")]
    client.delete(f"/category/{shop.add_category('Bücher')}")
    assert one(client, "BU-9")["categoryIds"] is None
    client.delete(f"/product/{shop.product('TS-S')['id']}")
    assert one(client, "TS")["childCount"] == 1


def test_filters_compare_as_the_database_does(client: httpx.Client) -> None:
    def numbers(*filters: Any, **criteria: Any) -> list[str]:
        body = {"filter": list(filters), "sort": [{"field": "productNumber"}], **criteria}
        return [row["productNumber"] for row in client.post("/search/product", json=body).json()["data"]]

    main = {"type": "equals", "field": "parentId", "value": None}
    assert numbers(main) == ["BU-9", "KB-300", "TS"]
    assert numbers({"type": "equals", "field": "productNumber", "value": "kb-300"}) == ["KB-300"]
    assert numbers({"type": "equalsAny", "field": "product.productNumber", "value": "TS-S|TS-M"}) == ["TS-M", "TS-S"]
    assert numbers({"type": "range", "field": "stock", "parameters": {"gt": 0, "lt": 31}}) == [
        "BU-9",
        "TS-M",
        "TS-S",
    ]
    reduced = {"type": "equals", "field": "tax.taxRate", "value": 7}
    assert numbers({"type": "multi", "operator": "or", "queries": [reduced, main]}, limit=1, page=2) == ["KB-300"]
    assert numbers({"type": "not", "operator": "or", "queries": [main]}) == ["TS-M", "TS-S"]
    assert numbers({"type": "equals", "field": "options.name", "value": "M"}) == ["TS-M"]
    assert numbers(main, term="koch") == ["BU-9"]


def test_totals_follow_the_count_mode(client: httpx.Client) -> None:
    totals = [
        client.post("/search/product", json={"limit": 1, **mode}).json()["total"]
        for mode in ({}, {"total-count-mode": 1}, {"total-count-mode": 2})
    ]
    assert totals == [1, 5, 5]
    assert client.post("/search-ids/product", json={"limit": 2, "total-count-mode": 1}).json()["total"] == 5


def test_included_fields_are_all_that_comes(client: httpx.Client) -> None:
    row = first(client, "product", includes={"product": ["id", "stock"]})
    assert set(row) == {"id", "stock", "apiAlias"}


def test_a_picture_is_created_uploaded_and_made_the_cover(shop: Shopware6Shop, client: httpx.Client) -> None:
    media, row = id_of("pic"), shop.product("KB-300")["id"]
    client.post("/media", json={"id": media, "mediaFolderId": id_of("folder", "product")})
    client.post(f"/_action/media/{media}/upload?extension=png&fileName=becher", content=b"\x89PNG")
    link = {"id": id_of("link"), "mediaId": media, "position": 1}
    assert client.patch(f"/product/{row}", json={"media": [link], "coverId": link["id"]}).status_code == 204
    cover = one(client, "KB-300", cover={"media": {}})["cover"]["media"]
    assert (cover["fileName"], cover["hasFile"], cover["fileSize"]) == ("becher", True, 4)
    assert cover["url"].startswith(shop.base_url)


def test_graduated_prices_are_rows_of_their_own(shop: Shopware6Shop, client: httpx.Client) -> None:
    row = shop.product("KB-300")["id"]
    price = {"ruleId": id_of("rule", "all"), "quantityStart": 1, "quantityEnd": 4, "price": product()["price"]}
    client.patch(f"/product/{row}", json={"prices": [{**price, "id": id_of("s1")}]})
    assert first(client, "product-price")["price"][0]["currencyId"] == EURO
    client.patch(f"/product/{row}", json={"prices": [{**price, "id": id_of("s2"), "quantityStart": 5}]})
    assert len(client.post("/search/product-price", json={}).json()["data"]) == 2


def test_webhooks_tell_ids_of_what_changed(shop: Shopware6Shop, client: httpx.Client) -> None:
    received: Queue[Any] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        client.post("/webhook", json={"name": "n", "eventName": "order.written", "url": url})
        order = shop.buy([("KB-300", 1)])
        body = received.get(timeout=5)
        server.shutdown()
    assert (body["data"]["event"], body["data"]["payload"][0]["primaryKey"]) == ("order.written", order)
    assert abs(body["timestamp"] - time.time()) < 60
