"""Auto-ship of many orders in batches as the house task takes them, for three sizes, which must grow linearly."""

import time
from decimal import Decimal
from random import Random
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Engine, event, text
from sqlmodel import Session

from bench import BenchError
from bench.invented import offers, orders, seeded_store, take_in
from bench.world import temporary_folder
from canonical.runs import HouseTask
from erp.autoship import ship_released
from erp.database import make_engine, make_sessions
from erp.merchant_seed import Size
from erp.preparation import WAREHOUSE
from erp.stock import Movement, Reason, post_movements

ARTICLES = 1000
PAGE = 500
BATCH = HouseTask.model_fields["limit"].default


class AutoshipSize(BaseModel):
    """What one size gave; all batches together, each with its commit."""

    orders: int
    seconds: float
    orders_per_second: int
    batches: int
    statements_per_batch: float


class AutoshipResult(BaseModel):
    """Three sizes; `growth` is the largest size's cost per order as a multiple of the smallest size's."""

    sizes: list[AutoshipSize]
    growth: float

    def text(self) -> str:
        """The result for a person."""
        lines = [
            f"{size.orders:6} orders shipped and invoiced in {size.seconds:6.2f} s ({size.orders_per_second}/s),"
            f" {size.batches} batches of at most {BATCH}, {size.statements_per_batch:.0f} statements each"
            for size in self.sizes
        ]
        return "\n".join([*lines, f"cost per order, largest to smallest: {self.growth:.2f}"])


def measure(*, orders: int) -> AutoshipResult:
    """Measure a fifth, half and all of the orders; raises `BenchError` when one is not shipped or the books are wrong."""
    with temporary_folder() as folder, seeded_store(folder, Size(articles=ARTICLES, customers=0)) as url:
        engine = make_engine(url, pool=2)
        with make_sessions(engine)() as session:
            _receive_goods(session, orders)
            _once(engine, session, BATCH, "warm")
            sizes = [
                _once(engine, session, size, f"n{number}")
                for number, size in enumerate((orders // 5, orders // 2, orders))
            ]
        engine.dispose()
    costs = [size.seconds / size.orders for size in sizes]
    return AutoshipResult(sizes=sizes, growth=round(costs[-1] / costs[0], 2))


def _receive_goods(session: Session, orders: int) -> None:
    """Enough of everything, so that every order can leave."""
    numbers = [offer.number for offer in offers(session)]
    plenty = Decimal(100 * orders)
    post_movements(session, [Movement(number, WAREHOUSE, plenty, Reason.RECEIPT, "bench") for number in numbers])
    session.commit()


def _once(engine: Engine, session: Session, count: int, prefix: str) -> AutoshipSize:
    made = orders(count, offers(session), Random(count), prefix)
    for begin in range(0, count, PAGE):
        take_in(session, made[begin : begin + PAGE])
        session.commit()
    session.execute(text("ANALYZE"))
    session.commit()
    statements = 0

    def note(*_: Any) -> None:
        nonlocal statements
        statements += 1

    event.listen(engine, "before_cursor_execute", note)
    batches, done, is_left = 0, 0, True
    before = time.perf_counter()
    while is_left:
        batch = ship_released(session, BATCH)
        session.commit()
        batches, done, is_left = batches + 1, done + batch.done, batch.left
    seconds = time.perf_counter() - before
    event.remove(engine, "before_cursor_execute", note)
    check(session, f"{prefix}-", count)
    if done != count:
        raise BenchError(f"{done} orders shipped instead of {count}")
    return AutoshipSize(
        orders=count,
        seconds=round(seconds, 3),
        orders_per_second=round(count / seconds),
        batches=batches,
        statements_per_batch=round(statements / batches, 1),
    )


_CHECKS = {
    "orders are not shipped whole": """
        SELECT count(*) FROM sales_order o WHERE o.external_id LIKE :like AND (o.fulfilment_state <> 'shipped' OR 1 <> (
            SELECT count(*) FROM shipment s WHERE s.order_id = o.id AND s.state = 'shipped' AND s.completes_order))""",
    "orders have not one delivery note and one invoice": """
        SELECT count(*) FROM sales_order o WHERE o.external_id LIKE :like AND ARRAY['delivery_note', 'invoice'] <> ARRAY(
            SELECT d.kind::text FROM document d WHERE d.order_id = o.id AND d.kind <> 'pick_list' ORDER BY 1)""",
    "invoices differ from their orders": """
        SELECT count(*) FROM document d JOIN sales_order o ON o.id = d.order_id
        WHERE d.kind = 'invoice' AND d.total <> o.total""",
    "shipments of goods have no parcel": """
        SELECT count(*) FROM shipment s JOIN sales_order o ON o.id = s.order_id
        WHERE o.external_id LIKE :like AND EXISTS (SELECT FROM shipment_line l WHERE l.shipment_id = s.id)
            AND NOT EXISTS (SELECT FROM parcel p WHERE p.shipment_id = s.id)""",
    "reservations are left": "SELECT count(*) FROM reservation",
    "levels are not the sum of their movements": """
        SELECT count(*) FROM stock_level l WHERE l.physical <> (
            SELECT sum(m.quantity) FROM stock_movement m
            WHERE m.article_id = l.article_id AND m.warehouse_id = l.warehouse_id)""",
    "numbers are missing": """
        SELECT count(*) FROM (SELECT kind, project_id, count(*) AS documents,
            max(substring(number FROM '[0-9]+$')::bigint) - min(substring(number FROM '[0-9]+$')::bigint) + 1 AS span
            FROM document GROUP BY 1, 2) AS ranges WHERE documents <> span""",
}


def check(session: Session, prefix: str, count: int) -> None:
    """Compare orders, documents, stock and numbers; raises `BenchError` naming what is wrong."""
    given = {"like": f"{prefix}%"}
    found = session.execute(text("SELECT count(*) FROM sales_order WHERE external_id LIKE :like"), given).scalar_one()
    if found != count:
        raise BenchError(f"{found} orders instead of {count}")
    for complaint, query in _CHECKS.items():
        wrong = session.execute(text(query), given).scalar_one()
        if wrong:
            raise BenchError(f"{wrong} {complaint}")
    session.rollback()
