"""Lists: filters, sortings, limit and start, as the query builder of Shopware 5 reads them.

Given in the query as PHP writes nested values (`filter[0][property]=name`) or in a JSON body, which a GET may have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.shopware5.errors import internal

Json = dict[str, Any]
DEFAULT_LIMIT = 1000
KEY = re.compile(r"^(\w+)\[([^\]]*)\](?:\[(\w+)\])?$")
TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
}


def parameters(pairs: Sequence[tuple[str, str]], body: Any) -> Json:
    """The parameters of a request: the query's, and above them the body's."""
    found: Json = {}
    for name, value in pairs:
        match = KEY.match(name)
        if match is None:
            found[name] = value
        elif match[3] is None:
            found.setdefault(match[1], []).append({"property": match[2], "value": value})
        else:
            rows: dict[str, Json] = found.setdefault(match[1], {})
            rows.setdefault(match[2], {})[match[3]] = value
    found = {name: list(value.values()) if isinstance(value, dict) else value for name, value in found.items()}
    return {**found, **(body if isinstance(body, dict) else {})}


def listed(rows: Sequence[Json], given: Json, model: str) -> Json:
    """The page of rows asked for, `total` counting all that pass the filters."""
    for one in given.get("filter") or ():
        rows = [row for row in rows if _passes(row, one, model)]
    for one in reversed(given.get("sort") or []):
        name, is_descending = one.get("property", ""), str(one.get("direction", "ASC")).upper() == "DESC"
        rows = sorted(rows, key=lambda row: _comparable(value_of(row, name, model)), reverse=is_descending)
    start, limit = int(given.get("start", 0)), int(given.get("limit", DEFAULT_LIMIT))
    return {"data": list(rows[start : start + limit]), "total": len(rows), "success": True}


def value_of(row: Json, name: str, model: str) -> Any:
    """A property of a row, `mainDetail.number` leading inside; an unknown one breaks the shop's query."""
    value: Any = row
    for word in name.split("."):
        if word in {"article", "detail", "category", "media", "supplier"} and word not in row:
            continue
        if not isinstance(value, dict) or word not in value:
            raise internal(
                f"[Semantical Error] line 0, col 0 near '{word}': Error: Class Shopware\\Models\\{model} has no field "
                f"or association named {word}"
            )
        value = value[word]
    return value


def _passes(row: Json, query: Json, model: str) -> bool:
    value, wanted = value_of(row, str(query.get("property", "")), model), query.get("value")
    expression = query.get("expression")
    if expression is None or str(expression).upper() == "LIKE":
        return _like(value, wanted)
    if expression not in TESTS:
        raise internal(f"Unknown expression {expression}")
    left, right = _comparable(value), _comparable(wanted)
    return left[0] == right[0] and TESTS[expression](left[1], right[1])


def _like(value: Any, wanted: Any) -> bool:
    """The default expression: a text comparison in which `%` stands for anything."""
    pattern = re.escape(_text(wanted)).replace("%", ".*")
    return re.fullmatch(pattern, _text(value), re.IGNORECASE | re.DOTALL) is not None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


def _comparable(value: Any) -> tuple[int, float] | tuple[int, str]:
    text = _text(value)
    try:
        return (0, float(text))
    except ValueError:
        return (1, text.casefold())
