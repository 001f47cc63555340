"""Translations of products, options and collections: what can be translated, registering with the digest of the original."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from sandbox.shopify import catalog
from sandbox.shopify.errors import Refused, coded
from sandbox.shopify.mutating import mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import embedded
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json, kind_of

MAX_KEYS = 100
KINDS = {
    "PRODUCT": "Product",
    "COLLECTION": "Collection",
    "PRODUCT_OPTION": "ProductOption",
    "PRODUCT_OPTION_VALUE": "ProductOptionValue",
}


def contents(document: Json) -> dict[str, tuple[str, str | None]]:
    """What of a document can be translated: key to kind and original text."""
    if kind_of(document["id"]) in {"ProductOption", "ProductOptionValue"}:
        return {"name": ("SINGLE_LINE_TEXT_FIELD", document["name"])}
    found = {
        "title": ("SINGLE_LINE_TEXT_FIELD", document["title"]),
        "body_html": ("HTML", document["descriptionHtml"]),
        "handle": ("URI", document["handle"]),
        "meta_title": ("SINGLE_LINE_TEXT_FIELD", document["seo"]["title"]),
        "meta_description": ("MULTI_LINE_TEXT_FIELD", document["seo"]["description"]),
    }
    if kind_of(document["id"]) == "Product":
        found["product_type"] = ("SINGLE_LINE_TEXT_FIELD", document["productType"])
    return found


def digest_of(text: str | None) -> str:
    """The digest that a translation names, so that it belongs to the text of now."""
    return hashlib.sha256((text or "").encode()).hexdigest()


def resource(call: Call, resource_id: str) -> tuple[Json, Json] | None:
    """A translatable document with the one it lies in (itself for products and collections)."""
    document = call.shop.store.get(resource_id)
    if document is not None:
        return (document, document) if kind_of(resource_id) in KINDS.values() else None
    owner = call.shop.store.owner(resource_id)
    inner = embedded(owner, resource_id) if owner else None
    return (inner, owner) if inner and owner and kind_of(resource_id) in KINDS.values() else None


def _found(call: Call, resource_id: str) -> tuple[Json, Json]:
    """Copies of a resource and its owner to work on."""
    known = call.shop.store.get(resource_id) or call.shop.store.owner(resource_id)
    owner = copy.deepcopy(known) if known else None
    if owner is None or kind_of(resource_id) not in KINDS.values():
        raise Refused("Resource does not exist", "resourceId", code="RESOURCE_NOT_FOUND")
    if owner["id"] == resource_id:
        return owner, owner
    for option in owner.get("options", ()):
        for part in (option, *option["optionValues"]):
            if part["id"] == resource_id:
                return part, owner
    raise Refused("Resource does not exist", "resourceId", code="RESOURCE_NOT_FOUND")


def _register(call: Call, args: Json) -> Json:
    document, owner = _found(call, args["resourceId"])
    if len(args["translations"]) > MAX_KEYS:
        raise Refused("Too many translation keys for the resource", "translations", code="TOO_MANY_KEYS_FOR_RESOURCE")
    known, errors = contents(document), []
    locales = {code for code, _, is_primary, _ in catalog.LOCALES if not is_primary}
    for index, row in enumerate(args["translations"]):
        path = ["translations", str(index)]
        if row["locale"] not in locales:
            problem = (path, "locale", "Locale is not one of the shop's locales", "INVALID_LOCALE_FOR_SHOP")
        elif row["key"] not in known:
            problem = (path, "key", "Key is not a valid translatable field", "INVALID_KEY_FOR_MODEL")
        elif row["translatableContentDigest"] != digest_of(known[row["key"]][1]):
            message = "Translatable content hash is invalid"
            problem = (path, "translatableContentDigest", message, "INVALID_TRANSLATABLE_CONTENT")
        elif not row["value"]:
            problem = (path, "value", "Value can't be blank", "BLANK")
        else:
            continue
        errors.append({"field": [*problem[0], problem[1]], "message": problem[2], "code": problem[3]})
    if errors:
        return {"userErrors": errors}
    found = []
    for row in args["translations"]:
        same = (row["key"], row["locale"])
        kept = [t for t in document["translations"] if (t["key"], t["locale"]) != same]
        new = {"key": row["key"], "locale": row["locale"], "value": row["value"], "updatedAt": call.shop.moment()}
        new["digest"] = row["translatableContentDigest"]
        document["translations"] = [*kept, new]
        found.append({**new, "outdated": False})
    call.shop.store.put(owner)
    locales_text = ", ".join(sorted({row["locale"] for row in args["translations"]}))
    call.shop.record("translation", args["resourceId"], locales_text, call.request_id)
    return {"translations": found}


def _remove(call: Call, args: Json) -> Json:
    document, owner = _found(call, args["resourceId"])
    gone = [
        t for t in document["translations"] if t["key"] in args["translationKeys"] and t["locale"] in args["locales"]
    ]
    document["translations"] = [t for t in document["translations"] if t not in gone]
    call.shop.store.put(owner)
    call.shop.record("translation", args["resourceId"], "removed", call.request_id)
    return {"translations": [{**t, "outdated": False} for t in gone]}


def _translations(_call: Call, source: Json, args: Json) -> list[Json]:
    document = source.get("document", source)
    known = contents(document)
    return [
        {**t, "outdated": digest_of(known.get(t["key"], ("", ""))[1]) != t["digest"]}
        for t in document["translations"]
        if t["locale"] == args["locale"]
    ]


def _content(_call: Call, source: Json, _args: Json) -> list[Json]:
    return [
        {"key": key, "value": value, "digest": digest_of(value), "locale": "de", "type": kind}
        for key, (kind, value) in contents(source["document"]).items()
        if value is not None
    ]


def _one(call: Call, _source: Any, args: Json) -> Json | None:
    found = resource(call, args["resourceId"])
    return {"resourceId": args["resourceId"], "document": found[0]} if found else None


def _list(call: Call, _source: Any, args: Json) -> Json:
    kind = KINDS.get(args["resourceType"])
    if kind is None:
        raise coded(f"{args['resourceType']} is not served by this sandbox", "INVALID_FIELD_ARGUMENTS")
    if kind in {"Product", "Collection"}:
        found = list(call.shop.store.table(kind).values())
    else:
        options = [o for p in call.shop.store.table("Product").values() for o in p["options"]]
        found = options if kind == "ProductOption" else [v for o in options for v in o["optionValues"]]
    return listed([{"resourceId": d["id"], "document": d} for d in found], args)


def _by_ids(call: Call, _source: Any, args: Json) -> Json:
    found = [_one(call, None, {"resourceId": wanted}) for wanted in args["resourceIds"]]
    return listed([row for row in found if row], args)


RESOLVERS: dict[str, Resolver] = {
    "Mutation.translationsRegister": mutation(_register),
    "Mutation.translationsRemove": mutation(_remove),
    "QueryRoot.translatableResource": _one,
    "QueryRoot.translatableResources": _list,
    "QueryRoot.translatableResourcesByIds": _by_ids,
    "TranslatableResource.translatableContent": _content,
    **{
        f"{kind}.translations": _translations
        for kind in ("TranslatableResource", "Product", "Collection", "ProductOption", "ProductOptionValue")
    },
    "ProductVariant.translations": lambda _call, _source, _args: [],
}
