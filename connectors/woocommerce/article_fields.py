"""From the canonical article to the fields of a product or variation: pure but for what the shop says of itself."""

from typing import Any

from canonical.catalogue import ArticleContent, DataType, Structure
from connectors.woocommerce.settings import Backorders, WooArticleSettings
from connectors.woocommerce.shop_facts import ShopFacts

YOAST_TITLE = "_yoast_wpseo_title"
YOAST_DESCRIPTION = "_yoast_wpseo_metadesc"
YOAST_KEYPHRASE = "_yoast_wpseo_focuskw"
YOAST_KEYWORDS = "_yoast_wpseo_metakeywords"
"""Fields of the plug-in Yoast SEO, which WooCommerce's own description does not name; the keyphrase is the first keyword."""
TYPES = {Structure.SIMPLE: "simple", Structure.PARENT: "variable", Structure.VARIANT: "variation"}


def of_product(article: ArticleContent, settings: WooArticleSettings, facts: ShopFacts) -> dict[str, Any]:
    """The master data of a simple product or of a parent, whose stock is that of its variants."""
    if DataType.MASTER_DATA not in article.sends:
        return {}
    fields = _common(article, settings, facts)
    fields["name"] = article.words.name
    fields["description"] = article.words.description
    fields["short_description"] = article.words.short_text
    fields["status"] = "publish" if article.is_active else "draft"
    if article.structure is Structure.PARENT:
        del fields["manage_stock"]
    if categories := _categories(article, settings):
        fields["categories"] = categories
    if settings.meta_texts:
        fields["meta_data"] = _meta_texts(article)
    return fields


def of_variation(article: ArticleContent, settings: WooArticleSettings, facts: ShopFacts) -> dict[str, Any]:
    """The master data of a variation, which has no name of its own; "private" is how the shop hides one."""
    if DataType.MASTER_DATA not in article.sends:
        return {}
    fields = _common(article, settings, facts)
    fields["description"] = article.words.description or article.words.short_text
    fields["status"] = "publish" if article.is_active else "private"
    return fields


def _common(article: ArticleContent, settings: WooArticleSettings, facts: ShopFacts) -> dict[str, Any]:
    tax_class = settings.tax_classes[article.tax_category]
    fields: dict[str, Any] = {
        "sku": article.sku.strip(),
        "weight": facts.weight_in_shop(article.weight),
        "dimensions": {name: facts.length_in_shop(getattr(article, name)) for name in ("length", "width", "height")},
        "global_unique_id": article.ean,
        "tax_class": "" if tax_class == "standard" else tax_class,
        "manage_stock": article.is_stock_article,
    }
    if article.is_closeout:
        fields["backorders"] = "no"
    elif settings.backorders is not Backorders.UNCHANGED:
        fields["backorders"] = settings.backorders.value
    return fields


def _categories(article: ArticleContent, settings: WooArticleSettings) -> list[dict[str, int]]:
    """The categories that the shop has; the shop's own stay where none is known."""
    refs = [place.ref for place in article.categories if place.ref.isdecimal()]
    if not article.categories and settings.default_category:
        refs = [settings.default_category]
    return [{"id": int(ref)} for ref in dict.fromkeys(refs)]


def _meta_texts(article: ArticleContent) -> list[dict[str, str]]:
    words = article.words
    values = {
        YOAST_TITLE: words.meta_title,
        YOAST_DESCRIPTION: words.meta_description,
        YOAST_KEYPHRASE: words.meta_keywords.partition(",")[0].strip(),
        YOAST_KEYWORDS: words.meta_keywords,
    }
    return [{"key": key, "value": value} for key, value in values.items()]
