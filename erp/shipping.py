"""Shipping: delivery notes with parcels, by hand and by auto-ship; stock, reservations and the report to the channel follow."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

import sqlalchemy
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.runs import HouseDone
from erp import journal, numbers
from erp.orders import lock_order
from erp.push_shipments import Report, mark_reports
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, Order, OrderLine, Parcel, Shipment, ShipmentLine, ShippingMethod, StockLevel, Warehouse


class ParcelForm(BaseModel):
    """A parcel as a person enters it; carrier and link come from the order's shipping method where they are left out."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    tracking_number: str = Field(min_length=1, max_length=80)
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a stock article that is not fully shipped."""

    line_id: int
    order_id: int
    article_id: int
    article: str
    quantity: Decimal
    """What is still to ship."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A shipment that is decided and not yet booked; `lines` carry the quantities that leave now."""

    order: Order
    warehouse: Warehouse
    lines: Sequence[OpenLine]
    parcels: Sequence[ParcelForm]
    completes: bool


Levels = dict[tuple[int, int], Decimal]
"""Physical stock by warehouse and article."""


def ship_order(
    session: Session,
    order_id: int,
    parcels: Sequence[ParcelForm],
    by: str,
    *,
    warehouse_code: str | None = None,
    lines: Mapping[int, Decimal] | None = None,
) -> Shipment:
    """Ship an order, or with `lines` (quantities by line id) a part of it, and return the delivery note.

    Posts movements, gives reservations back, writes the journal and marks stock and report as to be sent. A person states
    a fact, so the stock may fall below zero. Without a warehouse the first that holds everything is taken. Raises
    `LookupError` for an unknown order or line and `FailureError`: STATE_FORBIDS when the order is cancelled, held or
    shipped, QUANTITY_INVALID, MASTER_DATA_MISSING for an unknown warehouse.
    """
    order = lock_order(session, order_id)
    forbids = "cancelled" if order.is_cancelled else "shipped" if order.fulfilment_state == "shipped" else ""
    forbids = forbids or ", ".join(order.holds)
    if forbids:
        raise FailureError(Failure.of("STATE_FORBIDS", state=forbids))
    still_open = _open_lines(session, [order_id])[order_id]
    leaving = still_open if lines is None else _chosen(still_open, lines)
    warehouse = _warehouse(session, warehouse_code, leaving)
    left = sum(line.quantity for line in still_open) - sum(line.quantity for line in leaving)
    method = session.get(ShippingMethod, order.shipping_method_id) if order.shipping_method_id else None
    named = [_with_carrier(parcel, method) for parcel in parcels]
    number = _book(session, [Delivery(order, warehouse, leaving, named, left == 0)], by)[0]
    session.refresh(order)
    return session.exec(select(Shipment).where(col(Shipment.number) == number)).one()


def _chosen(still_open: Sequence[OpenLine], wanted: Mapping[int, Decimal]) -> list[OpenLine]:
    by_id = {line.line_id: line for line in still_open}
    chosen = []
    for line_id, quantity in wanted.items():
        line = by_id.get(line_id)
        if line is None:
            raise LookupError(line_id)
        if not 0 < quantity <= line.quantity:
            raise FailureError(Failure.of("QUANTITY_INVALID", line=line.article, quantity=quantity))
        chosen.append(OpenLine(line.line_id, line.order_id, line.article_id, line.article, quantity))
    if not chosen:
        raise FailureError(Failure.of("QUANTITY_INVALID", line="", quantity=0))
    return chosen


def _warehouse(session: Session, code: str | None, leaving: Sequence[OpenLine]) -> Warehouse:
    warehouses = list(session.exec(select(Warehouse).order_by(col(Warehouse.id))))
    if code is not None:
        warehouses = [warehouse for warehouse in warehouses if warehouse.code == code]
    if not warehouses:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="warehouse", value=code or ""))
    levels = _lock_levels(session, {line.article_id for line in leaving})
    return choose_warehouse(needs_of(leaving), levels, warehouses) or warehouses[0]


def _with_carrier(parcel: ParcelForm, method: ShippingMethod | None) -> ParcelForm:
    if method is None:
        return parcel
    url = method.tracking_url.replace("{number}", quote(parcel.tracking_number, safe=""))
    return parcel.model_copy(
        update={"carrier": parcel.carrier or method.carrier, "tracking_url": parcel.tracking_url or url}
    )


def needs_of(lines: Sequence[OpenLine]) -> dict[int, Decimal]:
    """Sum what lines need, per article id."""
    needs: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        needs[line.article_id] += line.quantity
    return dict(needs)


def choose_warehouse(needs: Mapping[int, Decimal], levels: Levels, warehouses: Sequence[Warehouse]) -> Warehouse | None:
    """Choose the first warehouse that holds everything; pure."""
    for warehouse in warehouses:
        held = (levels.get((warehouse.id or 0, article), Decimal(0)) - need for article, need in needs.items())
        if all(rest >= 0 for rest in held):
            return warehouse
    return None


