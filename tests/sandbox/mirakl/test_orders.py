"""Orders: their states, amounts that add up, both tax modes, decisions, shipments, refunds, documents."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.mirakl import MiraklShop
from sandbox.mirakl.checkout import Promotion
from tests.sandbox.mirakl.support import Open, fill, order_of, upload

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)


def money(value: Any) -> Decimal:
    return Decimal(str(value))


def decide(client: httpx.Client, order: dict[str, Any], *accepted: bool) -> httpx.Response:
    lines = [
        {"id": line["order_line_id"], "accepted": yes} for line, yes in zip(order["order_lines"], accepted, strict=True)
    ]
    return client.put(f"/orders/{order['order_id']}/accept", json={"order_lines": lines})


def test_amounts_add_up_to_the_cent(client: httpx.Client, shop: MiraklShop) -> None:
    order = order_of(client, shop.buy([("CUP", 2), ("COFFEE", 1)]))
    lines = order["order_lines"]
    assert [money(line["price"]) for line in lines] == [Decimal("25.80"), Decimal("18.49")]
    assert sum(money(line["shipping_price"]) for line in lines) == money(order["shipping_price"]) == Decimal("4.95")
    assert money(order["price"]) == Decimal("44.29")
    assert money(order["total_price"]) == Decimal("49.24") == shop.ledger().orders[order["order_id"]].total
    assert [(t["code"], t["rate"], t["amount"]) for t in lines[0]["taxes"]] == [("DE_VAT_19", 19, 4.12)]
    assert [(t["code"], t["rate"], t["amount"]) for t in lines[1]["taxes"]] == [("DE_VAT_7", 7, 1.21)]
    assert order["customer"]["shipping_address"]["country_iso_code"] == "DEU"
    assert order["customer_notification_email"].endswith("@notification.mirakl.net")


def test_the_other_tax_mode_takes_the_taxes_out_of_all_amounts(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 2)])
    gross = order_of(client, order_id)
    found = client.get("/orders", params={"order_ids": order_id, "order_tax_mode": "TAX_EXCLUDED"}).json()
    net = found["orders"][0]
    taxes = sum(money(t["amount"]) for line in net["order_lines"] for t in line["taxes"] + line["shipping_taxes"])
    assert (gross["order_tax_mode"], net["order_tax_mode"]) == ("TAX_INCLUDED", "TAX_EXCLUDED")
    assert money(net["total_price"]) + taxes == money(gross["total_price"])
    assert money(net["order_lines"][0]["price"]) == Decimal("21.68")


def test_an_instance_with_net_prices_adds_the_taxes(open_shop: Open) -> None:
    shop = fill(MiraklShop(tax_mode="TAX_EXCLUDED"))
    assert shop.ledger().prices["CUP"] == Decimal("12.90")
    order_id = shop.buy([("CUP", 1)])
    client = open_shop(shop)
    order = order_of(client, order_id)
    assert (order["order_tax_mode"], order["price"]) == ("TAX_EXCLUDED", 10.84)
    assert shop.ledger().orders[order_id].total == Decimal("18.79")


def test_an_instance_may_name_no_taxes() -> None:
    shop = fill(MiraklShop(order_taxes=False))
    order = shop.orders[shop.buy([("CUP", 1)])]
    assert order["order_lines"][0]["taxes"] == order["order_lines"][0]["shipping_taxes"] == []


def test_a_promotion_reduces_the_unit_price_and_says_by_how_much(client: httpx.Client, shop: MiraklShop) -> None:
    order = shop.place_order([("CUP", 2)], promotion=Promotion("HERBST", Decimal(10), "HERBST26"))
    shown = order_of(client, order["order_id"])
    line = shown["order_lines"][0]
    assert (line["origin_unit_price"], line["price_unit"], line["price"]) == (12.9, 11.61, 23.22)
    assert line["promotions"][0]["deduced_amount"] == shown["promotions"]["total_deduced_amount"] == 2.58


def test_buying_counts_stock_down(shop: MiraklShop) -> None:
    shop.buy([("LAMP", 3)])
    assert shop.ledger().stock["LAMP"] == 2
    with pytest.raises(KeyError):
        shop.buy([("NOPE", 1)])


def test_a_split_commercial_order_has_two_orders(client: httpx.Client, shop: MiraklShop) -> None:
    first = shop.place_order([("CUP", 1)])
    shop.place_order([("LAMP", 1)], commercial_id=first["commercial_id"], suffix="B", shipping_type="EXP")
    orders = client.get("/orders").json()["orders"]
    assert [order["order_id"] for order in orders] == [f"{first['commercial_id']}-A", f"{first['commercial_id']}-B"]
    assert {order["commercial_id"] for order in orders} == {first["commercial_id"]}


def test_pages_follow_each_other_with_links_and_a_total(client: httpx.Client, shop: MiraklShop) -> None:
    ids = [shop.buy([("CUP", 1)], at=MORNING + timedelta(minutes=n)) for n in range(5)]
    first = client.get("/orders?max=2&order_state_codes=SHIPPING")
    assert (first.json()["total_count"], len(first.json()["orders"])) == (5, 2)
    found, url = [], "/orders?max=2&order_state_codes=SHIPPING"
    while url:
        page = client.get(url)
        found += [order["order_id"] for order in page.json()["orders"]]
        url = page.links.get("next", {}).get("url", "")
        assert not url or "order_state_codes=SHIPPING" in url
    assert found == ids
    assert client.get("/orders?max=2&offset=4").links["previous"]["url"].endswith("max=2&offset=2")
    newest = client.get("/orders?sort=dateCreated&order=desc&max=1").json()["orders"]
    assert newest[0]["order_id"] == ids[-1]
    assert len(client.get("/orders").json()["orders"]) == 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order_ids={a},{c}", "ac"),
        ("order_state_codes=SHIPPED,RECEIVED", "bc"),
        ("start_date=2026-03-02T00:00:00Z", "bc"),
        ("end_date=2026-03-02T00:00:00Z", "a"),
        ("start_update_date=2026-03-03T08:00:30Z", "c"),
        ("end_update_date=2026-03-02T23:00:00Z", "ab"),
        ("customer_debited=false", ""),
        ("channel_codes=WEB_AT", "b"),
        ("only_null_channel=true", "ac"),
        ("payment_workflow=PAY_ON_DELIVERY", ""),
        ("has_incident=false", "abc"),
        ("order_references_for_seller=A-77", "c"),
        ("fulfillment_center_code=OTHER", ""),
    ],
)
def test_orders_are_filtered(client: httpx.Client, shop: MiraklShop, query: str, expected: str) -> None:
    a = shop.place_order([("CUP", 1)], at=MORNING)["order_id"]
    b = shop.place_order([("CUP", 1)], at=MORNING + timedelta(days=1), state="SHIPPED", channel="WEB_AT")["order_id"]
    c = shop.place_order([("CUP", 1)], at=MORNING + timedelta(days=2), state="RECEIVED")["order_id"]
    shop.orders[c]["references"]["order_reference_for_seller"] = "A-77"
    names = {a: "a", b: "b", c: "c"}
    orders = client.get(f"/orders?{query.format(a=a, c=c)}").json()["orders"]
    assert "".join(names[order["order_id"]] for order in orders) == expected


def test_staging_orders_are_not_shown(client: httpx.Client, shop: MiraklShop) -> None:
    shop.place_order([("CUP", 1)], state="STAGING")
    assert client.get("/orders").json() == {"orders": [], "total_count": 0}


def test_addresses_show_only_once_the_order_may_be_shipped(open_shop: Open) -> None:
    shop = fill(MiraklShop(needs_acceptance=True, debits_on_poll=True))
    order = shop.orders[shop.buy([("CUP", 1)])]
    states = []
    client = open_shop(shop)
    waiting = order_of(client, order["order_id"])
    assert (waiting["order_state"], waiting["customer"]["shipping_address"]) == ("WAITING_ACCEPTANCE", None)
    assert decide(client, order, True).status_code == 204
    assert shop.orders[order["order_id"]]["order_state"] == "WAITING_DEBIT"
    for _ in range(2):
        shown = order_of(client, order["order_id"])
        states.append((shown["order_state"], shown["customer"]["billing_address"] is None))
    assert states == [("WAITING_DEBIT_PAYMENT", True), ("SHIPPING", False)]
    assert [(e.kind, e.value) for e in shop.effects] == [("acknowledgement", "accepted")]


def test_a_refused_line_stays_out_and_a_wholly_refused_order_ends(client: httpx.Client, shop: MiraklShop) -> None:
    partly = shop.place_order([("CUP", 1), ("LAMP", 1)], state="WAITING_ACCEPTANCE")
    wholly = shop.place_order([("CUP", 1)], state="WAITING_ACCEPTANCE")
    decide(client, partly, True, False)
    decide(client, wholly, False)
    shown = order_of(client, partly["order_id"])
    assert shown["order_state"] == "SHIPPING"
    assert [line["order_line_state"] for line in shown["order_lines"]] == ["SHIPPING", "REFUSED"]
    # The lamp's share of the postage goes with it.
    assert shop.ledger().orders[partly["order_id"]].total == Decimal("15.38")
    facts = shop.ledger().orders[wholly["order_id"]]
    assert (facts.is_cancelled, facts.is_importable) == (True, False)


def test_partial_acceptance_may_be_switched_off(client: httpx.Client, shop: MiraklShop) -> None:
    shop.partial_acceptance = False
    order = shop.place_order([("CUP", 1), ("LAMP", 1)], state="WAITING_ACCEPTANCE")
    assert decide(client, order, True, False).json()["code"] == "ORDER_PARTIAL_ACCEPTANCE_DISABLED"


def test_tracking_and_shipping_show_in_the_order(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)])
    client.put(f"/orders/{order_id}/tracking", json={"carrier_code": "DHL", "tracking_number": "0034"})
    other = {"carrier_name": "Bote", "carrier_url": "https://bote.example/7", "tracking_number": "7"}
    client.put(f"/orders/{order_id}/tracking", json=other)
    shown = order_of(client, order_id)
    assert (shown["shipping_company"], shown["shipping_tracking"], shown["shipping_carrier_code"]) == (
        "Bote",
        "7",
        None,
    )
    client.put(f"/orders/{order_id}/ship")
    shown = order_of(client, order_id)
    assert (shown["order_state"], shown["can_shop_ship"], shown["can_cancel"]) == ("SHIPPED", False, False)
    facts = shop.ledger().orders[order_id]
    assert (facts.is_shipped, facts.tracking) == (True, ("7",))


def test_the_last_parcel_ships_the_order(client: httpx.Client, shop: MiraklShop) -> None:
    shop.multi_shipment = True
    order_id = shop.buy([("CUP", 2), ("LAMP", 1)])

    def parcel(*lines: tuple[int, int], shipped: bool) -> dict[str, Any]:
        entries = [{"order_line_id": f"{order_id}-{n}", "quantity": q} for n, q in lines]
        tracking = {"carrier_code": "DHL", "tracking_number": f"T{lines[0][0]}"}
        body = {"order_id": order_id, "shipment_lines": entries, "tracking": tracking, "shipped": shipped}
        return dict(client.post("/shipments", json={"shipments": [body]}).json())

    assert parcel((1, 3), shipped=True)["shipment_errors"] == [
        {"message": "Shipment quantity is invalid.", "order_id": order_id}
    ]
    parcel((1, 2), shipped=True)
    assert order_of(client, order_id)["order_state"] == "SHIPPING"
    left = client.get("/shipments/items_to_ship").json()["data"][0]["shipment_lines"]
    assert [(line["offer_sku"], line["quantity"]) for line in left] == [("LAMP", 1)]
    shipment = parcel((2, 1), shipped=False)["shipment_success"][0]["id"]
    assert client.put("/shipments/ship", json={"shipments": [{"id": shipment}]}).json()["shipment_errors"] == []
    assert order_of(client, order_id)["order_state"] == "SHIPPED"
    assert shop.ledger().orders[order_id].tracking == ("T1", "T2")
    again = client.put("/shipments/ship", json={"shipments": [{"id": shipment}]}).json()
    assert "must be 'SHIPPING'" in again["shipment_errors"][0]["message"]


def refund(client: httpx.Client, order_id: str, **more: Any) -> httpx.Response:
    entry = {"order_line_id": f"{order_id}-1", "amount": 12.9, "shipping_amount": 0, "reason_code": "17", "quantity": 1}
    return client.put("/orders/refund", json={"refunds": [{**entry, **more}]})


def test_refunds_are_not_idempotent_until_nothing_is_left(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 2)])
    first, second = refund(client, order_id).json(), refund(client, order_id).json()
    assert first["refunds"][0]["refund_id"] != second["refunds"][0]["refund_id"]
    assert first["refunds"][0]["taxes"] == [{"amount": 2.06, "code": "DE_VAT_19", "rate": 19}]
    assert refund(client, order_id).status_code == 400
    assert refund(client, order_id, amount=0, shipping_amount=4.95).status_code == 200
    assert shop.ledger().orders[order_id].refunded == Decimal("30.75")
    shown = order_of(client, order_id)
    assert shown["fully_refunded"]
    assert {r["refund_state"] for r in shown["order_lines"][0]["refunds"]} == {"REFUNDED"}


def test_a_request_with_one_bad_refund_does_nothing(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1), ("LAMP", 1)])
    good = {"order_line_id": f"{order_id}-1", "amount": 1, "shipping_amount": 0, "reason_code": "17"}
    bad = {**good, "order_line_id": f"{order_id}-2", "amount": 1000}
    assert client.put("/orders/refund", json={"refunds": [good, bad]}).status_code == 400
    assert shop.ledger().orders[order_id].refunded == 0


def test_net_refunds_need_their_taxes(open_shop: Open) -> None:
    shop = fill(MiraklShop(tax_mode="TAX_EXCLUDED"))
    order_id = shop.buy([("CUP", 1)])
    client = open_shop(shop)
    assert refund(client, order_id, amount=10).json()["message"].startswith("taxes")
    taxes = [{"code": "DE_VAT_19", "amount": 1.9}]
    assert refund(client, order_id, amount=10, taxes=taxes).status_code == 200
    assert refund(client, order_id, amount=0.5, taxes=[{"code": "X", "amount": 0}]).status_code == 400
    assert shop.ledger().orders[order_id].refunded == Decimal("11.90")


def test_a_cancelled_line_is_taken_off_and_the_last_one_cancels_the_order(
    client: httpx.Client, shop: MiraklShop
) -> None:
    order_id = shop.place_order([("CUP", 1), ("LAMP", 1)], postage=Decimal(0))["order_id"]

    def cancel(index: int, amount: float) -> httpx.Response:
        entry = {"order_line_id": f"{order_id}-{index}", "amount": amount, "shipping_amount": 0, "quantity": 1}
        return client.put("/orders/cancel", json={"cancelations": [{**entry, "reason_code": "35"}]})

    assert cancel(2, 89).json()["cancelations"][0]["quantity"] == 1
    shown = order_of(client, order_id)
    assert [line["order_line_state"] for line in shown["order_lines"]] == ["SHIPPING", "CANCELED"]
    assert shop.ledger().orders[order_id].total == Decimal("12.90")
    cancel(1, 12.9)
    assert order_of(client, order_id)["order_state"] == "CANCELED"
    assert shop.ledger().orders[order_id].is_cancelled


def test_documents_are_kept_and_only_the_failed_are_named(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)])
    assert upload(client, order_id, "R-1.pdf").json() == {"errors_count": 0, "order_documents": []}
    upload(client, order_id, "R-2.pdf")
    for name, code, field in (
        ("R-1.pdf", "CUSTOMER_INVOICE", "file_name"),
        ("R-3.exe", "CUSTOMER_INVOICE", "file_name"),
        ("R-3.pdf", "INVOICE", "type_code"),
        ("R-3.pdf", "SYSTEM_DELIVERY_BILL", "type_code"),
    ):
        failed = upload(client, order_id, name, code).json()
        assert (failed["errors_count"], failed["order_documents"][0]["errors"][0]["field"]) == (1, field)
    listed = client.get(f"/orders/documents?order_ids={order_id}").json()["order_documents"]
    assert [document["file_name"] for document in listed] == ["R-1.pdf", "R-2.pdf"]
    assert order_of(client, order_id)["has_invoice"]
    one = client.get(f"/orders/documents/download?document_ids={listed[0]['id']}").content
    assert one == b"%PDF-1.7\r\n\x00\xff end"
    many = client.get(f"/orders/documents/download?order_ids={order_id}").content
    assert zipfile.ZipFile(io.BytesIO(many)).namelist() == [f"{order_id}/R-1.pdf", f"{order_id}/R-2.pdf"]
    assert shop.ledger().orders[order_id].documents == ("R-1.pdf", "R-2.pdf")


def test_references_and_fields_are_written(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)])
    updates = [
        {"order_id": order_id, "references": {"order_reference_for_seller": "A-1"}},
        {"order_id": "X-A", "references": {"order_reference_for_seller": "A-2"}},
    ]
    answer = client.put("/orders", json={"orders": updates}).json()["updated_orders"]
    assert [(entry["order_id"], len(entry["errors"])) for entry in answer] == [(order_id, 0), ("X-A", 1)]
    fields = {"order_additional_fields": [{"code": "invoice-number", "value": "R-1"}]}
    client.put(f"/orders/{order_id}/additional_fields", json=fields)
    shown = order_of(client, order_id)
    assert shown["references"]["order_reference_for_seller"] == "A-1"
    assert shown["order_additional_fields"] == [{"code": "invoice-number", "type": "STRING", "value": "R-1"}]
    fields["order_additional_fields"][0]["value"] = ""
    client.put(f"/orders/{order_id}/additional_fields", json=fields)
    assert order_of(client, order_id)["order_additional_fields"] == []


def test_a_touched_order_is_changed_at_that_moment(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)], at=MORNING)
    shop.touch(order_id, MORNING + timedelta(hours=1))
    shown = order_of(client, order_id)
    assert shown["last_updated_date"] == "2026-03-01T09:00:00Z"
    assert shown["customer"]["shipping_address"]["additional_info"] == "geändert"


def test_a_state_that_nobody_knows_can_appear(client: httpx.Client, shop: MiraklShop) -> None:
    order_id = shop.buy([("CUP", 1)])
    shop.set_state(order_id, "AT_CUSTOMS")
    assert order_of(client, order_id)["order_state"] == "AT_CUSTOMS"


def test_fields_and_values_that_nobody_knows_can_appear(open_shop: Open) -> None:
    shop = fill(MiraklShop(has_novelties=True))
    client = open_shop(shop)
    shown = order_of(client, shop.buy([("CUP", 1)]))
    assert (shown["payment_workflow"], shown["carbon_footprint"]) == ("PAY_IN_PARTS", {"grams": 412})
    assert shown["order_additional_fields"][0]["type"] == "COLOUR"
