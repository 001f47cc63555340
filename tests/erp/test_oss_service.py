"""The EU delivery threshold: what counts, when it is crossed, and what the next orders see of it."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from canonical.failure import FailureError
from canonical.settings import AdvancedSettings, OrderSettings
from erp import master_data, oss
from erp.documents import issue_invoices, today
from erp.preparation import ensure_defaults
from erp.rules import OssInfo
from erp.tables import (
    ArticleTaxRate,
    DeliveryThreshold,
    Document,
    ExchangeRate,
    JournalEvent,
    Project,
    VatRegistration,
    Warehouse,
)
from tests.erp import order_kit
from tests.erp.conftest import Shop
from tests.erp.document_kit import Desk

TODAY = date(2026, 11, 22)
NUMBERS = count(1)


@pytest.fixture
def books(shop: Shop) -> Shop:
    """A shop whose threshold is the EU's."""
    shop.add(DeliveryThreshold())
    return shop


def invoice(shop: Shop, net: str, *, rate: str | None = None, **values: Any) -> Document:
    """An issued invoice to a French consumer, taxed at the warehouse."""
    currency = values.get("currency", "EUR")
    order = shop.order({}, currency=currency, exchange_rate=None if rate is None else D(rate))
    given = {
        "kind": "invoice", "number": f"RE{next(NUMBERS)}", "project_id": shop.project.id, "order_id": order.id,
        "customer_id": shop.customer.id, "currency": currency, "net": D(net), "tax": D(0), "total": D(net),
        "tax_kind": "eu_origin", "tax_country": "DE", "issued_on": TODAY,
    }  # fmt: skip
    document: Document = shop.add(Document(**(given | values)))
    return document


def counted(session: Session) -> D:
    return oss.oss_state(session, TODAY).counted


def test_preparation_sets_the_eus_threshold_once(session: Session) -> None:
    assert "delivery_threshold:1" in ensure_defaults(session).created
    state = oss.oss_state(session, TODAY)
    assert (state.threshold, state.applies_from, state.counted) == (D("10000.00"), None, D(0))
    session.execute(text("UPDATE delivery_threshold SET threshold = 5"))
    assert ensure_defaults(session).created == ()
    assert session.execute(text("SELECT threshold FROM delivery_threshold")).scalar_one() == 5


def test_the_counter_adds_up_all_eu_countries_together(books: Shop) -> None:
    invoice(books, "100.00", tax_country="DE")
    invoice(books, "50.00", tax_kind="eu", tax_country="FR")
    invoice(books, "25.00", tax_kind="eu", tax_country="AT")
    assert counted(books.session) == D("175.00")


