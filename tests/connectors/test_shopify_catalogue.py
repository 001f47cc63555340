"""Listing Shopify's products, by pages and by a bulk operation, and the option lists of the settings."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.catalogue import ListingPage, Structure, TaxCategory
from canonical.failure import FailureError
from connectors import shopify
from connectors.shopify.client import Shopify
from tests.connectors.test_shopify_support import FakeShop, Wire

NO_MORE = {"hasNextPage": False, "endCursor": None}


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


def variant(number: int, sku: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": sku,
        "barcode": "4006381333931",
        "price": "19.90",
        "compareAtPrice": "24.90",
        "taxable": True,
        "inventoryQuantity": 5,
        "inventoryPolicy": "DENY",
        "selectedOptions": [{"name": "Größe", "value": sku[-1:]}],
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/9{number}",
            "tracked": True,
            "harmonizedSystemCode": "691200",
            "countryCodeOfOrigin": "DE",
            "measurement": {"weight": {"value": 350.0, "unit": "GRAMS"}},
        },
        **fields,
    }


def product(number: int, /, *variants: dict[str, Any], **fields: Any) -> dict[str, Any]:
    picture = {
        "__typename": "MediaImage",
        "id": "m",
        "alt": "Vorn",
        "preview": {"image": {"url": "https://cdn.example/1.jpg"}},
    }
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": f"Produkt {number}",
        "descriptionHtml": "<p>Text</p>",
        "vendor": "Töpferei",
        "productType": "Geschirr",
        "status": "ACTIVE",
        "tags": ["neu"],
        "isGiftCard": False,
        "hasOnlyDefaultVariant": len(variants) == 1,
        "seo": {"title": "T", "description": None},
        "options": [{"name": "Größe", "optionValues": [{"name": "S"}, {"name": "M"}]}],
        "number": None,
        "unit": None,
        "media": {"nodes": [picture]},
        "variants": {"nodes": list(variants), "pageInfo": NO_MORE},
        **fields,
    }


class Shelf:
    """Products, listed as the connector asks."""

    def __init__(self, shop: FakeShop, *products: dict[str, Any]) -> None:
        self.products = list(products)
        about = {"currencyCode": "EUR", "taxesIncluded": True}
        shop.scripts |= {
            "Count": lambda _: {"productsCount": {"count": len(self.products)}, "shop": about},
            "ListProducts": lambda asked: {"shop": about, "products": self.page(asked)},
            "FindVariants": self.find,
        }

    def page(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = asked["query"]
        numbers = {int(row["id"].rpartition("/")[2]): row for row in self.products}
        if query.startswith("id:>"):
            found = [row for number, row in sorted(numbers.items()) if number > int(query[4:])]
        else:
            found = [numbers[int(term[3:])] for term in query.split(" OR ")]
        return {"nodes": found[: asked["first"]], "pageInfo": {"hasNextPage": len(found) > asked["first"]}}

    def find(self, asked: dict[str, Any]) -> dict[str, Any]:
        terms = {term.removeprefix("sku:").strip('"') for term in asked["query"].split(" OR ")}
        rows = [
            {"id": each["id"], "sku": each["sku"], "product": row, "inventoryItem": each["inventoryItem"]}
            for row in self.products
            for each in row["variants"]["nodes"]
            if each["sku"] in terms
        ]
        return {"productVariants": {"nodes": rows}}


def pages(connector: Shopify, limit: int = 100) -> list[ListingPage]:
    found: list[ListingPage] = []
    cursor = ""
    for _ in range(30):
        found.append(connector.fetch_listings(cursor, limit))
        cursor = found[-1].cursor
        if not found[-1].more:
            return found
    raise AssertionError("listing does not end")


@pytest.mark.proves("shopify", "import_articles", "import_prices", "import_media")
def test_a_simple_product_and_a_family_are_listed_with_what_they_have(shop: FakeShop) -> None:
    Shelf(
        shop,
        product(1, variant(10, "MUG", taxable=False)),
        product(2, variant(20, "TEE-S"), variant(21, "TEE-M"), status="DRAFT"),
    )
    page = shop.connect().fetch_listings("", 100)
    simple, parent, small, medium = page.articles
    assert (page.total, page.more) == (2, False)
    assert (simple.content.structure, simple.content.sku, simple.content.ref) == (Structure.SIMPLE, "MUG", "1/10/910")
    assert (simple.content.weight, simple.content.ean, simple.content.customs_number) == (
        Decimal("0.3500"),
        "4006381333931",
        "691200",
    )
    assert (simple.content.tax_category, simple.quantity) == (TaxCategory.EXEMPT, 5)
    assert [(tier.amount, tier.pseudo_amount, tier.is_gross, tier.currency) for tier in simple.prices] == [
        (Decimal("19.90"), Decimal("24.90"), True, "EUR")
    ]
    assert (simple.content.images[0].url, simple.content.images[0].description) == ("https://cdn.example/1.jpg", "Vorn")
    assert (parent.content.structure, parent.content.sku, parent.content.ref) == (Structure.PARENT, "Container-2", "2")
    assert parent.content.axes[0].values == ("S", "M") and not parent.content.is_active
    assert [each.content.parent_ref for each in (small, medium)] == ["2", "2"]
    assert small.content.options[0].value == "S" and small.content.images == ()


def test_pages_go_on_by_id_and_bring_every_product_once(shop: FakeShop) -> None:
    shelf = Shelf(shop, *(product(number, variant(number, f"S{number}")) for number in range(1, 24)))
    connector = shop.connect()
    first = connector.fetch_listings("", 10)
    shelf.products[3]["title"] = "geändert"
    assert first.more and len(first.articles) == 10 and first.total == 23
    found = [*first.articles, *connector.fetch_listings(first.cursor, 100).articles]
    assert [each.content.sku for each in found] == [f"S{number}" for number in range(1, 24)]


def test_many_variants_are_read_to_their_end(shop: FakeShop) -> None:
    family = product(1, variant(10, "A-S"), variant(11, "A-M"))
    family["variants"]["pageInfo"] = {"hasNextPage": True, "endCursor": "c"}
    Shelf(shop, family)
    rest = {"nodes": [variant(12, "A-L")], "pageInfo": NO_MORE}
    shop.scripts["ListVariants"] = {"product": {"variants": rest}}
    assert [each.content.sku for each in shop.connect().fetch_listings("", 10).articles][1:] == ["A-S", "A-M", "A-L"]


def test_single_articles_come_with_their_family_once(shop: FakeShop) -> None:
    Shelf(
        shop,
        product(1, variant(10, "MUG")),
        product(2, variant(20, "TEE-S"), variant(21, "TEE-M"), number={"value": "TEE"}),
    )
    page = shop.connect().fetch_listings_by_sku(["TEE-M", "NIX", "TEE-S", " "])
    assert [each.content.sku for each in page.articles] == ["TEE", "TEE-S", "TEE-M"]
    assert shop.connect().fetch_listings_by_sku(["NIX"]).articles == ()


class Bulk:
    """A bulk operation that needs some looks until its file is there."""

    def __init__(self, shop: FakeShop, count: int) -> None:
        self.shop = shop
        self.count = str(count)
        self.states = ["CREATED", "RUNNING", "COMPLETED"]
        self.url: str | None = f"{shop.url}/file.jsonl?signature=a%2Bb"
        self.errors: list[dict[str, Any]] = []
        lines = []
        for number in range(1, count + 1):
            row = product(number, variant(number, f"S{number}"))
            parent = {key: value for key, value in row.items() if key not in ("variants", "media")}
            lines += [parent, {**variant(number, f"S{number}"), "__parentId": row["id"]}]
            lines.append({**row["media"]["nodes"][0], "__parentId": row["id"]})
        shop.files["/file.jsonl?signature=a%2Bb"] = b"\n".join(orjson.dumps(line) for line in lines)
        shop.scripts |= {
            "Count": {"productsCount": {"count": 5000}, "shop": {"currencyCode": "EUR", "taxesIncluded": False}},
            "StartBulk": self.start,
            "BulkState": self.state,
        }

    def start(self, _: dict[str, Any]) -> dict[str, Any]:
        made = None if self.errors else {"id": "gid://shopify/BulkOperation/77", "status": "CREATED"}
        return {"bulkOperationRunQuery": {"bulkOperation": made, "userErrors": self.errors}}

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        url = self.url if status == "COMPLETED" else None
        operation = {"id": asked["id"], "status": status, "errorCode": None, "url": url, "rootObjectCount": self.count}
        return {"bulkOperation": operation, "shop": {"currencyCode": "EUR", "taxesIncluded": False}}


def test_a_large_catalogue_comes_by_a_file_that_is_asked_for_again(shop: FakeShop) -> None:
    Bulk(shop, 7)
    found = pages(shop.connect(), 3)
    assert [page.ask_again_after > 0 for page in found] == [True, True, True, False, False, False]
    articles = [each for page in found for each in page.articles]
    assert [each.content.sku for each in articles] == [f"S{number}" for number in range(1, 8)]
    assert not articles[0].prices[0].is_gross and articles[0].content.images[0].description == "Vorn"
    assert len(shop.sent("StartBulk")) == 1


@pytest.mark.parametrize("serves_ranges", [True, False])
def test_another_process_goes_on_in_the_file(
    shop: FakeShop, monkeypatch: pytest.MonkeyPatch, serves_ranges: bool
) -> None:
    monkeypatch.setattr("connectors.shopify.bulk_file.PART", 100)
    Bulk(shop, 5).states = ["COMPLETED"]
    shop.serves_ranges = serves_ranges
    first = shop.connect().fetch_listings("bulk|77|0", 3)
    page = shop.connect().fetch_listings(first.cursor, 10)
    assert first.more and [each.content.sku for each in first.articles] == ["S1", "S2", "S3"]
    assert [each.content.sku for each in page.articles] == ["S4", "S5"] and not page.more
    assert all(each.content.images for each in (*first.articles, *page.articles)) and first.total == page.total == 5
    assert shop.connect().fetch_listings(page.cursor, 10).articles == ()


def test_each_page_reads_only_its_own_part_of_the_file(shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.shopify.bulk_file.PART", 2_000)
    Bulk(shop, 40).states = ["COMPLETED"]
    whole = len(shop.files["/file.jsonl?signature=a%2Bb"])
    cursor, found = "bulk|77|0", []
    for _ in range(20):
        page = shop.connect().fetch_listings(cursor, 2)
        found += [each.content.sku for each in page.articles]
        cursor = page.cursor
    assert found == [f"S{number}" for number in range(1, 41)] and not page.more
    assert whole > 30_000 and shop.bytes_served < 3 * whole


def test_a_range_that_was_not_asked_for_is_not_taken(shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    Bulk(shop, 2).states = ["COMPLETED"]
    monkeypatch.setattr(shop, "_file", lambda *_: Wire(206, b"{}", {"content-range": "bytes 5-6/7"}))
    with pytest.raises(FailureError) as caught:
        shop.connect().fetch_listings("bulk|77|0", 10)
    assert caught.value.failure.code == "NOT_JSON"


def test_an_operation_that_ended_badly_is_begun_again(shop: FakeShop) -> None:
    bulk = Bulk(shop, 1)
    bulk.states = ["FAILED"]
    page = shop.connect().fetch_listings("bulk|77|0", 10)
    assert (page.cursor, page.more) == ("", True) and page.ask_again_after > 0
    bulk.errors = [{"field": None, "message": "busy", "code": "OPERATION_IN_PROGRESS"}]
    waiting = shop.connect().fetch_listings("", 10)
    assert (waiting.cursor, waiting.more) == ("", True) and waiting.ask_again_after > 0


def test_an_empty_file_has_no_address(shop: FakeShop) -> None:
    bulk = Bulk(shop, 0)
    bulk.url, bulk.states = None, ["COMPLETED"]
    assert shop.connect().fetch_listings("bulk|77|0", 10) == ListingPage(
        articles=(), cursor="bulk|77|0", more=False, total=0
    )


def test_a_file_larger_than_permitted_is_not_swallowed(shop: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = Bulk(shop, 3)
    bulk.states = ["COMPLETED"]
    monkeypatch.setattr("connectors.shopify.client.LARGEST_FILE", 100)
    with pytest.raises(FailureError) as caught:
        shop.connect().fetch_listings("bulk|77|0", 10)
    assert caught.value.failure.code == "ANSWER_TOO_LARGE"


def test_every_option_list_that_is_declared_can_be_had(shop: FakeShop) -> None:
    def listed(*rows: dict[str, Any]) -> dict[str, Any]:
        return {"nodes": list(rows), "pageInfo": NO_MORE}

    definition = {
        "id": "d",
        "name": "Farbton",
        "namespace": "custom",
        "key": "shade",
        "type": {"name": "single_line_text_field"},
    }
    category = {"id": "gid://shopify/TaxonomyCategory/hg-1", "fullName": "Home > Mugs", "isArchived": False}
    shop.scripts |= {
        "Locations": {"locations": listed({"id": "gid://shopify/Location/5", "name": "Lager"})},
        "Publications": {
            "publications": listed(
                {
                    "id": "gid://shopify/Publication/6",
                    "catalog": None,
                    "channels": {"nodes": [{"name": "Online Store"}]},
                }
            )
        },
        "Collections": {
            "collections": listed(
                {"id": "gid://shopify/Collection/7", "title": "Bücher", "ruleSet": None},
                {
                    "id": "gid://shopify/Collection/8",
                    "title": "Automatisch",
                    "ruleSet": {"appliedDisjunctively": False},
                },
            )
        },
        "Catalogs": {
            "catalogs": listed(
                {
                    "__typename": "CompanyLocationCatalog",
                    "id": "c",
                    "title": "Händler",
                    "status": "ACTIVE",
                    "priceList": None,
                }
            )
        },
        "Definitions": {"metafieldDefinitions": listed(definition)},
        "Taxonomy": {"taxonomy": {"categories": listed(category, {**category, "id": "old", "isArchived": True})}},
    }
    connector = shop.connect()
    found = {kind: [(each.value, each.label) for each in connector.list_choices(kind)] for kind in shopify.SPEC.choices}
    assert found == {
        "locations": [("5", "Lager")],
        "publications": [("6", "Online Store")],
        "collections": [("7", "Bücher")],
        "catalogs": [("Händler", "Händler")],
        "metafields": [("custom.shade", "Farbton (custom.shade)")],
        "taxonomy": [("gid://shopify/TaxonomyCategory/hg-1", "Home > Mugs")],
    }
