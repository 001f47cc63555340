"""Stock per location, prices and B2B catalogues for Shopify: what is sent, and what becomes of each record."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.catalogue import ArticlePrices, PriceTier
from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.push import LocationLevel, Outcome, PushAnswer, StockLevel
from connectors.shopify.client import Shopify
from connectors.shopify.settings import ShopifyPriceSettings, ShopifyStockSettings
from tests.connectors.test_shopify_support import FakeShop, Wire

BERLIN, KIEL = "101", "102"


class Warehouse:
    """The shop's variants and their quantities; items are active only at Berlin until somebody activates them."""

    def __init__(self, shop: FakeShop) -> None:
        self.shop = shop
        self.variants: dict[str, dict[str, Any]] = {}
        self.active: set[tuple[str, str]] = set()
        self.levels: dict[tuple[str, str], int] = {}
        self.prices: dict[str, tuple[str, str | None]] = {}
        shop.scripts |= {
            "FindVariants": self.find,
            "SetQuantities": self.set,
            "Activate": self.activate,
            "ItemAtLocation": self.at,
            "UpdatePrices": self.price,
        }

    def add(self, sku: str, product: str = "1", *, tracked: bool = True) -> str:
        number = str(20 + len(self.variants))
        self.variants[number] = {
            "id": f"gid://shopify/ProductVariant/{number}",
            "sku": sku,
            "product": {"id": f"gid://shopify/Product/{product}", "hasOnlyDefaultVariant": False},
            "inventoryItem": {"id": f"gid://shopify/InventoryItem/9{number}", "tracked": tracked},
        }
        self.active.add((f"9{number}", BERLIN))
        return f"{product}/{number}/9{number}"

    def find(self, asked: dict[str, Any]) -> dict[str, Any]:
        terms = {term.removeprefix("sku:").strip('"').replace('\\"', '"') for term in asked["query"].split(" OR ")}
        return {"productVariants": {"nodes": [row for row in self.variants.values() if row["sku"] in terms]}}

    def set(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted, errors = {}, []
        assert asked["key"] and all(row["changeFromQuantity"] is None for row in asked["input"]["quantities"])
        for index, row in enumerate(asked["input"]["quantities"]):
            spot = (row["inventoryItemId"].rpartition("/")[2], row["locationId"].rpartition("/")[2])
            wanted[spot] = row["quantity"]
            if spot not in self.active:
                path = ["input", "quantities", str(index), "inventoryItemId"]
                errors.append({"field": path, "message": "not stocked here", "code": "INVALID_INVENTORY_ITEM"})
            elif row["quantity"] > 1_000_000_000:
                path = ["input", "quantities", str(index), "quantity"]
                errors.append({"field": path, "message": "too high", "code": "INVALID_QUANTITY_TOO_HIGH"})
        if not errors:
            self.levels |= wanted
        group = None if errors else {"id": "gid://shopify/InventoryAdjustmentGroup/1"}
        return {"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": errors}}

    def at(self, asked: dict[str, Any]) -> dict[str, Any]:
        location = asked["location"].rpartition("/")[2]
        there = location in (BERLIN, KIEL)
        rows = []
        for ref in asked["items"]:
            number = ref.rpartition("/")[2]
            known = next((row for row in self.variants.values() if row["inventoryItem"]["id"] == ref), None)
            level = {"id": f"gid://shopify/InventoryLevel/{number}"} if (number, location) in self.active else None
            item = known["inventoryItem"] if known else None
            rows.append(item and {"__typename": "InventoryItem", **item, "inventoryLevel": level})
        return {"location": {"id": asked["location"], "isActive": True} if there else None, "nodes": rows}

    def activate(self, asked: dict[str, Any]) -> dict[str, Any]:
        spot = (asked["item"].rpartition("/")[2], asked["location"].rpartition("/")[2])
        self.active.add(spot)
        self.levels[spot] = asked["available"]
        return {"inventoryActivate": {"inventoryLevel": {"id": "gid://shopify/InventoryLevel/1"}, "userErrors": []}}

    def price(self, asked: dict[str, Any]) -> dict[str, Any]:
        done, errors = [], []
        for index, row in enumerate(asked["variants"]):
            number = row["id"].rpartition("/")[2]
            code = None if number in self.variants else "PRODUCT_VARIANT_DOES_NOT_EXIST"
            code = "NEGATIVE_PRICE_VALUE" if Decimal(row["price"]) < 0 else code
            if code:
                errors.append({"field": ["variants", str(index), "price"], "message": "", "code": code})
                continue
            self.prices[number] = (row["price"], row.get("compareAtPrice", "kept"))
            done.append({"id": row["id"], "price": row["price"], "compareAtPrice": row.get("compareAtPrice")})
        return {"productVariantsBulkUpdate": {"productVariants": done, "userErrors": errors}}


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


