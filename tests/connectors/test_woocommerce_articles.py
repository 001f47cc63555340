"""Articles to WooCommerce: created, changed and deleted, each once, and refused one by one."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalogue import (
    CategoryPlace,
    DataType,
    NamedValue,
    TaxCategory,
    Words,
)
from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.push import Outcome
from canonical.settings import ArticleSettings
from connectors.woocommerce.settings import WooArticleSettings
from tests.connectors.woo_kit import (
    KitServer,
    KitShop,
    article,
    codes,
    connect,
    error,
    parent,
    push,
    variant,
)


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


# --- creating and changing ---------------------------------------------------------------------------------------------


@pytest.mark.proves(
    "woocommerce",
    "match_sku",
    "foreign_numbers",
    "article_basics",
    "article_measures",
    "description",
    "short_text",
    "ean",
)
def test_an_article_is_created_and_then_changed_under_its_number(shop: KitShop) -> None:
    first = article(weight=Decimal("0.35"), length=Decimal(10), width=Decimal("8.5"), ean="4006381333931")
    created = push(shop, first)
    product = shop.by_sku("MUG")
    assert [(r.key, r.outcome, r.ref) for r in created] == [("A-MUG", Outcome.ACCEPTED, str(product["id"]))]
    assert product["name"] == "Becher" and product["type"] == "simple" and product["status"] == "publish"
    assert (product["description"], product["short_description"]) == ("<p>Lang</p>", "Kurz")
    assert product["weight"] == "0.35" and product["dimensions"] == {"length": "10", "width": "8.5", "height": ""}
    assert product["global_unique_id"] == "4006381333931"
    again = push(shop, article(ref=created[0].ref, words=Words(language="de", name="Tasse")))
    assert codes(again) == ["accepted"] and again[0].ref == created[0].ref
    assert len(shop.products) == 1 and shop.by_sku("MUG")["name"] == "Tasse" and shop.by_sku("MUG")["weight"] == ""


def test_measures_are_sent_in_the_shops_units(shop: KitShop) -> None:
    shop.settings["products"] = {"woocommerce_weight_unit": "g", "woocommerce_dimension_unit": "in"}
    push(shop, article(weight=Decimal("0.35"), height=Decimal("25.4")))
    assert shop.by_sku("MUG")["weight"] == "350" and shop.by_sku("MUG")["dimensions"]["height"] == "10"


def test_without_measures_the_shops_units_are_not_asked_for(shop: KitShop) -> None:
    push(shop, article())
    assert [(method, path) for method, path, _, _ in shop.requests] == [
        ("GET", "/products"),
        ("POST", "/products/batch"),
    ]


def test_a_renamed_number_is_found_by_its_ref(shop: KitShop) -> None:
    product = shop.add("OLD", name="Becher")
    assert codes(push(shop, article("NEW", ref=str(product)))) == ["accepted"]
    assert list(shop.products) == [product] and shop.products[product]["sku"] == "NEW"


def test_a_ref_that_the_shop_forgot_does_not_stop_the_creation(shop: KitShop) -> None:
    results = push(shop, article(ref="9999"), article("B", ref="8/9999"))
    assert codes(results) == ["accepted", "accepted"]
    assert results[0].ref == str(shop.by_sku("MUG")["id"])


def test_a_product_in_the_trash_that_has_the_number_is_taken_out_again(shop: KitShop) -> None:
    trashed = shop.add("MUG", status="trash")
    assert [(codes([r]), r.ref) for r in push(shop, article())] == [(["accepted"], str(trashed))]
    assert list(shop.products) == [trashed] and shop.by_sku("MUG")["status"] == "publish"


def test_a_lost_answer_makes_no_second_article(shop: KitShop) -> None:
    shop.lose("/products/batch")
    connector = connect(shop)
    with pytest.raises(FailureError) as caught:
        connector.send_articles([article()])
    assert caught.value.failure.kind is Kind.RETRY
    assert codes(list(connector.send_articles([article()]).results)) == ["accepted"]
    assert len(shop.products) == 1


def test_what_was_done_before_an_outage_keeps_its_result(shop: KitShop) -> None:
    shop.fail("/products/.*/variations/batch", 503, {"code": "down"})
    results = push(shop, parent(), variant("S"))
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert results[1].failure.kind is Kind.RETRY


def test_one_bad_article_is_refused_alone(shop: KitShop) -> None:
    def rule(method: str, path: str, body: Any) -> Any:
        if method != "POST" or not path.endswith("/batch"):
            return None
        answers = {
            "IMG": "woocommerce_product_image_upload_error",
            "EAN": "product_invalid_global_unique_id",
            "ODD": "rest_invalid_param",
        }
        rows = [
            {"id": 0, "error": error(answers[item["sku"]])[1]} if item["sku"] in answers else {"id": 5, **item}
            for item in body["create"]
        ]
        return 200, {"create": rows[:-1]}

    shop.rules.append(rule)
    results = push(shop, *(article(sku) for sku in ("IMG", "EAN", "ODD", "GOOD", "LOST")))
    assert codes(results) == ["IMAGE_REFUSED", "FIELD_INVALID", "ITEM_REFUSED", "accepted", "ITEM_REFUSED"]


def test_a_number_that_the_shop_has_twice_is_not_guessed(shop: KitShop) -> None:
    shop.add("MUG")
    shop.add("MUG")
    assert codes(push(shop, article())) == ["SKU_TWICE"]


def test_what_has_no_number_or_no_name_is_not_created(shop: KitShop) -> None:
    results = push(shop, article(" "), article("B", words=Words(language="de")), article("C", tags=("x" * 201,)))
    assert codes(results) == ["FIELD_INVALID", "FIELD_INVALID", "FIELD_TOO_LONG"] and shop.products == {}


def test_an_answer_with_another_number_confirms_nothing(shop: KitShop) -> None:
    shop.fail("/products/batch", 200, {"create": [{"id": 7, "sku": "OTHER"}]})
    assert codes(push(shop, article())) == ["ITEM_REFUSED"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("create_only", ["CREATE_ONLY", "accepted"]),
        ("update_only", ["accepted", "UPDATE_ONLY"]),
        ("create_and_update", ["accepted", "accepted"]),
    ],
)
def test_the_update_strategy_decides(shop: KitShop, strategy: str, expected: list[str]) -> None:
    shop.add("OLD", name="alt")
    results = push(shop, article("OLD"), article("NEW"), update_strategy=strategy)
    assert codes(results) == expected
    assert [r.outcome for r in results] == [
        Outcome.SKIPPED if code != "accepted" else Outcome.ACCEPTED for code in expected
    ]


@pytest.mark.proves("woocommerce", "bundles")
def test_of_a_bundle_only_the_head_is_sent(shop: KitShop) -> None:
    push(shop, article("SET", components=(NamedValue(name="MUG", value="2"),)))
    assert [product["sku"] for product in shop.products.values()] == ["SET"]
    assert shop.by_sku("SET")["type"] == "simple"


# --- fields ------------------------------------------------------------------------------------------------------------


@pytest.mark.proves("woocommerce", "article_is_stock", "article_inactive", "article_closeout")
def test_the_states_of_an_article_are_those_of_the_product(shop: KitShop) -> None:
    push(shop, article("A", is_active=False, is_stock_article=False), article("B", is_closeout=True))
    first, second = shop.by_sku("A"), shop.by_sku("B")
    assert (first["status"], first["manage_stock"], first.get("backorders")) == ("draft", False, None)
    assert (second["status"], second["manage_stock"], second["backorders"]) == ("publish", True, "no")


def test_backorders_of_other_articles_follow_the_setting(shop: KitShop) -> None:
    push(shop, article("A"), article("B", is_closeout=True), backorders="notify")
    assert (shop.by_sku("A")["backorders"], shop.by_sku("B")["backorders"]) == ("notify", "no")


@pytest.mark.parametrize("category", list(TaxCategory))
def test_each_tax_category_has_its_class_of_the_shop(shop: KitShop, category: TaxCategory) -> None:
    push(shop, article(tax_category=category), tax_class_special="special-rate")
    classes = {"normal": "", "reduced": "reduced-rate", "special": "special-rate", "exempt": "zero-rate"}
    assert shop.by_sku("MUG")["tax_class"] == classes[category.value]


@pytest.mark.proves("woocommerce", "meta_texts", "meta_keywords")
def test_meta_texts_go_into_the_fields_of_yoast_when_they_are_wanted(shop: KitShop) -> None:
    words = Words(language="de", name="Becher", meta_title="T", meta_description="D", meta_keywords="becher, hafen")
    push(shop, article("WITH", words=words), meta_texts=True)
    push(shop, article("OUT", words=words))
    metas = {meta["key"]: meta["value"] for meta in shop.by_sku("WITH")["meta_data"]}
    assert metas == {
        "_yoast_wpseo_title": "T",
        "_yoast_wpseo_metadesc": "D",
        "_yoast_wpseo_focuskw": "becher",
        "_yoast_wpseo_metakeywords": "becher, hafen",
    }
    assert shop.by_sku("OUT")["meta_data"] == []


def test_categories_are_those_that_the_shop_knows_or_the_default_one(shop: KitShop) -> None:
    known = CategoryPlace(key="1", path=("Küche",), ref="16")
    unknown = CategoryPlace(key="2", path=("Bad",))
    push(
        shop,
        article("A", categories=(known, unknown)),
        article("B"),
        article("C", categories=(unknown,)),
        default_category="15",
    )
    assert shop.by_sku("A")["categories"] == [{"id": 16}] and shop.by_sku("B")["categories"] == [{"id": 15}]
    assert "categories" not in shop.by_sku("C")
    push(shop, article("D"))
    assert "categories" not in shop.by_sku("D")


@pytest.mark.proves("woocommerce", "tags")
def test_tags_are_adopted_or_created_and_an_empty_list_removes_them(shop: KitShop) -> None:
    shop.tags[7] = {"id": 7, "name": "Neu"}
    push(shop, article(tags=("neu", "Sale")), article("B", tags=("Sale",)))
    made = next(tag["id"] for tag in shop.tags.values() if tag["name"] == "Sale")
    assert shop.by_sku("MUG")["tags"] == [{"id": 7}, {"id": made}] and shop.by_sku("B")["tags"] == [{"id": made}]
    assert len(shop.tags) == 2 and len(shop.sent("/products/tags/batch")) == 1
    push(shop, article())
    assert shop.by_sku("MUG")["tags"] == []


def test_a_refused_tag_refuses_only_its_articles(shop: KitShop) -> None:
    refusal = {"create": [{"id": 0, "error": error("empty_term_name")[1]}]}
    shop.fail("/products/tags/batch", 200, refusal)
    assert codes(push(shop, article("A", tags=("x",)), article("B"))) == ["ITEM_REFUSED", "accepted"]


@pytest.mark.proves("woocommerce", "properties")
@pytest.mark.parametrize("shown", [True, False])
def test_properties_are_attributes_that_are_shown_if_wanted(shop: KitShop, shown: bool) -> None:
    shop.attributes = [{"id": 3, "name": "Farbe", "slug": "pa_farbe"}]
    values = [("Material", "Ton"), ("farbe", "Rot"), ("Material", "Holz"), ("Leer", "")]
    push(shop, article(properties=tuple(NamedValue(name=n, value=v) for n, v in values)), show_properties=shown)
    assert shop.by_sku("MUG")["attributes"] == [
        {"name": "Material", "options": ["Ton", "Holz"], "variation": False, "visible": shown, "position": 0},
        {"id": 3, "options": ["Rot"], "variation": False, "visible": shown, "position": 1},
    ]


def test_what_is_not_sent_stays_as_it_is_in_the_shop(shop: KitShop) -> None:
    kept = {"id": 0, "name": "Größe", "options": ["S", "M"], "variation": True, "visible": True, "position": 0}
    gone = {"id": 0, "name": "Stoff", "options": ["Alt"], "variation": False, "visible": True, "position": 1}
    shop.add("SHIRT", type="variable", name="alt", attributes=[kept, gone], tags=[{"id": 7}])
    new = NamedValue(name="Stoff", value="Neu")
    sends = frozenset({DataType.PROPERTIES})
    assert codes(push(shop, parent(sends=sends, properties=(new,)))) == ["accepted"]
    product = shop.by_sku("SHIRT")
    assert product["name"] == "alt" and product["tags"] == [{"id": 7}]
    assert [(a["name"], a["options"], a["variation"]) for a in product["attributes"]] == [
        ("Stoff", ["Neu"], False),
        ("Größe", ["S", "M"], True),
    ]


@pytest.mark.proves("woocommerce", "cross_selling")
def test_articles_shown_beside_may_stand_in_the_same_batch(shop: KitShop) -> None:
    other = shop.add("OTHER")
    results = push(shop, article("A", cross_selling=("B", "OTHER", "UNKNOWN")), article("B"))
    assert codes(results) == ["accepted", "accepted"]
    assert shop.by_sku("A")["cross_sell_ids"] == [shop.by_sku("B")["id"], other]
    shop.requests.clear()
    push(shop, article("A", cross_selling=("B", "OTHER")))
    assert len(shop.sent("/products/batch")) == 1


# --- deleting ----------------------------------------------------------------------------------------------------------


def test_deleted_articles_are_deleted_and_one_that_is_gone_is_as_good(shop: KitShop) -> None:
    push(shop, parent(), variant("S"), variant("M"), article())
    results = push(
        shop, variant("S", is_deleted=True), article(is_deleted=True), article("NEVER", is_deleted=True, ref="999")
    )
    assert codes(results) == ["accepted"] * 3
    assert sorted(product["sku"] for product in shop.products.values()) == ["SHIRT", "SHIRT-M"]


def test_a_deletion_that_the_shop_refuses_is_named(shop: KitShop) -> None:
    shop.add("MUG")
    shop.fail("/products/batch", 200, {"delete": [{"id": 101, "error": error("woocommerce_rest_cannot_delete")[1]}]})
    assert codes(push(shop, article(is_deleted=True))) == ["ITEM_REFUSED"]


# --- settings ----------------------------------------------------------------------------------------------------------

CHANGED: dict[str, Any] = {
    "show_properties": True,
    "backorders": "yes",
    "default_category": "15",
    "tax_class_normal": "other",
    "tax_class_reduced": "other",
    "tax_class_special": "other",
    "tax_class_exempt": "other",
    "meta_texts": True,
}


@pytest.mark.parametrize("setting", CHANGED)
def test_each_setting_of_this_shop_changes_what_is_sent(shop: KitShop, setting: str) -> None:
    category = next((c for c in TaxCategory if setting.endswith(c.value)), TaxCategory.NORMAL)
    sent = article(tax_category=category, properties=(NamedValue(name="Material", value="Ton"),))
    push(shop, sent)
    push(shop, sent, **{setting: CHANGED[setting]})
    bodies = shop.sent("/products/batch")
    assert bodies[0]["create"][0] != {k: v for k, v in bodies[1]["update"][0].items() if k != "id"} | {"type": "simple"}


def test_no_setting_of_this_shop_is_without_such_a_case() -> None:
    own = set(WooArticleSettings.model_fields) - set(ArticleSettings.model_fields)
    assert own | {"meta_texts"} == set(CHANGED)
