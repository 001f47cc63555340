"""Stock: a ledger of movements with its sums, and the quantity that a channel may sell (D§2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, FromClause, Subquery, cast, func, literal, text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.settings import StockSettings
from erp.links import mark_stock_dirty
from erp.tables import Article, Order, OrderLine, Reservation, StockLevel, Warehouse


class Reason(StrEnum):
    """Why stock moves."""

    OPENING = "opening"
    RECEIPT = "receipt"
    SHIPMENT = "shipment"
    CORRECTION = "correction"
    COUNT = "count"


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


_GIVEN = """
    SELECT a.id AS article_id, w.id AS warehouse_id, g.number, g.code, g.quantity, g.reason, g.reference
    FROM unnest(:numbers ::text[], :codes ::text[], :quantities ::numeric[], :reasons ::text[], :references ::text[])
        AS g(number, code, quantity, reason, reference)
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
        INSERT INTO stock_movement (article_id, warehouse_id, quantity, reason, reference)
        SELECT article_id, warehouse_id, quantity, reason, reference FROM given ORDER BY article_id, warehouse_id
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
    warehouse is left out. Raises `FailureError` MASTER_DATA_MISSING for an unknown article or warehouse and STOCK_MISSING
    where less would be left than nothing, and `ValueError` when two movements of one call share their key, because one of
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
    }
    for number, code in session.execute(_UNKNOWN, given):
        what, value = ("article", number) if number is not None else ("warehouse", code)
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what=what, value=value))
    session.execute(_OPEN, given)
    session.execute(_LOCK, given)
    for number, code, physical, wanted in session.execute(_LACKING, given):
        raise FailureError(Failure.of("STOCK_MISSING", sku=number, warehouse=code, level=physical, wanted=wanted))
    moved = set(session.execute(_POST, given).scalars())
    mark_stock_dirty(session, moved)
    return moved


def warnings(settings: StockSettings, projects_reserve: bool) -> list[str]:
    """Name the documented traps that settings walk into (D§2.3): a quantity subtracted twice, or no warehouse."""
    found = []
    if not settings.warehouses:
        found.append("NO_WAREHOUSE")
    if settings.subtract_reservations and settings.subtract_open_orders and projects_reserve:
        found.append("SUBTRACTED_TWICE")
    return found


def available(session: Session, settings: StockSettings, article_ids: Sequence[int] | None) -> dict[int, int]:
    """Say per article how many whole pieces a channel may sell, never negative; None asks for all articles.

    One statement (D§2.3): physical stock of the chosen warehouses, less reservations and open orders, plus the
    correction value, as far as the settings say so; an article's pseudo stock stands in for all of it. Raises
    `FailureError` NO_WAREHOUSE or SETTINGS_INCOMPLETE rather than count an unknown warehouse as empty.
    """
    _refuse_unknown_warehouses(session, settings)
    articles: FromClause = Article.__table__  # type: ignore[attr-defined]
    quantity: ColumnElement[Any] = literal(0)
    for part, sign in _parts(settings, article_ids):
        articles = articles.outerjoin(part, part.c.article_id == col(Article.id))
        quantity = quantity + func.coalesce(part.c.quantity, 0) * sign
    if settings.apply_correction:
        quantity = quantity + col(Article.stock_correction)
    if settings.use_pseudo_stock:
        quantity = func.coalesce(col(Article.pseudo_stock), quantity)
    pieces = cast(func.greatest(0, func.floor(quantity)), BigInteger)
    query = sqlalchemy.select(col(Article.id), pieces).select_from(articles)
    if article_ids is not None:
        query = query.where(col(Article.id) == func.any(list(article_ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def _refuse_unknown_warehouses(session: Session, settings: StockSettings) -> None:
    if not settings.warehouses:
        raise FailureError(Failure.of("NO_WAREHOUSE"))
    known = session.exec(select(Warehouse.code).where(col(Warehouse.code).in_(settings.warehouses))).all()
    unknown = sorted(settings.warehouses.difference(known))
    if unknown:
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields=f"warehouses ({', '.join(unknown)})"))


def _parts(settings: StockSettings, article_ids: Sequence[int] | None) -> list[tuple[Subquery, int]]:
    """The sums that make the quantity, each with its sign; only those that the settings ask for are read."""
    parts = [(_physical(settings, article_ids), 1)]
    if settings.subtract_reservations:
        parts.append((_reserved(article_ids), -1))
    if settings.subtract_open_orders:
        parts.append((_ordered(article_ids), -1))
    return parts


def _physical(settings: StockSettings, article_ids: Sequence[int] | None) -> Subquery:
    query = (
        select(col(StockLevel.article_id), func.sum(StockLevel.physical).label("quantity"))
        .join(Warehouse, col(Warehouse.id) == col(StockLevel.warehouse_id))
        .where(col(Warehouse.code).in_(settings.warehouses))
        .group_by(col(StockLevel.article_id))
    )
    if article_ids is not None:
        query = query.where(col(StockLevel.article_id) == func.any(list(article_ids)))
    return query.subquery("physical")


def _reserved(article_ids: Sequence[int] | None) -> Subquery:
    """Reservations are per article, not per warehouse: subtracted from every integration's sum (D§2.3)."""
    query = select(col(Reservation.article_id), func.sum(Reservation.quantity).label("quantity")).group_by(
        col(Reservation.article_id)
    )
    if article_ids is not None:
        query = query.where(col(Reservation.article_id) == func.any(list(article_ids)))
    return query.subquery("reserved")


def _ordered(article_ids: Sequence[int] | None) -> Subquery:
    query = (
        select(col(OrderLine.article_id), func.sum(OrderLine.quantity - OrderLine.shipped).label("quantity"))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(
            col(OrderLine.kind) == "article",
            col(OrderLine.quantity) > col(OrderLine.shipped),
            col(Order.fulfilment_state) != "shipped",
            ~col(Order.is_cancelled),
        )
        .group_by(col(OrderLine.article_id))
    )
    if article_ids is not None:
        query = query.where(col(OrderLine.article_id) == func.any(list(article_ids)))
    return query.subquery("ordered")
