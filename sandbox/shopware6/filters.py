"""Filters of a search: checked as the shop does and turned into a function of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.definitions import Entity, Field
from sandbox.shopware6.paths import field_values
from sandbox.shopware6.store import Row, Store

Json = dict[str, Any]
Test = Callable[[Row], bool]
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gte": lambda value, limit: value >= limit,
    "gt": lambda value, limit: value > limit,
    "lte": lambda value, limit: value <= limit,
    "lt": lambda value, limit: value < limit,
}
TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "prefix": lambda value, part: value.startswith(part),
    "suffix": lambda value, part: value.endswith(part),
}


def invalid(detail: str, pointer: str) -> errors.ApiError:
    """A filter that the shop does not understand."""
    return errors.refusal(400, "FRAMEWORK__INVALID_FILTER_QUERY", detail, pointer=pointer, path=pointer)


def compile_filters(store: Store, entity: Entity, filters: Any, pointer: str = "/filter") -> Test | None:
    """A test that a row passes if it meets all filters; None where there are none.

    A map of fields and values means that each is equal, as the vendor's short form does.
    """
    if isinstance(filters, dict):
        filters = [{"type": "equals", "field": name, "value": value} for name, value in filters.items()]
    if not isinstance(filters, list):
        raise invalid("The filter parameter has to be a list of filters.", pointer)
    tests = [compile_filter(store, entity, one, f"{pointer}/{i}") for i, one in enumerate(filters)]
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def compile_filter(store: Store, entity: Entity, query: Any, pointer: str) -> Test:
    """One filter as a test; raises the vendor's refusal for an unknown type, a missing part or an unknown field."""
    kind = query.get("type") if isinstance(query, dict) else None
    if not kind:
        raise invalid("Value for filter type is required.", pointer)
    if kind in {"multi", "not", "and", "or"}:
        return _compound(store, entity, query, kind, pointer)
    if kind not in {"equals", "equalsAny", "range", *TEXT_TESTS}:
        raise invalid(f"Unsupported filter type: {kind}", f"{pointer}/type")
    if not query.get("field"):
        raise invalid(f'Parameter "field" for {kind} filter is missing.', f"{pointer}/field")
    field, values = field_values(store, entity, query["field"])
    if kind == "range":
        return _range(field, values, query.get("parameters"), pointer)
    if "value" not in query or (query["value"] in (None, "") and kind != "equals"):
        raise invalid(f'Parameter "value" for {kind} filter is missing.', f"{pointer}/value")
    if kind in TEXT_TESTS:
        part, holds = str(query["value"]).casefold(), TEXT_TESTS[kind]
        return lambda row: any(isinstance(v, str) and holds(v.casefold(), part) for v in values(row))
    wanted = _wanted(field, query["value"], kind, pointer)
    if None in wanted:
        return lambda row: not (found := values(row)) or any(comparable(field, v) in wanted for v in found)
    return lambda row: any(comparable(field, value) in wanted for value in values(row))


def comparable(field: Field, value: Any) -> Any:
    """A kept value as the database compares it: texts regardless of case, numbers and truths as numbers."""
    if field.type == "d":
        return value
    if isinstance(value, bool):
        return float(value)
    if field.type in "nfb" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value.casefold()
    if isinstance(value, str):
        return value.casefold()
    return float(value) if isinstance(value, int | float) else value


def _asked(field: Field, value: Any) -> Any:
    """A value of a filter as it is compared; moments are brought into the notation in which they are kept."""
    if field.type == "d" and isinstance(value, str):
        try:
            return times.normalised(value)
        except ValueError:
            return value
    return comparable(field, value)


def _wanted(field: Field, value: Any, kind: str, pointer: str) -> set[Any]:
    if kind == "equals":
        if isinstance(value, list | dict):
            raise invalid(f'The value for filter "{field.name}" must be scalar.', f"{pointer}/value")
        return {_asked(field, value)}
    values = value.split("|") if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise invalid('Parameter "value" for equalsAny filter does not contain any value.', f"{pointer}/value")
    return {_asked(field, one) for one in values}


def _range(field: Field, values: Callable[[Row], list[Any]], parameters: Any, pointer: str) -> Test:
    if not isinstance(parameters, dict) or not parameters:
        raise invalid('Parameter "parameters" for range filter is missing.', f"{pointer}/parameters")
    if unknown := parameters.keys() - COMPARISONS.keys():
        raise invalid(f"Unknown range parameter: {', '.join(sorted(unknown))}", f"{pointer}/parameters")
    limits = [(COMPARISONS[name], _asked(field, limit)) for name, limit in parameters.items()]

    def test(row: Row) -> bool:
        found = (comparable(field, value) for value in values(row) if value is not None)
        return any(all(holds(value, limit) for holds, limit in limits) for value in found)

    return test


def _compound(store: Store, entity: Entity, query: Json, kind: str, pointer: str) -> Test:
    queries = query.get("queries")
    if not isinstance(queries, list) or not queries:
        raise invalid(f'Parameter "queries" for {kind} filter is missing.', f"{pointer}/queries")
    tests = [compile_filter(store, entity, one, f"{pointer}/queries/{i}") for i, one in enumerate(queries)]
    operator = str(query.get("operator") or (kind if kind in {"and", "or"} else "and")).lower()
    if operator not in {"and", "or", "nor", "nand"}:
        raise invalid(f"Operator {operator} is not allowed.", f"{pointer}/operator")
    is_any = operator in {"or", "nor"}
    negates = kind == "not" or operator in {"nor", "nand"}
    combine = any if is_any else all
    return lambda row: combine(test(row) for test in tests) != negates
