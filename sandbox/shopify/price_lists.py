"""Price lists of catalogues: fixed prices, and prices and rules that depend on the quantity ordered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sandbox.shopify.errors import Refused
from sandbox.shopify.lines import money
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.money import rounded
from sandbox.shopify.mutating import MAX_INPUT, mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import reference
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json, number_of

PRICE_LISTS = Listing("PriceList", {}, lambda d: d["name"], {"ID": lambda d: number_of(d["id"])})
ANY_QUANTITY = (1, None, 1)
"""Minimum, maximum and increment of a variant without a rule."""
MOST_BREAKS = 10
NOT_FOUND = "The variant does not exist."


def _price_list(call: Call, list_id: str) -> Json:
    """A copy to work on, so that a refusal half way changes nothing."""
    found = call.shop.store.table("PriceList").get(list_id)
    if found is None:
        raise Refused("Price list does not exist.", "priceListId", code="PRICE_LIST_NOT_FOUND")
    breaks = {variant: dict(rows) for variant, rows in found["breaks"].items()}
    return {**found, "prices": dict(found["prices"]), "breaks": breaks, "rules": dict(found["rules"])}


def _known(call: Call, variant_id: str) -> bool:
    return variant_id in call.shop.store.table("ProductVariant")


def _record(call: Call, price_list: Json, variant_id: str, value: str) -> None:
    variant = call.shop.store.get(variant_id) or {"sku": variant_id}
    call.shop.record("price", f"{variant['sku']}@{price_list['name']}", value, call.request_id)


def _fix(price_list: Json, row: Json) -> str:
    """Set a fixed price; returns its amount."""
    compare = row.get("compareAtPrice")
    amount = str(row["price"]["amount"])
    price_list["prices"][row["variantId"]] = [amount, str(compare["amount"]) if compare else None]
    return amount


def _unfix(price_list: Json, variant_id: str) -> None:
    """Remove a fixed price, and the quantity price breaks that rest on it."""
    del price_list["prices"][variant_id]
    price_list["breaks"].pop(variant_id, None)


# --- fixed prices -----------------------------------------------------------------------------------------------------------


def _add_prices(call: Call, args: Json) -> Json:
    price_list = _price_list(call, args["priceListId"])
    if len(args["prices"]) > MAX_INPUT:
        raise Refused(f"The input array size is greater than the maximum allowed of {MAX_INPUT}.", "prices")
    problems = []
    for index, row in enumerate(args["prices"]):
        path = ("prices", str(index))
        if not _known(call, row["variantId"]):
            message = "The specified variant does not exist."
            problems.append(Refused(message, *path, "variantId", code="VARIANT_NOT_FOUND"))
        elif row["price"]["currencyCode"] != price_list["currency"]:
            message = "Currency must match the price list."
            problems.append(Refused(message, *path, "price", code="PRICE_LIST_CURRENCY_MISMATCH"))
    if problems:
        return {"userErrors": [problem.as_json() for problem in problems]}
    for row in args["prices"]:
        _record(call, price_list, row["variantId"], _fix(price_list, row))
    call.shop.store.put(price_list)
    return {"prices": [_price(call, price_list, row["variantId"]) for row in args["prices"]]}


def _remove_prices(call: Call, args: Json) -> Json:
    price_list = _price_list(call, args["priceListId"])
    problems = [
        Refused("Only fixed prices can be deleted.", "variantIds", str(index), code="PRICE_NOT_FIXED")
        for index, variant_id in enumerate(args["variantIds"])
        if variant_id not in price_list["prices"]
    ]
    if problems:
        return {"userErrors": [problem.as_json() for problem in problems]}
    for variant_id in args["variantIds"]:
        _unfix(price_list, variant_id)
        _record(call, price_list, variant_id, "removed")
    call.shop.store.put(price_list)
    return {"deletedFixedPriceVariantIds": args["variantIds"]}


def _price(call: Call, price_list: Json, variant_id: str) -> Json:
    """A variant's price in a list: fixed, or the shop's changed by the list's percentage."""
    variant, currency = call.shop.store.table("ProductVariant")[variant_id], price_list["currency"]
    fixed = price_list["prices"].get(variant_id)
    if fixed is None:
        factor = 1 - Decimal(str(price_list["percent"])) / 100
        price, compare = rounded(Decimal(variant["price"]) * factor), variant["compareAtPrice"]
    else:
        price, compare = Decimal(fixed[0]), fixed[1]
    return {
        "originType": "RELATIVE" if fixed is None else "FIXED",
        "price": money(price, currency),
        "compareAtPrice": money(Decimal(compare), currency) if compare else None,
        "variant": variant,
        "priceList": price_list,
    }


