"""Where products and collections are shown, which collections products are in, and tags."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.shopify import catalog
from sandbox.shopify.errors import Refused, access_denied
from sandbox.shopify.metafields import set_metafields
from sandbox.shopify.mutating import mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.read_shop import shop_facts
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.scopes import wording
from sandbox.shopify.store import Json, kind_of

PUBLISHABLE = frozenset({"Product", "Collection"})
TAGGED = {"Product": ("write_products",), "Order": ("write_orders",), "Customer": ("write_customers",)}


def _save(call: Call, document: Json) -> None:
    if kind_of(document["id"]) == "Product":
        call.shop.save_product(document)
    elif kind_of(document["id"]) == "Order":
        call.shop.save_order(document, "update")
    else:
        call.shop.store.put(document)


def _publishable(call: Call, args: Json) -> tuple[Json, list[tuple[str, str]]]:
    document = call.shop.store.get(args["id"])
    if document is None or kind_of(args["id"]) not in PUBLISHABLE:
        raise Refused("Resource does not exist", "id")
    wanted = []
    for index, row in enumerate(args["input"]):
        publication = row.get("publicationId") or ""
        if publication not in call.shop.store.table("Publication"):
            raise Refused("Publication does not exist or is not publishable", "input", str(index), "publicationId")
        wanted.append((publication, row.get("publishDate") or call.shop.moment()))
    return copy.deepcopy(document), wanted


def _publish(call: Call, args: Json) -> Json:
    document, wanted = _publishable(call, args)
    document["publications"] |= dict(wanted)
    document["publishedAt"] = call.shop.moment()
    _save(call, document)
    call.shop.record("product", document["id"], f"published on {len(wanted)}", call.request_id)
    return {"publishable": document}


def _unpublish(call: Call, args: Json) -> Json:
    document, wanted = _publishable(call, args)
    for publication, _ in wanted:
        document["publications"].pop(publication, None)
    _save(call, document)
    call.shop.record("product", document["id"], f"unpublished from {len(wanted)}", call.request_id)
    return {"publishable": document}


def _publications(call: Call, source: Json, args: Json) -> Json:
    now = call.shop.moment()
    rows = [
        {
            "publication": call.shop.store.get(publication),
            "publishDate": date,
            "isPublished": date <= now,
            "publishable": source,
        }
        for publication, date in source["publications"].items()
    ]
    return listed([r for r in rows if r["isPublished"] or not args.get("onlyPublished", True)], args)


def _unpublished(call: Call, source: Json, args: Json) -> Json:
    rows = call.shop.store.table("Publication").values()
    return listed([row for row in rows if row["id"] not in source["publications"]], args)


def _products_of(call: Call, source: Json, args: Json) -> Json:
    rows = call.shop.store.table("Product").values()
    return listed([row for row in rows if source["id"] in row["publications"]], args)


# --- collections and tags ---------------------------------------------------------------------------------------------------


def _collection(call: Call, collection_id: str) -> Json:
    found = call.shop.store.table("Collection").get(collection_id)
    if found is None:
        raise Refused("Collection does not exist", "id")
    return found


def _members(call: Call, args: Json) -> list[Json]:
    found = []
    for product_id in args["productIds"]:
        product = call.shop.store.table("Product").get(product_id)
        if product is None:
            raise Refused("Product does not exist", "productIds")
        found.append(copy.deepcopy(product))
    return found


def _add_products(call: Call, args: Json) -> Json:
    collection = _collection(call, args["id"])
    members = _members(call, args)
    if any(args["id"] in product["collectionIds"] for product in members):
        raise Refused("Error adding product to collection: Product is already in the collection", "productIds")
    for product in members:
        product["collectionIds"].append(args["id"])
        call.shop.save_product(product)
        call.shop.record("category", product["id"], collection["title"], call.request_id)
    return {"collection": collection}


def _remove_products(call: Call, args: Json) -> Json:
    collection = _collection(call, args["id"])
    for product in _members(call, args):
        if args["id"] in product["collectionIds"]:
            product["collectionIds"].remove(args["id"])
            call.shop.save_product(product)
            call.shop.record("category", product["id"], f"not {collection['title']}", call.request_id)
    return {"job": {"id": call.shop.store.next_id("Job"), "done": False}}


def _create_collection(call: Call, args: Json) -> Json:
    wanted = args["collection"] or {}
    if not wanted.get("title"):
        raise Refused("Title can't be blank", "collection", "title")
    handle = wanted.get("handle") or catalog.handle_of(wanted["title"])
    new = call.shop.store.next_id("Collection")
    collection = catalog.new_collection(new, wanted["title"], handle, call.shop.moment())
    collection["descriptionHtml"] = wanted.get("descriptionHtml") or ""
    collection["seo"] |= wanted.get("seo") or {}
    set_metafields(call, collection, wanted.get("metafields") or ())
    call.shop.store.put(collection)
    call.shop.record("category", new, wanted["title"], call.request_id)
    return {"collection": collection}


def _tagged(call: Call, args: Json, name: str) -> Json:
    kind = kind_of(args["id"])
    document = call.shop.store.get(args["id"])
    if document is None or kind not in TAGGED:
        raise Refused("Resource does not exist", "id")
    if not call.may(*TAGGED[kind]):
        raise access_denied(name, wording(TAGGED[kind]))
    return copy.deepcopy(document)


def _tags(name: str, *, is_removal: bool) -> Any:
    def change(call: Call, args: Json) -> Json:
        document = _tagged(call, args, name)
        given = {tag.strip() for value in args["tags"] for tag in value.split(",") if tag.strip()}
        now = set(document["tags"])
        document["tags"] = sorted(now - given if is_removal else now | given)
        _save(call, document)
        kind = "order" if kind_of(args["id"]) == "Order" else "product"
        call.shop.record(kind, document["id"], f"tags {', '.join(document['tags'])}", call.request_id)
        return {"node": document}

    return change


def _published_on(_call: Call, source: Json, args: Json) -> bool:
    return args["publicationId"] in source["publications"]


def _count(_call: Call, source: Json, _args: Json) -> Json:
    return {"count": len(source["publications"]), "precision": "EXACT"}


RESOLVERS: dict[str, Resolver] = {
    "*.shop": shop_facts,
    "Mutation.publishablePublish": mutation(_publish),
    "Mutation.publishableUnpublish": mutation(_unpublish),
    "Mutation.collectionAddProducts": mutation(_add_products),
    "Mutation.collectionRemoveProducts": mutation(_remove_products),
    "Mutation.collectionCreate": mutation(_create_collection),
    "Mutation.tagsAdd": mutation(_tags("tagsAdd", is_removal=False)),
    "Mutation.tagsRemove": mutation(_tags("tagsRemove", is_removal=True)),
    "Publication.products": _products_of,
    **{
        f"{kind}.{name}": resolver
        for kind in PUBLISHABLE
        for name, resolver in (
            ("resourcePublications", _publications),
            ("resourcePublicationsV2", _publications),
            ("unpublishedPublications", _unpublished),
            ("publishedOnPublication", _published_on),
            ("availablePublicationsCount", _count),
        )
    },
}
