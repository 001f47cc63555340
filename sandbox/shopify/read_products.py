"""Reading products, variants, inventory items, levels and collections."""

from __future__ import annotations

import re
from typing import Any

from sandbox.shopify import catalog, stock
from sandbox.shopify.errors import coded
from sandbox.shopify.lists import Listing, connection, count
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import ID, category, constant, item_of, level, level_at, reference
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, Store, kind_of, number_of

TAGS = re.compile(r"<[^>]*>")
DEFAULT_TITLE = catalog.DEFAULT_VALUE


def _variants(call: Call, product: Json) -> list[Json]:
    return call.shop.variants_of(product)


def product_listing(store: Store) -> Listing:
    """How products are searched; what lies in variants is looked up in the store."""

    def of_variants(name: str) -> Any:
        table = store.table("ProductVariant")
        return lambda d: [table[v][name] for v in d["variantIds"]]

    return Listing(
        "Product",
        {
            "id": ID,
            "title": Field("text", lambda d: d["title"]),
            "handle": Field("text", lambda d: d["handle"]),
            "status": Field("text", lambda d: d["status"]),
            "vendor": Field("text", lambda d: d["vendor"]),
            "product_type": Field("text", lambda d: d["productType"]),
            "tag": Field("words", lambda d: d["tags"]),
            "sku": Field("words", of_variants("sku")),
            "barcode": Field("words", of_variants("barcode")),
            "collection_id": Field("words", lambda d: [str(number_of(c)) for c in d["collectionIds"]]),
            "published_status": Field("text", lambda d: "published" if d["publications"] else "unpublished"),
            "created_at": Field("time", lambda d: d["createdAt"]),
            "updated_at": Field("time", lambda d: d["updatedAt"]),
            "gift_card": Field("flag", lambda d: d["isGiftCard"]),
        },
        lambda d: f"{d['title']} {d['vendor']} {d['productType']} {' '.join(d['tags'])}",
        {
            "ID": lambda d: number_of(d["id"]),
            "TITLE": lambda d: d["title"].casefold(),
            "UPDATED_AT": lambda d: d["updatedAt"],
            "CREATED_AT": lambda d: d["createdAt"],
            "VENDOR": lambda d: d["vendor"],
            "PRODUCT_TYPE": lambda d: d["productType"],
        },
    )


def _with_product(store: Store) -> Any:
    products = store.table("Product")
    return lambda d: products[d["productId"]]


def variant_listing(store: Store) -> Listing:
    """How variants are searched."""
    product = _with_product(store)
    return Listing(
        "ProductVariant",
        {
            "id": ID,
            "sku": Field("text", lambda d: d["sku"]),
            "barcode": Field("text", lambda d: d["barcode"]),
            "title": Field("text", lambda d: d["title"]),
            "product_id": Field("id", lambda d: number_of(d["productId"])),
            "product_ids": Field("id", lambda d: number_of(d["productId"])),
            "product_status": Field("text", lambda d: product(d)["status"]),
            "vendor": Field("text", lambda d: product(d)["vendor"]),
            "inventory_quantity": Field("number", stock.available),
            "taxable": Field("flag", lambda d: d["taxable"]),
            "updated_at": Field("time", lambda d: d["updatedAt"]),
        },
        lambda d: f"{product(d)['title']} {d['title']} {d['sku']}",
        {
            "ID": lambda d: number_of(d["id"]),
            "SKU": lambda d: d["sku"] or "",
            "TITLE": lambda d: d["title"],
            "INVENTORY_QUANTITY": stock.available,
        },
    )


ITEMS = Listing(
    "ProductVariant",
    {
        "id": ID,
        "sku": Field("text", lambda d: d["variant"]["sku"]),
        "created_at": Field("time", lambda d: d["createdAt"]),
        "updated_at": Field("time", lambda d: d["updatedAt"]),
    },
    lambda d: str(d["variant"]["sku"]),
    {"ID": lambda d: number_of(d["id"])},
    items=lambda store: (item_of(variant) for variant in store.table("ProductVariant").values()),
)
COLLECTIONS = Listing(
    "Collection",
    {
        "id": ID,
        "title": Field("text", lambda d: d["title"]),
        "handle": Field("text", lambda d: d["handle"]),
        "updated_at": Field("time", lambda d: d["updatedAt"]),
    },
    lambda d: d["title"],
    {"ID": lambda d: number_of(d["id"]), "TITLE": lambda d: d["title"], "UPDATED_AT": lambda d: d["updatedAt"]},
)


def _by_id(kind: str) -> Resolver:
    return lambda call, _source, args: call.shop.store.get(args["id"]) if kind_of(args["id"]) == kind else None


def _product_by_identifier(call: Call, _source: Any, args: Json) -> Json | None:
    wanted = args["identifier"]
    if wanted.get("id"):
        return call.shop.store.table("Product").get(wanted["id"])
    if wanted.get("handle"):
        return product_by_handle(call, wanted["handle"])
    if wanted.get("customId"):
        return by_custom_id(call, "Product", wanted["customId"])
    raise coded("One identifier must be given.", "INVALID_FIELD_ARGUMENTS")


