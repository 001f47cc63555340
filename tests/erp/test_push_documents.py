"""Which documents and refunds go through a channel: each once, and only what is finished here."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from canonical.feature import Feature
from canonical.push import Outcome, PushAnswer
from canonical.settings import DocumentSettings, RefundSettings
from erp import push
from erp.document_files import next_file, store_file
from erp.documents import issue_cancellation, issue_invoices
from erp.links import send_again
from erp.payments import execute_refund, fail_refund, note_refund_in_channel, open_refund, release_refund
from erp.returns import ReceivedLine, announce_return, receive_return, settle_return
from erp.shipping import ship_order
from erp.tables import Document, Link, Payment, PushBatch
from tests.erp.order_life_kit import OrderKit
from tests.erp.push_kit import Channel, choose, refuse

D = Decimal
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    """Orders of an integration that takes documents and refunds."""
    choose(session, Feature.DOCUMENTS, Feature.REFUNDS)
    made = OrderKit(session, shop)
    for number in ("A-1", "A-2"):
        shop.article(number)
    made.fill(10, "A-1", "A-2")
    return made


@pytest.fixture
def documents(session: Session, kit: OrderKit) -> Channel:
    return Channel(session, Feature.DOCUMENTS, DocumentSettings(send_invoice_pdf=True))


@pytest.fixture
def refunds(session: Session, kit: OrderKit) -> Channel:
    return Channel(session, Feature.REFUNDS, RefundSettings())


def invoiced(session: Session, kit: Any, number: str = "RE/2026 Ä1") -> Document:
    """An invoice whose number is no good name of a file."""
    order = kit.order({"A-1": 1})
    session.execute(text("UPDATE number_range SET prefix = :prefix WHERE kind = 'invoice'"), {"prefix": number})
    issued = issue_invoices(session, [order.id], "jo")
    return session.get_one(Document, issued[order.id])


def render(session: Session, pdf: bytes = b"%PDF-1") -> None:
    while (waiting := next_file(session)) is not None:
        store_file(session, waiting, pdf, None, NOW)


def test_an_invoice_is_handed_over_once_when_its_file_is_there(session: Session, kit: Any, documents: Channel) -> None:
    invoice = invoiced(session, kit)
    assert documents.send() == []
    link = documents.link(invoice.number)
    assert (link.code, link.attempts) == ("DOCUMENT_NOT_READY", 1)
    assert link.dirty_at
    assert link.next_try_at
    assert documents.send() == [], "not before it is due again"
    render(session, b"%PDF-7")
    (document,) = documents.send()
    assert (document.key, document.number, document.document_id) == (invoice.number, invoice.number, invoice.id)
    assert (document.order_ref, document.order_number, document.kind) == ("ext-1", "#1", "invoice")
    assert (document.total, document.currency, document.issued_on) == (D("14.90"), "EUR", invoice.issued_on)
    assert (document.content, document.media_type, document.is_repeat) == (b"%PDF-7", "application/pdf", False)
    assert document.file_name.isascii()
    assert "/" not in document.file_name
    assert documents.send() == []
    (again,) = documents.send(records=["ext-1"], run="by-hand")
    assert again.is_repeat, "the connector looks first whether it is there"


def test_the_bytes_are_in_no_batch(session: Session, kit: Any, documents: Channel) -> None:
    invoiced(session, kit)
    render(session, b"%PDF-secret")
    documents.send()
    assert "secret" not in str([batch.items for batch in session.exec(select(PushBatch))])


def test_a_run_does_not_end_because_one_file_is_missing(session: Session, kit: Any, documents: Channel) -> None:
    invoiced(session, kit)
    batch = documents.collect()
    assert push.open_portion(session, batch, 10) == []
    settled = push.settle(session, batch, "run-1")
    assert (settled.counts.failed, settled.repeat_failure) == (1, None)


def test_a_file_that_is_gone_before_it_leaves_is_answered_here(session: Session, kit: Any, documents: Channel) -> None:
    first, second = invoiced(session, kit), invoiced(session, kit, "RX")
    render(session)
    batch = documents.collect()
    gone = {"id": first.id}
    session.execute(text("UPDATE document_file SET state = 'erased', pdf = NULL WHERE document_id = :id"), gone)
    assert [document.key for document in push.open_portion(session, batch, 1)] == [second.number]
    assert documents.link(first.number).state == "never"
    push.settle(session, batch, "run-1")
    assert documents.link(first.number).code == "DOCUMENT_NOT_READY"


@pytest.mark.parametrize("settings", [DocumentSettings(), DocumentSettings(send_invoice_pdf=False)])
def test_nothing_is_handed_over_unless_it_is_wanted(
    session: Session, kit: Any, documents: Channel, settings: DocumentSettings
) -> None:
    invoiced(session, kit)
    render(session)
    documents.settings = settings
    assert documents.send() == []
    documents.settings = DocumentSettings(send_invoice_pdf=True)
    assert documents.send() == [], "what was issued before is not sent later"


def test_only_invoices_are_handed_over_and_none_that_was_cancelled(
    session: Session, kit: Any, documents: Channel
) -> None:
    order = kit.order({"A-1": 1})
    ship_order(session, order.id, [], "jo")
    invoice_id = issue_invoices(session, [order.id], "jo")[order.id]
    issue_cancellation(session, invoice_id, "jo")
    render(session)
    assert len(session.exec(select(Link).where(Link.kind == "documents")).all()) == 1
    assert documents.send() == []


def test_integrations_that_take_no_documents_have_no_links(session: Session, shop: Any) -> None:
    kit = OrderKit(session, shop)
    shop.article("A-1")
    invoiced(session, kit)
    assert session.exec(select(Link)).all() == []


# --- refunds --------------------------------------------------------------------------------------------------------


def refunded(session: Session, order: Any, amount: str, reference: str = "goodwill") -> Payment:
    refund = open_refund(session, order.id, D(amount), reference, "jo")
    release_refund(session, refund.id or 0, "jo")
    return execute_refund(session, refund.id or 0, "jo")


def returned(session: Session, kit: Any, order: Any, quantities: dict[int, int], *, postage: bool = False) -> Payment:
    """A refund of goods that came back, executed."""
    pieces = {line: D(quantity) for line, quantity in quantities.items()}
    found = announce_return(session, order.id, pieces, "too small", "jo", refunds_shipping=postage)
    received = {line: ReceivedLine(quantity=quantity, warehouse="MAIN") for line, quantity in pieces.items()}
    receive_return(session, found.id or 0, received, "jo")
    settle_return(session, found.id or 0, "jo")
    refund = session.exec(select(Payment).where(Payment.kind == "refund", Payment.state == "open")).one()
    release_refund(session, refund.id or 0, "jo")
    return execute_refund(session, refund.id or 0, "jo")


def shipped(session: Session, kit: Any, lines: dict[str, int], **values: Any) -> Any:
    order = kit.order(lines, **values)
    ship_order(session, order.id, [], "jo")
    issue_invoices(session, [order.id], "jo")
    return kit.fresh(order)


def test_a_refund_goes_through_the_channel_when_it_was_executed_and_not_before(
    session: Session, kit: Any, refunds: Channel
) -> None:
    order = kit.order({"A-1": 2}, paid="24.90")
    refund = open_refund(session, order.id, D(5), "goodwill", "jo")
    assert refunds.send() == []
    release_refund(session, refund.id or 0, "jo")
    assert refunds.send() == []
    execute_refund(session, refund.id or 0, "jo")
    (sent,) = refunds.send()
    assert (sent.key, sent.order_ref, sent.order_number) == (str(refund.id), "ext-1", "#1")
    assert (sent.amount, sent.currency, sent.lines, sent.shipping) == (D(5), "EUR", (), 0)
    assert (sent.restocks, sent.is_repeat) == (False, False)
    execute_refund(session, refund.id or 0, "jo")
    assert refunds.send() == [], "executing again pays nothing twice"


def test_a_refund_that_is_sent_again_by_hand_leaves_as_a_repeat(session: Session, kit: Any, refunds: Channel) -> None:
    order = kit.order({"A-1": 2}, paid="24.90")
    refund = open_refund(session, order.id, D(5), "goodwill", "jo")
    for move in (release_refund, execute_refund):
        move(session, refund.id or 0, "jo")
    refunds.send(refuse("REFUND_UNCLEAR", order="#1"))
    assert refunds.send() == [], "nobody knows whether it was paid: a person decides"
    send_again(session, [refunds.link(str(refund.id)).id or 0], "jo")
    assert [sent.is_repeat for sent in refunds.send()] == [True]


def test_a_refund_that_failed_or_was_made_by_the_channel_is_never_told(
    session: Session, kit: Any, refunds: Channel
) -> None:
    order = kit.order({"A-1": 2}, paid="24.90")
    refund = open_refund(session, order.id, D(5), "goodwill", "jo")
    fail_refund(session, refund.id or 0, "no account", "jo")
    note_refund_in_channel(session, order.id, D(3), "channel 3", "jo")
    assert session.exec(select(Link).where(Link.kind == "refunds")).all() == []
    assert refunds.send() == []


def test_the_lines_of_the_credit_note_explain_a_refund(session: Session, kit: Any, refunds: Channel) -> None:
    refunds.settings = RefundSettings(restock=True)
    order = shipped(session, kit, {"A-1": 3, "A-2": 1}, paid="44.90")
    returned(session, kit, order, {kit.line(order, "A-1"): 2, kit.line(order, "A-2"): 1}, postage=True)
    (sent,) = refunds.send()
    assert [(line.line_ref, line.quantity, line.amount) for line in sent.lines] == [
        ("l1-1", 2, D("20.00")),
        ("l1-2", 1, D("10.00")),
    ]
    assert sent.lines[0].tax == D("3.19")
    assert (sent.shipping, sent.amount) == (D("4.90"), D("34.90"))
    assert (sent.note, sent.restocks) == ("too small", True)


def test_a_discount_is_shared_out_among_the_lines_of_a_refund(session: Session, kit: Any, refunds: Channel) -> None:
    order = kit.order({"A-1": 2, "A-2": 1}, postage="")
    kit.extra(order, "discount", D("-3.00"))
    kit.sum_up(order)
    kit.pay(order, D(27))
    ship_order(session, order.id, [], "jo")
    issue_invoices(session, [order.id], "jo")
    returned(session, kit, order, {kit.line(order, "A-1"): 2, kit.line(order, "A-2"): 1})
    (sent,) = refunds.send()
    assert sent.amount == 27
    assert [line.amount for line in sent.lines] == [D("18.00"), D("9.00")]


def test_a_merged_line_is_refunded_piece_by_piece_and_no_piece_twice(
    session: Session, kit: Any, refunds: Channel
) -> None:
    order = kit.order({"A-1": 3}, paid="34.90")
    session.execute(text("UPDATE sales_order_line SET line_refs = '{i1,i2,i3}' WHERE kind = 'article'"))
    ship_order(session, order.id, [], "jo")
    issue_invoices(session, [order.id], "jo")
    line = kit.line(order, "A-1")
    returned(session, kit, order, {line: 2})
    assert [(part.line_ref, part.amount) for part in refunds.send()[0].lines] == [("i1", 10), ("i2", 10)]
    returned(session, kit, order, {line: 1})
    assert [(part.line_ref, part.amount) for part in refunds.send()[0].lines] == [("i3", 10)]


def test_a_refund_smaller_than_its_credit_note_names_no_lines(session: Session, kit: Any, refunds: Channel) -> None:
    order = shipped(session, kit, {"A-1": 2}, paid="24.90")
    returned(session, kit, order, {kit.line(order, "A-1"): 1})
    session.execute(text("UPDATE payment SET amount = 4 WHERE kind = 'refund'"))
    (sent,) = refunds.send()
    assert (sent.amount, sent.lines, sent.shipping) == (4, (), 0)


def test_a_try_that_went_wrong_is_looked_up_before_it_is_paid_again(
    session: Session, kit: Any, refunds: Channel
) -> None:
    refunded(session, kit.order({"A-1": 2}, paid="24.90"), "5")
    refunds.send(refuse("TIMEOUT", host="shop"))
    session.execute(text("UPDATE link SET next_try_at = NULL"))
    assert [sent.is_repeat for sent in refunds.send()] == [True]
    batch = refunds.collect()
    assert batch == 0


def test_an_unanswered_refund_is_repeated_as_such(session: Session, kit: Any, refunds: Channel) -> None:
    refunded(session, kit.order({"A-1": 2}, paid="24.90"), "5")
    batch = refunds.collect()
    assert [sent.is_repeat for sent in push.open_portion(session, batch, 1)] == [False]
    assert [sent.is_repeat for sent in push.open_portion(session, batch, 1)] == [True]
    push.store_answer(session, batch, PushAnswer())
    push.settle(session, batch, "run-1")
    (link,) = session.exec(select(Link).where(Link.kind == "refunds").execution_options(populate_existing=True)).all()
    assert (link.state, link.code) == ("failed", "UNCLASSIFIED"), "silence is no success"
    assert Outcome.ACCEPTED not in [row.get("outcome") for row in session.exec(select(PushBatch)).one().results]
