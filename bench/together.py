"""Many processes at once on one store: importing, shipping, invoicing, returning, moving stock; then the books must be right."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from bench import BenchError
from bench.invented import Offer, offers, orders, seeded_store, take_in
from bench.world import temporary_folder
from canonical.failure import FailureError
from erp.autoship import ship_released
from erp.cancellation import cancel_order
from erp.database import failure_of, make_engine, make_sessions
from erp.documents import issue_due_invoices
from erp.merchant_seed import Size
from erp.payments import record_payment
from erp.returns import ReceivedLine, announce_return, receive_return, returnable, settle_return
from erp.shipping import ship_order
from erp.stock import Movement, Reason, ledger_differences, post_movements

ARTICLES = 60
"""Few articles, so that everybody wants the same ones."""
TRIES = 20
"""A transaction that loses a deadlock is tried again, as an activity would; so often at most."""


class TogetherResult(BaseModel):
    """What happened, and what the books say afterwards."""

    processes: int
    seconds: float
    done: dict[str, int]
    """Transactions by what they did."""
    refused: dict[str, int]
    """Refusals by code: what a person would have been told."""
    repeated: int
    """Transactions that lost a deadlock and were tried again."""
    orders: int
    shipments: int
    invoices: int
    credit_notes: int
    movements: int
    lowest_level: Decimal

    def text(self) -> str:
        """The result for a person."""
        did = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        said = ", ".join(f"{count} {code}" for code, count in sorted(self.refused.items())) or "nothing"
        return (
            f"{self.processes} processes, {self.seconds:.0f} s: {did}; {self.repeated} tried again; refused: {said}\n"
            f"{self.orders} orders, {self.shipments} shipments, {self.invoices} invoices, {self.credit_notes} credit notes,"
            f" {self.movements} movements; lowest level {self.lowest_level.normalize():f}\n"
            "no level below zero, ledger sums equal levels, no gap and no double in any number range, one live invoice per order"
        )


def measure(*, processes: int, seconds: int) -> TogetherResult:
    """Let processes work at once; raises `BenchError` when the books are wrong afterwards or something unexpected failed."""
    with temporary_folder() as folder, seeded_store(folder, Size(articles=ARTICLES, customers=20)) as url:
        begun = time.monotonic()
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes) as pool:
            tallies = pool.starmap(work, [(url, number, seconds) for number in range(processes)])
        took = time.monotonic() - begun
        engine = make_engine(url, pool=2)
        with make_sessions(engine)() as session:
            result = _judge(session, tallies, processes, took)
        engine.dispose()
    return result


# --- what each process does -----------------------------------------------------------------------------------------

Act = Callable[[Session, Random, Sequence[Offer], str], object]


def work(url: str, number: int, seconds: float) -> dict[str, Any]:
    """Do random acts until the time is up; the tally says what was done, refused and tried again."""
    random = Random(number)
    engine = make_engine(url, pool=1)
    sessions = make_sessions(engine)
    with sessions() as session:
        sold = offers(session)
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    repeated = turn = 0
    deadline = time.monotonic() + seconds
    names, weights = list(ACTS), [weight for _, weight in ACTS.values()]
    while time.monotonic() < deadline:
        (name,) = random.choices(names, weights)
        turn += 1
        try:
            repeated += _do(sessions, ACTS[name][0], random, sold, f"{number}-{turn}")
            done[name] += 1
        except FailureError as error:
            refused[error.failure.code] += 1
    engine.dispose()
    return {"done": dict(done), "refused": dict(refused), "repeated": repeated}


def _do(sessions: sessionmaker[Session], act: Act, random: Random, sold: Sequence[Offer], key: str) -> int:
    """One act in one transaction, tried again when it lost against another; returns how often."""
    state = random.getstate()
    for attempt in range(TRIES):
        random.setstate(state)
        try:
            with sessions.begin() as session:
                act(session, random, sold, key)
        except DBAPIError as error:
            if failure_of(error).code != "CONFLICT":
                raise
        except FailureError as error:
            if error.failure.code != "CONFLICT":
                raise
        else:
            return attempt
    raise BenchError(f"{act.__name__} lost {TRIES} times")


def _import(session: Session, random: Random, sold: Sequence[Offer], key: str) -> None:
    take_in(session, orders(random.randint(1, 12), sold, random, key, paid=random.random() < 0.8))


def _autoship(session: Session, random: Random, _: Sequence[Offer], __: str) -> None:
    ship_released(session, random.randint(1, 20))


def _invoice(session: Session, _: Random, __: Sequence[Offer], ___: str) -> None:
    issue_due_invoices(session, 50)


def _receive(session: Session, random: Random, _: Sequence[Offer], key: str) -> None:
    numbers = _stocked(session, random, 5)
    post_movements(
        session, [Movement(one, "HAUPT", Decimal(random.randint(1, 9)), Reason.RECEIPT, key) for one in numbers]
    )


def _correct(session: Session, random: Random, _: Sequence[Offer], key: str) -> None:
    numbers = _stocked(session, random, 3)
    post_movements(
        session, [Movement(one, "HAUPT", Decimal(-random.randint(1, 60)), Reason.CORRECTION, key) for one in numbers]
    )


def _move(session: Session, random: Random, _: Sequence[Offer], key: str) -> None:
    (number,) = _stocked(session, random, 1)
    count = Decimal(random.randint(1, 5))
    post_movements(
        session,
        [
            Movement(number, "HAUPT", -count, Reason.TRANSFER, key),
            Movement(number, "LADEN", count, Reason.TRANSFER, key),
        ],
    )


def _ship_by_hand(session: Session, random: Random, _: Sequence[Offer], __: str) -> None:
    order_id = _some_order(
        session, random, "fulfilment_state IN ('open', 'partial') AND NOT is_cancelled AND holds = '{}'"
    )
    if order_id is not None:
        ship_order(session, order_id, [], "bench", warehouse_code="LADEN" if random.random() < 0.3 else None)


def _cancel(session: Session, random: Random, _: Sequence[Offer], __: str) -> None:
    order_id = _some_order(session, random, "fulfilment_state = 'open' AND NOT is_cancelled")
    if order_id is not None:
        cancel_order(session, order_id, "bench", "changed their mind")


def _pay(session: Session, random: Random, _: Sequence[Offer], key: str) -> None:
    order_id = _some_order(session, random, "payment_state = 'open' AND NOT is_cancelled")
    if order_id is not None:
        rest = session.execute(
            text("SELECT total - paid FROM sales_order WHERE id = :id"), {"id": order_id}
        ).scalar_one()
        record_payment(session, order_id, rest, key, datetime.now(UTC), "bench")


def _return(session: Session, random: Random, _: Sequence[Offer], __: str) -> None:
    query = "fulfilment_state = 'shipped' AND EXISTS (SELECT FROM document d WHERE d.order_id = sales_order.id AND d.kind = 'invoice')"
    order_id = _some_order(session, random, query)
    if order_id is None or not (left := returnable(session, order_id)):
        return
    line_id = random.choice(sorted(left))
    found = announce_return(session, order_id, {line_id: Decimal(1)}, "does not fit", "bench")
    assert found.id is not None
    receive_return(session, found.id, {line_id: ReceivedLine(quantity=Decimal(1), warehouse="HAUPT")}, "bench")
    settle_return(session, found.id, "bench")


ACTS: Mapping[str, tuple[Act, int]] = {
    "imports": (_import, 20),
    "auto-ships": (_autoship, 20),
    "invoicings": (_invoice, 10),
    "receipts": (_receive, 12),
    "corrections": (_correct, 4),
    "transfers": (_move, 6),
    "shipments by hand": (_ship_by_hand, 10),
    "cancellations": (_cancel, 6),
    "payments": (_pay, 6),
    "returns": (_return, 6),
}
"""What a process may do, and how often it does that rather than something else."""


def _stocked(session: Session, random: Random, count: int) -> list[str]:
    numbers = session.execute(text("SELECT number FROM article WHERE is_stock_article ORDER BY number")).scalars().all()
    return random.sample(list(numbers), count)


def _some_order(session: Session, random: Random, condition: str) -> int | None:
    query = text(f"SELECT id FROM sales_order WHERE {condition} ORDER BY id DESC LIMIT 40")  # noqa: S608 - constants
    found = session.execute(query).scalars().all()
    return random.choice(found) if found else None


# --- the books ------------------------------------------------------------------------------------------------------

_RANGES = """
    SELECT r.kind, r.prefix, r.next_value, coalesce(array_agg(n.value) FILTER (WHERE n.value IS NOT NULL), '{}') AS used
    FROM number_range r LEFT JOIN LATERAL (
        SELECT substr(number, length(r.prefix) + 1)::bigint AS value FROM (
            SELECT number FROM document WHERE r.kind = document.kind AND kind NOT IN ('delivery_note', 'pick_list')
            UNION ALL SELECT number FROM shipment WHERE r.kind = 'delivery_note'
            UNION ALL SELECT number FROM sales_order WHERE r.kind = 'order'
            UNION ALL SELECT number FROM order_return WHERE r.kind = 'return'
            UNION ALL SELECT number FROM customer WHERE r.kind = 'customer' AND number LIKE r.prefix || '%'
        ) numbers WHERE number LIKE r.prefix || '%') n ON true
    WHERE r.kind IN ('order', 'delivery_note', 'invoice', 'credit_note', 'cancellation_invoice', 'return', 'customer')
    GROUP BY r.id
