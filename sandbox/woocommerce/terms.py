"""What products are sorted and described by: categories, tags, brands, shipping classes, attributes and their terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.links import API, item_links
from sandbox.woocommerce.model import attribute_slug, slug_of

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

DEFAULT_CATEGORY = 15
UNCATEGORIZED: Json = {"id": DEFAULT_CATEGORY, "kind": "categories", "name": "Uncategorized", "slug": "uncategorized"}


class Kind(NamedTuple):
    """One taxonomy: its path, its taxonomy's name in links, and the fields of its terms besides id, name and slug."""

    path: str
    has_parent: bool
    fields: Mapping[str, object]
    order: tuple[str, ...]


TREE = {"parent": 0, "description": "", "display": "default", "image": None, "menu_order": 0}
KINDS = {
    "categories": Kind(
        "products/categories",
        True,
        TREE,
        ("id", "name", "slug", "parent", "description", "display", "image", "menu_order", "count"),
    ),
    "brands": Kind(
        "products/brands",
        True,
        TREE,
        ("id", "name", "slug", "parent", "description", "display", "image", "menu_order", "count"),
    ),
    "tags": Kind("products/tags", False, {"description": ""}, ("id", "name", "slug", "description", "count")),
    "shipping_classes": Kind(
        "products/shipping_classes", False, {"description": ""}, ("id", "name", "slug", "description", "count")
    ),
}
ATTRIBUTE_TERM = ("id", "name", "slug", "description", "menu_order", "count")


