"""Orders: sums to the cent, lists and paging, stock taken once, effects noted once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from sandbox.woocommerce.taxes import TAX_RATES, cents, tax_on
from tests.sandbox.support import ANNA, api_client, fill

RATES = {rate.id: rate for rate in TAX_RATES}
VIENNA, PARIS, ZURICH = ({**ANNA, "country": country} for country in ("AT", "FR", "CH"))


def assert_adds_up(order: dict[str, Any]) -> None:
    """Lines, tax lines and totals of an order agree to the cent."""
    goods, postage = [*order["line_items"], *order["fee_lines"]], order["shipping_lines"]

    def total(lines: list[dict[str, Any]], *keys: str) -> Decimal:
        return sum((Decimal(line[key]) for line in lines for key in keys), Decimal(0))

    assert total([*goods, *postage], "total", "total_tax") == Decimal(order["total"])
    assert total(goods, "total_tax") == Decimal(order["cart_tax"]) == total(order["tax_lines"], "tax_total")
    assert (
        total(postage, "total_tax") == Decimal(order["shipping_tax"]) == total(order["tax_lines"], "shipping_tax_total")
    )
    assert Decimal(order["cart_tax"]) + Decimal(order["shipping_tax"]) == Decimal(order["total_tax"])
    for tax in order["tax_lines"]:
        for lines, key in ((goods, "tax_total"), (postage, "shipping_tax_total")):
            parts = [Decimal(t["total"]) for line in lines for t in line["taxes"] if t["id"] == tax["rate_id"]]
            assert sum(parts, Decimal(0)) == Decimal(tax[key])
    assert total(order["line_items"], "subtotal") - total(order["line_items"], "total") == Decimal(
        order["discount_total"]
    )


def test_the_tax_arithmetic_gives_every_recorded_line_to_the_cent(recorded: Callable[[str], Any]) -> None:
    checked = 0
    for order in recorded("orders_all"):
        assert_adds_up(order)
        for line in order["line_items"]:
            net = Decimal(str(line["price"])) * line["quantity"]
            assert str(cents(net)) == line["total"], (order["id"], line["sku"])
            for tax in line["taxes"]:
                assert str(tax_on(net, RATES[tax["id"]], includes_tax=True)) == tax["total"], (order["id"], line["sku"])
                checked += 1
    assert checked > 40


RECORDED_BASKETS = [
    # Recorded order, what was bought, from where, coupons.
    (53, [("KB-300", 1)], ANNA, []),
    (54, [("KB-300", 2), ("BU-1001", 1), ("LM-KAF-1000", 3)], ANNA, []),
    (55, [("LM-KAF-1000", 2), ("EL-USBC-2", 5)], ANNA, ["willkommen10"]),
    (56, [("BU-1001", 1), ("KB-300", 1)], ANNA, ["fuenf"]),
    (57, [("KB-300", 4), ("EL-LAMP-7", 1)], ANNA, ["becher2", "willkommen10"]),
]


@pytest.mark.parametrize("case", RECORDED_BASKETS, ids=[str(case[0]) for case in RECORDED_BASKETS])
def test_the_same_basket_gives_the_recorded_order(
    case: tuple[int, Any, Any, Any], recorded: Callable[[str], Any]
) -> None:
    number, lines, buyer, coupons = case
    shop = fill(WooShop())
    # Recorded: this coupon is limited to cups; without other goods it is the same as one for all.
    cups_only = "becher2" in coupons
    if cups_only:
        shop.add_coupon("becher2", "fixed_cart", "8")
        lines = lines[:1]
    order = shop.place_order(lines, buyer, coupons=coupons)
    theirs = next(order for order in recorded("orders_all") if order["id"] == number)
    keys = ("subtotal", "subtotal_tax", "total", "total_tax", "price", "quantity", "sku")
    shown = [{key: line[key] for key in keys} for line in order["line_items"]]
    assert shown == [{key: line[key] for key in keys} for line in theirs["line_items"]][: len(lines)]
    if not cups_only:
        for key in (
            "total",
            "total_tax",
            "cart_tax",
            "discount_total",
            "discount_tax",
            "shipping_total",
            "shipping_tax",
        ):
            assert order[key] == theirs[key], key
        taxes = ("rate_code", "rate_id", "label", "tax_total", "shipping_tax_total", "rate_percent")
        assert [[t[k] for k in taxes] for t in order["tax_lines"]] == [
            [t[k] for k in taxes] for t in theirs["tax_lines"]
        ]
        coupon = ("code", "discount", "discount_tax", "discount_type", "nominal_amount")
        assert [[c[k] for k in coupon] for c in order["coupon_lines"]] == [
            [c[k] for k in coupon] for c in theirs["coupon_lines"]
        ]


def test_taxes_follow_the_country_of_delivery(shop: WooShop) -> None:
    lines = [("KB-300", 2), ("BU-1001", 1), ("PFAND-025", 4)]
    percents = {}
    for buyer in (ANNA, VIENNA, PARIS, ZURICH):
        order = shop.place_order(lines, buyer, fees=[("Skonto", "-2.00")])
        assert_adds_up(order)
        percents[buyer["country"]] = sorted(tax["rate_percent"] for tax in order["tax_lines"])
    assert percents == {"DE": [7, 19], "AT": [10, 20], "FR": [5.5, 20], "CH": []}
    picked_up = shop.place_order(lines, VIENNA, shipping_methods=["local_pickup"])
    assert [tax["rate_percent"] for tax in picked_up["tax_lines"]] == [19, 7]


def test_seeded_orders_add_up_and_vary(seeded: tuple[WooShop, httpx.Client]) -> None:
    orders = list(seeded[0].orders.values())
    for order in orders:
        assert_adds_up(order)
    assert {len(order["line_items"]) for order in orders} >= {1, 2, 3, 4, 5}
    assert {order["payment_method"] for order in orders} == {"bacs", "ppcp-gateway", "stripe", "cod"}
    assert {order["shipping"]["country"] for order in orders} >= {"DE", "AT", "FR"}
    assert any("Packstation" in order["shipping"]["address_1"] for order in orders)
    registered = sum(order["customer_id"] > 0 for order in orders) / len(orders)
    assert 0.12 < registered < 0.28
    unknown = sum(any(line["sku"].startswith("UNKNOWN-") for line in order["line_items"]) for order in orders)
    assert 0.04 < unknown / len(orders) < 0.17
    moments = [order["date_modified_gmt"] for order in orders]
    assert 0.85 < len(set(moments)) / len(moments) < 1


def test_pages_hold_every_order_once_and_link_to_each_other(seeded: tuple[WooShop, httpx.Client]) -> None:
    shop, client = seeded
    seen: list[tuple[str, int]] = []
    url: str | None = "/orders?per_page=70&orderby=modified&order=asc"
    while url:
        answer = client.get(url)
        assert (answer.headers["x-wp-total"], answer.headers["x-wp-totalpages"]) == (str(len(shop.orders)), "5")
        seen += [(order["date_modified_gmt"], order["id"]) for order in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == sorted(seen)
    assert {order_id for _, order_id in seen} == set(shop.orders)
    assert len(seen) == len(shop.orders)
    past = client.get("/orders?per_page=70&page=9")
    assert (past.status_code, past.json(), past.headers["x-wp-total"]) == (200, [], "0")


def test_the_list_filters_by_date_status_id_and_fields(seeded: tuple[WooShop, httpx.Client]) -> None:
    shop, client = seeded
    orders = sorted(shop.orders.values(), key=lambda order: (order["date_modified_gmt"], order["id"]))
    bound = orders[150]["date_modified_gmt"]
    query = f"/orders?per_page=100&orderby=modified&order=asc&_fields=id,status&modified_after={bound}"
    wanted = [{"id": o["id"], "status": o["status"]} for o in orders if o["date_modified_gmt"] > bound]
    assert client.get(f"{query}&dates_are_gmt=true").json() == wanted[:100]
    local = orders[150]["date_modified"]
    assert client.get(query.replace(bound, local)).json() == wanted[:100]
    held = client.get(f"{query}&dates_are_gmt=true&status=on-hold,pending").json()
    assert held == [o for o in wanted if o["status"] in {"on-hold", "pending"}]
    ids = [orders[3]["id"], orders[5]["id"]]
    found = client.get("/orders", params={"include": ",".join(map(str, ids)), "orderby": "id", "order": "asc"}).json()
    assert [order["id"] for order in found] == sorted(ids)
    by_date = client.get(
        f"/orders?per_page=100&after={orders[150]['date_created_gmt']}&dates_are_gmt=true&_fields=id"
    ).json()
    assert len(by_date) == min(100, sum(o["date_created_gmt"] > orders[150]["date_created_gmt"] for o in orders))


def test_the_address_without_pretty_permalinks_works(seeded: tuple[WooShop, httpx.Client]) -> None:
    _, client = seeded
    root = str(client.base_url).split("/wp-json")[0]
    answer = client.get(f"{root}/?rest_route=/wc/v3/orders&per_page=3")
    assert [order["id"] for order in answer.json()] == [o["id"] for o in client.get("/orders?per_page=3").json()]


def test_stock_is_taken_once_and_given_back_on_cancelling(shop: WooShop, client: httpx.Client) -> None:
    def level() -> Any:
        return client.get("/products?sku=TS-BASIC-M&_fields=stock_quantity").json()[0]["stock_quantity"]

    def set_status(order: dict[str, Any], status: str) -> dict[str, Any]:
        changed: dict[str, Any] = client.put(f"/orders/{order['id']}", json={"status": status}).json()
        return changed

    order = shop.place_order([("TS-BASIC-M", 3)], ANNA, status="pending")
    assert level() == 8
    for status, expected in (
        ("on-hold", 5),
        ("processing", 5),
        ("completed", 5),
        ("cancelled", 8),
        ("pending", 8),
        ("processing", 5),
    ):
        order = set_status(order, status)
        assert (order["status"], level()) == (status, expected)
    assert [effect.value for effect in shop.effects] == [
        "on-hold",
        "processing",
        "completed",
        "cancelled",
        "pending",
        "processing",
    ]


def test_completing_sets_dates_and_a_new_modification_date() -> None:
    moment = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
    shop = fill(WooShop(https=True, clock=lambda: moment))
    order = shop.place_order([("KB-300", 1)], ANNA)
    moment += timedelta(hours=1)
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        done = client.put(f"/orders/{order['id']}", json={"status": "completed"}).json()
        again = client.put(f"/orders/{order['id']}", json={"status": "completed"}).json()
    assert (done["date_completed_gmt"], done["date_completed"]) == ("2026-07-01T13:00:00", "2026-07-01T15:00:00")
    assert (done["date_modified_gmt"], done["date_paid_gmt"]) == ("2026-07-01T13:00:00", "2026-07-01T13:00:00")
    assert again == done
    assert [effect.kind for effect in shop.effects] == ["order_status"]


def test_setting_the_same_value_again_is_no_effect(shop: WooShop, client: httpx.Client) -> None:
    parent, variation = shop.skus["TS-BASIC"], shop.skus["TS-BASIC-S"]
    for quantity in (5, 5, 6):
        body = {"update": [{"id": variation, "stock_quantity": quantity}]}
        assert (
            client.post(f"/products/{parent}/variations/batch", json=body).json()["update"][0]["stock_quantity"]
            == quantity
        )
    for price in ("19.90", "17.90"):
        client.put(f"/products/{parent}/variations/{variation}", json={"regular_price": price})
    shown = [(effect.kind, effect.key, effect.value) for effect in shop.effects]
    stock = [("stock", "TS-BASIC-S", "5"), ("stock", "TS-BASIC-S", "6")]
    assert shown == [*stock, ("price", "TS-BASIC-S", "regular_price=17.90")]
    assert len({effect.request_id for effect in shop.effects}) == 3


def test_notes_and_fulfillments_are_kept_and_repeatable(shop: WooShop, client: httpx.Client) -> None:
    shop.fulfillments_enabled = True
    order = shop.place_order([("KB-300", 2)], ANNA)
    path = f"/orders/{order['id']}"
    client.post(f"{path}/notes", json={"note": "Sendungsnummer 0034 (DHL)", "customer_note": True})
    assert [note["note"] for note in client.get(f"{path}/notes?type=customer").json()] == ["Sendungsnummer 0034 (DHL)"]
    for expected in ("partially_fulfilled", "fulfilled"):
        metas = [
            {"id": 0, "key": "_items", "value": [{"item_id": order["line_items"][0]["id"], "qty": 1}]},
            {"id": 0, "key": "_tracking_number", "value": f"JJD-{expected}"},
        ]
        body = {"status": "fulfilled", "is_fulfilled": True, "meta_data": metas}
        assert client.post(f"{path}/fulfillments", json=body).status_code == 201
        status = [m["value"] for m in client.get(path).json()["meta_data"] if m["key"] == "_fulfillment_status"]
        assert status == [expected]
    assert [(effect.kind, effect.value) for effect in shop.effects] == [
        ("order_note", "Sendungsnummer 0034 (DHL)"),
        ("fulfillment", "JJD-partially_fulfilled"),
        ("fulfillment", "JJD-fulfilled"),
    ]


def test_a_full_refund_sets_the_status_and_gives_stock_back(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 2)], ANNA, payment_method="ppcp-gateway", shipping_methods=["free_shipping"])
    line = order["line_items"][0]
    tax = [{"id": 1, "refund_total": line["total_tax"]}]
    item = {"id": line["id"], "quantity": 2, "refund_total": line["total"], "refund_tax": tax}
    answer = client.post(f"/orders/{order['id']}/refunds", json={"line_items": [item]})
    assert (answer.status_code, answer.json()["amount"]) == (201, order["total"])
    assert client.get(f"/orders/{order['id']}").json()["status"] == "refunded"
    assert shop.products[shop.skus["KB-300"]].stock_quantity == 50


def test_lines_are_added_changed_and_removed_by_id(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA, status="pending")
    path = f"/orders/{order['id']}"
    grown = client.put(path, json={"line_items": [{"product_id": shop.skus["BU-1001"], "quantity": 2}]}).json()
    assert [line["sku"] for line in grown["line_items"]] == ["KB-300", "BU-1001"]
    assert_adds_up(grown)
    gone = {"id": grown["line_items"][0]["id"], "quantity": 0}
    shrunk = client.put(path, json={"line_items": [gone]}).json()
    assert [line["sku"] for line in shrunk["line_items"]] == ["BU-1001"]
    assert_adds_up(shrunk)


def test_an_order_by_the_api_is_computed_like_any_other(shop: WooShop, client: httpx.Client) -> None:
    body = {
        "payment_method": "stripe",
        "set_paid": True,
        "billing": ANNA,
        "shipping": {key: value for key, value in ANNA.items() if key != "email"},
        "line_items": [{"sku": "KB-300", "quantity": 2}, {"product_id": shop.skus["BU-1001"], "quantity": 1}],
        "shipping_lines": [{"method_id": "flat_rate", "method_title": "DHL Paket", "total": "4.12"}],
        "coupon_lines": [{"code": "willkommen10"}],
        "meta_data": [{"key": "_erp", "value": "1"}],
    }
    answer = client.post("/orders", json=body)
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/orders/{answer.json()['id']}")
    assert_adds_up(answer.json())
    assert (answer.json()["status"], answer.json()["created_via"]) == ("processing", "rest-api")


def test_a_change_refused_in_the_middle_changes_nothing(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA)
    body = {"customer_note": "neu", "status": "completed", "line_items": [{"id": 424242, "quantity": 1}]}
    assert client.put(f"/orders/{order['id']}", json=body).status_code == 400
    assert (shop.orders[order["id"]], shop.effects) == (order, [])


def test_postage_of_a_reduced_basket_is_taxed_as_recorded(shop: WooShop, recorded: Callable[[str], Any]) -> None:
    order = shop.place_order([("BU-1001", 1)], ANNA)
    theirs = next(order for order in recorded("orders_all") if order["id"] == 74)
    assert [(s["total"], s["total_tax"]) for s in order["shipping_lines"]] == [("4.12", "0.29")]
    assert [(s["total"], s["total_tax"]) for s in theirs["shipping_lines"]] == [("4.12", "0.29")]


def test_a_negative_fee_takes_tax_back_in_the_proportion_of_the_goods(shop: WooShop) -> None:
    order = shop.place_order([("KB-300", 2), ("BU-1001", 1)], ANNA, fees=[("Skonto", "-4.50"), ("Verpackung", "2.00")])
    discount, surcharge = order["fee_lines"]
    # 21.68 of 45.00 net are at 19 %, 23.32 at 7 %.
    assert [(tax["id"], tax["total"]) for tax in discount["taxes"]] == [(1, "-0.41"), (2, "-0.16")]
    assert [(tax["id"], tax["total"]) for tax in surcharge["taxes"]] == [(1, "0.38")]
    assert_adds_up(order)


def test_half_a_cent_of_tax_goes_down_where_prices_contain_tax() -> None:
    assert tax_on(Decimal("0.50"), RATES[1], includes_tax=True) == Decimal("0.09")
    assert tax_on(Decimal("0.50"), RATES[1], includes_tax=False) == Decimal("0.10")


def test_a_changed_order_moves_to_the_end_of_the_list_and_stands_there_once(
    shop: WooShop, client: httpx.Client
) -> None:
    start = shop.clock() - timedelta(hours=1)
    ids = [shop.place_order([("EL-USBC-2", 1)], ANNA, created=start + timedelta(minutes=i))["id"] for i in range(4)]
    client.put(f"/orders/{ids[1]}", json={"customer_note": "neu"})
    answer = client.get("/orders?orderby=modified&order=asc&_fields=id")
    assert [order["id"] for order in answer.json()] == [ids[0], ids[2], ids[3], ids[1]]


@pytest.mark.parametrize("orderby", ["modified", "id", "date"])
def test_a_bound_leaves_its_own_second_out(orderby: str, shop: WooShop, client: httpx.Client) -> None:
    start = shop.clock() - timedelta(hours=1)
    orders = [shop.place_order([("EL-USBC-2", 1)], ANNA, created=start + timedelta(minutes=i // 2)) for i in range(6)]
    bound = orders[2]["date_modified_gmt"]
    query = f"/orders?orderby={orderby}&order=asc&_fields=id&dates_are_gmt=true"
    for name in ("modified_after", "after"):
        found = client.get(f"{query}&{name}={bound}").json()
        assert [order["id"] for order in found] == [order["id"] for order in orders[4:]]
    for name in ("modified_before", "before"):
        found = client.get(f"{query}&{name}={bound}").json()
        assert [order["id"] for order in found] == [order["id"] for order in orders[:2]]


def test_postage_and_fees_are_refunded_among_the_lines(
    shop: WooShop, client: httpx.Client, recorded: Callable[[str], Any]
) -> None:
    order = shop.place_order([("LM-KAF-1000", 1)], ANNA, payment_method="cod", fees=[("Nachnahme", "5.00")])
    postage, fee = order["shipping_lines"][0], order["fee_lines"][0]
    items = [
        {
            "id": line["id"],
            "refund_total": float(line["total"]),
            "refund_tax": [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in line["taxes"]],
        }
        for line in (postage, fee)
    ]
    refund = client.post(f"/orders/{order['id']}/refunds", json={"line_items": items, "api_refund": False}).json()
    theirs = recorded("order_refunds_refund_shipping")[0]
    assert list(refund["shipping_lines"][0]) == list(theirs["shipping_lines"][0])
    assert [line["total"] for line in (*refund["shipping_lines"], *refund["fee_lines"])] == [
        f"-{postage['total']}",
        f"-{fee['total']}",
    ]
    assert refund["line_items"] == []
