"""Imports of stock, prices, offers and products run asynchronously, line by line, with a report of what was wrong."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.mirakl import MiraklShop
from tests.sandbox.mirakl.support import EANS, Open, csv_file, fill, prices, stock

STOCK = "offer-sku quantity warehouse-code update-delete"
PRICES = "offer-sku price discount-price discount-start-date discount-end-date"
OFFERS = "sku product-id product-id-type price quantity state update-delete"


def report(client: httpx.Client, path: str) -> list[dict[str, str]]:
    """The lines of an error report."""
    answer = client.get(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))


def offers_import(client: httpx.Client, mode: str, columns: str, *lines: Sequence[object]) -> dict[str, Any]:
    """Send OF01 and poll OF02 until it is over."""
    files = csv_file(columns, *lines)
    made = client.post("/offers/imports", files=files, data={"import_mode": mode}).json()["import_id"]
    client.get(f"/offers/imports/{made}")
    return dict(client.get(f"/offers/imports/{made}").json())


def offer_of(client: httpx.Client, sku: str) -> dict[str, Any]:
    """An offer as OF21 shows it."""
    return dict(client.get("/offers", params={"sku": sku}).json()["offers"][0])


def test_good_lines_count_and_bad_ones_are_reported_by_line(client: httpx.Client, shop: MiraklShop) -> None:
    lines = [["CUP", 7, "", "update"], ["NOPE", 1, "", ""], ["LAMP", "-1", "", ""], ["COFFEE", "1.5", "", ""]]
    done = stock(client, *lines, ["CUP", 1, "W1", ""], ["CUP", 1, "", "erase"])
    assert (done["status"], done["lines_in_success"], done["lines_in_error"]) == ("COMPLETE", 1, 5)
    rows = report(client, f"/offers/stock/imports/{done['import_id']}/error_report")
    assert [(row["error-line"], row["offer-sku"]) for row in rows] == [
        *(("3", "NOPE"), ("4", "LAMP"), ("5", "COFFEE"), ("6", "CUP"), ("7", "CUP")),
    ]
    assert list(rows[0])[:2] == ["error-line", "error-message"]
    assert shop.ledger().stock == {"CUP": 7, "COFFEE": 60, "LAMP": 5}
    assert [(effect.kind, effect.key, effect.value) for effect in shop.effects] == [("stock", "CUP", "7")]


def test_an_import_shows_its_outcome_only_when_it_is_over(open_shop: Open) -> None:
    shop = fill(MiraklShop(shown_statuses=("WAITING", "RUNNING")))
    client = open_shop(shop)
    made = client.post("/offers/stock/imports", files=csv_file(STOCK, ["NOPE", 7, "", ""])).json()["import_id"]
    shown = []
    for _ in range(4):
        answer = client.get(f"/offers/stock/imports/{made}/status").json()
        shown.append((answer["status"], answer["has_error_report"]))
        if not answer["has_error_report"] and answer["status"] == "WAITING":
            assert client.get(f"/offers/stock/imports/{made}/error_report").status_code == 404
    assert shown == [("WAITING", False), ("RUNNING", False), ("COMPLETE", True), ("COMPLETE", True)]


@pytest.mark.parametrize("content", [b'"offer-sku","quantity"\n"CUP","1"', b"\xff\xfe", b'"sku";"quantity"\n"CUP";"1"'])
def test_a_file_that_cannot_be_read_fails_as_a_whole(client: httpx.Client, shop: MiraklShop, content: bytes) -> None:
    made = client.post("/offers/stock/imports", files={"file": ("a.csv", content)}).json()["import_id"]
    client.get(f"/offers/stock/imports/{made}/status")
    done = client.get(f"/offers/stock/imports/{made}/status").json()
    assert (done["status"], done["has_error_report"], shop.effects) == ("FAILED", False, [])


def test_the_operator_may_let_an_import_fail(client: httpx.Client, shop: MiraklShop) -> None:
    shop.fails_next_import = "Internal error"
    assert prices(client, PRICES, ["CUP", "9.90", "", "", ""])["reason_status"] == "Internal error"
    assert shop.ledger().prices["CUP"] == Decimal("12.90")
    assert prices(client, PRICES, ["CUP", "9.90", "", "", ""])["status"] == "COMPLETE"


def test_stock_of_warehouses_is_summed_and_a_global_level_replaces_it(open_shop: Open) -> None:
    shop = fill(MiraklShop(warehouses=("NORD", "SUED")))
    client = open_shop(shop)
    stock(client, ["CUP", 4, "NORD", ""], ["CUP", 6, "SUED", ""])
    shown = offer_of(client, "CUP")
    assert (shown["quantity"], shown["warehouses"]) == (
        10,
        [{"code": "NORD", "quantity": 4}, {"code": "SUED", "quantity": 6}],
    )
    stock(client, ["CUP", "", "NORD", "delete"])
    assert offer_of(client, "CUP")["warehouses"] == [{"code": "SUED", "quantity": 6}]
    stock(client, ["CUP", 3, "", ""])
    assert (offer_of(client, "CUP")["quantity"], offer_of(client, "CUP")["warehouses"]) == (3, [])


def test_an_older_instance_has_no_stock_imports(open_shop: Open) -> None:
    client = open_shop(fill(MiraklShop(has_stock_imports=False)))
    assert client.post("/offers/stock/imports", files=csv_file(STOCK, ["CUP", 7, "", ""])).status_code == 404


def test_prices_that_are_not_sent_are_deleted(client: httpx.Client, shop: MiraklShop) -> None:
    prices(client, PRICES, ["CUP", "12.00", "9.00", "2026-01-01", "2099-01-01"])
    shown = offer_of(client, "CUP")
    assert (shown["price"], shown["discount"]["origin_price"]) == (9, 12)
    channels = "offer-sku price channels"
    prices(client, channels, ["CUP", "12.00", ""], ["CUP", "13.00", "WEB_AT"])
    assert [entry["channel_code"] for entry in offer_of(client, "CUP")["all_prices"]] == [None, "WEB_AT"]
    done = prices(client, "offer-sku price", ["CUP", "11.50"])
    shown = offer_of(client, "CUP")
    assert (shown["price"], shown["discount"], len(shown["all_prices"])) == (11.5, None, 1)
    assert (done["offers_updated"], done["offers_in_error"]) == (1, 0)
    assert [(e.kind, e.key, e.value) for e in shop.effects] == [
        ("price", "CUP", "12.00"),
        ("price", "CUP", "12.00"),
        ("price", "CUP", "11.50"),
    ]


def test_an_offer_with_one_bad_price_keeps_all_its_prices(client: httpx.Client, shop: MiraklShop) -> None:
    done = prices(
        client,
        "offer-sku price channels",
        *(["CUP", "10.00", ""], ["CUP", "ten", "WEB_AT"], ["LAMP", "80.00", ""], ["COFFEE", "9.00", "WEB_AT"]),
    )
    assert (done["lines_in_error"], done["offers_in_error"], done["offers_updated"]) == (3, 2, 1)
    rows = report(client, f"/offers/pricing/imports/{done['import_id']}/error_report")
    assert [(row["offer-sku"], row["price"], bool(row["error-message"])) for row in rows] == [
        *(("CUP", "10.00", False), ("CUP", "ten", True), ("COFFEE", "9.00", True)),
    ]
    assert shop.ledger().prices == {"CUP": Decimal("12.90"), "COFFEE": Decimal("18.49"), "LAMP": Decimal("80.00")}


@pytest.mark.parametrize(
    "line",
    [
        ["CUP", "12,90", "", "", ""],
        ["CUP", "0", "", "", ""],
        ["CUP", "1.234", "", "", ""],
        ["CUP", "10", "11", "", ""],
        ["CUP", "10", "9", "soon", ""],
        ["CUP", "10", "9", "2026-02-01", "2026-01-01"],
        ["CUP", "10", "", "2026-02-01", ""],
        ["NOPE", "10", "", "", ""],
    ],
)
def test_a_bad_price_is_refused(client: httpx.Client, shop: MiraklShop, line: list[str]) -> None:
    assert prices(client, PRICES, line)["lines_in_error"] == 1
    assert shop.effects == []


def test_price_imports_are_listed_by_pages(client: httpx.Client) -> None:
    made = [prices(client, "offer-sku price", ["CUP", f"{n}.00"])["import_id"] for n in (1, 2, 3)]
    first = client.get("/offers/pricing/imports?limit=2").json()
    rest = client.get("/offers/pricing/imports", params={"limit": 2, "page_token": first["next_page_token"]}).json()
    assert [entry["import_id"] for entry in first["data"] + rest["data"]] == made[::-1]
    assert "next_page_token" not in rest
    assert "previous_page_token" in rest
    assert client.get("/offers/pricing/imports?status=FAILED").json()["data"] == []


def test_offers_are_created_updated_and_deleted_by_file(client: httpx.Client, shop: MiraklShop) -> None:
    done = offers_import(
        client,
        "NORMAL",
        OFFERS,
        ["NEW", EANS[0], "EAN", "10.00", 3, "11", ""],
        ["CUP", "", "", "12.00", "", "11", "update"],
        ["LAMP", "", "", "", "", "", "delete"],
        ["BAD", "1", "EAN", "10.00", 3, "11", ""],
    )
    counts = {name: done[f"offer_{name}"] for name in ("inserted", "updated", "deleted")}
    assert counts == {"inserted": 1, "updated": 1, "deleted": 1}
    rows = report(client, f"/offers/imports/{done['import_id']}/error_report")
    assert [(row["sku"], row["error-line"]) for row in rows] == [("BAD", "5")]
    assert shop.ledger().stock == {"CUP": 0, "COFFEE": 60, "NEW": 3}


def test_a_partial_update_keeps_what_is_empty_and_creates_nothing(client: httpx.Client, shop: MiraklShop) -> None:
    done = offers_import(client, "PARTIAL_UPDATE", "sku quantity", ["CUP", 9], ["NEW", 1])
    assert (done["lines_in_success"], done["lines_in_error"]) == (1, 1)
    assert (shop.ledger().stock["CUP"], shop.ledger().prices["CUP"]) == (9, Decimal("12.90"))


def test_replace_deletes_the_offers_that_are_not_in_the_file(client: httpx.Client, shop: MiraklShop) -> None:
    offers_import(client, "REPLACE", OFFERS, ["CUP", "", "", "12.90", 4, "11", ""])
    assert list(shop.ledger().stock) == ["CUP"]


def test_the_same_file_again_is_the_same_import_while_it_runs(client: httpx.Client) -> None:
    def send() -> int:
        files = csv_file("sku quantity", ["CUP", 9])
        return int(
            client.post("/offers/imports", files=files, data={"import_mode": "PARTIAL_UPDATE"}).json()["import_id"]
        )

    first = send()
    assert send() == first
    client.get(f"/offers/imports/{first}")
    assert send() != first


def test_fields_that_of24_does_not_send_fall_back(client: httpx.Client, shop: MiraklShop) -> None:
    shop.offers["CUP"].description = "mit Henkel"
    offer = {"shop_sku": "CUP", "price": 12.90, "product_id": EANS[0], "product_id_type": "EAN"}
    body = {"offers": [{**offer, "state_code": "11", "update_delete": "update"}]}
    made = client.post("/offers", json=body)
    assert made.status_code == 201
    assert client.get(f"/offers/imports/{made.json()['import_id']}").json()["status"] == "RUNNING"
    assert (offer_of(client, "CUP")["quantity"], offer_of(client, "CUP")["description"]) == (0, None)
    assert offer_of(client, "CUP")["inactivity_reasons"] == ["ZERO_QUANTITY"]


PRODUCTS = "category shop-sku ean title brand main-image volume"
MUG = ["HOME-KITCHEN-MUGS", "MUG", "4000000000037", "Becher", "Nordlicht", "https://img.example/1.jpg", 300]


def products_import(client: httpx.Client, columns: str, *lines: Sequence[object]) -> dict[str, Any]:
    """Send P41 and poll P42 until it is over."""
    made = client.post("/products/imports", files=csv_file(columns, *lines)).json()["import_id"]
    assert client.get(f"/products/imports/{made}").json()["import_status"] == "TRANSFORMATION_RUNNING"
    return dict(client.get(f"/products/imports/{made}").json())


def test_a_product_goes_live_and_can_be_offered(client: httpx.Client, shop: MiraklShop) -> None:
    done = products_import(client, PRODUCTS, MUG)
    assert (done["import_status"], done["transform_lines_in_success"], done["has_new_product_report"]) == (
        "COMPLETE",
        1,
        True,
    )
    sources = client.get("/mcm/products/sources/status/export").json()
    assert [(s["provider_unique_identifier"], s["status"]) for s in sources] == [("MUG", "LIVE")]
    new = report(client, f"/products/imports/{done['import_id']}/new_product_report")
    assert [row["shop-sku"] for row in new] == ["MUG"]
    offers_import(client, "NORMAL", OFFERS, ["MUG", "MUG", "SHOP_SKU", "10.00", 3, "11", ""])
    assert shop.ledger().articles["MUG"] == "Becher"


def test_what_is_wrong_with_a_product_is_told_by_attribute(client: httpx.Client) -> None:
    bad = ["HOME-KITCHEN-MUGS", "MUG", "4000000000038", "Becher", "", "1.jpg", "viel"]
    lost = [["NOWHERE", "A", "", "", "", "", ""], ["HOME", "B", "", "", "", "", ""]]
    done = products_import(client, PRODUCTS, bad, *lost)
    assert (done["transform_lines_in_error"], done["has_error_report"], done["has_new_product_report"]) == (
        2,
        True,
        False,
    )
    source = client.get("/mcm/products/sources/status/export?status=NOT_LIVE").json()[0]
    wrong = {error["integration_details"][0]["attribute_code"] for error in source["errors"]}
    assert wrong == {"ean", "brand", "main-image", "volume"}
    assert client.get("/mcm/products/sources/status/export?status=LIVE").status_code == 204
    rows = report(client, f"/products/imports/{done['import_id']}/transformation_error_report")
    assert [row["error-line"] for row in rows] == ["3", "4"]


def test_categories_attributes_and_values_belong_together(client: httpx.Client) -> None:
    below = client.get("/hierarchies?hierarchy=HOME&max_level=1").json()["hierarchies"]
    assert [(h["code"], h["level"]) for h in below] == [("HOME", 1), ("HOME-KITCHEN", 2), ("HOME-LIGHT", 2)]
    attributes = client.get("/products/attributes?hierarchy=FASHION-SHIRTS").json()["attributes"]
    lists = {a["code"]: a["values_list"] for a in attributes if a["values_list"]}
    assert lists == {"colour": "colours", "size": "sizes", "materials": "materials"}
    assert [a["code"] for a in attributes if a["variant"]] == ["colour", "size"]
    known = {entry["code"] for entry in client.get("/values_lists").json()["values_lists"]}
    assert set(lists.values()) < known
    roles = client.get("/products/attributes?with_roles=true").json()["attributes"]
    assert "SHOP_SKU" in {a["roles"][0]["type"] for a in roles}
    assert client.get("/hierarchies?hierarchy=X").status_code == 404


def test_a_sellers_own_columns_are_read_by_the_mapping_made_inside_mirakl(
    client: httpx.Client, shop: MiraklShop
) -> None:
    shop.product_mapping = {"sku": "shop-sku", "name": "title", "group": "category"}
    columns = "group sku ean name brand main-image volume"
    assert products_import(client, columns, MUG)["transform_lines_in_success"] == 1
    files = {**csv_file(columns, MUG)}
    made = client.post("/products/imports", files=files, data={"operator_format": "true"}).json()["import_id"]
    client.get(f"/products/imports/{made}")
    assert client.get(f"/products/imports/{made}").json()["import_status"] == "FAILED"
