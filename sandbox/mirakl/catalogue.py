"""The operator's catalogue set-up: a small tree of categories with their attributes and lists of values, all made up."""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]


class Category(NamedTuple):
    """A node of the tree; roots have no parent."""

    code: str
    label: str
    parent: str = ""


class Attribute(NamedTuple):
    """A product attribute; without a category it belongs to every one."""

    code: str
    label: str
    type: str = "TEXT"
    level: str = "OPTIONAL"
    category: str = ""
    values: str = ""
    role: str = ""
    is_variant: bool = False


CATEGORIES = (
    Category("HOME", "Wohnen"),
    Category("HOME-KITCHEN", "Küche", "HOME"),
    Category("HOME-KITCHEN-MUGS", "Becher & Tassen", "HOME-KITCHEN"),
    Category("HOME-LIGHT", "Leuchten", "HOME"),
    Category("FASHION", "Mode"),
    Category("FASHION-SHIRTS", "T-Shirts", "FASHION"),
    Category("FASHION-SOCKS", "Socken", "FASHION"),
    Category("FOOD", "Lebensmittel"),
    Category("FOOD-COFFEE", "Kaffee", "FOOD"),
    Category("MISC", "Sonstiges"),
)
ATTRIBUTES = (
    Attribute("category", "Kategorie", level="REQUIRED", role="CATEGORY"),
    Attribute("shop-sku", "Händler-SKU", level="REQUIRED", role="SHOP_SKU"),
    Attribute("ean", "EAN", level="REQUIRED", role="UNIQUE_IDENTIFIER"),
    Attribute("title", "Titel", level="REQUIRED", role="TITLE"),
    Attribute("description", "Beschreibung", "LONG_TEXT", "RECOMMENDED", role="DESCRIPTION"),
    Attribute("brand", "Marke", level="REQUIRED", role="BRAND"),
    Attribute("main-image", "Hauptbild", "MEDIA", "REQUIRED", role="MAIN_IMAGE"),
    Attribute("variant-group", "Variantengruppe", role="VARIANT_GROUP_CODE"),
    Attribute("weight", "Gewicht (kg)", "DECIMAL"),
    Attribute("volume", "Füllmenge (ml)", "INTEGER", "REQUIRED", "HOME-KITCHEN-MUGS"),
    Attribute("energy-class", "Energieklasse", "LIST", "REQUIRED", "HOME-LIGHT", "energy"),
    Attribute("colour", "Farbe", "LIST", "REQUIRED", "FASHION", "colours", is_variant=True),
    Attribute("size", "Größe", "LIST", "REQUIRED", "FASHION-SHIRTS", "sizes", is_variant=True),
    Attribute("materials", "Material", "LIST_MULTIPLE_VALUES", "OPTIONAL", "FASHION", "materials"),
    Attribute("organic", "Bio", "BOOLEAN", "RECOMMENDED", "FOOD"),
)
VALUES = {
    "energy": ("Energieklasse", {"A": "A", "B": "B", "C": "C", "D": "D", "E": "E", "F": "F", "G": "G"}),
    "colours": ("Farbe", {"red": "Rot", "blue": "Blau", "grey": "Grau", "olive": "Oliv", "black": "Schwarz"}),
    "sizes": ("Größe", {"S": "S", "M": "M", "L": "L", "XL": "XL"}),
    "materials": ("Material", {"cotton": "Baumwolle", "wool": "Wolle", "linen": "Leinen"}),
}
BY_CODE = {category.code: category for category in CATEGORIES}


def ancestors(code: str) -> list[str]:
    """A category with its parents, itself first."""
    found = []
    while code:
        found.append(code)
        code = BY_CODE[code].parent
    return found


def descendants(code: str, levels: int | None = None) -> list[str]:
    """A category with those below it, down to a number of levels."""
    return [
        category.code
        for category in CATEGORIES
        if code in (line := ancestors(category.code)) and (levels is None or line.index(code) <= levels)
    ]


def category_paths() -> tuple[tuple[str, ...], ...]:
    """The paths of names from the root."""
    return tuple(tuple(BY_CODE[code].label for code in reversed(ancestors(c.code))) for c in CATEGORIES)


def attributes_for(category: str) -> list[Attribute]:
    """The attributes of a category: its own, its parents' and the general ones."""
    line = ancestors(category)
    return [attribute for attribute in ATTRIBUTES if not attribute.category or attribute.category in line]


def hierarchy_document(category: Category) -> Json:
    """A category as H11 shows it."""
    return {
        "code": category.code,
        "label": category.label,
        "label_translations": _translations(category.label),
        "level": len(ancestors(category.code)),
        "parent_code": category.parent,
    }


def attribute_document(attribute: Attribute) -> Json:
    """An attribute as PM11 shows it."""
    listed = bool(attribute.values)
    return {
        "channels": [],
        "code": attribute.code,
        "default_value": None,
        "description": attribute.label,
        "description_translations": _translations(attribute.label),
        "example": None,
        "hierarchy_code": attribute.category or None,
        "label": attribute.label,
        "label_translations": _translations(attribute.label),
        "locale": None,
        "required": attribute.level == "REQUIRED",
        "requirement_level": attribute.level,
        "roles": [{"type": attribute.role, "parameters": []}] if attribute.role else [],
        "transformations": None,
        "type": attribute.type,
        "type_parameter": attribute.values or None,
        "type_parameters": [{"name": "LIST_CODE", "value": attribute.values}] if listed else [],
        "unique_code": None,
        "validations": None,
        "values": None,
        "values_list": attribute.values or None,
        "variant": attribute.is_variant,
    }


def values_document(code: str) -> Json:
    """A list of values as VL11 shows it."""
    label, values = VALUES[code]
    return {
        "code": code,
        "label": label,
        "label_translations": _translations(label),
        "values": [
            {"code": key, "label": text, "label_translations": _translations(text)} for key, text in values.items()
        ],
    }


def _translations(text: str) -> list[Json]:
    return [{"locale": "de", "value": text}]
