"""Mutations of variants and options: bulk create, update and delete, and what `productSet` shares with them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify import catalog, media, stock
from sandbox.shopify.errors import Refused, coded
from sandbox.shopify.media import product_copy
from sandbox.shopify.metafields import set_metafields
from sandbox.shopify.mutating import MAX_INPUT, mutation
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.stock_changes import apply_item
from sandbox.shopify.store import Json

MAX_VARIANTS = 2048
MAX_OPTIONS = 3
PLAIN = ("barcode", "inventoryPolicy", "taxable", "requiresComponents", "showUnitPrice", "unitPriceMeasurement")


def price_text(value: Any, path: tuple[str, ...], name: str) -> str | None:
    """A price of the input as the API shows it; refuses negative ones and what is no number."""
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Refused(f"{name} is not a number", *path, name, code="INVALID_INPUT") from None
    if amount < 0:
        raise Refused("Price must be greater than or equal to 0", *path, name, code="GREATER_THAN_OR_EQUAL_TO")
    return f"{amount:.2f}"


def chosen_options(product: Json, wanted: Sequence[Json], path: tuple[str, ...]) -> dict[str, str]:
    """The option values of a variant's input by option name; new values are not added here."""
    by_id = {option["id"]: option for option in product["options"]}
    values = {v["id"]: v["name"] for o in product["options"] for v in o["optionValues"]}
    names = {option["name"] for option in product["options"]}
    found: dict[str, str] = {}
    for row in wanted:
        name = row.get("optionName") or by_id.get(row.get("optionId") or "", {}).get("name")
        value = row.get("name") or values.get(row.get("id") or "")
        if name not in names:
            raise Refused("Option does not exist", *path, "optionValues", code="OPTION_DOES_NOT_EXIST")
        if not value:
            raise Refused("Option value does not exist", *path, "optionValues", code="OPTION_VALUE_DOES_NOT_EXIST")
        found[name] = value
    return {name: found[name] for name in (o["name"] for o in product["options"]) if name in found}


def apply_variant(call: Call, variant: Json, wanted: Json, path: tuple[str, ...]) -> None:
    """Write an input's fields into a variant that the caller stores."""
    sku = variant["sku"]
    before = variant["price"]
    for name in ("price", "compareAtPrice"):
        if name in wanted:
            text = price_text(wanted[name], path, name)
            variant[name] = text if name == "compareAtPrice" or text is not None else variant[name]
    for name in PLAIN:
        if name in wanted:
            variant[name] = wanted[name]
    if wanted.get("sku") is not None:
        variant["sku"] = wanted["sku"]
    if wanted.get("inventoryItem"):
        apply_item(call, variant, wanted["inventoryItem"])
    if wanted.get("mediaId"):
        variant["mediaIds"] = [wanted["mediaId"]]
    set_metafields(call, variant, wanted.get("metafields") or (), (*path, "metafields"))
    variant["updatedAt"] = call.shop.moment()
    key = variant["sku"] or sku or f"#{variant['id']}"
    if variant["price"] != before or "compareAtPrice" in wanted:
        call.shop.record("price", key, variant["price"], call.request_id)
    if set(wanted) - {"id", "price", "compareAtPrice", "optionValues", "position"}:
        call.shop.record("product", key, "variant", call.request_id)


def stocked(call: Call, variant: Json, rows: Sequence[Json], path: tuple[str, ...], code: str) -> None:
    """Set first levels of a variant (`quantity` or `availableQuantity` per location)."""
    for index, row in enumerate(rows):
        if row["locationId"] not in call.shop.store.table("Location"):
            raise Refused("Location does not exist", *path, "inventoryQuantities", str(index), "locationId", code=code)
        pieces = row["quantity"] if "quantity" in row else row["availableQuantity"]
        level = stock.activate(variant, row["locationId"], pieces, call.shop.moment())
        level[stock.AVAILABLE] = pieces
        call.shop.record("stock", variant["sku"] or f"#{variant['id']}", pieces, call.request_id)


def activate_somewhere(call: Call, variant: Json) -> None:
    """A variant without a level is stocked with nothing at the first location, as new variants are."""
    if not variant["item"]["levels"]:
        stock.activate(variant, next(iter(call.shop.store.table("Location"))), 0, call.shop.moment())


def add_values(call: Call, product: Json, options: Mapping[str, str]) -> None:
    """Give a product's options the values a variant brings along."""
    for option in product["options"]:
        value = options.get(option["name"])
        if value and value not in {v["name"] for v in option["optionValues"]}:
            option["optionValues"].append(catalog.new_value(call.shop, value))


