"""Fetching orders page by page in the order of their last change, so that none is skipped when rows move meanwhile."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from canonical.failure import Failure, FailureError
from canonical.order import DocumentPage, RawDocument
from connectors.answers import Answer, RefusedError
from connectors.raw import moment_of, unreadable, utc
from connectors.transport import Calls, Params
from connectors.woocommerce.answers import INVALID_ID, error_of, rows_of
from connectors.woocommerce.models import REFUNDS_KEY
from connectors.woocommerce.products import all_rows

PAGE = 100
SECOND = timedelta(seconds=1)
LONGEST_FETCH = 30.0
CLOCK_TOLERANCE = timedelta(minutes=10)
CLOSED = frozenset({"completed", "cancelled", "refunded", "failed", "trash"})
REFUND_FIELDS = "id,line_items"


@dataclass(frozen=True)
class Cursor:
    """Where to go on: after a moment; or inside the one second that follows it, when that second fills whole pages.

    Such a bunch is read by id, page by page; `total` is its size at its first page. Text form: `2026-01-31T12:00:00`, or with
    `|page|total` behind it.
    """

    since: datetime
    page: int = 0
    total: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read the text form; a moment of any zone is taken to UTC."""
        moment, _, bunch = text.partition("|")
        since = utc(moment)
        page, _, total = bunch.partition("|")
        return cls(since.replace(microsecond=0), int(page or 0), int(total or 0))

    def __str__(self) -> str:
        moment = self.since.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}|{self.page}|{self.total}" if self.page else moment

    def params(self, per_page: int) -> Params:
        """The shop's filter; both bounds exclude their own second."""
        filters: dict[str, str | int] = {
            "modified_after": self.since.strftime("%Y-%m-%dT%H:%M:%S"),
            "dates_are_gmt": "true",
            "order": "asc",
            "per_page": per_page,
        }
        if not self.page:
            return {**filters, "orderby": "modified"}
        before = (self.since + 2 * SECOND).strftime("%Y-%m-%dT%H:%M:%S")
        return {**filters, "orderby": "id", "modified_before": before, "page": self.page}


def fetch(calls: Calls, cursor: str, limit: int) -> DocumentPage:
    """Fetch changed orders from the cursor on, several pages at once, each order once; a poll without news is one call."""
    at, more = Cursor.parse(cursor), True
    documents: dict[str, RawDocument] = {}
    deadline = time.monotonic() + LONGEST_FETCH
    per_page = min(PAGE, limit)
    while more and len(documents) + per_page <= limit and time.monotonic() < deadline:
        asked_at = datetime.now(UTC)
        size = PAGE if at.page else per_page
        answer = calls.get("/orders", at.params(size))
        page = _documents(calls, answer)
        documents |= {row.external_id: row for row in page}
        at, more = _in_bunch(at, page, answer) if at.page else _next(at, page, size, asked_at)
    return DocumentPage(documents=tuple(documents.values()), cursor=str(at), more=more)


def _next(at: Cursor, page: Sequence[RawDocument], size: int, asked_at: datetime) -> tuple[Cursor, bool]:
    """Go on one second before the last change: a row that moves while paging comes later, and none before it is lost."""
    changes = [row.modified_at for row in page if row.modified_at is not None]
    if len(page) < size:
        since = max([at.since, *(change - SECOND for change in changes)])
        if since > asked_at + CLOCK_TOLERANCE:
            # A date in the future must not hide what is changed from now on.
            since = (asked_at - CLOCK_TOLERANCE).replace(microsecond=0)
        return Cursor(since), False
    if not changes:
        raise FailureError(
            Failure.of("DOCUMENT_INVALID", problems="date_modified_gmt: missing in every order of a page")
        )
    since = max(changes) - SECOND
    if since > at.since:
        return Cursor(since), True
    return Cursor(at.since, page=1), True


def _in_bunch(at: Cursor, page: Sequence[RawDocument], answer: Answer) -> tuple[Cursor, bool]:
    """Read on inside one second; if a row has left it meanwhile, the pages have shifted and it is read again."""
    stated = answer.headers.get("x-wp-total", "")
    total = int(stated) if stated.isdecimal() else 0
    if at.page > 1 and total < at.total:
        return Cursor(at.since, page=1), True
    if len(page) < PAGE or at.page * PAGE == total:
        return Cursor(at.since + SECOND), True
    return Cursor(at.since, at.page + 1, total), True


def fetch_by_number(calls: Calls, numbers: Sequence[str]) -> DocumentPage:
    """Fetch single orders; without a plug-in the number is the id, with one it is found by the shop's search."""
    wanted = list(dict.fromkeys(number.strip().removeprefix("#") for number in numbers if number.strip()))
    found: dict[str, RawDocument] = {}
    ids = [number for number in wanted if number.isascii() and number.isdecimal()]
    for start in range(0, len(ids), PAGE):
        chunk = ids[start : start + PAGE]
        answer = calls.get("/orders", {"include": ",".join(chunk), "per_page": PAGE})
        found |= {row.number: row for row in _documents(calls, answer)}
    for number in wanted:
        if number not in found:
            answer = calls.get("/orders", {"search": number, "per_page": PAGE})
            found |= {row.number: row for row in _documents(calls, answer) if row.number == number}
    return DocumentPage(documents=tuple(found[number] for number in wanted if number in found), cursor="", more=False)


def _documents(calls: Calls, answer: Answer) -> list[RawDocument]:
    """The orders of a page, those with refunds completed by what was refunded."""
    return [document(_with_refunds(calls, row)) for row in rows_of(answer)]


def _with_refunds(calls: Calls, row: Any) -> Any:
    """Add the lines of an order's refunds, of which the order itself only names the totals.

    Only where the order may still be imported: what is closed in the shop is skipped anyway.
    """
    if not isinstance(row, dict) or not row.get("refunds") or row.get("status") in CLOSED or not row.get("id"):
        return row
    try:
        refunds = all_rows(calls, f"/orders/{row['id']}/refunds", {"_fields": REFUND_FIELDS})
    except RefusedError as error:
        if error.answer.status == 404 and error_of(error.answer)[0].endswith((INVALID_ID, "invalid_order_id")):
            return row
        raise
    return {**row, REFUNDS_KEY: refunds}


def document(row: Any) -> RawDocument:
    """Keep a row as it came; one without an id is kept too, under the fingerprint of its bytes, and fails when it is read."""
    body = orjson.dumps(row)
    order_id = row.get("id") if isinstance(row, dict) else None
    if not isinstance(order_id, int) or isinstance(order_id, bool) or order_id <= 0:
        return unreadable(body)
    number = row.get("number")
    return RawDocument(
        external_id=str(order_id),
        number=number if isinstance(number, str) and number else str(order_id),
        modified_at=moment_of(row.get("date_modified_gmt")),
        body=body,
    )
