"""Issuing of documents: numbers without a gap, content that never changes again, each occasion once (D§2.7)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import func, or_, text, update
from sqlmodel import Session, col, select

from canonical.document import DocumentContent, DocumentKind, DocumentLine, Issuer, Parcel
from canonical.failure import Failure, FailureError
from canonical.money import ZERO
from canonical.runs import HouseDone
from erp import journal, oss, tables
from erp.document_booking import Draft, book_documents, order_event
from erp.document_content import UNTAXED_ABROAD, OrderFacts, compose, document_lines, load_facts, tax_sums, with_payment
from erp.document_credits import credited_before, credited_lines, with_heads
from erp.orders import lock_order
from erp.push_documents import link_invoices
from erp.rules.amounts import Amounts, LineAmounts, remaining
from erp.tables import Document, Order, OrderReturn, Project, ReturnLine, Shipment, ShipmentLine

# --- invoices -------------------------------------------------------------------------------------------------------


def issue_invoices(session: Session, order_ids: Sequence[int], by: str) -> dict[int, int]:
    """Issue one invoice for each order over all that is not cancelled, and return document ids by order id.

    Idempotent: an order with an invoice that is not cancelled keeps it. Cancelled orders get none. Where the project's
    issuer is incomplete nothing is issued and no number is drawn: the order is noted, its journal names the fields
    (ISSUER_INCOMPLETE), and `issue_due_invoices` issues it once they are filled. Set-based; locks orders by id, then number
    ranges by project. Crossing the EU delivery threshold is noticed here (`erp/oss.py`). Adds the file to be rendered, prints, mails as the project says,
    and the channel's copy where the integration sends documents.
    """
    orders = _lock(session, order_ids)
    live = _live_invoices(session, [order.id or 0 for order in orders])
    wanted = [order for order in orders if order.id not in live and not order.is_cancelled]
    if not wanted:
        return live
    facts = load_facts(session, wanted)
    waiting = [each for each in facts.values() if each.missing()]
    _note_waiting(session, waiting, by)
    drafts = [_invoice(each, today()) for each in facts.values() if not each.missing()]
    ids = book_documents(session, drafts, by)
    oss.activate_when_crossed(session, today())
    link_invoices(session, ids)
    return live | {draft.facts.order.id or 0: document_id for draft, document_id in zip(drafts, ids, strict=True)}


def issue_invoice(session: Session, order_id: int, by: str) -> int:
    """Issue an order's invoice by hand and return the document's id; the same as `issue_invoices`, with a refusal.

    Raises `LookupError` for an unknown order and `FailureError`: STATE_FORBIDS when it is cancelled, ISSUER_INCOMPLETE.
    """
    order = lock_order(session, order_id)
    if order.is_cancelled:
        raise FailureError(Failure.of("STATE_FORBIDS", state="cancelled"))
    issued = issue_invoices(session, [order_id], by)
    if order_id not in issued:
        raise FailureError(_incomplete(load_facts(session, [order])[order_id]))
    return issued[order_id]


def issue_due_invoices(session: Session, limit: int) -> HouseDone:
    """Issue the invoices that had to wait for their project's issuer, oldest order first, now that it is complete."""
    issuers = {project.id: Issuer.model_validate(project.issuer) for project in session.exec(select(Project))}
    at_home = [project_id for project_id, issuer in issuers.items() if not issuer.missing()]
    abroad = [project_id for project_id, issuer in issuers.items() if not issuer.missing(crosses_border=True)]
    due = (
        select(Order.id)
        .where(
            col(Order.invoice_due_at).is_not(None),
            col(Order.project_id).in_(at_home),
            or_(col(Order.project_id).in_(abroad), col(Order.tax_kind).not_in(UNTAXED_ABROAD)),
        )
        .order_by(col(Order.id))
        .limit(limit)
    )
    ids = [order_id for order_id in session.exec(due) if order_id is not None]
    issued = issue_invoices(session, ids, "paperwork")
    return HouseDone(done=len(issued), left=len(ids) == limit and bool(issued))


