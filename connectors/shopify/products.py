"""What a product and a variant are in Shopify's words: pure functions of an article and the settings."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from canonical.catalogue import ArticleContent, DataType, TaxCategory, Words
from canonical.failure import Failure, FailureError
from connectors.shopify.graph import gid
from connectors.shopify.metafields import NAMESPACE
from connectors.shopify.settings import ShopifyArticleSettings

NUMBER = "number"
MOST_VARIANTS = 2048
MOST_OPTIONS = 3
LONGEST_TITLE = LONGEST_HANDLE = 255
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_HS_CODE = re.compile(r"\d{6,13}")
_SEPARATOR = " > "


def number_metafield(article: ArticleContent) -> dict[str, Any]:
    """Our number at the product, for the listing: a parent has no SKU in the shop."""
    return {"namespace": NAMESPACE, "key": NUMBER, "type": "single_line_text_field", "value": article.sku}


def handle_of(article: ArticleContent) -> str:
    """The address of a new product, of name and number: by it a repeat finds what an unanswered try has created.

    It is only given when the product is made; the merchant may change it in the shop.
    """
    text = f"{article.words.name}-{article.sku}".casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[-LONGEST_HANDLE:].strip("-")


def check_article(article: ArticleContent) -> None:
    """Refuse what the shop cannot take: raises `FailureError` FIELD_INVALID without a number, FIELD_TOO_LONG for the name."""
    if not article.sku.strip():
        raise FailureError(Failure.of("FIELD_INVALID", field="sku", record=article.key, reason="empty"))
    length = len(article.words.name)
    if length > LONGEST_TITLE:
        failure = Failure.of("FIELD_TOO_LONG", field="title", record=article.sku, length=length, most=LONGEST_TITLE)
        raise FailureError(failure)


def product_input(article: ArticleContent, settings: ShopifyArticleSettings, *, is_new: bool) -> dict[str, Any]:
    """The product's own fields, of the data types that are sent; a new one gets all."""
    made: dict[str, Any] = {}
    words = article.words
    if is_new or DataType.MASTER_DATA in article.sends:
        made |= {
            "title": words.name or article.sku,
            "descriptionHtml": words.description,
            "vendor": article.manufacturer,
            "status": "ACTIVE" if article.is_active else "DRAFT",
        }
        if settings.meta_texts:
            made["seo"] = {"title": words.meta_title, "description": words.meta_description}
        if settings.category_to_product_type:
            made["productType"] = article.category
        category = taxonomy_of(article, settings)
        if category:
            made["category"] = category
        made |= _collections(article, settings, is_new=is_new)
    if DataType.TAGS in article.sends:
        made["tags"] = list(article.tags)
    if is_new:
        made["handle"] = handle_of(article)
        made["metafields"] = [number_metafield(article)]
        if article.axes:
            made["productOptions"] = _options(article)
    return made


def _options(article: ArticleContent) -> list[dict[str, Any]]:
    """The axes with all of their values; the shop makes a first variant of the first ones, which ours takes over."""
    if len(article.axes) > MOST_OPTIONS:
        most, count = MOST_OPTIONS, len(article.axes)
        raise FailureError(Failure.of("TOO_MANY_OPTIONS", sku=article.sku, count=count, most=most))
    return [{"name": axis.name, "values": [{"name": value} for value in axis.values]} for axis in article.axes]


def taxonomy_of(article: ArticleContent, settings: ShopifyArticleSettings) -> str:
    """The taxonomy's category of the nearest mapped node: by our id, the path, or the name."""
    for place in article.categories:
        if place.key in settings.taxonomy_map:
            return gid("TaxonomyCategory", settings.taxonomy_map[place.key])
        for length in range(len(place.path), 0, -1):
            names = (_SEPARATOR.join(place.path[:length]), place.path[length - 1])
            found = next((settings.taxonomy_map[name] for name in names if name in settings.taxonomy_map), "")
            if found:
                return gid("TaxonomyCategory", found)
    return ""


def _collections(article: ArticleContent, settings: ShopifyArticleSettings, *, is_new: bool) -> dict[str, list[str]]:
    """Collections stand for the tax rate: the product is in the one of its rate and in none of the others."""
    of_rate = {
        TaxCategory.REDUCED: settings.tax_collection_reduced,
        TaxCategory.EXEMPT: settings.tax_collection_exempt,
    }
    joined = of_rate.get(article.tax_category, "")
    left = [gid("Collection", each) for each in of_rate.values() if each and each != joined]
    found: dict[str, list[str]] = {"collectionsToJoin": [gid("Collection", joined)]} if joined else {}
    return found if is_new or not left else found | {"collectionsToLeave": left}


def variant_input(article: ArticleContent, settings: ShopifyArticleSettings, *, is_new: bool) -> dict[str, Any]:
    """A variant's own fields; price and stock are other features. Raises `FailureError` FIELD_INVALID."""
    item: dict[str, Any] = {"sku": article.sku}
    if not is_new and DataType.MASTER_DATA not in article.sends:
        return {"inventoryItem": item}
    item["tracked"] = article.is_stock_article
    if article.weight is not None:
        item["measurement"] = {"weight": {"value": float(article.weight), "unit": "KILOGRAMS"}}
    if article.customs_number:
        code = re.sub(r"[\s.]", "", article.customs_number)
        if not _HS_CODE.fullmatch(code):
            failure = Failure.of(
                "FIELD_INVALID", field="harmonizedSystemCode", record=article.sku, reason="6–13 digits"
            )
            raise FailureError(failure)
        item["harmonizedSystemCode"] = code
    if article.origin_country:
        item["countryCodeOfOrigin"] = article.origin_country
    goes_on = settings.sell_without_stock and not article.is_closeout
    return {
        "inventoryItem": item,
        "barcode": article.ean or None,
        "taxable": article.tax_category is not TaxCategory.EXEMPT,
        "inventoryPolicy": "CONTINUE" if goes_on else "DENY",
    }


def option_values(article: ArticleContent, options: Sequence[str]) -> list[dict[str, str]]:
    """A variant's value for each of the product's options; raises `FailureError` TOO_FEW_OPTIONS or OPTION_MISSING."""
    chosen = {option.name: option.value for option in article.options}
    missing = [name for name in options if not chosen.get(name)]
    strange = [name for name in chosen if name not in options]
    if strange:
        raise FailureError(Failure.of("OPTION_MISSING", sku=article.sku, option=strange[0]))
    if missing:
        raise FailureError(Failure.of("TOO_FEW_OPTIONS", sku=article.sku, missing=", ".join(missing)))
    return [{"optionName": name, "name": chosen[name]} for name in options]


def translations(words: Words, digests: dict[str, str], *, meta_texts: bool) -> list[dict[str, str]]:
    """A language's texts for the fields that the shop can translate."""
    texts = {"title": words.name, "body_html": words.description}
    if meta_texts:
        texts |= {"meta_title": words.meta_title, "meta_description": words.meta_description}
    return [
        {"key": key, "locale": words.language, "value": text, "translatableContentDigest": digests[key]}
        for key, text in texts.items()
        if text and digests.get(key)
    ]
