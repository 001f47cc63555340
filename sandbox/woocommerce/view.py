"""The shop in the words that all simulated shops share: what is in it, and the changes people make."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.shop import Ledger, OrderFacts
from sandbox.woocommerce import statuses
from sandbox.woocommerce.errors import Json

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

IMPORTABLE = frozenset({"pending", "processing", "on-hold"})
CANCELLED = frozenset({"cancelled", "failed", "trash"})
BUYER = {
    "first_name": "Anna",
    "last_name": "Weiß",
    "address_1": "Hauptstr. 1",
    "postcode": "20095",
    "city": "Hamburg",
    "country": "DE",
    "email": "anna@example.org",
}


def ledger(shop: WooShop) -> Ledger:
    """What is in the shop now; products in the trash are gone. Prices are as entered, which is gross here."""
    with shop.lock:
        products = [p for p in shop.products.values() if p.status != "trash" and p.sku]
        return Ledger(
            orders={str(order_id): _facts(shop, shop.orders[order_id]) for order_id in shop.orders},
            stock={p.sku: p.stock_quantity or 0 for p in products if p.manage_stock is True},
            prices={p.sku: Decimal(p.price) for p in products if p.price},
            articles={p.sku: p.name for p in products},
            categories=tuple(_paths(shop)),
        )


def touch(shop: WooShop, order: str, at: datetime) -> None:
    """Somebody writes "geändert" into the customer's note of an order."""
    with shop.changes():
        document = copy.deepcopy(shop.orders[int(order)])
        document["customer_note"] = "geändert"
        statuses.touch(document, at)
        shop.save_order(document)


def _facts(shop: WooShop, order: Json) -> OrderFacts:
    refunds = shop.refunds.get(order["id"], [])
    return OrderFacts(
        total=Decimal(order["total"]),
        currency=order["currency"],
        is_importable=order["status"] in IMPORTABLE,
        is_shipped=order["status"] == "completed",
        is_cancelled=order["status"] in CANCELLED,
        is_acknowledged=order["status"] in {"processing", "completed"},
        tracking=tuple(_tracking(shop, order)),
        refunded=sum((Decimal(refund["amount"]) for refund in refunds), Decimal(0)),
    )


def _tracking(shop: WooShop, order: Json) -> Iterator[str]:
    """Tracking numbers of fulfillments and of plug-ins' meta data, and the customer notes, which may name one."""
    for fulfillment in shop.fulfillments.get(order["id"], []):
        yield from (str(m["value"]) for m in fulfillment["meta_data"] if m["key"] == "_tracking_number")
    yield from (str(meta["value"]) for meta in order["meta_data"] if "tracking" in meta["key"])
    yield from (note["note"] for note in shop.notes.get(order["id"], []) if note["customer_note"])


def _paths(shop: WooShop) -> Iterator[tuple[str, ...]]:
    terms = {term["id"]: term for term in shop.terms.of_kind("categories")}
    for term in terms.values():
        path, found = [], term
        while True:
            path.append(str(found["name"]))
            if not found.get("parent"):
                break
            found = terms[found["parent"]]
        yield tuple(reversed(path))
