"""A shop with a state file goes on where it was killed, and its evidence with it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.woocommerce import WooShop, catalogue, seed_shop
from tests.sandbox.support import ANNA, fill


def start(state: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the sandbox as its own process and read the line it prints."""
    arguments = [
        "woocommerce",
        "--articles",
        "20",
        "--orders",
        "5",
        "--state",
        str(state),
        "--set",
        "https=yes",
        "--json",
    ]
    process = subprocess.Popen([sys.executable, "-m", "sandbox", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def test_a_killed_sandbox_comes_back_with_its_state_and_effects(tmp_path: Path) -> None:
    state = tmp_path / "shop.jsonl"
    process, facts = start(state)
    try:
        with httpx.Client(
            base_url=f"{facts['url']}/wp-json/wc/v3", auth=(facts["consumer_key"], facts["consumer_secret"])
        ) as client:
            product = client.get("/products?type=simple&stock_status=instock&per_page=1&search=UNKNOWN").json()[0]
            order = client.get("/orders?per_page=1").json()[0]
            assert client.put(f"/products/{product['id']}", json={"stock_quantity": 77}).status_code == 200
            assert (
                client.post(
                    f"/orders/{order['id']}/notes", json={"note": "Paket 0034", "customer_note": True}
                ).status_code
                == 201
            )
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with state.open("ab") as file:
        file.write(b'{"effects": [{"kind": "torn')
    process, facts = start(state)
    try:
        effects = httpx.get(f"{facts['url']}/sandbox/effects").json()
        assert [(e["kind"], e["key"], e["value"]) for e in effects] == [
            ("stock", product["sku"], "77"),
            ("order_note", str(order["id"]), "Paket 0034"),
        ]
        with httpx.Client(
            base_url=f"{facts['url']}/wp-json/wc/v3", auth=(facts["consumer_key"], facts["consumer_secret"])
        ) as client:
            assert client.get(f"/products/{product['id']}").json()["stock_quantity"] == 77
            assert client.get(f"/orders/{order['id']}/notes").json()[0]["note"] == "Paket 0034"
            assert client.get("/orders").headers["x-wp-total"] == "5"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_restored_shop_is_the_same_shop(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    shop = fill(WooShop(state_file=path))
    shop.add_coupon("sommer", "percent", "15")
    shop.place_order([("TS-BASIC-M", 2), ("KB-300", 1)], ANNA, coupons=["sommer"])
    shop.close()
    again = WooShop(state_file=path)
    assert dict(again.orders) == dict(shop.orders)
    assert catalogue(again) == catalogue(shop)
    assert again.variations_of == shop.variations_of
    assert again.coupons == shop.coupons
    assert again.next_id("post") == shop.next_id("post")
    new = again.place_order([("KB-300", 1)], ANNA)
    assert new["id"] not in shop.orders


def test_every_change_is_on_the_disk_before_it_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (synced.append(number), real(number)))
    shop = fill(WooShop(state_file=tmp_path / "shop.jsonl"))
    before = len(synced)
    shop.set_stock("KB-300", 1)
    assert len(synced) == before + 1


def test_the_same_seed_makes_the_same_shop() -> None:
    shops = [WooShop(), WooShop(), WooShop()]
    until = shops[0].clock()
    for shop, seed in zip(shops, (3, 3, 4), strict=True):
        seed_shop(shop, articles=60, orders=20, seed=seed, until=until)
    one, two, other = (list(shop.orders.values()) for shop in shops)
    assert one == two
    assert one != other
    assert catalogue(shops[0]) == catalogue(shops[1])


def test_the_catalogue_lists_parents_before_variants_and_leaves_unknown_articles_out() -> None:
    shop = WooShop()
    seed_shop(shop, articles=100, orders=0)
    articles = catalogue(shop)
    seen: set[str] = set()
    for article in articles:
        assert article["parent_sku"] is None or article["parent_sku"] in seen
        seen.add(article["sku"])
    assert len(seen) == len(articles)
    assert {article["kind"] for article in articles} == {"simple", "matrix", "variant"}
    assert {article["tax_class"] for article in articles} == {"", "reduced-rate"}
    assert not any(article["sku"].startswith("UNKNOWN") for article in articles)
    assert sum(article["kind"] != "matrix" for article in articles) == 100


def test_a_torn_line_does_not_spoil_what_is_written_after_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    fill(WooShop(state_file=path)).close()
    with path.open("ab") as file:
        file.write(b'{"products": {"11": {"torn')
    WooShop(state_file=path).set_stock("KB-300", 4)
    assert {a["sku"]: a["stock"] for a in catalogue(WooShop(state_file=path))}["KB-300"] == 4
