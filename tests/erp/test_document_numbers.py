"""Numbers of documents have no gap and no twin: many issue at once, some roll back, some die."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from erp.documents import issue_cancellation, issue_invoices
from erp.tables import Document, NumberRange
from tests.erp.document_kit import ISSUER, Desk

WORKERS = 8
LINES = (("article", "2", "20.00", "19"), ("shipping", "1", "4.90", "19"))


class GivesUpError(Exception):
    """A worker that issues and then fails."""


def values(numbers: list[str], prefix: str) -> list[int]:
    return sorted(int(number.removeprefix(prefix)) for number in numbers)


def test_many_workers_issue_without_gap_or_twin_though_some_roll_back(
    engine: Engine, session: Session, shop: Any
) -> None:
    desk = Desk(shop)
    orders = [desk.order(*LINES).id for _ in range(96)]
    session.commit()
    start = threading.Barrier(WORKERS)

    def work(worker: int) -> None:
        start.wait()
        for round_, first in enumerate(range(worker * 12, worker * 12 + 12, 3)):
            for gives_up in (True, False) if round_ % 2 else (False,):
                with Session(engine) as mine:
                    issue_invoices(mine, orders[first : first + 3], "jo")
                    if not gives_up:
                        mine.commit()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    drawn = values(list(session.exec(select(Document.number))), f"RE{shop.project.id}-")
    assert drawn == list(range(100001, 100001 + len(orders)))


def test_workers_with_the_same_orders_issue_each_invoice_once(engine: Engine, session: Session, shop: Any) -> None:
    desk = Desk(shop)
    orders = [desk.order(*LINES).id for _ in range(12)]
    session.commit()
    start = threading.Barrier(WORKERS)

    def work(worker: int) -> dict[int, int]:
        start.wait()
        with Session(engine) as mine:
            wanted = orders if worker % 2 else orders[::-1]
            issued = issue_invoices(mine, wanted, "jo")
            mine.commit()
        return issued

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(work, range(WORKERS)))
    assert all(answer == answers[0] for answer in answers)
    assert len(session.exec(select(Document)).all()) == len(orders)


def test_projects_have_ranges_of_their_own_and_workers_on_both_never_block_each_other_for_good(
    engine: Engine, session: Session, shop: Any
) -> None:
    desk = Desk(shop)
    other = shop.add(type(shop.project)(code="OTHER", name="Other", issuer=ISSUER))
    pairs = [(desk.order(*LINES).id, desk.order(*LINES, project_id=other.id).id) for _ in range(16)]
    session.commit()
    start = threading.Barrier(WORKERS)

    def work(worker: int) -> None:
        start.wait()
        for pair in pairs[worker::WORKERS]:
            with Session(engine) as mine:
                issue_invoices(mine, pair if worker % 2 else pair[::-1], "jo")
                mine.commit()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    for project in (shop.project, other):
        found = select(Document.number).where(Document.project_id == project.id)
        assert values(list(session.exec(found)), f"RE{project.id}-") == list(range(100001, 100017))


def test_a_number_that_is_rolled_back_is_given_to_the_next(engine: Engine, session: Session, shop: Any) -> None:
    desk = Desk(shop)
    first, second = desk.order(*LINES).id, desk.order(*LINES).id
    session.commit()
    try:
        with Session(engine) as mine:
            issue_invoices(mine, [first], "jo")
            raise GivesUpError
    except GivesUpError:
        pass
    issue_invoices(session, [second], "jo")
    session.commit()
    document = session.exec(select(Document)).one()
    assert (document.order_id, document.number) == (second, f"RE{shop.project.id}-100001")


def test_two_who_cancel_the_same_invoice_make_one_cancellation(engine: Engine, session: Session, shop: Any) -> None:
    desk = Desk(shop)
    order = desk.order(*LINES).id
    invoice = issue_invoices(session, [order], "jo")[order]
    session.commit()
    start = threading.Barrier(4)

    def work(_: int) -> str:
        start.wait()
        with Session(engine) as mine:
            number = issue_cancellation(mine, invoice, "jo").number
            mine.commit()
        return number

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(work, range(4)))) == 1
    following = select(NumberRange.next_value).where(NumberRange.kind == "cancellation_invoice")
    assert session.exec(following).one() == 100002
