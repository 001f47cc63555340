"""Criteria of a search: paging, filters, sorting, associations and included fields, checked as the shop does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.shopware6 import errors
from sandbox.shopware6.definitions import ENTITIES, Entity
from sandbox.shopware6.filters import Test, comparable, compile_filters
from sandbox.shopware6.paths import field_values
from sandbox.shopware6.store import Row, Store

Json = dict[str, Any]
MAX_LIMIT = 500
NEXT_PAGES = 5
ID = re.compile(r"^[0-9a-f]{32}$")
SEARCHED = ("name", "productNumber", "orderNumber", "technicalName", "ean", "isoCode", "fileName")


@dataclass(frozen=True)
class Criteria:
    """What is asked of one entity; nested ones stand in `associations`."""

    limit: int | None = None
    page: int = 1
    ids: tuple[str, ...] = ()
    test: Test | None = None
    sort_keys: tuple[tuple[Callable[[Row], Any], bool], ...] = ()
    count_mode: int = 0
    associations: Mapping[str, Criteria] = field(default_factory=dict)
    includes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def parse(store: Store, entity: Entity, body: Any, *, max_limit: int = MAX_LIMIT, is_nested: bool = False) -> Criteria:
    """Criteria from a request's body; raises the vendor's refusal for what the shop does not take.

    Without `limit` a search gives up to the highest limit, an association everything.
    """
    if not isinstance(body, dict):
        body = {}
    ids = _ids(body.get("ids"))
    limit = _number(body, "limit", "FRAMEWORK__INVALID_LIMIT_QUERY", "limit")
    if limit is not None and limit > max_limit:
        detail = f"The limit must be lower than or equal to MAX_LIMIT(={max_limit}). Given: {limit}"
        raise errors.refusal(
            400, "FRAMEWORK__QUERY_LIMIT_EXCEEDED", detail, pointer="/limit", maxLimit=max_limit, limit=limit
        )
    associations = body.get("associations") or {}
    return Criteria(
        limit=limit or (None if is_nested or ids else max_limit),
        page=_number(body, "page", "FRAMEWORK__INVALID_PAGE_QUERY", "page") or 1,
        ids=ids,
        test=_test(store, entity, body),
        sort_keys=tuple(_sorting(store, entity, one) for one in _sortings(body.get("sort"))),
        count_mode=_count_mode(body.get("total-count-mode")),
        associations={
            name: _association(store, entity, name, nested)
            for name, nested in (associations.items() if isinstance(associations, dict) else ())
        },
        includes={name: frozenset(fields) for name, fields in (body.get("includes") or {}).items()},
    )


def search(store: Store, entity: Entity, criteria: Criteria) -> tuple[list[Row], int]:
    """The rows of the page asked for and the total as the count mode gives it (0: rows of this page, 1: all, 2: next pages)."""
    table = store.tables[entity.name]
    rows = [table[row_id] for row_id in criteria.ids if row_id in table] if criteria.ids else list(table.values())
    rows = narrowed(rows, criteria)
    start = (criteria.page - 1) * (criteria.limit or 0)
    page = rows[start : start + criteria.limit] if criteria.limit else rows[start:]
    if criteria.count_mode == 1:
        return page, len(rows)
    if criteria.count_mode == 2 and criteria.limit:
        return page, min(len(rows), start + criteria.limit * NEXT_PAGES + 1)
    return page, len(page)


def narrowed(rows: list[Row], criteria: Criteria) -> list[Row]:
    """The rows that pass the filters, sorted; rows without a sorting come in the order of their ids."""
    if criteria.test is not None:
        rows = [row for row in rows if criteria.test(row)]
    if not criteria.ids:
        rows.sort(key=lambda row: row["id"])
    for key, is_descending in reversed(criteria.sort_keys):
        rows.sort(key=key, reverse=is_descending)
    return rows


def _ids(value: Any) -> tuple[str, ...]:
    ids = value.split("|") if isinstance(value, str) else value or []
    for one in ids:
        if not isinstance(one, str) or not ID.match(one):
            detail = f"Invalid ids provided in criteria. Ids should not be empty and valid. Ids: {one}."
            raise errors.refusal(400, "FRAMEWORK__INVALID_API_CRITERIA_IDS", detail, ids=str(one))
    return tuple(ids)


def _number(body: Json, name: str, code: str, word: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)) or int(value) <= 0:
        shown = "(empty)" if value == "" else value
        detail = f"The {word} parameter must be a positive integer greater or equals than 1. Given: {shown}"
        raise errors.refusal(400, code, detail, pointer=f"/{name}", **{name: shown})
    return int(value)


def _count_mode(value: Any) -> int:
    """PHP reads a word as 0, so the names that the specification gives count nothing."""
    return int(value) if str(value).isdigit() else 0


def _test(store: Store, entity: Entity, body: Json) -> Test | None:
    tests = [
        test
        for name in ("filter", "post-filter")
        if body.get(name) and (test := compile_filters(store, entity, body[name], f"/{name}"))
    ]
    term = str(body.get("term") or "").casefold().strip()
    if term:
        getters = [field_values(store, entity, name)[1] for name in SEARCHED if name in entity.fields]
        tests.append(lambda row: any(term in str(v).casefold() for get in getters for v in get(row) if v))
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _sortings(value: Any) -> list[Json]:
    if isinstance(value, str):
        return [{"field": part.lstrip("-"), "order": "DESC" if part[:1] == "-" else "ASC"} for part in value.split(",")]
    return list(value or [])


def _sorting(store: Store, entity: Entity, sorting: Json) -> tuple[Callable[[Row], Any], bool]:
    if not isinstance(sorting, dict) or not sorting.get("field"):
        raise errors.refusal(
            400, "FRAMEWORK__INVALID_SORT_QUERY", 'The "field" parameter must be set.', pointer="/sort"
        )
    field_, values = field_values(store, entity, sorting["field"])

    def key(row: Row) -> tuple[bool, Any]:
        # MySQL puts rows without a value first.
        found = next((value for value in values(row) if value is not None), None)
        return (found is not None, comparable(field_, found) if found is not None else 0)

    return key, str(sorting.get("order", "ASC")).upper() == "DESC"


def _association(store: Store, entity: Entity, name: str, body: Any) -> Criteria:
    association = entity.associations.get(name)
    if association is None:
        raise errors.unknown_association(name)
    return parse(store, ENTITIES[association.entity], body, is_nested=True)