# Stock is tested here and not only while allocating: orders that wait for goods must not keep the others from their turn.
_RELEASED = text(
    """
    SELECT o.id FROM sales_order o JOIN project p ON p.id = o.project_id
    LEFT JOIN payment_method m ON m.id = o.payment_method_id
    WHERE o.fulfilment_state = 'open' AND o.autoship AND NOT o.is_cancelled AND o.holds = '{}' AND p.autoship_allowed
      AND (o.payment_state = 'paid' OR m.ships_unpaid)
      AND EXISTS (SELECT 1 FROM warehouse w WHERE NOT EXISTS (
        SELECT 1 FROM sales_order_line l JOIN article a ON a.id = l.article_id AND a.is_stock_article
        LEFT JOIN stock_level s ON s.article_id = l.article_id AND s.warehouse_id = w.id
        WHERE l.order_id = o.id AND l.kind = 'article' AND l.quantity > l.shipped
        GROUP BY l.article_id HAVING sum(l.quantity - l.shipped) > coalesce(max(s.physical), 0)))
    ORDER BY o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
    """
)


def ship_released(session: Session, limit: int) -> HouseDone:
    """Ship the orders that auto-ship may take (Autoversand), oldest first, each whole and from one warehouse.

    Released means: auto-ship on, no hold, not cancelled, nothing shipped, paid or a method that ships unpaid, and physical
    stock at hand. Each gets a parcel numbered from the range `parcel`, except pick-up and orders without stock articles.
    Set-based; two callers at once take different orders. `left` tells that another call may find more.
    """
    ids = list(session.execute(_RELEASED, {"limit": limit}).scalars())
    if not ids:
        return HouseDone(done=0, left=False)
    orders = session.exec(
        select(Order).where(col(Order.id).in_(ids)).order_by(col(Order.id)).execution_options(populate_existing=True)
    ).all()
    deliveries = _name_parcels(session, _allocate(session, orders))
    _book(session, deliveries, "autoship")
    return HouseDone(done=len(deliveries), left=len(ids) == limit and bool(deliveries))


def _allocate(session: Session, orders: Sequence[Order]) -> list[Delivery]:
    """Give the stock at hand to the orders in turn; who comes too late waits for the next goods."""
    lines = _open_lines(session, [order.id or 0 for order in orders])
    levels = _lock_levels(session, {line.article_id for of_order in lines.values() for line in of_order})
    warehouses = list(session.exec(select(Warehouse).order_by(col(Warehouse.id))))
    deliveries = []
    for order in orders:
        leaving = lines[order.id or 0]
        needs = needs_of(leaving)
        warehouse = choose_warehouse(needs, levels, warehouses)
        if warehouse is None:
            continue
        for article_id, need in needs.items():
            levels[warehouse.id or 0, article_id] -= need
        deliveries.append(Delivery(order, warehouse, leaving, (), True))
    return deliveries


def _name_parcels(session: Session, deliveries: Sequence[Delivery]) -> list[Delivery]:
    methods = {method.id: method for method in session.exec(select(ShippingMethod))}

    def is_parcelled(delivery: Delivery) -> bool:
        method = methods.get(delivery.order.shipping_method_id)
        return bool(delivery.lines) and not (method and method.is_pickup)

    drawn = _draw(session, [each.order for each in deliveries if is_parcelled(each)], "parcel")
    return [
        Delivery(
            each.order,
            each.warehouse,
            each.lines,
            [
                _with_carrier(
                    ParcelForm(tracking_number=drawn[each.order.id]), methods.get(each.order.shipping_method_id)
                )
            ],
            each.completes,
        )
        if each.order.id in drawn
        else each
        for each in deliveries
    ]


def _open_lines(session: Session, order_ids: Sequence[int]) -> dict[int, list[OpenLine]]:
    """What is still to ship per order: only stock articles are delivered."""
    query = (
        sqlalchemy.select(
            col(OrderLine.id), col(OrderLine.order_id), col(Article.id), col(Article.number),
            col(OrderLine.quantity) - col(OrderLine.shipped),
        )
        .join(Article, col(Article.id) == col(OrderLine.article_id))
        .where(
            col(OrderLine.order_id).in_(order_ids),
            col(OrderLine.kind) == "article",
            col(Article.is_stock_article),
            col(OrderLine.quantity) > col(OrderLine.shipped),
        )
        .order_by(col(OrderLine.order_id), col(OrderLine.position))
    )  # fmt: skip
    found: dict[int, list[OpenLine]] = {order_id: [] for order_id in order_ids}
    for row in session.execute(query):
        found[row[1]].append(OpenLine(*row))
    return found