@pytest.mark.parametrize(
    "values",
    [
        {"tax_kind": "domestic"}, {"tax_kind": "export"}, {"tax_kind": "reverse_charge"}, {"tax_kind": "marketplace"},
        {"is_b2b": True}, {"issued_on": date(2025, 12, 31)}, {"issued_on": date(2027, 1, 1)},
        {"kind": "delivery_note"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_sale_to_an_eu_consumer_of_the_year_does_not_count(books: Shop, values: dict[str, Any]) -> None:
    invoice(books, "100.00", **values)
    assert counted(books.session) == 0


def test_a_project_outside_oss_does_not_count(books: Shop) -> None:
    project = books.add(Project(code="OUT", name="Out", is_outside_oss=True))
    invoice(books, "100.00", project_id=project.id)
    assert counted(books.session) == 0


def test_cancellations_and_credit_notes_do_not_lower_the_counter(books: Shop) -> None:
    cancelled = invoice(books, "100.00")
    invoice(books, "100.00", kind="cancellation_invoice", refers_to_id=cancelled.id)
    invoice(books, "40.00", kind="credit_note", refers_to_id=cancelled.id)
    assert counted(books.session) == D("100.00")


def test_foreign_invoices_count_by_the_rate_of_their_order(books: Shop) -> None:
    books.add(ExchangeRate(currency="PLN", rate=D(5)))
    invoice(books, "400.00", currency="PLN", rate="4")
    invoice(books, "400.00", currency="PLN")
    invoice(books, "70.00", currency="SEK")
    state = oss.oss_state(books.session, TODAY)
    assert (state.counted, state.unrated) == (D("250.00"), 1)


def test_crossing_the_threshold_applies_from_that_day_and_is_noted(books: Shop) -> None:
    session = books.session
    invoice(books, "10000.00")
    assert oss.activate_when_crossed(session, TODAY) is False
    invoice(books, "0.01")
    assert oss.activate_when_crossed(session, TODAY) is True
    assert oss.oss_state(session, TODAY).applies_from == TODAY
    (event,) = session.exec(select(JournalEvent).where(JournalEvent.event == "oss_applies")).all()
    assert (event.integration_id, event.params) == ("shop-1", {"threshold": "10000.00", "day": "2026-11-22"})


def test_the_day_of_crossing_stays_whatever_is_invoiced_later(books: Shop) -> None:
    session = books.session
    invoice(books, "10000.01")
    oss.activate_when_crossed(session, TODAY)
    invoice(books, "500.00", issued_on=date(2026, 12, 1))
    assert oss.activate_when_crossed(session, date(2026, 12, 1)) is False
    assert oss.oss_state(session, TODAY).applies_from == TODAY
    assert len(session.exec(select(JournalEvent)).all()) == 1


def test_a_threshold_of_one_applies_at_once_and_zero_is_refused(books: Shop) -> None:
    session = books.session
    for value in ("0", "0.99", "-1"):
        with pytest.raises(FailureError) as caught:
            oss.set_threshold(session, D(value), TODAY, "anna")
        assert caught.value.failure.code == "THRESHOLD_INVALID"
    assert oss.set_threshold(session, D("1.00"), TODAY, "anna").applies_from == TODAY
    assert oss.set_threshold(session, D("10000"), date(2026, 12, 1), "anna").applies_from == TODAY


def test_a_lower_threshold_that_is_crossed_already_applies_from_today(books: Shop) -> None:
    invoice(books, "600.00")
    assert oss.set_threshold(books.session, D("600.00"), TODAY, "anna").applies_from is None
    assert oss.set_threshold(books.session, D("599.99"), TODAY, "anna").applies_from == TODAY


def test_the_rules_read_threshold_registrations_and_article_rates(books: Shop) -> None:
    session = books.session
    article = books.article("A-1")
    books.add(ArticleTaxRate(article_id=article.id, country="FR", rate=D("5.5")))
    for country in ("PL", "CZ", "AT"):
        books.add(VatRegistration(country=country, vat_id=f"{country}1"))
    books.add(Warehouse(code="PL1", name="Poznań", country="PL"))
    books.add(Warehouse(code="PL2", name="Łódź", country="PL"))
    books.add(Warehouse(code="CZ1", name="FBA", country="CZ", kind="marketplace"))
    oss.set_threshold(session, D("1.00"), TODAY, "anna")
    of = order_kit.order(order_kit.line("A-1"), order_kit.line("A-2"))
    master = master_data.load_for(session, "shop-1", OrderSettings(), AdvancedSettings(), [of])
    assert master.oss == OssInfo(applies_from=TODAY, registrations=frozenset({"PL"}))
    assert master.article_rates == {(article.id, "FR"): D("5.5")}


def test_an_order_of_the_day_of_crossing_is_booked_at_the_destination_and_stays_so(session: Session) -> None:
    """The tax is decided when the order is booked; crossing the threshold changes nothing that is booked."""
    of = french("19")
    importer = order_kit.Importer(session, of)
    session.add(DeliveryThreshold())
    importer.run(of, tax_at_origin=True)
    oss.set_threshold(session, D("1.00"), order_kit.NOW.date(), "anna")
    importer.run(french("20").model_copy(update={"external_id": "101"}), tax_at_origin=True)
    kinds = [importer.booked(id) for id in ("100", "101")]
    assert [(booked.tax_kind, booked.tax_country) for booked in kinds if booked] == [("eu_origin", "DE"), ("eu", "FR")]


def test_a_foreign_orders_rate_is_stored_with_its_day(session: Session) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    of = french("20").model_copy(update={"currency": "PLN"})
    importer = order_kit.Importer(session, of)
    session.add(ExchangeRate(currency="PLN", rate=D("4.25"), valid_from=since))
    importer.run(of)
    booked = importer.booked()
    assert booked is not None
    assert (booked.currency, booked.exchange_rate, booked.exchange_rate_at) == ("PLN", D("4.25"), since)


def french(rate: str) -> order_kit.ChannelOrder:
    """An order of a French consumer."""
    address = order_kit.ANNA.model_copy(update={"country": "FR"})
    return order_kit.order(order_kit.line(rate=rate), shipping=(), billing=address, delivery=address)


def test_the_invoice_that_crosses_the_threshold_turns_oss_on(books: Shop) -> None:
    desk = Desk(books)
    for gross, crossed in (("11900.00", False), ("0.10", True)):
        order = desk.order(("article", "1", gross, "19"), tax_kind="eu_origin")
        issue_invoices(books.session, [order.id or 0], "jo")
        assert (oss.oss_state(books.session, today()).applies_from is not None) is crossed
