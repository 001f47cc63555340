"""Routes of categories, tags, brands, shipping classes, attributes and attributes' terms: alike but for their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.woocommerce.arguments import Arg, check
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.routing import PAGING, Answer, Call, Endpoint, Route, batch, paged, window
from sandbox.woocommerce.terms import DEFAULT_CATEGORY, KINDS

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

ORDERS_BY = ("id", "include", "name", "slug", "term_group", "description", "count")
LIST_ARGS = {
    **{name: arg for name, arg in PAGING.items() if name != "order"},
    "order": Arg(enum=("asc", "desc"), default="asc"),
    "orderby": Arg(enum=ORDERS_BY, default="name"),
    "hide_empty": Arg(("boolean",), default=False),
    "parent": Arg(("integer",)),
    "slug": Arg(),
}
NAMED = {"name": Arg(), "slug": Arg(), "description": Arg()}
TREE_ARGS = {
    **NAMED,
    "parent": Arg(("integer",)),
    "display": Arg(enum=("default", "products", "subcategories", "both")),
    "image": Arg(("object", "null")),
    "menu_order": Arg(("integer",)),
}
FIELDS: Mapping[str, Mapping[str, Arg]] = {
    "categories": TREE_ARGS,
    "brands": TREE_ARGS,
    "tags": NAMED,
    "shipping_classes": NAMED,
    "terms": {**NAMED, "menu_order": Arg(("integer",))},
}
ATTRIBUTE_ARGS = {
    "name": Arg(),
    "slug": Arg(),
    "type": Arg(enum=("select",)),
    "order_by": Arg(enum=("menu_order", "name", "name_num", "id")),
    "has_archives": Arg(("boolean",)),
}
FORCE = {"force": Arg(("boolean",), default=False)}


def routes(shop: WooShop) -> list[Route]:
    """All routes of this module."""
    found: list[Route] = []
    for kind, facts in KINDS.items():
        found += _collection(facts.path, TermsApi(shop, kind), FIELDS[kind])
    found += _collection("products/attributes/{attribute}/terms", TermsApi(shop, "terms"), FIELDS["terms"])
    return found + _collection("products/attributes", AttributesApi(shop), ATTRIBUTE_ARGS)


def _collection(path: str, api: TermsApi | AttributesApi, fields: Mapping[str, Arg]) -> list[Route]:
    new = {**fields, "name": Arg(required=True)}
    one = {
        "GET": Endpoint(api.one, "view"),
        "PUT": Endpoint(api.update, "edit", body=fields),
        "DELETE": Endpoint(api.delete, "delete", query=FORCE),
    }
    return [
        Route(
            path,
            {"GET": Endpoint(api.page, "list", query=LIST_ARGS), "POST": Endpoint(api.create, "create", body=new)},
        ),
        Route(f"{path}/batch", {"PUT": Endpoint(api.batch, "batch")}, edits=True),
        Route(f"{path}/{{id}}", one, edits=True),
    ]


class _Collection:
    """What both kinds of collection do alike."""

    _effect: str

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def _done(self, document: Json, what: str, request_id: str) -> Json:
        self._shop.record(self._effect, document["name"], what, request_id)
        return document


def _created(document: Json) -> Answer:
    return Answer(document, 201, {"Location": document["_links"]["self"][0]["href"]})


def _refuse_trash(call: Call) -> None:
    if not call.params.get("force"):
        text = "Resource does not support trashing."
        raise WooError(501, "woocommerce_rest_trash_not_supported", text)


class TermsApi(_Collection):
    """Handlers of one taxonomy, or of the terms of the attribute that the path names."""

    def __init__(self, shop: WooShop, kind: str) -> None:
        super().__init__(shop)
        self._kind = kind
        self._effect = "category" if kind == "categories" else "product"
        self._args = FIELDS[kind]

    def page(self, call: Call) -> Answer:
        """A page of terms, by name unless asked otherwise."""
        with self._shop.lock:
            terms, params = self._shop.terms, call.params
            found = [
                shown
                for term in terms.of_kind(self._kind, self._attribute(call))
                if _fits(shown := terms.shown(term), params)
            ]
            found.sort(key=_sort_key(params["orderby"]), reverse=params["order"] == "desc")
            return paged(call, [found[i] for i in window(call, range(len(found)))], len(found))

    def one(self, call: Call) -> Answer:
        """One term."""
        with self._shop.lock:
            return Answer(self._shop.terms.shown(self._term(call, call.ids["id"])))

    def create(self, call: Call) -> Answer:
        """A new term."""
        with self._shop.changes():
            return _created(self._create(call, call.params))

    def update(self, call: Call) -> Answer:
        """Change a term."""
        with self._shop.changes():
            return Answer(self._update(call, call.ids["id"], call.params))

    def delete(self, call: Call) -> Answer:
        """Remove a term for good; there is no trash for terms."""
        _refuse_trash(call)
        with self._shop.changes():
            return Answer(self._delete(call, call.ids["id"]))

    def batch(self, call: Call) -> Answer:
        """Up to 100 terms created, changed and removed together."""
        new = {**self._args, "name": Arg(required=True)}
        with self._shop.changes():
            self._attribute(call)
            return batch(
                call,
                create=lambda item: self._create(call, check(new, item)),
                update=lambda item: self._update(call, int(item.get("id") or 0), check(self._args, item)),
                delete=lambda term_id: self._delete(call, term_id),
            )

    def _create(self, call: Call, values: Json) -> Json:
        term = self._shop.terms.add(self._kind, self._with_image(values), self._attribute(call))
        return self._done(self._shop.terms.shown(term), "created", call.request_id)

    def _update(self, call: Call, term_id: int, values: Json) -> Json:
        term = self._shop.terms.change(self._term(call, term_id), self._with_image(values))
        return self._done(self._shop.terms.shown(term), "changed", call.request_id)

    def _delete(self, call: Call, term_id: int) -> Json:
        term = self._term(call, term_id)
        shown = self._shop.terms.shown(term)
        if term_id == DEFAULT_CATEGORY:
            raise WooError(500, "woocommerce_rest_cannot_delete", "Default product category cannot be deleted.")
        self._shop.terms.remove(term)
        for product in list(self._shop.products.values()):
            kept = [entry for entry in product.extra.get(self._kind, ()) if entry["id"] != term_id]
            if len(kept) != len(product.extra.get(self._kind, ())):
                product.extra[self._kind] = kept
                self._shop.save_product(product)
        return self._done(shown, "deleted", call.request_id)

    def _with_image(self, values: Json) -> Json:
        image = values.get("image")
        return values if not image else {**values, "image": self._shop.media.image(image)}

    def _term(self, call: Call, term_id: int) -> Json:
        return self._shop.terms.term(self._kind, term_id, self._attribute(call))

    def _attribute(self, call: Call) -> int:
        attribute_id = call.ids.get("attribute", 0)
        if attribute_id and attribute_id not in self._shop.terms.attributes:
            raise WooError(404, "woocommerce_rest_taxonomy_invalid", "Taxonomy does not exist.")
        return attribute_id


class AttributesApi(_Collection):
    """Handlers of the global attributes; their list has no pages."""

    _effect = "product"

    def page(self, _call: Call) -> Answer:
        """All attributes."""
        with self._shop.lock:
            terms = self._shop.terms
            by_name = sorted(terms.attributes.values(), key=lambda attribute: str(attribute["name"]))
            return Answer([terms.shown_attribute(attribute) for attribute in by_name])

    def one(self, call: Call) -> Answer:
        """One attribute."""
        with self._shop.lock:
            return Answer(self._shop.terms.shown_attribute(self._shop.terms.attribute(call.ids["id"])))

    def create(self, call: Call) -> Answer:
        """A new attribute."""
        with self._shop.changes():
            return _created(self._create(call.params, call.request_id))

    def update(self, call: Call) -> Answer:
        """Change an attribute."""
        with self._shop.changes():
            return Answer(self._update(call.ids["id"], call.params, call.request_id))

    def delete(self, call: Call) -> Answer:
        """Remove an attribute with its terms for good."""
        _refuse_trash(call)
        with self._shop.changes():
            return Answer(self._delete(call.ids["id"], call.request_id))

    def batch(self, call: Call) -> Answer:
        """Up to 100 attributes created, changed and removed together."""
        new = {**ATTRIBUTE_ARGS, "name": Arg(required=True)}
        with self._shop.changes():
            return batch(
                call,
                create=lambda item: self._create(check(new, item), call.request_id),
                update=lambda item: self._update(
                    int(item.get("id") or 0), check(ATTRIBUTE_ARGS, item), call.request_id
                ),
                delete=lambda attribute_id: self._delete(attribute_id, call.request_id),
            )

    def _create(self, values: Json, request_id: str) -> Json:
        attribute = self._shop.terms.add_attribute(values)
        return self._done(self._shop.terms.shown_attribute(attribute), "created", request_id)

    def _update(self, attribute_id: int, values: Json, request_id: str) -> Json:
        attribute = {**self._shop.terms.attribute(attribute_id), **values}
        self._shop.terms.keep_attribute(attribute)
        return self._done(self._shop.terms.shown_attribute(attribute), "changed", request_id)

    def _delete(self, attribute_id: int, request_id: str) -> Json:
        attribute = self._shop.terms.attribute(attribute_id)
        self._shop.terms.remove_attribute(attribute)
        return self._done(self._shop.terms.shown_attribute(attribute), "deleted", request_id)


def _fits(term: Json, params: Json) -> bool:
    return (
        (not params.get("include") or term["id"] in params["include"])
        and term["id"] not in params.get("exclude", ())
        and params.get("parent", term.get("parent", 0)) == term.get("parent", 0)
        and params.get("slug", term["slug"]) == term["slug"]
        and params.get("search", "").lower() in term["name"].lower()
        and not (params["hide_empty"] and not term["count"])
    )


def _sort_key(name: str) -> Callable[[Json], tuple[object, ...]]:
    chosen = name if name in {"id", "slug", "description", "count"} else "name"
    return lambda term: (term[chosen], term["id"])
