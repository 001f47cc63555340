"""What every simulated shop offers, the ways to a token, webhooks, bulk results, and the page for people."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop
from sandbox.shopify import ShopifyShop
from sandbox.shopify.cost import factor
from tests.sandbox.shopify.support import Api, Json, fill, item_id, level, set_levels, ship

MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_the_ledger_tells_what_people_and_connectors_did(shop: ShopifyShop, api: Api) -> None:
    simulated: SimulatedShop = shop
    simulated.add_article("NEU-1", "Neuheit", "9.90", stock=4, ean="4006381333931")
    order = simulated.buy([("NEU-1", 1)], at=MOMENT)
    simulated.touch(order, MOMENT)
    set_levels(api, level(item_id(shop, "KB-300"), 7))
    ledger = simulated.ledger()
    assert (ledger.stock["NEU-1"], ledger.stock["KB-300"], ledger.prices["NEU-1"]) == (3, 12, Decimal("9.90"))
    assert ledger.articles["TS-M"] == "T-Shirt M"
    assert ledger.orders[order].total == Decimal("14.80")
    assert [(e.kind, e.key, e.value) for e in simulated.effects] == [("stock", "KB-300", "7")]
    assert api.data("query($id: ID!) { order(id: $id) { note updatedAt } }", id=order)["order"] == {
        "note": "geändert",
        "updatedAt": "2026-11-01T12:00:00Z",
    }
    rows = {row["sku"]: row for row in simulated.catalogue()}
    assert [rows[sku]["kind"] for sku in ("TS", "TS-M", "KB-300")] == ["matrix", "variant", "simple"]
    assert (rows["TS-M"]["parent_sku"], rows["BU-1001"]["tax_class"]) == ("TS", "reduced")
    with pytest.raises(KeyError):
        simulated.buy([("NIE", 1)])


def test_the_same_seed_gives_the_same_shop() -> None:
    shops = [ShopifyShop(clock=lambda: MOMENT) for _ in range(2)]
    for shop in shops:
        shop.seed(articles=30, orders=25, seed=4)
    assert shops[0].ledger() == shops[1].ledger()
    assert len(shops[0].ledger().orders) == 25
    assert len(shops[0].store.table("ProductVariant")) == 30


def test_a_shop_on_the_same_file_goes_on_where_the_last_ended(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    first = fill(ShopifyShop(state_file=path))
    order = first.buy([("KB-300", 2)])
    with SandboxServer(first) as server:
        api = Api(server.url, first.credentials()["token"])
        ship(api, first.store.table("Order")[order])
        set_levels(api, level(item_id(first, "BU-1001"), 9))
    path.write_bytes(path.read_bytes() + b'{"changes": [["put"')
    second = ShopifyShop(state_file=path)
    assert (second.ledger(), second.effects) == (first.ledger(), first.effects)
    assert second.idempotent.keys() == first.idempotent.keys()
    with SandboxServer(second) as server:
        found = Api(server.url, second.credentials()["token"]).data(
            "query($id: ID!) { order(id: $id) { totalPriceSet { shopMoney { amount } } fulfillments { id } } }",
            id=order,
        )
    assert found["order"]["totalPriceSet"] == {"shopMoney": {"amount": "30.7"}}
    assert second.store.table("Order")[second.buy([("KB-300", 1)])]["name"] == "#1002"


def test_a_revoked_app_is_nobody(shop: ShopifyShop, api: Api) -> None:
    old = shop.credentials()
    shop.revoke()
    assert api.client.post("/admin/api/2026-10/graphql.json", json={"query": "{ shop { name } }"}).status_code == 401
    form = {"grant_type": "client_credentials", "client_id": old["client_id"], "client_secret": old["client_secret"]}
    assert api.client.post("/admin/oauth/access_token", data=form).json()["error"] == "invalid_client"


def test_protected_data_is_null_without_approval() -> None:
    shop = fill(ShopifyShop(protected_data=False))
    shop.buy([("KB-300", 1)])
    with SandboxServer(shop) as server:
        api = Api(server.url, shop.credentials()["token"])
        node = api.data("{ orders(first: 1) { nodes { email shippingAddress { lastName zip city countryCodeV2 } } } }")[
            "orders"
        ]["nodes"][0]
    assert node == {
        "email": None,
        "shippingAddress": {"lastName": None, "zip": None, "city": "Hamburg", "countryCodeV2": "DE"},
    }


def test_a_merchants_consent_leads_to_tokens_that_rotate(shop: ShopifyShop, api: Api) -> None:
    keys = {name: shop.credentials()[name] for name in ("client_id", "client_secret")}
    query = {
        "client_id": keys["client_id"],
        "scope": "read_orders,read_secrets",
        "redirect_uri": "http://localhost/back",
        "state": "s1",
    }
    back = api.client.get("/admin/oauth/authorize", params=query)
    values = dict(parse_qsl(urlsplit(back.headers["location"]).query))
    digest = values.pop("hmac")
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    assert hmac.new(keys["client_secret"].encode(), text.encode(), hashlib.sha256).hexdigest() == digest
    assert (back.status_code, values["state"], values["shop"]) == (302, "s1", "muster-laden.myshopify.com")

    def token(**form: str) -> Json:
        return dict(api.client.post("/admin/oauth/access_token", data=keys | form).json())

    first = token(code=values["code"], expiring="1")
    assert (first["scope"], first["expires_in"]) == ("read_orders", 3600)
    assert token(code=values["code"])["error"] == "invalid_request"
    second = token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    again = token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert len({first["access_token"], second["access_token"], again["access_token"]}) == 3
    assert "access_token" in token(grant_type="refresh_token", refresh_token=again["refresh_token"])
    assert token(grant_type="refresh_token", refresh_token=first["refresh_token"])["error"] == "invalid_grant"
    assert token(grant_type="password")["error"] == "unsupported_grant_type"
    assert api.client.get("/admin/oauth/authorize", params=query | {"client_id": "x"}).status_code == 400


def test_points_are_taken_given_back_and_restored(shop: ShopifyShop, api: Api) -> None:
    assert [factor(size) for size in (0, 1, 3, 10, 250, 1000)] == [0, 1, 2, 4, 11, 11]
    shop.bucket.rate = 0
    query = '{ order(id: "gid://shopify/Order/1") { lineItems(first: 10) { nodes { id product { id } variant { id } originalTotalSet { shopMoney { amount } } } pageInfo { hasNextPage } } } }'
    answer = api.post(query)
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (1 + 2 + 4 * 3, 0)
    assert cost["throttleStatus"] == {"maximumAvailable": 100_000.0, "currentlyAvailable": 100_000, "restoreRate": 0.0}
    shop.buy([("KB-300", 1)])
    cost = api.post("{ orders(first: 250) { edges { node { id } } } }")["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"], cost["throttleStatus"]["currentlyAvailable"]) == (
        13,
        3,
        99_997,
    )
    answer_headers = api.client.post("/admin/api/2025-01/graphql.json", json={"query": "{ shop { name } }"}).headers
    assert answer_headers["x-shopify-api-version"] == "2026-01"


class Receiver:
    """An address that takes deliveries and answers with `status`."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test output clean."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    yield found
    found.server.shutdown()
    found.server.server_close()


