"""Articles to Shopify: what a product gets, how it is found again, and what belongs to it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.catalogue import (
    CategoryPlace,
    DataType,
    NamedValue,
    Picture,
    TaxCategory,
    Words,
)
from canonical.failure import FailureError
from canonical.push import Outcome
from canonical.settings import FieldMode, MediaMode, UpdateStrategy
from tests.connectors.test_shopify_products import Catalogue, article, codes, connect, parent, variant
from tests.connectors.test_shopify_support import FakeShop, Wire, errors


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


@pytest.fixture
def there(shop: FakeShop) -> Catalogue:
    return Catalogue(shop)


# --- simple articles --------------------------------------------------------------------------------------------------


@pytest.mark.proves(
    "shopify",
    "article_basics",
    "description",
    "manufacturer",
    "ean",
    "customs_number",
    "origin_country",
    "tags",
    "meta_texts",
    "article_is_stock",
    "article_unit",
    "article_category",
)
def test_a_simple_article_is_created_with_all_that_it_has(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop, meta_texts=True, category_to_product_type=True)
    full = article(
        manufacturer="Töpferei",
        ean="4006381333931",
        weight=Decimal("0.35"),
        customs_number="6912 00 23",
        origin_country="DE",
        unit="Stück",
        category="Geschirr",
        tags=("blau", "neu"),
    )
    answer = connector.send_articles([full])
    product = there.only()
    variant_ = product["variants"][0]
    assert codes(answer) == ["accepted"] and answer.results[0].ref.count("/") == 2
    assert (product["title"], product["vendor"], product["status"], product["tags"]) == (
        "Becher MUG",
        "Töpferei",
        "ACTIVE",
        ["blau", "neu"],
    )
    assert (product["productType"], product["seo"]) == ("Geschirr", {"title": "Becher", "description": "Ein Becher"})
    assert variant_["sku"] == "MUG" and variant_["input"]["barcode"] == "4006381333931"
    item = variant_["input"]["inventoryItem"]
    assert item["measurement"] == {"weight": {"value": 0.35, "unit": "KILOGRAMS"}} and item["tracked"] is True
    assert (item["harmonizedSystemCode"], item["countryCodeOfOrigin"]) == ("69120023", "DE")
    assert there.metafields[product["id"], "connect.unit"] == "Stück"


@pytest.mark.proves("shopify", "foreign_numbers", "bundles")
def test_an_article_is_found_by_ref_by_our_number_or_by_sku_and_changed(shop: FakeShop, there: Catalogue) -> None:
    by_hand = there.add("MUG")
    connector = connect(shop)
    first = connector.send_articles([article(components=(NamedValue(name="PART", value="2"),))]).results[0]
    assert first.ref.startswith(f"{by_hand}/") and there.only()["title"] == "Becher MUG"
    shop.requests.clear()
    connector.send_articles([article(ref=first.ref)])
    assert "FindProduct" not in shop.names() and "FindVariants" not in shop.names()
    there.only()["variants"][0]["sku"] = "OLD"
    assert codes(connector.send_articles([article(ref=first.ref)])) == ["accepted"]
    assert there.skus(there.only()) == ["MUG"]


def test_a_repeat_after_a_lost_answer_makes_no_second_article(shop: FakeShop, there: Catalogue) -> None:
    def lose(asked: dict[str, Any]) -> Wire:
        there.create(asked)
        return Wire(503)

    for sent in (article(), parent()):
        shop.scripts["CreateProduct"] = lose
        with pytest.raises(FailureError):
            connect(shop).send_articles([sent])
        shop.scripts["CreateProduct"] = there.create
        assert codes(connect(shop).send_articles([sent])) == ["accepted"]
    assert len(there.products) == 2
    assert [there.skus(product) for product in there.products.values()] == [["MUG"], [""]]


def test_parts_that_are_not_sent_stay_as_they_are(shop: FakeShop, there: Catalogue) -> None:
    there.add("MUG")
    connect(shop).send_articles([article(sends=frozenset({DataType.TAGS}), tags=("neu",))])
    assert (there.only()["title"], there.only()["tags"]) == ("von Hand", ["neu"])
    assert there.only()["variants"][0]["input"] == {
        "id": there.only()["variants"][0]["id"],
        "inventoryItem": {"sku": "MUG"},
    }


def test_the_update_strategy_is_kept_to(shop: FakeShop, there: Catalogue) -> None:
    there.add("MUG")
    sent = [article(), article("NEW")]
    create = connect(shop, update_strategy=UpdateStrategy.CREATE_ONLY).send_articles(sent)
    assert codes(create) == ["CREATE_ONLY", "accepted"] and create.results[0].outcome is Outcome.SKIPPED
    update = connect(shop, update_strategy=UpdateStrategy.UPDATE_ONLY).send_articles([article(), article("OTHER")])
    assert codes(update) == ["accepted", "UPDATE_ONLY"]


@pytest.mark.proves("shopify", "article_inactive", "article_closeout")
def test_inactive_articles_are_drafts_and_remaining_stock_is_not_oversold(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop, sell_without_stock=True, sales_channels=["7"])
    connector.send_articles([article(is_active=False)])
    assert there.only()["status"] == "DRAFT" and there.published == []
    assert there.only()["variants"][0]["input"]["inventoryPolicy"] == "CONTINUE"
    connector.send_articles([article(is_closeout=True)])
    assert there.only()["variants"][0]["input"]["inventoryPolicy"] == "DENY"
    assert there.published == [(there.only()["id"], ["gid://shopify/Publication/7"])]


def test_rates_are_collections_and_exempt_is_not_taxable(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop, tax_collection_reduced="5", tax_collection_exempt="6")
    connector.send_articles([article(tax_category=TaxCategory.REDUCED)])
    assert there.only()["collectionsToJoin"] == ["gid://shopify/Collection/5"]
    connector.send_articles([article(tax_category=TaxCategory.EXEMPT)])
    assert there.only()["collectionsToLeave"] == ["gid://shopify/Collection/5"]
    assert there.only()["variants"][0]["input"]["taxable"] is False


def test_the_nearest_mapped_category_is_the_taxonomys(shop: FakeShop, there: Catalogue) -> None:
    place = CategoryPlace(key="12", path=("Küche", "Geschirr", "Becher"))
    for table, code in (
        ({"Küche > Geschirr": "hg-2", "Küche": "hg"}, "hg-2"),
        ({"12": "gid://shopify/TaxonomyCategory/hg-9"}, "hg-9"),
    ):
        connect(shop, taxonomy_map=table).send_articles([article(categories=(place,))])
        assert there.only()["category"] == f"gid://shopify/TaxonomyCategory/{code}"


def test_a_deleted_article_is_deleted_once(shop: FakeShop, there: Catalogue) -> None:
    there.add("MUG")
    connector = connect(shop)
    assert codes(connector.send_articles([article(is_deleted=True), article(is_deleted=True)])) == ["accepted"] * 2
    assert there.products == {}


def test_what_the_shop_refuses_concerns_one_article(shop: FakeShop, there: Catalogue) -> None:
    there.add("MUG")
    there.refused["title"] = "Title can't be blank"
    answer = connect(shop).send_articles([article(), article("CUP")])
    assert codes(answer) == ["FIELD_INVALID", "accepted"]
    assert answer.results[0].failure is not None and answer.results[0].failure.params["field"] == "title"
    too_long = article("LONG", words=Words(language="de", name="x" * 256))
    bad_code = article("HS", customs_number="12")
    assert codes(connect(shop).send_articles([too_long, bad_code])) == ["FIELD_TOO_LONG", "FIELD_INVALID"]


def test_what_was_sent_before_an_outage_keeps_its_result(shop: FakeShop, there: Catalogue) -> None:
    def sometimes(asked: dict[str, Any]) -> Any:
        return errors("THROTTLED") if asked["product"]["title"] == "Becher B" else there.create(asked)

    shop.scripts["CreateProduct"] = sometimes
    assert codes(connect(shop).send_articles([article("A"), article("B"), article("C")])) == [
        "accepted",
        "RATE_LIMITED",
        "RATE_LIMITED",
    ]
    with pytest.raises(FailureError):
        connect(shop).send_articles([article("B")])


# --- metafields, pictures, translations -------------------------------------------------------------------------------


@pytest.mark.proves("shopify", "custom_fields", "properties")
def test_fields_go_to_metafields_that_the_shop_has_defined_in_their_types(shop: FakeShop, there: Catalogue) -> None:
    named = (NamedValue(name="farbton", value="blau"), NamedValue(name="Unbekannt", value="x"))
    properties = (NamedValue(name="Gewicht netto", value="0,35"), NamedValue(name="Vegan", value="ja"))
    connector = connect(shop)
    connector.send_articles([article(custom_fields=named, properties=properties)])
    product = there.only()["id"]
    stored = {key: value for (ref, key), value in there.metafields.items() if ref == product}
    assert stored == {"connect.number": "MUG", "custom.shade": "blau", "custom.net": "0.35", "custom.vegan": "true"}
    there.metafields[product, "theirs.key"] = "kept"
    connector.send_articles([article(custom_fields=(NamedValue(name="Farbton", value=""),))])
    assert (product, "custom.shade") not in there.metafields and there.metafields[product, "theirs.key"] == "kept"


def test_fields_may_be_named_by_a_table(shop: FakeShop, there: Catalogue) -> None:
    fields = (NamedValue(name="Ton", value="blau"), NamedValue(name="Farbton", value="rot"))
    table = {"custom_field_mode": FieldMode.TABLE, "custom_field_map": {"Ton": "custom.shade"}}
    connect(shop, **table).send_articles([article(custom_fields=fields)])
    assert there.metafields[there.only()["id"], "custom.shade"] == "blau"


def test_a_value_of_the_wrong_type_is_named_before_it_is_sent(shop: FakeShop, there: Catalogue) -> None:
    fields = (NamedValue(name="Gewicht netto", value="schwer"),)
    answer = connect(shop).send_articles([article(custom_fields=fields)])
    assert codes(answer) == ["FIELD_INVALID"] and "SetMetafields" not in shop.names()


def picture(name: str, description: str = "Becher", position: int = 0) -> Picture:
    return Picture(url=f"https://img.example/{name}.jpg", digest=name, description=description, position=position)


@pytest.mark.proves("shopify", "images", "image_description")
def test_pictures_are_added_once_and_described(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop)
    both = (picture("back", position=2), picture("front", position=1))
    connector.send_articles([article(images=both)])
    connector.send_articles([article(images=both)])
    media = there.only()["media"]
    assert [each["originalSource"] for each in media] == [
        "https://img.example/front.jpg",
        "https://img.example/back.jpg",
    ]
    assert media[0]["alt"] == "Becher" and there.files == []
    connector.send_articles([article(images=(picture("front", "Vorn", 1), picture("back", position=2)))])
    assert there.files == [{"id": media[0]["id"], "alt": "Vorn"}]


def test_pictures_are_taken_off_only_if_that_is_set_and_only_ours(shop: FakeShop, there: Catalogue) -> None:
    connect(shop).send_articles([article(images=(picture("front"), picture("back")))])
    there.only()["media"].append({"__typename": "MediaImage", "id": "gid://shopify/MediaImage/777"})
    connect(shop).send_articles([article(images=(picture("front"),))])
    assert there.files == []
    connect(shop, media_mode=MediaMode.ADD_AND_DELETE).send_articles([article(images=(picture("front"),))])
    product = there.only()
    assert there.files == [{"id": product["media"][1]["id"], "referencesToRemove": [product["id"]]}]
    assert list(orjson.loads(there.metafields[product["id"], "connect.images"])) == ["front"]


def test_a_variants_picture_is_the_products_and_survives_the_parents_cleaning(shop: FakeShop, there: Catalogue) -> None:
    connector = connect(shop, media_mode=MediaMode.ADD_AND_DELETE)
    family = [parent(images=(picture("all"),)), variant("TEE-S", "S", images=(picture("small"),))]
    connector.send_articles(family)
    connector.send_articles(family)
    product = there.only()
    assert len(product["media"]) == 2 and there.files == []
    assert product["variants"][0]["input"]["mediaId"] == product["media"][1]["id"]


def test_a_picture_that_nobody_can_fetch_is_named(shop: FakeShop, there: Catalogue) -> None:
    answer = connect(shop).send_articles([article(images=(Picture(url="", digest="x"),))])
    assert codes(answer) == ["IMAGE_NOT_PUBLIC"] and there.only()["title"] == "Becher MUG"


@pytest.mark.proves("shopify", "translations")
def test_translations_name_the_text_that_they_translate(shop: FakeShop, there: Catalogue) -> None:
    english = Words(language="en", name="Mug", description="<p>Blue</p>", meta_title="Mug")
    connect(shop, meta_texts=True).send_articles([article(translations=(english,))])
    assert [
        (each["key"], each["locale"], each["value"], each["translatableContentDigest"]) for each in there.translations
    ] == [
        ("title", "en", "Mug", "t"),
        ("body_html", "en", "<p>Blue</p>", "b"),
    ]
