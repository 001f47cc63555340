"""Metafields on orders, products, variants and collections, with definitions that values must fit."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify.errors import Refused, access_denied, coded
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.mutating import mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import ID
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.scopes import TYPES, wording
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, kind_of, number_of

MAX_SET = 25
OWNERS = {
    **{"Product": "PRODUCT", "ProductVariant": "PRODUCTVARIANT", "Order": "ORDER", "Collection": "COLLECTION"},
    **{"Customer": "CUSTOMER", "Company": "COMPANY", "CompanyLocation": "COMPANY_LOCATION"},
}
APP_NAMESPACE = "app--1"


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_json(text: str, kind: type | None = None) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return kind is None or isinstance(value, kind)


CHECKS: dict[str, Callable[[str], bool]] = {
    "single_line_text_field": lambda text: bool(text) and "\n" not in text,
    "multi_line_text_field": bool,
    "number_integer": lambda text: text.lstrip("-").isdigit(),
    "number_decimal": _is_number,
    "boolean": lambda text: text in {"true", "false"},
    "date": lambda text: len(text) == 10,
    "date_time": lambda text: "T" in text,
    "json": _is_json,
    "url": lambda text: text.startswith(("http://", "https://")),
    "color": lambda text: text.startswith("#"),
    "weight": lambda text: _is_json(text, dict),
    "dimension": lambda text: _is_json(text, dict),
    "volume": lambda text: _is_json(text, dict),
    "rich_text_field": lambda text: _is_json(text, dict),
    "file_reference": lambda text: text.startswith("gid://"),
    "product_reference": lambda text: text.startswith("gid://shopify/Product/"),
}
DEFINITIONS = Listing(
    "MetafieldDefinition",
    {"id": ID, "key": Field("text", lambda d: d["key"]), "namespace": Field("text", lambda d: d["namespace"])},
    lambda d: f"{d['name']} {d['namespace']}.{d['key']}",
    {"ID": lambda d: number_of(d["id"]), "NAME": lambda d: d["name"]},
)


def digest_of(value: str) -> str:
    """The digest that a compare-and-set write names."""
    return hashlib.sha256(value.encode()).hexdigest()


def definition(call: Call, kind: str, namespace: str, key: str) -> Json | None:
    """The definition of a metafield, None where it has none."""
    wanted = (OWNERS.get(kind), namespace, key)
    for found in call.shop.store.table("MetafieldDefinition").values():
        if (found["ownerType"], found["namespace"], found["key"]) == wanted:
            return found
    return None


def set_metafields(
    call: Call, owner: Json, wanted: Sequence[Json], path: tuple[str, ...] = ("metafields",)
) -> list[Json]:
    """Write metafields into a document that the caller stores; raises Refused before anything is changed."""
    checked = [_checked(call, owner, row, (*path, str(index))) for index, row in enumerate(wanted)]
    found = []
    for namespace, key, type_, value in checked:
        moment = call.shop.moment()
        known = next((m for m in owner["metafields"] if (m["namespace"], m["key"]) == (namespace, key)), None)
        if known is None:
            known = {
                "id": call.shop.store.next_id("Metafield"),
                "namespace": namespace,
                "key": key,
                "createdAt": moment,
            }
            owner["metafields"].append(known)
        known |= {"type": type_, "value": value, "updatedAt": moment}
        found.append(known)
    return found


def _checked(call: Call, owner: Json, row: Json, path: tuple[str, ...]) -> tuple[str, str, str, str]:
    by_id = {m["id"]: m for m in owner["metafields"]}
    if row.get("id") in by_id:
        row = {**by_id[row["id"]], **{k: v for k, v in row.items() if v is not None}}
    namespace = (row.get("namespace") or APP_NAMESPACE).replace("$app", APP_NAMESPACE)
    key, value = row.get("key") or "", row.get("value")
    if len(key) < 2 or len(key) > 64:
        raise Refused("Key is too short (minimum is 2 characters)", *path, "key", code="TOO_SHORT")
    if value is None or value == "":
        raise Refused("Value can't be blank.", *path, "value", code="BLANK")
    defined = definition(call, kind_of(owner["id"]), namespace, key)
    known = next((m for m in owner["metafields"] if (m["namespace"], m["key"]) == (namespace, key)), None)
    type_ = row.get("type") or (defined or known or {}).get("type")
    if not type_:
        raise Refused("Type can't be blank", *path, "type", code="BLANK")
    if defined and defined["type"] != type_:
        raise Refused(
            f"Type must be consistent with the definition: {defined['type']}", *path, "type", code="INVALID_TYPE"
        )
    base = type_.removeprefix("list.")
    if base not in CHECKS and not base.endswith("_reference"):
        raise Refused(f"Type must be one of the following: {', '.join(CHECKS)}.", *path, "type", code="INCLUSION")
    is_valid = _is_json(value, list) if type_.startswith("list.") else CHECKS.get(base, bool)(value)
    if not is_valid:
        raise Refused(f"Value must be a valid {type_}.", *path, "value", code="INVALID_VALUE")
    return namespace, key, type_, value


def _set(call: Call, args: Json) -> Json:
    rows = args["metafields"]
    if len(rows) > MAX_SET:
        message = f"Exceeded the maximum metafields input limit of {MAX_SET}."
        raise Refused(message, "metafields", code="LESS_THAN_OR_EQUAL_TO")
    owners: dict[str, Json] = {}
    for index, row in enumerate(rows):
        owner = owners.get(row["ownerId"]) or _owner(call, row["ownerId"], index)
        owners[row["ownerId"]] = owner
        _compare(owner, row, index)
    found = []
    for index, row in enumerate(rows):
        found += set_metafields(call, owners[row["ownerId"]], [row], ("metafields", str(index)))
    _store(call, owners)
    return {"metafields": found}


def _owner(call: Call, owner_id: str, index: int) -> Json:
    kind = kind_of(owner_id)
    document = call.shop.store.get(owner_id)
    if document is None or kind not in OWNERS:
        raise Refused("Owner does not exist.", "metafields", str(index), "ownerId", code="INVALID")
    needed = tuple(scope.replace("read_", "write_") for scope in TYPES.get(kind, ()))
    if not call.may(*needed):
        raise access_denied("metafieldsSet", wording(needed))
    return copy.deepcopy(document)


def _compare(owner: Json, row: Json, index: int) -> None:
    if "compareDigest" not in row:
        return
    namespace = (row.get("namespace") or APP_NAMESPACE).replace("$app", APP_NAMESPACE)
    known = next((m for m in owner["metafields"] if (m["namespace"], m["key"]) == (namespace, row["key"])), None)
    now = digest_of(known["value"]) if known else None
    if row["compareDigest"] != now:
        message = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
        raise Refused(message, "metafields", str(index), code="STALE_OBJECT")


def _store(call: Call, owners: dict[str, Json]) -> None:
    for owner in owners.values():
        kind = kind_of(owner["id"])
        if kind == "Order":
            call.shop.save_order(owner, "update")
        elif kind == "Product":
            call.shop.save_product(owner)
        else:
            call.shop.store.put(owner)
        call.shop.record("product" if kind != "Order" else "order_meta", owner["id"], "metafields", call.request_id)


def _delete(call: Call, args: Json) -> Json:
    owners: dict[str, Json] = {}
    found: list[Json | None] = []
    for index, row in enumerate(args["metafields"]):
        owner = owners.setdefault(row["ownerId"], _owner(call, row["ownerId"], index))
        left = [m for m in owner["metafields"] if (m["namespace"], m["key"]) != (row["namespace"], row["key"])]
        found.append(dict(row) if len(left) < len(owner["metafields"]) else None)
        owner["metafields"] = left
    _store(call, owners)
    return {"deletedMetafields": found}


def _define(call: Call, args: Json) -> Json:
    wanted = args["definition"]
    namespace = wanted.get("namespace") or APP_NAMESPACE
    kinds = {owner: kind for kind, owner in OWNERS.items()}
    kind = kinds.get(wanted["ownerType"])
    if kind is None:
        raise Refused("Owner type is not supported.", "definition", "ownerType", code="INVALID")
    if definition(call, kind, namespace, wanted["key"]):
        raise Refused("Key is in use for this owner type on the namespace.", "definition", "key", code="TAKEN")
    if wanted["type"].removeprefix("list.") not in CHECKS:
        raise Refused("Type name is not a valid type.", "definition", "type", code="INCLUSION")
    created = {
        "id": call.shop.store.next_id("MetafieldDefinition"),
        "name": wanted["name"],
        "namespace": namespace,
        "key": wanted["key"],
        "description": wanted.get("description"),
        "ownerType": wanted["ownerType"],
        "type": wanted["type"],
        "pinnedPosition": 1 if wanted.get("pin") else None,
    }
    call.shop.store.put(created)
    call.shop.record("product", created["id"], "metafield definition", call.request_id)
    return {"createdDefinition": created}


def _definitions(call: Call, _source: Any, args: Json) -> Json:
    def keep(found: Json) -> bool:
        return (
            found["ownerType"] == args["ownerType"]
            and args.get("namespace") in {None, found["namespace"]}
            and args.get("key") in {None, found["key"]}
        )

    return connection(call, DEFINITIONS, args, keep, f"{args['ownerType']}{args.get('namespace')}{args.get('key')}")


def _definition(call: Call, _source: Any, args: Json) -> Json | None:
    table = call.shop.store.table("MetafieldDefinition")
    if args.get("id"):
        return table.get(args["id"])
    identifier = args.get("identifier")
    if not identifier:
        raise coded("One of id and identifier must be given.", "INVALID_FIELD_ARGUMENTS")
    kinds = {owner: kind for kind, owner in OWNERS.items()}
    return definition(
        call, kinds.get(identifier["ownerType"], ""), identifier.get("namespace") or APP_NAMESPACE, identifier["key"]
    )


def _one(_call: Call, source: Json, args: Json) -> Json | None:
    namespace, key = args.get("namespace"), args["key"]
    if namespace is None:
        namespace, _, key = key.rpartition(".") if "." in key else (APP_NAMESPACE, "", key)
    found = next((m for m in source["metafields"] if (m["namespace"], m["key"]) == (namespace, key)), None)
    return None if found is None else {**found, "ownerId": source["id"]}


def _many(_call: Call, source: Json, args: Json) -> Json:
    keys = args.get("keys")
    found = [
        {**m, "ownerId": source["id"]}
        for m in source["metafields"]
        if args.get("namespace") in {None, m["namespace"]} and (keys is None or f"{m['namespace']}.{m['key']}" in keys)
    ]
    return listed(found, args)


def _json_value(_call: Call, source: Json, _args: Json) -> Any:
    value, type_ = source["value"], source["type"]
    is_text = type_.endswith("text_field") and not type_.startswith(("list.", "rich_"))
    return value if is_text or not _is_json(value) else json.loads(value)


def _owner_of(call: Call, source: Json) -> str:
    return str(source.get("ownerId") or call.shop.store.owner_of.get(source["id"], ""))


RESOLVERS: dict[str, Resolver] = {
    "Mutation.metafieldsSet": mutation(_set),
    "Mutation.metafieldsDelete": mutation(_delete),
    "Mutation.metafieldDefinitionCreate": mutation(_define),
    "QueryRoot.metafieldDefinitions": _definitions,
    "QueryRoot.metafieldDefinition": _definition,
    **{f"{kind}.metafield": _one for kind in OWNERS},
    **{f"{kind}.metafields": _many for kind in OWNERS},
    "Metafield.jsonValue": _json_value,
    "Metafield.compareDigest": lambda _call, source, _args: digest_of(source["value"]),
    "Metafield.ownerType": lambda call, source, _args: OWNERS.get(kind_of(_owner_of(call, source)), "SHOP"),
    "Metafield.definition": lambda call, source, _args: definition(
        call, kind_of(_owner_of(call, source)), source["namespace"], source["key"]
    ),
    "MetafieldDefinition.type": lambda _call, source, _args: {"name": source["type"], "category": "TEXT"},
    "MetafieldDefinition.validations": lambda _call, _source, _args: [],
    "MetafieldDefinition.metafieldsCount": lambda _call, _source, _args: 0,
}