def _prices(call: Call, source: Json, args: Json) -> Json:
    wanted = args.get("originType")
    known = call.shop.store.table("ProductVariant")
    ids = [v for v in known if wanted is None or (v in source["prices"]) == (wanted == "FIXED")]
    page = listed([{"id": variant_id} for variant_id in ids], args)
    return {**page, "nodes": [_price(call, source, row["id"]) for row in page["nodes"]]}


# --- quantities: all of a change or nothing, what is deleted first ----------------------------------------------------------


def _update_quantities(call: Call, args: Json) -> Json:
    price_list, wanted = _price_list(call, args["priceListId"]), args["input"]
    problems = [
        *_prices_deleted(call, price_list, wanted["pricesToDeleteByVariantId"]),
        *_rules_deleted(call, price_list, wanted["quantityRulesToDeleteByVariantId"]),
        *_breaks_deleted(call, price_list, wanted),
        *_prices_added(call, price_list, wanted["pricesToAdd"]),
        *_rules_added(call, price_list, wanted["quantityRulesToAdd"]),
        *_breaks_added(call, price_list, wanted["quantityPriceBreaksToAdd"]),
    ]
    if problems:
        return {"userErrors": [problem.as_json() for problem in problems]}
    _record_changes(call, call.shop.store.table("PriceList")[args["priceListId"]], price_list)
    call.shop.store.put(price_list)
    added = ("pricesToAdd", "quantityRulesToAdd", "quantityPriceBreaksToAdd")
    variants = dict.fromkeys(row["variantId"] for name in added for row in wanted[name])
    return {"productVariants": [call.shop.store.get(variant_id) for variant_id in variants]}


def _record_changes(call: Call, before: Json, after: Json) -> None:
    """Note the prices of those variants that have other prices than before."""
    names = dict.fromkeys(v for one in (before, after) for part in ("prices", "breaks") for v in one[part])
    for variant_id in names:
        if (text := _shown(after, variant_id)) != _shown(before, variant_id):
            _record(call, after, variant_id, text)


def _shown(price_list: Json, variant_id: str) -> str:
    """A variant's fixed price and its price breaks, smallest quantity first."""
    fixed = price_list["prices"].get(variant_id)
    steps = sorted((quantity, price) for quantity, price in price_list["breaks"].get(variant_id, {}).values())
    return ", ".join([*([fixed[0]] if fixed else []), *(f"{n}+: {price}" for n, price in steps)]) or "removed"


def _at(name: str, index: int, field: str = "") -> tuple[str, ...]:
    return ("input", name, str(index), *([field] if field else []))


def _prices_deleted(call: Call, price_list: Json, variants: Sequence[str]) -> Iterator[Refused]:
    for index, variant_id in enumerate(variants):
        path = _at("pricesToDeleteByVariantId", index)
        if not _known(call, variant_id):
            yield Refused(NOT_FOUND, *path, code="PRICE_DELETE_VARIANT_NOT_FOUND")
        elif variant_id not in price_list["prices"]:
            yield Refused("Price is not fixed.", *path, code="PRICE_DELETE_PRICE_NOT_FIXED")
        else:
            _unfix(price_list, variant_id)


def _rules_deleted(call: Call, price_list: Json, variants: Sequence[str]) -> Iterator[Refused]:
    for index, variant_id in enumerate(variants):
        path = _at("quantityRulesToDeleteByVariantId", index)
        if not _known(call, variant_id):
            yield Refused(NOT_FOUND, *path, code="QUANTITY_RULE_DELETE_VARIANT_NOT_FOUND")
        elif price_list["rules"].pop(variant_id, None) is None:
            yield Refused("Quantity rule not found.", *path, code="QUANTITY_RULE_DELETE_RULE_NOT_FOUND")


