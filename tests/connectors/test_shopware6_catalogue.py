"""Prices and categories of Shopware 6, what the shop lists, and what can be chosen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalogue import (
    CategoryNode,
    NamedValue,
    OptionAxis,
    PriceTier,
    Structure,
    Words,
)
from canonical.push import PushAnswer, StockLevel
from connectors import shopware6
from connectors.shopware6.prices import pair
from tests.connectors.test_shopware6_support import (
    EUR,
    Laden,
    article,
    codes,
    connected,
    matrix,
    names,
    picture,
    prices,
    running,
)


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


@pytest.fixture
def images() -> str:
    """The address of a server with images; the simulated shop does not fetch them."""
    return "https://bilder.example"


# --- prices --------------------------------------------------------------------------------------------------------------


def price_rows(laden: Laden, sku: str) -> dict[str, dict[str, Any]]:
    return {row["currencyId"]: row for row in laden.product(sku)["price"]}


@pytest.mark.parametrize(
    ("amount", "gross", "rate", "expected"),
    [
        ("19.90", True, "19", ("19.90", "16.7226890756")),
        ("10.00", False, "7", ("10.70", "10.00")),
        ("5.00", True, "0", ("5.00", "5")),
    ],
)
def test_gross_and_net_belong_together(amount: str, gross: bool, rate: str, expected: tuple[str, str]) -> None:
    made = pair(Decimal(amount), is_gross=gross, rate=Decimal(rate), currency="EUR")
    assert made == (Decimal(expected[0]), Decimal(expected[1]))


@pytest.mark.proves("shopware6", "prices", "pseudo_price")
def test_a_price_is_gross_and_net_and_leaves_other_currencies_alone(laden: Laden) -> None:
    laden.shop.add_article("MUG", "Becher", "11.90")
    chf = next(row["id"] for row in laden.rows("currency") if row["isoCode"] == "CHF")
    connector = laden.connect()
    assert codes(connector.send_prices([prices("MUG", "12.50", currency="CHF")])) == ["accepted"]
    answer = connector.send_prices([prices("MUG", "9.90", pseudo_amount=Decimal("14.90")), prices("NOPE", "1.00")])
    assert codes(answer) == ["accepted", "NOT_IN_SHOP"]
    rows = price_rows(laden, "MUG")
    assert rows[chf]["gross"] == 12.5 and rows[EUR]["gross"] == 9.9
    assert rows[EUR]["net"] == pytest.approx(8.3193277311) and rows[EUR]["listPrice"]["gross"] == 14.9
    connector.send_prices([prices("MUG", "9.90")])
    assert not price_rows(laden, "MUG")[EUR].get("listPrice")


def test_a_currency_or_group_that_is_not_mapped_is_told(laden: Laden) -> None:
    laden.shop.add_article("MUG", "Becher", "11.90")
    laden.shop.add_article("CUP", "Tasse", "5.00")
    connector = laden.connect(prices={"currency_map": {"EUR": EUR}, "advanced_prices": True})
    tier = PriceTier(amount=Decimal(5), group="Händler")
    answer = connector.send_prices([prices("CUP", "5.00", currency="USD"), prices("MUG", "5.00", tier)])
    assert codes(answer) == ["NO_CURRENCY_MAP", "NO_GROUP_MAP"]


@pytest.mark.proves("shopware6", "group_prices")
def test_tiers_are_prices_of_rules_and_old_ones_go(laden: Laden) -> None:
    laden.shop.add_article("MUG", "Becher", "11.90")
    found = {choice.label: choice.value for choice in laden.connect().list_choices("price_rules")}
    group = next(value for value in found.values() if value.startswith("group:"))
    mapped = {"Standardpreis": found["Immer gültig (Default)"], "Händler": group}
    connector = laden.connect(prices={"advanced_prices": True, "group_map": mapped})
    today = datetime.now(UTC).date()
    tiers = (
        PriceTier(amount=Decimal(11), from_quantity=Decimal(1)),
        PriceTier(amount=Decimal(9), from_quantity=Decimal(10)),
        PriceTier(amount=Decimal(8), group="Händler"),
        PriceTier(amount=Decimal(1), group="Händler", from_quantity=Decimal(5), valid_from=today + timedelta(days=1)),
    )
    for _ in range(2):
        assert codes(connector.send_prices([prices("MUG", "11.90", *tiers)])) == ["accepted"]
    rows = [(row["quantityStart"], row["quantityEnd"], row["price"][0]["gross"]) for row in laden.rows("product_price")]
    assert set(rows) == {(1, 9, 11), (10, None, 9), (1, None, 8)} and len(rows) == 3
    made = [row for row in laden.read("rule") if row["name"] == "Connect: Händler"]
    assert len(made) == 1
    assert codes(connector.send_prices([prices("MUG", "11.90")])) == ["accepted"] and laden.rows("product_price") == []


# --- categories ----------------------------------------------------------------------------------------------------------


def node(key: str, name: str, parent: str = "", **fields: Any) -> CategoryNode:
    return CategoryNode(key=key, name=name, parent_key=parent, **fields)


@pytest.mark.proves("shopware6", "category_tree")
def test_the_tree_hangs_below_the_chosen_root_in_our_order(laden: Laden) -> None:
    root = next(choice.value for choice in laden.connect().list_choices("categories"))
    connector = laden.connect(categories={"root_category": root})
    tree = [node("1", "Licht"), node("2", "Lampen", "1", position=2), node("3", "Birnen", "1", position=1)]
    first = connector.send_categories(tree)
    assert codes(first) == ["accepted"] * 3
    rows = {row["id"]: row for row in laden.rows("category")}
    light, lamps, bulbs = (rows[result.ref] for result in first.results)
    assert (light["parentId"], lamps["parentId"], bulbs["parentId"]) == (root, light["id"], light["id"])
    assert lamps["afterCategoryId"] == bulbs["id"] and light["active"] is True
    count = len(rows)
    renamed = [tree[0].model_copy(update={"name": "Beleuchtung", "ref": light["id"]})]
    assert connector.send_categories(renamed).results[0].ref == light["id"]
    assert len(laden.rows("category")) == count
    assert "Beleuchtung" in names(laden, "category")


def named(answer: PushAnswer) -> list[str]:
    """The categories that are said to be missing."""
    failures = [result.failure for result in answer.results if result.failure]
    return [str(each.params["category"]) for each in failures if each.code == "CATEGORY_NOT_EXPORTED"]


def test_a_tree_without_its_root_and_a_lost_parent(laden: Laden) -> None:
    connector = laden.connect(categories={"exclude_root": True})
    answer = connector.send_categories([node("1", "Katalog"), node("2", "Lampen", "1")])
    assert codes(answer) == ["skipped", "accepted"]
    row = next(row for row in laden.read("category") if row["name"] == "Lampen")
    assert row["parentId"] in {
        each["id"] for each in laden.read("category") if each["parentId"] is None
    } and "Katalog" not in names(laden, "category")
    orphan = laden.connect().send_categories([node("9", "Waise", "8")])
    assert codes(orphan) == ["CATEGORY_NOT_EXPORTED"] and named(orphan) == ["8"]


def test_names_that_the_shop_cannot_hold_are_refused_alone(laden: Laden) -> None:
    long = "x" * 256
    answer = laden.connect().send_categories([node("1", long), node("2", "Kind", "1"), node("3", "Licht")])
    assert codes(answer) == ["FIELD_TOO_LONG", "CATEGORY_NOT_EXPORTED", "accepted"] and named(answer) == [long]
    wordy = article("A", words=Words(language="de", name=long))
    assert codes(connected(laden).send_articles([wordy, article("B")])) == ["FIELD_TOO_LONG", "accepted"]


def test_a_category_is_deleted_only_if_so_chosen(laden: Laden) -> None:
    gone = node("1", "Licht", is_deleted=True)
    laden.connect().send_categories([node("1", "Licht"), node("2", "Lampen", "1")])
    assert codes(laden.connect().send_categories([gone])) == ["skipped"]
    connector = laden.connect(categories={"auto_delete_categories": True})
    assert codes(connector.send_categories([gone])) == codes(connector.send_categories([gone])) == ["accepted"]
    assert not {"Licht", "Lampen"} & set(names(laden, "category"))


# --- what the shop lists -------------------------------------------------------------------------------------------------


@pytest.mark.proves("shopware6", "import_articles", "import_prices", "import_media")
def test_what_we_sent_is_listed_as_we_sent_it(laden: Laden, images: str) -> None:
    connector = connected(laden)
    sent = matrix(manufacturer="Küste", length=Decimal("12.5"), images=(picture(images, "front", title="Vorn"),))
    connector.send_articles(sent)
    connector.send_prices([prices(sku, "19.90") for sku in ("SHIRT-S", "SHIRT-M")])
    connector.send_stock([StockLevel(key="k", sku="SHIRT-S", quantity=4)])
    listed = connector.fetch_listings("", 100).articles
    assert [each.content.sku for each in listed] == ["SHIRT", "SHIRT-S", "SHIRT-M"]
    parent, small = listed[0].content, listed[1]
    assert (parent.structure, small.content.structure) == (Structure.PARENT, Structure.VARIANT)
    assert parent.axes == (OptionAxis(name="Größe", values=("S", "M")),)
    assert small.content.options == (NamedValue(name="Größe", value="S"),) and small.content.parent_sku == "SHIRT"
    assert (small.content.manufacturer, small.content.length, small.content.words.name) == (
        "Küste",
        Decimal("12.5"),
        "Name SHIRT",
    )
    assert (small.prices[0].amount, small.prices[0].currency, small.quantity, small.tax_rate) == (
        Decimal("19.9"),
        "EUR",
        4,
        19,
    )
    assert len(parent.images) == 1


def test_a_catalogue_is_listed_page_by_page_each_product_once(laden: Laden) -> None:
    for number in range(120):
        laden.shop.add_article(f"A-{number}", "x", "1.00")
    connector, cursor, found, total = laden.connect(), "", [], None
    for _ in range(10):
        page = connector.fetch_listings(cursor, 500)
        found += [each.content.sku for each in page.articles]
        total, cursor = total or page.total, page.cursor
        if not page.more:
            break
    assert found == [f"A-{number}" for number in range(120)] and total == 120


def test_a_variants_number_brings_its_parent_with_all_variants(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles(matrix())
    laden.shop.add_article("MUG", "Becher", "1.00")
    listed = connector.fetch_listings_by_sku(["SHIRT-M", "NOPE"]).articles
    assert [each.content.sku for each in listed] == ["SHIRT", "SHIRT-S", "SHIRT-M"]
    assert connector.fetch_listings_by_sku(["NOPE"]).articles == ()


def test_every_list_of_choices_can_be_fetched(laden: Laden) -> None:
    connector = laden.connect()
    lists = {kind: connector.list_choices(kind) for kind in shopware6.SPEC.choices}
    assert all(
        lists[kind] for kind in ("sales_channels", "taxes", "currencies", "price_rules", "categories", "cms_layouts")
    )
    assert all(choice.value and choice.label for found in lists.values() for choice in found)
