"""Deliveries: what is open to ship, from which warehouse, and the booking of shipments with all that follows from them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from erp import completion, journal, numbers
from erp.stock import Movement, Reason, post_movements
from erp.tables import Order, Parcel, Shipment, ShipmentLine, ShippingMethod, StockLevel, Warehouse


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a stock article that is not fully shipped."""

    line_id: int
    order_id: int
    article_id: int
    article: str
    quantity: Decimal
    """What is still to ship."""
    weight: Decimal | None = None
    """Of one piece, in kilogrammes."""


@dataclass(frozen=True, slots=True)
class PlannedParcel:
    """A parcel before it is stored; without a number and without a wanted label it is numbered from our range."""

    tracking_number: str = ""
    carrier: str = ""
    tracking_url: str = ""
    weight: Decimal | None = None
    label_state: str = "none"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A shipment that is decided and not yet booked; `lines` carry the quantities that leave now."""

    order: Order
    warehouse: Warehouse
    lines: Sequence[OpenLine]
    parcels: Sequence[PlannedParcel]


Levels = dict[tuple[int, int], Decimal]
"""Physical stock by warehouse and article."""

_OPEN_LINES = text(
    """
    SELECT l.id, l.order_id, a.id, a.number, l.quantity - l.cancelled - l.shipped, a.weight
    FROM sales_order_line l JOIN article a ON a.id = l.article_id AND a.is_stock_article
    WHERE l.order_id = ANY(:orders) AND l.kind IN ('article', 'component') AND l.quantity > l.cancelled + l.shipped
    ORDER BY l.order_id, l.position
    """
)


def open_lines(session: Session, order_ids: Sequence[int]) -> dict[int, list[OpenLine]]:
    """Say per order what is still to ship: articles and components that are stock articles, less what was cancelled."""
    found: dict[int, list[OpenLine]] = {order_id: [] for order_id in order_ids}
    for row in session.execute(_OPEN_LINES, {"orders": list(order_ids)}):
        found[row[1]].append(OpenLine(*row))
    return found


def needs_of(lines: Sequence[OpenLine]) -> dict[int, Decimal]:
    """Sum what lines need, per article id."""
    needs: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        needs[line.article_id] += line.quantity
    return dict(needs)


def lock_levels(session: Session, article_ids: set[int]) -> Levels:
    """Read the stock at hand and hold it, in the order in which postings lock it, until the transaction ends."""
    query = (
        sqlalchemy.select(col(StockLevel.warehouse_id), col(StockLevel.article_id), col(StockLevel.physical))
        .where(col(StockLevel.article_id).in_(article_ids))
        .order_by(col(StockLevel.article_id), col(StockLevel.warehouse_id))
        .with_for_update()
    )
    return {(warehouse_id, article_id): physical for warehouse_id, article_id, physical in session.execute(query)}


def choose_warehouse(needs: Mapping[int, Decimal], levels: Levels, warehouses: Sequence[Warehouse]) -> Warehouse | None:
    """Choose the first warehouse that holds everything; pure."""
    for warehouse in warehouses:
        held = (levels.get((warehouse.id or 0, article), Decimal(0)) - need for article, need in needs.items())
        if all(rest >= 0 for rest in held):
            return warehouse
    return None


def own_warehouses(session: Session) -> list[Warehouse]:
    """The warehouses that the house ships from by itself: its own, not locked, in the order of their ids."""
    query = select(Warehouse).where(col(Warehouse.kind) == "own", ~col(Warehouse.is_locked))
    return list(session.exec(query.order_by(col(Warehouse.id))))


def with_carrier(parcel: PlannedParcel, method: ShippingMethod | None) -> PlannedParcel:
    """Fill carrier and link in from the shipping method, where the parcel names none."""
    if method is None:
        return parcel
    # A carrier of another name has another page: our method's link would lead nowhere.
    link = tracking_url(method, parcel.tracking_number) if parcel.carrier in ("", method.carrier) else ""
    return replace(parcel, carrier=parcel.carrier or method.carrier, tracking_url=parcel.tracking_url or link)


def tracking_url(method: ShippingMethod, number: str) -> str:
    """Make the link to a parcel's tracking; empty without a number."""
    return method.tracking_url.replace("{number}", quote(number, safe="")) if number else ""


