"""What the shop works out itself after a write: trees of categories, ids kept at products, counts, availability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sandbox.shopware6.paths import SYSTEM_LANGUAGE
from sandbox.shopware6.store import Row, Store

PRODUCT_PARTS = frozenset({"product_media", "product_price", "product_visibility", "product_configurator_setting"})


def index_products(store: Store, ids: Iterable[str]) -> None:
    """Renew what products and their parents show of others; the moment of their last change stays."""
    table = store.tables["product"]
    wanted = {row_id for row_id in ids if row_id in table}
    wanted |= {parent for row_id in wanted if (parent := table[row_id].get("parentId")) in table}
    for row_id in wanted:
        row = table[row_id]
        renewed = {**row, **_product_facts(store, row)}
        if renewed != row:
            store.put("product", renewed)


def stale_after(store: Store, deleted: Mapping[str, Sequence[object]]) -> list[str]:
    """The products that still show what these deletes took away: categories, options, tags, or children of theirs."""
    gone = {one for name in ("category", "property_group_option", "tag") for one in deleted.get(name, ())}
    has_orphans = bool(deleted.get("product"))
    if not gone and not has_orphans:
        return []
    shown = ("categoryTree", "optionIds", "propertyIds", "tagIds")
    return [
        row_id
        for row_id, row in store.tables["product"].items()
        if (has_orphans and row.get("childCount")) or any(gone.intersection(row.get(name) or ()) for name in shown)
    ]


def settle_stock(store: Store, ids: Iterable[str]) -> None:
    """Availability follows stock at once, whatever is said about indexing (6.5.5 and later)."""
    table = store.tables["product"]
    for row_id in ids:
        row = table.get(row_id)
        if row is not None:
            facts = _stock_facts(row)
            if any(row.get(name) != value for name, value in facts.items()):
                store.put("product", {**row, **facts})


def index_categories(store: Store, ids: Iterable[str]) -> None:
    """Renew level, path, breadcrumb and the number of children of categories, their parents and their descendants."""
    table = store.tables["category"]
    pending = [row_id for row_id in ids if row_id in table]
    pending += [parent for row_id in list(pending) if (parent := table[row_id].get("parentId")) in table]
    done: set[str] = set()
    while pending:
        row_id = pending.pop()
        if row_id in done:
            continue
        done.add(row_id)
        row, children = table[row_id], list(store.pointing("category", "parentId", row_id))
        renewed = {**row, **_category_facts(store, row), "childCount": len(children)}
        if renewed != row:
            store.put("category", renewed)
        pending += children


def ancestors(store: Store, category_id: str) -> list[str]:
    """A category with all above it, from the root down; a loop ends where it closes."""
    table = store.tables["category"]
    found: list[str] = []
    current: str | None = category_id
    while current in table and current not in found:
        found.append(current)
        current = table[current].get("parentId")
    return found[::-1]


def _stock_facts(row: Row) -> Row:
    stock = row.get("stock") or 0
    is_available = not row.get("isCloseout") or stock >= (row.get("minPurchase") or 1)
    return {"availableStock": stock, "available": is_available}


def _product_facts(store: Store, row: Row) -> Row:
    row_id = row["id"]
    categories = sorted(store.linked("product_category", "product", row_id))
    tree = sorted({one for category in categories for one in ancestors(store, category)})
    properties = sorted(store.linked("product_property", "product", row_id))
    options = sorted(store.linked("product_option", "product", row_id))
    return {
        **_stock_facts(row),
        "categoryIds": categories or None,
        "categoryTree": tree or None,
        "propertyIds": properties or None,
        "optionIds": options or None,
        "tagIds": sorted(store.linked("product_tag", "product", row_id)) or None,
        "childCount": len(list(store.pointing("product", "parentId", row_id))),
    }


def _category_facts(store: Store, row: Row) -> Row:
    line = ancestors(store, row["id"])
    table = store.tables["category"]
    names = [table[one]["_t"].get(SYSTEM_LANGUAGE, {}).get("name") for one in line]
    texts = {**row["_t"], SYSTEM_LANGUAGE: {**row["_t"].get(SYSTEM_LANGUAGE, {}), "breadcrumb": names}}
    path = f"|{'|'.join(line[:-1])}|" if len(line) > 1 else None
    return {"level": len(line), "path": path, "_t": texts}