def _breaks_deleted(call: Call, price_list: Json, wanted: Json) -> Iterator[Refused]:
    for index, break_id in enumerate(wanted["quantityPriceBreaksToDelete"]):
        owner = next((rows for rows in price_list["breaks"].values() if break_id in rows), None)
        if owner is None:
            path = _at("quantityPriceBreaksToDelete", index)
            yield Refused("Quantity price break not found.", *path, code="QUANTITY_PRICE_BREAK_DELETE_NOT_FOUND")
        else:
            del owner[break_id]
    for index, variant_id in enumerate(wanted.get("quantityPriceBreaksToDeleteByVariantId") or ()):
        price_list["breaks"].pop(variant_id, None)
        if not _known(call, variant_id):
            path = _at("quantityPriceBreaksToDeleteByVariantId", index)
            yield Refused(NOT_FOUND, *path, code="QUANTITY_PRICE_BREAK_DELETE_BY_VARIANT_ID_VARIANT_NOT_FOUND")


def _prices_added(call: Call, price_list: Json, rows: Sequence[Json]) -> Iterator[Refused]:
    seen = set()
    for index, row in enumerate(rows):
        path, variant_id = _at("pricesToAdd", index, "variantId"), row["variantId"]
        if not _known(call, variant_id):
            yield Refused(NOT_FOUND, *path, code="PRICE_ADD_VARIANT_NOT_FOUND")
        elif variant_id in seen:
            message = "Prices must be unique by variant."
            yield Refused(message, *path, code="PRICE_ADD_DUPLICATE_INPUT_FOR_VARIANT")
        elif row["price"]["currencyCode"] != price_list["currency"]:
            message = "Currency must match the price list."
            yield Refused(message, *_at("pricesToAdd", index, "price"), code="PRICE_ADD_CURRENCY_MISMATCH")
        else:
            _fix(price_list, row)
        seen.add(variant_id)


def _rules_added(call: Call, price_list: Json, rows: Sequence[Json]) -> Iterator[Refused]:
    seen = set()
    for index, row in enumerate(rows):
        variant_id = row["variantId"]
        rule = (row["minimum"], row.get("maximum"), row["increment"])
        breaks = [minimum for minimum, _ in price_list["breaks"].get(variant_id, {}).values()]
        if not _known(call, variant_id):
            code = "VARIANT_NOT_FOUND"
        elif variant_id in seen:
            code = "DUPLICATE_INPUT_FOR_VARIANT"
        else:
            code = _rule_problem(*rule, breaks)
        seen.add(variant_id)
        if code:
            yield Refused("Invalid quantity rule.", *_at("quantityRulesToAdd", index), code=f"QUANTITY_RULE_ADD_{code}")
        else:
            price_list["rules"][variant_id] = list(rule)


def _rule_problem(minimum: int, maximum: int | None, increment: int, breaks: Sequence[int]) -> str:
    """What is wrong with a rule of itself or for the breaks there are, as the end of the vendor's code."""
    checks = (
        (increment < 1, "INCREMENT_IS_LESS_THAN_ONE"),
        (minimum < 1, "MINIMUM_IS_LESS_THAN_ONE"),
        (maximum is not None and maximum < 1, "MAXIMUM_IS_LESS_THAN_ONE"),
        (increment > minimum, "INCREMENT_IS_GREATER_THAN_MINIMUM"),
        (maximum is not None and minimum > maximum, "MINIMUM_GREATER_THAN_MAXIMUM"),
        (increment > 0 and minimum % increment, "MINIMUM_NOT_A_MULTIPLE_OF_INCREMENT"),
        (increment > 0 and (maximum or 0) % increment, "MAXIMUM_NOT_A_MULTIPLE_OF_INCREMENT"),
        (any(minimum > one for one in breaks), "MIN_HIGHER_THAN_QUANTITY_PRICE_BREAK_MIN"),
        (any(one > (maximum or one) for one in breaks), "MAX_LOWER_THAN_QUANTITY_PRICE_BREAK_MIN"),
        (increment > 0 and any(one % increment for one in breaks), "INCREMENT_NOT_A_MULTIPLE_OF_QUANTITY_PRICE_BREAK_MIN"),
    )  # fmt: skip
    return next((code for is_wrong, code in checks if is_wrong), "")


