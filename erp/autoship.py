"""Auto-ship (Autoversand): the orders whose lights are all green leave by themselves, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.runs import HouseDone
from erp import traffic_lights
from erp.deliveries import (
    Delivery,
    Levels,
    OpenLine,
    PlannedParcel,
    book,
    lock_levels,
    needs_of,
    open_lines,
    own_warehouses,
)
from erp.fulfilment import BY, settle_waiting, take
from erp.parcels import Packed, split
from erp.tables import Order, ShippingMethod, Warehouse

# The lights are judged for all open orders and not only for the first: orders that wait for goods must not keep the
# others from their turn. What is cheap to see is asked before the goods are looked at.
_MAY_SHIP = "o.fulfilment_state = 'open' AND o.autoship AND NOT o.is_cancelled AND o.holds = '{}' AND o.fulfilled_by = 'merchant'"
_LOCK_READY = """
    SELECT o.id FROM sales_order o JOIN queued q ON q.order_id = o.id AND q.queue = 'ready'
    WHERE o.fulfilment_state = 'open' AND o.autoship AND NOT o.is_cancelled AND o.holds = '{}'
    ORDER BY o.fast_lane DESC, o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
"""
_READY = text(traffic_lights.sql(_MAY_SHIP, _LOCK_READY))
_READY_OF = text(traffic_lights.sql(f"o.id = ANY(:ids) AND {_MAY_SHIP}", _LOCK_READY))


def ship_released(session: Session, limit: int) -> HouseDone:
    """Ship the orders whose lights are all green, fast lane first, then the oldest, each whole and from one own warehouse.

    Each gets parcels by weight, with labels from its shipping method's adapter or numbers from the range `parcel`; pick-up
    and orders without goods get none. Orders that the channel fulfils and whose hold was lifted are settled on the way.
    Set-based: the number of statements does not grow with the orders; two callers at once take different orders. `left`
    tells that another call may find more.
    """
    settled = settle_waiting(session, limit)
    ids = list(session.execute(_READY, {"limit": limit}).scalars())
    shipped = _ship(session, ids, BY)
    return HouseDone(done=settled + len(shipped), left=settled == limit or (len(ids) == limit and bool(shipped)))


def ship_now(session: Session, order_ids: Sequence[int], by: str) -> int:
    """Ship those of the orders that are ready, as auto-ship does; returns how many."""
    ids = list(session.execute(_READY_OF, {"ids": list(order_ids), "limit": len(order_ids)}).scalars())
    return len(_ship(session, ids, by))


def _ship(session: Session, order_ids: Sequence[int], by: str) -> list[int]:
    if not order_ids:
        return []
    orders = session.exec(
        select(Order)
        .where(col(Order.id).in_(order_ids))
        .order_by(col(Order.fast_lane).desc(), col(Order.id))
        .execution_options(populate_existing=True)
    ).all()
    return book(session, _with_parcels(session, _allocate(session, orders)), by, picked=True)


@dataclass
class _Goods:
    """What is at hand and what is reserved by whom, while goods are given away in turn; articles by id."""

    levels: Levels
    warehouses: Sequence[Warehouse]
    """Where auto-ship takes from."""
    places: Sequence[int]
    """The warehouses whose stock reservations lean on: ours and providers', as the traffic lights count them."""
    reserved: dict[int, Decimal]
    own: dict[tuple[int, int], Decimal]
    """What each order reserved itself, by order and article."""

    def take(self, order_id: int, leaving: Sequence[OpenLine]) -> Warehouse | None:
        """Take an order's goods out of the one warehouse that holds them, unless they are kept for others."""
        needs = needs_of(leaving)
        if not all(self._may_take(order_id, article_id, need) for article_id, need in needs.items()):
            return None
        warehouse = take(self.levels, leaving, self.warehouses)
        if warehouse is not None:
            for article_id in needs:
                own = self.own.get((order_id, article_id), Decimal(0))
                self.reserved[article_id] = self.reserved.get(article_id, Decimal(0)) - own
        return warehouse

    def _may_take(self, order_id: int, article_id: int, need: Decimal) -> bool:
        """What an order reserved itself, and beyond that only what nobody did."""
        own = self.own.get((order_id, article_id), Decimal(0))
        physical = sum((self.levels.get((place, article_id), Decimal(0)) for place in self.places), Decimal(0))
        return own >= need or physical - self.reserved.get(article_id, Decimal(0)) + own >= need


def _goods(session: Session, articles: set[int], order_ids: Sequence[int]) -> _Goods:
    """Read and hold what the orders want."""
    levels = lock_levels(session, articles)
    reserved = text("SELECT article_id, sum(quantity) FROM reservation WHERE article_id = ANY(:articles) GROUP BY 1")
    own = text(
        "SELECT order_id, article_id, sum(quantity) FROM reservation WHERE order_id = ANY(:orders) GROUP BY 1, 2"
    )
    places = select(Warehouse.id).where(col(Warehouse.kind).in_(("own", "provider")), ~col(Warehouse.is_locked))
    return _Goods(
        levels,
        own_warehouses(session),
        [place for place in session.exec(places) if place is not None],
        {row[0]: row[1] for row in session.execute(reserved, {"articles": sorted(articles)})},
        {(row[0], row[1]): row[2] for row in session.execute(own, {"orders": list(order_ids)})},
    )


def _allocate(session: Session, orders: Sequence[Order]) -> list[Delivery]:
    """Give the stock at hand to the orders in turn; who comes too late waits for the next goods."""
    ids = [order.id or 0 for order in orders]
    lines = open_lines(session, ids)
    goods = _goods(session, {line.article_id for of_order in lines.values() for line in of_order}, ids)
    taken = ((order, goods.take(order.id or 0, lines[order.id or 0])) for order in orders)
    return [Delivery(order, warehouse, lines[order.id or 0], ()) for order, warehouse in taken if warehouse is not None]


def _with_parcels(session: Session, deliveries: Sequence[Delivery]) -> list[Delivery]:
    methods = {method.id: method for method in session.exec(select(ShippingMethod))}
    return [
        Delivery(each.order, each.warehouse, each.lines, _parcels(each, methods.get(each.order.shipping_method_id)))
        for each in deliveries
    ]


def _parcels(delivery: Delivery, method: ShippingMethod | None) -> list[PlannedParcel]:
    """Plan the parcels of a delivery by weight; pick-up and counter sales have none."""
    if delivery.order.is_pos or (method and method.is_pickup):
        return []
    goods = [Packed(line.quantity, line.weight) for line in delivery.lines]
    state = "wanted" if method and method.adapter == "file" else "none"
    return [
        PlannedParcel(weight=weight, label_state=state)
        for weight in split(goods, method.max_parcel_weight if method else None)
    ]
