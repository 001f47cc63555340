"""Orders that are settled the moment they are there: sold over the counter, or shipped by the marketplace (D§8.8, FBA)."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from erp import completion, journal
from erp.deliveries import (
    Delivery,
    Levels,
    OpenLine,
    book,
    choose_warehouse,
    lock_levels,
    needs_of,
    open_lines,
    own_warehouses,
)
from erp.links import mark_stock_dirty
from erp.tables import Order, Warehouse

BY = "autoship"
"""Who the journal names for what the house does by itself."""
STOCK_MISSING = "stock_missing"
"""The hold of an order over the counter whose goods the books do not have."""


def settle_at_once(session: Session, order_ids: Sequence[int]) -> None:
    """Settle orders over the counter and orders that the channel fulfils; all others are passed over.

    Over the counter (POS): a shipment without parcels from the first own warehouse that holds everything, and the invoice;
    where the books lack stock the order gets the hold `stock_missing` instead. Fulfilled by the channel (FBA): nothing is
    picked or reserved, the lines count as shipped, there is no shipment and no report, only the invoice. Orders on hold
    and cancelled ones wait; `settle_waiting` takes them up. Set-based and idempotent: only open orders are touched.
    """
    query = (
        select(Order)
        .where(
            col(Order.id).in_(order_ids),
            col(Order.is_pos) | (col(Order.fulfilled_by) == "channel"),
            col(Order.fulfilment_state) == "open",
            ~col(Order.is_cancelled),
            col(Order.holds) == [],
        )
        .order_by(col(Order.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    orders = session.exec(query).all()
    by_channel = [order for order in orders if order.fulfilled_by == "channel"]
    # Counter sales first: they lock stock levels, which come before the number ranges that invoices lock.
    _hand_over(session, [order for order in orders if order.fulfilled_by != "channel"])
    _count_as_shipped(session, by_channel)


def settle_waiting(session: Session, limit: int) -> int:
    """Settle orders that the channel fulfils and whose hold a person lifted; returns how many."""
    query = (
        select(Order.id)
        .where(
            col(Order.fulfilled_by) == "channel",
            col(Order.fulfilment_state) == "open",
            ~col(Order.is_cancelled),
            col(Order.holds) == [],
        )
        .order_by(col(Order.id))
        .limit(limit)
    )
    ids = [order_id for order_id in session.exec(query) if order_id is not None]
    settle_at_once(session, ids)
    return len(ids)


def _hand_over(session: Session, orders: Sequence[Order]) -> None:
    if not orders:
        return
    lines = open_lines(session, [order.id or 0 for order in orders])
    levels = lock_levels(session, {line.article_id for of_order in lines.values() for line in of_order})
    warehouses = own_warehouses(session)
    deliveries, lacking = [], []
    for order in orders:
        leaving = lines[order.id or 0]
        warehouse = take(levels, leaving, warehouses)
        if warehouse is None:
            lacking.append(order)
        else:
            deliveries.append(Delivery(order, warehouse, leaving, ()))
    _hold(session, lacking)
    book(session, deliveries, BY)


def take(levels: Levels, leaving: Sequence[OpenLine], warehouses: Sequence[Warehouse]) -> Warehouse | None:
    """Take what leaves out of the first warehouse that holds everything; None, and nothing taken, where none does."""
    needs = needs_of(leaving)
    warehouse = choose_warehouse(needs, levels, warehouses)
    if warehouse is not None:
        for article_id, need in needs.items():
            levels[warehouse.id or 0, article_id] -= need
    return warehouse


def _hold(session: Session, orders: Sequence[Order]) -> None:
    if not orders:
        return
    session.execute(
        text("UPDATE sales_order SET holds = array_append(holds, :hold) WHERE id = ANY(:ids)"),
        {"hold": STOCK_MISSING, "ids": [order.id for order in orders]},
    )
    _note(session, orders, "stock_missing")


_COUNT = text(
    """
    UPDATE sales_order_line SET shipped = quantity - cancelled
    WHERE order_id = ANY(:ids) AND kind IN ('article', 'component')
    """
)


def _count_as_shipped(session: Session, orders: Sequence[Order]) -> None:
    if not orders:
        return
    given = {"ids": [order.id for order in orders]}
    session.execute(_COUNT, given)
    session.execute(text("UPDATE sales_order SET fulfilment_state = 'shipped' WHERE id = ANY(:ids)"), given)
    freed = session.execute(text("DELETE FROM reservation WHERE order_id = ANY(:ids) RETURNING article_id"), given)
    mark_stock_dirty(session, set(freed.scalars()))
    _note(session, orders, "channel_ships")
    session.expire_all()
    completion.invoice(session, [order.id or 0 for order in orders], BY)


def _note(session: Session, orders: Sequence[Order], event: str) -> None:
    journal.write(
        session,
        [
            journal.event(
                order.integration_id,
                "orders",
                event,
                hop="hub_to_erp",
                status="info",
                record=order.external_id,
                params={"number": order.number},
                actor=BY,
            )
            for order in orders
        ],
    )
