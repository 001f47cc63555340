"""Prices, categories and refunds to WooCommerce: each once, in the shop's terms, and refused one by one."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import connectors
from canonical.catalogue import ArticlePrices, CategoryNode, PriceTier, TaxCategory
from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import Outcome, Refund, RefundLine
from canonical.settings import PriceSettings, RefundSettings
from connectors.woocommerce.settings import WooPriceSettings, WooRefundSettings
from tests.connectors.woo_kit import KitServer, KitShop, codes, error


@pytest.fixture
def shop() -> Iterator[KitShop]:
    made = KitShop()
    with KitServer(made):
        yield made


# --- prices ------------------------------------------------------------------------------------------------------------


def price(sku: str, amount: str, pseudo: str | None = None, *, ref: str = "", **fields: Any) -> ArticlePrices:
    tier = {"amount": Decimal(amount), "pseudo_amount": Decimal(pseudo) if pseudo else None}
    own = {name: fields.pop(name) for name in ("currency", "is_gross") if name in fields}
    return ArticlePrices(key=f"A-{sku}", sku=sku, ref=ref, base=PriceTier(**tier, **own), **fields)


def push_prices(shop: KitShop, *prices: ArticlePrices, **settings: Any) -> list[Any]:
    chosen = {Feature.PRICES: WooPriceSettings.model_validate(settings)}
    return list(shop.connect(chosen).send_prices(prices).results)


def shown(shop: KitShop, sku: str) -> tuple[str, str]:
    product = shop.by_sku(sku)
    return product.get("regular_price", "?"), product.get("sale_price", "?")


@pytest.mark.proves("woocommerce", "prices", "pseudo_price")
def test_a_pseudo_price_is_the_regular_one_and_the_price_is_the_sale(shop: KitShop) -> None:
    for sku in ("A", "B", "C"):
        shop.add(sku)
    results = push_prices(shop, price("A", "9.90", "12.90"), price("B", "9.90"), price("C", "9.90", "9.90"))
    assert codes(results) == ["accepted"] * 3 and results[0].ref == str(shop.by_sku("A")["id"])
    assert [shown(shop, sku) for sku in ("A", "B", "C")] == [("12.90", "9.90"), ("9.90", ""), ("9.90", "")]
    push_prices(shop, price("A", "9.90", ref=results[0].ref))
    assert shown(shop, "A") == ("9.90", "")


def test_without_pseudo_prices_the_shops_own_sale_stays(shop: KitShop) -> None:
    shop.add("A", sale_price="5.00")
    push_prices(shop, price("A", "9.90", "12.90"), send_pseudo_price=False)
    assert shown(shop, "A") == ("9.90", "5.00")


@pytest.mark.parametrize(
    ("fields", "settings", "expected"),
    [
        ({}, {}, "19.99"),
        ({}, {"prices_net": True}, "16.7983"),
        ({}, {"prices_net": True, "pre_round": True}, "16.80"),
        ({"tax_rate": Decimal(7)}, {"prices_net": True}, "18.6822"),
        ({"tax_category": TaxCategory.REDUCED}, {"prices_net": True, "tax_reduced": "10"}, "18.1727"),
        ({"tax_category": TaxCategory.EXEMPT}, {"prices_net": True}, "19.99"),
        ({"is_gross": False}, {}, "23.7881"),
        ({"is_gross": False}, {"pre_round": True}, "23.79"),
        ({"is_gross": False}, {"prices_net": True}, "19.99"),
        ({"currency": "JPY"}, {"pre_round": True}, "20.00"),
    ],
)
def test_prices_are_net_or_gross_as_the_shop_enters_them(
    shop: KitShop, fields: Any, settings: Any, expected: str
) -> None:
    shop.add("A")
    assert codes(push_prices(shop, price("A", "19.99", **fields), **settings)) == ["accepted"]
    assert Decimal(shown(shop, "A")[0]) == Decimal(expected)


def test_variations_are_priced_through_their_parent_which_has_no_price_itself(shop: KitShop) -> None:
    parent = shop.add("SHIRT", type="variable")
    shop.add("SHIRT-S", type="variation", parent_id=parent)
    results = push_prices(shop, price("SHIRT", "9"), price("SHIRT-S", "9.5"), price("NONE", "9"))
    assert [result.outcome for result in results] == [Outcome.SKIPPED, Outcome.ACCEPTED, Outcome.REJECTED]
    assert codes(results)[2] == "NOT_IN_SHOP" and results[1].ref == f"{parent}/{shop.by_sku('SHIRT-S')['id']}"
    assert [path for method, path, _, _ in shop.requests if method == "POST"] == [
        f"/products/{parent}/variations/batch"
    ]
    again = push_prices(shop, price("SHIRT", "9", ref=str(parent)), price("SHIRT-S", "8", ref="1/2"))
    assert [result.outcome for result in again] == [Outcome.SKIPPED, Outcome.ACCEPTED]


def test_a_price_that_the_shop_does_not_repeat_is_not_accepted(shop: KitShop) -> None:
    first = shop.add("A")
    shop.fail("/products/batch", 200, {"update": [{"id": first, "regular_price": "1.00", "sale_price": ""}]})
    assert codes(push_prices(shop, price("A", "9.90"))) == ["ITEM_REFUSED"]
    shop.add("B")
    shop.add("B")
    assert codes(push_prices(shop, price("B", "9.90"))) == ["SKU_TWICE"]


@pytest.mark.parametrize("setting", [{"pre_round": True}, {"prices_net": True}])
def test_each_setting_of_prices_changes_what_is_sent(shop: KitShop, setting: Any) -> None:
    shop.add("A")
    sent = price("A", "19.99", is_gross=False)
    push_prices(shop, sent)
    push_prices(shop, sent, **setting)
    assert shop.sent("/products/batch")[0] != shop.sent("/products/batch")[1]


def test_no_setting_of_prices_is_without_such_a_case() -> None:
    assert set(WooPriceSettings.model_fields) - set(PriceSettings.model_fields) == {"pre_round"}
    assert set(WooRefundSettings.model_fields) - set(RefundSettings.model_fields) == {"api_refund"}


# --- categories --------------------------------------------------------------------------------------------------------


def node(key: str, parent: str = "", **fields: Any) -> CategoryNode:
    return CategoryNode(**{"key": key, "name": key.title(), "parent_key": parent, **fields})


def tree(shop: KitShop) -> dict[str, str]:
    names = {row["id"]: row["name"] for row in shop.categories.values()}
    return {row["name"]: names.get(row["parent"], "") for row in shop.categories.values()}


@pytest.mark.proves("woocommerce", "category_tree")
def test_a_tree_is_created_level_by_level(shop: KitShop) -> None:
    nodes = [node("home"), node("kitchen", "home"), node("mugs", "kitchen"), node("garden", "home")]
    results = shop.connect().send_categories(nodes).results
    assert codes(results) == ["accepted"] * 4
    assert tree(shop) == {"Home": "", "Kitchen": "Home", "Garden": "Home", "Mugs": "Kitchen"}
    assert len(shop.sent("/products/categories/batch")) == 3
    moved = node("mugs", "home", ref=results[2].ref, parent_ref=results[0].ref, name="Becher")
    assert codes(shop.connect().send_categories([moved]).results) == ["accepted"]
    assert tree(shop)["Becher"] == "Home"


def test_a_category_that_exists_is_adopted_so_that_a_lost_answer_makes_no_second_one(shop: KitShop) -> None:
    shop.lose("/products/categories/batch")
    with pytest.raises(FailureError) as caught:
        shop.connect().send_categories([node("home")])
    assert caught.value.failure.kind is Kind.RETRY
    results = shop.connect().send_categories([node("home")]).results
    assert codes(results) == ["accepted"] and [results[0].ref] == [str(number) for number in shop.categories]


def test_a_category_that_the_shop_forgot_is_created_again(shop: KitShop) -> None:
    results = shop.connect().send_categories([node("home", ref="999"), node("kitchen", "home")]).results
    assert codes(results) == ["accepted"] * 2 and results[0].ref != "999"
    assert tree(shop) == {"Home": "", "Kitchen": "Home"}


def test_one_bad_category_is_refused_with_those_below_it(shop: KitShop) -> None:
    refused = {"create": [{"id": 0, "error": error("odd")[1]}, {"id": 5, "name": "Garden"}]}
    shop.fail("/products/categories/batch", 200, refused)
    nodes = [node("home"), node("garden"), node("kitchen", "home"), node("lost", "unknown")]
    results = shop.connect().send_categories(nodes).results
    assert codes(results) == ["ITEM_REFUSED", "accepted", "CATEGORY_NOT_EXPORTED", "CATEGORY_NOT_EXPORTED"]
    assert results[2].failure.params["category"] == "Home"


def test_a_name_that_the_shop_cannot_keep_is_refused_before_it_is_sent(shop: KitShop) -> None:
    nodes = [node("a", name="x" * 201), node("b", name="x" * 200), node("c", name=" ")]
    results = shop.connect().send_categories(nodes).results
    assert codes(results) == ["FIELD_TOO_LONG", "accepted", "FIELD_INVALID"]


def test_categories_that_are_their_own_parents_end(shop: KitShop) -> None:
    results = shop.connect().send_categories([node("a", "b"), node("b", "a"), node("c", "c")]).results
    assert codes(results) == ["CATEGORY_NOT_EXPORTED"] * 3


def test_levels_done_before_an_outage_keep_their_result(shop: KitShop) -> None:
    def rule(method: str, path: str, body: Any) -> Any:
        return (503, {}) if method == "POST" and body["create"][0]["name"] == "Kitchen" else None

    shop.rules.append(rule)
    results = shop.connect().send_categories([node("home"), node("kitchen", "home")]).results
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert results[1].failure.kind is Kind.RETRY


def test_a_deleted_category_goes_with_all_below_it(shop: KitShop) -> None:
    nodes = [node("home"), node("kitchen", "home"), node("mugs", "kitchen"), node("garden")]
    refs = {r.key: r.ref for r in shop.connect().send_categories(nodes).results}
    gone = [node("home", ref=refs["home"], is_deleted=True), node("old", ref="999", is_deleted=True)]
    assert codes(shop.connect().send_categories(gone).results) == ["accepted"] * 2
    assert tree(shop) == {"Garden": ""}
    deleted = shop.sent("/products/categories/batch")[-1]["delete"]
    assert deleted == [int(refs[key]) for key in ("mugs", "kitchen", "home")]
    refusal = {"delete": [{"id": int(refs["garden"]), "error": error("woocommerce_rest_cannot_delete")[1]}]}
    shop.fail("/products/categories/batch", 200, refusal)
    last = node("garden", ref=refs["garden"], is_deleted=True)
    assert codes(shop.connect().send_categories([last]).results) == ["ITEM_REFUSED"]


# --- refunds -----------------------------------------------------------------------------------------------------------

ORDER = {
    "id": 70,
    "currency": "EUR",
    "total": "28.77",
    "refunds": [],
    "line_items": [
        {"id": 1, "taxes": [{"id": 1, "total": "3.80", "subtotal": "3.80"}, {"id": 2, "total": "", "subtotal": ""}]}
    ],
    "shipping_lines": [{"id": 9, "total": "4.12", "total_tax": "0.78", "taxes": [{"id": 1, "total": "0.78"}]}],
}


def refund(**fields: Any) -> Refund:
    line = RefundLine(line_ref="1", quantity=Decimal(1), amount=Decimal("11.90"), tax=Decimal("1.90"))
    own = {"key": "ER-1", "order_ref": "70", "amount": Decimal("16.80"), "currency": "EUR", "lines": (line,)}
    return Refund(**{**own, "shipping": Decimal("4.90"), "note": "Retoure", **fields})


def send_refunds(shop: KitShop, *refunds: Refund, **settings: Any) -> Any:
    shop.orders.setdefault(70, dict(ORDER))
    connector = shop.connect({Feature.REFUNDS: WooRefundSettings.model_validate(settings)})
    return connector.send_refunds(refunds).results


@pytest.mark.proves("woocommerce", "refunds")
def test_a_refund_names_lines_and_postage_with_their_taxes(shop: KitShop) -> None:
    results = send_refunds(shop, refund(restocks=True))
    assert codes(results) == ["accepted"] and results[0].ref == str(shop.refunds[70][0]["id"])
    assert shop.sent("/orders/70/refunds") == [
        {
            "amount": "16.80",
            "reason": "Retoure [ER-1]",
            "api_refund": True,
            "api_restock": True,
            "line_items": [
                {"id": 1, "quantity": 1, "refund_total": 10.0, "refund_tax": [{"id": 1, "refund_total": 1.9}]},
                {"id": 9, "refund_total": 4.12, "refund_tax": [{"id": 1, "refund_total": 0.78}]},
            ],
        }
    ]


def test_a_goodwill_amount_names_no_line(shop: KitShop) -> None:
    send_refunds(shop, refund(lines=(), shipping=Decimal(0)), api_refund=False)
    sent = shop.sent("/orders/70/refunds")[0]
    assert (sent["amount"], sent["line_items"], sent["api_refund"]) == ("16.80", [], False)


def test_a_refund_whose_answer_was_lost_is_not_made_twice(shop: KitShop) -> None:
    shop.lose("/orders/70/refunds")
    with pytest.raises(FailureError) as caught:
        send_refunds(shop, refund())
    assert caught.value.failure.kind is Kind.RETRY
    results = send_refunds(shop, refund(is_repeat=True))
    assert codes(results) == ["accepted"] and len(shop.refunds[70]) == 1
    assert results[0].ref == str(shop.refunds[70][0]["id"])
    other = send_refunds(shop, refund(key="ER-11", is_repeat=True))
    assert codes(other) == ["accepted"] and len(shop.refunds[70]) == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": Decimal("28.78")}, "REFUND_TOO_HIGH"),
        ({"currency": "USD"}, "ITEM_REFUSED"),
        ({"order_ref": "71"}, "ORDER_NOT_IN_SHOP"),
        ({"order_ref": "7/../0"}, "ORDER_NOT_IN_SHOP"),
        ({"order_ref": "71", "is_repeat": True}, "ORDER_NOT_IN_SHOP"),
    ],
)
def test_what_cannot_be_refunded_is_refused_before_it_is_sent(shop: KitShop, fields: Any, code: str) -> None:
    assert codes(send_refunds(shop, refund(**fields), refund(key="ER-2"))) == [code, "accepted"]
    assert len(shop.sent("/orders/.*/refunds")) == 1


def test_what_was_refunded_already_counts(shop: KitShop) -> None:
    shop.orders[70] = {**ORDER, "refunds": [{"id": 3, "total": "-20.00"}]}
    failure = send_refunds(shop, refund())[0].failure
    assert (failure.code, failure.params["most"]) == ("REFUND_TOO_HIGH", "8.77")


def test_what_the_payment_provider_refuses_is_not_tried_for_ever(shop: KitShop) -> None:
    refused = {"code": "woocommerce_rest_cannot_create_order_refund", "message": "No automatic refunds.", "data": 500}
    shop.fail("/orders/70/refunds", 500, refused)
    failure = send_refunds(shop, refund())[0].failure
    assert (failure.code, failure.params["reason"]) == ("ITEM_REFUSED", "No automatic refunds.")


def test_refunds_before_an_outage_keep_their_result(shop: KitShop) -> None:
    shop.orders[71] = {**ORDER, "id": 71}
    shop.fail("/orders/71/refunds", 500, {"code": "internal_server_error"})
    results = send_refunds(shop, refund(), refund(key="ER-2", order_ref="71"), refund(key="ER-3"))
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.REJECTED]
    assert {result.failure.kind for result in results[1:]} == {Kind.RETRY} and 70 in shop.refunds


# --- the connection test -----------------------------------------------------------------------------------------------


def test_each_feature_is_proved_by_itself_and_nothing_is_changed(shop: KitShop) -> None:
    features = list(connectors.spec_of("woocommerce").features)
    report = shop.connect().check(features)
    assert report.ok and {item.feature for item in report.items if item.feature} == set(features)
    assert all(body == {} for method, _, _, body in shop.requests if method != "GET")
    shop.fail("/products/categories/batch", *error("woocommerce_rest_cannot_batch", 401))
    report = shop.connect().check(features)
    assert [feature for feature in features if not report.permits(feature)] == [Feature.CATEGORIES]
    failed = [item.failure for item in report.items if item.failure]
    assert [(each.code, each.params) for each in failed] == [
        ("PERMISSION", {"permission": "write products/categories"})
    ]


def test_a_key_that_may_only_read_permits_no_feature_that_writes(woo: Any) -> None:
    features = [Feature.ARTICLES, Feature.PRICES, Feature.REFUNDS]
    report = woo.connect(read_only=True).check(features)
    assert not [feature for feature in features if report.permits(feature)]
    assert {item.failure.code for item in report.items if item.failure} == {"PERMISSION"}
    assert woo.shop.effects == []
