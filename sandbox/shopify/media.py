"""Images of products: attaching, ordering, describing and detaching them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sandbox.shopify.errors import Refused
from sandbox.shopify.mutating import mutation
from sandbox.shopify.paging import listed
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json, kind_of

MAX_MEDIA = 250
MIME = {"png": "image/png", "gif": "image/gif", "webp": "image/webp"}


def new_media(call: Call, source: str, alt: str | None, path: tuple[str, ...], code: str = "INVALID") -> Json:
    """An image from an address; refuses what is no address."""
    if not source.startswith(("http://", "https://")):
        raise Refused("Image URL is invalid", *path, "originalSource", code=code)
    moment = call.shop.moment()
    number = call.shop.store.next_id("MediaImage")
    return {
        "id": number,
        "alt": alt or "",
        "url": source,
        "mediaContentType": "IMAGE",
        "status": "READY",
        "fileStatus": "READY",
        "createdAt": moment,
        "updatedAt": moment,
    }


def append(call: Call, product: Json, wanted: Sequence[Json] | None, path: str = "media") -> list[Json]:
    """Attach images of `CreateMediaInput` to a product that the caller stores."""
    found = []
    for index, row in enumerate(wanted or ()):
        if row["mediaContentType"] != "IMAGE":
            raise Refused("Only images are served by this sandbox", path, str(index), code="INVALID_MEDIA_TYPE")
        found.append(new_media(call, row["originalSource"], row.get("alt"), (path, str(index))))
    if len(product["media"]) + len(found) > MAX_MEDIA:
        raise Refused(f"Exceeded {MAX_MEDIA} media", path, code="PRODUCT_MEDIA_LIMIT_EXCEEDED")
    product["media"] += found
    for image in found:
        call.shop.record("image", product["id"], image["url"], call.request_id)
    return found


def set_files(call: Call, product: Json, wanted: Sequence[Json]) -> None:
    """Replace a product's images by those of `FileSetInput`: known ones by id, others from their address."""
    known = {image["id"]: image for image in product["media"]}
    by_source = {image["url"]: image for image in product["media"]}
    found = []
    for index, row in enumerate(wanted):
        path = ("input", "files", str(index))
        if row.get("id"):
            if row["id"] not in known:
                raise Refused("File does not exist", *path, "id", code="NOT_FOUND")
            image = known[row["id"]]
        else:
            source = row.get("originalSource") or ""
            image = by_source.get(source) or new_media(call, source, None, path, "INVALID_INPUT")
            if source not in by_source:
                call.shop.record("image", product["id"], source, call.request_id)
        if row.get("alt") is not None:
            image["alt"] = row["alt"]
        found.append(image)
    product["media"] = found


def product_copy(call: Call, product_id: str, field: str, code: str = "PRODUCT_DOES_NOT_EXIST") -> Json:
    """A copy of a product to work on; refuses an unknown one."""
    product = call.shop.store.table("Product").get(product_id)
    if product is None:
        raise Refused("Product does not exist", field, code=code)
    return copy.deepcopy(product)


