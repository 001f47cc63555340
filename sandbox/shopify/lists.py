"""Lists at the root of the schema: searched, sorted, remembered until something of the kind changes, and paged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.errors import coded
from sandbox.shopify.paging import Sorted, page
from sandbox.shopify.schema import Call
from sandbox.shopify.search import Field, Getter, Search
from sandbox.shopify.store import Json, Store, number_of

REMEMBERED = 64
PAGING_END = 25_000
SortKey = Callable[[Json], Any]


@dataclass(frozen=True)
class Listing:
    """How a kind of document, or what lies inside it, can be searched and sorted."""

    kind: str
    fields: Mapping[str, Field]
    words: Getter
    sorts: Mapping[str, SortKey]
    default_sort: str = "ID"
    items: Callable[[Store], Iterable[Json]] | None = None
    """What is listed where it lies inside documents of the kind."""


def found(
    call: Call, listing: Listing, args: Json, keep: Callable[[Json], bool] | None = None, mark: str = ""
) -> Sorted:
    """The documents of a list in its order; `keep` filters further and `mark` tells such lists apart."""
    shop = call.shop
    query, sort_key = args.get("query") or "", args.get("sortKey") or listing.default_sort
    version = shop.store.versions.get(listing.kind, 0)
    key = (listing.kind, listing.items, query, sort_key, bool(args.get("reverse")), mark, version)
    search = Search(query, listing.fields, listing.words, shop.clock())
    for name in search.unknown:
        warning = {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
        call.warnings.append({"path": [listing.kind], "query": query, "warnings": [warning]})
    if key not in shop.searches or "now" in query:
        if len(shop.searches) >= REMEMBERED:
            shop.searches.clear()
        shop.searches[key] = _sorted(call, listing, search, args, keep)
    return shop.searches[key]


def connection(
    call: Call, listing: Listing, args: Json, keep: Callable[[Json], bool] | None = None, mark: str = ""
) -> Json:
    """A page of a list."""
    return page(found(call, listing, args, keep, mark), args)


def count(call: Call, listing: Listing, args: Json, keep: Callable[[Json], bool] | None = None, mark: str = "") -> Json:
    """How many there are, exact up to the limit (10,000 unless another or none is asked for)."""
    number = len(found(call, listing, args, keep, mark).items)
    limit = args.get("limit", 10_000)
    if limit is not None and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


def _sorted(call: Call, listing: Listing, search: Search, args: Json, keep: Callable[[Json], bool] | None) -> Sorted:
    name = args.get("sortKey") or listing.default_sort
    sort = listing.sorts.get("ID" if name == "RELEVANCE" else name)
    if sort is None:
        raise coded(f"sortKey {name} is not served by this sandbox", "INVALID_FIELD_ARGUMENTS")
    is_reversed, store = bool(args.get("reverse")), call.shop.store
    items = [
        ((sort(item), number_of(item["id"])), item)
        for item in (listing.items(store) if listing.items else store.table(listing.kind).values())
        if (keep is None or keep(item)) and search.matches(item)
    ]
    items.sort(key=lambda pair: pair[0], reverse=is_reversed)
    return Sorted([key for key, _ in items], [item for _, item in items], is_reversed)
