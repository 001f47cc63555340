"""The simulated shop of a measurement: filled beforehand, served by a process of its own, judged by its own books."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from sandbox.woocommerce import WooShop, catalogue, seed_shop
from sandbox.woocommerce.seed_data import UNKNOWN_PREFIX

STOP_SECONDS = 20
CHUNK = 10_000
IMPORT_STATES = ("processing", "on-hold")


@dataclass(frozen=True)
class Filled:
    """A filled shop: its state file, the articles an ERP should have, its known buyers, and what an import must give."""

    state_file: Path
    articles: list[dict[str, Any]]
    buyers: dict[str, str] = field(default_factory=dict)
    """Name by e-mail of the buyers with an account."""
    totals: dict[str, Decimal] = field(default_factory=dict)
    """Gross total by id of the orders that must be booked."""
    parked: frozenset[str] = frozenset()
    """Ids of the orders with an article that the ERP lacks."""
    document_bytes: int = 0
    lines: int = 0


def fill(state_file: Path, *, articles: int, orders: int, unknown_sku_share: float = 0.0) -> Filled:
    """Fill a shop, always with the same content but for the dates, and write its state file."""
    shop = WooShop(state_file=state_file)
    seed_shop(shop, articles=articles, orders=orders, unknown_sku_share=unknown_sku_share)
    totals: dict[str, Decimal] = {}
    parked: set[str] = set()
    buyers: dict[str, str] = {}
    lines = 0
    for number in shop.orders:
        order = shop.orders[number]
        lines += len(order["line_items"])
        if order["customer_id"]:
            billing = order["billing"]
            buyers[billing["email"]] = f"{billing['first_name']} {billing['last_name']}"
        if order["status"] not in IMPORT_STATES:
            continue
        if any(line["sku"].startswith(UNKNOWN_PREFIX) for line in order["line_items"]):
            parked.add(str(number))
        else:
            totals[str(number)] = Decimal(order["total"])
    size = sum(len(shop.orders.raw(number)) for number in shop.orders)
    shop.close()
    return Filled(state_file, catalogue(shop), buyers, totals, frozenset(parked), size, lines)


def fill_with_articles(state_file: Path, count: int) -> Filled:
    """Fill a shop with simple products only: variations go out in one batch per product, which is the vendor's limit."""
    shop = WooShop(state_file=state_file)
    for start in range(0, count, CHUNK):
        with shop.changes():
            for number in range(start, min(start + CHUNK, count)):
                shop.add_product(f"A-{number:06}", f"Article {number}", "9.90", stock=10 + number % 90)
    shop.close()
    return Filled(state_file, catalogue(shop))


def levels(state_file: Path) -> dict[str, int | None]:
    """The stock per SKU as the shop has it on its disk."""
    shop = WooShop(state_file=state_file)
    shop.close()
    return {product.sku: product.stock_quantity for product in shop.products.values()}


@dataclass(frozen=True)
class Served:
    """A shop that answers."""

    url: str
    consumer_key: str
    consumer_secret: str
    pid: int

    def requests(self) -> int:
        """How many API requests it has answered."""
        return self._count("requests")

    def effects(self) -> int:
        """How many changes it has accepted."""
        return self._count("effects")

    def _count(self, what: str) -> int:
        with urlopen(f"{self.url}/sandbox/status", timeout=10) as answer:  # noqa: S310 - our own process on loopback
            return int(json.load(answer)[what])


@contextmanager
def served(filled: Filled) -> Iterator[Served]:
    """Serve a filled shop in a process of its own until the end."""
    command = [sys.executable, "-m", "sandbox", "woocommerce", "--state", str(filled.state_file), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            yield Served(facts["url"], facts["consumer_key"], facts["consumer_secret"], process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
