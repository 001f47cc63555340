"""Shopify's connector against its sandbox: the bulk file by ranges, scales of price lists, and the keys on its page."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from canonical.catalogue import ArticlePrices, PriceTier
from canonical.feature import Feature
from canonical.push import Outcome
from connectors import shopify
from connectors.account import Account
from connectors.shopify.client import Shopify
from connectors.shopify.credentials import ShopifyCredentials
from connectors.shopify.settings import ShopifyPriceSettings
from connectors.transport import TransportOptions
from sandbox.server import SandboxServer
from sandbox.shopify import Entry, ShopifyShop


@pytest.fixture
def shop() -> Iterator[ShopifyShop]:
    made = ShopifyShop(bucket=100_000)
    with SandboxServer(made):
        yield made


def connect(shop: ShopifyShop, **prices: object) -> Shopify:
    keys = shop.credentials()
    credentials = ShopifyCredentials(
        shop=shop.base_url, token=SecretStr(keys["token"]), client_secret=SecretStr(keys["client_secret"])
    )
    chosen = {Feature.PRICES: ShopifyPriceSettings.model_validate(prices)}
    made = shopify.build(credentials, chosen, Account(), TransportOptions(allow_private=True, timeout=5))
    assert isinstance(made, Shopify)
    return made


def test_the_page_shows_the_keys_that_a_person_pastes(shop: ShopifyShop) -> None:
    page = httpx.get(shop.base_url, trust_env=False)
    assert page.status_code == 200 and f"<code>{shop.credentials()['token']}</code>" in page.text


def test_a_bulk_file_is_read_in_parts_by_connectors_that_follow_each_other(
    shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.shopify.catalogue.BULK_FROM", 1)
    monkeypatch.setattr("connectors.shopify.bulk_file.PART", 700)
    for number in range(6):
        shop.add_product(f"Becher {number}", [Entry(f"B{number}", "12.90", 5)])
    cursor, more, found = "", True, []
    for _ in range(20):
        page = connect(shop).fetch_listings(cursor, 2)
        found += [each.content.sku for each in page.articles]
        cursor, more = page.cursor, page.more
        if not more:
            break
    assert found == [f"B{number}" for number in range(6)] and page.total == 6
    name, body = next(iter(shop.bulk.files.items()))
    address = f"{shop.base_url}/sandbox/bulk/{name}.jsonl"
    part = httpx.get(address, headers={"range": "bytes=10-19"}, trust_env=False)
    assert (part.status_code, part.content) == (206, body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(body)}"
    assert httpx.get(address, headers={"range": f"bytes={len(body)}-"}, trust_env=False).status_code == 416
    assert httpx.get(address, trust_env=False).content == body


def test_a_scale_leaves_the_price_list_when_the_article_has_none_any_more(shop: ShopifyShop) -> None:
    shop.add_product("Becher", [Entry("B", "12.90", 5)])
    shop.add_product("Tasse", [Entry("T", "12.90", 5)])
    price_list = next(each for each in shop.store.table("PriceList").values() if "Company" in each["catalogId"])
    group = shop.store.table("CompanyLocationCatalog")[price_list["catalogId"]]["title"]
    connector = connect(shop, advanced_prices=True, b2b_groups=[group])

    def send(*steps: int) -> None:
        tiers = tuple(PriceTier(amount=Decimal(9), group=group, from_quantity=Decimal(step)) for step in steps)
        base = PriceTier(amount=Decimal(12))
        sent = [ArticlePrices(key=sku, sku=sku, base=base, tiers=tiers) for sku in "BT"]
        assert {result.outcome for result in connector.send_prices(sent).results} == {Outcome.ACCEPTED}

    def scales() -> list[list[int]]:
        breaks = shop.store.table("PriceList")[price_list["id"]]["breaks"]
        return [[quantity for quantity, _ in each.values()] for each in breaks.values()]

    send(1, 10)
    assert scales() == [[10], [10]]
    send(1)
    assert scales() == []
