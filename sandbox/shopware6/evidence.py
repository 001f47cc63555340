"""Evidence of what accepted writes changed, in the words of `Effect`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.store import Row, Store
from sandbox.shopware6.values import EURO

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

WORKED_OUT = frozenset(
    {"updatedAt", "stock", "price", "availableStock", "available", "categoryTree", "categoryIds", "propertyIds"}
)
WORKED_OUT |= {"optionIds", "tagIds", "childCount", "level", "path"}
KINDS = {
    "category": "category",
    "media": "image",
    "product_media": "image",
    "product_price": "price",
    "document": "document",
    "webhook": "webhook",
    "order": "order",
}


def gross(row: Row) -> Decimal | None:
    """A product's own gross price in euros; None where a variant takes its parent's."""
    found = next((price["gross"] for price in row.get("price") or () if price["currencyId"] == EURO), None)
    return None if found is None else Decimal(str(found))


def name_of(row: Row) -> str:
    """A row's name in the shop's own language."""
    texts = row.get("_t")
    return str((texts.get(SYSTEM_LANGUAGE, {}) if texts is not None else row).get("name") or "")


def note_writes(shop: Shopware6Shop, written: Mapping[str, Mapping[str, Row | None]], request_id: str) -> None:
    """Note what the written rows changed; call it inside the transaction, after everything is put."""
    for entity, rows in written.items():
        for row_id, before in rows.items():
            row = shop.store.tables[entity].get(row_id)
            if row is not None and row != before:
                _note(shop, entity, row, before, request_id)


def note_deletes(shop: Shopware6Shop, deleted: Mapping[str, list[Any]], request_id: str) -> None:
    """Note deleted products and categories."""
    for entity in ("product", "category"):
        for row_id in deleted.get(entity, ()):
            shop.record(entity, f"#{row_id}", "deleted", request_id)


def _note(shop: Shopware6Shop, entity: str, row: Row, before: Row | None, request_id: str) -> None:
    if entity == "product":
        _note_product(shop, row, before, request_id)
    elif entity == "order_delivery":
        if before is None or row.get("trackingCodes") != before.get("trackingCodes"):
            shop.record("tracking", row["orderId"], ", ".join(row.get("trackingCodes") or ()), request_id)
    elif entity == "product_price":
        shop.record("price", sku_of(shop.store, row["productId"]), gross(row), request_id)
    elif entity == "document":
        shop.record("document", row["orderId"], row.get("documentNumber") or "", request_id)
    elif entity in KINDS:
        key = sku_of(shop.store, row["productId"]) if entity == "product_media" else row["id"]
        shop.record(KINDS[entity], key, name_of(row) or row.get("eventName") or "", request_id)


def _note_product(shop: Shopware6Shop, row: Row, before: Row | None, request_id: str) -> None:
    old = before or {}
    key = row.get("productNumber") or f"#{row['id']}"
    if row.get("stock") != old.get("stock"):
        shop.record("stock", key, row["stock"], request_id)
    if row.get("price") != old.get("price"):
        shop.record("price", key, gross(row), request_id)
    changed = {name for name in {*row, *old} - WORKED_OUT if row.get(name) != old.get(name)}
    if changed or before is None:
        shop.record("product", key, name_of(row), request_id)


def sku_of(store: Store, product_id: str) -> str:
    """The number of a product."""
    return str(store.tables["product"].get(product_id, {}).get("productNumber") or f"#{product_id}")