def product_by_handle(call: Call, handle: str) -> Json | None:
    """A product by its handle."""
    return call.shop.store.get(call.shop.store.handles.get(handle, ""))


def by_custom_id(call: Call, kind: str, wanted: Json) -> Json | None:
    """A document by the value of a metafield."""
    for document in call.shop.store.table(kind).values():
        for found in document["metafields"]:
            named = wanted.get("namespace") in {None, found["namespace"]} and found["key"] == wanted["key"]
            if named and found["value"] == wanted["value"]:
                return document
    return None


def _variant_by_identifier(call: Call, _source: Any, args: Json) -> Json | None:
    wanted = args["identifier"]
    if wanted.get("id"):
        return call.shop.store.table("ProductVariant").get(wanted["id"])
    return by_custom_id(call, "ProductVariant", wanted.get("customId") or {"key": "", "value": ""})


def _item(call: Call, _source: Any, args: Json) -> Json | None:
    variant = call.shop.store.owner(args["id"]) if kind_of(args["id"]) == "InventoryItem" else None
    return item_of(variant) if variant else None


def _levels(_call: Call, source: Json, args: Json) -> Json:
    variant = source["variant"]
    inactive = bool(args.get("includeInactive"))
    found = [level_at(variant, at, include_inactive=inactive) for at in variant["item"]["levels"]]
    return listed([row for row in found if row], args)


def _levels_at(call: Call, source: Json, args: Json) -> Json:
    variants = call.shop.store.table("ProductVariant").values()
    found = [level_at(variant, source["id"]) for variant in variants]
    return listed([row for row in found if row], args)


def _quantities(_call: Call, source: Json, args: Json) -> list[Json]:
    known, at = source["level"], source["level"]["updatedAt"]
    for name in args["names"]:
        if name not in stock.NAMES:
            raise coded(f"{name} is not the name of a quantity.", "INVALID_FIELD_ARGUMENTS")
    number = source["id"].rsplit("/", 1)[-1]
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{number}&name={name}",
            "name": name,
            "quantity": stock.quantity(known, name),
            "updatedAt": at,
        }
        for name in args["names"]
    ]


def _in_collection(call: Call, source: Json, args: Json) -> Json:
    found = [p for p in call.shop.store.table("Product").values() if source["id"] in p["collectionIds"]]
    return listed(found, args)


def _collection_by_identifier(call: Call, _source: Any, args: Json) -> Json | None:
    wanted, table = args["identifier"], call.shop.store.table("Collection")
    if wanted.get("id"):
        return table.get(wanted["id"])
    return next((c for c in table.values() if c["handle"] == wanted.get("handle")), None)


def _plain_text(_call: Call, source: Json, args: Json) -> str:
    text = TAGS.sub("", source["descriptionHtml"] or "").strip()
    return text[: args["truncateAt"]] if args.get("truncateAt") else text


def _category(_call: Call, source: Json, _args: Json) -> Json | None:
    return category(source["categoryId"].rsplit("/", 1)[-1]) if source["categoryId"] else None


def _total(call: Call, source: Json, _args: Json) -> int:
    return sum(stock.available(v) for v in _variants(call, source) if v["item"]["tracked"])


def _option_values(_call: Call, source: Json, _args: Json) -> list[Json]:
    return [{**value, "optionName": source["name"]} for value in source["optionValues"]]


def _selected(call: Call, source: Json, _args: Json) -> list[Json]:
    product = call.shop.store.table("Product")[source["productId"]]
    found = []
    for name, value in source["options"].items():
        option = next((o for o in product["options"] if o["name"] == name), {"optionValues": ()})
        known = next((v for v in option["optionValues"] if v["name"] == value), None)
        found.append({"name": name, "value": value, "optionValue": known})
    return found


def _display_name(call: Call, source: Json, _args: Json) -> str:
    title = call.shop.store.table("Product")[source["productId"]]["title"]
    return f"{title} - {source['title']}"


def _position(call: Call, source: Json, _args: Json) -> int:
    return int(call.shop.store.table("Product")[source["productId"]]["variantIds"].index(source["id"])) + 1


def _sellable(_call: Call, source: Json, _args: Json) -> bool:
    return source["inventoryPolicy"] == "CONTINUE" or not source["item"]["tracked"] or stock.available(source) > 0


def _unit_cost(call: Call, source: Json, _args: Json) -> Json | None:
    cost = source["cost"]
    return None if cost is None else {"amount": cost, "currencyCode": call.shop.currency}


def _counted(name: str) -> Resolver:
    return lambda _call, source, _args: {"count": len(source[name]), "precision": "EXACT"}


def _pages(listing: Any) -> Resolver:
    return lambda call, _source, args: connection(call, listing(call.shop.store), args)


def _counts(listing: Any) -> Resolver:
    return lambda call, _source, args: count(call, listing(call.shop.store), args)


