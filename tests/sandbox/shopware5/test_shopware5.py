"""The simulated Shopware 5 shop: login, lists, details, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop
from sandbox.shopware5 import Shopware5Shop
from sandbox.shopware5.catalogue import Detail
from sandbox.shopware5.rules import RULES

NOW = [datetime(2026, 3, 1, 12, 30, tzinfo=UTC)]


def fill(shop: Shopware5Shop) -> Shopware5Shop:
    shop.add_article("SW1", "Kaffeebecher", "11.90", stock=5, ean="4006381333931")
    sizes = [Detail(0, f"SW2.{i}", 3, Decimal("19.90"), options={"Größe": size}) for i, size in enumerate("SML", 1)]
    shop.add("T-Shirt", sizes, categories=[("Mode", "Shirts")], english="Shirt", has_image=True, supplier="Möwe")
    shop.add("Kochbuch", [Detail(0, "SW3", 9, Decimal("10.70"))], tax="reduced")
    return shop


@pytest.fixture(scope="module")
def shop() -> Iterator[Shopware5Shop]:
    shop = fill(Shopware5Shop(clock=lambda: NOW[0]))
    with SandboxServer(shop):
        yield shop


def digest(shop: Shopware5Shop, **changed: str) -> httpx.Client:
    keys = {**shop.credentials(), **changed}
    auth = httpx.DigestAuth(keys["user"], keys["api_key"])
    return httpx.Client(base_url=f"{shop.base_url}/api", auth=auth, trust_env=False)


@pytest.fixture(scope="module")
def client(shop: Shopware5Shop) -> Iterator[httpx.Client]:
    keys = shop.credentials()
    auth = (keys["user"], keys["api_key"])
    with httpx.Client(base_url=f"{shop.base_url}/api", auth=auth, trust_env=False) as client:
        yield client


def test_digest_and_basic_are_accepted(shop: Shopware5Shop, client: httpx.Client) -> None:
    expected = {"data": {"version": "5.7.19", "revision": "202312150800"}, "success": True}
    with digest(shop) as other:
        assert other.get("/version").json() == expected
        # The nonce of the first answer is used again, without another challenge.
        shop.requests.clear()
        assert other.get("/articles/1?considerTaxInput=true").status_code == 200
    assert [entry.status for entry in shop.requests] == [200]
    assert client.get("/version").json() == expected


def test_a_list_gives_heads_with_the_total(client: httpx.Client) -> None:
    page = client.get("/articles?limit=1&start=1").json()
    assert (page["total"], page["success"], [row["name"] for row in page["data"]]) == (3, True, ["T-Shirt"])
    assert "mainDetail" not in page["data"][0]


def test_lists_are_filtered_and_sorted(client: httpx.Client) -> None:
    def names(query: str) -> list[str]:
        return [row["name"] for row in client.get(f"/articles?{query}").json()["data"]]

    assert names("filter[0][property]=name&filter[0][value]=%25shirt%25") == ["T-Shirt"]
    assert names("filter[0][property]=id&filter[0][expression]=>=&filter[0][value]=2") == ["T-Shirt", "Kochbuch"]
    assert names("sort[0][property]=name&sort[0][direction]=DESC") == ["T-Shirt", "Kochbuch", "Kaffeebecher"]
    assert names("filter[mainDetail.number]=SW3") == ["Kochbuch"]
    body = {"filter": [{"property": "name", "value": "Kochbuch"}]}
    assert client.request("GET", "/articles", json=body).json()["total"] == 1


def test_an_article_comes_with_variants_and_net_prices(client: httpx.Client) -> None:
    article = client.get("/articles/SW2.1?useNumberAsId=true").json()["data"]
    assert article["mainDetail"]["number"] == "SW2.1"
    assert [one["number"] for one in article["details"]] == ["SW2.2", "SW2.3"]
    assert article["mainDetail"]["configuratorOptions"][0]["name"] == "S"
    assert article["configuratorSet"]["groups"][0]["name"] == "Größe"
    assert article["mainDetail"]["prices"][0]["price"] == pytest.approx(16.722689075630)
    assert next(iter(article["categories"].values()))["name"] == "Shirts"
    assert article["translations"] == {"2": {"name": "Shirt", "shopId": 2}}
    assert article["images"][0]["path"] == "SW2.1"
    gross = client.get("/articles/2?considerTaxInput=true").json()["data"]["mainDetail"]["prices"]
    assert [(one["customerGroupKey"], round(one["price"], 2)) for one in gross] == [("EK", 19.9), ("H", 15.05)]


def test_empty_maps_are_lists_and_missing_translations_are_left_out(client: httpx.Client) -> None:
    article = client.get("/articles/1").json()["data"]
    assert (article["categories"], article["configuratorSet"], "translations" in article) == ([], None, False)


def test_a_picture_of_the_media_album_is_there_for_everybody(client: httpx.Client) -> None:
    shop = str(client.base_url).removesuffix("/").removesuffix("/api")
    found = httpx.get(f"{shop}/media/image/SW2.1.png")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert httpx.get(f"{shop}/media/image/none-such.png").status_code == 404


def test_variants_and_small_tables_are_read(client: httpx.Client) -> None:
    variant = client.get("/variants/SW2.3?useNumberAsId=true").json()["data"]
    assert (variant["inStock"], variant["kind"], variant["article"]["name"]) == (3, 2, "T-Shirt")
    assert client.get(f"/variants/{variant['id']}").json()["data"]["number"] == "SW2.3"
    names = [row["name"] for row in client.get("/categories").json()["data"]]
    assert names == ["Root", "Deutsch", "Mode", "Shirts"]
    assert client.get("/categories/5").json()["data"]["articleCount"] == 1
    assert client.get("/manufacturers/2").json()["data"]["name"] == "Möwe"
    assert client.get("/media/1").json()["data"]["path"] == "media/image/SW2.1.png"
    assert [row["key"] for row in client.get("/customerGroups").json()["data"]] == ["EK", "H"]
    assert [row["locale"]["locale"] for row in client.get("/shops").json()["data"]] == ["de_DE", "en_GB"]
    assert client.get("/translations").json()["data"][0]["data"] == {"name": "Shirt"}


def old_nonce(shop: Shopware5Shop) -> httpx.Response:
    with digest(shop) as client:
        used = client.get("/version").request.headers["authorization"]
    NOW[0] += timedelta(hours=1)
    try:
        answer = httpx.get(f"{shop.base_url}/api/version", headers={"Authorization": used})
        with digest(shop) as client:
            assert client.get("/version").status_code == 200
    finally:
        NOW[0] -= timedelta(hours=1)
    assert 'Digest realm="Shopware REST-API"' in answer.headers["www-authenticate"]
    return answer


def other_uri(shop: Shopware5Shop) -> httpx.Response:
    with digest(shop) as client:
        used = client.get("/version").request.headers["authorization"]
    return httpx.get(f"{shop.base_url}/api/articles", headers={"Authorization": used})


def of_another(request: Callable[[httpx.Client], httpx.Response], **options: Any) -> httpx.Response:
    shop = fill(Shopware5Shop(**options))
    with SandboxServer(shop), digest(shop) as client:
        return request(client)


def revoked(_shop: Shopware5Shop) -> httpx.Response:
    shop = Shopware5Shop()
    with SandboxServer(shop), digest(shop) as client:
        shop.revoke()
        return client.get("/version")


def call(path: str) -> Callable[[Shopware5Shop], httpx.Response]:
    def send(shop: Shopware5Shop) -> httpx.Response:
        with digest(shop) as client:
            return client.get(path)

    return send


def bad_json(shop: Shopware5Shop) -> httpx.Response:
    with digest(shop) as client:
        return client.request("GET", "/articles", content=b"{")


def wrong_key(shop: Shopware5Shop) -> httpx.Response:
    with digest(shop, api_key="x") as client:
        return client.get("/version")


# Rule → (wrong request, expected status, a text that the answer holds).
WRONG: dict[str, tuple[Callable[[Shopware5Shop], httpx.Response], int, str]] = {
    "no_login": (lambda s: httpx.get(f"{s.base_url}/api/version"), 401, "Invalid or missing auth"),
    "wrong_key": (wrong_key, 401, '"success":false'),
    "old_nonce": (old_nonce, 401, "Invalid or missing auth"),
    "other_uri": (other_uri, 401, "Invalid or missing auth"),
    "revoked": (revoked, 401, "Invalid or missing auth"),
    "privilege": (lambda s: of_another(lambda c: c.get("/articles"), withheld=["article"]), 403, "article"),
    "no_resource": (call("/products"), 404, "Resource not found"),
    "no_taxes": (call("/taxes"), 404, "Resource not found"),
    "no_list_of_variants": (call("/variants"), 404, "Resource not found"),
    "unknown_id": (call("/articles/99"), 404, "Article by id 99 not found"),
    "unknown_number": (call("/articles/SW99?useNumberAsId=true"), 404, "Article by number SW99 not found"),
    "bad_json": (bad_json, 400, "invalid json string"),
    "unknown_property": (call("/articles?filter[0][property]=sku&filter[0][value]=1"), 500, "named sku"),
    "html_errors": (lambda s: of_another(lambda c: c.get("/articles/99"), throws_exceptions=True), 500, "<html>"),
}


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_wrong_request_is_refused_as_the_vendor_does(rule: Any, shop: Shopware5Shop) -> None:
    wrong, status, text = WRONG[rule.id]
    answer = wrong(shop)
    assert (answer.status_code, text in answer.text) == (status, True), answer.text


def test_each_rule_has_a_wrong_request() -> None:
    assert set(WRONG) == {rule.id for rule in RULES}


def test_a_seeded_shop_has_articles_of_all_kinds_the_same_every_time() -> None:
    shops: list[SimulatedShop] = [Shopware5Shop(), Shopware5Shop()]
    for shop in shops:
        shop.seed(articles=60, orders=5, seed=3)
    assert shops[0].ledger() == shops[1].ledger()
    articles = shops[0].catalogue()
    assert {one["kind"] for one in articles} == {"simple", "matrix", "variant"}
    assert len(shops[0].ledger().articles) == 60
    assert len(shops[0].ledger().orders) == 5


def test_a_purchase_lowers_stock_and_the_page_shows_the_articles(shop: Shopware5Shop) -> None:
    shop.buy([("SW3", 2)])
    assert shop.ledger().stock["SW3"] == 7
    page = httpx.get(shop.base_url)
    assert "Kochbuch" in page.text
    shop.faults.set("503", count=1)
    assert httpx.get(f"{shop.base_url}/api/version").status_code == 503
