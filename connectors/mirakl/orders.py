"""Fetching orders by OR11: sorted by creation only, so a window of changes is read to its end before the cursor moves on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from canonical.failure import FailureError
from canonical.order import DocumentPage, RawDocument
from connectors.answers import Answer, not_json
from connectors.mirakl.api import Api, object_of, rows_in
from connectors.mirakl.lanes import MINUTE
from connectors.mirakl.mapping import parse
from connectors.mirakl.models import MiraklOrder
from connectors.raw import moment_of, unreadable, utc
from connectors.transport import Params

PAGE = 100
"""The vendor's most; also for `order_ids`."""
OVERLAP = timedelta(seconds=90)
"""Changes younger than this when a window was begun may still become visible, so the next window begins before them.

The vendor subtracts a time of its own besides."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    """A window of changes from `since` on, and how far it is read.

    While it is read, orders that change meanwhile come into it, also before `offset`; rows then move back and come twice.
    Those that came in behind our back changed after `begun_at`, which the next window begins before; a window of several
    pages is followed by a short one at once. Should rows leave the window (`total` shrinks), the offset goes back as far. Text form: `2026-01-31T12:00:00Z`, inside a window with
    `|offset|total|begun_at|newest` behind it.
    """

    since: datetime
    offset: int = 0
    total: int = 0
    begun_at: datetime = EPOCH
    newest: datetime = EPOCH

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read the text form; a moment of any zone is taken to UTC."""
        moment, *rest = text.split("|")
        since = utc(moment).replace(microsecond=0)
        if len(rest) != 4:
            return cls(since)
        return cls(since, int(rest[0]), int(rest[1]), utc(rest[2]), utc(rest[3]))

    def __str__(self) -> str:
        if not self.offset:
            return _text(self.since)
        return "|".join(
            (_text(self.since), str(self.offset), str(self.total), _text(self.begun_at), _text(self.newest))
        )

    def after(self, rows: Sequence[RawDocument], total: int, asked_at: datetime) -> tuple["Cursor", bool]:
        """Where to go on after a page, and whether the window goes on."""
        begun_at = self.begun_at if self.offset else asked_at
        newest = max([self.newest, *(row.modified_at for row in rows if row.modified_at is not None)])
        offset = self.offset + len(rows) - max(0, self.total - total if self.offset else 0)
        if rows and offset <= 0:
            return Cursor(self.since), True
        if rows and offset < total:
            return replace(self, offset=offset, total=total, begun_at=begun_at, newest=newest), True
        short = (min(newest, begun_at) - OVERLAP).replace(microsecond=0)
        if self.offset and short > self.since:
            return Cursor(short), True
        return Cursor(max(self.since, min(newest, begun_at - OVERLAP).replace(microsecond=0))), False


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def fetch(api: Api, cursor: str, limit: int) -> DocumentPage:
    """Fetch one page of changed orders: one call, because the vendor permits one a minute."""
    at = Cursor.parse(cursor)
    asked = datetime.now(UTC)
    # States are not filtered: an order that leaves the filter would move the rows behind it out of sight.
    params: Params = {"start_update_date": _text(at.since), "max": max(1, min(PAGE, limit)), "offset": at.offset}
    answer = api.get("OR11", "/orders", params)
    rows = [document(row) for row in rows_in(answer, "orders")]
    following, more = at.after(rows, _total(answer), _server_time(answer, asked))
    documents = {row.external_id: row for row in rows}
    return DocumentPage(
        documents=tuple(documents.values()), cursor=str(following), more=more, ask_again_after=MINUTE if more else 0
    )


def _total(answer: Answer) -> int:
    total = object_of(answer).get("total_count")
    if not isinstance(total, int):
        raise FailureError(not_json(answer))
    return total


def _server_time(answer: Answer, asked: datetime) -> datetime:
    """When the marketplace answered, by its own clock; ours where it does not say. Never later than it can be."""
    try:
        stated = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return asked
    return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)


def fetch_by_number(api: Api, numbers: Sequence[str]) -> DocumentPage:
    """Fetch single orders by their id, which is their number; what the marketplace does not know is left out."""
    wanted = list(dict.fromkeys(number.strip().removeprefix("#") for number in numbers if number.strip()))
    rows = [document(row) for row in rows_by_id(api, wanted)]
    found = {row.number: row for row in rows}
    return DocumentPage(documents=tuple(found[number] for number in wanted if number in found), cursor="", more=False)


def rows_by_id(api: Api, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The orders with these ids as they come; a comma would separate two, so an id with one cannot exist."""
    asked = [order for order in dict.fromkeys(ids) if is_id(order)]
    rows: list[dict[str, Any]] = []
    for start in range(0, len(asked), PAGE):
        params: Params = {"order_ids": ",".join(asked[start : start + PAGE]), "max": PAGE}
        rows += rows_in(api.get("OR11", "/orders", params), "orders")
    return rows


def is_id(order: str) -> bool:
    """Whether it can be an order's id: it goes into paths and comma-separated lists."""
    return bool(order) and order.isascii() and order.isprintable() and not set(order) & set(",/?#%\\ ")


class OrdersById:
    """The current state of some orders, read by one call for a hundred."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self._rows = {str(row.get("order_id")): row for row in rows}

    def get(self, order: str) -> MiraklOrder | None:
        """One of them; None if the marketplace does not know it. Raises `FailureError` for one that cannot be read."""
        row = self._rows.get(order)
        return parse(orjson.dumps(row)) if row is not None else None


def read_by_id(api: Api, ids: Sequence[str]) -> OrdersById:
    """Read some orders; without any id that can be one, no call is made. Raises `FailureError` of the call."""
    return OrdersById(rows_by_id(api, ids))


def document(row: dict[str, Any]) -> RawDocument:
    """Keep a row as it came; one without an id is kept under the fingerprint of its bytes, and fails when it is read."""
    body = orjson.dumps(row)
    order_id = row.get("order_id")
    if not isinstance(order_id, str) or not order_id.strip():
        return unreadable(body)
    return RawDocument(
        external_id=order_id, number=order_id, modified_at=moment_of(row.get("last_updated_date")), body=body
    )
