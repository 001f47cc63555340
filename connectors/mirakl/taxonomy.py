"""The marketplace's categories, attributes and value lists (H11, PM11, VL11), each permitted once an hour."""

from collections.abc import Mapping
from typing import Any

from canonical.taxonomy import Requirement, Taxonomy, TaxonomyAttribute, TaxonomyNode, TaxonomyValue
from connectors.mirakl.api import Api, rows_in
from connectors.mirakl.settings import MiraklArticleSettings

KINDS: Mapping[str, str] = {
    "LIST": "list",
    "LIST_MULTIPLE_VALUES": "multi_list",
    "MULTIPLE_VALUES_LIST": "multi_list",
    "DECIMAL": "number",
    "INTEGER": "number",
    "NUMERIC": "number",
    "MEASUREMENT": "number",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "MEDIA": "media",
}
"""By the vendor's type; all others, also those that come new, are texts."""


def fetch(api: Api, settings: MiraklArticleSettings) -> Taxonomy:
    """Fetch all of it in three calls. Raises `FailureError`, also RATE_LIMITED within the hour.

    The attributes that the product file fills by itself (category, number, variant group) need no mapping and are left out.
    """
    nodes = rows_in(api.get("H11", "/hierarchies"), "hierarchies")
    attributes = rows_in(api.get("PM11", "/products/attributes"), "attributes")
    lists = rows_in(api.get("VL11", "/values_lists"), "values_lists")
    own = {settings.category_attribute, settings.sku_attribute, settings.variant_attribute}
    return Taxonomy(nodes=_nodes(nodes), attributes=_attributes(attributes, own), values=_values(lists))


def _nodes(rows: list[dict[str, Any]]) -> tuple[TaxonomyNode, ...]:
    parents = {_text(row, "parent_code") for row in rows}
    return tuple(
        TaxonomyNode(
            code=code,
            label=_text(row, "label") or code,
            parent_code=_text(row, "parent_code"),
            is_leaf=code not in parents,
        )
        for row in rows
        if (code := _text(row, "code"))
    )


def _attributes(rows: list[dict[str, Any]], own: set[str]) -> tuple[TaxonomyAttribute, ...]:
    used = [row for row in rows if _text(row, "requirement_level").upper() != "DISABLED"]
    return tuple(_attribute(row) for row in used if _text(row, "code") not in {"", *own})


def _attribute(row: Mapping[str, Any]) -> TaxonomyAttribute:
    kind = KINDS.get(_text(row, "type").upper(), "text")
    return TaxonomyAttribute(
        code=_text(row, "code"),
        label=_text(row, "label") or _text(row, "code"),
        category_code=_text(row, "hierarchy_code"),
        kind=kind,
        requirement=_requirement(row),
        values_code=_values_code(row) if kind in ("list", "multi_list") else "",
        is_variant_axis=row.get("variant") is True,
        description=_text(row, "description"),
    )


def _requirement(row: Mapping[str, Any]) -> Requirement:
    """The level; older instances only have the flag that it replaced."""
    level = _text(row, "requirement_level").lower()
    if level in tuple(Requirement):
        return Requirement(level)
    return Requirement.REQUIRED if row.get("required") is True else Requirement.OPTIONAL


def _values_code(row: Mapping[str, Any]) -> str:
    """The list of values: a parameter of the type, or one of the two older fields for it."""
    parameters = [entry for entry in row.get("type_parameters") or [] if isinstance(entry, dict)]
    named = next((_text(entry, "value") for entry in parameters if _text(entry, "name").upper() == "LIST_CODE"), "")
    return named or _text(row, "type_parameter") or _text(row, "values_list")


def _values(rows: list[dict[str, Any]]) -> tuple[TaxonomyValue, ...]:
    return tuple(
        TaxonomyValue(list_code=_text(row, "code"), code=code, label=_text(value, "label") or code)
        for row in rows
        for value in row.get("values") or []
        if isinstance(value, dict) and (code := _text(value, "code"))
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