def _breaks_added(call: Call, price_list: Json, rows: Sequence[Json]) -> Iterator[Refused]:
    seen = set()
    for index, row in enumerate(rows):
        key = row["variantId"], row["minimumQuantity"]
        code = "DUPLICATE_INPUT_FOR_VARIANT_AND_MIN" if key in seen else _break_problem(call, price_list, row)
        seen.add(key)
        if code:
            path = _at("quantityPriceBreaksToAdd", index)
            yield Refused("Invalid quantity price break.", *path, code=f"QUANTITY_PRICE_BREAK_ADD_{code}")
        else:
            new = call.shop.store.next_id("QuantityPriceBreak")
            breaks = price_list["breaks"].setdefault(row["variantId"], {})
            breaks[new] = [row["minimumQuantity"], str(row["price"]["amount"])]


def _break_problem(call: Call, price_list: Json, row: Json) -> str:
    """What is wrong with a quantity price break, as the end of the vendor's code."""
    variant_id, quantity = row["variantId"], row["minimumQuantity"]
    if not _known(call, variant_id):
        return "VARIANT_NOT_FOUND"
    minimum, maximum, increment = price_list["rules"].get(variant_id, ANY_QUANTITY)
    present = [one for one, _ in price_list["breaks"].get(variant_id, {}).values()]
    checks = (
        (row["price"]["currencyCode"] != price_list["currency"], "CURRENCY_MISMATCH"),
        (variant_id not in price_list["prices"], "PRICE_LIST_PRICE_NOT_FOUND"),
        (Decimal(str(row["price"]["amount"])) < 0, "INVALID"),
        (quantity < minimum, "MIN_LOWER_THAN_QUANTITY_RULES_MIN"),
        (maximum is not None and quantity > maximum, "MIN_HIGHER_THAN_QUANTITY_RULES_MAX"),
        (quantity % increment, "MIN_NOT_A_MULTIPLE_OF_QUANTITY_RULES_INCREMENT"),
        (quantity in present, "FAILED_TO_SAVE"),
        (len(present) >= MOST_BREAKS, "LIMIT_EXCEEDED"),
    )
    return next((code for is_wrong, code in checks if is_wrong), "")


def _breaks(_call: Call, source: Json, args: Json) -> Json:
    price_list, variant = source["priceList"], source["variant"]
    rows = [
        {
            "id": break_id,
            "minimumQuantity": minimum,
            "price": money(Decimal(amount), price_list["currency"]),
            "priceList": price_list,
            "variant": variant,
        }
        for break_id, (minimum, amount) in price_list["breaks"].get(variant["id"], {}).items()
    ]
    if args.get("sortKey") != "ID":
        rows.sort(key=lambda row: row["minimumQuantity"])
    return listed(rows, args)


def _rules(call: Call, source: Json, args: Json) -> Json:
    wanted = args.get("originType")
    rows = []
    for variant_id, variant in call.shop.store.table("ProductVariant").items():
        is_fixed = variant_id in source["rules"]
        if wanted is None or is_fixed == (wanted == "FIXED"):
            minimum, maximum, increment = rule = tuple(source["rules"].get(variant_id, ANY_QUANTITY))
            values = {"minimum": minimum, "maximum": maximum, "increment": increment, "productVariant": variant}
            values |= {"isDefault": rule == ANY_QUANTITY, "originType": "FIXED" if is_fixed else "RELATIVE"}
            rows.append(values)
    return listed(rows, args)


RESOLVERS: dict[str, Resolver] = {
    "Mutation.priceListFixedPricesAdd": mutation(_add_prices),
    "Mutation.priceListFixedPricesDelete": mutation(_remove_prices),
    "Mutation.quantityPricingByVariantUpdate": mutation(_update_quantities),
    "QueryRoot.priceLists": lambda call, _source, args: connection(call, PRICE_LISTS, args),
    "QueryRoot.priceList": lambda call, _source, args: call.shop.store.table("PriceList").get(args["id"]),
    "PriceList.catalog": reference("catalogId"),
    "PriceList.parent": lambda _call, source, _args: {
        "adjustment": {"type": "PERCENTAGE_DECREASE", "value": source["percent"]}
    },
    "PriceList.fixedPricesCount": lambda _call, source, _args: len(source["prices"]),
    "PriceList.prices": _prices,
    "PriceList.quantityRules": _rules,
    "PriceListPrice.quantityPriceBreaks": _breaks,
}