def book(session: Session, deliveries: Sequence[Delivery], by: str, *, picked: bool = False) -> list[int]:
    """Write shipments with all that follows from them and return their ids, in a fixed number of statements.

    The caller has locked orders and levels. The goods have left the shelf: stock moves, reservations are given back and
    lines count as shipped. A shipment whose parcels wait for labels stays `packed`; the others are finished at once
    (`erp/completion.py`). With `picked` pick lists are issued. Raises `FailureError` STOCK_MISSING.
    """
    if not deliveries:
        return []
    # Before stock is posted, because postings mark links: ranges come before links (lock order).
    _hold_ranges(session, deliveries)
    notes = _draw(session, deliveries)
    numbered = _number_parcels(session, deliveries)
    ids = _insert(session, numbered, notes)
    _write_contents(session, numbered, ids)
    _move_stock(session, numbered, notes)
    _advance_lines(session, numbered, ids)
    waiting = [
        index for index, each in enumerate(numbered) if any(parcel.label_state == "wanted" for parcel in each.parcels)
    ]
    _note_packed(session, [(numbered[index], notes[index]) for index in waiting], by)
    if picked:
        completion.issue_pick_lists(session, ids, by)
    completion.finish_shipments(session, [ids[i] for i in range(len(ids)) if i not in set(waiting)], by)
    return ids


def _hold_ranges(session: Session, deliveries: Sequence[Delivery]) -> None:
    """Lock every range that this transaction may draw from, in the one order that all transactions keep."""
    for project_id in sorted({each.order.project_id for each in deliveries}):
        for kind in ("delivery_note", "pick_list", "parcel", "invoice"):
            numbers.hold(session, project_id, kind)


def _draw(session: Session, deliveries: Sequence[Delivery]) -> list[str]:
    """Draw a delivery note's number for each, from its project's range."""
    drawn = _by_project(session, [each.order.project_id for each in deliveries], "delivery_note")
    return [next(drawn[each.order.project_id]) for each in deliveries]


def _by_project(session: Session, wanted: Sequence[int], kind: str) -> dict[int, Iterator[str]]:
    counts: dict[int, int] = defaultdict(int)
    for project_id in wanted:
        counts[project_id] += 1
    return {
        project_id: iter(numbers.draw(session, project_id, kind, count)) for project_id, count in sorted(counts.items())
    }