@pytest.fixture
def stocked(shop: FakeShop) -> Warehouse:
    return Warehouse(shop)


def stock_of(shop: FakeShop, **locations: str) -> Shopify:
    return shop.connect(stock=ShopifyStockSettings(location_map=locations or {"B": BERLIN}))


def level(sku: str, quantity: int, ref: str = "", *at: LocationLevel) -> StockLevel:
    return StockLevel(key=f"A-{sku}", sku=sku, ref=ref, quantity=quantity, locations=at)


def codes(answer: PushAnswer) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]


# --- stock ------------------------------------------------------------------------------------------------------------


@pytest.mark.proves("shopify", "stock", "match_sku")
def test_levels_are_set_in_one_call_and_refs_spare_the_look_up(shop: FakeShop, stocked: Warehouse) -> None:
    refs = [stocked.add("MUG"), stocked.add("TEE", product="2")]
    connector = stock_of(shop)
    answer = connector.send_stock([level("MUG", 7), level("TEE", 0)])
    assert codes(answer) == ["accepted"] * 2 and [result.ref for result in answer.results] == refs
    assert shop.names() == ["FindVariants", "SetQuantities"]
    assert set(stocked.levels.values()) == {7, 0}
    shop.requests.clear()
    connector.send_stock([level("MUG", 6, refs[0])])
    assert shop.names() == ["SetQuantities"]


def test_a_level_of_before_is_sent_again_under_a_key_of_its_own(shop: FakeShop, stocked: Warehouse) -> None:
    ref = stocked.add("MUG")
    connector = stock_of(shop)
    for quantity in (5, 7, 5):
        connector.send_stock([level("MUG", quantity, ref)])
    assert len({asked["key"] for asked in shop.sent("SetQuantities")}) == 3


@pytest.mark.proves("shopify", "stock_locations")
def test_each_location_has_its_own_level_and_items_are_activated_where_they_are_not(
    shop: FakeShop, stocked: Warehouse
) -> None:
    stocked.add("MUG")
    at = (LocationLevel(location_ref=BERLIN, quantity=3), LocationLevel(location_ref=KIEL, quantity=4))
    assert codes(stock_of(shop, B=BERLIN, K=KIEL).send_stock([level("MUG", 7, "", *at)])) == ["accepted"]
    assert stocked.levels == {("920", BERLIN): 3, ("920", KIEL): 4}


def test_one_bad_level_is_rejected_alone(shop: FakeShop, stocked: Warehouse) -> None:
    for sku in ("MUG", "HUGE", "TWICE", "TWICE"):
        stocked.add(sku)
    stocked.add("LOOSE", tracked=False)
    levels = [
        level("MUG", 7),
        level("NIX", 1),
        level("  ", 1),
        level("HUGE", 2_000_000_000),
        level("TWICE", 1),
        level("LOOSE", 1),
    ]
    levels.append(level("A,B", 1))
    answer = stock_of(shop).send_stock(levels)
    assert codes(answer) == [
        "accepted",
        "NOT_IN_SHOP",
        "NOT_IN_SHOP",
        "ITEM_REFUSED",
        "SKU_TWICE",
        "STOCK_NOT_MANAGED",
        "NOT_IN_SHOP",
    ]
    assert stocked.levels == {("920", BERLIN): 7}


