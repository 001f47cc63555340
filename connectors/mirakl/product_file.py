"""The product file in its two forms: the marketplace's attribute codes, or our own columns for its mapping assistant."""

from collections.abc import Iterable
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


def operator_table(settings: MiraklArticleSettings, articles: Iterable[ArticleContent]) -> tuple[bytes, int]:
    """Columns of the marketplace, and how many rows: category, our number, the variant group, every attribute that an article has."""
    rows = [_operator_row(settings, article) for article in articles]
    fixed = [settings.category_attribute, settings.sku_attribute]
    if any(settings.variant_attribute in row for row in rows):
        fixed.append(settings.variant_attribute)
    attributes = dict.fromkeys(name for row in rows for name in row if name not in fixed)
    return write_table((*fixed, *attributes), rows), len(rows)


def _operator_row(settings: MiraklArticleSettings, article: ArticleContent) -> dict[str, str]:
    row = {entry.name: entry.value for entry in article.channel_attributes}
    row[settings.category_attribute] = article.channel_category
    row[settings.sku_attribute] = article.sku.strip()
    if article.structure is Structure.VARIANT and settings.variant_attribute:
        row[settings.variant_attribute] = article.parent_sku or article.parent_key
    return row


def own_table(articles: Iterable[ArticleContent]) -> tuple[bytes, int]:
    """Our columns, then images, options, properties and custom fields as far as some article has them; and how many rows."""
    rows = [_own_row(article) for article in articles]
    more = dict.fromkeys(name for row in rows for name in row if name not in OWN_COLUMNS)
    images = sorted((name for name in more if name.startswith("image-")), key=lambda name: int(name[6:]))
    names = (*OWN_COLUMNS, *images, *(name for name in more if name not in images))
    return write_table(names, rows), len(rows)


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
