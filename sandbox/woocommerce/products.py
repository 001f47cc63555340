"""Product and variation routes: lists, search by SKU, stock and prices one by one or in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.woocommerce import times
from sandbox.woocommerce.arguments import Arg, check
from sandbox.woocommerce.errors import Json, WooError, invalid_id
from sandbox.woocommerce.model import Product, product_document, slug_of, variation_document
from sandbox.woocommerce.product_changes import PRODUCT_ARGS, VARIATION_ARGS, ProductChanges
from sandbox.woocommerce.routing import DATES, PAGING, Answer, Call, Endpoint, Route, batch, paged, window

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
TYPES = ("simple", "grouped", "external", "variable")
ORDERS_BY = ("date", "id", "include", "title", "slug", "modified", "popularity", "rating", "price", "menu_order")
COMMON_ARGS = {
    **PAGING,
    **DATES,
    "orderby": Arg(enum=ORDERS_BY, default="date"),
    "status": Arg(enum=STATUSES, default="any"),
    "sku": Arg(),
    "stock_status": Arg(enum=("instock", "outofstock", "onbackorder")),
}
PRODUCT_LIST_ARGS = {**COMMON_ARGS, "type": Arg(enum=TYPES), **dict.fromkeys(("category", "tag"), Arg())}
FORCE = {"force": Arg(("boolean",), default=False)}


def routes(shop: WooShop) -> list[Route]:
    """The routes under `/products` and `/variations`."""
    api = ProductsApi(shop)
    product = {
        "GET": Endpoint(api.one, "view"),
        "PUT": Endpoint(api.update, "edit", body=PRODUCT_ARGS),
        "DELETE": Endpoint(api.delete, "delete", query=FORCE),
    }
    variation = {
        "GET": Endpoint(api.one_variation, "view"),
        "PUT": Endpoint(api.update_variation, "edit", body=VARIATION_ARGS),
        "DELETE": Endpoint(api.delete_variation, "delete", query=FORCE),
    }
    return [
        Route(
            "products",
            {
                "GET": Endpoint(api.page, "list", query=PRODUCT_LIST_ARGS),
                "POST": Endpoint(api.create, "create", body=PRODUCT_ARGS),
            },
        ),
        Route("products/batch", {"PUT": Endpoint(api.batch, "batch")}, edits=True),
        Route("products/{id}", product, edits=True),
        Route(
            "products/{parent}/variations",
            {
                "GET": Endpoint(api.variations, "list", query=COMMON_ARGS),
                "POST": Endpoint(api.create_variation, "create", body=VARIATION_ARGS),
            },
        ),
        Route("products/{parent}/variations/batch", {"PUT": Endpoint(api.batch_variations, "batch")}, edits=True),
        Route("products/{parent}/variations/{id}", variation, edits=True),
        Route("variations", {"GET": Endpoint(api.all_variations, "list", query=COMMON_ARGS)}),
    ]


class ProductsApi:
    """Handlers of the product routes."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop
        self._changes = ProductChanges(shop)
        self._listed: tuple[object, list[int]] = (None, [])

    # --- reading --------------------------------------------------------------------------------------------------------

    def page(self, call: Call) -> Answer:
        """A page of products; with `sku` (several with commas) variations are found too."""
        with self._shop.lock:
            if call.params.get("sku"):
                ids = [found.id for found in self._by_sku(call.params["sku"]) if _fits(found, call.params)]
            else:
                ids = self._ids(call.params, lambda product: product.type != "variation", "products")
            return paged(call, [self._document(pid) for pid in window(call, ids)], len(ids))

    def one(self, call: Call) -> Answer:
        """One product, or a variation by its own id."""
        with self._shop.lock:
            self._existing("product", call.ids["id"], status=404)
            return Answer(self._document(call.ids["id"]))

    def variations(self, call: Call) -> Answer:
        """A page of one product's variations."""
        with self._shop.lock:
            parent = self._existing("product", call.ids["parent"], status=404)
            ids = self._ids(call.params, lambda product: product.parent_id == parent.id, f"variations of {parent.id}")
            page = [variation_document(self._shop.products[vid], parent) for vid in window(call, ids)]
            return paged(call, page, len(ids))

    def all_variations(self, call: Call) -> Answer:
        """A page of all variations of the shop."""
        with self._shop.lock:
            if call.params.get("sku"):
                found = self._by_sku(call.params["sku"])
                ids = [v.id for v in found if v.type == "variation" and _fits(v, call.params)]
            else:
                ids = self._ids(call.params, lambda product: product.type == "variation", "variations")
            variations = [self._shop.products[vid] for vid in window(call, ids)]
            page = [variation_document(v, self._shop.products[v.parent_id], is_flat=True) for v in variations]
            return paged(call, page, len(ids))

    def one_variation(self, call: Call) -> Answer:
        """One variation under its parent."""
        with self._shop.lock:
            variation = self._existing("product_variation", call.ids["id"], call.ids["parent"], status=404)
            return Answer(variation_document(variation, self._shop.products[variation.parent_id]))

    # --- writing --------------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Answer:
        """A new product; a SKU that exists is refused with the product that has it."""
        with self._shop.changes():
            product = self._changes.create(call.params, 0, call.request_id)
            return self._created(self._document(product.id))

    def create_variation(self, call: Call) -> Answer:
        """A new variation of a product."""
        with self._shop.changes():
            parent = self._existing("product", call.ids["parent"], status=404)
            variation = self._changes.create(call.params, parent.id, call.request_id)
            return self._created(variation_document(variation, parent))

    def update(self, call: Call) -> Answer:
        """Change a product; absolute values, idempotent."""
        return Answer(self._update(call.ids["id"], call.params, call.request_id))

    def update_variation(self, call: Call) -> Answer:
        """Change a variation; absolute values, idempotent."""
        return Answer(self._update_variation(call.ids["parent"], call.ids["id"], call.params, call.request_id))

    def delete(self, call: Call) -> Answer:
        """Move a product to the trash, or with `force` remove it for good."""
        is_forced = call.params["force"]
        with self._shop.changes():
            return Answer(self._delete(call.ids["id"], None, call.request_id, is_forced=is_forced))

    def delete_variation(self, call: Call) -> Answer:
        """Remove a variation for good; without `force` it is refused, as variations have no trash."""
        if not call.params["force"]:
            text = "The product_variation does not support trashing."
            raise WooError(501, "woocommerce_rest_trash_not_supported", text)
        with self._shop.changes():
            return Answer(self._delete(call.ids["id"], call.ids["parent"], call.request_id, is_forced=True))

    def batch(self, call: Call) -> Answer:
        """Up to 100 products created, changed and deleted together."""

        def create(item: Json) -> Json:
            return self._document(self._changes.create(check(PRODUCT_ARGS, item), 0, call.request_id).id)

        with self._shop.changes():
            return batch(
                call,
                create=create,
                update=lambda item: self._update(_id_of(item), check(PRODUCT_ARGS, item), call.request_id),
                delete=lambda product_id: self._delete(product_id, None, call.request_id, is_forced=True),
            )

    def batch_variations(self, call: Call) -> Answer:
        """Up to 100 variations of one product changed together."""
        parent_id = call.ids["parent"]

        def create(item: Json) -> Json:
            parent = self._existing("product", parent_id, status=400)
            values = check(VARIATION_ARGS, item)
            return variation_document(self._changes.create(values, parent_id, call.request_id), parent)

        def update(item: Json) -> Json:
            values = check(VARIATION_ARGS, item)
            return self._update_variation(parent_id, _id_of(item), values, call.request_id)

        with self._shop.changes():
            return batch(
                call,
                create=create,
                update=update,
                delete=lambda pid: self._delete(pid, parent_id, call.request_id, is_forced=True),
            )

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _created(self, document: Json) -> Answer:
        return Answer(document, 201, {"Location": document["_links"]["self"][0]["href"]})

    def _update(self, product_id: int, values: Json, request_id: str) -> Json:
        with self._shop.changes():
            product = self._existing("product", product_id, status=400)
            self._changes.update(product, values, request_id)
            return self._document(product_id)

    def _update_variation(self, parent_id: int, variation_id: int, values: Json, request_id: str) -> Json:
        with self._shop.changes():
            variation = self._existing("product_variation", variation_id, parent_id, status=400)
            self._changes.update(variation, values, request_id)
            return variation_document(variation, self._shop.products[parent_id])

    def _delete(self, product_id: int, parent_id: int | None, request_id: str, *, is_forced: bool) -> Json:
        """Batches always delete for good, as the vendor's code does."""
        product = self._existing("product", product_id, parent_id, status=404)
        parent = self._shop.products.get(product.parent_id)
        if not is_forced:
            if product.status == "trash":
                text = "The product has already been deleted."
                raise WooError(410, "woocommerce_rest_already_trashed", text)
            self._changes.trash(product, request_id)
            return self._document(product_id)
        shown = variation_document(product, parent) if parent else self._document(product_id)
        self._changes.delete(product, request_id)
        return shown

    def _existing(self, kind: str, product_id: int, parent_id: int | None = None, *, status: int) -> Product:
        product = self._shop.products.get(product_id)
        if product is None or (parent_id is not None and product.parent_id != parent_id):
            raise invalid_id(kind, status)
        return product

    def _document(self, product_id: int) -> Json:
        return product_document(self._shop.products[product_id], self._shop.variations(product_id))

    def _by_sku(self, skus: str) -> list[Product]:
        found = [self._shop.skus[sku.strip()] for sku in skus.split(",") if sku.strip() in self._shop.skus]
        return [self._shop.products[product_id] for product_id in found]

    def _ids(self, params: Json, belongs: Callable[[Product], bool], scope: str) -> list[int]:
        """Sorted ids of a listing; kept until a product changes, as paging asks for the same listing again and again."""
        facts = {name: value for name, value in params.items() if name not in {"page", "per_page", "offset", "context"}}
        key = (scope, repr(facts), self._shop.products_version)
        if self._listed[0] != key:
            found = [p for p in self._shop.products.values() if belongs(p) and _fits(p, params)]
            found.sort(key=_SORT_KEYS.get(params["orderby"], _SORT_KEYS["date"]), reverse=params["order"] == "desc")
            self._listed = (key, [product.id for product in found])
        return self._listed[1]


