"""Products and variations as the shop keeps them, and the documents it shows of them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal

from sandbox.woocommerce import times
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.links import PLACEHOLDER, item_links

UMLAUTS: dict[str, str | int | None] = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


@dataclass(slots=True)
class Product:
    """A product or (with `type` "variation") a variation; prices as text as entered, `extra` overrides shown fields."""

    id: int
    type: str
    sku: str
    name: str
    created: datetime
    modified: datetime
    parent_id: int = 0
    status: str = "publish"
    regular_price: str = ""
    sale_price: str = ""
    sale_from: str | None = None
    sale_to: str | None = None
    tax_class: str = ""
    tax_status: str = "taxable"
    manage_stock: bool | str = False
    stock_quantity: int | None = None
    stock_status: str = "instock"
    backorders: str = "no"
    weight: str = ""
    gtin: str = ""
    virtual: bool = False
    total_sales: int = 0
    attributes: list[Json] = field(default_factory=list)
    extra: Json = field(default_factory=dict)

    @property
    def price(self) -> str:
        """The price a customer pays, as entered; empty if none is set."""
        return self.sale_price or self.regular_price

    @property
    def effect_key(self) -> str:
        """How effects name this product."""
        return self.sku or f"#{self.id}"

    def set_stock(self, quantity: int) -> None:
        """Set a managed level, and with it whether it can be bought."""
        self.stock_quantity = quantity
        if quantity > 0:
            self.stock_status = "instock"
        else:
            self.stock_status = "outofstock" if self.backorders == "no" else "onbackorder"

    def as_record(self) -> Json:
        """The product as written to the state file."""
        return {name: getattr(self, name) for name in _RECORDED_FIELDS}

    @classmethod
    def from_record(cls, record: Json) -> Product:
        """The inverse of `as_record` after a journey through JSON."""
        moments = {key: datetime.fromisoformat(record[key]) for key in ("created", "modified")}
        return cls(**{**record, **moments})

    @classmethod
    def from_document(cls, doc: Json) -> Product:
        """Take over a recorded document; fields that the sandbox does not change are shown as they were."""
        product = cls(
            id=doc["id"],
            type=doc["type"],
            sku=doc["sku"],
            name=doc["name"],
            created=times.from_gmt_text(doc["date_created_gmt"]),
            modified=times.from_gmt_text(doc["date_modified_gmt"]),
            parent_id=doc["parent_id"],
            **{key: doc[key] for key in _PLAIN_FIELDS},
            gtin=doc["global_unique_id"],
            total_sales=int(doc.get("total_sales", 0)),
            attributes=doc["attributes"],
        )
        product.extra = {key: doc[key] for key in _KEPT_FIELDS if key in doc}
        return product


_RECORDED_FIELDS = tuple(found.name for found in fields(Product))
_PLAIN_FIELDS = (
    *("status", "regular_price", "sale_price", "tax_class", "tax_status", "manage_stock", "stock_quantity"),
    *("stock_status", "backorders", "weight", "virtual"),
)
_KEPT_FIELDS = (
    *(
        "slug",
        "permalink",
        "description",
        "short_description",
        "dimensions",
        "categories",
        "tags",
        "images",
        "downloads",
    ),
    *(
        "shipping_class",
        "shipping_class_id",
        "external_url",
        "button_text",
        "grouped_products",
        "related_ids",
        "menu_order",
    ),
    *(
        "catalog_visibility",
        "featured",
        "downloadable",
        "meta_data",
        "default_attributes",
        "purchasable",
        "gallery_image_ids",
    ),
)


def slug_of(name: str) -> str:
    """A name as WordPress puts it into an address."""
    plain = unicodedata.normalize("NFKD", html.unescape(name)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def attribute_slug(name: str) -> str:
    """The slug of a product attribute, as recorded: `Größe` is `pa_groesse`."""
    return "pa_" + name.lower().translate(str.maketrans(UMLAUTS))


def product_document(product: Product, variations: Sequence[Product] = ()) -> Json:
    """A product as `/products` shows it; a variable one takes price and availability from its variations."""
    slug = slug_of(product.name)
    prices = sorted((Decimal(v.price), v.price) for v in variations if v.price)
    price = prices[0][1] if prices else product.price
    status = product.stock_status
    if variations and not product.manage_stock:
        status = "instock" if any(v.stock_status == "instock" for v in variations) else "outofstock"
    document: Json = {
        "id": product.id,
        "name": product.name,
        "slug": slug,
        "permalink": f"{PLACEHOLDER}/product/{slug}/",
        **_dates(product),
        "type": product.type,
        "status": product.status,
        "featured": False,
        "catalog_visibility": "visible",
        "description": "",
        "short_description": "",
        "sku": product.sku,
        "price": price,
        **_pricing(product),
        "total_sales": product.total_sales,
        **_delivery(product),
        "external_url": "",
        "button_text": "",
        "tax_status": product.tax_status,
        "tax_class": product.tax_class,
        **_stock(product),
        "sold_individually": False,
        "weight": product.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_required": not product.virtual,
        "shipping_taxable": not product.virtual,
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": True,
        "average_rating": "0.00",
        "rating_count": 0,
        **{key: [] for key in ("upsell_ids", "cross_sell_ids")},
        "parent_id": product.parent_id,
        "purchase_note": "",
        "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
        **{key: [] for key in ("brands", "tags", "images")},
        "attributes": product.attributes,
        "default_attributes": [],
        "variations": [v.id for v in variations],
        "grouped_products": [],
        "menu_order": 0,
        "price_html": f'<span class="woocommerce-Price-amount amount"><bdi>{price}</bdi></span>' if price else "",
        "related_ids": [],
        "meta_data": [],
        "stock_status": status,
        "has_options": product.type == "variable",
        "post_password": "",
        "global_unique_id": product.gtin,
        "_links": item_links("products", product.id, up=f"products/{product.parent_id}" if product.parent_id else None),
    }
    return _with_extra(document, product)


def variation_document(variation: Product, parent: Product, *, is_flat: bool = False) -> Json:
    """A variation as its parent's list shows it; `is_flat` gives the links that `/variations` gives."""
    managed = parent if variation.manage_stock == "parent" else variation
    document: Json = {
        "id": variation.id,
        "type": "variation",
        **_dates(variation),
        "description": "",
        "permalink": f"{PLACEHOLDER}/product/{slug_of(parent.name)}/",
        "sku": variation.sku,
        "global_unique_id": variation.gtin,
        "price": variation.price,
        **_pricing(variation),
        "status": variation.status,
        **_delivery(variation),
        "tax_status": variation.tax_status,
        "tax_class": variation.tax_class,
        **_stock(managed),
        "manage_stock": variation.manage_stock,
        "stock_status": managed.stock_status,
        "weight": variation.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_class": "",
        "shipping_class_id": 0,
        "image": None,
        "gallery_image_ids": [],
        "attributes": variation.attributes,
        "menu_order": 0,
        "meta_data": [],
        "name": variation_name(variation),
        "parent_id": parent.id,
    }
    if is_flat:
        document["_links"] = item_links("variations", variation.id, methods=None, up="products/0")
    else:
        owner = f"products/{parent.id}"
        document["_links"] = item_links(f"{owner}/variations", variation.id, up=owner)
    return _with_extra(document, variation)


