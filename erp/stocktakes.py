"""Stocktakes (Inventur): a warehouse is counted while it works; posting moves by the difference found when counting."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp import numbers
from erp.scanning import refusal, scan
from erp.stock import Movement, Reason, post_movements
from erp.tables import Stocktake, Warehouse

MOST_LINES = 50_000
"""Lines of one pasted list; more are several lists."""
_NUMBER = re.compile(r"[0-9]{1,10}(?:[.,][0-9]{1,4})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
"""1.000 may be one or a thousand: nobody's stock is set by a guess."""


@dataclass(frozen=True, slots=True)
class CountEntry:
    """A line as a person typed or pasted it: an article and how much of it was found."""

    line: int
    article: str
    counted: str


@dataclass(frozen=True, slots=True)
class RefusedCount:
    """A line that was not taken, and why."""

    line: int
    article: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class CountReport:
    """What became of counted lines."""

    taken: int
    refused: tuple[RefusedCount, ...]


def start_stocktake(session: Session, warehouse_code: str, by: str, note: str = "") -> Stocktake:
    """Open a stocktake of a warehouse, numbered from the range `stocktake`.

    Raises `FailureError` WAREHOUSE_UNKNOWN, and STOCKTAKE_OPEN while another one of the warehouse is open.
    """
    query = select(Warehouse).where(col(Warehouse.code) == warehouse_code).with_for_update(key_share=True)
    warehouse = session.exec(query).first()
    if warehouse is None or warehouse.id is None:
        raise FailureError(Failure.of("WAREHOUSE_UNKNOWN", warehouse=warehouse_code))
    of_warehouse = (col(Stocktake.warehouse_id) == warehouse.id, col(Stocktake.state) == "open")
    running = session.exec(select(Stocktake.number).where(*of_warehouse)).first()
    if running is not None:
        raise FailureError(Failure.of("STOCKTAKE_OPEN", warehouse=warehouse_code, number=running))
    number = numbers.draw(session, None, "stocktake", 1)[0]
    stocktake = Stocktake(number=number, warehouse_id=warehouse.id, note=note[:200], started_by=by[:120])
    session.add(stocktake)
    session.flush()
    return stocktake


def parse_counts(pasted: str) -> list[CountEntry]:
    """Read a pasted list of `number;counted`, one article a line, from a file or a spreadsheet (tabs); pure.

    Empty lines and a heading are passed over. Raises `FailureError` LIST_TOO_LONG before anything is looked up.
    """
    lines = pasted.lstrip("\ufeff").splitlines()
    if len(lines) > MOST_LINES:
        raise FailureError(Failure.of("LIST_TOO_LONG", most=MOST_LINES))
    entries = []
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        article, _, counted = line.partition("\t" if "\t" in line else ";")
        entries.append(CountEntry(place, article.strip().strip('"'), counted.strip().strip('";\t ')))
    is_heading = bool(entries) and not any(sign.isdigit() for sign in entries[0].counted)
    return entries[1:] if is_heading and len(entries) > 1 else entries


def read_quantity(typed: str) -> Decimal | None:
    """Read a counted quantity with comma or point; None where it is none, or where it may mean a thousand. Pure."""
    if not _NUMBER.fullmatch(typed) or _THOUSANDS.fullmatch(typed):
        return None
    return Decimal(typed.replace(",", "."))


# Locked in the order of the articles, so that two people who paste lists at once wait instead of deadlocking.
_COUNT = text(
    """
    INSERT INTO stocktake_line (stocktake_id, article_id, expected, counted, counted_by, counted_at)
    SELECT :stocktake, g.article_id, coalesce(l.physical, 0), g.counted, :by, clock_timestamp()
    FROM unnest(CAST(:articles AS bigint[]), CAST(:counted AS numeric[])) AS g(article_id, counted)
    LEFT JOIN stock_level l ON l.article_id = g.article_id AND l.warehouse_id = :warehouse
    ORDER BY g.article_id
    ON CONFLICT (stocktake_id, article_id) DO UPDATE SET expected = excluded.expected, counted = excluded.counted,
        counted_by = excluded.counted_by, counted_at = excluded.counted_at
    """
)


