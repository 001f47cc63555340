"""What a shop sells and where from: products with variants, locations, sales channels, collections, price lists, languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.shopify import stock
from sandbox.shopify.store import Json, gid

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

LOCATIONS = (
    ("Hauptlager", "Hafenstr. 7", "20457", "Hamburg", True),
    ("Filiale", "Königsallee 1", "40212", "Düsseldorf", True),
)
PUBLICATIONS = (("Online Store", "web"), ("Point of Sale", "pos"), ("Shop", "shop"))
COLLECTIONS = (("Ermäßigter Steuersatz", "steuer-ermaessigt"), ("Startseite", "frontpage"))
LOCALES = (("de", "German", True, True), ("en", "English", False, True), ("fr", "French", False, False))
# A made-up tree: id, name, parent.
TAXONOMY = (
    ("ap", "Bekleidung", None),
    ("ap-1", "Oberteile", "ap"),
    ("ap-1-1", "T-Shirts", "ap-1"),
    ("fb", "Lebensmittel", None),
    ("fb-1", "Getränke", "fb"),
    ("fb-1-1", "Kaffee", "fb-1"),
    ("fb-1-2", "Tee", "fb-1"),
    ("hg", "Haus und Garten", None),
    ("hg-1", "Küche", "hg"),
    ("hg-1-1", "Becher", "hg-1"),
)
DEFAULT_OPTION, DEFAULT_VALUE = "Title", "Default Title"
TRANSLITERATED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Entry:
    """A variant to be: SKU, gross price, pieces at the first location, barcode, and its option values."""

    sku: str
    price: str
    stock: int = 0
    barcode: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    compare_at: str | None = None
    weight: float = 0.5
    tracked: bool = True
    elsewhere: int = 0
    """Pieces at the second location."""


def furnish(shop: ShopifyShop) -> None:
    """What every shop has before it sells anything; call it inside `shop.changes()`."""
    moment = shop.moment()
    for number, (name, street, code, city, is_online) in enumerate(LOCATIONS, start=1):
        shop.store.put(
            {
                "id": gid("Location", number),
                "name": name,
                "isActive": True,
                "fulfillsOnlineOrders": is_online,
                "address1": street,
                "zip": code,
                "city": city,
                "createdAt": moment,
                "updatedAt": moment,
            }
        )
    for number, (name, handle) in enumerate(PUBLICATIONS, start=1):
        shop.store.put({"id": gid("Publication", number), "name": name, "handle": handle, "catalogId": None})
    for number, (title, handle) in enumerate(COLLECTIONS, start=1):
        shop.store.put(new_collection(gid("Collection", number), title, handle, moment))
    _price_lists(shop)


def _price_lists(shop: ShopifyShop) -> None:
    """Two catalogues with price lists: one for companies, one for a market."""
    rows = (("CompanyLocationCatalog", 1, "Händler", "EUR"), ("MarketCatalog", 2, "Schweiz", "CHF"))
    for kind, number, title, currency in rows:
        catalog_id, list_id = gid(kind, number), gid("PriceList", number)
        publication = gid("Publication", 10 + number)
        shop.store.put({"id": publication, "name": title, "handle": "", "catalogId": catalog_id})
        shop.store.put(
            {"id": catalog_id, "title": title, "status": "ACTIVE", "priceListId": list_id, "publicationId": publication}
        )
        values = {"name": title, "currency": currency, "catalogId": catalog_id, "percent": 0.0}
        shop.store.put({"id": list_id, **values, "prices": {}, "breaks": {}, "rules": {}})


def new_collection(collection_id: str, title: str, handle: str, moment: str) -> Json:
    """A collection without products."""
    return {
        "id": collection_id,
        "title": title,
        "handle": handle,
        "descriptionHtml": "",
        "sortOrder": "MANUAL",
        "ruleSet": None,
        "seo": {"title": None, "description": None},
        "metafields": [],
        "translations": [],
        "publications": {},
        "updatedAt": moment,
    }


def handle_of(title: str) -> str:
    """A title as part of an address."""
    text = unicodedata.normalize("NFKD", title.casefold().translate(TRANSLITERATED)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-") or "produkt"


def unique_handle(shop: ShopifyShop, title: str) -> str:
    """A handle that no product has yet."""
    wanted = handle_of(title)
    handles = shop.store.handles
    candidate, number = wanted, 0
    while candidate in handles:
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate


def new_product(shop: ShopifyShop, title: str, **fields: object) -> Json:
    """A product without variants, not stored yet."""
    moment = shop.moment()
    product: Json = {
        "id": shop.store.next_id("Product"),
        "title": title,
        "handle": unique_handle(shop, title),
        "status": "ACTIVE",
        "descriptionHtml": "",
        "productType": "",
        "vendor": "Muster-Laden",
        "tags": [],
        "seo": {"title": None, "description": None},
        "categoryId": None,
        "options": [],
        "variantIds": [],
        "media": [],
        "metafields": [],
        "translations": [],
        "collectionIds": [],
        "publications": {},
        "taxClass": "standard",
        "isGiftCard": False,
        "templateSuffix": None,
        "createdAt": moment,
        "updatedAt": moment,
        "publishedAt": None,
    }
    product |= fields
    return product


def new_variant(shop: ShopifyShop, product: Json, options: Mapping[str, str]) -> Json:
    """A variant with nothing but its options, not stored yet; the product's list of variants is extended."""
    moment = shop.moment()
    variant_id = shop.store.next_id("ProductVariant")
    product["variantIds"].append(variant_id)
    chosen = dict(options) or {DEFAULT_OPTION: DEFAULT_VALUE}
    return {
        "id": variant_id,
        "productId": product["id"],
        "title": " / ".join(chosen.values()),
        "options": chosen,
        "sku": None,
        "barcode": None,
        "price": "0.00",
        "compareAtPrice": None,
        "taxable": True,
        "inventoryPolicy": "DENY",
        "requiresComponents": False,
        "showUnitPrice": False,
        "unitPriceMeasurement": None,
        "mediaIds": [],
        "metafields": [],
        "translations": [],
        "createdAt": moment,
        "updatedAt": moment,
        "item": {
            "id": shop.store.next_id("InventoryItem"),
            "tracked": True,
            "requiresShipping": True,
            "cost": None,
            "countryCodeOfOrigin": None,
            "provinceCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "weight": {"unit": "KILOGRAMS", "value": 0.0},
            "levels": {},
            "createdAt": moment,
            "updatedAt": moment,
        },
    }


