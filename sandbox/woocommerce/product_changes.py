"""Writes on products and variations; only what really changes leaves an effect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.woocommerce import product_fields
from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.model import Product
from sandbox.woocommerce.product_fields import ProductFields

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

COMMON = {
    "sku": Arg(),
    "regular_price": Arg(is_money=True),
    "sale_price": Arg(is_money=True),
    "date_on_sale_from": Arg(("null", "string"), is_date=True),
    "date_on_sale_to": Arg(("null", "string"), is_date=True),
    "date_on_sale_from_gmt": Arg(("null", "string"), is_date=True),
    "date_on_sale_to_gmt": Arg(("null", "string"), is_date=True),
    "stock_quantity": Arg(("integer",)),
    "stock_status": Arg(enum=("instock", "outofstock", "onbackorder")),
    "tax_status": Arg(enum=("taxable", "shipping", "none")),
    "tax_class": Arg(),
    "weight": Arg(),
    "global_unique_id": Arg(),
    "virtual": Arg(("boolean",)),
    "attributes": Arg(("array",), items="object"),
}
PRODUCT_ARGS = {
    **COMMON,
    **product_fields.PRODUCT,
    "name": Arg(),
    "type": Arg(enum=("simple", "grouped", "external", "variable")),
    "status": Arg(enum=("draft", "pending", "private", "publish", "future", "auto-draft", "trash")),
    "manage_stock": Arg(("boolean",)),
    "backorders": Arg(enum=("no", "notify", "yes")),
}
VARIATION_ARGS = {
    **COMMON,
    **product_fields.VARIATION,
    "status": Arg(enum=("draft", "pending", "private", "publish")),
    "manage_stock": Arg(("boolean", "string")),
    "backorders": Arg(enum=("no", "notify", "yes")),
}
PRICES = {
    "regular_price": "regular_price",
    "sale_price": "sale_price",
    "date_on_sale_from": "sale_from",
    "date_on_sale_to": "sale_to",
    "date_on_sale_from_gmt": "sale_from",
    "date_on_sale_to_gmt": "sale_to",
}
PLAIN = {
    **{name: name for name in ("name", "type", "status", "tax_status", "tax_class", "weight", "virtual", "backorders")},
    "global_unique_id": "gtin",
    "manage_stock": "manage_stock",
    "sku": "sku",
}


class ProductChanges:
    """Create and change products; every method belongs inside the shop's `changes()`."""

    def __init__(self, shop: WooShop) -> None:
        self._shop = shop
        self._fields = ProductFields(shop)

    def create(self, values: Json, parent_id: int, request_id: str) -> Product:
        """Make a product, or with a parent a variation of it; raises WooError 400 for a SKU in use."""
        self._refuse_taken(values, 0)
        now = self._shop.clock()
        kind = "variation" if parent_id else values.get("type", "simple")
        product = Product(self._shop.next_id("post"), kind, "", values.get("name", "Product"), now, now, parent_id)
        if parent_id:
            product.tax_class = self._shop.products[parent_id].tax_class
            product.name = self._shop.products[parent_id].name
        self._apply(product, values, None)
        self._shop.save_product(product)
        self._shop.record("product", product.effect_key, "created", request_id)
        return product

    def update(self, product: Product, values: Json, request_id: str) -> None:
        """Change a product and record stock, prices and other changes each for itself; no change, no new date."""
        self._refuse_taken(values, product.id)
        if self._apply(product, values, request_id):
            product.modified = self._shop.clock()
            self._shop.save_product(product)

    def trash(self, product: Product, request_id: str) -> None:
        """Move a product to the trash; its SKU stays taken, as in the real shop."""
        if product.status != "trash":
            product.status, product.modified = "trash", self._shop.clock()
            self._shop.save_product(product)
            self._shop.record("product", product.effect_key, "trash", request_id)

    def delete(self, product: Product, request_id: str) -> None:
        """Remove a product for good, variations included; its SKU is free again."""
        for variation in self._shop.variations(product.id):
            self._shop.remove_product(variation)
        self._shop.remove_product(product)
        self._shop.record("product", product.effect_key, "deleted", request_id)

    def _apply(self, product: Product, values: Json, request_id: str | None) -> bool:
        # Everything that can be refused comes first, so that a refused request leaves the product as it was.
        kept = {name: self._fields.kept(product, name, values[name]) for name in product_fields.NAMES if name in values}
        plain = {name: values[name] for name in PLAIN if name in values}
        if "attributes" in values:
            plain["attributes"] = self._fields.attributes(product, values["attributes"])
        changed = [name for name, value in plain.items() if self._set(product, PLAIN.get(name, name), value)]
        changed += [name for name, fields in kept.items() if self._show(product, fields)]
        prices = [
            name for name, attribute in PRICES.items() if name in values and self._set(product, attribute, values[name])
        ]
        has_stock = self._apply_stock(product, values)
        if request_id is not None:
            key = product.effect_key
            for name in prices:
                self._shop.record("price", key, f"{name}={values[name]}", request_id)
            if changed:
                self._shop.record("product", key, ", ".join(changed), request_id)
            if has_stock:
                self._shop.record("stock", key, product.stock_quantity, request_id)
        return bool(changed or prices or has_stock)

    def _apply_stock(self, product: Product, values: Json) -> bool:
        """Set the level where it is managed; a level for an unmanaged product is not kept, as in the real shop."""
        if product.manage_stock is True:
            before = product.stock_quantity
            quantity = values.get("stock_quantity", before)
            product.set_stock(quantity if quantity is not None else 0)
            return product.stock_quantity != before
        return "stock_status" in values and self._set(product, "stock_status", values["stock_status"])

    def _set(self, product: Product, attribute: str, value: object) -> bool:
        if getattr(product, attribute) == value:
            return False
        if attribute == "sku":
            self._shop.skus.pop(product.sku, None)
        setattr(product, attribute, value)
        return True

    def _show(self, product: Product, fields: Json) -> bool:
        is_new = any(name not in product.extra or product.extra[name] != value for name, value in fields.items())
        product.extra = {**product.extra, **fields}
        return is_new

    def _refuse_taken(self, values: Json, own_id: int) -> None:
        self._refuse_taken_sku(values.get("sku", ""), own_id)
        if "global_unique_id" in values:
            values["global_unique_id"] = number = re.sub(r"[^0-9-]", "", values["global_unique_id"])
            taken = next((p.id for p in self._shop.products.values() if number and p.gtin == number), own_id)
            if taken != own_id:
                text = "Invalid or duplicated GTIN, UPC, EAN or ISBN."
                data = {"status": 400, "resource_id": taken}
                raise WooError(400, "product_invalid_global_unique_id", text, data)

    def _refuse_taken_sku(self, sku: str, own_id: int) -> None:
        taken = self._shop.skus.get(sku) if sku else None
        if taken is not None and taken != own_id:
            number = 1
            while f"{sku}-{number}" in self._shop.skus:
                number += 1
            data = {"status": 400, "resource_id": taken, "unique_sku": f"{sku}-{number}"}
            raise WooError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)