def count(session: Session, stocktake_id: int, entries: Sequence[CountEntry], by: str) -> CountReport:
    """Take counted quantities into an open stocktake, and say per line what was refused and why; good lines are taken.

    What the books say at this moment is kept with each, so that sales during the stocktake stay right. Counting an
    article again replaces its count. Raises `LookupError`, and `FailureError` STOCKTAKE_CLOSED. Two statements for any
    number of lines beside the lock, which holds against posting only.
    """
    stocktake = _open(session, stocktake_id, share=True)
    known = scan(session, [entry.article for entry in entries])
    seen = Counter(known[entry.article].id for entry in entries if entry.article in known)
    good: dict[int, Decimal] = {}
    refused = []
    for entry in entries:
        found = known.get(entry.article)
        quantity = read_quantity(entry.counted)
        if quantity is None and found is not None:
            failure: Failure | None = Failure.of("COUNT_INVALID", value=entry.counted)
        else:
            failure = refusal(entry.article, found, quantity or Decimal(0))
        if failure is None and found is not None and seen[found.id] > 1:
            failure = Failure.of("COUNTED_TWICE", sku=found.number)
        if failure is not None:
            refused.append(RefusedCount(entry.line, entry.article, failure))
        elif found is not None and quantity is not None:
            good[found.id] = quantity
    if good:
        given = {"articles": list(good), "counted": list(good.values()), "by": by[:120]}
        session.execute(_COUNT, given | {"stocktake": stocktake_id, "warehouse": stocktake.warehouse_id})
    return CountReport(len(good), tuple(refused))


_FOUND_DIFFERENT = text(
    """
    SELECT a.number, w.code, l.counted - l.expected FROM stocktake s JOIN warehouse w ON w.id = s.warehouse_id
    JOIN stocktake_line l ON l.stocktake_id = s.id JOIN article a ON a.id = l.article_id
    WHERE s.id = :stocktake AND l.counted <> l.expected ORDER BY a.id
    """
)


def post_stocktake(session: Session, stocktake_id: int, by: str) -> int:
    """Post an open stocktake: each counted article moves by counted − expected; returns how many moved.

    What was not counted stays as it is. Posting twice changes nothing. Raises `LookupError`, and `FailureError`
    STOCKTAKE_CLOSED when it was cancelled, STOCK_MISSING when more was sold since the count than was found: count it again.
    """
    stocktake = _locked(session, stocktake_id)
    if stocktake.state == "posted":
        return 0
    if stocktake.state != "open":
        raise FailureError(Failure.of("STOCKTAKE_CLOSED", number=stocktake.number))
    movements = [
        Movement(number, code, difference, Reason.COUNT, stocktake.number, stocktake.note, by)
        for number, code, difference in session.execute(_FOUND_DIFFERENT, {"stocktake": stocktake_id})
    ]
    moved = post_movements(session, movements)
    stocktake.state, stocktake.posted_by, stocktake.posted_at = "posted", by[:120], datetime.now(UTC)
    session.add(stocktake)
    session.flush()
    return len(moved)


def cancel_stocktake(session: Session, stocktake_id: int) -> None:
    """Cancel an open stocktake; its counts stay to be read and move nothing. Cancelling twice changes nothing.

    Raises `LookupError`, and `FailureError` STOCKTAKE_CLOSED when it is posted.
    """
    stocktake = _locked(session, stocktake_id)
    if stocktake.state == "posted":
        raise FailureError(Failure.of("STOCKTAKE_CLOSED", number=stocktake.number))
    stocktake.state = "cancelled"
    session.add(stocktake)
    session.flush()


def _locked(session: Session, stocktake_id: int, *, share: bool = False) -> Stocktake:
    query = select(Stocktake).where(col(Stocktake.id) == stocktake_id).with_for_update(read=share)
    stocktake = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if stocktake is None:
        raise LookupError(stocktake_id)
    return stocktake


def _open(session: Session, stocktake_id: int, *, share: bool) -> Stocktake:
    stocktake = _locked(session, stocktake_id, share=share)
    if stocktake.state != "open":
        raise FailureError(Failure.of("STOCKTAKE_CLOSED", number=stocktake.number))
    return stocktake
