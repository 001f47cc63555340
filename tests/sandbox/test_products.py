"""Products with everything that can be said of them: texts, pictures, terms, attributes, variations, meta data, the trash."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop
from tests.sandbox.support import ANNA, api_client

PICTURE = "https://img.example/becher.jpg"


def made(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """Create something; it must be accepted."""
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_product_keeps_what_was_said_of_it(client: httpx.Client) -> None:
    category = made(client, "/products/categories", name="Becher")
    tag, brand = made(client, "/products/tags", name="Neu"), made(client, "/products/brands", name="Nordlicht")
    bulky = made(client, "/products/shipping_classes", name="Sperrgut")
    other = client.get("/products?sku=BU-1001").json()[0]["id"]
    product = made(
        client,
        "/products",
        name="Teetasse",
        sku="TT-1",
        type="simple",
        status="draft",
        regular_price="9.90",
        sale_price="7.90",
        date_on_sale_from="2026-01-01T00:00:00",
        manage_stock=True,
        stock_quantity=4,
        tax_class="reduced-rate",
        description="<p>lang</p>",
        short_description="kurz",
        catalog_visibility="search",
        weight="0.4",
        dimensions={"length": "10", "width": "8", "height": "9"},
        shipping_class="sperrgut",
        global_unique_id="4006381333948",
        categories=[{"id": category["id"]}],
        tags=[{"id": tag["id"]}],
        brands=[{"id": brand["id"]}],
        images=[{"src": PICTURE, "alt": "Tasse"}],
        cross_sell_ids=[other],
        meta_data=[{"key": "_yoast_wpseo_title", "value": "Tasse kaufen"}],
    )
    shown = client.get(f"/products/{product['id']}").json()
    expected = {
        "status": "draft",
        "price": "7.90",
        "stock_quantity": 4,
        "catalog_visibility": "search",
        "shipping_class": "sperrgut",
        "shipping_class_id": bulky["id"],
        "dimensions": {"length": "10", "width": "8", "height": "9"},
        "categories": [{"id": category["id"], "name": "Becher", "slug": "becher"}],
        "cross_sell_ids": [other],
        "global_unique_id": "4006381333948",
        "short_description": "kurz",
    }
    assert {name: shown[name] for name in expected} == expected
    assert [(tag["name"], brand["name"])] == [(shown["tags"][0]["name"], shown["brands"][0]["name"])]
    assert (shown["images"][0]["alt"], shown["images"][0]["name"]) == ("Tasse", "becher.jpg")
    assert [(m["key"], m["value"]) for m in shown["meta_data"]] == [("_yoast_wpseo_title", "Tasse kaufen")]


def test_the_same_picture_sent_twice_is_two_pictures_and_an_id_keeps_it(shop: WooShop, client: httpx.Client) -> None:
    path = f"/products/{shop.skus['KB-300']}"
    first = client.put(path, json={"images": [{"src": PICTURE}]}).json()["images"][0]["id"]
    second = client.put(path, json={"images": [{"src": PICTURE}]}).json()["images"][0]["id"]
    assert first != second
    before = len(shop.effects)
    assert client.put(path, json={"images": [{"id": second}]}).json()["images"][0]["id"] == second
    assert len(shop.effects) == before


def test_meta_data_is_merged_by_key_and_null_removes_it(shop: WooShop, client: httpx.Client) -> None:
    path = f"/products/{shop.skus['KB-300']}"
    client.put(path, json={"meta_data": [{"key": "a", "value": "1"}, {"key": "b", "value": {"x": 1}}]})
    metas = client.put(path, json={"meta_data": [{"key": "a", "value": "2"}, {"key": "b", "value": None}]}).json()
    assert [(meta["key"], meta["value"]) for meta in metas["meta_data"]] == [("a", "2")]


def test_a_variable_product_with_variations_from_global_attributes(shop: WooShop, client: httpx.Client) -> None:
    size = client.get("/products/attributes").json()[0]
    assert (size["name"], size["slug"]) == ("Größe", "pa_groesse")
    attributes = [{"id": size["id"], "variation": True, "visible": True, "options": ["XS", "S"]}]
    parent = made(client, "/products", name="Hemd", sku="HE", type="variable", attributes=attributes)
    assert parent["attributes"][0]["options"] == ["S", "XS"]
    terms = [term["name"] for term in client.get(f"/products/attributes/{size['id']}/terms").json()]
    assert terms == ["L", "M", "S", "XS"]
    batch = {
        "create": [
            {
                "sku": f"HE-{option}",
                "regular_price": "29.90",
                "attributes": [{"id": size["id"], "option": option}],
                "image": {"src": PICTURE},
            }
            for option in ("XS", "S")
        ]
    }
    created = client.post(f"/products/{parent['id']}/variations/batch", json=batch).json()["create"]
    assert [variation["name"] for variation in created] == ["XS", "S"]
    assert created[0]["image"]["name"] == "becher.jpg"
    assert client.get(f"/products/{parent['id']}").json()["variations"] == [v["id"] for v in created]
    one = f"/products/{parent['id']}/variations/{created[0]['id']}"
    assert client.delete(one).json()["code"] == "woocommerce_rest_trash_not_supported"
    assert client.delete(one, params={"force": "true"}).status_code == 200
    assert client.get(one).status_code == 404
    client.delete(f"/products/{parent['id']}", params={"force": "true"})
    assert {"HE", "HE-S"} & set(shop.skus) == set()


def test_the_trash_keeps_the_number_taken_and_force_frees_it(shop: WooShop, client: httpx.Client) -> None:
    cup = shop.skus["KB-300"]
    assert client.delete(f"/products/{cup}").json()["status"] == "trash"
    assert client.delete(f"/products/{cup}").status_code == 410
    assert client.post("/products", json={"sku": "KB-300"}).json()["code"] == "product_invalid_sku"
    assert client.delete(f"/products/{cup}?force=true").status_code == 200
    assert made(client, "/products", sku="KB-300")["id"] != cup
    assert client.post("/products/batch", json={"delete": [shop.skus["BU-1001"]]}).status_code == 200
    assert "BU-1001" not in shop.skus


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"categories": [{"id": 999}]}, "woocommerce_rest_term_invalid"),
        ({"tags": [{"id": 15}]}, "woocommerce_rest_term_invalid"),
        ({"shipping_class": "luftfracht"}, "woocommerce_rest_term_invalid"),
        ({"attributes": [{"id": 999, "options": ["X"]}]}, "woocommerce_rest_taxonomy_invalid"),
        ({"images": [{"id": 999}]}, "woocommerce_product_invalid_image_id"),
        ({"images": [{"src": "https://host.invalid/a.jpg"}]}, "woocommerce_product_image_upload_error"),
        ({"images": [{"src": "https://img.example/a.exe"}]}, "woocommerce_product_image_upload_error"),
        ({"images": [{"src": "a.jpg"}]}, "woocommerce_product_image_upload_error"),
        ({"cross_sell_ids": [999]}, "woocommerce_rest_product_invalid_id"),
        ({"global_unique_id": "4006381333931"}, "product_invalid_global_unique_id"),
        ({"catalog_visibility": "secret"}, "rest_invalid_param"),
        ({"images": "a.jpg"}, "rest_invalid_param"),
        ({"featured": "maybe"}, "rest_invalid_param"),
        ({"dimensions": []}, "rest_invalid_param"),
    ],
)
def test_what_does_not_exist_or_fit_is_refused(
    shop: WooShop, client: httpx.Client, body: dict[str, Any], code: str
) -> None:
    before = client.get(f"/products/{shop.skus['BU-1001']}").json()
    answer = client.put(f"/products/{shop.skus['BU-1001']}", json={"name": "Anders", "regular_price": "1.00", **body})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (client.get(f"/products/{shop.skus['BU-1001']}").json(), shop.effects) == (before, [])


def test_categories_are_a_tree_with_counts(shop: WooShop, client: httpx.Client) -> None:
    home = made(client, "/products/categories", name="Wohnen")
    mugs = made(client, "/products/categories", name="Becher", parent=home["id"], description="zum Trinken")
    client.put(f"/products/{shop.skus['KB-300']}", json={"categories": [{"id": mugs["id"]}]})
    listed = client.get("/products/categories").json()
    assert [(term["name"], term["count"]) for term in listed] == [("Becher", 1), ("Uncategorized", 6), ("Wohnen", 0)]
    assert [p["sku"] for p in client.get(f"/products?category={mugs['id']}").json()] == ["KB-300"]
    assert ("Wohnen", "Becher") in shop.ledger().categories
    assert [t["name"] for t in client.get(f"/products/categories?parent={home['id']}").json()] == ["Becher"]
    client.delete(f"/products/categories/{home['id']}?force=true")
    assert client.get(f"/products/categories/{mugs['id']}").json()["parent"] == 0
    client.delete(f"/products/categories/{mugs['id']}?force=true")
    assert client.get(f"/products/{shop.skus['KB-300']}").json()["categories"] == []


def test_a_category_that_exists_is_named_in_the_refusal(client: httpx.Client) -> None:
    first = made(client, "/products/categories", name="Becher")
    again = client.post("/products/categories", json={"name": "becher"}).json()
    assert (again["code"], again["data"]["resource_id"]) == ("term_exists", first["id"])
    below = made(client, "/products/categories", name="Becher", parent=first["id"])
    assert below["slug"] == "becher-2"
    for body, code in (
        ({"name": "X", "parent": 999}, "woocommerce_rest_term_invalid"),
        ({}, "rest_missing_callback_param"),
        ({"name": " "}, "empty_term_name"),
    ):
        assert client.post("/products/categories", json=body).json()["code"] == code
    assert client.get("/products/categories/999").json()["code"] == "woocommerce_rest_term_invalid"
    path = f"/products/categories/{first['id']}"
    assert client.delete(path).json()["code"] == "woocommerce_rest_trash_not_supported"
    assert client.put(path, json={"name": "Tassen"}).json()["name"] == "Tassen"


def test_terms_in_a_batch_fail_one_by_one(client: httpx.Client) -> None:
    body = {"create": [{"name": "Neu"}, {"name": "Neu"}, {"slug": "x"}], "delete": [999]}
    done = client.post("/products/tags/batch", json=body).json()
    assert done["create"][0]["slug"] == "neu"
    codes = [item["error"]["code"] for item in (*done["create"][1:], *done["delete"])]
    assert codes == ["term_exists", "rest_missing_callback_param", "woocommerce_rest_term_invalid"]


def test_attributes_and_their_terms(client: httpx.Client) -> None:
    colour = made(client, "/products/attributes", name="Farbe")
    red = made(client, f"/products/attributes/{colour['id']}/terms", name="Rot", menu_order=2)
    assert (colour["slug"], red["slug"], red["menu_order"]) == ("pa_farbe", "rot", 2)
    taken = client.post("/products/attributes", json={"name": "Farbton", "slug": "farbe"}).json()
    assert (taken["code"], "already in use" in taken["message"]) == ("woocommerce_rest_cannot_create", True)
    long = client.post("/products/attributes", json={"name": "Farbe der Schnürsenkel am linken Schuh"})
    assert long.json()["code"] == "woocommerce_rest_cannot_create"
    assert client.get("/products/attributes/999/terms").json()["code"] == "woocommerce_rest_taxonomy_invalid"
    assert client.put(f"/products/attributes/{colour['id']}", json={"name": "Farben"}).json()["slug"] == "pa_farbe"
    client.delete(f"/products/attributes/{colour['id']}?force=true")
    assert client.get(f"/products/attributes/{colour['id']}").status_code == 404


def test_terms_pictures_and_removed_products_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl"
    shop = WooShop(https=True, state_file=file)
    shop.add_article("A", "Artikel", "1.00")
    shop.add_article("B", "Bote", "2.00")
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        category = made(client, "/products/categories", name="Becher")
        client.put(f"/products/{shop.skus['A']}", json={"categories": [category], "images": [{"src": PICTURE}]})
        client.delete(f"/products/{shop.skus['B']}?force=true")
        colour = made(client, "/products/attributes", name="Farbe")
    again = WooShop(https=True, state_file=file)
    with SandboxServer(again) as server, api_client(server.url, again) as client:
        assert client.get(f"/products/categories/{category['id']}").json()["count"] == 1
        assert client.get(f"/products/attributes/{colour['id']}").json()["name"] == "Farbe"
        picture = client.get(f"/products/{again.skus['A']}").json()["images"][0]["id"]
        assert client.put(f"/products/{again.skus['A']}", json={"images": [{"id": picture}]}).status_code == 200
        assert list(again.ledger().articles) == ["A"]


def test_the_ledger_tells_of_orders_what_the_suite_asks(shop: WooShop, client: httpx.Client) -> None:
    order_id = shop.buy([("KB-300", 2)])
    facts = shop.ledger().orders[order_id]
    assert (str(facts.total), facts.is_importable, facts.is_shipped) == (
        client.get(f"/orders/{order_id}").json()["total"],
        True,
        False,
    )
    shop.touch(order_id, shop.clock())
    assert client.get(f"/orders/{order_id}").json()["customer_note"] == "geändert"
    client.post(f"/orders/{order_id}/notes", json={"note": "Sendung 0034", "customer_note": True})
    client.put(f"/orders/{order_id}", json={"status": "completed"})
    client.post(f"/orders/{order_id}/refunds", json={"amount": "5.00", "api_refund": False})
    facts = shop.ledger().orders[order_id]
    assert (facts.is_shipped, facts.tracking, str(facts.refunded)) == (True, ("Sendung 0034",), "5.00")
    cancelled = str(shop.place_order([("KB-300", 1)], ANNA, status="cancelled")["id"])
    assert shop.ledger().orders[cancelled].is_cancelled
    assert (shop.ledger().stock["KB-300"], str(shop.ledger().prices["KB-300"])) == (48, "12.90")
