"""The shop's contents in the words that all simulated shops share, and its articles for an ERP."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.shop import Ledger, OrderFacts
from sandbox.shopify import stock
from sandbox.shopify.store import Json, gid

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

IMPORTABLE = frozenset({"PAID", "AUTHORIZED", "PARTIALLY_PAID", "PARTIALLY_REFUNDED"})
REDUCED_TAX = gid("Collection", 1)


def ledger(shop: ShopifyShop) -> Ledger:
    """What is in the shop; call it under the lock."""
    variants = [v for v in shop.store.table("ProductVariant").values() if v["sku"]]
    collections = shop.store.table("Collection").values()
    return Ledger(
        orders={order["id"]: _order(order) for order in shop.store.table("Order").values()},
        stock={v["sku"]: stock.available(v) for v in variants},
        prices={v["sku"]: Decimal(v["price"]) for v in variants},
        articles={v["sku"]: _name(shop, v) for v in variants},
        categories=tuple((collection["title"],) for collection in collections),
    )


def catalogue(shop: ShopifyShop) -> list[Json]:
    """The articles for an ERP; a product with several variants becomes a matrix with its handle as number."""
    with shop.lock:
        found: list[Json] = []
        for product in shop.store.table("Product").values():
            variants = [v for v in shop.variants_of(product) if v["sku"]]
            parent = product.get("matrixSku") if len(shop.variants_of(product)) > 1 else None
            reduced = REDUCED_TAX in product["collectionIds"]
            tax = "zero" if not all(v["taxable"] for v in variants) else "reduced" if reduced else "standard"
            if parent and variants:
                found.append(
                    _article(
                        parent, product["title"], "matrix", parent=None, tax=tax, price=variants[0]["price"], level=None
                    )
                )
            for v in variants:
                level = stock.available(v) if v["item"]["tracked"] else None
                kind = "variant" if parent else "simple"
                found.append(
                    _article(v["sku"], _name(shop, v), kind, parent=parent, tax=tax, price=v["price"], level=level)
                )
        return found


def _article(sku: str, name: str, kind: str, *, parent: str | None, tax: str, price: str, level: int | None) -> Json:
    return {
        "sku": sku,
        "name": name,
        "kind": kind,
        "parent_sku": parent,
        "tax_class": tax,
        "price": price,
        "stock": level,
    }


def _name(shop: ShopifyShop, variant: Json) -> str:
    product = shop.store.get(variant["productId"]) or {"title": ""}
    suffix = "" if variant["title"] == "Default Title" else f" {variant['title'].replace(' / ', ', ')}"
    return f"{product['title']}{suffix}"


def _order(order: Json) -> OrderFacts:
    tracking = [n for f in order["fulfillments"] if f["status"] == "SUCCESS" for n in f["tracking"]]
    return OrderFacts(
        total=order["totalPriceSet"].shop,
        currency=order["currencyCode"],
        is_importable=not order["cancelledAt"] and not order["test"] and order["displayFinancialStatus"] in IMPORTABLE,
        is_shipped=order["displayFulfillmentStatus"] == "FULFILLED",
        is_cancelled=bool(order["cancelledAt"]),
        tracking=tuple(t["number"] for t in tracking if t["number"]),
        refunded=order["totalRefundedSet"].shop,
    )
