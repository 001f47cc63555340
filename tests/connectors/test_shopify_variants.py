"""Variants to Shopify: created and changed in the product's own calls; those that others made are left alone."""

from collections.abc import Iterator

import pytest

from canonical.catalogue import (
    NamedValue,
    OptionAxis,
)
from tests.connectors.test_shopify_products import FAMILY, Catalogue, article, codes, connect, parent, variant
from tests.connectors.test_shopify_support import FakeShop


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


@pytest.fixture
def there(shop: FakeShop) -> Catalogue:
    return Catalogue(shop)


# --- variants ---------------------------------------------------------------------------------------------------------


@pytest.mark.proves("shopify", "variants")
def test_a_family_is_created_and_the_shops_first_variant_is_taken_over(shop: FakeShop, there: Catalogue) -> None:
    answer = connect(shop).send_articles(FAMILY)
    product = there.only()
    assert codes(answer) == ["accepted"] * 4
    assert there.skus(product) == ["TEE-S", "TEE-M", "TEE-L"]
    assert [each["options"] for each in product["variants"]] == [{"Größe": size} for size in "SML"]
    assert len(shop.sent("CreateVariants")) == 1 and "DeleteVariants" not in shop.names()
    number = product["id"].rpartition("/")[2]
    assert answer.results[0].ref == number and all(each.ref.startswith(f"{number}/") for each in answer.results[1:])


def test_variants_that_others_made_are_left_alone(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop)
    connector.send_articles(FAMILY)
    there.only()["variants"].append(there.variant("THEIRS", {"Größe": "XXL"}))
    there.only()["variants"][1]["sku"] = "RENAMED"
    shop.requests.clear()
    changed = (parent(), variant("TEE-S", "S"), variant("TEE-XL", "XL"))
    assert codes(connector.send_articles(changed)) == ["accepted"] * 3
    assert there.skus(there.only()) == ["TEE-S", "RENAMED", "TEE-L", "THEIRS", "TEE-XL"]
    assert "optionValues" not in shop.sent("UpdateVariants")[-1]["variants"][0]


def test_a_family_made_by_hand_is_found_by_its_variants(shop: FakeShop, there: Catalogue) -> None:
    number = there.add("TEE-S", "TEE-M", options=("Größe",))
    answer = connect(shop).send_articles([parent(), variant("TEE-S", "TEE-S"), variant("TEE-M", "TEE-M")])
    assert codes(answer) == ["accepted"] * 3 and answer.results[0].ref == number
    assert len(there.only()["variants"]) == 2


def test_a_variant_needs_its_parent_and_a_value_for_each_option(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop)
    assert codes(connector.send_articles([variant("TEE-S", "S")])) == ["PARENT_NOT_EXPORTED"]
    number = there.add("X", options=("Größe", "Farbe"))
    none = variant("TEE-0", "S", options=(), parent_ref=number)
    strange = variant(
        "TEE-1", "S", options=(NamedValue(name="größe", value="S"), NamedValue(name="Farbe", value="rot"))
    )
    good = variant(
        "TEE-2",
        "S",
        options=(NamedValue(name="Größe", value="S"), NamedValue(name="Farbe", value="rot")),
        parent_ref=number,
    )
    assert codes(connector.send_articles([none, strange, good])) == ["TOO_FEW_OPTIONS", "OPTION_MISSING", "accepted"]


def test_one_bad_variant_stops_no_other(shop: FakeShop, there: Catalogue) -> None:
    there.refused["TEE-M"] = "is invalid"
    assert codes(connect(shop).send_articles(FAMILY)) == ["accepted", "accepted", "FIELD_INVALID", "accepted"]
    assert there.skus(there.only()) == ["TEE-S", "TEE-L"]


def test_structures_must_agree(shop: FakeShop, there: Catalogue) -> None:
    there.add("TEE-S")
    family = there.add("X", options=("Größe",))
    connector = connect(shop)
    connector.send_articles([parent("OTHER")])
    elsewhere = variant("TEE-S", "S", parent_key="A-OTHER", parent_sku="OTHER")
    assert codes(connector.send_articles([article(ref=family), elsewhere])) == ["STRUCTURE_DIFFERS"] * 2
    assert codes(connector.send_articles([parent("TEE-S")])) == ["STRUCTURE_DIFFERS"]


def test_more_variants_or_options_than_the_shop_permits_are_refused(shop: FakeShop, there: Catalogue) -> None:
    number = there.add("X", options=("Größe",))
    ref = f"gid://shopify/Product/{number}"
    there.products[ref]["variants"] *= 2047
    sent = [variant("TEE-1", "1", parent_ref=number), variant("TEE-2", "2")]
    assert codes(connect(shop).send_articles(sent)) == ["accepted", "TOO_MANY_VARIANTS"]
    axes = tuple(OptionAxis(name=f"O{index}", values=("1",)) for index in range(4))
    assert codes(connect(shop).send_articles([parent("WIDE", axes=axes)])) == ["TOO_MANY_OPTIONS"]


def test_a_deleted_variant_goes_alone_and_a_deleted_parent_with_all(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop)
    connector.send_articles(FAMILY)
    assert codes(connector.send_articles([variant("TEE-M", "M", is_deleted=True)])) == ["accepted"]
    assert there.skus(there.only()) == ["TEE-S", "TEE-L"]
    assert (
        codes(connector.send_articles([parent(is_deleted=True), variant("TEE-S", "S", is_deleted=True)]))
        == ["accepted"] * 2
    )
    assert there.products == {}
