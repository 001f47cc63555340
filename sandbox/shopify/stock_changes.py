"""Mutations of stock: setting, adjusting and activating levels, and the facts of an inventory item."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import stock
from sandbox.shopify.errors import Refused, coded
from sandbox.shopify.mutating import MAX_INPUT, idempotent, mutation
from sandbox.shopify.read_shop import item_of, level_at
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json

REASONS = frozenset(
    {
        *(
            "correction",
            "cycle_count_available",
            "damaged",
            "movement_created",
            "movement_updated",
            "movement_received",
        ),
        *("movement_canceled", "other", "promotion", "quality_control", "received", "reservation_created"),
        *("reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage"),
    }
)
SETTABLE = ("available", "on_hand")
LIMIT = 1_000_000_000


def _set_quantities(call: Call, args: Json) -> Json:
    wanted = args["input"]
    _check_head(wanted, SETTABLE, "INVALID_NAME")
    rows = wanted["quantities"]
    _check_count(rows)
    errors, plan, seen = [], [], set[tuple[str, str]]()
    for index, row in enumerate(rows):
        path = ("input", "quantities", str(index))
        try:
            pair = (row["inventoryItemId"], row["locationId"])
            if pair in seen:
                raise Refused("The combination of item and location is there twice.", *path, code=DUPLICATE)
            seen.add(pair)
            plan.append((row, *_checked(call, row, wanted["name"], path)))
        except Refused as error:
            errors.append(error.as_json())
    if errors:
        return {"userErrors": errors}
    changes: list[Json] = []
    for row, variant, _ in plan:
        changes += _write(call, variant, row["locationId"], wanted["name"], row["quantity"])
    return {"inventoryAdjustmentGroup": _group(call, wanted, changes)}


DUPLICATE = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"


def _checked(call: Call, row: Json, name: str, path: tuple[str, ...]) -> tuple[Json, Json]:
    """The variant and level of a row; refuses an unknown one, a stale comparison and a wrong number."""
    variant, level = _stocked(call, row, path)
    if "changeFromQuantity" not in row:
        raise coded(
            "InventoryQuantityInput.changeFromQuantity must be given, null skips the comparison.",
            "INVALID_FIELD_ARGUMENTS",
        )
    pieces = row["quantity"]
    if abs(pieces) > LIMIT:
        code = "INVALID_QUANTITY_TOO_HIGH" if pieces > 0 else "INVALID_QUANTITY_TOO_LOW"
        raise Refused("The quantity is out of range.", *path, "quantity", code=code)
    if pieces < 0 and name == stock.ON_HAND:
        code = "INVALID_QUANTITY_NEGATIVE"
        raise Refused("The quantity can't be negative.", *path, "quantity", code=code)
    _compare(row, stock.quantity(level, name), path)
    return variant, level


def _compare(row: Json, now: int, path: tuple[str, ...]) -> None:
    expected = row.get("changeFromQuantity")
    if expected is not None and expected != now:
        message = "The changeFromQuantity argument no longer matches the persisted quantity."
        raise Refused(message, *path, "changeFromQuantity", code="CHANGE_FROM_QUANTITY_STALE")


def _stocked(call: Call, row: Json, path: tuple[str, ...]) -> tuple[Json, Json]:
    variant = call.shop.store.owner(row["inventoryItemId"])
    if variant is None:
        message = "The specified inventory item could not be found."
        raise Refused(message, *path, "inventoryItemId", code="INVALID_INVENTORY_ITEM")
    if call.shop.store.table("Location").get(row["locationId"]) is None:
        raise Refused("The specified location could not be found.", *path, "locationId", code="INVALID_LOCATION")
    level = variant["item"]["levels"].get(row["locationId"])
    if level is None or not level["isActive"]:
        message = "The specified inventory item is not stocked at the location."
        raise Refused(message, *path, "locationId", code="INVALID_LOCATION")
    if not variant["item"]["tracked"]:
        message = "The specified inventory item is not tracked."
        raise Refused(message, *path, "inventoryItemId", code="NON_MUTABLE_INVENTORY_ITEM")
    return variant, level


def _write(call: Call, variant: Json, location_id: str, name: str, pieces: int) -> list[Json]:
    """Set a quantity; what is available and what is on hand change together."""
    level = variant["item"]["levels"][location_id]
    delta = pieces - stock.quantity(level, name)
    level[stock.AVAILABLE] = level.get(stock.AVAILABLE, 0) + delta
    level["updatedAt"] = call.shop.moment()
    call.shop.store.put(variant)
    call.shop.record("stock", variant["sku"] or f"#{variant['id']}", pieces, call.request_id)
    call.shop.webhooks.level_changed(variant, location_id)
    if not delta:
        return []
    common = {"delta": delta, "item": item_of(variant), "location": call.shop.store.get(location_id)}
    return [
        {**common, "name": changed, "quantityAfterChange": stock.quantity(level, changed), "ledgerDocumentUri": None}
        for changed in (stock.AVAILABLE, stock.ON_HAND)
    ]


def _group(call: Call, wanted: Json, changes: list[Json]) -> Json | None:
    if not changes:
        return None
    return {
        "id": call.shop.store.next_id("InventoryAdjustmentGroup"),
        "reason": wanted["reason"],
        "referenceDocumentUri": wanted.get("referenceDocumentUri"),
        "createdAt": call.shop.moment(),
        "changes": changes,
    }


def _check_head(wanted: Json, names: tuple[str, ...], code: str) -> None:
    if wanted["name"] not in names:
        raise Refused("The quantity name is not one that can be changed.", "input", "name", code=code)
    if wanted["reason"] not in REASONS:
        raise Refused("The specified reason is invalid.", "input", "reason", code="INVALID_REASON")
    uri = wanted.get("referenceDocumentUri")
    if uri is not None and ("://" not in uri or (uri.startswith("gid://") and len(uri.split("/")) < 5)):
        message = "The specified reference document is not valid."
        raise Refused(message, "input", "referenceDocumentUri", code="INVALID_REFERENCE_DOCUMENT")


def _check_count(rows: list[Any]) -> None:
    if len(rows) > MAX_INPUT:
        message = f"The input array size of {len(rows)} is greater than the maximum allowed of {MAX_INPUT}."
        raise coded(message, "MAX_INPUT_SIZE_EXCEEDED")


def _adjust(call: Call, args: Json) -> Json:
    wanted = args["input"]
    _check_head(wanted, (stock.AVAILABLE,), "INVALID_QUANTITY_NAME")
    _check_count(wanted["changes"])
    errors, plan = [], []
    for index, row in enumerate(wanted["changes"]):
        path = ("input", "changes", str(index))
        try:
            variant, level = _stocked(call, row, path)
            _compare(row, stock.quantity(level, wanted["name"]), path)
            plan.append((row, variant, level))
        except Refused as error:
            errors.append(error.as_json())
    if errors:
        return {"userErrors": errors}
    changes: list[Json] = []
    for row, variant, level in plan:
        pieces = stock.quantity(level, wanted["name"]) + row["delta"]
        changes += _write(call, variant, row["locationId"], wanted["name"], pieces)
    return {"inventoryAdjustmentGroup": _group(call, wanted, changes)}


def _activate(call: Call, args: Json) -> Json:
    variant = call.shop.store.owner(args["inventoryItemId"])
    if variant is None:
        raise Refused("The product couldn't be stocked because it wasn't found.", "inventoryItemId")
    location_id = args["locationId"]
    if call.shop.store.table("Location").get(location_id) is None:
        raise Refused("The product couldn't be stocked because the location wasn't found.", "locationId")
    known = variant["item"]["levels"].get(location_id)
    pieces = args.get("available")
    if known is not None and known["isActive"]:
        if pieces is not None:
            message = "Not allowed to set available quantity when the item is already active at the location."
            raise Refused(message, "available")
    else:
        level = stock.activate(variant, location_id, pieces or 0, call.shop.moment())
        if pieces is not None:
            level[stock.AVAILABLE] = pieces
            call.shop.record("stock", variant["sku"] or f"#{variant['id']}", pieces, call.request_id)
        call.shop.store.put(variant)
    return {"inventoryLevel": level_at(variant, location_id)}


def apply_item(call: Call, variant: Json, wanted: Json) -> None:
    """Write the fields of an `InventoryItemInput` into a variant's item; the SKU belongs to the variant."""
    item = variant["item"]
    for name in ("tracked", "requiresShipping", "countryCodeOfOrigin", "provinceCodeOfOrigin", "harmonizedSystemCode"):
        if name in wanted and wanted[name] is not None:
            item[name] = wanted[name]
    if wanted.get("cost") is not None:
        item["cost"] = str(wanted["cost"])
    weight = (wanted.get("measurement") or {}).get("weight")
    if weight:
        item["weight"] = dict(weight)
    if "sku" in wanted:
        variant["sku"] = wanted["sku"] or None
    item["updatedAt"] = call.shop.moment()


def _update_item(call: Call, args: Json) -> Json:
    variant = call.shop.store.owner(args["id"])
    if variant is None:
        raise Refused("The product couldn't be updated because it does not exist.", "id")
    apply_item(call, variant, args["input"])
    call.shop.store.put(variant)
    call.shop.record("product", variant["sku"] or f"#{variant['id']}", "inventory item", call.request_id)
    return {"inventoryItem": item_of(variant)}


def _changes(_call: Call, source: Json, args: Json) -> list[Json]:
    names = args.get("quantityNames")
    return [change for change in source["changes"] if names is None or change["name"] in names]


RESOLVERS: dict[str, Resolver] = {
    "Mutation.inventorySetQuantities": idempotent("inventorySetQuantities", _set_quantities),
    "Mutation.inventoryAdjustQuantities": idempotent("inventoryAdjustQuantities", _adjust),
    "Mutation.inventoryActivate": idempotent("inventoryActivate", _activate),
    "Mutation.inventoryItemUpdate": mutation(_update_item),
    "InventoryAdjustmentGroup.changes": _changes,
}
