"""Availability: the quantity that a channel may sell (D§2.3), for any number of articles in one statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.settings import LocationStockSettings, StockRules, StockSettings
from erp.tables import Project, Warehouse

_PHYSICAL = """
    SELECT l.article_id, sum(l.physical) AS quantity FROM stock_level l JOIN warehouse w ON w.id = l.warehouse_id
    WHERE w.code = ANY(:warehouses) {narrowed} GROUP BY 1
"""
# Reservations are per article, not per warehouse: subtracted once, whatever warehouses are chosen.
_RESERVED = "SELECT l.article_id, sum(l.quantity) AS quantity FROM reservation l WHERE true {narrowed} GROUP BY 1"
_ORDERED = """
    SELECT l.article_id, sum(l.quantity - l.shipped - l.cancelled) AS quantity
    FROM sales_order o JOIN sales_order_line l ON l.order_id = o.id
    WHERE o.fulfilment_state IN ('open', 'packed', 'partial') AND NOT o.is_cancelled AND o.fulfilled_by <> 'channel'
      AND l.kind IN ('article', 'component') AND l.quantity > l.shipped + l.cancelled {narrowed} GROUP BY 1
"""
_NOTHING = "SELECT NULL::bigint AS article_id, 0::numeric AS quantity WHERE false {narrowed}"
_NARROWED = "AND l.article_id = ANY(ARRAY(SELECT id FROM needed))"
_NEEDED = """
    needed AS MATERIALIZED (
        SELECT unnest(CAST(:ids AS bigint[])) AS id
        UNION SELECT c.component_id FROM component c JOIN article a ON a.id = c.article_id AND a.kind = 'jit'
        WHERE c.article_id = ANY(:ids)),