def variation_name(variation: Product) -> str:
    """The chosen options, as the shop names a variation."""
    return ", ".join(str(attribute["option"]) for attribute in variation.attributes)


def line_name(product: Product, parent: Product | None) -> str:
    """The name an order line bears."""
    return f"{parent.name} - {variation_name(product)}" if parent and product.attributes else product.name


def _with_extra(document: Json, product: Product) -> Json:
    document.update((key, value) for key, value in product.extra.items() if key in document)
    return document


def _dates(product: Product) -> Json:
    return {
        "date_created": times.local_text(product.created),
        "date_created_gmt": times.gmt_text(product.created),
        "date_modified": times.local_text(product.modified),
        "date_modified_gmt": times.gmt_text(product.modified),
    }


def _pricing(product: Product) -> Json:
    return {
        "regular_price": product.regular_price,
        "sale_price": product.sale_price,
        "date_on_sale_from": product.sale_from,
        "date_on_sale_from_gmt": product.sale_from,
        "date_on_sale_to": product.sale_to,
        "date_on_sale_to_gmt": product.sale_to,
        "on_sale": bool(product.sale_price),
        "purchasable": product.type not in {"external", "grouped"},
    }


def _delivery(product: Product) -> Json:
    return {
        "virtual": product.virtual,
        "downloadable": False,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
    }


def _stock(product: Product) -> Json:
    return {
        "manage_stock": product.manage_stock,
        "stock_quantity": product.stock_quantity if product.manage_stock else None,
        "backorders": product.backorders,
        "backorders_allowed": product.backorders != "no",
        "backordered": product.stock_status == "onbackorder",
        "low_stock_amount": None,
    }
