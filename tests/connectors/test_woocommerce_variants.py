"""Matrix articles to WooCommerce: a parent with its variants, and what does not fit together."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalogue import DataType
from canonical.push import Outcome
from tests.connectors.woo_kit import (
    ALL,
    KitServer,
    KitShop,
    article,
    codes,
    parent,
    push,
    variant,
)


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


@pytest.mark.proves("woocommerce", "variants")
def test_a_parent_and_its_variants_are_created_together(shop: KitShop) -> None:
    results = push(shop, parent(), variant("S"), variant("M", is_active=False))
    product = shop.by_sku("SHIRT")
    small, medium = shop.by_sku("SHIRT-S"), shop.by_sku("SHIRT-M")
    assert codes(results) == ["accepted"] * 3
    assert [r.ref for r in results] == [str(product["id"]), *(f"{product['id']}/{v['id']}" for v in (small, medium))]
    assert product["type"] == "variable" and "manage_stock" not in product
    assert product["attributes"][0] | {"position": 0} == {
        "name": "Größe",
        "options": ["S", "M"],
        "variation": True,
        "visible": True,
        "position": 0,
    }
    assert small["attributes"] == [{"name": "Größe", "option": "S"}]
    assert (small["status"], medium["status"], small["parent_id"]) == ("publish", "private", product["id"])
    again = push(shop, variant("S", ref=results[1].ref), parent(ref=results[0].ref))
    assert codes(again) == ["accepted"] * 2 and len(shop.products) == 3 and again[0].ref == results[1].ref


def test_global_attributes_of_the_shop_are_used_by_their_id(shop: KitShop) -> None:
    shop.attributes = [{"id": 1, "name": "Gr&ouml;&szlig;e"}]

    def shown(method: str, path: str, body: Any) -> Any:
        """The shop names a global attribute in its answers."""
        for product in shop.products.values():
            for attribute in product.get("attributes", []):
                if attribute.get("id") == 1 and "options" in attribute:
                    attribute["name"] = "Größe"

    shop.rules.append(shown)
    push(shop, parent())
    assert shop.by_sku("SHIRT")["attributes"][0]["id"] == 1
    assert codes(push(shop, variant("M"))) == ["accepted"]
    assert shop.by_sku("SHIRT-M")["attributes"] == [{"id": 1, "option": "M"}]


def test_a_variant_that_does_not_fit_its_parent_is_refused(shop: KitShop) -> None:
    push(shop, parent())
    results = push(shop, variant("XL"), variant("S", options=()), variant("M", parent_sku="NONE", parent_key="A-NONE"))
    assert codes(results) == ["OPTION_MISSING", "TOO_FEW_OPTIONS", "PARENT_NOT_EXPORTED"]
    assert results[0].failure.params["option"] == "Größe: XL" and results[1].failure.params["missing"] == "Größe"


def test_the_variants_of_a_refused_parent_wait_for_it(shop: KitShop) -> None:
    shop.add("SHIRT", type="simple")
    assert codes(push(shop, parent(), variant("S"))) == ["STRUCTURE_DIFFERS", "PARENT_NOT_EXPORTED"]
    assert len(shop.products) == 1


def test_without_the_data_type_variants_are_changed_but_not_created(shop: KitShop) -> None:
    push(shop, parent(), variant("S"))
    sends = ALL - {DataType.VARIANTS}
    results = push(shop, variant("S", sends=sends, weight=Decimal(1)), variant("M", sends=sends))
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.SKIPPED]
    assert shop.by_sku("SHIRT-S")["weight"] == "1" and len(shop.products) == 2


def test_nothing_is_created_of_which_only_parts_are_sent(shop: KitShop) -> None:
    parts = frozenset({DataType.TAGS, DataType.VARIANTS})
    push(shop, parent())
    results = push(shop, article(sends=parts), variant("S", sends=parts))
    assert [result.outcome for result in results] == [Outcome.SKIPPED] * 2 and len(shop.products) == 1


def test_blanks_around_a_number_are_not_part_of_it(shop: KitShop) -> None:
    assert codes(push(shop, article(" MUG "))) == codes(push(shop, article(" MUG "))) == ["accepted"]
    assert [product["sku"] for product in shop.products.values()] == ["MUG"]
