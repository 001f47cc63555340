"""Articles of Shopware 6 with their variants, names, texts and images."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalogue import (
    CategoryPlace,
    DataType,
    NamedValue,
    OptionAxis,
    Picture,
    Structure,
    TaxCategory,
    Words,
)
from connectors.shopware6.prices import AWAITS_PRICE
from tests.connectors.test_shopware6_support import (
    Laden,
    article,
    codes,
    connected,
    matrix,
    names,
    picture,
    prices,
    running,
    shop_taxes,
)


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


@pytest.fixture
def images() -> str:
    """The address of a server with images; the simulated shop does not fetch them."""
    return "https://bilder.example"


@pytest.mark.proves(
    "shopware6",
    "article_basics",
    "article_measures",
    "manufacturer",
    "manufacturer_number",
    "ean",
    "description",
    "meta_texts",
    "meta_keywords",
    "article_closeout",
    "article_delivery_time",
    "bundles",
)
def test_master_data_arrive_in_the_shops_own_fields(laden: Laden) -> None:
    words = Words(
        language="de",
        name="Lampe",
        description="<p>Hell</p>",
        meta_title="T",
        meta_description="D",
        meta_keywords="a, b",
    )
    content = article(
        "LAMP",
        words=words,
        weight=Decimal("1.5"),
        length=Decimal("12.5"),
        manufacturer="Hafenlicht",
        manufacturer_number="HL-1",
        ean="4006381333931",
        unit="Stück",
        is_closeout=True,
        delivery_time="3-5 Tage",
        tax_category=TaxCategory.REDUCED,
    )
    answer = connected(laden).send_articles([content])
    assert codes(answer) == ["accepted"]
    row = laden.product("LAMP")
    assert answer.results[0].ref == row["id"]
    assert (row["name"], row["description"], row["keywords"], row["metaTitle"]) == ("Lampe", "<p>Hell</p>", "a, b", "T")
    assert (row["weight"], row["length"], row["isCloseout"], row["ean"]) == (1.5, 125, True, "4006381333931")
    assert row["taxId"] == shop_taxes(laden)["7"] and row["manufacturerNumber"] == "HL-1"
    maker = next(each for each in laden.read("product-manufacturer") if each["id"] == row["manufacturerId"])
    time = next(each for each in laden.read("delivery-time") if each["id"] == row["deliveryTimeId"])
    assert maker["name"] == "Hafenlicht" and (time["min"], time["max"], time["unit"]) == (3, 5, "day")


@pytest.mark.proves("shopware6", "variants")
def test_a_matrix_comes_with_its_variants_and_a_repeat_makes_no_second_one(laden: Laden) -> None:
    connector = connected(laden)
    first = connector.send_articles(matrix())
    assert codes(first) == ["accepted"] * 3
    parent, small = laden.product("SHIRT"), laden.product("SHIRT-S")
    assert small["parentId"] == parent["id"] and len(laden.rows("product_configurator_setting")) == 2
    counts = {entity: len(rows) for entity, rows in laden.shop.store.tables.items()}
    again = connector.send_articles(matrix())
    assert [result.ref for result in again.results] == [result.ref for result in first.results]
    assert {entity: len(rows) for entity, rows in laden.shop.store.tables.items()} == counts
    larger = [each for each in matrix("SML") if each.sku == "SHIRT-L"]
    later = larger[0].model_copy(update={"parent_ref": first.results[0].ref})
    assert codes(connector.send_articles([later])) == ["accepted"]
    assert len(laden.rows("product_configurator_setting")) == 3


def test_a_variant_whose_option_changed_has_only_the_new_one(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles(matrix())
    shirt, small, _ = matrix("SM")
    larger = small.model_copy(update={"options": (NamedValue(name="Größe", value="XL"),)})
    assert codes(connector.send_articles([shirt, larger])) == ["accepted"] * 2
    linked = laden.shop.store.linked("product_option", "product", laden.product("SHIRT-S")["id"])
    found = {row["id"]: row["name"] for row in laden.read("property-group-option")}
    assert [found[option] for option in linked] == ["XL"]


def test_a_variant_of_another_parent_is_not_moved(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles(matrix())
    _, small, _ = matrix()
    axis = OptionAxis(name="Größe", values=("S",))
    other = article("HOSE", structure=Structure.PARENT, axes=(axis,))
    moved = small.model_copy(update={"parent_key": other.key, "parent_sku": "HOSE"})
    assert codes(connector.send_articles([other, moved])) == ["accepted", "FIELD_INVALID"]


def test_an_exempt_article_needs_the_shops_exempt_tax(laden: Laden) -> None:
    free = article("BUCH", tax_category=TaxCategory.EXEMPT)
    assert codes(connected(laden).send_articles([free, article("A")])) == ["FIELD_INVALID", "accepted"]
    exempt = connected(laden, tax_exempt=shop_taxes(laden)["0"])
    assert codes(exempt.send_articles([free])) == ["accepted"]


def test_a_new_product_is_hidden_until_its_price_has_come(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles(matrix())
    assert [laden.product(sku)["active"] for sku in ("SHIRT", "SHIRT-S", "SHIRT-M")] == [False] * 3
    connector.send_articles(matrix())
    assert laden.product("SHIRT")["active"] is False
    assert codes(connector.send_prices([prices("SHIRT-S", "19.90")])) == ["accepted"]
    assert [laden.product(sku)["active"] for sku in ("SHIRT", "SHIRT-S", "SHIRT-M")] == [True, True, False]
    connector.send_articles(matrix())
    assert laden.product("SHIRT-S")["active"] is True
    assert not (laden.product("SHIRT-S")["customFields"] or {}).get(AWAITS_PRICE)


@pytest.mark.proves("shopware6", "article_inactive")
def test_an_inactive_article_stays_hidden(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles([article("LAMP", is_active=False)])
    connector.send_prices([prices("LAMP", "9.90")])
    assert laden.product("LAMP")["active"] is False
    connector.send_articles([article("LAMP")])
    assert laden.product("LAMP")["active"] is True


@pytest.mark.proves("shopware6", "tags", "properties", "custom_fields", "custom_to_standard")
def test_names_become_records_of_the_shop_and_what_is_gone_is_taken_off(laden: Laden) -> None:
    connector = connected(laden)
    fields = (
        NamedValue(name="Pflege Hinweis", value="30 Grad"),
        NamedValue(name="shopware6_max_purchase", value="5"),
        NamedValue(name="shopware6_reference_unit", value="0,5"),
        NamedValue(name="shopware6_pack_unit", value="Karton"),
    )
    properties = (NamedValue(name="Farbe", value="Rot"), NamedValue(name="Farbe", value="Blau"))
    full = article("LAMP", tags=("Neu", "Sale"), properties=properties, custom_fields=fields)
    assert codes(connector.send_articles([full])) == ["accepted"]
    row = laden.product("LAMP")
    assert (row["maxPurchase"], row["referenceUnit"], row["packUnit"]) == (5, 0.5, "Karton")
    assert row["customFields"]["pflege_hinweis"] == "30 Grad"
    assert names(laden, "custom_field") == ["pflege_hinweis"] and names(laden, "tag") == ["Neu", "Sale"]
    linked = laden.shop.store.linked
    assert len(linked("product_property", "product", row["id"])) == 2
    fewer = article("LAMP", tags=("Sale",), properties=properties[:1])
    assert codes(connector.send_articles([fewer])) == ["accepted"]
    assert len(linked("product_property", "product", row["id"])) == 1
    assert len(linked("product_tag", "product", row["id"])) == 1
    untouched = article("LAMP", sends=frozenset({DataType.MASTER_DATA}))
    assert codes(connector.send_articles([untouched])) == ["accepted"]
    assert len(linked("product_tag", "product", row["id"])) == 1


def test_custom_fields_follow_the_table_or_become_properties(laden: Laden) -> None:
    fields = (NamedValue(name="Material", value="Holz"), NamedValue(name="Intern", value="x"))
    table = {"custom_field_mode": "table", "custom_field_map": {"Material": "my_material"}}
    connected(laden, **table).send_articles([article("A", custom_fields=fields)])
    assert laden.product("A")["customFields"].get("my_material") == "Holz"
    assert "intern" not in laden.product("A")["customFields"] and laden.rows("custom_field") == []
    manual = {
        "custom_field_to_property": "manual",
        "property_map": {"Material": "Werkstoff"},
        "custom_field_mode": "table",
    }
    connected(laden, **manual).send_articles([article("B", custom_fields=fields)])
    assert "Werkstoff" in names(laden, "property_group")
    connected(laden, custom_field_to_property="auto").send_articles([article("C", custom_fields=fields)])
    assert {"Material", "Intern"} <= set(names(laden, "property_group"))


@pytest.mark.proves("shopware6", "translations")
def test_translations_go_to_the_languages_that_the_shop_has(laden: Laden) -> None:
    english, klingon = Words(language="en", name="Lamp", description="Bright"), Words(language="tlh", name="wovmoHwI'")
    assert codes(connected(laden).send_articles([article("LAMP", translations=(english, klingon))])) == ["accepted"]
    english_id = next(row["id"] for row in laden.read("language", "locale") if row["locale"]["code"] == "en-GB")
    stored = laden.shop.store.tables["product"][laden.product("LAMP")["id"]]
    assert "Lamp" in str(stored) and english_id in str(stored) and "wovmoHwI'" not in str(stored)
    assert laden.product("LAMP")["name"] == "Name LAMP"


def shown_beside(laden: Laden) -> list[dict[str, Any]]:
    rows = laden.read("product", "crossSellings")
    found: list[dict[str, Any]] = next(row["crossSellings"] for row in rows if row["productNumber"] == "LAMP")
    return found


@pytest.mark.proves("shopware6", "cross_selling")
def test_articles_are_shown_beside_each_other(laden: Laden) -> None:
    laden.shop.add_article("BULB", "Birne", "2.00")
    laden.shop.add_article("CABLE", "Kabel", "3.00")
    connector = connected(laden, cross_selling_title="Dazu passt")
    connector.send_articles([article("LAMP", cross_selling=("BULB", "CABLE", "NOPE"))])
    assert [row["name"] for row in shown_beside(laden)] == ["Dazu passt"]
    assert len(laden.rows("product_cross_selling_assigned_products")) == 2
    connector.send_articles([article("LAMP", cross_selling=("BULB",))])
    assert len(laden.rows("product_cross_selling_assigned_products")) == 1
    connector.send_articles([article("LAMP")])
    assert laden.rows("product_cross_selling") == []


def test_articles_are_seen_in_the_chosen_sales_channels_only(laden: Laden) -> None:
    channels = {choice.label: choice.value for choice in laden.connect().list_choices("sales_channels")}
    connected(laden, sales_channels=[channels["Storefront"]]).send_articles([article("LAMP")])
    connector = connected(laden, sales_channels=[channels["Händlershop"]])
    connector.send_articles([article("LAMP")])
    connector.send_articles([article("LAMP")])
    lamp = laden.product("LAMP")["id"]
    shown = [row["salesChannelId"] for row in laden.rows("product_visibility") if row["productId"] == lamp]
    assert shown == [channels["Händlershop"]]


def test_lists_show_a_product_or_its_variants(laden: Laden) -> None:
    layout = laden.connect().list_choices("cms_layouts")[0].value
    connected(laden, cms_layout=layout).send_articles(matrix())
    row = laden.product("SHIRT")
    assert row["cmsPageId"] == layout and row["variantListingConfig"] == {"displayParent": True}
    connected(laden, variant_listing="expand").send_articles(matrix())
    config = laden.product("SHIRT")["variantListingConfig"]
    assert config["displayParent"] is False and config["configuratorGroupConfig"][0]["expressionForListings"] is True


def test_what_strategy_and_structure_forbid_is_told_per_article(laden: Laden) -> None:
    laden.shop.add_article("OLD", "Alt", "1.00")
    assert codes(connected(laden, update_strategy="create_only").send_articles([article("OLD")])) == ["CREATE_ONLY"]
    answer = connected(laden, update_strategy="update_only").send_articles([article("NEW"), article("OLD")])
    assert codes(answer) == ["UPDATE_ONLY", "accepted"]
    connector = connected(laden)
    shirt, small, _ = matrix()
    assert codes(connector.send_articles([small])) == ["PARENT_NOT_EXPORTED"]
    connector.send_articles([shirt, small])
    assert (
        codes(
            connector.send_articles([article("SHIRT"), article("SHIRT-S"), article("OLD", structure=Structure.PARENT)])
        )
        == ["STRUCTURE_DIFFERS"] * 3
    )
    assert codes(connector.send_articles([small.model_copy(update={"options": ()})])) == ["TOO_FEW_OPTIONS"]


def test_one_article_that_the_shop_refuses_does_not_take_the_others_along(laden: Laden) -> None:
    bad = article("BAD", words=Words(language="de", name=""))
    answer = connected(laden).send_articles([article("A"), bad, article("B")])
    assert codes(answer) == ["accepted", "ITEM_REFUSED", "accepted"]
    failure = answer.results[1].failure
    assert failure is not None and failure.params["record"] == "BAD" and "name" in failure.params["reason"]
    shirt, small, medium = matrix()
    broken = shirt.model_copy(update={"words": Words(language="de")})
    assert codes(connected(laden).send_articles([broken, small, medium, article("C")])) == ["ITEM_REFUSED"] * 3 + [
        "accepted"
    ]


def test_a_deleted_article_goes_with_its_variants_and_once_more_is_as_good(laden: Laden) -> None:
    connector = connected(laden)
    connector.send_articles(matrix())
    gone = article("SHIRT", structure=Structure.PARENT, is_deleted=True)
    for _ in range(2):
        assert codes(connector.send_articles([gone])) == ["accepted"]
    assert not [row for row in laden.rows("product") if str(row["productNumber"]).startswith("SHIRT")]


def test_articles_stand_in_our_categories_where_the_tree_is_ours(laden: Laden) -> None:
    place = CategoryPlace(key="1", path=("Licht",), ref=laden.shop.add_category("Licht"))
    lost = CategoryPlace(key="2", path=("Haus", "Neu"))
    connector = connected(laden, owns_tree=True)
    answer = connector.send_articles([article("LAMP", categories=(place,)), article("X", categories=(lost,))])
    assert codes(answer) == ["accepted", "CATEGORY_NOT_EXPORTED"]
    lamp = laden.product("LAMP")["id"]
    assert list(laden.shop.store.linked("product_category", "product", lamp)) == [place.ref]
    connected(laden).send_articles([article("LAMP")])
    assert list(laden.shop.store.linked("product_category", "product", lamp)) == [place.ref]
    connector.send_articles([article("LAMP")])
    assert list(laden.shop.store.linked("product_category", "product", lamp)) == []


# --- images ----------------------------------------------------------------------------------------------------


def media_of(laden: Laden, sku: str) -> list[str]:
    """The titles of a product's images in their order, the cover marked."""
    product = laden.product(sku)
    media = {row["id"]: row for row in laden.read("media")}
    rows = [row for row in laden.read("product-media") if row["productId"] == product["id"]]
    rows.sort(key=lambda row: int(row["position"]))
    return [("*" if row["id"] == product["coverId"] else "") + str(media[row["mediaId"]].get("title")) for row in rows]


