"""Order statuses and what entering one does: dates, flags, stock taken once and given back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.woocommerce import times
from sandbox.woocommerce.errors import Json

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

NAMES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
# What a list may be filtered by, and what an order may be set to; both in the recorded order.
FILTERS = (
    *("any", "trash", "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
    "checkout-draft",
)
SETTABLE = (
    *("auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
    "checkout-draft",
)
NOT_IN_ANY = frozenset({"trash", "auto-draft", "checkout-draft"})
TAKES_STOCK = frozenset({"on-hold", "processing", "completed"})
PAID = frozenset({"processing", "completed"})
REDUCED = "_reduced_stock"


def enter(shop: WooShop, order: Json, status: str, at: datetime, *, paid_at: datetime | None = None) -> None:
    """Put an order into a status, whichever it had: no machine is enforced, as in the real shop."""
    order["status"] = status
    if paid_at is None and status == "completed" and not order["date_paid"]:
        paid_at = at
    if paid_at is not None and not order["date_paid"]:
        order["date_paid"], order["date_paid_gmt"] = times.local_text(paid_at), times.gmt_text(paid_at)
    if status == "completed" and not order["date_completed"]:
        order["date_completed"], order["date_completed_gmt"] = times.local_text(at), times.gmt_text(at)
    if status in TAKES_STOCK:
        _take_stock(shop, order, at)
    elif status == "cancelled":
        _give_stock_back(shop, order, at)
    order["is_editable"] = status in {"pending", "on-hold", "auto-draft"}
    order["needs_payment"] = status in {"pending", "failed"} and Decimal(order["total"]) > 0
    order["needs_processing"] = any(not _is_virtual(shop, line) for line in order["line_items"])


def touch(order: Json, at: datetime) -> None:
    """Give an order a new modification date."""
    order["date_modified"], order["date_modified_gmt"] = times.local_text(at), times.gmt_text(at)


def _is_virtual(shop: WooShop, line: Json) -> bool:
    product = shop.products.get(line["variation_id"] or line["product_id"])
    return product is not None and product.virtual


def _take_stock(shop: WooShop, order: Json, at: datetime) -> None:
    """Reduce stock for lines that have not done so yet; the line's own meta remembers it."""
    for line in order["line_items"]:
        if not _has_reduced(line) and _move(shop, line, -line["quantity"], at):
            note_reduction(shop, line, line["quantity"])


def _give_stock_back(shop: WooShop, order: Json, at: datetime) -> None:
    for line in order["line_items"]:
        give_back(shop, line, _reduced(line), at)
        line["meta_data"] = [m for m in line["meta_data"] if m["key"] != REDUCED]


def note_reduction(shop: WooShop, line: Json, quantity: int) -> None:
    """Add to what a line remembers to have taken from the shelf; negative after a restock, never below zero."""
    value = str(max(0, _reduced(line) + quantity))
    for meta in line["meta_data"]:
        if meta["key"] == REDUCED:
            meta["value"] = meta["display_value"] = value
            return
    meta = {"id": shop.next_id("meta"), "key": REDUCED, "value": value}
    line["meta_data"].append({**meta, "display_key": REDUCED, "display_value": value})


def give_back(shop: WooShop, line: Json, quantity: int, at: datetime) -> None:
    """Put pieces of an order line back on the shelf."""
    if quantity > 0:
        _move(shop, line, quantity, at)


def _has_reduced(line: Json) -> bool:
    return any(meta["key"] == REDUCED for meta in line["meta_data"])


def _reduced(line: Json) -> int:
    return sum(int(meta["value"]) for meta in line["meta_data"] if meta["key"] == REDUCED)


def _move(shop: WooShop, line: Json, quantity: int, at: datetime) -> bool:
    product = shop.products.get(line["variation_id"] or line["product_id"])
    if product is not None and product.manage_stock == "parent":
        product = shop.products.get(product.parent_id)
    if product is None or not product.manage_stock:
        return False
    product.set_stock((product.stock_quantity or 0) + quantity)
    product.total_sales -= quantity
    product.modified = at
    shop.save_product(product)
    return True
