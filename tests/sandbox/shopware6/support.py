"""What the tests of the Shopware 6 sandbox share: a small shop and a client with a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from sandbox.server import SandboxServer
from sandbox.shopware6 import Shopware6Shop
from sandbox.shopware6.ids import id_of

Json = dict[str, Any]
EURO = "b7d2554b0ce847cd82f3ac9bd1c0dfca"


def fill(shop: Shopware6Shop) -> Shopware6Shop:
    """The articles that the tests buy."""
    shop.add_product("KB-300", "Kaffeebecher", "12.90", stock=50, ean="4006381333931")
    shop.add_product("BU-9", "Kochbuch", "24.95", stock=30, tax="reduced", categories=[shop.add_category("Bücher")])
    parent = shop.add_product("TS", "T-Shirt", "19.90")
    for size in ("S", "M"):
        shop.add_product(f"TS-{size}", "T-Shirt", None, stock=8, parent=parent, options=[("Größe", size)])
    return shop


def product(gross: float = 11.9, **values: Any) -> Json:
    """A valid payload of a new product."""
    return {
        "name": "Lampe",
        "productNumber": "LA-1",
        "stock": 3,
        "taxId": id_of("tax", "standard"),
        "price": [{"currencyId": EURO, "gross": gross, "net": round(gross / 1.19, 2), "linked": True}],
        **values,
    }


def token(url: str, keys: Json) -> httpx.Response:
    """Ask for a token."""
    body = {"grant_type": "client_credentials", "client_id": keys["client_id"], "client_secret": keys["client_secret"]}
    # Reading the certificates of the system takes longer than most tests; nothing here uses TLS.
    return httpx.post(f"{url}/api/oauth/token", json=body, headers={"Accept": "application/json"}, verify=False)


def api_client(shop: Shopware6Shop, *, read_only: bool = False) -> httpx.Client:
    """A client of a served shop with a token."""
    granted = token(shop.base_url, shop.credentials(read_only=read_only)).json()["access_token"]
    headers = {"Authorization": f"Bearer {granted}", "Accept": "application/json"}
    return httpx.Client(base_url=f"{shop.base_url}/api", headers=headers, timeout=20, trust_env=False, verify=False)


@contextmanager
def served(shop: Shopware6Shop) -> Iterator[httpx.Client]:
    """A shop behind HTTP with a client."""
    with SandboxServer(shop), api_client(shop) as client:
        yield client


def first(client: httpx.Client, entity: str, **criteria: Any) -> Json:
    """The first row of a search."""
    answer = client.post(f"/search/{entity}", json={"limit": 1, **criteria})
    row: Json = answer.json()["data"][0]
    return row
