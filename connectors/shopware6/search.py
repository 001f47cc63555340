"""Asking Shopware: criteria, and the rows of an answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from canonical.failure import FailureError
from connectors.answers import Answer, not_json
from connectors.transport import Calls

Row = dict[str, Any]
Filter = dict[str, Any]

MOST = 500
"""Rows per search; `shopware.api.max_limit`."""
LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"
"""The version of a record that counts; others are drafts of somebody who edits an order."""


def equals(field: str, value: str | float | bool | None) -> Filter:
    """The field has this value."""
    return {"type": "equals", "field": field, "value": value}


def one_of(field: str, values: Iterable[str]) -> Filter:
    """The field has one of these values."""
    return {"type": "equalsAny", "field": field, "value": list(values)}


def beyond(field: str, **bounds: str | float) -> Filter:
    """The field lies within `gt`, `gte`, `lt`, `lte`."""
    return {"type": "range", "field": field, "parameters": bounds}


def any_of(*queries: Filter) -> Filter:
    """At least one holds."""
    return {"type": "multi", "operator": "or", "queries": list(queries)}


def joined(*paths: str) -> Row:
    """The associations of some dotted paths; Shopware loads nothing that is not asked for."""
    tree: Row = {}
    for path in paths:
        level = tree
        for part in path.split("."):
            level = level.setdefault(part, {}).setdefault("associations", {})
    return _without_empty(tree)


def _without_empty(tree: Row) -> Row:
    return {
        name: {"associations": _without_empty(node["associations"])} if node["associations"] else {}
        for name, node in tree.items()
    }


def rows_of(answer: Answer) -> list[Row]:
    """The rows of a search; anything else is not the interface of a shop."""
    body = answer.json()
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise FailureError(not_json(answer))
    return [row for row in rows if isinstance(row, dict)]


def find(calls: Calls, entity: str, criteria: Row) -> list[Row]:
    """Search once; at most `MOST` rows."""
    return rows_of(calls.post(f"/search/{entity}", {"limit": MOST, **criteria}))


def find_by(calls: Calls, entity: str, field: str, values: Sequence[str], **criteria: Any) -> list[Row]:
    """Search the rows whose field has one of many values, in portions; each value once."""
    wanted = [value for value in dict.fromkeys(values) if value]
    found: list[Row] = []
    for start in range(0, len(wanted), MOST):
        filters = [one_of(field, wanted[start : start + MOST]), *criteria.get("filter", [])]
        found += find(calls, entity, {**criteria, "filter": filters})
    return found


def find_all(calls: Calls, entity: str, **criteria: Any) -> list[Row]:
    """Search all rows, page by page; for lists that people choose from, at most 5,000."""
    found: list[Row] = []
    for page in range(1, 11):
        rows = find(calls, entity, {"sort": [{"field": "id", "order": "ASC"}], **criteria, "page": page})
        found += rows
        if len(rows) < MOST:
            break
    return found


def text(row: Row, field: str = "name") -> str:
    """A text in the reader's language: the translated one, because the plain field may be empty in it."""
    translated = row.get("translated")
    value = translated.get(field) if isinstance(translated, dict) else None
    return str(value or row.get(field) or "").replace("\x00", "").strip()


def items(row: Row, field: str) -> list[Row]:
    """The rows of an association; PHP writes an empty map for an empty list now and then."""
    value = row.get(field)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(row: Row, field: str) -> Row:
    """A record beside this one; empty when it is missing."""
    value = row.get(field)
    return value if isinstance(value, dict) else {}
