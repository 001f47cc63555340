"""Stock, shipments, "in progress", invoices and webhooks of Shopware 6."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import (
    AnswerKind,
    OrderAnswer,
    OrderStatus,
    OutgoingDocument,
    Parcel,
    ShippedLine,
    StatusKind,
    StockLevel,
)
from connectors import shopware6
from connectors.account import Account
from connectors.shopware6.settings import Shopware6Credentials
from connectors.transport import TransportOptions
from sandbox.shopware6 import Basket
from tests.connectors.test_shopware6_support import START, Laden, codes, running

PARCELS = (Parcel(tracking_number="JJD1", carrier="DHL"), Parcel(tracking_number="JJD2"))
CREDENTIALS = Shopware6Credentials(url="shop.example", client_id="SWIAX", client_secret=SecretStr("geheimgeheim"))


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


def level(sku: str, quantity: int, ref: str = "") -> StockLevel:
    return StockLevel(key=f"A-{sku}", sku=sku, ref=ref, quantity=quantity)


@pytest.mark.proves("shopware6", "stock", "match_sku", "foreign_numbers")
def test_stock_is_found_by_number_once_and_by_ref_from_then_on(laden: Laden) -> None:
    laden.place(1)
    laden.shop.add_article("CUP", "Tasse", "5.00")
    connector = laden.connect()
    answer = connector.send_stock([level("MUG", 5), level("NOPE", 1), level("CUP", 7)])
    assert codes(answer) == ["accepted", "NOT_IN_SHOP", "accepted"]
    assert (laden.shop.product("MUG")["stock"], laden.shop.product("CUP")["stock"]) == (5, 7)
    laden.shop.requests.clear()
    assert codes(connector.send_stock([level("MUG", 6, answer.results[0].ref)])) == ["accepted"]
    assert laden.shop.requests.count(path="/api/search/product") == 0 and laden.shop.product("MUG")["stock"] == 6


@pytest.mark.parametrize("ref", ["f" * 32, "kein ref"])
def test_a_ref_that_the_shop_forgot_is_looked_up_again(laden: Laden, ref: str) -> None:
    laden.place(1)
    laden.shop.add_article("CUP", "Tasse", "5.00")
    good = laden.shop.product("CUP")["id"]
    answer = laden.connect().send_stock([level("CUP", 3, good), level("MUG", 5, ref), level("GONE", 5, "e" * 32)])
    assert codes(answer) == ["accepted", "accepted", "NOT_IN_SHOP"]
    assert answer.results[1].ref == laden.shop.product("MUG")["id"] and laden.shop.product("CUP")["stock"] == 3


def test_hundreds_of_levels_are_two_calls(laden: Laden) -> None:
    for number in range(240):
        laden.shop.add_article(f"A-{number}", "x", "1.00")
    connector = laden.connect()
    connector.list_choices("taxes")
    laden.shop.requests.clear()
    assert set(codes(connector.send_stock([level(f"A-{number}", 9) for number in range(240)]))) == {"accepted"}
    assert laden.shop.requests.count() == 2
    assert connector.send_stock([]).results == ()


def told(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body


def test_a_refusal_that_names_nobody_is_halved_down_to_the_culprit(raw_server: Any) -> None:
    refused = told(b"400 Bad Request", b'{"errors":[{"code":"X","detail":"kaputt","source":{"pointer":"/"}}]}')
    raw_server.answers = [
        told(b"200 OK", b'{"access_token":"t","expires_in":600}'),
        refused,
        told(b"200 OK", b'{"data":{"product":["%s"]}}' % (b"a" * 32)),
        refused,
        told(b"200 OK", b'{"data":[]}'),
    ]
    keys = Shopware6Credentials(url=raw_server.url, client_id="SWIAX", client_secret=SecretStr("geheimgeheim"))
    connector: Any = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True))
    answer = connector.send_stock([level("A", 1, "a" * 32), level("B", 1, "b" * 32)])
    assert codes(answer) == ["accepted", "NOT_IN_SHOP"]


def test_what_the_shop_does_not_confirm_is_not_accepted(raw_server: Any) -> None:
    raw_server.answers = [
        told(b"200 OK", b'{"access_token":"t","expires_in":600}'),
        told(b"200 OK", b'{"data":{"product":["%s"]}}' % (b"a" * 32)),
    ]
    keys = Shopware6Credentials(url=raw_server.url, client_id="SWIAX", client_secret=SecretStr("geheimgeheim"))
    connector: Any = shopware6.build(keys, {}, Account(), TransportOptions(allow_private=True))
    answer = connector.send_stock([level("A", 1, "a" * 32), level("B", 1, "b" * 32)])
    assert codes(answer) == ["accepted", "ITEM_REFUSED"]


# --- shipments -----------------------------------------------------------------------------------------------------------


def report(order: str, **fields: Any) -> OrderStatus:
    return OrderStatus(**{"key": "LS-1", "order_ref": order, "kind": StatusKind.SHIPPED, "parcels": PARCELS, **fields})


def facts(laden: Laden, order: str) -> Any:
    return laden.shop.ledger().orders[order]


def state_names(laden: Laden, entity: str, order: str) -> list[str]:
    names = {row["id"]: row["technicalName"] for row in laden.rows("state_machine_state")}
    key = "id" if entity == "order" else "orderId"
    return [names[row["stateId"]] for row in laden.rows(entity) if row[key] == order]


@pytest.mark.proves("shopware6", "tracking", "several_tracking", "shipped_status")
def test_a_shipment_moves_delivery_and_order_and_a_repeat_changes_nothing(laden: Laden) -> None:
    order = laden.place(1)[0]
    connector = laden.connect()
    assert codes(connector.send_shipments([report(order)])) == ["accepted"]
    done = facts(laden, order)
    assert (done.is_shipped, done.tracking) == (True, ("JJD1", "JJD2"))
    assert state_names(laden, "order", order) == ["completed"]
    effects = len(laden.shop.effects)
    assert codes(connector.send_shipments([report(order, is_repeat=True)])) == ["accepted"]
    assert len(laden.shop.effects) == effects


def test_parts_come_one_after_the_other_and_numbers_add_up(laden: Laden) -> None:
    order = laden.place(1)[0]
    connector = laden.connect()
    first = report(order, parcels=PARCELS[:1], completes_order=False)
    assert codes(connector.send_shipments([first])) == ["accepted"]
    assert state_names(laden, "order_delivery", order) == ["shipped_partially"]
    assert codes(connector.send_shipments([report(order, key="LS-2", parcels=PARCELS[1:])])) == ["accepted"]
    assert facts(laden, order).tracking == ("JJD1", "JJD2")
    assert state_names(laden, "order_delivery", order) == ["shipped"]


def test_goods_go_with_the_delivery_that_costs_not_with_the_discount_on_it(laden: Laden) -> None:
    laden.place(1)
    order = laden.shop.place_order(Basket(lines=[("MUG", 1)], free_shipping=True, at=START))
    laden.connect().send_shipments([report(order)])
    rows = [row for row in laden.rows("order_delivery") if row["orderId"] == order]
    assert [
        bool(row["trackingCodes"]) for row in sorted(rows, key=lambda row: -row["shippingCosts"]["totalPrice"])
    ] == [True, False]


def test_settings_decide_what_is_reported(laden: Laden) -> None:
    first, second = laden.place(2)
    waits = laden.connect(shipments={"export_trigger": "completed"})
    assert codes(waits.send_shipments([report(first, completes_order=False)])) == ["skipped"]
    silent = laden.connect(shipments={"send_tracking": False})
    assert codes(silent.send_shipments([report(second)])) == ["accepted"] and facts(laden, second).tracking == ()
    missing = report(first, parcels=(), completes_order=False)
    assert codes(laden.connect().send_shipments([missing])) == ["TRACKING_MISSING"]
    returned = report(first, kind=StatusKind.RETURNED)
    assert codes(laden.connect().send_shipments([returned])) == ["skipped"]


@pytest.mark.parametrize("notify", [True, False])
@pytest.mark.proves("shopware6", "customer_mail")
def test_the_shop_mails_the_buyer_only_if_it_is_told_to(laden: Laden, notify: bool) -> None:
    order = laden.place(1)[0]
    laden.shop.traffic = []
    laden.connect(shipments={"notify_customer": notify}).send_shipments([report(order)])
    sent = [orjson.loads(each.body) for each in laden.shop.traffic if "/state/ship" in each.path]
    assert sent == [{"sendMail": notify}]


@pytest.mark.proves("shopware6", "cancellation")
def test_an_order_is_cancelled_with_delivery_and_open_payment(laden: Laden) -> None:
    laden.place(1)
    order = laden.shop.place_order(Basket(lines=[("MUG", 1)], payment_state="open", at=START))
    connector = laden.connect(shipments={"cancel_in_channel": True})
    for _ in range(2):
        assert codes(connector.send_shipments([report(order, kind=StatusKind.CANCELLED)])) == ["accepted"]
    assert state_names(laden, "order", order) == state_names(laden, "order_delivery", order) == ["cancelled"]
    assert state_names(laden, "order_transaction", order) == ["cancelled"]
    assert codes(laden.connect().send_shipments([report(order, kind=StatusKind.CANCELLED)])) == ["skipped"]


def test_what_left_is_not_cancelled_and_what_is_cancelled_does_not_leave(laden: Laden) -> None:
    first, second = laden.place(2)
    connector = laden.connect(shipments={"cancel_in_channel": True})
    cancelled = report(second, kind=StatusKind.CANCELLED)
    answer = connector.send_shipments(
        [report(first), report(first, kind=StatusKind.CANCELLED), cancelled, report(second)]
    )
    assert codes(answer) == ["accepted", "CANCEL_AFTER_SHIPPING", "accepted", "ORDER_STATE_FORBIDS"]


def test_a_part_of_an_order_cannot_be_cancelled(laden: Laden) -> None:
    laden.shop.add_article("MUG", "Becher", "11.90")
    order = laden.shop.buy([("MUG", 3)], at=START)
    line = next(row["id"] for row in laden.rows("order_line_item") if row["orderId"] == order)
    connector = laden.connect(shipments={"cancel_in_channel": True})
    part = report(order, kind=StatusKind.CANCELLED, lines=(ShippedLine(line_ref=line, quantity=Decimal(1)),))
    assert codes(connector.send_shipments([part])) == ["skipped"] and not facts(laden, order).is_cancelled


def test_one_unknown_order_does_not_stop_the_others_but_an_outage_does(laden: Laden) -> None:
    first, second = laden.place(2)
    connector = laden.connect()
    assert codes(connector.send_shipments([report("f" * 32), report("x"), report(first)])) == [
        "ORDER_NOT_IN_SHOP"
    ] * 2 + ["accepted"]
    laden.shop.faults.set("503")
    with pytest.raises(FailureError) as caught:
        connector.send_shipments([report(second)])
    assert caught.value.failure.code == "SERVER_ERROR"


@pytest.mark.parametrize("mails", [True, False])
def test_an_imported_order_is_in_progress_once(laden: Laden, mails: bool) -> None:
    order = laden.place(1)[0]
    laden.shop.traffic = []
    connector = laden.connect()
    answers = [
        OrderAnswer(key="a", order_ref=order, kind=kind, notify=mails)
        for kind in (AnswerKind.IN_PROGRESS, AnswerKind.ACCEPT)
    ]
    assert codes(connector.answer_orders(answers)) == ["accepted", "skipped"]
    assert codes(connector.answer_orders(answers[:1])) == ["accepted"]
    assert state_names(laden, "order", order) == ["in_progress"]
    sent = [orjson.loads(each.body) for each in laden.shop.traffic if "/state/process" in each.path]
    assert sent == [{"sendMail": mails}]
    missing = OrderAnswer(key="b", order_ref="f" * 32, kind=AnswerKind.IN_PROGRESS)
    assert codes(connector.answer_orders([missing])) == ["ORDER_NOT_IN_SHOP"]


# --- documents -----------------------------------------------------------------------------------------------------------


def invoice(order: str, number: str = "RE-2026-1", **fields: Any) -> OutgoingDocument:
    made = {
        "key": number,
        "order_ref": order,
        "number": number,
        "file_name": f"{number}.pdf",
        "issued_on": date(2026, 3, 2),
    }
    made |= {"total": Decimal("11.90"), "currency": "EUR", "document_id": 1, "content": b"%PDF-1.7 unsere Rechnung"}
    return OutgoingDocument(**made | fields)


@pytest.mark.proves("shopware6", "invoice_pdf")
def test_an_invoice_is_our_file_under_our_number_and_comes_once(laden: Laden) -> None:
    order = laden.place(1)[0]
    connector = laden.connect(documents={"send_invoice_pdf": True, "mark_as_sent": True})
    first = connector.send_documents([invoice(order)])
    second = connector.send_documents([invoice(order, is_repeat=True)])
    assert codes(first) == codes(second) == ["accepted"] and first.results[0].ref == second.results[0].ref
    rows = laden.rows("document")
    assert [(row["config"]["documentNumber"], row["sent"], row["static"]) for row in rows] == [
        ("RE-2026-1", True, True)
    ]
    assert laden.shop.files[rows[0]["documentMediaFileId"]] == b"%PDF-1.7 unsere Rechnung"


def test_a_document_whose_file_was_lost_is_only_filled(laden: Laden) -> None:
    order = laden.place(1)[0]
    connector = laden.connect(documents={"send_invoice_pdf": True})
    connector.send_documents([invoice(order)])
    with laden.shop.store.transaction():
        laden.shop.store.put("document", {**laden.rows("document")[0], "documentMediaFileId": None})
    assert codes(connector.send_documents([invoice(order)])) == ["accepted"]
    assert len(laden.rows("document")) == 1 and laden.rows("document")[0]["documentMediaFileId"]


def test_documents_that_are_not_wanted_or_have_no_order_are_told(laden: Laden) -> None:
    order = laden.place(1)[0]
    assert codes(laden.connect().send_documents([invoice(order)])) == ["skipped"]
    connector = laden.connect(documents={"send_invoice_pdf": True})
    answer = connector.send_documents([invoice("f" * 32), invoice("x"), invoice(order, "RE-9")])
    assert codes(answer)[1:] == ["ORDER_NOT_IN_SHOP", "accepted"]
    assert codes(answer)[0] in {"ITEM_REFUSED", "ORDER_NOT_IN_SHOP"}


# --- webhooks ------------------------------------------------------------------------------------------------------------


def test_webhooks_are_there_once_mended_and_removed(laden: Laden) -> None:
    connector, url = laden.connect(), "http://127.0.0.1:9/hooks/geheim"
    created = connector.ensure_webhooks(url, "s")
    assert set(created.created) == set(shopware6.SPEC.features[Feature.ORDERS].hints)
    with laden.shop.store.transaction():
        laden.shop.store.put("webhook", {**laden.rows("webhook")[0], "active": False})
    mended = connector.ensure_webhooks(url, "s")
    assert (len(mended.created), len(mended.repaired), len(mended.active)) == (0, 1, len(created.created))
    assert len(laden.rows("webhook")) == len(created.created)
    connector.remove_webhooks(url)
    connector.remove_webhooks(url)
    assert laden.rows("webhook") == []


def test_a_webhook_is_a_hint_and_its_payload_is_never_mapped() -> None:
    body = {
        "data": {
            "payload": [{"entity": "order", "operation": "update", "primaryKey": "a" * 32}],
            "event": "order.written",
        },
        "source": {"url": "https://shop.example", "eventId": "e1"},
        "timestamp": 1,
    }
    hint = shopware6.read_webhook(CREDENTIALS, {}, orjson.dumps(body), "s")
    assert hint is not None and (hint.delivery_id, hint.feature, hint.records) == ("e1", Feature.ORDERS, ("a" * 32,))
    other = {**body, "data": {"payload": [], "event": "product.written"}}
    unknown = shopware6.read_webhook(CREDENTIALS, {}, orjson.dumps(other), "s")
    assert unknown is not None and unknown.feature is None
    assert all(
        shopware6.read_webhook(CREDENTIALS, {}, text, "s") is None for text in (b"", b"[]", b'{"data":{}}', b"<html>")
    )
