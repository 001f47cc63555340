"""Stock, order status and tracking for WooCommerce, beyond what all connectors do alike; and its connection test."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

import connectors
from canonical.check import CheckState
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import OrderStatus, Outcome, Parcel, ShippedLine, StatusKind, StockLevel
from canonical.settings import OrderSettings, ShipmentSettings
from connectors.account import Account
from connectors.transport import TransportOptions
from connectors.woocommerce.settings import WooCredentials, WooOrderSettings, WooShipmentSettings
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop

PARCELS = (
    Parcel(tracking_number="JJD1", carrier="DHL", tracking_url="https://dhl.example/JJD1"),
    Parcel(tracking_number="JJD2", carrier="DHL"),
)


def level(sku: str, quantity: int, ref: str = "") -> StockLevel:
    return StockLevel(key=f"A-{sku}", sku=sku, ref=ref, quantity=quantity)


def report(order: str, **fields: Any) -> OrderStatus:
    return OrderStatus(**{"key": "LS-1", "order_ref": order, "kind": StatusKind.SHIPPED, "parcels": PARCELS, **fields})


def codes(answer: Any) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]


@pytest.fixture
def shirts(woo: Any) -> list[str]:
    """Two shirts with three sizes each."""
    skus = []
    for name in ("RED", "BLUE"):
        parent = woo.shop.add_product(name, name, "19.90", type="variable")
        for size in "SML":
            skus.append(f"{name}-{size}")
            woo.shop.add_variation(parent, skus[-1], "19.90", {"Größe": size}, stock=1)
    return skus


@pytest.mark.proves("woocommerce", "stock")
def test_variations_are_sent_together_per_parent(woo: Any, shirts: list[str]) -> None:
    woo.place(1)
    connector = woo.connect()
    answer = connector.send_stock([level(sku, 5) for sku in (*shirts, "MUG")])
    assert codes(answer) == ["accepted"] * 7
    assert woo.shop.requests.count(method="GET") == 1 and woo.shop.requests.count(method="POST") == 3
    assert all("/" in result.ref for result in answer.results[:6]) and answer.results[6].ref.isdecimal()


def test_known_refs_need_no_look_up(woo: Any, shirts: list[str]) -> None:
    connector = woo.connect()
    refs = {result.key: result.ref for result in connector.send_stock([level(sku, 5) for sku in shirts]).results}
    woo.shop.requests.clear()
    connector.send_stock([level(sku, 6, refs[f"A-{sku}"]) for sku in shirts])
    assert woo.shop.requests.count(method="GET") == 0 and woo.shop.requests.count() == 2
    assert woo.effects("stock", "RED-S") == ["5", "6"]


@pytest.mark.parametrize("ref", ["999999", "1/999999", "no ref"])
def test_a_ref_that_the_shop_forgot_is_looked_up_again(woo: Any, ref: str) -> None:
    woo.place(1)
    result = woo.connect().send_stock([level("MUG", 5, ref)]).results[0]
    assert (result.outcome, result.ref) == (Outcome.ACCEPTED, str(woo.shop.skus["MUG"]))


def test_stock_that_the_shop_does_not_manage_is_not_switched_on(woo: Any, shirts: list[str]) -> None:
    loose = woo.shop.add_product("LOOSE", "Lose Ware", "1.00", stock=None)
    at_parent = woo.shop.add_product("HOODIE", "Kapuze", "39.00", type="variable", stock=9)
    woo.shop.add_variation(at_parent, "HOODIE-M", "39.00", {"Größe": "M"}, stock=None)
    connector = woo.connect()
    levels = [level("LOOSE", 5), level("HOODIE-M", 5), level("LOOSE", 5, str(loose.id))]
    assert codes(connector.send_stock(levels[:2])) == ["STOCK_NOT_MANAGED"] * 2
    assert codes(connector.send_stock(levels[2:])) == ["STOCK_NOT_MANAGED"]
    assert woo.shop.products[loose.id].manage_stock is False
    assert codes(connector.send_stock([level("HOODIE", 5)])) == ["accepted"]


def test_a_hundred_long_article_numbers_are_looked_up_in_bearable_addresses(woo: Any) -> None:
    skus = [f"ARTIKELNUMMER-MIT-VIELEN-ZEICHEN-{number:04}" for number in range(100)]
    for sku in skus:
        woo.shop.add_product(sku, sku, "1.00", stock=0)
    assert codes(woo.connect().send_stock([level(sku, 3) for sku in skus])) == ["accepted"] * 100
    assert woo.shop.requests.count(method="GET") == 3 and woo.shop.requests.count(method="POST") == 1


def test_an_empty_batch_is_no_request(woo: Any) -> None:
    assert woo.connect().send_stock([]).results == () and woo.connect().send_shipments([]).results == ()
    assert len(woo.shop.requests) == 0


@pytest.mark.proves("woocommerce", "tracking", "several_tracking", "shipped_status")
def test_a_note_names_every_parcel_in_the_words_of_the_settings(woo: Any) -> None:
    order = woo.place(1)[0]
    connector = woo.connect(note_text="Paket mit {carrier}: {tracking_numbers} ({url})")
    assert codes(connector.send_shipments([report(order)])) == ["accepted"]
    assert woo.effects("order_note", order) == ["Paket mit DHL: JJD1, JJD2 (https://dhl.example/JJD1)"]
    assert woo.effects("order_status", order) == ["completed"]
    mailed = [note["note"] for note in woo.shop.notes[int(order)] if note["customer_note"]]
    assert mailed == ["Paket mit DHL: JJD1, JJD2 (https://dhl.example/JJD1)"]


def test_a_part_is_reported_without_completing_the_order(woo: Any) -> None:
    order = woo.place(1)[0]
    assert codes(woo.connect().send_shipments([report(order, completes_order=False)])) == ["accepted"]
    assert woo.effects("order_status", order) == [] and len(woo.effects("order_note", order)) == 1


def test_without_tracking_only_the_status_is_reported(woo: Any) -> None:
    first, second, third = woo.place(3)
    assert codes(woo.connect(send_tracking=False).send_shipments([report(first)])) == ["accepted"]
    assert codes(woo.connect().send_shipments([report(second, parcels=())])) == ["accepted"]
    assert woo.effects("order_note") == [] and woo.effects("order_status") == ["completed", "completed"]
    assert codes(woo.connect().send_shipments([report(third, parcels=(), completes_order=False)])) == [
        "TRACKING_MISSING"
    ]
    silent = woo.connect(send_tracking=False).send_shipments([report(third, completes_order=False)])
    assert codes(silent) == ["skipped"]


def test_a_fulfilment_holds_the_shipped_lines_and_is_made_once(woo: Any) -> None:
    woo.shop.fulfillments_enabled = True
    order = woo.place(1)[0]
    item = woo.shop.orders[int(order)]["line_items"][0]
    line = ShippedLine(line_ref=str(item["id"]), quantity=Decimal(1))
    connector = woo.connect(tracking_way="fulfillments")
    assert codes(connector.send_shipments([report(order, lines=(line,))])) == ["accepted"]
    assert codes(connector.send_shipments([report(order, lines=(line,), is_repeat=True)])) == ["accepted"]
    assert woo.effects("fulfillment", order) == ["JJD1, JJD2"]
    metas = {meta["key"]: meta["value"] for meta in woo.shop.fulfillments[int(order)][0]["meta_data"]}
    assert metas["_items"] == [{"item_id": item["id"], "qty": 1}] and metas["_shipment_provider"] == "dhl"


def test_a_fulfilment_without_lines_holds_the_whole_order(woo: Any) -> None:
    woo.shop.fulfillments_enabled = True
    order = woo.place(1)[0]
    woo.connect(tracking_way="fulfillments").send_shipments([report(order)])
    metas = {meta["key"]: meta["value"] for meta in woo.shop.fulfillments[int(order)][0]["meta_data"]}
    assert metas["_items"] == [{"item_id": woo.shop.orders[int(order)]["line_items"][0]["id"], "qty": 1}]


def test_fulfilments_that_are_off_need_a_person(woo: Any) -> None:
    order = woo.place(1)[0]
    connector = woo.connect(tracking_way="fulfillments")
    with pytest.raises(FailureError) as caught:
        connector.send_shipments([report(order)])
    assert caught.value.failure.code == "FULFILLMENTS_OFF"
    items = connector.check([Feature.SHIPMENTS]).items
    assert [item.failure.code for item in items if item.failure] == ["FULFILLMENTS_OFF"]


def test_the_plug_ins_field_collects_the_numbers_of_all_shipments(woo: Any) -> None:
    order = woo.place(1)[0]
    connector = woo.connect(tracking_way="order_meta", meta_key="_tracking")
    first = report(order, parcels=PARCELS[:1], completes_order=False)
    for status in (first, report(order, key="LS-2", parcels=PARCELS[1:]), first):
        assert codes(connector.send_shipments([status])) == ["accepted"]
    values = [meta["value"] for meta in woo.shop.orders[int(order)]["meta_data"] if meta["key"] == "_tracking"]
    assert values == ["JJD1, JJD2"]


@pytest.mark.proves("woocommerce", "cancellation")
@pytest.mark.parametrize(
    ("state", "outcome", "sent"),
    [
        ("processing", "accepted", ["cancelled"]),
        ("cancelled", "accepted", []),
        ("refunded", "accepted", []),
        ("completed", "CANCEL_AFTER_SHIPPING", []),
    ],
)
def test_a_cancellation_looks_first_whether_the_shop_has_shipped(
    woo: Any, state: str, outcome: str, sent: list[str]
) -> None:
    order = woo.place(1)[0]
    with woo.shop.changes():
        woo.shop.save_order(dict(woo.shop.orders[int(order)]) | {"status": state})
    cancelled = report(order, kind=StatusKind.CANCELLED, parcels=())
    assert codes(woo.connect().send_shipments([cancelled])) == [outcome]
    assert woo.effects("order_status", order) == sent


def test_cancellations_stay_in_the_erp_unless_the_setting_says_otherwise(woo: Any) -> None:
    order = woo.place(1)[0]
    cancelled = report(order, kind=StatusKind.CANCELLED, parcels=())
    assert codes(woo.connect(cancel_in_channel=False).send_shipments([cancelled])) == ["skipped"]
    assert len(woo.shop.requests) == 0


# --- the connection test -----------------------------------------------------------------------------------------------


def failed(connector: Any, *features: Feature) -> list[tuple[str, str]]:
    items = connector.check(list(features)).items
    return [(item.name, item.failure.code) for item in items if item.failure]


@pytest.mark.parametrize(
    ("version", "found"),
    [("7.9.0", ["VERSION_OUTDATED"]), ("8.0", []), ("8.0.0-rc.1", []), ("12.1", []), ("", ["VERSION_OUTDATED"])],
)
def test_old_versions_are_refused(version: str, found: list[str]) -> None:
    with SandboxServer(WooShop(version=version)) as server:
        shop = server._shop
        account = WooCredentials.model_validate(
            {"url": server.url, "consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret}  # type: ignore[attr-defined]
        )
        connector = connectors.build("woocommerce", account, {}, Account(), TransportOptions(allow_private=True))
        assert [code for _, code in failed(connector, Feature.ORDERS)] == found


def test_a_wrong_folder_is_not_the_interface(woo: Any) -> None:
    assert failed(woo.connect(url=f"{woo.url}/laden"), Feature.ORDERS) == [("reachable", "NOT_FOUND")]


def test_a_wrong_secret_is_refused_by_the_shop_itself(woo: Any) -> None:
    woo.shop.consumer_secret = "cs_" + "0" * 40
    assert failed(woo.connect(), Feature.ORDERS) == [("credentials", "ACCESS")]


def test_a_private_address_is_refused_before_any_packet(woo: Any) -> None:
    account = WooCredentials.model_validate({"url": woo.url, "consumer_key": "ck_1", "consumer_secret": "cs_1"})
    connector = connectors.build("woocommerce", account, {}, Account(), TransportOptions())
    assert failed(connector, Feature.ORDERS) == [("reachable", "ADDRESS_REFUSED")]
    assert len(woo.shop.requests) == 0


def test_plain_http_has_no_certificate_to_check(woo: Any) -> None:
    items = {item.name: item for item in woo.connect().check([Feature.ORDERS]).items}
    assert (items["certificate"].state, items["certificate"].detail) == (CheckState.SKIPPED, "http")


def answer(status: str, body: bytes, content_type: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def scripted(raw_server: Any) -> Any:
    """A connector whose shop says exactly what a test tells it."""
    account = WooCredentials.model_validate({"url": raw_server.url, "consumer_key": "ck_1", "consumer_secret": "cs_1"})
    return connectors.build("woocommerce", account, {}, Account(), TransportOptions(allow_private=True, timeout=2))


INDEX = answer("200 OK", b'{"namespace":"wc/v3"}')


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([answer("200 OK", b"<html>", "text/html")], ("reachable", "NOT_JSON")),
        ([answer("200 OK", b'{"name":"a blog"}')], ("reachable", "NOT_JSON")),
        ([answer("404 No", b"<html>", "text/html")], ("reachable", "NOT_FOUND")),
        ([answer("403 No", b"<html>", "text/html")], ("reachable", "NOT_JSON")),
        ([answer("301 Moved", b"", "text/html\r\nlocation: https://www.shop.example/")], ("reachable", "REDIRECTED")),
        (
            [INDEX, answer("401 No", b'{"code":"woocommerce_rest_cannot_view","message":"No."}')],
            ("credentials", "ACCESS"),
        ),
        ([INDEX, answer("403 No", b'{"code":"woocommerce_rest_cannot_view"}')], ("credentials", "PERMISSION")),
        ([INDEX, answer("403 No", b"<html>", "text/html")], ("credentials", "NOT_JSON")),
        ([INDEX, answer("200 OK", b"[]")], ("credentials", "NOT_JSON")),
        ([INDEX, answer("200 OK", b'{"environment":{"version":"x"}}')], ("version", "VERSION_OUTDATED")),
    ],
)
def test_each_trouble_has_its_place_and_its_name(
    raw_server: Any, scripted: Any, answers: list[bytes], found: tuple[str, str]
) -> None:
    raw_server.answers = answers
    assert failed(scripted, Feature.ORDERS, Feature.STOCK) == [found]


# --- odd answers -------------------------------------------------------------------------------------------------------


def test_rows_without_an_id_are_kept_and_fail_when_they_are_read(raw_server: Any, scripted: Any) -> None:
    rows = [{"number": "7"}, None, {"id": "12"}, {"id": 53, "number": 4, "date_modified_gmt": "2026-03-01T08:00:00"}]
    raw_server.answers = [answer("200 OK", orjson.dumps(rows))]
    page = scripted.fetch_orders(scripted.first_cursor("2026-02-01T00:00:00+01:00"), 100)
    names = [document.external_id for document in page.documents]
    assert [name.startswith("unreadable-") for name in names] == [True, True, True, False]
    assert (names[3], page.documents[3].number, page.cursor, page.more) == ("53", "53", "2026-03-01T07:59:59", False)


def test_a_page_whose_orders_have_no_date_is_named_and_not_repeated_for_ever(raw_server: Any, scripted: Any) -> None:
    raw_server.answers = [answer("200 OK", orjson.dumps([{"id": number} for number in range(1, 101)]))]
    with pytest.raises(FailureError) as caught:
        scripted.fetch_orders(scripted.first_cursor("2026-02-01T00:00:00Z"), 500)
    assert caught.value.failure.code == "DOCUMENT_INVALID"


@pytest.mark.parametrize("body", [b"{}", b"null", b'"x"', b"[1", b"<html>"])
def test_a_list_that_is_none_is_an_outage(raw_server: Any, scripted: Any, body: bytes) -> None:
    raw_server.answers = [answer("200 OK", body)]
    for call in (
        lambda: scripted.fetch_orders(scripted.first_cursor("2026-02-01T00:00:00Z"), 100),
        lambda: scripted.send_stock([level("MUG", 1)]),
        lambda: scripted.send_stock([level("MUG", 1, "5")]),
        lambda: scripted.send_shipments([report("5")]),
    ):
        with pytest.raises(FailureError) as caught:
            call()
        assert caught.value.failure.code == "NOT_JSON"


def test_what_the_shop_does_not_repeat_is_not_accepted(raw_server: Any, scripted: Any) -> None:
    rows = [
        {"id": 1, "manage_stock": True, "stock_quantity": 3},
        {"id": 3, "error": {"code": "rest_invalid_param", "message": "Nein."}},
        {"id": 4, "error": "odd"},
        "odd",
    ]
    raw_server.answers = [answer("200 OK", orjson.dumps({"update": rows}))]
    results = scripted.send_stock([level(f"S{number}", 5, str(number)) for number in (1, 2, 3, 4)]).results
    assert [result.failure.code for result in results] == ["ITEM_REFUSED"] * 4
    raw_server.answers = [answer("200 OK", b'{"id":5,"status":"processing"}')]
    assert codes(scripted.send_shipments([report("5")])) == ["ITEM_REFUSED"]
    raw_server.answers = [answer("400 Bad", b'{"code":"rest_invalid_param","message":"Nein.","data":{"status":400}}')]
    refused = scripted.send_shipments([report("5")]).results[0].failure
    assert (refused.code, refused.params["reason"]) == ("ITEM_REFUSED", "Nein.")


SENT_DIFFERENTLY: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "tracking_way": ({}, {"tracking_way": "order_meta"}),
    "note_text": ({}, {"note_text": "Unterwegs: {tracking_numbers}"}),
    "meta_key": ({"tracking_way": "order_meta"}, {"tracking_way": "order_meta", "meta_key": "_parcel"}),
}
"""Per setting that only this shop has: the settings before and after its change."""


@pytest.mark.parametrize("setting", SENT_DIFFERENTLY)
def test_each_setting_of_this_shop_changes_what_is_sent(woo: Any, setting: str) -> None:
    sent = []
    for values, order in zip(SENT_DIFFERENTLY[setting], woo.place(2), strict=True):
        assert codes(woo.connect(**values).send_shipments([report(order)])) == ["accepted"]
        metas = {(meta["key"], str(meta["value"])) for meta in woo.shop.orders[int(order)]["meta_data"]}
        sent.append((woo.effects("order_note", order), metas))
    assert sent[0] != sent[1]


def test_no_setting_of_this_shop_is_without_such_a_case() -> None:
    assert set(WooShipmentSettings.model_fields) - set(ShipmentSettings.model_fields) == set(SENT_DIFFERENTLY)
    assert set(WooOrderSettings.model_fields) == set(OrderSettings.model_fields)
