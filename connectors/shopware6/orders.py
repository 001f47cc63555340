"""Fetching orders in sweeps, each in the order of the orders' own numbers, so that none is skipped when rows move meanwhile."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import orjson

from canonical.order import DocumentPage, RawDocument
from connectors.answers import Answer
from connectors.raw import moment_of, unreadable, utc
from connectors.shopware6.search import LIVE, Row, any_of, beyond, equals, find_by, items, joined, one_of, rows_of
from connectors.transport import Calls

PAGE = 100
LONGEST_FETCH = 30.0
OVERLAP = timedelta(seconds=5)
"""How far a sweep begins before the newest change of the last one: a change shows only when its transaction ends."""

ASSOCIATIONS = joined(
    "lineItems",
    "deliveries.shippingMethod",
    "deliveries.shippingOrderAddress.country",
    "deliveries.shippingOrderAddress.countryState",
    "deliveries.stateMachineState",
    "transactions.paymentMethod",
    "transactions.stateMachineState",
    "transactions.captures.refunds.stateMachineState",
    "billingAddress.country",
    "billingAddress.countryState",
    "orderCustomer.customer",
    "currency",
    "language.locale",
    "salesChannel",
    "stateMachineState",
    "tags",
)
"""Without them even the states are missing (since 6.6)."""


@dataclass(frozen=True)
class Cursor:
    """A sweep reads all orders changed from `since` on by `autoIncrement`, which never changes and has no ties.

    What changes behind the reader is found by the next sweep: it begins where the newest change stood when this one began
    (`newest`). Text form: a moment; inside a sweep with `|newest|after` behind it.
    """

    since: datetime
    newest: datetime | None = None
    after: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read the text form; a moment of any zone is taken to UTC."""
        since, *sweep = text.split("|")
        if not sweep:
            return cls(utc(since))
        newest, after = sweep
        return cls(utc(since), utc(newest), int(after))

    def __str__(self) -> str:
        since = _iso(self.since)
        return since if self.newest is None else f"{since}|{_iso(self.newest)}|{self.after}"

    def criteria(self, limit: int, channels: Iterable[str]) -> Row:
        """The shop's filter. A paid order changes its transaction, not itself, so that is looked at too."""
        since = _iso(self.since)
        changed = any_of(
            beyond("updatedAt", gte=since),
            beyond("createdAt", gte=since),
            beyond("transactions.updatedAt", gte=since),
        )
        wanted = sorted(channels)
        filters = [changed, *([one_of("salesChannelId", wanted)] if wanted else [])]
        if self.after:
            filters.append(beyond("autoIncrement", gt=self.after))
        return {
            "limit": limit,
            "filter": filters,
            "sort": [{"field": "autoIncrement", "order": "ASC"}],
            "associations": ASSOCIATIONS,
        }

    def ended(self, newest: datetime | None, now: datetime) -> "Cursor":
        """The beginning of the next sweep; a date in the future must not hide what changes from now on."""
        if newest is None:
            return Cursor(self.since)
        return Cursor(max(self.since, min(newest, now) - OVERLAP))


def fetch(calls: Calls, channels: Iterable[str], cursor: str, limit: int) -> DocumentPage:
    """Fetch changed orders from the cursor on, several pages at once; a poll without news is one call."""
    at, more = Cursor.parse(cursor), True
    documents: dict[str, RawDocument] = {}
    deadline = time.monotonic() + LONGEST_FETCH
    size = min(PAGE, limit)
    while more and len(documents) + size <= limit and time.monotonic() < deadline:
        answer = calls.post("/search/order", at.criteria(size, channels))
        rows = rows_of(answer)
        documents |= {row.external_id: row for row in map(document, filter(is_live, rows))}
        last = max((number for row in rows if isinstance(number := row.get("autoIncrement"), int)), default=0)
        # A page that does not lead on would be asked for again and again.
        more = len(rows) == size and last > at.after
        changes = [change for row in rows if (change := changed_at(row))]
        if more:
            newest = at.newest or _newest(calls, at.since) or max(changes, default=at.since)
            at = Cursor(at.since, newest, last)
        else:
            swept, at = at, at.ended(at.newest or max(changes, default=None), _shop_time(answer))
            # After several pages another sweep brings at once what changed behind them.
            more = swept.newest is not None and at.since > swept.since
    return DocumentPage(documents=tuple(documents.values()), cursor=str(at), more=more)


def _newest(calls: Calls, since: datetime) -> datetime | None:
    """The newest change of any order; asked for when a sweep turns out to take several pages."""
    found = []
    for entity, field in (("order", "updatedAt"), ("order", "createdAt"), ("order-transaction", "updatedAt")):
        criteria: Row = {
            "limit": 1,
            "filter": [beyond(field, gte=_iso(since))],
            "sort": [{"field": field, "order": "DESC"}],
            "includes": {entity.replace("-", "_"): [field]},
        }
        found += [moment_of(row.get(field)) for row in rows_of(calls.post(f"/search/{entity}", criteria))]
    return max((moment for moment in found if moment), default=None)


def fetch_by_number(calls: Calls, numbers: Sequence[str]) -> DocumentPage:
    """Fetch single orders by number, in the order asked for; what the shop does not know is left out."""
    wanted = list(dict.fromkeys(number.strip().removeprefix("#") for number in numbers if number.strip()))
    rows = find_by(calls, "order", "orderNumber", wanted, associations=ASSOCIATIONS)
    found = {row.number: row for row in map(document, filter(is_live, rows))}
    return DocumentPage(documents=tuple(found[number] for number in wanted if number in found), cursor="", more=False)


def order_of(calls: Calls, order_ref: str, *associations: str) -> Row | None:
    """One order with what is asked for; None if the shop does not know it."""
    criteria: Row = {"limit": 1, "filter": [equals("id", order_ref)], "associations": joined(*associations)}
    rows = [row for row in rows_of(calls.post("/search/order", criteria)) if is_live(row)]
    return rows[0] if rows else None


def is_live(row: Row) -> bool:
    """Whether this is the order itself and not somebody's unsaved draft of it."""
    return row.get("versionId") in (None, LIVE)


def document(row: Row) -> RawDocument:
    """Keep a row as it came; one without an id is kept too, under the fingerprint of its bytes, and fails when it is read."""
    body = orjson.dumps(row)
    order_id = row.get("id")
    if not isinstance(order_id, str) or not order_id:
        return unreadable(body)
    number = row.get("orderNumber")
    return RawDocument(
        external_id=order_id,
        number=number if isinstance(number, str) and number else order_id,
        modified_at=changed_at(row),
        body=body,
    )


def changed_at(row: Row) -> datetime | None:
    """When an order changed last: itself, or the state of its payment."""
    stated = [row.get("createdAt"), row.get("updatedAt")]
    stated += [transaction.get("updatedAt") for transaction in items(row, "transactions")]
    return max((moment for value in stated if (moment := moment_of(value))), default=None)


def _shop_time(answer: Answer) -> datetime:
    """The shop's own clock, where it tells; ours may be ahead of it."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return datetime.now(UTC)


def _iso(moment: datetime) -> str:
    """As Shopware writes its filters: UTC, with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