def _number_parcels(session: Session, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Give parcels without a carrier's label a number of our range."""

    def needs_number(parcel: PlannedParcel) -> bool:
        return not parcel.tracking_number and parcel.label_state == "none"

    wanted = [each.order.project_id for each in deliveries for parcel in each.parcels if needs_number(parcel)]
    drawn = _by_project(session, wanted, "parcel")
    methods = {method.id: method for method in session.exec(select(ShippingMethod))}
    numbered = []
    for each in deliveries:
        method = methods.get(each.order.shipping_method_id)
        parcels = [
            with_carrier(replace(parcel, tracking_number=next(drawn[each.order.project_id])), method)
            if needs_number(parcel)
            else with_carrier(parcel, method)
            for parcel in each.parcels
        ]
        numbered.append(replace(each, parcels=parcels))
    return numbered


def _insert(session: Session, deliveries: Sequence[Delivery], notes: Sequence[str]) -> list[int]:
    rows = [
        {
            "number": number,
            "order_id": each.order.id,
            "warehouse_id": each.warehouse.id,
            "state": "packed",
            "completes_order": False,
        }
        for each, number in zip(deliveries, notes, strict=True)
    ]
    inserted = session.execute(insert(Shipment).returning(col(Shipment.number), col(Shipment.id)), rows)
    ids = {row.number: row.id for row in inserted}
    return [ids[number] or 0 for number in notes]


def _write_contents(session: Session, deliveries: Sequence[Delivery], ids: Sequence[int]) -> None:
    lines = [
        {"shipment_id": shipment_id, "order_line_id": line.line_id, "quantity": line.quantity}
        for each, shipment_id in zip(deliveries, ids, strict=True)
        for line in each.lines
    ]
    parcels = [
        {
            "shipment_id": shipment_id,
            "tracking_number": parcel.tracking_number,
            "carrier": parcel.carrier,
            "tracking_url": parcel.tracking_url,
            "weight": parcel.weight,
            "label_state": parcel.label_state,
        }
        for each, shipment_id in zip(deliveries, ids, strict=True)
        for parcel in each.parcels
    ]
    if lines:
        session.execute(insert(ShipmentLine), lines)
    if parcels:
        session.execute(insert(Parcel), parcels)


def _move_stock(session: Session, deliveries: Sequence[Delivery], notes: Sequence[str]) -> None:
    movements = []
    for each, number in zip(deliveries, notes, strict=True):
        articles = {line.article_id: line.article for line in each.lines}
        for article_id, need in needs_of(each.lines).items():
            movements.append(Movement(articles[article_id], each.warehouse.code, -need, Reason.SHIPMENT, number))
    post_movements(session, movements)


_GIVEN = "unnest(:lines ::bigint[], :quantities ::numeric[]) AS g(line_id, quantity)"

# A JIT article's head is no stock article: it counts as delivered when all its components are (D§4.2.8), and it is the
# line that the channel knows.
_HEADS = text(
    f"""
    WITH touched AS (
        SELECT DISTINCT c.parent_id FROM {_GIVEN} JOIN sales_order_line c ON c.id = g.line_id WHERE c.kind = 'component'),
    heads AS (
        SELECT h.id, h.order_id, h.quantity - h.cancelled - h.shipped AS rest
        FROM touched JOIN sales_order_line h ON h.id = touched.parent_id
        WHERE h.quantity > h.cancelled + h.shipped AND NOT EXISTS (
            SELECT FROM sales_order_line c JOIN article a ON a.id = c.article_id AND a.is_stock_article
            WHERE c.parent_id = h.id AND c.kind = 'component' AND c.quantity > c.cancelled + c.shipped)),
    counted AS (UPDATE sales_order_line h SET shipped = h.shipped + heads.rest FROM heads WHERE h.id = heads.id)
    INSERT INTO shipment_line (shipment_id, order_line_id, quantity)
    SELECT s.shipment_id, heads.id, heads.rest FROM heads
    JOIN unnest(:orders ::bigint[], :shipments ::bigint[]) AS s(order_id, shipment_id) ON s.order_id = heads.order_id
    """  # noqa: S608
)


def _advance_lines(session: Session, deliveries: Sequence[Delivery], ids: Sequence[int]) -> None:
    given = {
        "lines": [line.line_id for each in deliveries for line in each.lines],
        "quantities": [line.quantity for each in deliveries for line in each.lines],
        "orders": [each.order.id for each in deliveries],
        "shipments": list(ids),
    }
    for statement in (
        f"UPDATE sales_order_line l SET shipped = l.shipped + g.quantity FROM {_GIVEN} WHERE l.id = g.line_id",  # noqa: S608
        f"DELETE FROM reservation r USING {_GIVEN} WHERE r.order_line_id = g.line_id AND r.quantity <= g.quantity",  # noqa: S608
        f"UPDATE reservation r SET quantity = r.quantity - g.quantity FROM {_GIVEN} WHERE r.order_line_id = g.line_id",  # noqa: S608
    ):
        session.execute(text(statement), given)
    session.execute(_HEADS, given)
    session.execute(
        text("UPDATE sales_order SET fulfilment_state = 'packed' WHERE id = ANY(:orders)"), {"orders": given["orders"]}
    )


def _note_packed(session: Session, waiting: Sequence[tuple[Delivery, str]], by: str) -> None:
    journal.write(
        session,
        [
            journal.event(
                each.order.integration_id,
                "shipments",
                "packed",
                hop="erp_to_hub",
                status="pending",
                record=number,
                params={"number": number, "parcels": len(each.parcels), "order": each.order.number},
                actor=by,
            )
            for each, number in waiting
        ],
    )