@pytest.mark.proves("shopware6", "images", "image_title")
def test_images_are_fetched_once_in_order_and_the_first_is_the_cover(laden: Laden, images: str) -> None:
    folder = laden.connect().list_choices("media_folders")[0].value
    connector = connected(laden, media_folder=folder)
    laden.shop.traffic = []
    front, back = picture(images, "front", title="Vorn"), picture(images, "back", title="Hinten")
    assert codes(connector.send_articles([article("LAMP", images=(front, back))])) == ["accepted"]
    assert media_of(laden, "LAMP") == ["*Vorn", "Hinten"]
    assert {row["mediaFolderId"] for row in laden.read("media") if row.get("title")} == {folder}
    connector.send_articles([article("LAMP", images=(back, front)), article("OTHER", images=(front,))])
    assert media_of(laden, "LAMP") == ["*Hinten", "Vorn"] and media_of(laden, "OTHER") == ["*Vorn"]
    uploads = [each.path for each in laden.shop.traffic if each.path.endswith("/upload")]
    assert len(uploads) == len(set(uploads)) == 2


def test_images_that_are_gone_here_go_there_only_if_so_chosen(laden: Laden, images: str) -> None:
    front, back = picture(images, "front", title="Vorn"), picture(images, "back", title="Hinten")
    connected(laden).send_articles([article("LAMP", images=(front, back))])
    connected(laden).send_articles([article("LAMP", images=(front,))])
    assert media_of(laden, "LAMP") == ["*Vorn", "Hinten"]
    connected(laden, media_mode="add_and_delete").send_articles([article("LAMP", images=(front,))])
    assert media_of(laden, "LAMP") == ["*Vorn"]


def test_an_image_that_cannot_be_fetched_is_told_and_the_article_is_there(laden: Laden) -> None:
    lost = Picture(url="weg.png", digest="weg")
    answer = connected(laden).send_articles([article("LAMP", images=(lost,)), article("MUG")])
    assert codes(answer) == ["IMAGE_REFUSED", "accepted"]
    assert answer.results[0].ref == laden.product("LAMP")["id"]
