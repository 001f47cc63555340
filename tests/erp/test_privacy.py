"""Data protection: one customer's data is exported and erased, the books stay, and what is old enough goes by itself."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from canonical.document import DocumentContent, DocumentKind, DocumentLine, Issuer, PostalAddress, References
from canonical.failure import FailureError
from erp.privacy import erase_customer, erase_orders, export_customer
from erp.retention import RULES, SHORTEST_BOOKKEEPING, erase_old, periods, set_period
from erp.tables import (
    Customer,
    Document,
    DocumentFile,
    Erasure,
    InboxDocument,
    JournalEvent,
    Mail,
    Order,
    OrderChange,
    OrderLine,
    Parcel,
    Shipment,
)
from tests.erp.conftest import Shop

NAME = "Henriette Geheimrat"
ADDRESS = {
    "first_name": "Henriette",
    "last_name": "Geheimrat",
    "street": "Stille Gasse 1",
    "city": "Wien",
    "country": "AT",
}


def sold(shop: Shop, *, shipped: bool = True) -> tuple[Customer, Order]:
    """A customer with an order, and something personal in every table that may hold it."""
    customer = shop.add(
        Customer(number="KD9", name=NAME, email="henriette@example.com", street="Stille Gasse 1", email_key="henriette", country="AT")
    )  # fmt: skip
    shop.article("A-1", is_stock_article=False)
    order = shop.order(
        {"A-1": 1}, customer_id=customer.id, billing=ADDRESS, delivery=ADDRESS, free_text=f"for {NAME}", total=10,
        fulfilment_state="shipped" if shipped else "open", transaction_id="geheimrat-77",
    )  # fmt: skip
    line = shop.session.exec(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    line.properties = [{"name": "Engraving", "value": NAME}]
    shop.add(OrderChange(order_id=order.id, digest="d", before=ADDRESS, after=ADDRESS))
    shop.add(
        InboxDocument(
            integration_id="shop-1", feature="orders", external_id=order.external_id, digest=b"d", key_id="k1",
            body=NAME.encode(), state="booked", order_id=order.id,
        )
    )  # fmt: skip
    shop.add(Mail(kind="invoice", record_id=1, order_id=order.id, recipient="henriette@example.com", state="sent"))
    shipment = shop.add(Shipment(number="LS9", order_id=order.id, warehouse_id=shop.main.id))
    shop.add(Parcel(shipment_id=shipment.id, tracking_number="PK9", label=NAME.encode(), label_state="ready"))
    for kind, number in (("invoice", "RE9"), ("delivery_note", "LS9")):
        document(shop, order, kind, number)
    return customer, order


def written(kind: str, number: str, issued_on: date) -> dict[str, Any]:
    """What a document says, the buyer's words on a line included."""
    buyer = PostalAddress(name=NAME, street="Stille Gasse 1", city="Wien", country="AT")
    line = DocumentLine(line_id=1, kind="article", title="Ring", properties=(("Gravur", NAME),), quantity=Decimal(1))
    content = DocumentContent(
        kind=DocumentKind(kind), number=number, issued_on=issued_on, language="de", currency="EUR", issuer=Issuer(),
        buyer=buyer, recipient=buyer, references=References(order="A1"), lines=(line,), total=Decimal(10), notes=(f"für {NAME}",),
    )  # fmt: skip
    return dict(content.stored())


def document(shop: Shop, order: Order, kind: str, number: str, issued_on: date = date(2026, 11, 1)) -> Document:
    """An issued document that names the buyer."""
    issued = shop.add(
        Document(
            kind=kind, number=number, project_id=shop.project.id, order_id=order.id, customer_id=order.customer_id,
            currency="EUR", total=10, issued_on=issued_on, content=written(kind, number, issued_on),
        )
    )  # fmt: skip
    shop.add(DocumentFile(document_id=issued.id, state="ready", pdf=NAME.encode(), xml=NAME.encode()))
    return issued


