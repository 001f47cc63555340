"""The product file in its two forms: the marketplace's attribute codes, or our own columns for its mapping assistant."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.catalogue import ArticleContent, DataType, Structure
from connectors.mirakl.settings import MiraklArticleSettings
from connectors.mirakl.tables import write_table

OWN_COLUMNS = (
    "sku",
    "category",
    "variant-group",
    "name",
    "short-text",
    "description",
    "manufacturer",
    "manufacturer-number",
    "ean",
    "unit",
    "weight",
    "length",
    "width",
    "height",
    "active",
)
"""Always there, so that the merchant's mapping in the marketplace stays good; weights in kg, lengths in cm."""


def operator_table(settings: MiraklArticleSettings, articles: Sequence[ArticleContent]) -> bytes:
    """Columns of the marketplace: category, our number, the variant group, then every attribute that an article has."""
    fixed = [settings.category_attribute, settings.sku_attribute]
    if settings.variant_attribute and any(article.structure is Structure.VARIANT for article in articles):
        fixed.append(settings.variant_attribute)
    named = dict.fromkeys(entry.name for article in articles for entry in article.channel_attributes)
    attributes = [name for name in named if name not in fixed]
    rows = []
    for article in articles:
        row = {entry.name: entry.value for entry in article.channel_attributes}
        row[settings.category_attribute] = article.channel_category
        row[settings.sku_attribute] = article.sku.strip()
        if article.structure is Structure.VARIANT and settings.variant_attribute:
            row[settings.variant_attribute] = article.parent_sku or article.parent_key
        rows.append(row)
    return write_table((*fixed, *attributes), rows)


def own_table(articles: Sequence[ArticleContent]) -> bytes:
    """Our columns, then images, options, properties and custom fields as far as some article has them."""
    rows = [_own_row(article) for article in articles]
    more = dict.fromkeys(name for row in rows for name in row if name not in OWN_COLUMNS)
    images = sorted((name for name in more if name.startswith("image-")), key=lambda name: int(name[6:]))
    return write_table((*OWN_COLUMNS, *images, *(name for name in more if name not in images)), rows)


def _own_row(article: ArticleContent) -> dict[str, str]:
    row = {
        "sku": article.sku.strip(),
        "category": article.channel_category or _path(article) or article.category,
        "variant-group": article.parent_sku or article.parent_key if article.structure is Structure.VARIANT else "",
        "name": article.words.name,
        "short-text": article.words.short_text,
        "description": article.words.description,
        "manufacturer": article.manufacturer,
        "manufacturer-number": article.manufacturer_number,
        "ean": article.ean,
        "unit": article.unit,
        "weight": _number(article.weight),
        "length": _number(article.length),
        "width": _number(article.width),
        "height": _number(article.height),
        "active": "true" if article.is_active else "false",
    }
    if DataType.IMAGES in article.sends:
        pictures = sorted(article.images, key=lambda picture: picture.position)
        row |= {f"image-{number}": picture.url for number, picture in enumerate(pictures, start=1)}
    # Prefixes keep a property called "name" from taking the place of the article's name.
    row |= {f"option-{option.name}": option.value for option in article.options}
    if DataType.PROPERTIES in article.sends:
        row |= {f"property-{entry.name}": entry.value for entry in article.properties}
    if DataType.CUSTOM_FIELDS in article.sends:
        row |= {f"field-{entry.name}": entry.value for entry in article.custom_fields}
    return row


def _path(article: ArticleContent) -> str:
    return " > ".join(article.categories[0].path) if article.categories else ""


def _number(value: Decimal | None) -> str:
    return f"{value.normalize():f}" if value is not None else ""
