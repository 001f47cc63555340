"""Imports of files: handed over now, answered later; each with its own operations for status and report."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from canonical.catalogue import ListingPage
from canonical.failure import FailureError
from canonical.push import PushAnswer
from connectors.answers import Answer, RefusedError, not_json
from connectors.mirakl.api import Api, object_of, rows_in
from connectors.mirakl.listings import PAGE, fetch, fetch_by_sku
from connectors.mirakl.reports import all_refused, reasons_in, results_of
from connectors.mirakl.tables import CSV, form
from connectors.mirakl.tickets import Entry, Ticket


@dataclass(frozen=True)
class ImportKind:
    """One of the vendor's imports of offers, stock or prices; seconds between two questions for its status."""

    operation: str
    path: str
    status: str
    status_path: str
    report: str
    report_path: str
    every: float


STOCK = ImportKind(
    "STO01",
    "/offers/stock/imports",
    "STO02",
    "/offers/stock/imports/{id}/status",
    "STO03",
    "/offers/stock/imports/{id}/error_report",
    15,
)
PRICES = ImportKind(
    "PRI01",
    "/offers/pricing/imports",
    "PRI02",
    "/offers/pricing/imports?import_id={id}",
    "PRI03",
    "/offers/pricing/imports/{id}/error_report",
    60,
)
OFFERS = ImportKind(
    "OF01", "/offers/imports", "OF02", "/offers/imports/{id}", "OF03", "/offers/imports/{id}/error_report", 60
)
LONGEST = timedelta(days=1)
"""After that nothing is waited for any more: the records count as refused, and are sent again."""
KINDS: Mapping[str, ImportKind] = {kind.operation: kind for kind in (STOCK, PRICES, OFFERS)}


def upload(
    api: Api, kind: ImportKind, table: bytes, entries: Sequence[Entry], fields: Mapping[str, str] | None = None
) -> PushAnswer:
    """Hand a table over; the answer is a ticket, or the results where no record is in the table."""
    if all(entry.known for entry in entries):
        return PushAnswer(results=tuple(entry.known for entry in entries if entry.known))
    answer = api.post(kind.operation, kind.path, form(fields or {}, [("file", f"{kind.operation}.csv", CSV, table)]))
    ticket = Ticket(kind.operation, import_id(answer), tuple(entries), datetime.now(UTC).isoformat(timespec="seconds"))
    return PushAnswer(ticket=str(ticket), ask_again_after=kind.every)


def import_id(answer: Answer) -> str:
    """The id of an import that was taken; the price import has an older name for it besides."""
    body = object_of(answer)
    found = body.get("import_id") or body.get("importId")
    if not isinstance(found, int | str) or isinstance(found, bool):
        raise FailureError(not_json(answer))
    return str(found)


def check(api: Api, ticket: Ticket) -> PushAnswer:
    """Ask for an import's outcome; a ticket in the answer means: not yet. Raises `FailureError`."""
    kind = KINDS[ticket.operation]
    try:
        status = _status(api, kind, ticket)
    except RefusedError as error:
        if error.answer.status != 404:
            raise
        return all_refused(ticket.entries, f"{ticket.operation} {ticket.import_id}: HTTP 404")
    match status.get("status"):
        case "COMPLETE":
            return _outcome(api, kind, ticket, status)
        case "FAILED":
            return all_refused(ticket.entries, str(status.get("reason_status") or "FAILED"))
    if ticket.begun_at and datetime.now(UTC) - datetime.fromisoformat(ticket.begun_at) > LONGEST:
        return all_refused(ticket.entries, f"{ticket.operation} {ticket.import_id}: {status.get('status') or '?'}")
    return PushAnswer(ticket=str(ticket), ask_again_after=kind.every)


def _status(api: Api, kind: ImportKind, ticket: Ticket) -> dict[str, Any]:
    """The import's own row; that of prices is found in a list."""
    path, _, query = kind.status_path.format(id=ticket.import_id).partition("?")
    if not query:
        return object_of(api.get(kind.status, path))
    answer = api.get(kind.status, path, {"import_id": ticket.import_id})
    rows = [row for row in rows_in(answer, "data") if str(row.get("import_id")) == ticket.import_id]
    return rows[0] if rows else {}


MOST_CALLS = 200
"""Of looking for offers after one import: at five a second less than an activity may take."""


def _absent(api: Api, skus: Collection[str]) -> set[str]:
    """Which refused numbers have no offer: the report's words do not decide that, a look at the offers does.

    One call for each, or all offers page by page where that is fewer calls; of more than `MOST_CALLS` the first ones only.
    Nothing counts as absent after a call that failed.
    """
    wanted = set(skus)
    try:
        if len(wanted) > 1:
            page = fetch(api, "", PAGE)
            pages = -(-(page.total or 0) // PAGE)
            if pages <= min(len(wanted), MOST_CALLS):
                return wanted - _listed(api, page)
        looked_at = list(islice(skus, MOST_CALLS))
        return {sku for sku in looked_at if not fetch_by_sku(api, [sku]).articles}
    except FailureError:
        return set()


def _listed(api: Api, page: ListingPage) -> set[str]:
    """The numbers of all offers, from the first page on."""
    found = {article.content.sku for article in page.articles}
    while page.more:
        page = fetch(api, page.cursor, PAGE)
        found |= {article.content.sku for article in page.articles}
    return found


def _outcome(api: Api, kind: ImportKind, ticket: Ticket, status: Mapping[str, Any]) -> PushAnswer:
    reasons: Mapping[str, str] = {}
    if status.get("has_error_report"):
        report = api.get(kind.report, kind.report_path.format(id=ticket.import_id))
        reasons = reasons_in(report.body, {entry.sku for entry in ticket.sent})
    stated = status.get("lines_in_error")
    in_error = stated if isinstance(stated, int) else len(reasons)
    absent = _absent(api, reasons) if kind is not OFFERS else set()
    return results_of(ticket.entries, reasons, lines_in_error=in_error, absent=absent)
