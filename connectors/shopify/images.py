"""Pictures of products and variants: which ones are ours is noted at the product, so that others are never touched."""

from collections.abc import Sequence
from typing import Any

import orjson

from canonical.catalogue import ArticleContent, Picture
from canonical.failure import Failure, FailureError
from canonical.settings import MediaMode
from connectors.shopify.graph import MOST_ITEMS, Graph, nodes, user_errors
from connectors.shopify.metafields import NAMESPACE, SET_METAFIELDS
from connectors.shopify.product_documents import ADD_MEDIA, CHANGE_FILES
from connectors.shopify.shop_products import ShopProduct


def send(graph: Graph, product: ShopProduct, article: ArticleContent, mode: MediaMode) -> str:
    """Add what is new, correct descriptions, detach what is gone if that is wanted; returns the first picture's id.

    Raises `FailureError` IMAGE_NOT_PUBLIC or IMAGE_REFUSED. The shop fetches the pictures itself.
    """
    wanted = {
        picture.digest or picture.url: picture for picture in sorted(article.images, key=lambda each: each.position)
    }
    for position, picture in enumerate(wanted.values(), start=1):
        if not picture.url.startswith(("http://", "https://")):
            raise FailureError(Failure.of("IMAGE_NOT_PUBLIC", sku=article.sku, position=position))
    before = orjson.dumps(product.images)
    _add(graph, product, article, {key: each for key, each in wanted.items() if key not in product.images})
    _describe(graph, product, article, wanted)
    if mode is MediaMode.ADD_AND_DELETE:
        _detach(graph, product, article, wanted)
    if orjson.dumps(product.images) != before:
        _note(graph, product, article)
    first = next(iter(wanted), "")
    return product.images[first]["id"] if first else ""


def _alt(picture: Picture) -> str:
    return picture.description or picture.title


def _add(graph: Graph, product: ShopProduct, article: ArticleContent, new: dict[str, Picture]) -> None:
    keys = list(new)
    for start in range(0, len(keys), MOST_ITEMS):
        batch = keys[start : start + MOST_ITEMS]
        media = [{"originalSource": new[key].url, "alt": _alt(new[key]), "mediaContentType": "IMAGE"} for key in batch]
        variables = {"product": {"id": product.id}, "media": media, "count": len(batch)}
        payload = graph.run(ADD_MEDIA, variables).part("productUpdate")
        added = [str(row["id"]) for row in nodes((payload.get("product") or {}).get("media"))]
        errors = user_errors(payload)
        if errors or len(added) != len(batch):
            raise FailureError(_refused(article, errors[0].message if errors else "not confirmed"))
        for key, media_id in zip(batch, added, strict=True):
            product.images[key] = {"id": media_id, "sku": article.sku, "alt": _alt(new[key])}


def _describe(graph: Graph, product: ShopProduct, article: ArticleContent, wanted: dict[str, Picture]) -> None:
    changed = [key for key, picture in wanted.items() if product.images[key].get("alt", "") != _alt(picture)]
    if changed:
        files = [{"id": product.images[key]["id"], "alt": _alt(wanted[key])} for key in changed]
        _change(graph, article, files)
        for key in changed:
            product.images[key]["alt"] = _alt(wanted[key])


def _detach(graph: Graph, product: ShopProduct, article: ArticleContent, wanted: dict[str, Picture]) -> None:
    """Take our own pictures of this article off the product; the files stay in the shop's library."""
    gone = [key for key, noted in product.images.items() if noted.get("sku") == article.sku and key not in wanted]
    if gone:
        files = [{"id": product.images[key]["id"], "referencesToRemove": [product.id]} for key in gone]
        _change(graph, article, files)
        for key in gone:
            del product.images[key]


def _change(graph: Graph, article: ArticleContent, files: Sequence[dict[str, Any]]) -> None:
    errors = user_errors(graph.run(CHANGE_FILES, {"files": list(files)}).part("fileUpdate"))
    if any(error.code == "FILE_DOES_NOT_EXIST" for error in errors) and len(files) == 1:
        return
    if errors:
        raise FailureError(_refused(article, errors[0].message or errors[0].code))


def _note(graph: Graph, product: ShopProduct, article: ArticleContent) -> None:
    note = {"ownerId": product.id, "namespace": NAMESPACE, "key": "images", "type": "json"}
    value = orjson.dumps(product.images).decode()
    errors = user_errors(graph.run(SET_METAFIELDS, {"metafields": [note | {"value": value}]}).part("metafieldsSet"))
    if errors:
        raise FailureError(_refused(article, errors[0].message or errors[0].code))


def _refused(article: ArticleContent, reason: str) -> Failure:
    return Failure.of("IMAGE_REFUSED", sku=article.sku, reason=reason)
