"""The page for people: buying, seeing what connectors did, switching faults."""

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, seed_shop
from tests.sandbox.support import ANNA

FORM = {
    "sku1": "KB-300",
    "quantity1": "2",
    "sku2": "TS-BASIC-M",
    "quantity2": "1",
    "name": "Zoë von der Heide <b>",
    "email": "zoe@example.org",
    "country": "AT",
    "address_1": "Ring 1",
    "postcode": "1010",
    "city": "Wien",
    "payment": "stripe",
    "note": "🙂",
    "coupon": "fuenf",
}


def root(client: httpx.Client) -> str:
    return str(client.base_url).split("/wp-json")[0]


def test_a_person_buys_and_sees_the_order_and_the_stock(shop: WooShop, client: httpx.Client) -> None:
    answer = httpx.post(f"{root(client)}/buy", data=FORM, follow_redirects=True)
    (order,) = shop.orders.values()
    assert (order["status"], order["shipping"]["country"], order["customer_note"]) == ("processing", "AT", "🙂")
    assert [line["quantity"] for line in order["line_items"]] == [2, 1]
    assert f"Order {order['number']} was placed" in answer.text
    assert "von der Heide &lt;b&gt;" in answer.text
    assert shop.products[shop.skus["KB-300"]].stock_quantity == 48
    assert shop.effects == []


@pytest.mark.parametrize("wrong", [{"sku1": "NO-SUCH"}, {"quantity1": "0"}, {"sku1": "", "sku2": ""}])
def test_a_wrong_form_is_explained_and_orders_nothing(
    wrong: dict[str, str], shop: WooShop, client: httpx.Client
) -> None:
    answer = httpx.post(f"{root(client)}/buy", data={**FORM, **wrong}, follow_redirects=True)
    assert "Please choose" in answer.text
    assert len(shop.orders) == 0


def test_the_page_shows_tracking_notes_and_effects(shop: WooShop, client: httpx.Client) -> None:
    order = shop.place_order([("KB-300", 1)], ANNA)
    client.post(f"/orders/{order['id']}/notes", json={"note": "Sendungsnummer 0034", "customer_note": True})
    client.put(f"/orders/{order['id']}", json={"status": "completed"})
    text = httpx.get(f"{root(client)}/live").text
    assert "Sendungsnummer 0034" in text
    assert "order_status" in text
    assert httpx.get(f"{root(client)}/style.css").headers["content-type"].startswith("text/css")


def test_faults_are_buttons(shop: WooShop, client: httpx.Client) -> None:
    httpx.post(f"{root(client)}/fault", data={"mode": "503", "count": "1"})
    assert [client.get("/orders").status_code for _ in range(2)] == [503, 200]
    httpx.post(f"{root(client)}/fault", data={"mode": "500", "count": "0"})
    httpx.post(f"{root(client)}/fault", data={"mode": "off"})
    assert client.get("/orders").status_code == 200


def test_someone_else_buys(shop: WooShop, client: httpx.Client) -> None:
    assert httpx.post(f"{root(client)}/buy-random").status_code == 303
    assert httpx.post(f"{root(client)}/sandbox/orders", json={"count": 2}).status_code == 201
    assert httpx.get(f"{root(client)}/sandbox/status").json()["orders"] == 3
    assert len(httpx.get(f"{root(client)}/sandbox/catalogue").json()) == 10


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_fits_the_window(width: int, chromium: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    shop = WooShop()
    seed_shop(shop, articles=40, orders=15)
    with SandboxServer(shop) as server, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(server.url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Buy", exact=True).click()
        assert page.get_by_role("status").inner_text().startswith("Order ")
        browser.close()
