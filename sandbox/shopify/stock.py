"""Levels of an inventory item per location, in the named quantities, and how orders move pieces between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.shopify.store import Json, number_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

AVAILABLE, COMMITTED, ON_HAND = "available", "committed", "on_hand"
HELD = ("committed", "reserved", "damaged", "safety_stock", "quality_control")
NAMES = (AVAILABLE, ON_HAND, *HELD, "incoming")


def level_id(item_id: str, location_id: str) -> str:
    """The id of a level, in the vendor's form with the item in its query."""
    return f"gid://shopify/InventoryLevel/{number_of(location_id)}?inventory_item_id={number_of(item_id)}"


def quantity(level: Json, name: str) -> int:
    """A named quantity; what is on hand is what is available and everything held back."""
    if name == ON_HAND:
        return int(level.get(AVAILABLE, 0) + sum(level.get(held, 0) for held in HELD))
    return int(level.get(name, 0))


def available(variant: Json) -> int:
    """Pieces that can be sold, over all locations."""
    return sum(level.get(AVAILABLE, 0) for level in variant["item"]["levels"].values() if level["isActive"])


def activate(variant: Json, location_id: str, pieces: int, moment: str) -> Json:
    """Stock an item at a location; one that is stocked there already keeps its level."""
    levels: dict[str, Json] = variant["item"]["levels"]
    if location_id in levels:
        levels[location_id]["isActive"] = True
    else:
        levels[location_id] = {"isActive": True, AVAILABLE: pieces, "createdAt": moment, "updatedAt": moment}
    return levels[location_id]


def move(shop: ShopifyShop, variant_id: str | None, location_id: str, **deltas: int) -> None:
    """Change quantities of an item where it is tracked and stocked; call it inside `shop.changes()`."""
    variant = shop.store.get(variant_id or "")
    if variant is None or not variant["item"]["tracked"]:
        return
    level = variant["item"]["levels"].get(location_id)
    if level is None:
        return
    for name, delta in deltas.items():
        level[name] = level.get(name, 0) + delta
    level["updatedAt"] = shop.moment()
    shop.store.put(variant)
    shop.webhooks.level_changed(variant, location_id)
