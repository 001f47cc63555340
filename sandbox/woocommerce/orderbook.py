"""All orders as prepared bytes, with sorted indexes, so that a page of a hundred is served without building a document."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

from sandbox.woocommerce.errors import Json

Key = tuple[str, int]


class Head(NamedTuple):
    """What selection needs to know of an order; dates are `_gmt` texts, which sort as they are."""

    id: int
    status: str
    created: str
    modified: str
    customer_id: int


class OrderBook(Mapping[int, Json]):
    """Orders by id; reading one parses it, so callers change a copy and `put` it back."""

    def __init__(self) -> None:
        self._bytes: dict[int, bytes] = {}
        self._heads: dict[int, Head] = {}
        self._statuses: Counter[str] = Counter()
        self._by_created: list[Key] = []
        self._by_modified: list[Key] = []
        self._ids: list[Key] = []

    def put(self, order: Json) -> None:
        """Store an order, replacing the one with the same id."""
        head = Head(
            order["id"], order["status"], order["date_created_gmt"], order["date_modified_gmt"], order["customer_id"]
        )
        before = self._heads.get(head.id)
        self._bytes[head.id] = orjson.dumps(order)
        self._statuses[head.status] += 1
        self._heads[head.id] = head
        if before is not None:
            self._statuses[before.status] -= 1
        else:
            insort(self._ids, ("", head.id))
        for index, old, new in (
            (self._by_created, before and before.created, head.created),
            (self._by_modified, before and before.modified, head.modified),
        ):
            if old == new:
                continue
            if old is not None:
                del index[bisect_left(index, (old, head.id))]
            insort(index, (new, head.id))

    def select(
        self, orderby: str, *, after: str | None, before: str | None, accepts: Callable[[Head], bool] | None
    ) -> Sequence[int]:
        """Ids in ascending order of `id`, `date` or `modified`; the bounds are exclusive and on the sort key's own date."""
        index = {"id": self._ids, "modified": self._by_modified}.get(orderby, self._by_created)
        low = bisect_right(index, (after, 2**63)) if after else 0
        high = bisect_left(index, (before, 0)) if before else len(index)
        if accepts is None:
            return [order_id for _, order_id in index[low:high]]
        heads = self._heads
        return [order_id for _, order_id in index[low:high] if accepts(heads[order_id])]

    def has_any_status(self, statuses: Iterable[str]) -> bool:
        """Whether any order is in one of these statuses; counted, not searched."""
        return any(self._statuses[status] for status in statuses)

    def page(self, ids: Iterable[int]) -> bytes:
        """Several orders as one JSON array, from the prepared bytes."""
        return b"[" + b",".join([self._bytes[order_id] for order_id in ids]) + b"]"

    def raw(self, order_id: int) -> bytes:
        """One order's prepared bytes."""
        return self._bytes[order_id]

    def newest(self, count: int) -> list[Json]:
        """The last orders that changed, newest first, for the page."""
        return [self[order_id] for _, order_id in self._by_modified[: -count - 1 : -1]]

    def __getitem__(self, order_id: int) -> Json:
        order: Json = orjson.loads(self._bytes[order_id])
        return order

    def __iter__(self) -> Iterator[int]:
        return iter([order_id for _, order_id in self._ids])

    def __len__(self) -> int:
        return len(self._bytes)
