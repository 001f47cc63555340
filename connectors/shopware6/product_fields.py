"""The fields of a product from an article of ours; lengths are centimetres here and millimetres there, weights kilograms."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from canonical.catalogue import ArticleContent, DataType, Structure, TaxCategory, Words
from connectors.shopware6.prices import AWAITS_PRICE
from connectors.shopware6.search import Row
from connectors.shopware6.settings import Shopware6ArticleSettings, VariantListing
from connectors.shopware6.vocabulary import Vocabulary, number, standard_fields

CURRENCY = "b7d2554b0ce847cd82f3ac9bd1c0dfca"
"""The shop's own currency: a product without a price in it cannot be."""
LANGUAGE = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"
"""The shop's own language, in which plain texts are written."""
MILLIMETRES = Decimal(10)


def _whole(text: str) -> int | None:
    value = number(text)
    return int(value) if value is not None else None


STANDARD: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "max_purchase": ("maxPurchase", _whole),
    "min_purchase": ("minPurchase", _whole),
    "purchase_steps": ("purchaseSteps", _whole),
    "reference_unit": ("referenceUnit", number),
    "unit": ("purchaseUnit", number),
    "release_date": ("releaseDate", str),
    "pack_unit": ("packUnit", str),
    "pack_unit_plural": ("packUnitPlural", str),
    "restock_time": ("restockTime", _whole),
}
"""The custom fields `shopware6_*` that fill a field of the product; a word in `unit` names the unit instead."""


def product(content: ArticleContent, settings: Shopware6ArticleSettings, known: Vocabulary, there: Row | None) -> Row:
    """What is written of a product itself; nothing of the parts that the merchant does not send."""
    row: Row = {}
    if there is None:
        row |= _new(content)
    if DataType.MASTER_DATA in content.sends or there is None:
        row |= _master(content, settings, known)
        row |= _activity(content, there)
    if DataType.CUSTOM_FIELDS in content.sends:
        row |= _standard(content)
        if fields := known.field_values(content):
            row["customFields"] = {**row.get("customFields", {}), **fields}
    if DataType.TRANSLATIONS in content.sends:
        row |= _translations(content, settings, known)
    return row


def _new(content: ArticleContent) -> Row:
    """What a new product must have; a variant inherits it from its parent."""
    row: Row = {"productNumber": content.sku.strip(), "stock": 0}
    if content.structure is not Structure.VARIANT:
        row["price"] = [{"currencyId": CURRENCY, "gross": 0, "net": 0, "linked": True}]
    return row


def tax_of(content: ArticleContent, settings: Shopware6ArticleSettings) -> str:
    """The shop's tax for an article; empty where none is chosen."""
    chosen = {TaxCategory.REDUCED: settings.tax_reduced, TaxCategory.EXEMPT: settings.tax_exempt}
    return chosen.get(content.tax_category, settings.tax_normal)


def _master(content: ArticleContent, settings: Shopware6ArticleSettings, known: Vocabulary) -> Row:
    is_variant = content.structure is Structure.VARIANT
    row: Row = {
        **_texts(content.words, settings),
        "manufacturerId": known.makers.get(content.manufacturer),
        "manufacturerNumber": content.manufacturer_number or None,
        "ean": content.ean or None,
        "weight": _number(content.weight),
        "length": _millimetres(content.length),
        "width": _millimetres(content.width),
        "height": _millimetres(content.height),
        "isCloseout": content.is_closeout,
        "unitId": known.units.get(known.unit_name(content)),
        "deliveryTimeId": known.delivery_times.get(known.delivery_name(content)) or settings.delivery_time or None,
    }
    if content.min_order_quantity is not None:
        row["minPurchase"] = max(int(content.min_order_quantity), 1)
    if not is_variant:
        row["taxId"] = tax_of(content, settings)
        if settings.cms_layout:
            row["cmsPageId"] = settings.cms_layout
    if content.structure is Structure.PARENT:
        row["variantListingConfig"] = _listing(content, settings, known)
    return row


def _texts(words: Words, settings: Shopware6ArticleSettings) -> Row:
    """Texts in one language; an empty one is none, so that a variant has its parent's."""
    row: Row = {"name": words.name or None, "description": words.description or None}
    if settings.meta_texts:
        row |= {
            "metaTitle": words.meta_title or None,
            "metaDescription": words.meta_description or None,
            "keywords": words.meta_keywords or None,
        }
    return row


def _activity(content: ArticleContent, there: Row | None) -> Row:
    """Whether it is to be seen: a new product only when its price has come, because until then it costs nothing."""
    fields = (there or {}).get("customFields")
    awaits = there is None or (isinstance(fields, dict) and bool(fields.get(AWAITS_PRICE)))
    if not content.is_active:
        return {"active": False, **({"customFields": {AWAITS_PRICE: None}} if awaits and there is not None else {})}
    return {"active": False, "customFields": {AWAITS_PRICE: True}} if awaits else {"active": True}


def _listing(content: ArticleContent, settings: Shopware6ArticleSettings, known: Vocabulary) -> Row:
    """How lists show the variants: as one product, or each value of the options by itself."""
    if settings.variant_listing is VariantListing.MAIN_PRODUCT:
        return {"displayParent": True}
    groups = [known.groups[axis.name] for axis in content.axes if axis.name in known.groups]
    return {
        "displayParent": False,
        "configuratorGroupConfig": [
            {"id": group, "representation": "box", "expressionForListings": True} for group in groups
        ],
    }


def _standard(content: ArticleContent) -> Row:
    row: Row = {}
    for name, value in standard_fields(content).items():
        if name in STANDARD:
            field, read = STANDARD[name]
            if (read_value := read(value)) is not None:
                row[field] = read_value
    return row


def _translations(content: ArticleContent, settings: Shopware6ArticleSettings, known: Vocabulary) -> Row:
    """Texts of further languages that the shop has; custom fields have the same value in all."""
    found = {
        known.languages[words.language]: _texts(words, settings)
        for words in (content.words, *content.translations)
        if known.languages.get(words.language, LANGUAGE) != LANGUAGE
    }
    return {"translations": found} if found else {}


def _number(value: Decimal | None) -> float | None:
    return float(value) if value is not None else None


def _millimetres(value: Decimal | None) -> float | None:
    return float(value * MILLIMETRES) if value is not None else None