def _create(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    found = append(call, product, args["media"])
    call.shop.save_product(product)
    return {"media": found, "product": product}


def _delete(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    known = {image["id"] for image in product["media"]}
    missing = [media_id for media_id in args["mediaIds"] if media_id not in known]
    if missing:
        raise Refused(f"Media id {missing[0]} does not exist", "mediaIds", code="MEDIA_DOES_NOT_EXIST")
    product["media"] = [image for image in product["media"] if image["id"] not in args["mediaIds"]]
    call.shop.save_product(product)
    call.shop.record("image", product["id"], f"{len(args['mediaIds'])} deleted", call.request_id)
    return {"deletedMediaIds": args["mediaIds"], "deletedProductImageIds": [], "product": product}


def _reorder(call: Call, args: Json) -> Json:
    product = product_copy(call, args["id"], "id")
    images = product["media"]
    for move in args["moves"]:
        image = next((i for i in images if i["id"] == move["id"]), None)
        if image is None:
            raise Refused("Media does not exist", "moves", code="MEDIA_DOES_NOT_EXIST")
        images.remove(image)
        images.insert(int(move["newPosition"]), image)
    call.shop.save_product(product)
    call.shop.record("image", product["id"], "reordered", call.request_id)
    return {"job": {"id": call.shop.store.next_id("Job"), "done": False}}


def _append_to_variants(call: Call, args: Json) -> Json:
    product = product_copy(call, args["productId"], "productId")
    known = {image["id"] for image in product["media"]}
    changed = []
    for index, row in enumerate(args["variantMedia"]):
        path = ("variantMedia", str(index))
        if row["variantId"] not in product["variantIds"]:
            code = "PRODUCT_VARIANT_DOES_NOT_EXIST_ON_PRODUCT"
            raise Refused("Variant does not exist on the product", *path, "variantId", code=code)
        if not set(row["mediaIds"]) <= known:
            code = "MEDIA_DOES_NOT_EXIST_ON_PRODUCT"
            raise Refused("Media does not exist on the product", *path, "mediaIds", code=code)
        variant = {**call.shop.store.table("ProductVariant")[row["variantId"]], "mediaIds": list(row["mediaIds"])}
        changed.append(variant)
    for variant in changed:
        call.shop.store.put(variant)
        call.shop.record("image", variant["sku"] or variant["id"], "attached", call.request_id)
    return {"product": product, "productVariants": changed}


def _update_files(call: Call, args: Json) -> Json:
    for index, row in enumerate(args["files"]):
        owner = call.shop.store.owner(row["id"])
        if owner is None or kind_of(owner["id"]) != "Product":
            raise Refused("File id does not exist", "files", str(index), "id", code="FILE_DOES_NOT_EXIST")
    found = []
    for row in args["files"]:
        product = copy.deepcopy(call.shop.store.owner(row["id"]))
        assert product is not None
        image = next(i for i in product["media"] if i["id"] == row["id"])
        if row.get("alt") is not None:
            image["alt"] = row["alt"]
        if row.get("originalSource"):
            image["url"] = row["originalSource"]
        if product["id"] in (row.get("referencesToRemove") or ()):
            product["media"].remove(image)
        call.shop.save_product(product)
        call.shop.record("image", product["id"], row.get("alt") or image["url"], call.request_id)
        found.append(image)
    return {"files": found}


def _image(_call: Call, source: Json, _args: Json) -> Json:
    number = source["id"].rsplit("/", 1)[-1]
    return {
        "id": f"gid://shopify/ImageSource/{number}",
        "altText": source["alt"],
        "width": 800,
        "height": 800,
        "url": source["url"],
    }


def _of_variant(call: Call, source: Json, args: Json) -> Json:
    return listed(_variant_media(call, source), args)


def _variant_media(call: Call, variant: Json) -> list[Json]:
    images = {i["id"]: i for i in call.shop.store.table("Product")[variant["productId"]]["media"]}
    return [images[media_id] for media_id in variant["mediaIds"] if media_id in images]


def _variant_image(call: Call, source: Json, args: Json) -> Json | None:
    found = _variant_media(call, source)
    return _image(call, found[0], args) if found else None


def _line_image(call: Call, source: Json, args: Json) -> Json | None:
    product = call.shop.store.get(source["productId"] or "")
    return _image(call, product["media"][0], args) if product and product["media"] else None


def _mime(_call: Call, source: Any, _args: Json) -> str:
    return MIME.get(source["url"].rsplit(".", 1)[-1].lower(), "image/jpeg")


RESOLVERS: dict[str, Resolver] = {
    "Mutation.productCreateMedia": mutation(_create, "mediaUserErrors"),
    "Mutation.productDeleteMedia": mutation(_delete, "mediaUserErrors"),
    "Mutation.productReorderMedia": mutation(_reorder, "mediaUserErrors"),
    "Mutation.productVariantAppendMedia": mutation(_append_to_variants),
    "Mutation.fileUpdate": mutation(_update_files),
    "Product.media": lambda _call, source, args: listed(source["media"], args),
    "Product.featuredMedia": lambda _call, source, _args: next(iter(source["media"]), None),
    "ProductVariant.media": _of_variant,
    "ProductVariant.image": _variant_image,
    "LineItem.image": _line_image,
    "MediaImage.image": _image,
    "MediaImage.mimeType": _mime,
    "MediaImage.mediaErrors": lambda _call, _source, _args: [],
    "MediaImage.preview": lambda call, source, args: {"status": "READY", "image": _image(call, source, args)},
}