def drop_unused_values(product: Json, variants: Sequence[Json]) -> None:
    """Values that no variant has any more disappear."""
    for option in product["options"]:
        used = {v["options"].get(option["name"]) for v in variants}
        option["optionValues"] = [value for value in option["optionValues"] if value["name"] in used]


def _check_count(rows: Sequence[Any]) -> None:
    if len(rows) > MAX_INPUT:
        message = f"The input array size of {len(rows)} is greater than the maximum allowed of {MAX_INPUT}."
        raise coded(message, "MAX_INPUT_SIZE_EXCEEDED")


def _create(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    _check_count(args["variants"])
    strategy = args.get("strategy") or "DEFAULT"
    existing = call.shop.variants_of(product)
    is_standalone = [v["title"] for v in existing] == [catalog.DEFAULT_VALUE]
    if is_standalone and strategy in {"REMOVE_STANDALONE_VARIANT", "DEFAULT"}:
        first: list[Json] = next((r["optionValues"] for r in args["variants"] if r.get("optionValues")), [])
        names = [row["optionName"] for row in first if row.get("optionName")]
        if names and catalog.DEFAULT_OPTION not in names:
            product["options"] = []
            catalog.set_options(call.shop, product, {name: [] for name in names})
        product["variantIds"], existing, gone = [], [], existing
    else:
        gone = []
    taken = {tuple(v["options"].items()) for v in existing}
    created = []
    media.append(call, product, args.get("media"))
    for index, row in enumerate(args["variants"]):
        path = ("variants", str(index))
        options = chosen_options(product, row.get("optionValues") or (), path)
        missing = [o["name"] for o in product["options"] if o["name"] not in options]
        if missing and missing != [catalog.DEFAULT_OPTION]:
            raise Refused(f"You need to add option values for {missing[0]}", *path, code="NEED_TO_ADD_OPTION_VALUES")
        if tuple(options.items()) in taken:
            title = " / ".join(options.values())
            raise Refused(f"The variant '{title}' already exists.", *path, code="VARIANT_ALREADY_EXISTS")
        taken.add(tuple(options.items()))
        add_values(call, product, options)
        variant = catalog.new_variant(call.shop, product, options)
        apply_variant(call, variant, row, path)
        stocked(call, variant, row.get("inventoryQuantities") or (), path, "TRACKED_VARIANT_LOCATION_NOT_FOUND")
        activate_somewhere(call, variant)
        created.append(variant)
    if len(product["variantIds"]) > MAX_VARIANTS:
        raise Refused(f"A product can have at most {MAX_VARIANTS} variants", "variants", code="INVALID_INPUT")
    _store(call, product, created, gone)
    return {"product": product, "productVariants": created}


def _store(call: Call, product: Json, changed: Sequence[Json], gone: Sequence[Json] = ()) -> None:
    for variant in changed:
        call.shop.store.put(variant)
    for variant in gone:
        call.shop.store.remove(variant["id"])
    call.shop.save_product(product)


def _update(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    _check_count(args["variants"])
    changed: list[Json] = []
    problems = []
    media.append(call, product, args.get("media"))
    for index, row in enumerate(args["variants"]):
        try:
            changed.append(_updated(call, product, row, ("variants", str(index))))
        except Refused as error:
            problems.append(error.as_json())
    if problems and not args.get("allowPartialUpdates"):
        return {"product": None, "productVariants": None, "userErrors": problems}
    _store(call, product, changed)
    return {"product": product, "productVariants": changed, "userErrors": problems}


def _updated(call: Call, product: Json, row: Json, path: tuple[str, ...]) -> Json:
    if not row.get("id"):
        raise Refused("Product variant is missing ID attribute", *path, "id", code="PRODUCT_VARIANT_ID_MISSING")
    if row["id"] not in product["variantIds"]:
        raise Refused("Product variant does not exist", *path, "id", code="PRODUCT_VARIANT_DOES_NOT_EXIST")
    if row.get("inventoryQuantities"):
        message = "Inventory quantities can only be provided during create."
        raise Refused(message, *path, "inventoryQuantities", code="NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE")
    variant = copy.deepcopy(call.shop.store.table("ProductVariant")[row["id"]])
    if row.get("optionValues"):
        options = {**variant["options"], **chosen_options(product, row["optionValues"], path)}
        others = [v for v in call.shop.variants_of(product) if v["id"] != variant["id"]]
        if any(v["options"] == options for v in others):
            title = " / ".join(options.values())
            raise Refused(f"The variant '{title}' already exists.", *path, code="VARIANT_ALREADY_EXISTS")
        add_values(call, product, options)
        variant |= {"options": options, "title": " / ".join(options.values())}
    # An effect is noted only for what is written, so a refused row must fail before it is applied.
    for name in ("price", "compareAtPrice"):
        price_text(row.get(name), path, name)
    apply_variant(call, variant, row, path)
    return variant


def _delete(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    for index, variant_id in enumerate(args["variantsIds"]):
        if variant_id not in product["variantIds"]:
            message, code = (
                "At least one variant does not belong to the product",
                "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT",
            )
            raise Refused(message, "variantsIds", str(index), code=code)
    left = [v for v in call.shop.variants_of(product) if v["id"] not in args["variantsIds"]]
    if not left:
        message = "Cannot delete the last variant of a product"
        raise Refused(message, "variantsIds", code="CANNOT_DELETE_LAST_VARIANT")
    gone = [call.shop.store.table("ProductVariant")[variant_id] for variant_id in args["variantsIds"]]
    product["variantIds"] = [v["id"] for v in left]
    drop_unused_values(product, left)
    for variant in gone:
        call.shop.record("product", variant["sku"] or variant["id"], "variant deleted", call.request_id)
    _store(call, product, [], gone)
    return {"product": product}


# --- options ----------------------------------------------------------------------------------------------------------------


def _create_options(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    names = {option["name"] for option in product["options"]}
    is_default = names == {catalog.DEFAULT_OPTION}
    variants = [copy.deepcopy(v) for v in call.shop.variants_of(product)]
    wanted: dict[str, list[str]] = (
        {} if is_default else {o["name"]: [v["name"] for v in o["optionValues"]] for o in product["options"]}
    )
    for index, row in enumerate(args["options"]):
        path = ("options", str(index))
        values = [value["name"] for value in row.get("values") or () if value.get("name")]
        if not row.get("name"):
            raise Refused("Option name is missing", *path, "name", code="OPTION_NAME_MISSING")
        if row["name"] in wanted:
            raise Refused(f"Option '{row['name']}' already exists", *path, "name", code="OPTION_ALREADY_EXISTS")
        if not values:
            raise Refused("Option values are missing", *path, "values", code="OPTION_VALUES_MISSING")
        wanted[row["name"]] = values
    if len(wanted) > MAX_OPTIONS:
        raise Refused(f"Can only specify a maximum of {MAX_OPTIONS} options", "options", code="OPTIONS_OVER_LIMIT")
    if is_default:
        product["options"] = []
    catalog.set_options(call.shop, product, wanted)
    for variant in variants:
        kept = {} if is_default else variant["options"]
        variant["options"] = {name: kept.get(name) or values[0] for name, values in wanted.items()}
        variant["title"] = " / ".join(variant["options"].values())
    call.shop.record("product", product["id"], "options", call.request_id)
    _store(call, product, variants)
    return {"product": product}


def _update_option(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    option = next((o for o in product["options"] if o["id"] == args["option"]["id"]), None)
    if option is None:
        raise Refused("Option does not exist", "option", "id", code="OPTION_DOES_NOT_EXIST")
    renamed = {row["id"]: row["name"] for row in args.get("optionValuesToUpdate") or ()}
    gone = set(args.get("optionValuesToDelete") or ())
    old, new = option["name"], args["option"].get("name") or option["name"]
    values = {v["name"]: renamed.get(v["id"], v["name"]) for v in option["optionValues"]}
    deleted = {v["name"] for v in option["optionValues"] if v["id"] in gone}
    variants = [copy.deepcopy(v) for v in call.shop.variants_of(product)]
    if any(variant["options"].get(old) in deleted for variant in variants):
        message = "Option values cannot be deleted while variants have them"
        raise Refused(message, "optionValuesToDelete", code="CANNOT_DELETE_OPTION_VALUES_IN_USE")
    option["name"] = new
    option["optionValues"] = [{**v, "name": values[v["name"]]} for v in option["optionValues"] if v["id"] not in gone]
    for row in args.get("optionValuesToAdd") or ():
        option["optionValues"].append(catalog.new_value(call.shop, row["name"]))
    for variant in variants:
        variant["options"] = {
            (new if name == old else name): (values.get(value, value) if name == old else value)
            for name, value in variant["options"].items()
        }
        variant["title"] = " / ".join(variant["options"].values())
    call.shop.record("product", product["id"], "options", call.request_id)
    _store(call, product, variants)
    return {"product": product}


RESOLVERS: dict[str, Resolver] = {
    "Mutation.productVariantsBulkCreate": mutation(_create),
    "Mutation.productVariantsBulkUpdate": mutation(_update),
    "Mutation.productVariantsBulkDelete": mutation(_delete),
    "Mutation.productOptionsCreate": mutation(_create_options),
    "Mutation.productOptionUpdate": mutation(_update_option),
}
