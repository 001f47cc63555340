"""Reading WooCommerce's products for the initial import and for pairing, and the lists that settings choose from."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import orjson
import pytest

from canonical.catalogue import ListedArticle, NamedValue, Structure, TaxCategory
from connectors.woocommerce import catalogue
from tests.connectors.woo_kit import KitServer, KitShop

Recorded = Callable[[str], bytes]


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


@pytest.fixture
def recorded_shop(shop: KitShop, recorded: Recorded) -> KitShop:
    """A shop with the products, variations and categories of the real one."""
    for product in orjson.loads(recorded("products_all")):
        shop.products[product["id"]] = product
    for name in ("variations_tee", "variations_hoodie", "variations_tea", "variations_any"):
        for variation in orjson.loads(recorded(name)):
            shop.products[variation["id"]] = variation
    shop.categories = {row["id"]: row for row in orjson.loads(recorded("products_categories"))}
    return shop


def everything(shop: KitShop, limit: int = 100) -> list[ListedArticle]:
    connector, cursor, found = shop.connect(), "", []
    for _ in range(300):
        page = connector.fetch_listings(cursor, limit)
        found += page.articles
        cursor = page.cursor
        if not page.more:
            return found
    raise AssertionError("paging does not end")


@pytest.mark.proves("woocommerce", "import_articles", "import_prices")
def test_the_recorded_catalogue_comes_whole_with_parents_before_their_variants(recorded_shop: KitShop) -> None:
    found = everything(recorded_shop)
    by_ref = {each.content.ref: each for each in found}
    assert len(found) == len(by_ref) == 18 + 15
    for index, each in enumerate(found):
        if each.content.structure is Structure.VARIANT:
            assert each.content.parent_ref in {other.content.ref for other in found[:index]}
    mug = by_ref["12"]
    assert (mug.content.sku, mug.content.words.name) == ("KB-300", 'Kaffeebecher „Hafen" 300 ml')
    assert mug.content.structure is Structure.SIMPLE and mug.content.is_active and mug.quantity == 44
    assert [(tier.amount, tier.currency, tier.is_gross) for tier in mug.prices] == [(Decimal("12.90"), "EUR", True)]
    assert by_ref["13"].content.tax_category is TaxCategory.REDUCED
    assert by_ref["26"].content.is_active is False
    assert mug.url.startswith("https://")


def test_variants_have_options_and_their_parents_name(recorded_shop: KitShop) -> None:
    by_ref = {each.content.ref: each for each in everything(recorded_shop)}
    parent, variant = by_ref["28"].content, by_ref["28/36"].content
    assert [(axis.name, axis.values) for axis in parent.axes] == [
        ("Größe", ("L", "M", "S", "XL")),
        ("Farbe", ("Blau", "Rot")),
    ]
    assert by_ref["28"].prices == () and parent.structure is Structure.PARENT
    assert variant.options == (NamedValue(name="Größe", value="XL"), NamedValue(name="Farbe", value="Blau"))
    assert (variant.sku, variant.parent_sku, variant.weight) == ("TS-BASIC-BL-XL", "TS-BASIC", Decimal("0.2"))
    assert variant.words.name == parent.words.name and by_ref["28/36"].prices[0].amount == Decimal("21.90")
    assert by_ref["45/46"].content.options == ()


def test_categories_are_read_with_their_names_from_the_root(recorded_shop: KitShop) -> None:
    parent = next(each.content for each in everything(recorded_shop) if each.content.ref == "28")
    assert [(place.ref, place.path) for place in parent.categories] == [
        ("16", ("Bekleidung",)),
        ("21", ("Bekleidung", "T-Shirts")),
    ]


@pytest.mark.proves("woocommerce", "import_media")
def test_images_sale_prices_properties_and_measures_are_read(shop: KitShop) -> None:
    shop.settings["products"] = {"woocommerce_weight_unit": "g", "woocommerce_dimension_unit": "mm"}
    shop.settings["tax"] = {"woocommerce_prices_include_tax": "no"}
    shop.add(
        "A",
        name="Tasse &amp; Teller",
        regular_price="12.90",
        sale_price="9.90",
        on_sale=True,
        weight="350",
        dimensions={"length": "105", "width": "", "height": "x"},
        tax_class="luxury",
        images=[{"id": 4, "src": "https://shop.example/a.jpg", "name": "Bild", "alt": "Text"}],
        attributes=[{"name": "Stoff", "options": ["Ton", "Holz"], "variation": False}, None],
        tags=[{"id": 1, "name": "Neu &amp; gut"}],
        manage_stock=False,
    )
    shop.by_sku("A")["images"].append({"id": 0, "src": "https://shop.example/placeholder.png"})
    shop.add("B", tax_status="none", regular_price="")
    first, second = everything(shop)
    content = first.content
    assert content.words.name == "Tasse & Teller" and content.tags == ("Neu & gut",)
    assert [(p.url, p.title, p.description) for p in content.images] == [("https://shop.example/a.jpg", "Bild", "Text")]
    assert (content.weight, content.length, content.width, content.height) == (
        Decimal("0.35"),
        Decimal("10.5"),
        None,
        None,
    )
    tier = first.prices[0]
    assert (tier.amount, tier.pseudo_amount, tier.is_gross) == (Decimal("9.90"), Decimal("12.90"), False)
    assert content.properties == (NamedValue(name="Stoff", value="Ton, Holz"),)
    assert content.tax_category is TaxCategory.SPECIAL and not content.is_stock_article and first.quantity is None
    assert second.content.tax_category is TaxCategory.EXEMPT and second.prices == ()


def test_a_variation_without_a_number_of_its_own_has_none(shop: KitShop) -> None:
    parent = shop.add("SHIRT", type="variable", tax_class="reduced-rate")
    shop.add("SHIRT", type="variation", parent_id=parent, tax_class="parent")
    head, variant = everything(shop)
    assert (head.content.sku, variant.content.sku) == ("SHIRT", "")
    assert variant.content.tax_category is TaxCategory.REDUCED


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_every_product_comes_once_whatever_the_page(shop: KitShop, limit: int) -> None:
    for number in range(205):
        shop.add(f"A{number}")
    assert [each.content.sku for each in everything(shop, limit)] == [f"A{number}" for number in range(205)]


@pytest.mark.parametrize("gone", [1, 60, 150])
def test_products_deleted_while_paging_hide_no_other(shop: KitShop, gone: int) -> None:
    for number in range(250):
        shop.add(f"A{number}")
    connector = shop.connect()
    first = connector.fetch_listings("", 150)
    for number in list(shop.products)[:gone]:
        del shop.products[number]
    found, cursor, more = list(first.articles), first.cursor, True
    while more:
        page = connector.fetch_listings(cursor, 150)
        found, cursor, more = [*found, *page.articles], page.cursor, page.more
    assert [each.content.sku for each in found] == [f"A{number}" for number in range(250)]


def test_a_slow_shop_is_read_in_parts(shop: KitShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "LONGEST_FETCH", 0.0)
    shop.add("A")
    shop.add("B")
    page = shop.connect().fetch_listings("", 100)
    assert len(page.articles) == 1 and page.more


def test_a_variation_comes_with_its_parent_and_its_siblings(recorded_shop: KitShop) -> None:
    page = recorded_shop.connect().fetch_listings_by_sku(["TS-BASIC-RO-S", "KB-300", "NONE"])
    refs = [each.content.ref for each in page.articles]
    assert refs[:2] == ["12", "28"] and len(refs) == 2 + 8 and not page.more


def test_the_lists_of_the_settings_come_from_the_shop(recorded_shop: KitShop) -> None:
    connector = recorded_shop.connect()
    assert [(c.value, c.label) for c in connector.list_choices("tax_classes")] == [
        ("standard", "Standard"),
        ("reduced-rate", "Reduced & low"),
    ]
    assert [c.value for c in connector.list_choices("order_statuses")] == ["processing", "on-hold"]
    labels = {c.value: c.label for c in connector.list_choices("categories")}
    assert labels["21"] == "Bekleidung › T-Shirts" and labels["20"] == "Haushalt & Küche"
