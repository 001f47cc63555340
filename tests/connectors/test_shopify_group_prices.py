"""Prices of customer groups for Shopify: scales that come, change and go, and what becomes of what the shop refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.shopify.client import Shopify
from connectors.shopify.settings import ShopifyPriceSettings
from tests.connectors.test_shopify_pushes import Catalogs, Warehouse, codes, group, prices
from tests.connectors.test_shopify_support import FakeShop


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


@pytest.fixture
def stocked(shop: FakeShop) -> Warehouse:
    made = Warehouse(shop)
    for sku in "SML":
        made.add(sku)
    return made


@pytest.fixture
def catalogs(shop: FakeShop, stocked: Warehouse) -> Catalogs:
    return Catalogs(shop, Haendler="EUR")


def connected(shop: FakeShop) -> Shopify:
    return shop.connect(prices=ShopifyPriceSettings(advanced_prices=True, b2b_groups=frozenset({"Haendler"})))


def scaled(sku: str, *steps: int) -> Any:
    return prices(sku, "20.00", "", None, group("15.00"), *(group("12.00", quantity=step) for step in steps))


def test_a_scale_that_is_no_more_is_removed_with_one_call_for_all(shop: FakeShop, catalogs: Catalogs) -> None:
    assert codes(connected(shop).send_prices([scaled("S", 10, 20), scaled("M", 4)])) == ["accepted"] * 2
    assert catalogs.breaks == {"20": [(10, "12.00"), (20, "12.00")], "21": [(4, "12.00")]}
    shop.requests.clear()
    assert codes(connected(shop).send_prices([scaled("S"), scaled("M", 6)])) == ["accepted"] * 2
    assert catalogs.breaks == {"21": [(6, "12.00")]}
    assert shop.names().count("QuantityPrices") == 1


def test_without_a_price_in_the_group_no_scale_is_asked_about(shop: FakeShop, catalogs: Catalogs) -> None:
    assert codes(connected(shop).send_prices([prices("S", "20.00")])) == ["accepted"]
    assert "QuantityPrices" not in shop.names()


def test_a_scale_without_a_price_of_one_piece_is_refused_and_named(shop: FakeShop, catalogs: Catalogs) -> None:
    only_many = prices("S", "20.00", "", None, group("12.00", quantity=10))
    answer = connected(shop).send_prices([only_many, scaled("M", 4)])
    assert codes(answer) == ["FIELD_INVALID", "accepted"]
    failure = answer.results[0].failure
    assert failure and "Haendler" in str(failure.params) and "S" in str(failure.params)
    assert catalogs.breaks == {"21": [(4, "12.00")]}


def test_one_wrong_step_rejects_only_its_own_article(shop: FakeShop, catalogs: Catalogs) -> None:
    answer = connected(shop).send_prices([scaled("S", 10), scaled("M", 4, 5), scaled("L")])
    assert codes(answer) == ["accepted", "ITEM_REFUSED", "accepted"]
    assert catalogs.breaks == {"20": [(10, "12.00")]}
    assert shop.names().count("QuantityPrices") == 2


def test_a_refusal_of_the_whole_change_rejects_all_of_it(shop: FakeShop, catalogs: Catalogs) -> None:
    error = {"field": ["priceListId"], "message": "", "code": "GENERIC_ERROR"}
    shop.scripts["QuantityPrices"] = {"quantityPricingByVariantUpdate": {"userErrors": [error]}}
    assert codes(connected(shop).send_prices([scaled("S", 10), scaled("M")])) == ["ITEM_REFUSED"] * 2
    shop.scripts["QuantityPrices"] = {"quantityPricingByVariantUpdate": None}
    assert codes(connected(shop).send_prices([scaled("S", 10), scaled("M")])) == ["ITEM_REFUSED"] * 2


def test_more_steps_than_one_call_may_have_go_in_several(shop: FakeShop, catalogs: Catalogs) -> None:
    steps = range(2, 302, 2)
    assert codes(connected(shop).send_prices([scaled("S", *steps), scaled("M", *steps)])) == ["accepted"] * 2
    sent = [len(asked["input"]["quantityPriceBreaksToAdd"]) for asked in shop.sent("QuantityPrices")]
    assert sent == [150, 150] and {len(each) for each in catalogs.breaks.values()} == {150}


def test_what_is_left_after_all_tries_is_no_success(
    shop: FakeShop, stocked: Warehouse, catalogs: Catalogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop that names one culprit at a time runs out of tries; one that confirms nothing has taken nothing."""
    monkeypatch.setattr("connectors.shopify.prices.ROUNDS", 2)
    first = {"field": ["prices", "0"], "message": "no", "code": "VARIANT_NOT_FOUND"}
    shop.scripts["AddFixedPrices"] = {"priceListFixedPricesAdd": {"prices": None, "userErrors": [first]}}
    sent = [scaled("S", 10), scaled("M"), scaled("L")]
    answer = connected(shop).send_prices(sent)
    assert codes(answer) == ["ITEM_REFUSED"] * 3 and "QuantityPrices" not in shop.names()
    assert "not confirmed" in str(answer.results[2].failure)
    shop.scripts["AddFixedPrices"] = {"priceListFixedPricesAdd": None}
    assert codes(connected(shop).send_prices(sent)) == ["ITEM_REFUSED"] * 3
