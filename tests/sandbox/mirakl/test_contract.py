"""Every operation of the sandbox keeps the vendor's two files, in what it takes and in what it answers."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.mirakl import MiraklShop
from sandbox.mirakl.app import MiraklApi
from sandbox.mirakl.checkout import Promotion
from sandbox.server import SandboxServer
from sandbox.shop import Exchange
from tests.contract.mirakl_spec import operation, violations
from tests.sandbox.mirakl.support import api_client, csv_file, fill, prices, stock, upload

READS = (
    *("/version", "/account", "/account?shop_id=2042", "/platform/configuration", "/additional_fields?entities=ORDER"),
    *("/documents", "/reasons", "/reasons/REFUND", "/shipping/zones", "/shipping/types", "/shipping/carriers"),
    *("/orders/taxes", "/channels", "/invoices?max=5", "/offers/states", "/hierarchies", "/hierarchies?hierarchy=HOME"),
    *("/products/attributes?hierarchy=FASHION-SHIRTS", "/values_lists", "/values_lists?code=sizes"),
    *("/mcm/products/sources/status/export", "/products/imports?max=3"),
)


def drive_reads(client: httpx.Client, shop: MiraklShop) -> None:
    for path in READS:
        client.get(path)
    for mode in ("TAX_INCLUDED", "TAX_EXCLUDED"):
        client.get("/orders", params={"max": 100, "order_tax_mode": mode})
    client.get("/orders?max=1&offset=1&order_state_codes=SHIPPING,SHIPPED&start_update_date=2020-01-01T00:00:00Z")
    client.get("/offers?max=2&sort=price&order=desc")
    client.get(f"/offers/{shop.offers['CUP'].offer_id}")


def drive_orders(client: httpx.Client, shop: MiraklShop) -> None:
    order = shop.place_order([("CUP", 2), ("COFFEE", 1)], promotion=Promotion("P1", Decimal(10)))
    waiting = shop.place_order([("CUP", 1)], state="WAITING_ACCEPTANCE")
    order_id, line = order["order_id"], order["order_lines"][0]["order_line_id"]
    client.put(f"/orders/{waiting['order_id']}/accept", json=decision(waiting, True))
    client.put(
        "/orders", json={"orders": [{"order_id": order_id, "references": {"order_reference_for_seller": "A-1"}}]}
    )
    fields = {"order_additional_fields": [{"code": "invoice-number", "value": "R-1"}]}
    client.put(f"/orders/{order_id}/additional_fields", json=fields)
    client.put(f"/orders/{order_id}/additional_fields", json={"order_additional_fields": [{"code": "x", "value": "y"}]})
    common = {"amount": 5.0, "shipping_amount": 0, "order_line_id": line}
    client.put("/orders/cancel", json={"cancelations": [{**common, "quantity": 0, "reason_code": "34"}]})
    client.put(f"/orders/{order_id}/tracking", json={"carrier_code": "DHL", "tracking_number": "0034"})
    upload(client, order_id, "R-1.pdf")
    upload(client, order_id, "R-1.exe")
    documents = client.get(f"/orders/documents?order_ids={order_id}").json()["order_documents"]
    client.get(f"/orders/documents/download?document_ids={documents[0]['id']}")
    client.put(f"/orders/{order_id}/ship")
    client.put("/orders/refund", json={"refunds": [{**common, "quantity": 1, "reason_code": "17"}]})
    shop.open_incident(order_id, line)
    client.get("/orders?has_incident=true")
    client.put(f"/orders/{order_id}/lines/{line}/resolve_incident", json={"reason_code": "11"})
    client.delete(f"/orders/documents/{documents[0]['id']}")
    client.put(f"/orders/{waiting['order_id']}/cancel")


def decision(order: dict[str, Any], accepted: bool) -> dict[str, Any]:
    return {"order_lines": [{"id": line["order_line_id"], "accepted": accepted} for line in order["order_lines"]]}


def drive_shipments(client: httpx.Client, shop: MiraklShop) -> None:
    shop.multi_shipment = True
    order_id = shop.buy([("CUP", 2)])
    client.get("/shipments/items_to_ship", params={"order_id": order_id})
    line = {"order_line_id": f"{order_id}-1", "quantity": 1}
    made = client.post("/shipments", json={"shipments": [{"order_id": order_id, "shipment_lines": [line]}]}).json()
    shipment = made["shipment_success"][0]["id"]
    tracking = {"carrier_code": "DPD", "tracking_number": "1"}
    client.post("/shipments/tracking", json={"shipments": [{"id": shipment, "tracking": tracking}]})
    client.put("/shipments/ship", json={"shipments": [{"id": shipment}, {"id": "unknown"}]})
    client.get(f"/shipments?order_id={order_id}")


def drive_imports(client: httpx.Client) -> None:
    made = stock(client, ["CUP", 7, "", "update"], ["NOPE", 1, "", ""])
    client.get(f"/offers/stock/imports/{made['import_id']}/error_report")
    priced = prices(client, "offer-sku price", ["CUP", "11.90"], ["CUP", "x"])
    client.get(f"/offers/pricing/imports/{priced['import_id']}/error_report")
    files = csv_file(
        "sku product-id product-id-type price quantity state",
        ["NEW", "4000000000020", "EAN", "9.99", 3, "11"],
        ["", "", "", "", "", ""],
    )
    number = client.post("/offers/imports", files=files, data={"import_mode": "NORMAL"}).json()["import_id"]
    for _ in range(2):
        client.get(f"/offers/imports/{number}")
    client.get(f"/offers/imports/{number}/error_report")
    offer = {"shop_sku": "CUP", "price": 12.5, "product_id": "4006381333931", "product_id_type": "EAN", "quantity": 4}
    client.post("/offers", json={"offers": [{**offer, "state_code": "11", "update_delete": ""}]})
    columns = "category shop-sku ean title brand main-image volume"
    good = ["HOME-KITCHEN-MUGS", "MUG", "4000000000037", "Becher", "Nordlicht", "https://img.example/1.jpg", 300]
    files = csv_file(
        columns, good, ["HOME-KITCHEN-MUGS", "MUG2", "1", "", "", "", ""], ["NOWHERE", "MUG3", "", "", "", "", ""]
    )
    number = client.post("/products/imports", files=files).json()["import_id"]
    for _ in range(2):
        client.get(f"/products/imports/{number}")
    for report in ("error_report", "new_product_report", "transformation_error_report"):
        assert client.get(f"/products/imports/{number}/{report}").status_code == 200
    client.get("/mcm/products/sources/status/export?status=NOT_LIVE")


@pytest.fixture(scope="module")
def traffic(shared: Path) -> Iterator[list[Exchange]]:
    """Everything that went over the wire while all operations were used."""
    shop = fill(MiraklShop())
    shop.seed(articles=30, orders=60)
    shop.traffic = []
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        drive_orders(client, shop)
        drive_shipments(client, shop)
        drive_imports(client)
        drive_reads(client, shop)
        yield shop.traffic


def test_all_exchanges_keep_the_specification(traffic: list[Exchange]) -> None:
    assert [problem for exchange in traffic for problem in violations(exchange)] == []


def test_the_scenario_uses_every_operation_that_the_sandbox_has(traffic: list[Exchange]) -> None:
    known = {route.operation for route in MiraklApi(MiraklShop())._routes}
    succeeded = {operation(exchange) for exchange in traffic if exchange.status < 300}
    assert known - succeeded == set()


def pick(traffic: list[Exchange], code: str) -> Exchange:
    return next(exchange for exchange in traffic if operation(exchange) == code and exchange.status < 300)


@pytest.mark.parametrize(
    ("code", "change", "words"),
    [
        ("OR11", {"query": "max=10&page=2"}, "unknown parameter page"),
        ("OR11", {"query": "order_state_codes=SHIPPING,SENT"}, "not in its enumeration"),
        ("OR11", {"query": "start_update_date=yesterday"}, "start_update_date"),
        ("OR72", {"query": ""}, "missing parameter order_ids"),
        ("OR21", {"body": b'{"order_lines": [{"id": "x"}]}'}, "'accepted' is a required property"),
        ("OR23", {"body": b'{"carrier": "DHL"}'}, "'carrier' was unexpected"),
        ("OR23", {"answer": b"{}"}, "204 with a body"),
        ("RE01", {"answer": b'{"reasons": []}'}, "'total_count' is a required property"),
        ("SH21", {"answer": b'{"carriers": [{"code": "X", "label": "Y", "logo": "Z"}]}'}, "'logo' was unexpected"),
        ("STO02", {"answer": b'{"status": "DONE"}'}, "'DONE' is not one of"),
        ("STO01", {"answer_headers": {"content-type": "application/json"}}, "header Location is missing"),
        ("OR24", {"status": 200}, "status 200 instead of 204"),
        ("A01", {"headers": {"authorization": "Bearer x"}}, "the key goes bare"),
    ],
)
def test_a_wrong_request_or_answer_is_a_violation(
    traffic: list[Exchange], code: str, change: dict[str, Any], words: str
) -> None:
    assert words in " | ".join(violations(replace(pick(traffic, code), **change)))


@pytest.mark.parametrize(
    ("code", "old", "new", "words"),
    [
        ("STO01", b'"quantity"', b'"stock"', "unknown column stock"),
        ("OF01", b"NORMAL", b"DELETE", "import_mode DELETE"),
        ("OR74", b'"type_code"', b'"type"', "'type_code' is a required property"),
        ("PRI01", b'name="file"', b'name="data"', "part file is missing"),
    ],
)
def test_a_wrong_form_is_a_violation(traffic: list[Exchange], code: str, old: bytes, new: bytes, words: str) -> None:
    exchange = pick(traffic, code)
    assert old in exchange.body
    assert words in " | ".join(violations(replace(exchange, body=exchange.body.replace(old, new))))


def test_an_unknown_path_is_a_violation(traffic: list[Exchange]) -> None:
    assert violations(replace(traffic[0], path="/api/sales")) == [f"no operation {traffic[0].method} /api/sales"]