RESOLVERS: dict[str, Resolver] = {
    "QueryRoot.products": _pages(product_listing),
    "QueryRoot.productsCount": _counts(product_listing),
    "QueryRoot.product": _by_id("Product"),
    "QueryRoot.productByIdentifier": _product_by_identifier,
    "QueryRoot.productVariants": _pages(variant_listing),
    "QueryRoot.productVariantsCount": _counts(variant_listing),
    "QueryRoot.productVariant": _by_id("ProductVariant"),
    "QueryRoot.productVariantByIdentifier": _variant_by_identifier,
    "QueryRoot.inventoryItem": _item,
    "QueryRoot.inventoryItems": lambda call, _source, args: connection(call, ITEMS, args, None, "items"),
    "QueryRoot.inventoryLevel": lambda call, _source, args: level(call, args["id"]),
    "QueryRoot.collections": lambda call, _source, args: connection(call, COLLECTIONS, args),
    "QueryRoot.collection": _by_id("Collection"),
    "QueryRoot.collectionByIdentifier": _collection_by_identifier,
    "Product.description": _plain_text,
    "Product.category": _category,
    "Product.variants": lambda call, source, args: listed(_variants(call, source), args),
    "Product.variantsCount": _counted("variantIds"),
    "Product.mediaCount": _counted("media"),
    "Product.collections": lambda call, source, args: listed(
        [c for c in call.shop.store.table("Collection").values() if c["id"] in source["collectionIds"]], args
    ),
    "Product.inCollection": lambda _call, source, args: args["id"] in source["collectionIds"],
    "Product.totalInventory": _total,
    "Product.tracksInventory": lambda call, source, _args: any(v["item"]["tracked"] for v in _variants(call, source)),
    "Product.hasOnlyDefaultVariant": lambda call, source, _args: (
        [v["title"] for v in _variants(call, source)] == [DEFAULT_TITLE]
    ),
    "Product.hasOutOfStockVariants": lambda call, source, _args: any(
        stock.available(v) <= 0 for v in _variants(call, source)
    ),
    "Product.requiresSellingPlan": constant(False),
    "Product.options": lambda _call, source, args: source["options"][: args.get("first") or None],
    "Product.onlineStoreUrl": lambda call, source, _args: (
        f"https://{call.shop.domain}/products/{source['handle']}" if source["publications"] else None
    ),
    "ProductOption.values": lambda _call, source, _args: [v["name"] for v in source["optionValues"]],
    "ProductOption.optionValues": _option_values,
    "ProductOptionValue.hasVariants": constant(True),
    "ProductVariant.product": reference("productId"),
    "ProductVariant.inventoryItem": lambda _call, source, _args: item_of(source),
    "ProductVariant.inventoryQuantity": lambda _call, source, _args: stock.available(source),
    "ProductVariant.sellableOnlineQuantity": lambda _call, source, _args: max(0, stock.available(source)),
    "ProductVariant.availableForSale": _sellable,
    "ProductVariant.selectedOptions": _selected,
    "ProductVariant.displayName": _display_name,
    "ProductVariant.position": _position,
    "InventoryItem.sku": lambda _call, source, _args: source["variant"]["sku"],
    "InventoryItem.unitCost": _unit_cost,
    "InventoryItem.measurement": lambda _call, source, _args: {
        "id": f"gid://shopify/InventoryItemMeasurement/{number_of(source['id'])}",
        "weight": source["weight"],
    },
    "InventoryItem.inventoryLevel": lambda _call, source, args: level_at(source["variant"], args["locationId"]),
    "InventoryItem.inventoryLevels": _levels,
    "InventoryItem.locationsCount": lambda _call, source, _args: {"count": len(source["levels"]), "precision": "EXACT"},
    "InventoryItem.variants": lambda _call, source, args: listed([source["variant"]], args),
    "InventoryLevel.item": lambda _call, source, _args: item_of(source["variant"]),
    "InventoryLevel.location": reference("locationId"),
    "InventoryLevel.isActive": lambda _call, source, _args: source["level"]["isActive"],
    "InventoryLevel.canDeactivate": constant(True),
    "InventoryLevel.createdAt": lambda _call, source, _args: source["level"]["createdAt"],
    "InventoryLevel.updatedAt": lambda _call, source, _args: source["level"]["updatedAt"],
    "InventoryLevel.quantities": _quantities,
    "Location.inventoryLevel": lambda call, source, args: level(
        call, stock.level_id(args["inventoryItemId"], source["id"])
    ),
    "Location.inventoryLevels": _levels_at,
    "Collection.description": _plain_text,
    "Collection.products": _in_collection,
    "Collection.productsCount": lambda call, source, _args: {
        "count": sum(source["id"] in p["collectionIds"] for p in call.shop.store.table("Product").values()),
        "precision": "EXACT",
    },
    "Collection.hasProduct": lambda call, source, args: (
        source["id"] in (call.shop.store.get(args["id"]) or {"collectionIds": ()})["collectionIds"]
    ),
}
