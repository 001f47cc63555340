"""Stock: a ledger of movements with its sums; what a channel may sell of it is in `erp/availability.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Session

from canonical.failure import Failure, FailureError
from erp.links import mark_stock_dirty


class Reason(StrEnum):
    """Why stock moves."""

    OPENING = "opening"
    RECEIPT = "receipt"
    SHIPMENT = "shipment"
    CORRECTION = "correction"
    COUNT = "count"
    TRANSFER = "transfer"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Movement:
    """A quantity that comes (positive) or goes (negative); `reference` is its idempotency key within the reason."""

    article: str
    """The article's number."""
    warehouse: str
    """The warehouse's code."""
    quantity: Decimal
    reason: Reason
    reference: str
    note: str = ""
    actor: str = ""
    """Who moved it: an account's e-mail, or the part of the house that did."""


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """A level that is not the sum of its movements."""

    article: str
    warehouse: str
    level: Decimal
    ledger: Decimal


_GIVEN = """
    SELECT a.id AS article_id, w.id AS warehouse_id, g.number, g.code, g.quantity, g.reason, g.reference, g.note, g.actor
    FROM unnest(:numbers ::text[], :codes ::text[], :quantities ::numeric[], :reasons ::text[], :references ::text[],
        :notes ::text[], :actors ::text[]) AS g(number, code, quantity, reason, reference, note, actor)
    LEFT JOIN article a ON a.number = g.number LEFT JOIN warehouse w ON w.code = g.code
"""

_UNKNOWN = text(
    f"SELECT DISTINCT CASE WHEN article_id IS NULL THEN number END, CASE WHEN warehouse_id IS NULL THEN code END "  # noqa: S608
    f"FROM ({_GIVEN}) AS given WHERE article_id IS NULL OR warehouse_id IS NULL ORDER BY 1, 2"
)

# An upsert would test the check constraint on the difference instead of the sum: so rows are made first, then moved.
# Sorted by article and warehouse, so that two postings over the same articles wait for each other instead of deadlocking.
_OPEN = text(
    f"""
    INSERT INTO stock_level (article_id, warehouse_id, physical)
    SELECT DISTINCT article_id, warehouse_id, 0 FROM ({_GIVEN}) AS given ORDER BY 1, 2
    ON CONFLICT (article_id, warehouse_id) DO NOTHING
    """  # noqa: S608
)
_LOCK = text(
    f"""
    SELECT 1 FROM stock_level l WHERE (l.article_id, l.warehouse_id) IN (SELECT article_id, warehouse_id FROM ({_GIVEN}) AS given)
    ORDER BY l.article_id, l.warehouse_id FOR UPDATE
    """  # noqa: S608
)
_LACKING = text(
    f"""
    SELECT given.number, given.code, l.physical, -sum(given.quantity) AS wanted FROM ({_GIVEN}) AS given
    JOIN stock_level l ON l.article_id = given.article_id AND l.warehouse_id = given.warehouse_id
    LEFT JOIN stock_movement m ON m.reason = given.reason AND m.reference = given.reference
        AND m.article_id = given.article_id AND m.warehouse_id = given.warehouse_id
    WHERE m.id IS NULL GROUP BY 1, 2, 3 HAVING l.physical + sum(given.quantity) < 0 ORDER BY 1, 2 LIMIT 1
    """  # noqa: S608
)
_POST = text(
    f"""
    WITH given AS ({_GIVEN}),
    posted AS (
        INSERT INTO stock_movement (article_id, warehouse_id, quantity, reason, reference, note, actor)
        SELECT article_id, warehouse_id, quantity, reason, reference, note, actor FROM given ORDER BY article_id, warehouse_id
        ON CONFLICT (reason, reference, article_id, warehouse_id) DO NOTHING
        RETURNING article_id, warehouse_id, quantity),
    sums AS (SELECT article_id, warehouse_id, sum(quantity) AS quantity FROM posted GROUP BY 1, 2)
    UPDATE stock_level l SET physical = l.physical + sums.quantity FROM sums
    WHERE l.article_id = sums.article_id AND l.warehouse_id = sums.warehouse_id RETURNING l.article_id
    """  # noqa: S608
)


def post_movements(session: Session, movements: Sequence[Movement]) -> set[int]:
    """Post movements into ledger and levels, as one set, and mark the articles' stock as to be sent.

    Returns the ids of the articles that moved. Idempotent: a movement with a known reason, reference, article and
    warehouse is left out. Raises `FailureError` ARTICLE_UNKNOWN, WAREHOUSE_UNKNOWN, and STOCK_MISSING where less would be
    left than nothing, and `ValueError` when two movements of one call share their key, because one of
    them would be lost. A failure leaves nothing behind but locks.
    """
    if not movements:
        return set()
    if len({(m.reason, m.reference, m.article, m.warehouse) for m in movements}) < len(movements):
        raise ValueError("two movements of one call have the same reason, reference, article and warehouse")
    given = {
        "numbers": [m.article for m in movements],
        "codes": [m.warehouse for m in movements],
        "quantities": [m.quantity for m in movements],
        "reasons": [m.reason.value for m in movements],
        "references": [m.reference for m in movements],
        "notes": [m.note for m in movements],
        "actors": [m.actor for m in movements],
    }
    for number, code in session.execute(_UNKNOWN, given):
        if number is not None:
            raise FailureError(Failure.of("ARTICLE_UNKNOWN", sku=number))
        raise FailureError(Failure.of("WAREHOUSE_UNKNOWN", warehouse=code))
    session.execute(_OPEN, given)
    session.execute(_LOCK, given)
    for number, code, physical, wanted in session.execute(_LACKING, given):
        raise FailureError(Failure.of("STOCK_MISSING", sku=number, warehouse=code, level=physical, wanted=wanted))
    moved = set(session.execute(_POST, given).scalars())
    mark_stock_dirty(session, moved)
    return moved


_DIFFERENCES = text(
    """
    SELECT a.number, w.code, coalesce(l.physical, 0), coalesce(m.quantity, 0)
    FROM stock_level l
    FULL JOIN (SELECT article_id, warehouse_id, sum(quantity) AS quantity FROM stock_movement GROUP BY 1, 2) m
        ON m.article_id = l.article_id AND m.warehouse_id = l.warehouse_id
    JOIN article a ON a.id = coalesce(l.article_id, m.article_id)
    JOIN warehouse w ON w.id = coalesce(l.warehouse_id, m.warehouse_id)
    WHERE coalesce(l.physical, 0) <> coalesce(m.quantity, 0) ORDER BY 1, 2
    """
)


def ledger_differences(session: Session) -> list[LedgerDifference]:
    """Find the levels that are not the sum of their movements; empty is the only good answer. One statement, reads only."""
    return [LedgerDifference(*row) for row in session.execute(_DIFFERENCES)]