def subscribe(api: Api, topic: str, uri: str) -> None:
    payload = api.change(
        "webhookSubscriptionCreate",
        "topic: $t, webhookSubscription: {uri: $u}",
        "webhookSubscription { id }",
        "$t: WebhookSubscriptionTopic!, $u: String!",
        t=topic,
        u=uri,
    )
    assert payload["errors"] == []


def test_an_order_is_delivered_signed_and_perhaps_twice(shop: ShopifyShop, api: Api, receiver: Receiver) -> None:
    subscribe(api, "ORDERS_UPDATED", receiver.url)
    shop.webhooks.repeat = 2
    order = shop.buy([("KB-300", 2)])
    shop.webhooks.close()
    (headers, body), (again, _) = receiver.taken
    digest = hmac.new(shop.credentials()["client_secret"].encode(), body, hashlib.sha256).digest()
    assert headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert (headers["x-shopify-topic"], headers["x-shopify-webhook-id"]) == (
        "orders/updated",
        again["x-shopify-webhook-id"],
    )
    document = json.loads(body)
    assert (document["admin_graphql_api_id"], document["total_price"], document["line_items"][0]["quantity"]) == (
        order,
        "30.70",
        2,
    )


def test_a_subscription_is_removed_after_eight_failures(shop: ShopifyShop, api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    subscribe(api, "ORDERS_CREATE", receiver.url)
    for _ in range(10):
        shop.buy([("KB-300", 1)])
    shop.webhooks.close()
    assert len(receiver.taken) == 8
    assert api.data("{ webhookSubscriptions(first: 5) { nodes { id } } }")["webhookSubscriptions"]["nodes"] == []


def test_a_bulk_query_ends_with_lines_that_name_their_parents(shop: ShopifyShop, api: Api) -> None:
    query = "{ products { edges { node { id title variants { edges { node { id sku } } } } } } }"
    started = api.change(
        "bulkOperationRunQuery", "query: $q, groupObjects: false", "bulkOperation { id status }", "$q: String!", q=query
    )["bulkOperation"]
    text = "query($id: ID!) { bulkOperation(id: $id) { status url objectCount rootObjectCount } }"
    looks = [api.data(text, id=started["id"])["bulkOperation"] for _ in range(3)]
    assert [started["status"], *(look["status"] for look in looks)] == ["CREATED", "RUNNING", "COMPLETED", "COMPLETED"]
    assert (looks[0]["url"], looks[1]["objectCount"], looks[1]["rootObjectCount"]) == (None, "8", "3")
    rows = [json.loads(line) for line in httpx.get(looks[1]["url"], trust_env=False).text.splitlines()]
    shirt = next(row["id"] for row in rows if row.get("title") == "T-Shirt")
    assert [row["sku"] for row in rows if row.get("__parentId") == shirt] == ["TS-S", "TS-M", "TS-L"]


def test_product_set_replaces_every_list_it_is_given(shop: ShopifyShop, api: Api) -> None:
    product = shop.store.table("Product")[shop.variant("TS-S")["productId"]]
    variants = [{"optionValues": [{"optionName": "Größe", "name": size}], "price": "21.00"} for size in ("S", "XL")]
    values = {"productOptions": [{"name": "Größe", "values": [{"name": "S"}, {"name": "XL"}]}], "variants": variants}
    payload = "product { title variants(first: 9) { nodes { id title sku price } } }"
    answer = api.change(
        "productSet",
        "input: $i, identifier: {id: $id}",
        payload,
        "$i: ProductSetInput!, $id: ID!",
        i=values,
        id=product["id"],
    )
    found = [(v["title"], v["sku"], v["price"]) for v in answer["product"]["variants"]["nodes"]]
    assert (answer["errors"], found) == ([], [("S", "TS-S", "21.00"), ("XL", None, "21.00")])
    assert answer["product"]["variants"]["nodes"][0]["id"] == product["variantIds"][0]
    assert "TS-M" not in shop.ledger().articles


def test_faults_hit_the_api_and_not_the_page(shop: ShopifyShop, api: Api) -> None:
    shop.faults.set("429", count=1)
    assert api.post("{ shop { name } }")["errors"][0]["extensions"]["code"] == "THROTTLED"
    shop.faults.set("500", count=1)
    assert api.client.post("/admin/api/2026-10/graphql.json", json={"query": "{ shop { name } }"}).status_code == 500
    assert [entry.status for entry in shop.requests] == [200, 500]


def test_people_buy_and_switch_faults_on_the_page(shop: ShopifyShop, api: Api) -> None:
    page = api.client.get("/")
    assert (page.status_code, "KB-300" in page.text, "No orders yet." in page.text) == (200, True, True)
    bought = api.client.post("/buy", data={"sku": "KB-300", "quantity": "2"})
    assert (bought.status_code, bought.headers["location"]) == (303, "/?ordered=1001")
    assert "error=" in api.client.post("/buy", data={"sku": "NIE", "quantity": "2"}).headers["location"]
    api.client.post("/buy-random")
    api.client.post("/fault", data={"mode": "503", "count": "2"})
    text = api.client.get("/?ordered=1001").text
    assert "Anna Weiß" in text
    assert "503" in text
    assert len(api.client.post("/sandbox/orders", json={"count": 2}).json()["ids"]) == 2
    assert api.client.get("/sandbox/status").json()["orders"] == 4
    assert len(api.client.get("/sandbox/catalogue").json()) == 6
