"""Attributes of products: what tells variants apart, and properties; the shop's global attributes are used where they exist."""

from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any

from canonical.catalogue import ArticleContent, DataType
from canonical.failure import Failure, FailureError
from connectors.woocommerce.answers import Row
from connectors.woocommerce.shop_facts import ShopFacts, folded


def of_product(
    article: ArticleContent, row: Row | None, facts: ShopFacts, *, shown: bool
) -> list[dict[str, Any]] | None:
    """The whole list of a product's attributes; None where neither variants nor properties are sent.

    The shop replaces the list as a whole, so the half that is not sent is repeated as it is there.
    """
    if not article.sends & {DataType.VARIANTS, DataType.PROPERTIES}:
        return None
    sends_axes, sends_properties = DataType.VARIANTS in article.sends, DataType.PROPERTIES in article.sends
    parts: list[dict[str, Any]] = []
    if sends_axes:
        for axis in article.axes:
            options = list(axis.values)
            parts.append({**_named(axis.name, facts), "options": options, "variation": True, "visible": True})
    if sends_properties:
        for name, values in _properties(article, {folded(axis.name) for axis in article.axes}).items():
            parts.append({**_named(name, facts), "options": values, "variation": False, "visible": shown})
    for attribute in _attributes(row or {}):
        is_axis = attribute.get("variation") is True
        if not (sends_axes if is_axis else sends_properties):
            parts.append(_kept(attribute))
    return [{**part, "position": position} for position, part in enumerate(parts)]


def of_variation(article: ArticleContent, parent: Row) -> list[dict[str, Any]]:
    """A variant's options, in the terms of its parent in the shop; raises `FailureError` where the two do not fit."""
    axes = {folded(each.get("name")): each for each in _attributes(parent) if each.get("variation") is True}
    given = {folded(option.name): option for option in article.options}
    missing = [str(axis.get("name")) for name, axis in axes.items() if name not in given]
    if missing:
        raise FailureError(Failure.of("TOO_FEW_OPTIONS", sku=article.sku, missing=", ".join(missing)))
    parts = []
    for name, option in given.items():
        axis = axes.get(name)
        if axis is None or option.value not in _options(axis):
            raise FailureError(Failure.of("OPTION_MISSING", sku=article.sku, option=f"{option.name}: {option.value}"))
        identity = {"id": axis["id"]} if axis.get("id") else {"name": str(axis.get("name"))}
        parts.append({**identity, "option": option.value})
    return parts


def _named(name: str, facts: ShopFacts) -> dict[str, Any]:
    """How the shop knows an attribute: by the id of a global one, else by its name."""
    attribute_id = facts.attribute_ids.get(folded(name))
    return {"id": attribute_id} if attribute_id else {"name": name}


def _properties(article: ArticleContent, axes: Iterable[str]) -> Mapping[str, list[str]]:
    """Values by name; a name that tells variants apart is no property besides."""
    found: dict[str, list[str]] = {}
    for each in article.properties:
        if each.value and folded(each.name) not in axes:
            found.setdefault(each.name, []).append(each.value)
    return found


def _kept(attribute: Row) -> dict[str, Any]:
    identity = {"id": attribute["id"]} if attribute.get("id") else {"name": attribute.get("name")}
    flags = {name: attribute.get(name) is True for name in ("variation", "visible")}
    return {**identity, "options": _options(attribute), **flags}


def _attributes(row: Row) -> list[Row]:
    return [attribute for attribute in row.get("attributes") or () if isinstance(attribute, dict)]


def _options(attribute: Row) -> list[str]:
    return [unescape(str(option)) for option in attribute.get("options") or ()]