"""
_WRONG: Mapping[str, str] = {
    "levels below zero": "SELECT count(*) FROM stock_level WHERE physical < 0",
    "orders whose total is not the sum of their lines": (
        "SELECT count(*) FROM sales_order o WHERE NOT o.is_cancelled AND o.total <>"
        " (SELECT sum(gross) FROM sales_order_line l WHERE l.order_id = o.id AND l.cancelled = 0)"
        " AND NOT EXISTS (SELECT FROM sales_order_line l WHERE l.order_id = o.id AND l.cancelled > 0)"
    ),
    "lines shipped beyond what was ordered": "SELECT count(*) FROM sales_order_line WHERE shipped + cancelled > quantity",
    "shipped lines that no shipment holds": (
        "SELECT count(*) FROM sales_order_line l JOIN article a ON a.id = l.article_id AND a.is_stock_article WHERE l.shipped <>"
        " coalesce((SELECT sum(s.quantity) FROM shipment_line s WHERE s.order_line_id = l.id), 0)"
    ),
    "shipments that moved other stock": (
        "SELECT count(*) FROM (SELECT s.number, sum(l.quantity) AS q FROM shipment s JOIN shipment_line l ON l.shipment_id = s.id"
        " JOIN sales_order_line o ON o.id = l.order_line_id JOIN article a ON a.id = o.article_id AND a.is_stock_article"
        " GROUP BY 1) shipped WHERE q <> coalesce((SELECT -sum(quantity) FROM stock_movement m WHERE m.reason = 'shipment'"
        " AND m.reference = shipped.number), 0)"
    ),
    "orders with two live invoices": (
        "SELECT count(*) FROM (SELECT d.order_id FROM document d WHERE d.kind = 'invoice' AND NOT EXISTS"
        " (SELECT FROM document c WHERE c.refers_to_id = d.id AND c.kind = 'cancellation_invoice')"
        " GROUP BY 1 HAVING count(*) > 1) doubles"
    ),
    "reservations of shipped or cancelled orders": (
        "SELECT count(*) FROM reservation r JOIN sales_order o ON o.id = r.order_id"
        " WHERE o.is_cancelled OR o.fulfilment_state = 'shipped'"
    ),
    "orders whose payments do not add up": (
        "SELECT count(*) FROM sales_order o WHERE o.paid <> coalesce((SELECT sum(CASE WHEN kind = 'refund' THEN"
        " CASE WHEN state = 'executed' THEN -amount ELSE 0 END ELSE amount END) FROM payment p WHERE p.order_id = o.id), 0)"
    ),
}
"""What must never be found, each as a count."""


def _judge(session: Session, tallies: Sequence[Mapping[str, Any]], processes: int, seconds: float) -> TogetherResult:
    wrong = [f"{count} {what}" for what, query in _WRONG.items() if (count := _number(session, query))]
    if differences := ledger_differences(session):
        wrong.append(f"{len(differences)} levels that are not the sum of their movements")
    for kind, prefix, following, used in session.execute(text(_RANGES)):
        first = min(used, default=following)
        if sorted(used) != list(range(first, following)):
            wrong.append(f"range {kind} {prefix}: {len(used)} numbers from {first} to {following - 1}")
    if wrong:
        raise BenchError("; ".join(wrong))
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for tally in tallies:
        done.update(tally["done"])
        refused.update(tally["refused"])
    result = TogetherResult(
        processes=processes,
        seconds=round(seconds, 1),
        done=dict(done),
        refused=dict(refused),
        repeated=sum(tally["repeated"] for tally in tallies),
        orders=_number(session, "SELECT count(*) FROM sales_order"),
        shipments=_number(session, "SELECT count(*) FROM shipment"),
        invoices=_number(session, "SELECT count(*) FROM document WHERE kind = 'invoice'"),
        credit_notes=_number(session, "SELECT count(*) FROM document WHERE kind = 'credit_note'"),
        movements=_number(session, "SELECT count(*) FROM stock_movement"),
        lowest_level=_number(session, "SELECT min(physical) FROM stock_level"),
    )
    if not all((result.orders, result.shipments, result.invoices, result.credit_notes)):
        raise BenchError(f"too little happened: {result.text()}")
    return result


def _number(session: Session, query: str) -> Any:
    return session.execute(text(query)).scalar_one()