def stored(session: Session) -> str:
    """Everything in the database as text, to look for a name in."""
    tables = session.execute(text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
    rows: list[Any] = []
    for (table,) in tables.all():
        rows += session.execute(text(f'SELECT to_jsonb(t) FROM "{table}" t')).scalars()
    return json.dumps(rows) + "".join(
        bytes(row).decode()
        for row in session.execute(text("SELECT coalesce(pdf, '') || coalesce(xml, '') FROM document_file")).scalars()
    )


def test_an_erased_customer_is_named_only_in_the_invoice_that_the_law_asks_for(session: Session, shop: Shop) -> None:
    customer, _ = sold(shop)
    session.commit()
    assert "Geheimrat" in stored(session)
    counts = erase_customer(session, customer.id or 0, "anna")
    session.commit()
    assert (
        counts["orders"]
        == counts["channel_documents"]
        == counts["mails"]
        == counts["labels"]
        == counts["documents"]
        == 1
    )
    session.execute(text("ALTER TABLE document DISABLE TRIGGER USER"))
    session.execute(text("DELETE FROM document_file USING document d WHERE d.id = document_id AND d.kind = 'invoice'"))
    session.execute(text("DELETE FROM document WHERE kind = 'invoice'"))
    left = stored(session)
    assert "eheimrat" not in left and "enriette" not in left and "Stille Gasse" not in left


def test_the_books_stay_when_a_customer_is_erased(session: Session, shop: Shop) -> None:
    customer, order = sold(shop)
    erase_customer(session, customer.id or 0, "anna")
    session.commit()
    session.expire_all()
    booked = session.get_one(Order, order.id)
    assert (booked.number, booked.total, booked.billing) == (order.number, 10, {"country": "AT"})
    invoice = session.exec(select(Document).where(Document.kind == "invoice")).one()
    assert invoice.content["buyer"]["name"] == NAME
    note = session.exec(select(Document).where(Document.kind == "delivery_note")).one()
    assert (note.content["buyer"], note.content["recipient"]) == ({"country": "AT"}, None)
    left = DocumentContent.model_validate(note.content)
    assert (left.number, left.total, left.lines[0].title) == ("LS9", Decimal(10), "Ring")
    assert session.get_one(Customer, customer.id).number == "KD9"


def test_erasing_twice_changes_nothing_and_is_logged_once(session: Session, shop: Shop) -> None:
    customer, _ = sold(shop)
    erase_customer(session, customer.id or 0, "anna")
    assert erase_customer(session, customer.id or 0, "anna") == {}
    logged = session.exec(select(Erasure)).one()
    assert (logged.kind, logged.customer_id, logged.actor) == ("customer", customer.id, "anna")


def test_a_customer_with_open_orders_is_not_erased(session: Session, shop: Shop) -> None:
    customer, order = sold(shop, shipped=False)
    with pytest.raises(FailureError) as refused:
        erase_customer(session, customer.id or 0, "anna")
    assert refused.value.failure.code == "CUSTOMER_HAS_OPEN_ORDERS"
    assert refused.value.failure.params == {"numbers": order.number}


def test_the_export_holds_everything_that_is_known_of_a_customer(session: Session, shop: Shop) -> None:
    customer, order = sold(shop)
    shop.order({"A-1": 1})
    found = export_customer(session, customer.id or 0)
    assert json.loads(json.dumps(found)) == found
    assert found["customer"]["email"] == "henriette@example.com"
    assert [row["number"] for row in found["orders"]] == [order.number]
    assert found["orders"][0]["billing"]["city"] == "Wien"
    assert found["lines"][0]["properties"][0]["value"] == NAME
    assert {row["number"] for row in found["documents"]} == {"RE9", "LS9"}
    assert found["shipments"][0]["tracking_number"] == "PK9"
    assert found["mails"][0]["recipient"] == "henriette@example.com"


def test_an_unknown_customer_is_neither_exported_nor_erased(session: Session) -> None:
    with pytest.raises(LookupError):
        export_customer(session, 4711)
    with pytest.raises(LookupError):
        erase_customer(session, 4711, "anna")


def test_an_issued_document_can_only_be_changed_by_an_erasure(session: Session, shop: Shop) -> None:
    _, order = sold(shop)
    session.commit()
    for statement in ("UPDATE document SET total = 11", "DELETE FROM document WHERE kind = 'pick_list' OR true"):
        with pytest.raises(IntegrityError, match="cannot be changed"):
            session.execute(text(statement))
        session.rollback()
    erase_customer(session, order.customer_id, "anna")
    with pytest.raises(IntegrityError, match="cannot be changed"):
        session.execute(text("UPDATE document SET total = 11"))


# --- retention ------------------------------------------------------------------------------------------------------


def aged(shop: Shop) -> None:
    """One record of every kind that is far older than it must be kept."""
    sold(shop)
    shop.add(JournalEvent(integration_id="shop-1", feature="orders", hop="lifecycle", status="info", event="created"))
    session = shop.session
    session.flush()
    session.execute(text("ALTER TABLE document DISABLE TRIGGER USER"))
    for table, moment in (
        ("inbox_document", "received_at"), ("journal", "at"), ("parcel", "labelled_at"), ("mail", "created_at"),
        ("sales_order", "created_at"), ("document", "issued_on"),
    ):  # fmt: skip
        session.execute(text(f"UPDATE {table} SET {moment} = now() - interval '12 years'"))
    session.execute(text("ALTER TABLE document ENABLE TRIGGER USER"))
    session.execute(text("INSERT INTO partner (code, name) VALUES ('P', 'Provider')"))
    session.execute(
        text(
            "INSERT INTO partner_file (partner_id, direction, name, digest, body, at)"
            " SELECT id, 'out', 'f.xml', 'd', 'x', now() - interval '12 years' FROM partner"
        )
    )
    session.commit()


def test_every_kind_goes_when_it_is_old_enough_and_only_once(session: Session, shop: Shop) -> None:
    aged(shop)
    done = erase_old(session, 100)
    assert (done.done, done.left) == (len(RULES), False)
    assert {row.kind for row in session.exec(select(Erasure))} == set(RULES)
    assert erase_old(session, 100).done == 0
    session.commit()
    assert "eheimrat" not in stored(session)


@pytest.mark.parametrize("kind", sorted(RULES))
def test_nothing_goes_before_its_time(session: Session, shop: Shop, kind: str) -> None:
    aged(shop)
    for other in RULES:
        set_period(session, other, 1200)
    assert erase_old(session, 100).done == 0
    set_period(session, kind, SHORTEST_BOOKKEEPING)
    erase_old(session, 100)
    assert {row.kind for row in session.exec(select(Erasure))} == {kind}


def test_invoices_stay_until_the_end_of_the_year_after_eight_years(session: Session, shop: Shop) -> None:
    _, order = sold(shop)
    now = session.execute(text("SELECT now()::date")).scalar_one()
    document(shop, order, "invoice", "RE-OLD", date(now.year - 9, 12, 31))
    document(shop, order, "invoice", "RE-STAYS", date(now.year - 8, 1, 1))
    erase_old(session, 100)
    erased = session.exec(
        select(Document.number).join(DocumentFile).where(DocumentFile.state == "erased").order_by(Document.number)
    ).all()
    assert erased == ["RE-OLD"]


def test_a_page_at_a_time_and_more_is_said(session: Session, shop: Shop) -> None:
    _, order = sold(shop)
    for number in range(3):
        document(shop, order, "invoice", f"RE-{number}", date(2010, 1, 1))
    assert erase_old(session, 2).left
    assert not erase_old(session, 2).left


@pytest.mark.parametrize(("kind", "months"), [("invoices", 95), ("mails", 0), ("mails", 1201), ("no such kind", 12)])
def test_an_impossible_retention_is_refused(session: Session, kind: str, months: int) -> None:
    with pytest.raises(FailureError) as refused:
        set_period(session, kind, months)
    assert refused.value.failure.code == "RETENTION_INVALID"
    assert periods(session)["invoices"] == SHORTEST_BOOKKEEPING


def test_a_chosen_period_counts_and_can_be_chosen_again(session: Session) -> None:
    for months in (12, 18):
        set_period(session, "mails", months)
        assert periods(session)["mails"] == months


def test_orders_without_a_customer_to_erase_are_left_alone(session: Session) -> None:
    assert erase_orders(session, []) == {}