def _lock(session: Session, order_ids: Sequence[int]) -> list[Order]:
    session.flush()  # what the caller changed and has not written yet counts, too
    query = (
        select(Order)
        .where(col(Order.id).in_(order_ids))
        .order_by(col(Order.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.exec(query))


_LIVE = text(
    """
    SELECT d.order_id, d.id FROM document d WHERE d.kind = 'invoice' AND d.order_id = ANY(:orders) AND NOT EXISTS (
        SELECT FROM document c WHERE c.refers_to_id = d.id AND c.kind = 'cancellation_invoice')
    """
)


def _live_invoices(session: Session, order_ids: Sequence[int]) -> dict[int, int]:
    return {row.order_id: row.id for row in session.execute(_LIVE, {"orders": list(order_ids)})}


def _invoice(facts: OrderFacts, day: date) -> Draft:
    booked = [
        LineAmounts(
            line.id or 0,
            line.kind,
            line.tax_rate,
            Amounts(line.quantity, line.net, line.tax, line.gross),
            line.cancelled,
        )
        for line in (each.line for each in facts.lines)
    ]
    lines = document_lines(facts, remaining(booked))
    return Draft(facts, with_payment(compose(DocumentKind.INVOICE, facts, lines, day), facts))


def _incomplete(facts: OrderFacts) -> Failure:
    return Failure.of("ISSUER_INCOMPLETE", project=facts.project.name, fields=", ".join(facts.missing()))


def _note_waiting(session: Session, waiting: Sequence[OrderFacts], by: str) -> None:
    """Remember whose invoice could not be issued; said once in the journal, however often it is tried."""
    ids = [each.order.id for each in waiting]
    noted = update(Order).where(col(Order.id).in_(ids), col(Order.invoice_due_at).is_(None))
    marked = (
        noted.values(invoice_due_at=func.now()).returning(col(Order.id)).execution_options(synchronize_session=False)
    )
    new = set(session.execute(marked).scalars()) if ids else set()
    failures = [(each, _incomplete(each)) for each in waiting if each.order.id in new]
    events = [
        order_event(each.order, "invoice_waits", by, status="error", code=failure.code, params=failure.params)
        for each, failure in failures
    ]
    journal.write(session, events)


# --- deliveries -----------------------------------------------------------------------------------------------------


def issue_delivery_notes(session: Session, shipment_ids: Sequence[int], by: str) -> dict[int, int]:
    """Issue a delivery note for each shipment, numbered as the shipment is; document ids by shipment id, idempotent."""
    return _issue_for_shipments(session, DocumentKind.DELIVERY_NOTE, shipment_ids, by)


def issue_pick_lists(session: Session, shipment_ids: Sequence[int], by: str) -> dict[int, int]:
    """Issue a pick list for each shipment, numbered from the project's own range; idempotent."""
    return _issue_for_shipments(session, DocumentKind.PICK_LIST, shipment_ids, by)


def _issue_for_shipments(session: Session, kind: DocumentKind, shipment_ids: Sequence[int], by: str) -> dict[int, int]:
    shipments = session.exec(
        select(Shipment).where(col(Shipment.id).in_(shipment_ids)).order_by(col(Shipment.id))
    ).all()
    orders = _lock(session, sorted({shipment.order_id for shipment in shipments}))
    known = select(Document.shipment_id, Document.id).where(
        col(Document.shipment_id).in_(shipment_ids), col(Document.kind) == kind.value
    )
    issued = {shipment_id or 0: document_id or 0 for shipment_id, document_id in session.exec(known)}
    new = [shipment for shipment in shipments if shipment.id not in issued]
    if not new:
        return issued
    facts = load_facts(session, orders)
    quantities, parcels = _shipped(session, new), _parcels(session, new)
    drafts = [_delivery(kind, facts[each.order_id], each, quantities, parcels) for each in new]
    ids = book_documents(session, drafts, by)
    return issued | {each.id or 0: document_id for each, document_id in zip(new, ids, strict=True)}


def _delivery(
    kind: DocumentKind,
    facts: OrderFacts,
    shipment: Shipment,
    quantities: Mapping[int, Mapping[int, Decimal]],
    parcels: Mapping[int, Sequence[Parcel]],
) -> Draft:
    shipment_id = shipment.id or 0
    parts = {line_id: Amounts(pieces, ZERO, ZERO, ZERO) for line_id, pieces in quantities.get(shipment_id, {}).items()}
    content = compose(kind, facts, document_lines(facts, parts), today())
    note = facts.order.free_text.strip()
    content = content.model_copy(
        update={
            "parcels": tuple(parcels.get(shipment_id, ())),
            "references": content.references.model_copy(update={"delivery_notes": (shipment.number,)}),
            "taxes": (),
            "exemption": "",
            "notes": (note,) if note else (),
        }
    )
    number = shipment.number if kind is DocumentKind.DELIVERY_NOTE else ""
    return Draft(facts, content, number=number, shipment_id=shipment_id)


def _shipped(session: Session, shipments: Sequence[Shipment]) -> dict[int, dict[int, Decimal]]:
    found: dict[int, dict[int, Decimal]] = defaultdict(dict)
    query = select(ShipmentLine).where(col(ShipmentLine.shipment_id).in_([shipment.id for shipment in shipments]))
    for line in session.exec(query):
        found[line.shipment_id][line.order_line_id] = line.quantity
    return found


def _parcels(session: Session, shipments: Sequence[Shipment]) -> dict[int, list[Parcel]]:
    found: dict[int, list[Parcel]] = defaultdict(list)
    ids = [shipment.id for shipment in shipments]
    query = select(tables.Parcel).where(col(tables.Parcel.shipment_id).in_(ids)).order_by(col(tables.Parcel.id))
    for row in session.exec(query):
        found[row.shipment_id].append(Parcel(carrier=row.carrier, tracking_number=row.tracking_number))
    return found


# --- what takes an invoice back -------------------------------------------------------------------------------------


def issue_cancellation(session: Session, invoice_id: int, by: str, reason: str = "") -> Document:
    """Cancel a whole invoice with a cancellation invoice, and return it; cancelling twice gives the same one.

    Its amounts are the invoice's, positive. Raises `LookupError` when there is no such invoice and `FailureError`:
    INVOICE_CREDITED when credit notes took back a part of it, ISSUER_INCOMPLETE.
    """
    invoice, facts = _locked_invoice(session, invoice_id)
    others = session.exec(select(Document).where(col(Document.refers_to_id) == invoice_id)).all()
    for other in others:
        if other.kind == DocumentKind.CANCELLATION:
            return other
    if others:
        raise FailureError(Failure.of("INVOICE_CREDITED", invoice=invoice.number, credit_note=others[0].number))
    content = _referring(DocumentKind.CANCELLATION, invoice, facts).model_copy(update={"reason": reason.strip()})
    return _issue_one(session, Draft(facts, content, refers_to_id=invoice_id), by)


def issue_credit_note(session: Session, return_id: int, by: str) -> Document:
    """Credit what a return brought back, with its shares of the discounts, and return the credit note.

    The postage too if the return says so. Parts are taken of the invoice's own amounts and add up to them, never to more.
    Idempotent by return. Raises `LookupError` for an unknown return and `FailureError`: INVOICE_MISSING (none, or it is
    cancelled), CREDIT_EXCEEDED, ISSUER_INCOMPLETE.
    """
    found = session.get(OrderReturn, return_id)
    if found is None:
        raise LookupError(return_id)
    session.flush()
    order = lock_order(session, found.order_id)
    known = session.exec(select(Document).where(col(Document.return_id) == return_id)).one_or_none()
    if known is not None:
        return known
    invoice_id = _live_invoices(session, [found.order_id]).get(found.order_id)
    if invoice_id is None:
        raise FailureError(Failure.of("INVOICE_MISSING", order=order.number))
    invoice, facts = _locked_invoice(session, invoice_id)
    lines = _credited(session, found, invoice, facts)
    content = _referring(DocumentKind.CREDIT_NOTE, invoice, facts)
    net, tax, total = (sum((getattr(line, name) for line in lines), ZERO) for name in ("net", "tax", "gross"))
    references = content.references.model_copy(update={"return_number": found.number})
    changed = {"lines": lines, "taxes": tax_sums(lines), "reason": found.reason.strip(), "references": references}
    sums = {"net": net, "tax": tax, "total": total, "due": total, "rounding": ZERO}
    draft = Draft(facts, content.model_copy(update=changed | sums), return_id=return_id, refers_to_id=invoice_id)
    return _issue_one(session, draft, by)


def _credited(session: Session, found: OrderReturn, invoice: Document, facts: OrderFacts) -> tuple[DocumentLine, ...]:
    rows = session.exec(select(ReturnLine).where(col(ReturnLine.return_id) == found.id)).all()
    earlier = select(Document.content).where(
        col(Document.refers_to_id) == invoice.id, col(Document.kind) == DocumentKind.CREDIT_NOTE.value
    )
    before = credited_before([DocumentContent.model_validate(content) for content in session.exec(earlier)])
    order_lines = [each.line for each in facts.lines]
    quantities = with_heads(order_lines, {row.order_line_id: row.quantity for row in rows}, before)
    content = DocumentContent.model_validate(invoice.content)
    return credited_lines(content, quantities, before, postage=found.refunds_shipping)


def _locked_invoice(session: Session, invoice_id: int) -> tuple[Document, OrderFacts]:
    """Load an invoice with its order's facts, the order locked, so that only one takes of it at a time."""
    invoice = session.get(Document, invoice_id)
    if invoice is None or invoice.kind != DocumentKind.INVOICE:
        raise LookupError(invoice_id)
    order = lock_order(session, invoice.order_id)
    facts = load_facts(session, [order])[invoice.order_id]
    if facts.missing():
        raise FailureError(_incomplete(facts))
    return invoice, facts


def _referring(kind: DocumentKind, invoice: Document, facts: OrderFacts) -> DocumentContent:
    """What an invoice says, as a document of today that refers to it; the issuer as it is today."""
    content = DocumentContent.model_validate(invoice.content)
    refers = content.references.model_copy(update={"invoice": invoice.number, "invoiced_on": invoice.issued_on})
    changed = {"kind": kind, "number": "", "issued_on": today(), "issuer": facts.issuer, "references": refers}
    return content.model_copy(update=changed | {"paid": ZERO, "due": content.total, "due_on": None})


def today() -> date:
    """The day where this system runs, which documents are dated with."""
    return datetime.now(UTC).astimezone().date()


def _issue_one(session: Session, draft: Draft, by: str) -> Document:
    document_id = book_documents(session, [draft], by)[0]
    return session.exec(select(Document).where(col(Document.id) == document_id)).one()
