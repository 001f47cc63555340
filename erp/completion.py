"""Finishing shipments: what is told, issued and mailed when all parcels of a shipment have what they need.

The one place where shipping calls documents and mails.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from erp import documents, journal
from erp.mails import MailRequest, queue_mails
from erp.push_shipments import Report, mark_reports

# The order's state follows from its shipments and lines, whichever shipment got its label first.
_FINISH = text(
    """
    WITH finished AS (
        UPDATE shipment SET state = 'shipped', shipped_at = now() WHERE id = ANY(:ids) AND state = 'packed'
        RETURNING id, order_id),
    judged AS (
        SELECT o.id, CASE
            WHEN EXISTS (SELECT FROM shipment s WHERE s.order_id = o.id AND s.state = 'packed' AND s.id <> ALL(:ids))
                THEN 'packed'
            WHEN EXISTS (
                SELECT FROM sales_order_line l JOIN article a ON a.id = l.article_id AND a.is_stock_article
                WHERE l.order_id = o.id AND l.kind IN ('article', 'component') AND l.quantity > l.cancelled + l.shipped)
                THEN 'partial'
            ELSE 'shipped' END AS state
        FROM sales_order o WHERE o.id IN (SELECT order_id FROM finished)),
    moved AS (UPDATE sales_order o SET fulfilment_state = judged.state FROM judged WHERE o.id = judged.id)
    SELECT finished.id, finished.order_id, judged.state FROM finished JOIN judged ON judged.id = finished.order_id
    """
)
_COMPLETES = text("UPDATE shipment SET completes_order = true WHERE id = ANY(:ids)")
_SHIPPED = text(
    """
    SELECT s.id, s.number, o.id AS order_id, o.number AS order_number, o.integration_id, o.project_id, o.language,
        o.fulfilment_state = 'shipped' AS is_complete, o.autoship_documents, o.billing ->> 'email' AS email,
        p.invoices_by_itself, p.mails_shipments, p.language AS project_language,
        (SELECT count(*) FROM parcel WHERE parcel.shipment_id = s.id) AS parcels
    FROM shipment s JOIN sales_order o ON o.id = s.order_id JOIN project p ON p.id = o.project_id
    WHERE s.id = ANY(:ids) ORDER BY s.id
    """
)


def finish_shipments(session: Session, shipment_ids: Sequence[int], by: str) -> list[int]:
    """Make packed shipments shipped and return those that were; the caller holds their orders.

    Sets the orders' state (shipped, partial, or still packed while another shipment waits), marks the report to the
    channel, writes the journal, issues delivery notes and, for complete orders, invoices, and queues the shipment's mail,
    as order and project say. A fixed number of statements. Idempotent: a shipped shipment is passed over.
    """
    if not shipment_ids:
        return []
    done = session.execute(_FINISH, {"ids": list(shipment_ids)}).all()
    ids = sorted(row.id for row in done)
    last = {row.order_id: row.id for row in sorted(done) if row.state == "shipped"}
    if last:
        session.execute(_COMPLETES, {"ids": sorted(last.values())})
    session.expire_all()
    rows = session.execute(_SHIPPED, {"ids": ids}).all()
    mark_reports(session, [Report(row.integration_id, row.number, row.id) for row in rows])
    journal.write(
        session,
        [
            journal.event(
                row.integration_id,
                "shipments",
                "shipped",
                hop="erp_to_hub",
                status="pending",
                record=row.number,
                params={"number": row.number, "parcels": row.parcels, "order": row.order_number},
                actor=by,
            )
            for row in rows
        ],
    )
    _issue(session, rows, by)
    return ids


_LABELLED = text(
    """
    SELECT s.id FROM shipment s WHERE s.id = ANY(:ids) AND s.state = 'packed' AND NOT EXISTS (
        SELECT FROM parcel p WHERE p.shipment_id = s.id
        AND (p.label_state NOT IN ('none', 'ready') OR p.tracking_number = ''))
    """
)


def finish_labelled(session: Session, shipment_ids: Sequence[int], by: str) -> list[int]:
    """Finish those of the shipments whose parcels all have their number and label; the caller holds their orders."""
    return finish_shipments(session, list(session.execute(_LABELLED, {"ids": list(shipment_ids)}).scalars()), by)


_INVOICEABLE = text(
    """
    SELECT o.id FROM sales_order o JOIN project p ON p.id = o.project_id
    WHERE o.id = ANY(:ids) AND p.invoices_by_itself AND o.autoship_documents <> 'delivery_note' ORDER BY o.id
    """
)


def invoice(session: Session, order_ids: Sequence[int], by: str) -> None:
    """Issue the invoices of orders that are complete without a shipment, where order and project want them."""
    ids = list(session.execute(_INVOICEABLE, {"ids": list(order_ids)}).scalars())
    if ids:
        documents.issue_invoices(session, ids, by)


def issue_pick_lists(session: Session, shipment_ids: Sequence[int], by: str) -> None:
    """Issue the pick lists of what auto-ship packed."""
    documents.issue_pick_lists(session, shipment_ids, by)


def _issue(session: Session, rows: Sequence[Any], by: str) -> None:
    """Issue what an order's setting "documents of auto-ship" and its project ask for (D§2.5.3).

    Standard is invoice and delivery note; "invoice only" suits pick-up, where nobody opens a parcel.
    """
    notes = [row.id for row in rows if row.autoship_documents != "invoice"]
    if notes:
        documents.issue_delivery_notes(session, notes, by)
    invoices = sorted(
        {
            row.order_id
            for row in rows
            if row.is_complete and row.invoices_by_itself and row.autoship_documents != "delivery_note"
        }
    )
    if invoices:
        documents.issue_invoices(session, invoices, by)
    queue_mails(
        session,
        [
            MailRequest("shipment", row.id, row.order_id, row.email or "", row.language or row.project_language)
            for row in rows
            if row.mails_shipments and row.parcels
        ],
    )
