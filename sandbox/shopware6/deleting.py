"""Deletes: who is deleted along, who loses the pointer, and who forbids it."""

from __future__ import annotations

from sandbox.shopware6 import errors
from sandbox.shopware6.definitions import ENTITIES, MAPPING_KEYS, Entity
from sandbox.shopware6.store import Store

OWNERS = frozenset(
    {
        ("order", "orderId"),
        ("product", "productId"),
        ("product", "parentId"),
        ("category", "parentId"),
        ("property_group", "groupId"),
        ("property_group_option", "optionId"),
        ("custom_field_set", "customFieldSetId"),
        ("media", "mediaId"),
        ("rule", "ruleId"),
        ("sales_channel", "salesChannelId"),
        ("customer", "customerId"),
        ("country", "countryId"),
        ("media_folder", "parentId"),
        ("product_cross_selling", "crossSellingId"),
        ("order_delivery", "orderDeliveryId"),
        ("order_transaction", "orderTransactionId"),
        ("order_transaction_capture", "captureId"),
        ("order_transaction_capture_refund", "refundId"),
        ("order_line_item", "orderLineItemId"),
        ("order_line_item", "parentId"),
    }
)
KEPT = frozenset({"order_line_item", "order", "customer", "order_address", "customer_address", "shipping_method"})


def delete(store: Store, entity: Entity, row_id: str, deleted: dict[str, list[str]]) -> None:
    """Delete a row and what belongs to it; refuses with the vendor's 409 where others need it."""
    if row_id not in store.tables[entity.name]:
        return
    users = _users(store, entity, row_id)
    blocking = {name: len(ids) for (name, key), ids in users.items() if _fate(entity, name, key) == "blocks"}
    if blocking:
        raise errors.restricted(entity.name, blocking)
    store.remove(entity.name, row_id)
    deleted.setdefault(entity.name, []).append(row_id)
    for mapping, (left, _, right, _) in MAPPING_KEYS.items():
        if entity.name in (left, right):
            for other in list(store.linked(mapping, entity.name, row_id)):
                store.link(mapping, *((row_id, other) if entity.name == left else (other, row_id)), is_linked=False)
    for (name, key), ids in users.items():
        for other in ids:
            row = store.tables[name].get(other)
            if row is None:
                continue
            if _fate(entity, name, key) == "goes":
                delete(store, ENTITIES[name], other, deleted)
            else:
                store.put(name, {**row, key: None})


def _users(store: Store, entity: Entity, row_id: str) -> dict[tuple[str, str], list[str]]:
    found = {}
    for association in entity.associations.values():
        if association.kind in "<=":
            ids = list(store.pointing(association.entity, association.key, row_id))
            if ids:
                found[association.entity, association.key] = ids
    return found


def _fate(entity: Entity, name: str, key: str) -> str:
    """What becomes of a row that points here: it `goes`, it `blocks`, or it `stays` without the pointer."""
    if (entity.name, key) in OWNERS and not (name in KEPT and entity.name not in {"order", "order_line_item"}):
        return "goes"
    return "blocks" if ENTITIES[name].fields[key].is_required else "stays"
