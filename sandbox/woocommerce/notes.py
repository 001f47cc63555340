"""Notes on orders: internal ones, and those the customer gets by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.woocommerce import times
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.links import item_links

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop


def add_note(shop: WooShop, order_id: int, text: str, *, for_customer: bool) -> Json:
    """Write a note on an order; call it inside `changes()`."""
    note_id, now = shop.next_id("note"), shop.clock()
    parent = f"orders/{order_id}"
    note: Json = {
        "id": note_id,
        "author": "WooCommerce",
        "date_created": times.local_text(now),
        "date_created_gmt": times.gmt_text(now),
        "note": text,
        "customer_note": for_customer,
        "_links": item_links(f"{parent}/notes", note_id, methods=["GET", "DELETE"], up=parent),
    }
    shop.save_of_order("notes", order_id, note)
    return note
