"""What the tests of this sandbox share: articles, a client, files."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from sandbox.mirakl import MiraklShop

Open = Callable[[MiraklShop], httpx.Client]
"""Serves a shop and returns a client with its key."""
EANS = ("4006381333931", "4000000000013", "4000000000020")


def fill(shop: MiraklShop) -> MiraklShop:
    """Three offers: a cup and a lamp at 19 %, coffee at 7 %."""
    shop.add_article("CUP", "Kaffeebecher", "12.90", stock=50, ean=EANS[0], category="HOME-KITCHEN-MUGS")
    shop.add_article(
        "COFFEE", "Röstkaffee", "18.49", stock=60, ean=EANS[1], tax_class="reduced", category="FOOD-COFFEE"
    )
    shop.add_article("LAMP", "Tischleuchte", "89.00", stock=5, ean=EANS[2], category="HOME-LIGHT")
    return shop


def api_client(url: str, shop: MiraklShop) -> httpx.Client:
    """A client with the shop's key."""
    return httpx.Client(base_url=f"{url}/api", headers={"Authorization": shop.api_key}, timeout=20, trust_env=False)


def csv_file(columns: str, *lines: Sequence[object]) -> dict[str, tuple[str, bytes, str]]:
    """The part `file` of a form: columns separated by blanks, then lines."""
    rows = [columns.split(), *lines]
    text = "\n".join(";".join(f'"{value}"' for value in row) for row in rows)
    return {"file": ("import.csv", text.encode(), "text/csv")}


def stock(client: httpx.Client, *lines: Sequence[object]) -> dict[str, Any]:
    """Send STO01 and poll STO02 until it is over."""
    files = csv_file("offer-sku quantity warehouse-code update-delete", *lines)
    made = client.post("/offers/stock/imports", files=files).json()["import_id"]
    client.get(f"/offers/stock/imports/{made}/status")
    return dict(client.get(f"/offers/stock/imports/{made}/status").json())


def prices(client: httpx.Client, columns: str, *lines: Sequence[object]) -> dict[str, Any]:
    """Send PRI01 and poll PRI02 until it is over."""
    made = client.post("/offers/pricing/imports", files=csv_file(columns, *lines)).json()["import_id"]
    client.get("/offers/pricing/imports", params={"import_id": made})
    return dict(client.get("/offers/pricing/imports", params={"import_id": made}).json()["data"][0])


def order_of(client: httpx.Client, order_id: str) -> dict[str, Any]:
    """An order as OR11 shows it."""
    found = client.get("/orders", params={"order_ids": order_id}).json()["orders"]
    assert len(found) == 1
    return dict(found[0])


def upload(client: httpx.Client, order_id: str, name: str, type_code: str = "CUSTOMER_INVOICE") -> httpx.Response:
    """Send one PDF with OR74."""
    described = f'{{"order_documents": [{{"file_name": "{name}", "type_code": "{type_code}"}}]}}'
    files = [
        ("files", (name, b"%PDF-1.7\r\n\x00\xff end", "application/pdf")),
        ("order_documents", (None, described.encode(), "application/json")),
    ]
    return client.post(f"/orders/{order_id}/documents", files=files)