def _lock_levels(session: Session, article_ids: set[int]) -> Levels:
    """Read the stock at hand and hold it, in the order in which postings lock it, until the transaction ends."""
    query = (
        sqlalchemy.select(col(StockLevel.warehouse_id), col(StockLevel.article_id), col(StockLevel.physical))
        .where(col(StockLevel.article_id).in_(article_ids))
        .order_by(col(StockLevel.article_id), col(StockLevel.warehouse_id))
        .with_for_update()
    )
    return {(warehouse_id, article_id): physical for warehouse_id, article_id, physical in session.execute(query)}


def _draw(session: Session, orders: Sequence[Order], kind: str) -> dict[int | None, str]:
    """Draw a number for each order from its project's range."""
    by_project: dict[int, list[int | None]] = defaultdict(list)
    for order in orders:
        by_project[order.project_id].append(order.id)
    return {
        order_id: number
        for project_id, ids in sorted(by_project.items())
        for order_id, number in zip(ids, numbers.draw(session, project_id, kind, len(ids)), strict=True)
    }


def _book(session: Session, deliveries: Sequence[Delivery], by: str) -> list[str]:
    """Write shipments with all that follows from them, a fixed number of statements for any number of orders."""
    if not deliveries:
        return []
    notes = _draw(session, [each.order for each in deliveries], "delivery_note")
    rows = [
        {
            "number": notes[each.order.id],
            "order_id": each.order.id,
            "warehouse_id": each.warehouse.id,
            "completes_order": each.completes,
        }
        for each in deliveries
    ]
    inserted = session.execute(insert(Shipment).returning(col(Shipment.number), col(Shipment.id)), rows)
    ids = {row.number: row.id for row in inserted}
    _write_contents(session, deliveries, notes, ids)
    _move_stock(session, deliveries, notes)
    _advance_orders(session, deliveries)
    mark_reports(
        session,
        [Report(each.order.integration_id, notes[each.order.id], ids[notes[each.order.id]]) for each in deliveries],
    )
    journal.write(
        session,
        [
            journal.event(
                each.order.integration_id,
                "shipments",
                "shipped",
                hop="erp_to_hub",
                status="pending",
                record=notes[each.order.id],
                params={"number": notes[each.order.id], "parcels": len(each.parcels), "order": each.order.number},
                actor=by,
            )
            for each in deliveries
        ],
    )
    return [notes[each.order.id] for each in deliveries]


def _write_contents(
    session: Session, deliveries: Sequence[Delivery], notes: Mapping[int | None, str], ids: Mapping[str, int | None]
) -> None:
    lines = [
        {"shipment_id": ids[notes[each.order.id]], "order_line_id": line.line_id, "quantity": line.quantity}
        for each in deliveries
        for line in each.lines
    ]
    parcels = [
        {"shipment_id": ids[notes[each.order.id]], **parcel.model_dump()}
        for each in deliveries
        for parcel in each.parcels
    ]
    if lines:
        session.execute(insert(ShipmentLine), lines)
    if parcels:
        session.execute(insert(Parcel), parcels)


def _move_stock(session: Session, deliveries: Sequence[Delivery], notes: Mapping[int | None, str]) -> None:
    movements = []
    for each in deliveries:
        articles = {line.article_id: line.article for line in each.lines}
        for article_id, need in needs_of(each.lines).items():
            movements.append(
                Movement(articles[article_id], each.warehouse.code, -need, Reason.SHIPMENT, notes[each.order.id])
            )
    post_movements(session, movements)


_SHIPPED_LINES = "unnest(:lines ::bigint[], :quantities ::numeric[]) AS g(line_id, quantity)"


def _advance_orders(session: Session, deliveries: Sequence[Delivery]) -> None:
    given = {
        "lines": [line.line_id for each in deliveries for line in each.lines],
        "quantities": [line.quantity for each in deliveries for line in each.lines],
        "orders": [each.order.id for each in deliveries],
        "states": ["shipped" if each.completes else "partial" for each in deliveries],
    }
    for statement in (
        f"UPDATE sales_order_line l SET shipped = l.shipped + g.quantity FROM {_SHIPPED_LINES} WHERE l.id = g.line_id",  # noqa: S608
        f"DELETE FROM reservation r USING {_SHIPPED_LINES} WHERE r.order_line_id = g.line_id AND r.quantity <= g.quantity",  # noqa: S608
        f"UPDATE reservation r SET quantity = r.quantity - g.quantity FROM {_SHIPPED_LINES} WHERE r.order_line_id = g.line_id",  # noqa: S608
    ):
        session.execute(text(statement), given)
    session.execute(
        text(
            "UPDATE sales_order o SET fulfilment_state = g.state FROM unnest(:orders ::bigint[], :states ::text[])"
            " AS g(order_id, state) WHERE o.id = g.order_id"
        ),
        given,
    )