def test_a_location_that_is_gone_rejects_only_what_goes_there(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("MUG"), stocked.add("TEE")
    gone = (LocationLevel(location_ref="999", quantity=1),)
    here = (LocationLevel(location_ref=BERLIN, quantity=1),)
    answer = stock_of(shop).send_stock([level("MUG", 1, "", *gone), level("TEE", 1, "", *here)])
    assert codes(answer) == ["LOCATION_GONE", "accepted"]


def test_a_ref_that_the_shop_forgot_is_looked_up_again(shop: FakeShop, stocked: Warehouse) -> None:
    ref = stocked.add("MUG")
    connector = stock_of(shop)
    for stale in ("8/8/8", "no ref", "1/20"):
        result = connector.send_stock([level("MUG", 5, stale)]).results[0]
        assert (result.outcome, result.ref) == (Outcome.ACCEPTED, ref)
    assert codes(connector.send_stock([level("GONE", 5, "8/8/8")])) == ["NOT_IN_SHOP"]


def test_without_a_location_nothing_can_work(shop: FakeShop) -> None:
    with pytest.raises(FailureError) as caught:
        shop.connect(stock=ShopifyStockSettings()).send_stock([level("MUG", 1)])
    assert (caught.value.failure.code, caught.value.failure.kind) == ("NO_LOCATION_MAP", Kind.OPERATOR)


def test_an_answer_that_confirms_nothing_is_no_success(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("MUG")
    busy = [{"field": None, "message": "busy", "code": "IDEMPOTENCY_CONCURRENT_REQUEST"}]
    shop.scripts["SetQuantities"] = {"inventorySetQuantities": {"userErrors": busy}}
    connector = stock_of(shop)
    with pytest.raises(FailureError) as caught:
        connector.send_stock([level("MUG", 1)])
    assert caught.value.failure.kind is Kind.RETRY
    shop.scripts["SetQuantities"] = {"inventorySetQuantities": None}
    with pytest.raises(FailureError):
        connector.send_stock([level("MUG", 1)])
    bad_name = [{"field": ["input", "name"], "message": "no", "code": "INVALID_NAME"}]
    shop.scripts["SetQuantities"] = {"inventorySetQuantities": {"userErrors": bad_name}}
    assert codes(connector.send_stock([level("MUG", 1)])) == ["ITEM_REFUSED"]


def test_a_large_batch_goes_in_as_many_calls_as_the_shop_permits(shop: FakeShop, stocked: Warehouse) -> None:
    refs = {f"S{index}": stocked.add(f"S{index}") for index in range(300)}
    answer = stock_of(shop).send_stock([level(sku, 1, ref) for sku, ref in refs.items()])
    assert set(codes(answer)) == {"accepted"}
    assert [len(asked["input"]["quantities"]) for asked in shop.sent("SetQuantities")] == [250, 50]


# --- prices -----------------------------------------------------------------------------------------------------------


def prices(sku: str, amount: str, ref: str = "", pseudo: str | None = None, *tiers: PriceTier) -> ArticlePrices:
    base = PriceTier(amount=Decimal(amount), pseudo_amount=Decimal(pseudo) if pseudo else None)
    return ArticlePrices(key=f"A-{sku}", sku=sku, ref=ref, base=base, tiers=tiers)


@pytest.mark.proves("shopify", "prices", "pseudo_price")
def test_prices_go_product_by_product(shop: FakeShop, stocked: Warehouse) -> None:
    refs = [stocked.add("S"), stocked.add("M"), stocked.add("CUP", product="2")]
    sent = [prices("S", "19.90", pseudo="24.90"), prices("M", "19.90"), prices("CUP", "5.00")]
    answer = shop.connect().send_prices(sent)
    assert codes(answer) == ["accepted"] * 3 and [result.ref for result in answer.results] == refs
    assert len(shop.sent("UpdatePrices")) == 2
    assert stocked.prices == {"20": ("19.90", "24.90"), "21": ("19.90", None), "22": ("5.00", None)}


def test_a_pseudo_price_that_is_not_ours_is_left_alone(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("S")
    shop.connect(prices=ShopifyPriceSettings(send_pseudo_price=False)).send_prices([prices("S", "1.00", pseudo="2.00")])
    assert stocked.prices["20"] == ("1.00", "kept")


def test_one_bad_price_is_rejected_alone_and_a_stale_ref_is_looked_up(shop: FakeShop, stocked: Warehouse) -> None:
    ref = stocked.add("S")
    stocked.add("BAD")
    answer = shop.connect().send_prices([prices("S", "1.00", "1/77/9"), prices("BAD", "-1.00"), prices("NIX", "1.00")])
    assert codes(answer) == ["accepted", "ITEM_REFUSED", "NOT_IN_SHOP"]
    assert answer.results[0].ref == ref


class Catalogs:
    """B2B catalogues with a price list each."""

    def __init__(self, shop: FakeShop, **currencies: str) -> None:
        self.fixed: dict[str, set[str]] = {}
        self.added: list[dict[str, Any]] = []
        self.breaks: dict[str, list[tuple[int, str]]] = {}
        rows = [
            {
                "__typename": "CompanyLocationCatalog",
                "id": f"gid://shopify/CompanyLocationCatalog/{title}",
                "title": title,
                "status": "ACTIVE",
                "priceList": {"id": f"gid://shopify/PriceList/{title}", "currency": currency},
            }
            for title, currency in currencies.items()
        ]
        shop.scripts |= {
            "Catalogs": {"catalogs": {"nodes": rows, "pageInfo": {"hasNextPage": False}}},
            "AddFixedPrices": self.add,
            "DeleteFixedPrices": self.delete,
            "QuantityPrices": self.scale,
        }

    def add(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.added += asked["prices"]
        self.fixed.setdefault(asked["list"], set()).update(row["variantId"] for row in asked["prices"])
        done = [{"price": {"amount": row["price"]["amount"]}} for row in asked["prices"]]
        return {"priceListFixedPricesAdd": {"prices": done, "userErrors": []}}

    def delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        have = self.fixed.get(asked["list"], set())
        errors = [
            {"field": ["variantIds", str(index)], "message": "not fixed", "code": "PRICE_NOT_FIXED"}
            for index, variant in enumerate(asked["variants"])
            if variant not in have
        ]
        if not errors:
            have -= set(asked["variants"])
        return {"priceListFixedPricesDelete": {"deletedFixedPriceVariantIds": [], "userErrors": errors}}

    def scale(self, asked: dict[str, Any]) -> dict[str, Any]:
        """All or nothing; even quantities only."""
        change = asked["input"]
        entries = change["quantityPriceBreaksToAdd"]
        errors = [
            {
                "field": ["input", "quantityPriceBreaksToAdd", str(index), "minimumQuantity"],
                "message": "not a multiple",
                "code": "QUANTITY_PRICE_BREAK_ADD_MIN_NOT_A_MULTIPLE_OF_QUANTITY_RULES_INCREMENT",
            }
            for index, entry in enumerate(entries)
            if entry["minimumQuantity"] % 2
        ]
        if not errors:
            for variant in change["quantityPriceBreaksToDeleteByVariantId"]:
                self.breaks.pop(variant.rpartition("/")[2], None)
            for entry in entries:
                step = (entry["minimumQuantity"], entry["price"]["amount"])
                self.breaks.setdefault(entry["variantId"].rpartition("/")[2], []).append(step)
        return {"quantityPricingByVariantUpdate": {"productVariants": [], "userErrors": errors}}


def group(amount: str, name: str = "Haendler", quantity: int = 1, **fields: Any) -> PriceTier:
    return PriceTier(amount=Decimal(amount), group=name, from_quantity=Decimal(quantity), **fields)


@pytest.mark.proves("shopify", "group_prices")
def test_group_and_scale_prices_go_to_the_catalogue_of_the_groups_name(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("S"), stocked.add("M")
    catalogs = Catalogs(shop, Haendler="EUR")
    connector = shop.connect(prices=ShopifyPriceSettings(advanced_prices=True, b2b_groups=frozenset({"Haendler"})))
    past = group("1.00", valid_to="2020-01-01")
    sent = [
        prices("S", "20.00", "", None, past, group("15.00"), group("12.00", quantity=10), group("9.00", "Andere")),
        prices("M", "20.00"),
    ]
    assert codes(connector.send_prices(sent)) == ["accepted"] * 2
    assert [(row["variantId"][-2:], row["price"]["amount"]) for row in catalogs.added] == [("20", "15.00")]
    change = shop.sent("QuantityPrices")[0]["input"]
    assert [(row["minimumQuantity"], row["price"]["amount"]) for row in change["quantityPriceBreaksToAdd"]] == [
        (10, "12.00")
    ]
    assert codes(connector.send_prices([prices("S", "20.00")])) == ["accepted"]
    assert catalogs.fixed == {"gid://shopify/PriceList/Haendler": set()}


def test_a_group_without_a_catalogue_or_in_another_currency_is_named(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("S")
    Catalogs(shop, Schweiz="CHF")
    groups = frozenset({"Haendler", "Schweiz"})
    connector = shop.connect(prices=ShopifyPriceSettings(advanced_prices=True, b2b_groups=groups))
    assert codes(connector.send_prices([prices("S", "20.00", "", None, group("15.00"))])) == ["NO_GROUP_MAP"]
    assert codes(connector.send_prices([prices("S", "20.00", "", None, group("15.00", "Schweiz"))])) == [
        "NO_CURRENCY_MAP"
    ]
    assert codes(connector.send_prices([prices("S", "20.00")])) == ["accepted"]


def test_prices_of_groups_stay_here_unless_they_are_wanted(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("S")
    assert codes(shop.connect().send_prices([prices("S", "20.00", "", None, group("15.00"))])) == ["accepted"]
    assert "Catalogs" not in shop.names()


def test_an_outage_while_sending_is_raised(shop: FakeShop, stocked: Warehouse) -> None:
    stocked.add("S")
    shop.scripts["UpdatePrices"] = lambda _: Wire(503)
    with pytest.raises(FailureError) as caught:
        shop.connect().send_prices([prices("S", "1.00")])
    assert caught.value.failure.kind is Kind.RETRY
