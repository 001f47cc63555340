"""Mutations of products: create, update, delete, and `productSet`, which replaces every list it is given."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sandbox.shopify import catalog, media, variant_changes
from sandbox.shopify.errors import Refused
from sandbox.shopify.media import product_copy
from sandbox.shopify.metafields import set_metafields
from sandbox.shopify.mutating import mutation
from sandbox.shopify.read_products import by_custom_id, product_by_handle
from sandbox.shopify.read_shop import category
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json

PLAIN = ("descriptionHtml", "productType", "vendor", "status", "templateSuffix")
MAX_TITLE = 255


def _apply(call: Call, product: Json, wanted: Json, path: tuple[str, ...]) -> None:
    """Write the fields that all product inputs share."""
    if "title" in wanted:
        _check_title(wanted["title"], path)
        product["title"] = wanted["title"]
    for name in PLAIN:
        if wanted.get(name) is not None:
            product[name] = wanted[name]
    if wanted.get("tags") is not None:
        product["tags"] = sorted(set(wanted["tags"]))
    if wanted.get("seo"):
        product["seo"] = {**product["seo"], **wanted["seo"]}
    if wanted.get("category"):
        if category(wanted["category"].rsplit("/", 1)[-1]) is None:
            raise Refused("Category does not exist", *path, "category", code="INVALID_INPUT")
        product["categoryId"] = wanted["category"]
    if wanted.get("handle") and wanted["handle"] != product["handle"]:
        _rename(call, product, wanted["handle"], path)
    set_metafields(call, product, wanted.get("metafields") or (), (*path, "metafields"))


def _check_title(title: str | None, path: tuple[str, ...]) -> None:
    if not title:
        raise Refused("Title can't be blank", *path, "title", code="BLANK")
    if len(title) > MAX_TITLE:
        raise Refused(f"Title is too long (maximum is {MAX_TITLE} characters)", *path, "title", code="TOO_LONG")


def _rename(call: Call, product: Json, wanted: str, path: tuple[str, ...]) -> None:
    handle = catalog.handle_of(wanted)
    if call.shop.store.handles.get(handle, product["id"]) != product["id"]:
        message = f"Handle '{handle}' already in use. Please provide a new handle."
        raise Refused(message, *path, "handle", code="HANDLE_NOT_UNIQUE")
    product["handle"] = handle


def _collections(call: Call, ids: Sequence[str], path: tuple[str, ...]) -> list[str]:
    for collection_id in ids:
        if collection_id not in call.shop.store.table("Collection"):
            raise Refused("Collection does not exist", *path, code="INVALID_INPUT")
    return list(dict.fromkeys(ids))


def _create(call: Call, args: Json) -> Json:
    wanted = args.get("product") or {}
    _check_title(wanted.get("title"), ("product",))
    product = catalog.new_product(call.shop, wanted["title"])
    _apply(call, product, wanted, ("product",))
    product["isGiftCard"] = bool(wanted.get("giftCard"))
    joined = _collections(call, wanted.get("collectionsToJoin") or (), ("product", "collectionsToJoin"))
    product["collectionIds"] = joined
    options = {o["name"]: [v["name"] for v in o.get("values") or ()] for o in wanted.get("productOptions") or ()}
    catalog.set_options(call.shop, product, options)
    media.append(call, product, args.get("media"))
    variant = catalog.new_variant(call.shop, product, {name: values[0] for name, values in options.items() if values})
    variant_changes.activate_somewhere(call, variant)
    call.shop.store.put(variant)
    call.shop.save_product(product, "create")
    call.shop.record("product", product["id"], product["title"], call.request_id)
    return {"product": product}


def _update(call: Call, args: Json) -> Json:
    wanted = args.get("product") or {}
    product_id = wanted.get("id") or (args.get("identifier") or {}).get("id") or ""
    handle = (args.get("identifier") or {}).get("handle")
    if not product_id and handle:
        product_id = (product_by_handle(call, handle) or {"id": ""})["id"]
    product = product_copy(call, product_id, "id")
    _apply(call, product, wanted, ("product",))
    joined = _collections(call, wanted.get("collectionsToJoin") or (), ("product", "collectionsToJoin"))
    left = set(wanted.get("collectionsToLeave") or ())
    product["collectionIds"] = [c for c in dict.fromkeys([*product["collectionIds"], *joined]) if c not in left]
    media.append(call, product, args.get("media"))
    call.shop.save_product(product)
    call.shop.record("product", product["id"], product["title"], call.request_id)
    return {"product": product}


def _delete(call: Call, args: Json) -> Json:
    product = call.shop.store.table("Product").get(args["input"]["id"])
    if product is None:
        raise Refused("Product does not exist", "id")
    for variant_id in product["variantIds"]:
        call.shop.store.remove(variant_id)
    call.shop.store.remove(product["id"])
    call.shop.webhooks.product_changed(product, "delete")
    call.shop.record("product", product["id"], "deleted", call.request_id)
    if args.get("synchronous") is False:
        new = call.shop.store.next_id("ProductDeleteOperation")
        operation = {"id": new, "status": "COMPLETE", "deletedProductId": product["id"], "userErrors": []}
        call.shop.store.put(operation)
        return {"productDeleteOperation": {**operation, "status": "CREATED"}}
    return {"deletedProductId": product["id"]}


# --- productSet -------------------------------------------------------------------------------------------------------------


def _set(call: Call, args: Json) -> Json:
    wanted, path = args["input"], ("input",)
    _check_set(wanted)
    product = _identified(call, args)
    is_new = product is None
    if product is None:
        _check_title(wanted.get("title"), path)
        product = catalog.new_product(call.shop, wanted["title"])
    if wanted.get("metafields") is not None:
        _keep_metafields(product, wanted["metafields"])
    name = (args.get("identifier") or {}).get("handle") if is_new else None
    _apply(call, product, {**wanted, **({"handle": name} if name and not wanted.get("handle") else {})}, path)
    if wanted.get("collections") is not None:
        product["collectionIds"] = _collections(call, wanted["collections"], (*path, "collections"))
    if wanted.get("files") is not None:
        media.set_files(call, product, wanted["files"])
    if wanted.get("productOptions"):
        options = {o["name"]: [v["name"] for v in o.get("values") or ()] for o in wanted["productOptions"]}
        catalog.set_options(call.shop, product, options)
    elif is_new:
        catalog.set_options(call.shop, product, {})
    variants, gone = _set_variants(call, product, wanted)
    for variant in variants:
        call.shop.store.put(variant)
    for variant in gone:
        call.shop.store.remove(variant["id"])
    call.shop.save_product(product, "create" if is_new else "update")
    call.shop.record("product", product["id"], product["title"], call.request_id)
    if args.get("synchronous") is False:
        new = call.shop.store.next_id("ProductSetOperation")
        operation = {"id": new, "status": "COMPLETE", "productId": product["id"], "userErrors": []}
        call.shop.store.put(operation)
        return {"productSetOperation": {**operation, "status": "CREATED", "productId": None}}
    return {"product": product}


def _check_set(wanted: Json) -> None:
    has_options, has_variants = bool(wanted.get("productOptions")), wanted.get("variants") is not None
    if has_options and not has_variants:
        message = "Variants input is required when updating product options"
        raise Refused(message, "input", "variants", code="VARIANTS_INPUT_MISSING")
    uses_options = any(
        row.get("optionName") != catalog.DEFAULT_OPTION
        for v in wanted.get("variants") or ()
        for row in v["optionValues"]
    )
    if has_variants and uses_options and not has_options:
        message = "Product options input is required when updating variants"
        raise Refused(message, "input", "productOptions", code="PRODUCT_OPTIONS_INPUT_MISSING")
    if len(wanted.get("variants") or ()) > variant_changes.MAX_VARIANTS:
        raise Refused("Too many variants", "input", "variants", code="VARIANTS_OVER_LIMIT")
    if len(wanted.get("productOptions") or ()) > variant_changes.MAX_OPTIONS:
        raise Refused("Too many options", "input", "productOptions", code="OPTIONS_OVER_LIMIT")


def _identified(call: Call, args: Json) -> Json | None:
    """A copy of the product that is named, None where a new one is to be made."""
    identifier = args.get("identifier") or {}
    product_id = identifier.get("id") or args["input"].get("id")
    if product_id:
        return product_copy(call, product_id, "input")
    if identifier.get("handle"):
        found = product_by_handle(call, identifier["handle"])
        return copy.deepcopy(found) if found else None
    if identifier.get("customId"):
        found = by_custom_id(call, "Product", identifier["customId"])
        return copy.deepcopy(found) if found else None
    return None


def _keep_metafields(owner: Json, wanted: Sequence[Json]) -> None:
    """Metafields that are not in the list are gone."""
    named = {(row.get("namespace"), row.get("key")) for row in wanted}
    ids = {row.get("id") for row in wanted}
    owner["metafields"] = [m for m in owner["metafields"] if (m["namespace"], m["key"]) in named or m["id"] in ids]


def _set_variants(call: Call, product: Json, wanted: Json) -> tuple[list[Json], list[Json]]:
    """The variants to store and those that are gone."""
    table = call.shop.store.table("ProductVariant")
    existing = [copy.deepcopy(table[v]) for v in product["variantIds"] if v in table]
    if wanted.get("variants") is None:
        if existing:
            return [], []
        variant = catalog.new_variant(call.shop, product, {})
        variant_changes.activate_somewhere(call, variant)
        return [variant], []
    by_id = {v["id"]: v for v in existing}
    product["variantIds"] = []
    found: list[Json] = []
    for index, row in enumerate(wanted["variants"]):
        path = ("input", "variants", str(index))
        options = variant_changes.chosen_options(product, row["optionValues"], path)
        known = _matching(by_id, existing, row, options, path)
        variant = catalog.new_variant(call.shop, product, options) if known is None else known
        if known is not None:
            product["variantIds"].append(variant["id"])
            variant |= {"options": options, "title": " / ".join(options.values())}
        _check_options(product, options, found, path)
        if row.get("metafields") is not None:
            _keep_metafields(variant, row["metafields"])
        variant_changes.apply_variant(call, variant, row, path)
        _stock(call, variant, row, path)
        if row.get("file"):
            variant["mediaIds"] = [_file(call, product, row["file"], path)]
        found.append(variant)
    kept = {v["id"] for v in found}
    return found, [v for v in existing if v["id"] not in kept]


def _matching(
    by_id: dict[str, Json], existing: list[Json], row: Json, options: dict[str, str], path: tuple[str, ...]
) -> Json | None:
    if row.get("id"):
        if row["id"] not in by_id:
            raise Refused("Product variant does not exist", *path, "id", code="PRODUCT_VARIANT_DOES_NOT_EXIST")
        return by_id[row["id"]]
    return next((v for v in existing if v["options"] == options), None)


def _check_options(product: Json, options: dict[str, str], found: list[Json], path: tuple[str, ...]) -> None:
    for option in product["options"]:
        if option["name"] not in options:
            message = f"Option values for {option['name']} are missing"
            raise Refused(message, *path, "optionValues", code="OPTION_VALUES_MISSING")
        if options[option["name"]] not in {v["name"] for v in option["optionValues"]}:
            message = f"Option value '{options[option['name']]}' does not exist"
            raise Refused(message, *path, "optionValues", code="OPTION_VALUE_DOES_NOT_EXIST")
    if any(v["options"] == options for v in found):
        title = " / ".join(options.values())
        raise Refused(
            f"The variant '{title}' already exists. Please change at least one option value.",
            *path,
            code="INVALID_VARIANT",
        )


def _stock(call: Call, variant: Json, row: Json, path: tuple[str, ...]) -> None:
    for entry in row.get("inventoryQuantities") or ():
        if entry["name"] not in {"available", "on_hand"}:
            raise Refused("Quantity name is invalid", *path, "inventoryQuantities", code="INVALID_INPUT")
    variant_changes.stocked(call, variant, row.get("inventoryQuantities") or (), path, "INVALID_INPUT")
    variant_changes.activate_somewhere(call, variant)


def _file(call: Call, product: Json, row: Json, path: tuple[str, ...]) -> str:
    known = {image["id"]: image for image in product["media"]} | {image["url"]: image for image in product["media"]}
    image = known.get(row.get("id") or "") or known.get(row.get("originalSource") or "")
    if image is None:
        image = media.new_media(call, row.get("originalSource") or "", row.get("alt"), (*path, "file"), "INVALID_INPUT")
        product["media"].append(image)
    return str(image["id"])


def _operation(call: Call, _source: Any, args: Json) -> Json | None:
    return call.shop.store.get(args["id"])


RESOLVERS: dict[str, Resolver] = {
    "Mutation.productCreate": mutation(_create),
    "Mutation.productUpdate": mutation(_update),
    "Mutation.productDelete": mutation(_delete),
    "Mutation.productSet": mutation(_set),
    "QueryRoot.productOperation": _operation,
    "ProductSetOperation.product": lambda call, source, _args: call.shop.store.get(source["productId"] or ""),
}
