"""Many workers take the same scarce goods at once: nothing is sold that is not there, and the books agree with the ledger."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from canonical.failure import FailureError
from canonical.settings import StockSettings
from erp.autoship import ship_released
from erp.availability import available
from erp.database import failure_of, make_engine
from erp.shipping import ship_order
from erp.stock import Movement, Reason, ledger_differences, post_movements
from erp.tables import Component
from erp.transfers import TransferForm, transfer

RESERVED = StockSettings(warehouses=frozenset({"MAIN", "OUTLET"}), subtract_reservations=True)
REFUSALS = {"STOCK_MISSING", "STATE_FORBIDS"}
Work = Callable[[Session], object]


@pytest.fixture
def many(database_url: str) -> Any:
    """An engine with a connection for every worker."""
    engine = make_engine(database_url, pool=16)
    yield engine
    engine.dispose()


def attempt(engine: Engine, work: Work) -> str:
    """Run one transaction as an activity would: what crosses another is tried again, everything else is an answer."""
    for _ in range(20):
        try:
            with Session(engine) as session, session.begin():
                work(session)
        except FailureError as refused:
            return refused.failure.code
        except DBAPIError as error:
            assert failure_of(error).code == "CONFLICT", error
        else:
            return "done"
    return "CONFLICT"


def at_once(engine: Engine, jobs: Sequence[Sequence[Work]]) -> Counter[str]:
    """Let workers begin together, each with its own jobs one after the other, and count the answers."""
    begin = Barrier(len(jobs))

    def run(own: Sequence[Work]) -> list[str]:
        begin.wait()
        return [attempt(engine, work) for work in own]

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(answer for answers in pool.map(run, jobs) for answer in answers)


def receive(session: Session, article: str, quantity: int, reference: str = "r1", warehouse: str = "MAIN") -> None:
    post_movements(session, [Movement(article, warehouse, Decimal(quantity), Reason.RECEIPT, reference)])


def ship(order_id: int) -> Work:
    return lambda session: ship_order(session, order_id, [], "jo")


def assert_offered_is_there(session: Session) -> None:
    """In one snapshot: no channel is offered more than lies there and is promised to nobody."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    offered = available(session, RESERVED, None, "shop-1")
    free = session.execute(
        text(
            "SELECT a.id, coalesce((SELECT sum(physical) FROM stock_level WHERE article_id = a.id), 0)"
            " - coalesce((SELECT sum(quantity) FROM reservation WHERE article_id = a.id), 0) FROM article a"
            " WHERE a.is_stock_article"
        )
    )
    for article_id, quantity in free:
        assert offered[article_id] <= max(0, quantity)


def test_of_the_last_piece_one_of_many_gets_it(session: Session, shop: Any, many: Engine) -> None:
    shop.article("A-1")
    receive(session, "A-1", 1)
    orders = [shop.order({"A-1": 1}).id for _ in range(8)]
    session.commit()
    assert at_once(many, [[ship(order_id)] for order_id in orders]) == {"done": 1, "STOCK_MISSING": 7}
    assert session.execute(text("SELECT sum(physical) FROM stock_level")).scalar_one() == 0
    assert ledger_differences(session) == []


def test_one_order_shipped_by_many_at_once_leaves_once(session: Session, shop: Any, many: Engine) -> None:
    shop.article("A-1")
    receive(session, "A-1", 50)
    order = shop.order({"A-1": 5})
    session.commit()
    assert at_once(many, [[ship(order.id)]] * 8) == {"done": 1, "STATE_FORBIDS": 7}
    assert session.execute(text("SELECT sum(physical) FROM stock_level")).scalar_one() == 45


def test_workers_that_ship_move_and_receive_at_once_never_oversell(session: Session, shop: Any, many: Engine) -> None:
    chance = random.Random(7)
    scarce = [f"A-{n}" for n in range(6)]
    articles = [shop.listed(number) for number in scarce]
    for head, parts in (("KIT-1", articles), ("KIT-2", articles[::-2])):
        kit = shop.listed(head, kind="jit", is_stock_article=False)
        for part in parts:
            shop.add(Component(article_id=kit.id, component_id=part.id, quantity=Decimal(1)))
    for number in scarce:
        receive(session, number, 10)
    orders = [shop.order({number: chance.randint(1, 3) for number in chance.sample(scarce, 3)}).id for _ in range(40)]
    session.commit()

    def auto(own: Session) -> object:
        return ship_released(own, 5)

    def move(worker: int, n: int) -> Work:
        source, target = chance.choice([("MAIN", "OUTLET"), ("OUTLET", "MAIN")])
        lines = tuple((number, Decimal(2)) for number in chance.sample(scarce, 3))
        form = TransferForm(key=f"{worker}/{n}", source=source, target=target, lines=lines)
        return lambda own: transfer(own, form, "jo")

    def correct(worker: int, n: int) -> Work:
        moved = [
            Movement(number, "MAIN", Decimal(chance.choice([-2, -1, 1])), Reason.CORRECTION, f"{worker}/{n}")
            for number in chance.sample(scarce, 3)
        ]
        return lambda own: post_movements(own, moved)

    by_hand = [chance.sample(orders, 20) for _ in range(2)]
    jobs: list[list[Work]] = [
        [auto] * 8,
        [auto] * 8,
        *([ship(order_id) for order_id in own] for own in by_hand),
        *([move(worker, n) for n in range(10)] for worker in (4, 5)),
        *([correct(worker, n) for n in range(10)] for worker in (6, 7)),
        [assert_offered_is_there] * 12,
    ]
    answers = at_once(many, jobs)

    assert set(answers) <= REFUSALS | {"done"}, "what loses is refused with a reason, and nothing is left unhandled"
    assert answers["STOCK_MISSING"] > 0, "the goods were scarce"
    assert session.execute(text("SELECT min(physical) FROM stock_level")).scalar_one() >= 0
    assert ledger_differences(session) == []
    delivered = "SELECT coalesce(sum(quantity), 0) FROM shipment_line"
    left = "SELECT -sum(quantity) FROM stock_movement WHERE reason = 'shipment'"
    assert session.execute(text(delivered)).scalar_one() == session.execute(text(left)).scalar_one() > 0
    assert session.execute(text("SELECT count(*) FROM sales_order_line WHERE shipped > quantity")).scalar_one() == 0
    notes = sorted(session.execute(text("SELECT number FROM shipment")).scalars())
    assert notes == [f"LS{100001 + n}" for n in range(len(notes))], "no number is lost or given twice"
