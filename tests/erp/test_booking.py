"""Customers and numbers, as booking creates them."""

import threading
import time

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from canonical.settings import CustomerMode, MatchCriterion
from erp import numbers
from erp.booking import OvertakenError, book
from erp.tables import Customer, Order
from tests.erp.order_kit import ANNA, Importer, judge, order


@pytest.fixture
def importer(session: Session) -> Importer:
    """The sample world in a fresh database."""
    return Importer(session)


def test_nothing_to_book_books_nothing(importer: Importer, session: Session) -> None:
    assert book(session, importer.context(), []) == {}


def test_several_orders_of_a_new_customer_in_a_page_share_it(importer: Importer) -> None:
    loud = ANNA.model_copy(update={"email": "ANNA@example.org "})
    importer.run(order(external_id="1"), order(external_id="2", billing=loud), order(external_id="3"))
    importer.run(order(external_id="4"))
    assert [(c.number, c.name, c.email, c.is_guest) for c in importer.customers()] == [
        ("KD100001", "Anna Weiß", "anna@example.org", True)
    ]


def test_customers_are_shared_by_name_and_address_when_that_is_the_criterion(importer: Importer) -> None:
    other = ANNA.model_copy(update={"email": "other@example.org", "street": "HAUPTSTRASSE 1"})
    elsewhere = ANNA.model_copy(update={"street": "Nebenstr. 2"})
    by_name = {"match_criteria": frozenset({MatchCriterion.NAME_AND_ADDRESS})}
    importer.run(
        order(external_id="1"),
        order(external_id="2", billing=other),
        order(external_id="3", billing=elsewhere),
        **by_name,
    )
    assert [c.street for c in importer.customers()] == ["Hauptstr. 1", "Nebenstr. 2"]


def test_two_people_of_one_name_are_never_merged_without_address_or_mail(importer: Importer) -> None:
    anonymous = ANNA.model_copy(update={"email": "x@marketplace.amazon.de", "street": "Gasse 5"})
    importer.run(order(external_id="1"), order(external_id="2", billing=anonymous))
    assert len(importer.customers()) == 2


def test_always_create_makes_one_per_order(importer: Importer) -> None:
    importer.run(order(external_id="1"), order(external_id="2"), guest_mode=CustomerMode.CREATE)
    assert len(importer.customers()) == 2


def test_within_the_project_each_project_has_its_own_customer(importer: Importer) -> None:
    for project in ("SHOP", "B2B", "SHOP"):
        count = len(importer.customers())
        importer.run(order(external_id=f"{project}{count}"), default_project=project, match_in_project=True)
    assert [c.project_id for c in importer.customers()] == [1, 2]


def test_an_order_never_changes_a_customers_master_data(importer: Importer) -> None:
    importer.run(order(external_id="1"))
    importer.run(order(external_id="2", billing=ANNA.model_copy(update={"city": "Bremen", "last_name": "Schwarz"})))
    assert [(c.name, c.city) for c in importer.customers()] == [("Anna Weiß", "Hamburg")]
    booked = importer.booked("2")
    assert booked is not None
    assert (booked.billing["city"], booked.customer_id) == ("Bremen", importer.customers()[0].id)


def test_a_customer_that_exists_is_found_by_number(importer: Importer, session: Session) -> None:
    session.add(Customer(number="77", name="Known"))
    importer.run(order(customer_ref="77"), match_criteria=frozenset({MatchCriterion.CUSTOMER_NUMBER}))
    assert [c.name for c in importer.customers()] == ["Known"]


def test_booking_what_is_booked_is_refused_as_overtaken(importer: Importer, session: Session) -> None:
    drafts = [draft for n in "12" if (draft := judge(order(external_id=n)).draft)]
    booked = book(session, importer.context(), drafts[:1])
    with pytest.raises(OvertakenError) as overtaken, session.begin_nested():
        book(session, importer.context(), drafts)
    assert overtaken.value.external_ids == {"1"} == set(booked)


def test_orders_are_numbered_in_the_order_of_the_page_from_their_projects_range(
    importer: Importer, session: Session
) -> None:
    importer.run(order(external_id="b"), order(external_id="a"))
    importer.run(order(external_id="c"), default_project="B2B")
    found = session.exec(select(Order).order_by(Order.id)).all()
    assert [(row.external_id, row.number) for row in found] == [
        ("b", "AU1-100001"), ("a", "AU1-100002"), ("c", "AU2-100001"),
    ]  # fmt: skip


def test_numbers_are_gapless_over_a_rollback(session: Session) -> None:
    assert numbers.draw(session, None, "order", 2) == ["AU100001", "AU100002"]
    session.commit()
    numbers.draw(session, None, "order", 5)
    session.rollback()
    assert numbers.draw(session, None, "order", 1) == ["AU100003"]
    assert numbers.draw(session, None, "order", 0) == []


def test_a_missing_range_is_created_once_by_two_at_a_time(session: Session, engine: Engine) -> None:
    first = numbers.draw(session, None, "parcel", 3)
    drawn: list[str] = []

    def work() -> None:
        with Session(engine) as own:
            drawn.extend(numbers.draw(own, None, "parcel", 3))
            own.commit()

    second = threading.Thread(target=work)
    second.start()
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + 20
    with engine.connect() as watcher:
        while second.is_alive() and not watcher.execute(waiting).scalar_one():
            watcher.rollback()
            assert time.monotonic() < deadline
    session.commit()
    second.join(30)
    assert first + drawn == [f"PK{n}" for n in range(100001, 100007)]