class Terms:
    """All terms by id, and the attributes by theirs; writes belong inside the shop's `changes()`."""

    def __init__(self, shop: WooShop) -> None:
        self.terms: dict[int, Json] = {DEFAULT_CATEGORY: UNCATEGORIZED}
        self.attributes: dict[int, Json] = {}
        self._shop = shop
        self._counts: Counter[tuple[str, int, object]] = Counter()
        self._counted_at = -1

    def of_kind(self, kind: str, attribute_id: int = 0) -> list[Json]:
        """The terms of a taxonomy; those of an attribute have the kind `terms`."""
        found = self.terms.values()
        return [term for term in found if term["kind"] == kind and term.get("attribute", 0) == attribute_id]

    def term(self, kind: str, term_id: int, attribute_id: int = 0) -> Json:
        """One term; raises the shop's 404 where the taxonomy has none of that id."""
        found = self.terms.get(term_id)
        if found is None or found["kind"] != kind or found.get("attribute", 0) != attribute_id:
            raise WooError(404, "woocommerce_rest_term_invalid", "Resource does not exist.")
        return found

    def attribute(self, attribute_id: int) -> Json:
        """One attribute; raises the shop's 404 for an unknown one."""
        found = self.attributes.get(attribute_id)
        if found is None:
            raise WooError(404, "woocommerce_rest_taxonomy_invalid", "Resource does not exist.")
        return found

    def add(self, kind: str, values: Json, attribute_id: int = 0) -> Json:
        """A new term; one of the same name under the same parent is refused with the one that exists."""
        name = values["name"].strip()
        if not name:
            raise WooError(400, "empty_term_name", "A name is required for this term.")
        parent = values.get("parent", 0)
        self._check_parent(kind, parent)
        self._refuse_double(kind, attribute_id, name, parent)
        term: Json = {"id": self._shop.next_id("term"), "kind": kind, **dict(self._fields(kind)), **values}
        term |= {"name": name, "slug": self._free_slug(kind, attribute_id, values.get("slug") or slug_of(name))}
        if attribute_id:
            term["attribute"] = attribute_id
        self._keep(term)
        return term

    def change(self, term: Json, values: Json) -> Json:
        """Change a term's fields."""
        if "parent" in values:
            self._check_parent(term["kind"], values["parent"])
        changed = {**term, **values}
        self._keep(changed)
        return changed

    def remove(self, term: Json) -> None:
        """Forget a term; products lose it, children move up to its parent."""
        for other in list(self.terms.values()):
            if other.get("parent") == term["id"] and other["kind"] == term["kind"]:
                self._keep({**other, "parent": term.get("parent", 0)})
        self.terms.pop(term["id"], None)
        self._shop.note_change("terms", str(term["id"]), None)

    def add_attribute(self, values: Json) -> Json:
        """A new global attribute; its slug must be free."""
        slug = values.get("slug") or attribute_slug(values["name"])
        slug = slug if slug.startswith("pa_") else f"pa_{slug}"
        if len(slug) - 3 > 28:
            text = f'Slug "{slug[3:]}" is too long (28 characters max). Shorten it, please.'
            raise WooError(400, "woocommerce_rest_cannot_create", text)
        if any(found["slug"] == slug for found in self.attributes.values()):
            text = f'Slug "{slug[3:]}" is already in use. Change it, please.'
            raise WooError(400, "woocommerce_rest_cannot_create", text)
        attribute: Json = {
            "id": self._shop.next_id("attribute"),
            "name": values["name"],
            "slug": slug,
            "type": values.get("type", "select"),
            "order_by": values.get("order_by", "menu_order"),
            "has_archives": values.get("has_archives", False),
        }
        self.keep_attribute(attribute)
        return attribute

    def keep_attribute(self, attribute: Json) -> None:
        """Store an attribute's new version."""
        self.attributes[attribute["id"]] = attribute
        self._shop.note_change("attributes", str(attribute["id"]), attribute)

    def remove_attribute(self, attribute: Json) -> None:
        """Forget an attribute with its terms."""
        for term in self.of_kind("terms", attribute["id"]):
            self.remove(term)
        self.attributes.pop(attribute["id"], None)
        self._shop.note_change("attributes", str(attribute["id"]), None)

    def attribute_named(self, name: str) -> Json:
        """The global attribute of a name, made where the shop has none yet."""
        for found in self.attributes.values():
            if found["name"] == name:
                return found
        return self.add_attribute({"name": name})

    def attribute_with(self, name: str, options: Iterable[str]) -> Json:
        """The global attribute of a name with these options among its terms; call it inside `changes()`."""
        found = self.attribute_named(name)
        for option in options:
            self.term_named("terms", option, found["id"])
        return found

    def term_named(self, kind: str, name: str, attribute_id: int = 0) -> Json:
        """The term of a name, made where the taxonomy has none yet, as when a product's options are saved."""
        for found in self.of_kind(kind, attribute_id):
            if found["name"].lower() == name.lower():
                return found
        return self.add(kind, {"name": name}, attribute_id)

    def shown(self, term: Json) -> Json:
        """A term as the API shows it."""
        kind, attribute_id = term["kind"], term.get("attribute", 0)
        order = ATTRIBUTE_TERM if kind == "terms" else KINDS[kind].order
        path = f"products/attributes/{attribute_id}/terms" if kind == "terms" else KINDS[kind].path
        facts = {**self._fields(kind), **term, "count": self._count(term)}
        document = {name: facts[name] for name in order}
        document["_links"] = item_links(path, term["id"])
        if term.get("parent"):
            document["_links"]["up"] = [{"href": f"{API}/{path}/{term['parent']}"}]
        return document

    def shown_attribute(self, attribute: Json) -> Json:
        """An attribute as the API shows it."""
        return {**attribute, "_links": item_links("products/attributes", attribute["id"])}

    def restore(self, change: Json) -> None:
        """Do again what one line of the state file says."""
        stores: tuple[tuple[str, dict[int, Json]], ...] = (("terms", self.terms), ("attributes", self.attributes))
        for kind, store in stores:
            for key, record in change.get(kind, {}).items():
                if record is None:
                    store.pop(int(key), None)
                else:
                    store[int(key)] = record

    def _keep(self, term: Json) -> None:
        self.terms[term["id"]] = term
        self._shop.note_change("terms", str(term["id"]), term)

    def _fields(self, kind: str) -> Mapping[str, object]:
        return {"description": "", "menu_order": 0} if kind == "terms" else KINDS[kind].fields

    def _count(self, term: Json) -> int:
        """How many published products have a term; counted anew only after a product changed."""
        if self._counted_at != self._shop.products_version:
            self._counts = self._count_all()
            self._counted_at = self._shop.products_version
        kind = term["kind"]
        if kind == "terms":
            return self._counts[kind, term["attribute"], term["name"]]
        return self._counts[kind, 0, term["slug"] if kind == "shipping_classes" else term["id"]]

    def _count_all(self) -> Counter[tuple[str, int, object]]:
        counts: Counter[tuple[str, int, object]] = Counter()
        for product in self._shop.products.values():
            if product.type == "variation" or product.status != "publish":
                continue
            for kind in ("categories", "tags", "brands"):
                default = [UNCATEGORIZED] if kind == "categories" else []
                counts.update((kind, 0, entry["id"]) for entry in product.extra.get(kind, default))
            counts["shipping_classes", 0, product.extra.get("shipping_class", "")] += 1
            for attribute in product.attributes:
                named = attribute.get("options", ())
                counts.update(("terms", int(attribute.get("id") or 0), option) for option in named)
        return counts

    def _check_parent(self, kind: str, parent: int) -> None:
        if not parent:
            return
        if not KINDS[kind].has_parent:
            raise WooError(
                400,
                "woocommerce_rest_taxonomy_not_hierarchical",
                "Can not set resource parent, taxonomy is not hierarchical.",
            )
        found = self.terms.get(parent)
        if found is None or found["kind"] != kind:
            raise WooError(400, "woocommerce_rest_term_invalid", "Parent resource does not exist.")

    def _refuse_double(self, kind: str, attribute_id: int, name: str, parent: int) -> None:
        for found in self.of_kind(kind, attribute_id):
            if found["name"].lower() == name.lower() and found.get("parent", 0) == parent:
                data = {"status": 400, "resource_id": found["id"]}
                text = "A term with the name provided already exists with this parent."
                raise WooError(400, "term_exists", text, data)

    def _free_slug(self, kind: str, attribute_id: int, slug: str) -> str:
        taken = {found["slug"] for found in self.of_kind(kind, attribute_id)}
        number, free = 2, slug
        while free in taken:
            free, number = f"{slug}-{number}", number + 1
        return free
