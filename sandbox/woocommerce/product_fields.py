"""The fields of products that do no more than be shown: texts, pictures, terms, attributes, meta data, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.errors import Json, WooError, invalid_id
from sandbox.woocommerce.model import Product, attribute_slug

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

TEXT, FLAG, NUMBER, LIST = Arg(), Arg(("boolean",)), Arg(("integer",)), Arg(("array",), items="object")
IDS = Arg(("array",), items="integer")
COMMON = {
    "description": TEXT,
    "shipping_class": TEXT,
    "dimensions": Arg(("object",)),
    "downloadable": FLAG,
    "menu_order": NUMBER,
    "low_stock_amount": Arg(("integer", "null")),
    "meta_data": LIST,
}
PRODUCT = {
    **COMMON,
    **dict.fromkeys(("slug", "short_description", "purchase_note", "external_url", "button_text"), TEXT),
    **dict.fromkeys(("featured", "sold_individually", "reviews_allowed"), FLAG),
    **dict.fromkeys(("categories", "tags", "brands", "images", "default_attributes"), LIST),
    **dict.fromkeys(("cross_sell_ids", "upsell_ids", "grouped_products"), IDS),
    "catalog_visibility": Arg(enum=("visible", "catalog", "search", "hidden")),
}
VARIATION = {**COMMON, "image": Arg(("object", "null"))}
NAMES = tuple({**PRODUCT, **VARIATION})
EMPTY_DIMENSIONS = {"length": "", "width": "", "height": ""}


class ProductFields:
    """Turn what a request says about such a field into what the shop keeps and shows."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop

    def kept(self, product: Product, name: str, value: object) -> Json:
        """The fields to keep for one field of a request; raises WooError 400 for what does not exist."""
        extra = product.extra
        if name in {"categories", "tags", "brands"}:
            return {name: [self._term(name, entry) for entry in _listed(value)]}
        if name == "images":
            return {name: self._shop.media.images(_listed(value))}
        if name == "image":
            return {name: self._shop.media.image(value) if isinstance(value, dict) and value else None}
        if name == "meta_data":
            return {name: self._meta(extra.get(name, []), _listed(value))}
        if name == "dimensions":
            return {name: {**EMPTY_DIMENSIONS, **extra.get(name, {}), **dict(value if isinstance(value, dict) else {})}}
        if name == "shipping_class":
            return self._shipping_class(str(value))
        if name == "default_attributes":
            return {name: [self._chosen(entry) for entry in _listed(value)]}
        if name in {"cross_sell_ids", "upsell_ids", "grouped_products"}:
            return {name: self._others(value)}
        return {name: value}

    def attributes(self, product: Product, given: list[Json]) -> list[Json]:
        """The attributes of a product, or the chosen options of a variation."""
        if product.type == "variation":
            return [self._chosen(entry) for entry in given]
        return [self._attribute(entry, position) for position, entry in enumerate(given)]

    def _term(self, kind: str, entry: Json) -> Json:
        term = self._shop.terms.terms.get(int(entry.get("id") or 0))
        if term is None or term["kind"] != kind:
            raise WooError(400, "woocommerce_rest_term_invalid", "Resource does not exist.")
        return {"id": term["id"], "name": term["name"], "slug": term["slug"]}

    def _shipping_class(self, slug: str) -> Json:
        if not slug:
            return {"shipping_class": "", "shipping_class_id": 0}
        for term in self._shop.terms.of_kind("shipping_classes"):
            if term["slug"] == slug:
                return {"shipping_class": slug, "shipping_class_id": term["id"]}
        raise WooError(400, "woocommerce_rest_term_invalid", "Resource does not exist.")

    def _attribute(self, entry: Json, position: int) -> Json:
        """A global attribute by id, whose options become its terms, or one of this product's own by name."""
        options = entry.get("options") or []
        options = [part.strip() for part in options.split("|")] if isinstance(options, str) else list(options)
        number, name = self._named(entry)
        if number:
            options = sorted(str(self._shop.terms.term_named("terms", option, number)["name"]) for option in options)
        return {
            "id": number,
            "name": name,
            "slug": self._slug(number, name),
            "position": int(entry.get("position", position)),
            "visible": bool(entry.get("visible", False)),
            "variation": bool(entry.get("variation", False)),
            "options": options,
        }

    def _chosen(self, entry: Json) -> Json:
        number, name = self._named(entry)
        option = str(entry.get("option") or "")
        if number and option:
            option = str(self._shop.terms.term_named("terms", option, number)["name"])
        return {"id": number, "name": name, "slug": self._slug(number, name), "option": option}

    def _named(self, entry: Json) -> tuple[int, str]:
        number = int(entry.get("id") or 0)
        if not number:
            return 0, str(entry.get("name") or "")
        attribute = self._shop.terms.attributes.get(number)
        if attribute is None:
            raise WooError(400, "woocommerce_rest_taxonomy_invalid", "Resource does not exist.")
        return number, str(attribute["name"])

    def _slug(self, number: int, name: str) -> str:
        return str(self._shop.terms.attributes[number]["slug"]) if number else attribute_slug(name).removeprefix("pa_")

    def _others(self, value: object) -> list[int]:
        ids = [int(found) for found in value] if isinstance(value, list) else []
        if any(found not in self._shop.products for found in ids):
            raise invalid_id("product", 400)
        return ids

    def _meta(self, before: list[Json], given: list[Json]) -> list[Json]:
        """Meta data by id, else by key; a value of null removes it, what is not named stays."""
        metas = {meta["id"]: meta for meta in before}
        for entry in given:
            key, number = str(entry.get("key") or ""), entry.get("id")
            found = next(
                (m["id"] for m in metas.values() if m["id"] == number or (not number and m["key"] == key)), None
            )
            if entry.get("value") is None:
                metas.pop(found, None)
                continue
            found = found or self._shop.next_id("meta")
            metas[found] = {"id": found, "key": key or metas[found]["key"], "value": entry["value"]}
        return list(metas.values())


def _listed(value: object) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
