"""Issuing documents: what they say, once per occasion, and never changed again."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from canonical.document import DocumentContent, TaxCategory
from canonical.failure import FailureError
from erp.documents import (
    issue_cancellation,
    issue_credit_note,
    issue_delivery_notes,
    issue_due_invoices,
    issue_invoice,
    issue_invoices,
    issue_pick_lists,
)
from erp.tables import Document, DocumentFile, JournalEvent, Mail, NumberRange, Shipment
from tests.erp.document_kit import BUYER, ISSUER, Desk

MIXED = (
    ("article", "3", "59.97", "19"),
    ("article", "1", "10.70", "7"),
    ("shipping", "1", "4.90", "19"),
    ("discount", "1", "-5.00", "19"),
)


@pytest.fixture
def desk(shop: Any) -> Desk:
    """Orders that can be invoiced."""
    return Desk(shop)


def invoice(session: Session, order: Any) -> Document:
    issued = issue_invoices(session, [order.id], "jo")
    return session.get_one(Document, issued[order.id])


def content(document: Document) -> DocumentContent:
    return DocumentContent.model_validate(document.content)


def code_of(call: Any) -> str:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure.code


def test_an_invoice_adds_up_from_the_lines_to_the_cent(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    desk.shipment(order, "LS1")
    said = content(invoice(session, order))
    assert (said.net + said.tax, said.total) == (Decimal("70.57"), Decimal("70.57"))
    assert {(each.rate, each.gross) for each in said.taxes} == {
        (Decimal("19.000"), Decimal("59.87")),
        (Decimal("7.000"), Decimal("10.70")),
    }
    assert sum(each.tax for each in said.taxes) == said.tax == sum(line.tax for line in said.lines)
    assert said.references.delivery_notes == ("LS1",)
    assert said.issuer.name == ISSUER["name"]
    assert said.buyer.name == "Jörg Müller"


def test_issuing_again_gives_the_same_invoice(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    first = issue_invoices(session, [order.id], "jo")
    assert issue_invoices(session, [order.id], "jo") == first
    assert len(session.exec(select(Document)).all()) == 1
    assert session.exec(select(DocumentFile.state)).all() == ["pending"]
    assert session.exec(select(JournalEvent.event)).all() == ["invoiced"]


def test_a_cancelled_order_gets_no_invoice(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED, is_cancelled=True)
    assert issue_invoices(session, [order.id], "jo") == {}
    assert code_of(lambda: issue_invoice(session, order.id, "jo")) == "STATE_FORBIDS"


def test_a_partly_cancelled_order_is_invoiced_for_the_rest_with_its_share_of_the_discount(
    session: Session, desk: Desk
) -> None:
    order = desk.order(("article", "3", "30.00", "19"), ("discount", "1", "-3.00", "19"))
    desk.lines(order)[0].cancelled = Decimal(1)
    said = content(invoice(session, order))
    assert [(line.quantity, line.gross) for line in said.lines] == [(2, Decimal("20.00")), (1, Decimal("-2.00"))]
    assert said.total == Decimal("18.00")


def test_nothing_is_printed_of_a_line_that_is_cancelled_whole(session: Session, desk: Desk) -> None:
    order = desk.order(("article", "1", "30.00", "19"), ("article", "1", "5.00", "19"))
    desk.lines(order)[0].cancelled = Decimal(1)
    assert [line.gross for line in content(invoice(session, order)).lines] == [Decimal("5.00")]


def test_what_is_paid_is_not_due(session: Session, desk: Desk) -> None:
    said = content(invoice(session, desk.order(*MIXED, paid=Decimal("20.00"))))
    assert (said.paid, said.due) == (Decimal("20.00"), Decimal("50.57"))
    assert said.due_on == said.issued_on
    said = content(invoice(session, desk.order(*MIXED, paid=Decimal("99.00"))))
    assert (said.paid, said.due, said.due_on) == (Decimal("70.57"), 0, None)


def test_an_invoice_is_due_after_the_days_of_the_payment_method(session: Session, desk: Desk) -> None:
    desk.shop.invoice.due_days = 14
    session.flush()
    said = content(invoice(session, desk.order(*MIXED, payment_method_id=desk.shop.invoice.id)))
    assert said.due_on is not None
    assert (said.due_on - said.issued_on).days == 14


@pytest.mark.parametrize(
    ("values", "rate", "category"),
    [
        ({}, "19", TaxCategory.STANDARD),
        ({}, "0", TaxCategory.ZERO),
        ({"tax_kind": "eu", "tax_country": "FR"}, "20", TaxCategory.STANDARD),
        ({"tax_kind": "export", "delivery": BUYER | {"country": "CH"}}, "0", TaxCategory.EXPORT),
        ({"tax_kind": "reverse_charge", "delivery": BUYER | {"country": "AT"}}, "0", TaxCategory.INTRA_COMMUNITY),
        ({"tax_kind": "reverse_charge"}, "0", TaxCategory.REVERSE_CHARGE),
        ({"tax_kind": "marketplace"}, "0", TaxCategory.EXEMPT),
    ],
)
def test_the_tax_category_follows_kind_and_country(
    session: Session, desk: Desk, values: dict[str, Any], rate: str, category: TaxCategory
) -> None:
    order = desk.order(("article", "1", "10.00", rate), **values)
    said = content(invoice(session, order))
    assert [each.category for each in said.taxes] == [category]
    assert bool(said.exemption) == (category not in (TaxCategory.STANDARD, TaxCategory.ZERO))


def test_an_exempt_article_is_exempt(session: Session, desk: Desk) -> None:
    desk.article.tax_category = "exempt"
    session.flush()
    said = content(invoice(session, desk.order(("article", "1", "10.00", "0"))))
    assert [each.category for each in said.taxes] == [TaxCategory.EXEMPT]


def test_a_free_gift_takes_the_rate_of_the_goods(session: Session, desk: Desk) -> None:
    said = content(invoice(session, desk.order(("article", "1", "10.00", "19"), ("article", "1", "0.00", "0"))))
    assert [(each.category, each.rate) for each in said.taxes] == [(TaxCategory.STANDARD, 19)]


def test_a_distance_sale_names_the_country_whose_tax_it_is(session: Session, desk: Desk) -> None:
    order = desk.order(("article", "1", "12.00", "20"), tax_kind="eu", tax_country="FR", language="de")
    assert "Frankreich" in content(invoice(session, order)).notes[0]


def test_rounding_is_no_supply_and_has_no_tax(session: Session, desk: Desk) -> None:
    said = content(invoice(session, desk.order(("article", "1", "10.00", "19"), ("rounding", "1", "0.02", "0"))))
    assert (said.total, said.rounding) == (Decimal("10.02"), Decimal("0.02"))
    assert [each.gross for each in said.taxes] == [Decimal("10.00")]


def test_without_a_complete_issuer_nothing_is_numbered_and_the_invoice_comes_later(
    session: Session, desk: Desk
) -> None:
    desk.shop.project.issuer = {"name": "Muster"}
    order = desk.order(*MIXED)
    assert issue_invoices(session, [order.id], "jo") == {}
    assert issue_invoices(session, [order.id], "jo") == {}
    assert session.exec(select(NumberRange).where(NumberRange.kind == "invoice")).all() == []
    waits = session.exec(select(JournalEvent)).one()
    assert (waits.event, waits.code) == ("invoice_waits", "ISSUER_INCOMPLETE")
    assert waits.params["fields"] == "street, postcode, city, country, vat_id"
    assert code_of(lambda: issue_invoice(session, order.id, "jo")) == "ISSUER_INCOMPLETE"
    assert issue_due_invoices(session, 10).done == 0
    desk.shop.project.issuer = ISSUER
    session.flush()
    assert issue_due_invoices(session, 10).done == 1
    assert issue_due_invoices(session, 10).done == 0
    assert session.exec(select(Document.number)).all() == [f"RE{desk.shop.project.id}-100001"]


def test_an_untaxed_delivery_abroad_waits_for_the_issuers_vat_id_and_holds_up_nobody(
    session: Session, desk: Desk
) -> None:
    desk.shop.project.issuer = ISSUER | {"vat_id": ""}
    abroad = desk.order(("article", "1", "10.00", "0"), tax_kind="export", delivery=BUYER | {"country": "CH"})
    home = desk.order(*MIXED)
    assert issue_invoices(session, [abroad.id, home.id], "jo").keys() == {home.id}
    assert issue_due_invoices(session, 1).done == 0
    desk.shop.project.issuer = ISSUER
    session.flush()
    assert issue_due_invoices(session, 1).done == 1


def test_an_issued_document_cannot_be_changed_or_deleted(session: Session, desk: Desk) -> None:
    issued = invoice(session, desk.order(*MIXED))
    session.commit()
    for statement in ("UPDATE document SET total = 1", "DELETE FROM document"):
        with pytest.raises(DBAPIError, match=f"{issued.number} is issued"):
            session.execute(text(statement))
        session.rollback()


def test_master_data_that_changes_later_changes_no_document(session: Session, desk: Desk) -> None:
    issued = invoice(session, desk.order(*MIXED))
    before = dict(issued.content)
    desk.shop.project.issuer = ISSUER | {"name": "Anders GmbH"}
    desk.article.name = "Other"
    session.commit()
    session.refresh(issued)
    assert issued.content == before


def test_many_invoices_cost_as_many_statements_as_one(session: Session, desk: Desk) -> None:
    few, many = [desk.order(*MIXED).id], [desk.order(*MIXED).id for _ in range(12)]
    session.flush()
    counted: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: counted.append(given[2]))
    issue_invoices(session, few, "jo")
    one = len(counted)
    issue_invoices(session, many, "jo")
    assert len(counted) - one <= one


def test_a_delivery_note_has_the_shipments_number_and_its_quantities(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED, free_text="Bitte klingeln")
    shipment = desk.shipment(order, "LS77")
    issued = issue_delivery_notes(session, [shipment.id], "jo")
    assert issue_delivery_notes(session, [shipment.id], "jo") == issued
    note = session.get_one(Document, issued[shipment.id])
    assert (note.kind, note.number, note.total) == ("delivery_note", "LS77", 0)
    assert [(line.quantity, line.gross) for line in content(note).lines] == [(3, 0), (1, 0)]
    assert content(note).notes == ("Bitte klingeln",)


def test_a_pick_list_is_numbered_from_its_own_range(session: Session, desk: Desk) -> None:
    shipments = [desk.shipment(desk.order(*MIXED), f"LS{n}").id for n in range(2)]
    issued = issue_pick_lists(session, shipments, "jo")
    numbers = [session.get_one(Document, issued[each]).number for each in shipments]
    assert numbers == [f"PL{desk.shop.project.id}-10000{n}" for n in (1, 2)]


def test_a_cancellation_takes_the_whole_invoice_back_once(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    issued = invoice(session, order)
    cancelled = issue_cancellation(session, issued.id or 0, "jo", " falsche Adresse ")
    assert issue_cancellation(session, issued.id or 0, "jo").id == cancelled.id
    said = content(cancelled)
    assert (cancelled.total, cancelled.refers_to_id) == (issued.total, issued.id)
    assert (said.references.invoice, said.reason) == (issued.number, "falsche Adresse")
    again = invoice(session, order)
    assert again.number != issued.number


def test_only_an_invoice_can_be_cancelled(session: Session, desk: Desk) -> None:
    note = issue_delivery_notes(session, [desk.shipment(desk.order(*MIXED), "LS1").id], "jo")
    for wrong in (*note.values(), 999):
        with pytest.raises(LookupError):
            issue_cancellation(session, wrong, "jo")


def test_a_credit_note_gives_back_the_returned_part_with_its_share_of_the_discount(
    session: Session, desk: Desk
) -> None:
    order = desk.order(*MIXED)
    issued = invoice(session, order)
    credited = issue_credit_note(session, desk.returned(order, {1: "1"}, reason="zu klein"), "jo")
    said = content(credited)
    assert [(line.kind, line.gross) for line in said.lines] == [
        ("article", Decimal("19.99")),
        ("discount", Decimal("-1.67")),
    ]
    assert (credited.total, credited.refers_to_id, said.reason) == (Decimal("18.32"), issued.id, "zu klein")


def test_credit_notes_add_up_to_the_invoice_and_never_to_more(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    issued = invoice(session, order)
    totals = [
        issue_credit_note(session, desk.returned(order, {1: "1"}), "jo").total,
        issue_credit_note(session, desk.returned(order, {1: "1"}, refunds_shipping=True), "jo").total,
        issue_credit_note(session, desk.returned(order, {1: "1", 2: "1"}, refunds_shipping=True), "jo").total,
    ]
    assert sum(totals) == issued.total
    too_much = desk.returned(order, {2: "1"})
    assert code_of(lambda: issue_credit_note(session, too_much, "jo")) == "CREDIT_EXCEEDED"
    assert code_of(lambda: issue_cancellation(session, issued.id or 0, "jo")) == "INVOICE_CREDITED"


def test_a_return_is_credited_once_and_only_against_an_invoice(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    returned = desk.returned(order, {1: "1"})
    assert code_of(lambda: issue_credit_note(session, returned, "jo")) == "INVOICE_MISSING"
    issued = invoice(session, order)
    first = issue_credit_note(session, returned, "jo")
    assert issue_credit_note(session, returned, "jo").id == first.id
    other = desk.order(*MIXED)
    issued = invoice(session, other)
    issue_cancellation(session, issued.id or 0, "jo")
    late = desk.returned(other, {1: "1"})
    assert code_of(lambda: issue_credit_note(session, late, "jo")) == "INVOICE_MISSING"


def test_a_bundle_is_credited_when_all_its_components_came_back(session: Session, desk: Desk) -> None:
    order = desk.order(("article", "2", "40.00", "19"))
    head = desk.lines(order)[0]
    for position in (2, 3):
        desk.line(order, position, ("component", "4", "0.00", "19"), parent_id=head.id)
    invoice(session, order)
    half = issue_credit_note(session, desk.returned(order, {2: "2"}), "jo")
    assert half.total == 0
    whole = issue_credit_note(session, desk.returned(order, {3: "2"}), "jo")
    assert whole.total == Decimal("20.00")


def test_invoices_are_mailed_where_the_project_says_so(session: Session, desk: Desk) -> None:
    invoice(session, desk.order(*MIXED))
    assert session.exec(select(Mail)).all() == []
    desk.shop.project.mails_invoices = True
    session.flush()
    issued = invoice(session, desk.order(*MIXED))
    invoice(session, desk.order(*MIXED, billing=BUYER | {"email": ""}, delivery={}))
    mail = session.exec(select(Mail)).one()
    assert (mail.kind, mail.record_id, mail.recipient, mail.state) == (
        "invoice", issued.id, "joerg@mueller.example", "pending",
    )  # fmt: skip


def test_a_packed_shipment_is_not_yet_a_supply(session: Session, desk: Desk) -> None:
    order = desk.order(*MIXED)
    desk.shipment(order, "LS1", state="packed")
    assert content(invoice(session, order)).references.delivery_notes == ()
    assert session.exec(select(Shipment.state)).all() == ["packed"]


def test_who_buys_over_the_counter_without_an_address_is_the_pos_customer(session: Session, desk: Desk) -> None:
    said = content(invoice(session, desk.order(*MIXED, billing={}, delivery={})))
    assert (said.buyer.name, said.buyer.country, said.recipient) == ("Jo Doe", "DE", None)