"""


def computed(settings: StockRules, *, narrowed: bool, with_all_parts: bool = False) -> str:
    """Build the statement behind every quantity: id, physical, reserved, ordered, quantity and offered per article.

    Takes `:warehouses` (codes), `:integration` and, when narrowed, `:ids`. `quantity` is exact and may be negative;
    `offered` is what a channel gets: whole pieces, never negative. Parts that the settings do not ask for are not read
    unless `with_all_parts` wants them shown. A JIT article has as many sets as the scarcest component allows; a component
    that is no stock article allows none. A component counts with what is there: a pseudo stock is for showing, not for
    packing. What is inactive in the shop is offered with 0; remaining stock is never offered beyond what is there.
    """
    reads_reserved = settings.subtract_reservations or with_all_parts
    reads_ordered = settings.subtract_open_orders or with_all_parts
    only = {"narrowed": _NARROWED if narrowed else ""}
    plain = {"narrowed": ""}
    quantity = "h.physical"
    quantity += " - h.reserved" if settings.subtract_reservations else ""
    quantity += " - h.ordered" if settings.subtract_open_orders else ""
    correction = "h.correction" if settings.apply_correction else "0"
    shown = "c.quantity"
    if settings.use_pseudo_stock:
        shown = "CASE WHEN c.is_remaining THEN least(c.pseudo, c.quantity) ELSE coalesce(c.pseudo, c.quantity) END"
    return f"""
    WITH {_NEEDED if narrowed else ""}
    physical AS ({_PHYSICAL.format(**only)}),
    reserved AS ({(_RESERVED if reads_reserved else _NOTHING).format(**(only if reads_reserved else plain))}),
    ordered AS ({(_ORDERED if reads_ordered else _NOTHING).format(**(only if reads_ordered else plain))}),
    held AS MATERIALIZED (
        SELECT a.id, a.kind = 'jit' AS is_jit, a.is_stock_article AND NOT a.is_deleted AS can_be_packed,
            coalesce(p.quantity, 0) AS physical, coalesce(r.quantity, 0) AS reserved, coalesce(o.quantity, 0) AS ordered,
            coalesce(s.stock_correction, a.stock_correction) AS correction,
            coalesce(s.pseudo_stock, a.pseudo_stock) AS pseudo,
            coalesce(s.is_inactive, a.is_inactive) AS is_inactive,
            coalesce(s.remaining_stock_only, a.remaining_stock_only) AS is_remaining
        FROM article a
        LEFT JOIN article_option s ON s.article_id = a.id AND s.integration_id = :integration
        LEFT JOIN physical p ON p.article_id = a.id
        LEFT JOIN reserved r ON r.article_id = a.id
        LEFT JOIN ordered o ON o.article_id = a.id
        {"WHERE a.id = ANY(ARRAY(SELECT id FROM needed))" if narrowed else ""}),
    sets AS (
        SELECT k.article_id, min(CASE WHEN h.can_be_packed
            THEN floor(greatest(0, {quantity} + {correction}) / k.quantity) ELSE 0 END) AS quantity
        FROM component k JOIN held h ON h.id = k.component_id GROUP BY 1),
    counted AS (
        SELECT h.id, h.physical, h.reserved, h.ordered, h.pseudo, h.is_inactive, h.is_remaining,
            {correction} + CASE WHEN h.is_jit THEN coalesce(t.quantity, 0) ELSE {quantity} END AS quantity
        FROM held h LEFT JOIN sets t ON t.article_id = h.id)
    SELECT c.id, c.physical, c.reserved, c.ordered, c.quantity,
        CASE WHEN c.is_inactive THEN 0 ELSE greatest(0, floor({shown})) END::bigint AS offered
    FROM counted c {"WHERE c.id = ANY(:ids)" if narrowed else ""}
    """  # noqa: S608 - made of the pieces above; values are bound


def available(
    session: Session, settings: StockSettings, article_ids: Sequence[int] | None, integration_id: str
) -> dict[int, int]:
    """Say per article how many whole pieces an integration may sell, never negative; None asks for all articles.

    One statement (D§2.3) beside the check of the warehouses: physical stock of the chosen warehouses, less reservations
    and open orders, plus the correction value, as far as the settings say so; pseudo stock stands in for all of it. What
    `article_option` says for the integration goes before what the article says. Reads only. Raises `FailureError`
    NO_WAREHOUSE or SETTINGS_INCOMPLETE rather than count an unknown warehouse as empty.
    """
    _refuse_unknown_warehouses(session, settings)
    statement = computed(settings, narrowed=article_ids is not None)
    given: dict[str, Any] = {"warehouses": sorted(settings.warehouses), "integration": integration_id}
    if article_ids is not None:
        given["ids"] = list(article_ids)
    rows = session.execute(text(f"SELECT id, offered FROM ({statement}) AS answer"), given)  # noqa: S608
    return {row[0]: row[1] for row in rows}


def available_at(
    session: Session, settings: LocationStockSettings, article_ids: Sequence[int], integration_id: str
) -> dict[int, dict[str, int]]:
    """Say per article and location of the channel how many whole pieces an integration may sell there, never negative.

    One statement beside the check of the warehouses. Each location sums the warehouses that are mapped to it; what is kept
    per article and not per warehouse counts at every location, so that none oversells: reservations, open orders and the
    correction value, and a pseudo stock is shown at each (D§2.3). Raises `FailureError` NO_LOCATION_MAP or
    SETTINGS_INCOMPLETE.
    """
    if not settings.location_map:
        raise FailureError(Failure.of("NO_LOCATION_MAP"))
    _refuse_unknown(session, settings.warehouses, "location_map")
    given: dict[str, Any] = {"integration": integration_id, "ids": list(article_ids)}
    parts = []
    statement = computed(settings, narrowed=True)
    for number, location in enumerate(sorted(set(settings.location_map.values()))):
        codes = sorted(code for code, target in settings.location_map.items() if target == location)
        given |= {f"warehouses_{number}": codes, f"location_{number}": location}
        narrowed = statement.replace(":warehouses", f":warehouses_{number}")
        parts.append(f"SELECT id, CAST(:location_{number} AS text), offered FROM ({narrowed}) AS at_{number}")  # noqa: S608
    found: dict[int, dict[str, int]] = {}
    for article_id, location, offered in session.execute(text(" UNION ALL ".join(parts)), given):
        found.setdefault(article_id, {})[location] = offered
    return found


def _refuse_unknown_warehouses(session: Session, settings: StockSettings) -> None:
    if not settings.warehouses:
        raise FailureError(Failure.of("NO_WAREHOUSE"))
    _refuse_unknown(session, settings.warehouses, "warehouses")


def _refuse_unknown(session: Session, warehouses: frozenset[str], field: str) -> None:
    known = session.exec(select(Warehouse.code).where(col(Warehouse.code).in_(warehouses))).all()
    unknown = sorted(warehouses.difference(known))
    if unknown:
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields=f"{field} ({', '.join(unknown)})"))


def warnings(settings: StockSettings | LocationStockSettings, projects_reserve: bool) -> list[str]:
    """Name the documented traps that settings walk into (D§2.3): a quantity subtracted twice, or no warehouse."""
    found = []
    if not settings.warehouses:
        found.append("NO_WAREHOUSE")
    if settings.subtract_reservations and settings.subtract_open_orders and projects_reserve:
        found.append("SUBTRACTED_TWICE")
    return found


def traps(session: Session, settings: StockSettings | LocationStockSettings) -> list[str]:
    """Name the traps that settings walk into with the projects as they are; for the settings page and the readiness report."""
    reserves = session.exec(select(Project.id).where(col(Project.reserves_stock)).limit(1)).first() is not None
    return warnings(settings, reserves)
