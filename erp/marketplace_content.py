"""What a marketplace's category and attributes are for an article of ours: pure functions over mapping tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from canonical.catalogue import ArticleContent, DataType, NamedValue
from canonical.failure import Failure
from canonical.taxonomy import Requirement, TaxonomyAttribute


class Source(StrEnum):
    """Where an attribute's value comes from."""

    FIELD = "field"
    PROPERTY = "property"
    CUSTOM_FIELD = "custom_field"
    CONSTANT = "constant"


FIELDS: Mapping[str, str] = {
    "number": "key", "sku": "sku", "name": "words.name", "short_text": "words.short_text", "description": "words.description",
    "manufacturer": "manufacturer", "manufacturer_number": "manufacturer_number", "ean": "ean", "unit": "unit",
    "weight": "weight", "length": "length", "width": "width", "height": "height", "customs_number": "customs_number",
    "origin_country": "origin_country", "delivery_time": "delivery_time", "category": "category", "parent": "parent_sku",
    "image_1": "images.0", "image_2": "images.1", "image_3": "images.2", "image_4": "images.3", "image_5": "images.4",
}  # fmt: skip
"""The fields of an article that can fill an attribute, with where they are in its content; images give their address."""
ALWAYS = frozenset({"number", "sku", "parent"})
"""Fields that name an article, whatever is sent of it."""


@dataclass(frozen=True)
class Given:
    """One attribute mapping: source and name of the field, property or custom field, or the constant."""

    source: Source
    value: str


@dataclass(frozen=True)
class Tables:
    """The mappings of one integration with what they refer to."""

    parents: Mapping[int, int | None]
    """Our categories' parents."""
    categories: Mapping[int, str]
    """Our category to the marketplace's."""
    lines: Mapping[str, Sequence[str]]
    """A marketplace category with its ancestors, itself first."""
    attributes: Mapping[str, Sequence[TaxonomyAttribute]]
    """By category code; the empty code has those of all categories."""
    givens: Mapping[tuple[str, str], Given]
    """By category code (empty: for all) and attribute."""
    values: Mapping[tuple[str, str], str]
    """By list and own value."""
    permitted: Mapping[str, Mapping[str, str]]
    """By list: code and label of its values."""


@dataclass(frozen=True)
class Filled:
    """An article's marketplace content; `missing` are labels of required attributes, `unmapped` list values nobody mapped."""

    category: str = ""
    attributes: tuple[NamedValue, ...] = ()
    missing: tuple[str, ...] = ()
    unmapped: tuple[tuple[str, str, str], ...] = field(default=())
    """List, attribute's label, own value."""


def category_of(content: ArticleContent, tables: Tables) -> str:
    """The marketplace's category: that of the article's own category, or of the nearest one above that is mapped."""
    for place in content.categories:
        node: int | None = int(place.key) if place.key.isdecimal() else None
        while node is not None:
            if node in tables.categories:
                return tables.categories[node]
            node = tables.parents.get(node)
    return ""


def attributes_of(code: str, tables: Tables) -> list[TaxonomyAttribute]:
    """All attributes of a category, its ancestors' included; the nearest says how much it is wanted."""
    found: dict[str, TaxonomyAttribute] = {}
    for category in (*tables.lines.get(code, (code,)), ""):
        for attribute in tables.attributes.get(category, ()):
            found.setdefault(attribute.code, attribute)
    return list(found.values())


def given_for(code: str, attribute: str, tables: Tables) -> Given | None:
    """The mapping of an attribute: the nearest category's own, else the one for all."""
    for category in (*tables.lines.get(code, (code,)), ""):
        given = tables.givens.get((category, attribute))
        if given is not None:
            return given
    return None


def value_of(content: ArticleContent, given: Given) -> str:
    """An article's value for a mapping; empty where the article has none."""
    match given.source:
        case Source.CONSTANT:
            return given.value
        case Source.PROPERTY:
            pairs = (*content.options, *content.properties)
            return next((pair.value for pair in pairs if pair.name == given.value), "")
        case Source.CUSTOM_FIELD:
            return next((pair.value for pair in content.custom_fields if pair.name == given.value), "")
        case Source.FIELD:
            return _field(content, FIELDS.get(given.value, ""))


def _field(content: ArticleContent, path: str) -> str:
    name, _, rest = path.partition(".")
    if name == "images":
        return content.images[int(rest)].url if int(rest) < len(content.images) else ""
    found = getattr(content.words, rest) if name == "words" else getattr(content, name, "") if name else ""
    return "" if found is None else str(found)


def fill(content: ArticleContent, tables: Tables) -> Filled:
    """Fill an article's category and attributes; what is missing or unmapped is named, nothing is guessed.

    Nothing is missing of the data types that are not sent.
    """
    code = category_of(content, tables)
    if not code:
        return Filled()
    pairs: list[NamedValue] = []
    missing: list[str] = []
    unmapped: list[tuple[str, str, str]] = []
    for attribute in attributes_of(code, tables):
        given = given_for(code, attribute.code, tables)
        own = value_of(content, given).strip() if given else ""
        value = _permitted(attribute, own, tables) if own and attribute.values_code else own
        if value:
            pairs.append(NamedValue(name=attribute.code, value=value))
        elif own:
            unmapped.append((attribute.values_code, attribute.label, own))
        if not value and attribute.requirement is Requirement.REQUIRED and (own or _is_sent(content, given)):
            missing.append(attribute.label)
    return Filled(code, tuple(pairs), tuple(missing), tuple(unmapped))


def _is_sent(content: ArticleContent, given: Given | None) -> bool:
    """Whether the part of the article that an attribute comes from is sent at all; what is not stays there as it is."""
    match given:
        case Given(Source.PROPERTY):
            return {DataType.PROPERTIES, DataType.VARIANTS} <= content.sends
        case Given(Source.CUSTOM_FIELD):
            return DataType.CUSTOM_FIELDS in content.sends
        case Given(Source.FIELD, name) if name not in ALWAYS:
            return (DataType.IMAGES if name.startswith("image_") else DataType.MASTER_DATA) in content.sends
    return True


def _permitted(attribute: TaxonomyAttribute, own: str, tables: Tables) -> str:
    """The code of a list's value: as mapped, else where the own value is exactly a code or a label."""
    mapped = tables.values.get((attribute.values_code, own), "")
    if mapped:
        return mapped
    permitted = tables.permitted.get(attribute.values_code, {})
    if own in permitted:
        return own
    return next((code for code, label in permitted.items() if label == own), "")


def checked(content: ArticleContent, tables: Tables) -> ArticleContent | Failure:
    """An article with its marketplace content, or why it must not be sent yet."""
    filled = fill(content, tables)
    if not filled.category:
        place = content.categories[0].path[-1] if content.categories else "–"
        return Failure.of("CATEGORY_UNMAPPED", category=place, sku=content.key)
    blocking = [each for each in filled.unmapped if each[1] in filled.missing]
    if blocking:
        return Failure.of("VALUE_UNMAPPED", sku=content.key, attribute=blocking[0][1], value=blocking[0][2])
    if filled.missing:
        return Failure.of("ATTRIBUTE_MISSING", sku=content.key, attributes=", ".join(filled.missing))
    return content.model_copy(update={"channel_category": filled.category, "channel_attributes": filled.attributes})
