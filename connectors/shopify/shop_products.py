"""Products as the shop has them: loaded whole, or found by the handle that we gave them."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.shopify.graph import Graph, gid, mapping, next_page, nodes, number_of
from connectors.shopify.product_documents import FIND_PRODUCT, LOAD_PRODUCT
from connectors.shopify.variants import Ref


@dataclass(frozen=True)
class ShopVariant:
    """A variant of a product."""

    id: str
    item: str
    sku: str
    options: dict[str, str]


@dataclass
class ShopProduct:
    """A product; `images` is what we noted of the pictures that we added: by digest."""

    id: str
    is_simple: bool
    options: tuple[str, ...]
    variants: list[ShopVariant]
    images: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The product's number in the shop."""
        return number_of(self.id)

    def ref(self, variant: ShopVariant | None = None) -> str:
        """The text form of a reference."""
        return str(Ref(self.number, number_of(variant.id), number_of(variant.item)) if variant else Ref(self.number))


@dataclass
class ShopProducts:
    """Reads products of one shop."""

    graph: Graph

    def load(self, number: str) -> ShopProduct | None:
        """Load a product with all of its variants; None if it is gone."""
        found: ShopProduct | None = None
        after = ""
        while True:
            variables = {"id": gid("Product", number), "after": after or None}
            row = self.graph.run(LOAD_PRODUCT, variables).part("product")
            if not row:
                return None
            found = found or _product(row)
            found.variants += [_variant(node) for node in nodes(row.get("variants"))]
            after = next_page(row.get("variants"))
            if not after:
                return found

    def by_handle(self, handle: str) -> str:
        """The number of the product with this handle; empty if there is none. Not a search: it knows at once what was created."""
        if not handle:
            return ""
        return number_of(self.graph.run(FIND_PRODUCT, {"handle": handle}).part("productByIdentifier").get("id"))


def _product(row: dict[str, Any]) -> ShopProduct:
    return ShopProduct(
        id=str(row["id"]),
        is_simple=row.get("hasOnlyDefaultVariant") is True,
        options=tuple(str(option.get("name")) for option in nodes(row.get("options"))),
        variants=[],
        images=_images(mapping(row.get("images")).get("value")),
    )


def _variant(row: dict[str, Any]) -> ShopVariant:
    return ShopVariant(
        id=str(row["id"]),
        item=str(mapping(row.get("inventoryItem")).get("id") or ""),
        sku=str(row.get("sku") or "").strip(),
        options={str(each.get("name")): str(each.get("value")) for each in nodes(row.get("selectedOptions"))},
    )


def _images(stored: object) -> dict[str, dict[str, str]]:
    """The note as it was written; a broken one counts as none, then pictures are added once more."""
    try:
        noted = orjson.loads(stored) if isinstance(stored, str) else {}
    except orjson.JSONDecodeError:
        return {}
    return {str(key): value for key, value in mapping(noted).items() if isinstance(value, dict) and "id" in value}
