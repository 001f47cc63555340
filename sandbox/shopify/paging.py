"""Connections: pages of a sorted list by cursor, with the errors of wrong `first`, `last` and cursors."""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import orjson

from sandbox.shopify.errors import bad_request, coded
from sandbox.shopify.store import Json, number_of

MAX_PAGE = 250
UNLIMITED: ContextVar[bool] = ContextVar("UNLIMITED", default=False)
"""Set while a bulk operation runs, which knows no pages."""
Key = tuple[Any, int]


class Sorted(NamedTuple):
    """Documents in the order of a sort key, with the key of each."""

    keys: list[Key]
    items: list[Json]
    is_reversed: bool = False


def cursor_of(key: Key) -> str:
    """A cursor as opaque text."""
    return base64.b64encode(orjson.dumps({"last_id": key[1], "last_value": key[0]})).decode()


def in_order(items: Sequence[Json]) -> Sorted:
    """A list that is shown in the order it has."""
    return Sorted([(number, number) for number in range(len(items))], list(items))


def by_id(items: Sequence[Json]) -> Sorted:
    """A list sorted by the number of its ids."""
    ordered = sorted(items, key=lambda item: number_of(item["id"]))
    return Sorted([(number_of(item["id"]),) * 2 for item in ordered], ordered)


def page(found: Sorted, args: Json, *, needs_size: bool = True) -> Json:
    """The page that `first`/`after` or `last`/`before` ask for, with nodes, edges and pageInfo."""
    first, last = args.get("first"), args.get("last")
    _check_size(first, last, needs_size=needs_size)
    start, end = _bounds(found, args)
    low, high = start, end
    if last is not None:
        low = max(start, end - last)
    else:
        high = min(end, start + (MAX_PAGE if first is None else first))
    items, keys = found.items[low:high], found.keys[low:high]
    info = {
        "hasNextPage": high < len(found.items),
        "hasPreviousPage": low > 0,
        "startCursor": cursor_of(keys[0]) if keys else None,
        "endCursor": cursor_of(keys[-1]) if keys else None,
    }
    return {"nodes": items, "pageInfo": info, "keys": keys}


def edges(_call: Any, source: Json, _args: Json) -> list[Json]:
    """The edges of a page."""
    return [{"cursor": cursor_of(key), "node": node} for key, node in zip(source["keys"], source["nodes"], strict=True)]


def listed(items: Sequence[Json], args: Json) -> Json:
    """A page of a list that lies inside a document."""
    return page(in_order(items[::-1] if args.get("reverse") else items), args)


def _check_size(first: int | None, last: int | None, *, needs_size: bool) -> None:
    if first is None and last is None:
        if needs_size:
            raise bad_request("you must provide one of first or last")
        return
    if first is not None and last is not None:
        raise bad_request("providing both first and last is not supported")
    name, size = ("first", first) if first is not None else ("last", last)
    if size is not None and size < 0:
        raise coded(f"{name} cannot be negative", "INVALID_FIELD_ARGUMENTS")
    if size is not None and size > MAX_PAGE and not UNLIMITED.get():
        raise coded(f"{name} cannot exceed {MAX_PAGE}", "INVALID_FIELD_ARGUMENTS")


def _bounds(found: Sorted, args: Json) -> tuple[int, int]:
    """Where the page may begin and must end, by the cursors."""
    start, end = 0, len(found.items)
    keys = found.keys
    try:
        if args.get("after") is not None:
            key = _key(args["after"])
            start = len(keys) - bisect_left(keys[::-1], key) if found.is_reversed else bisect_right(keys, key)
        if args.get("before") is not None:
            key = _key(args["before"])
            end = len(keys) - bisect_right(keys[::-1], key) if found.is_reversed else bisect_left(keys, key)
    except TypeError:
        raise _invalid_cursor() from None
    return start, max(start, end)


def _key(cursor: str) -> Key:
    try:
        value = orjson.loads(base64.b64decode(cursor, validate=True))
        return value["last_value"], value["last_id"]
    except (ValueError, KeyError, TypeError):
        raise _invalid_cursor() from None


def _invalid_cursor() -> Exception:
    return coded("Invalid cursor for current pagination sort.", "INVALID_FIELD_ARGUMENTS")