_SORT_KEYS: dict[str, Callable[[Product], tuple[object, ...]]] = {
    "date": lambda product: (product.created, product.id),
    "id": lambda product: (product.id,),
    "title": lambda product: (product.name, product.id),
    "slug": lambda product: (slug_of(product.name), product.id),
    "modified": lambda product: (product.modified, product.id),
}


def _id_of(item: Json) -> int:
    return int(item.get("id") or 0)


def _fits(product: Product, params: Json) -> bool:
    """Whether a product passes a listing's filters; trash is shown only when asked for."""
    wanted = params["status"]
    if product.status == "trash" if wanted == "any" else product.status != wanted:
        return False
    if params.get("type", product.type) != product.type or (
        params.get("include") and product.id not in params["include"]
    ):
        return False
    if (
        product.id in params.get("exclude", ())
        or params.get("stock_status", product.stock_status) != product.stock_status
    ):
        return False
    for name, field in (("category", "categories"), ("tag", "tags")):
        wanted_ids = {part for part in params.get(name, "").split(",") if part}
        if wanted_ids and not wanted_ids & {str(term["id"]) for term in product.extra.get(field, ())}:
            return False
    if "search" in params and params["search"].lower() not in f"{product.name} {product.sku}".lower():
        return False
    is_gmt = params["dates_are_gmt"]
    for name, moment, sign in (
        ("after", product.created, 1),
        ("before", product.created, -1),
        ("modified_after", product.modified, 1),
        ("modified_before", product.modified, -1),
    ):
        if name in params:
            bound = times.from_parameter(params[name], is_gmt=is_gmt)
            if (moment <= bound) if sign > 0 else (moment >= bound):
                return False
    return True
