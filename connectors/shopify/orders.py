"""Fetching orders in the order of their last change; a page is as large as one query may cost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from canonical.order import DocumentPage, RawDocument
from connectors.raw import moment_of, unreadable, utc
from connectors.shopify.graph import Graph, Reply, TooExpensiveError, gid, mapping, next_page, nodes, number_of, quoted
from connectors.shopify.order_documents import LINE_PAGE, ORDER_LINES, ORDERS, PER_ORDER

PAGE = 50
SECOND = timedelta(seconds=1)
LONGEST_FETCH = 30.0
CLOCK_TOLERANCE = timedelta(minutes=10)
SEARCH_LAG = timedelta(minutes=1)
"""Orders are found by a search index, which may learn of a change after it knows a later one: so much is read again."""
NAMES = 20
PLANNED = 980.0
"""Points of a page: below the limit, because costs are reckoned and not known."""


@dataclass(frozen=True)
class Cursor:
    """Where to go on: with a moment; or, where one second fills a whole page, inside it after the id `after`.

    Text form: `2026-01-31T12:00:00`, or with `|after` behind it.
    """

    since: datetime
    after: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read the text form; a moment of any zone is taken to UTC."""
        moment, _, after = text.partition("|")
        since = utc(moment)
        return cls(since.replace(microsecond=0), int(after) if after else None)

    def __str__(self) -> str:
        moment = self.since.strftime("%Y-%m-%dT%H:%M:%S")
        return moment if self.after is None else f"{moment}|{self.after}"

    @property
    def query(self) -> str:
        """The shop's search."""
        found = f"updated_at:>='{_stamp(self.since)}'"
        return found if self.after is None else f"{found} updated_at:<'{_stamp(self.since + SECOND)}' id:>{self.after}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class OrderFetcher:
    """Fetches orders of one shop; remembers what an order costs there."""

    def __init__(self, graph: Graph, *, with_tests: bool, with_company: bool) -> None:
        self._graph = graph
        self._filter = "" if with_tests else " test:false"
        self._with_company = with_company
        self._per_order = PER_ORDER

    def fetch(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on, each once; a poll without news is one query."""
        start = at = Cursor.parse(cursor)
        documents: dict[str, RawDocument] = {}
        deadline, more = time.monotonic() + LONGEST_FETCH, True
        while more and (room := limit - len(documents)) > 0 and time.monotonic() < deadline:
            asked_at = datetime.now(UTC)
            connection, is_full = self._page(at.query + self._filter, room, by_id=at.after is not None)
            page = [self._document(row) for row in nodes(connection)]
            documents |= {row.external_id: row for row in page}
            if at.after is not None:
                at, more = _in_bunch(at, page, is_full=is_full), True
            else:
                at, more = _next(start, at, page, asked_at, is_full=is_full)
        return DocumentPage(documents=tuple(documents.values()), cursor=str(at), more=more)

    def fetch_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by name, with or without the shop's prefix, or by id; unknown ones are left out."""
        wanted = list(dict.fromkeys(filter(None, (number.strip().removeprefix("#") for number in numbers))))
        found: dict[str, RawDocument] = {}
        for start in range(0, len(wanted), NAMES):
            terms = [f"name:{quoted(number)}" for number in wanted[start : start + NAMES]]
            terms += [
                f"id:{number}" for number in wanted[start : start + NAMES] if number.isascii() and number.isdecimal()
            ]
            after = ""
            while True:
                connection, is_full = self._page(" OR ".join(terms), PAGE, by_id=True, after=after)
                rows = [self._document(row) for row in nodes(connection)]
                found = {number_of(row.external_id): row for row in rows} | found | {row.number: row for row in rows}
                after = next_page(connection)
                if not is_full or not after:
                    break
        return DocumentPage(
            documents=tuple(found[number] for number in wanted if number in found), cursor="", more=False
        )

    def _page(self, query: str, room: int, *, by_id: bool, after: str = "") -> tuple[dict[str, Any], bool]:
        """One page as large as a query may cost; a shop that reckons more than we do is asked for less."""
        while True:
            first = max(1, min(PAGE, room, int(PLANNED / self._per_order)))
            variables = {
                "first": first,
                "query": query,
                "sortKey": "ID" if by_id else "UPDATED_AT",
                "after": after or None,
                "company": self._with_company,
            }
            try:
                reply = self._graph.run(ORDERS, variables, cost=first * self._per_order)
            except TooExpensiveError:
                if first == 1:
                    raise
                self._per_order *= 2
                continue
            self._learn(reply, first)
            connection = reply.part("orders")
            return connection, mapping(connection.get("pageInfo")).get("hasNextPage") is True

    def _learn(self, reply: Reply, first: int) -> None:
        """Plan the next page by what the shop reckons for an order; a single one tells too little."""
        if first > 1:
            self._per_order = max(1.0, reply.cost / first)

    def _document(self, row: dict[str, Any]) -> RawDocument:
        """Keep an order as it came, with all of its lines."""
        lines = row.get("lineItems")
        after = next_page(lines)
        while after and isinstance(lines, dict):
            reply = self._graph.run(ORDER_LINES, {"id": row.get("id"), "first": LINE_PAGE, "after": after})
            more = reply.part("order").get("lineItems")
            lines["nodes"] = [*nodes(lines), *nodes(more)]
            after = next_page(more)
        if isinstance(lines, dict):
            lines.pop("pageInfo", None)
        return document_of(row)


def _next(
    start: Cursor, at: Cursor, page: Sequence[RawDocument], asked_at: datetime, *, is_full: bool
) -> tuple[Cursor, bool]:
    """Go on with the second of the last change: a row that moves while paging comes later, and none before it is lost."""
    last = max([at.since, *(row.modified_at for row in page if row.modified_at is not None)]).replace(microsecond=0)
    if is_full:
        return (Cursor(last), True) if last > at.since else (Cursor(at.since, after=0), True)
    # All is read. What the search may learn late is within the last minute, unless the call began later; and a date in
    # the future must not hide what is changed from now on.
    settled = (asked_at - SEARCH_LAG).replace(microsecond=0)
    since = max(start.since, min(last, settled))
    return Cursor(settled if since > asked_at + CLOCK_TOLERANCE else since), False


def _in_bunch(at: Cursor, page: Sequence[RawDocument], *, is_full: bool) -> Cursor:
    """Read on inside one second by id; a row that leaves it meanwhile shifts nothing."""
    ids = [int(number) for row in page if (number := number_of(row.external_id))]
    if not is_full or not ids:
        return Cursor(at.since + SECOND)
    return Cursor(at.since, after=max(ids))


def document_of(row: dict[str, Any]) -> RawDocument:
    """Name an order for the inbox; one without an id is kept under the fingerprint of its bytes, and fails when it is read."""
    body = orjson.dumps(row)
    number = number_of(row.get("id"))
    if not number:
        return unreadable(body)
    name = row.get("name")
    return RawDocument(
        external_id=gid("Order", number),
        number=name.removeprefix("#") if isinstance(name, str) and name.removeprefix("#") else number,
        modified_at=moment_of(row.get("updatedAt")),
        body=body,
    )