def set_options(shop: ShopifyShop, product: Json, options: Mapping[str, Sequence[str]]) -> None:
    """Give a product its options with their values; what it has already keeps its ids."""
    known = {option["name"]: option for option in product["options"]}
    wanted = options or {DEFAULT_OPTION: [DEFAULT_VALUE]}
    found = []
    for position, (name, values) in enumerate(wanted.items(), start=1):
        option = known.get(name) or {"id": shop.store.next_id("ProductOption"), "translations": []}
        kept = {value["name"]: value for value in option.get("optionValues", ())}
        option |= {
            "name": name,
            "position": position,
            "optionValues": [kept.get(value) or new_value(shop, value) for value in dict.fromkeys(values)],
        }
        found.append(option)
    product["options"] = found


def new_value(shop: ShopifyShop, name: str) -> Json:
    """A value of an option."""
    return {"id": shop.store.next_id("ProductOptionValue"), "name": name, "translations": []}


def add_product(shop: ShopifyShop, title: str, entries: Sequence[Entry], **fields: object) -> Json:
    """Somebody adds a product that is sold everywhere; call it inside `shop.changes()`."""
    product = new_product(shop, title, **fields)
    moment = shop.moment()
    names = list(dict.fromkeys(name for entry in entries for name in entry.options))
    set_options(shop, product, {n: [e.options[n] for e in entries if n in e.options] for n in names})
    locations = list(shop.store.table("Location"))
    for entry in entries:
        variant = new_variant(shop, product, entry.options)
        variant |= {"sku": entry.sku, "price": entry.price, "barcode": entry.barcode or None}
        variant["compareAtPrice"] = entry.compare_at
        variant["item"]["tracked"] = entry.tracked
        variant["item"]["weight"] = {"unit": "KILOGRAMS", "value": entry.weight}
        stock.activate(variant, locations[0], entry.stock, moment)
        if entry.elsewhere:
            stock.activate(variant, locations[1], entry.elsewhere, moment)
        shop.store.put(variant)
    product["publishedAt"] = moment
    product["publications"] = {gid("Publication", number): moment for number in (1, 2)}
    if product["taxClass"] == "reduced":
        product["collectionIds"].append(gid("Collection", 1))
    shop.save_product(product, "create")
    return product
