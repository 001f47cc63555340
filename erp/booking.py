"""Booking of drafts as one set: customers, numbers, orders, lines, reservations, stock marks and journal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlmodel import Session

from canonical.order import Fulfiller
from erp import journal, links, numbers
from erp.bulk import Row, insert_rows
from erp.fulfilment import settle_at_once
from erp.master_data import find_customers
from erp.rules import CustomerInfo, DraftCustomer, DraftLine, MasterData, OrderDraft
from erp.rules.customer import find_customer
from erp.rules.payments import REFUND, sums_of
from erp.tables import Customer, Order, OrderLine, Payment, Reservation

if TYPE_CHECKING:
    from erp.order_import import ImportContext

FEATURE = "orders"

DELIVERED = ("article", "component")
"""The kinds of lines that goods leave for."""

CHANNEL = Fulfiller.CHANNEL.value

_NOW = "now"
"""PostgreSQL reads this text as the start of the transaction."""


class OvertakenError(Exception):
    """Another worker booked some of these orders in the meantime; nothing of this call may stay."""

    def __init__(self, external_ids: set[str]) -> None:
        super().__init__(f"{len(external_ids)} orders are booked already")
        self.external_ids = external_ids


def book(session: Session, context: "ImportContext", drafts: Sequence[OrderDraft]) -> dict[str, int]:
    """Book drafts as one set and return the order ids by external id.

    Creates customers where none matches, draws numbers, writes orders, lines, payments, reservations and `booked` events,
    settles what is sold over the counter or shipped by the channel, and marks the stock of ordered articles as to be
    sent. A handful of statements, however many drafts. Idempotent by (integration, external id): raises
    `OvertakenError` when one is booked already, so that no number is lost; the caller rolls back.
    """
    if not drafts:
        return {}
    customer_ids = _customers(session, drafts)
    order_ids = _ids(session, "sales_order", len(drafts))
    drawn = _order_numbers(session, drafts)
    rows = [
        _order_row(draft, context.integration_id, order_id, number, customer_id)
        for draft, order_id, number, customer_id in zip(drafts, order_ids, drawn, customer_ids, strict=True)
    ]
    ending = "ON CONFLICT (integration_id, external_id) DO NOTHING RETURNING id"
    booked = set(insert_rows(session, Order, rows, ending=ending))
    if len(booked) < len(drafts):
        raise OvertakenError({row["external_id"] for row in rows if row["id"] not in booked})
    ordered = _lines(session, drafts, order_ids)
    _payments(session, drafts, order_ids)
    _journal(session, context, drafts, drawn)
    at_once = [id for draft, id in zip(drafts, order_ids, strict=True) if draft.is_pos or draft.fulfilled_by == CHANNEL]
    if at_once:
        settle_at_once(session, at_once)
    # Last, because links are locked after stock levels and number ranges everywhere.
    links.mark_stock_dirty(session, ordered)
    links.renew_stock(session, context.integration_id, [draft.external_id for draft in drafts])
    return {draft.external_id: order_id for draft, order_id in zip(drafts, order_ids, strict=True)}


def _ids(session: Session, table: str, count: int) -> list[int]:
    """Draw primary keys beforehand, so that lines and reservations can name their order without asking back."""
    if not count:
        return []
    query = text("SELECT array_agg(nextval(pg_get_serial_sequence(:table, 'id'))) FROM generate_series(1, :count)")
    drawn: list[int] = session.execute(query, {"table": table, "count": count}).scalar_one()
    return drawn


def _order_numbers(session: Session, drafts: Sequence[OrderDraft]) -> list[str]:
    """Draw each draft's number from its project's range, in the order of the drafts; projects in a fixed order."""
    wanted: dict[int, list[int]] = {}
    for position, draft in enumerate(drafts):
        wanted.setdefault(draft.project.id, []).append(position)
    drawn = [""] * len(drafts)
    for project_id in sorted(wanted):
        positions = wanted[project_id]
        for position, number in zip(positions, numbers.draw(session, project_id, "order", len(positions)), strict=True):
            drawn[position] = number
    return drawn


# --- customers ------------------------------------------------------------------------------------------------------


def _customers(session: Session, drafts: Sequence[OrderDraft]) -> list[int]:
    """Find or create each draft's customer; orders of one new customer share it, as matching would have found it."""
    new = [draft for draft in drafts if draft.customer.id is None]
    if not new:
        return [draft.customer.id or 0 for draft in drafts]
    by_email, by_name = _meanwhile(session, [draft.customer for draft in new if draft.customer.match])
    master = MasterData(customers_by_email=by_email, customers_by_name=by_name)
    ids = iter(_ids(session, "customer", len(new)))
    chosen: list[int] = []
    created: list[tuple[int, OrderDraft]] = []
    for draft in drafts:
        customer = draft.customer
        if customer.id is not None:
            chosen.append(customer.id)
            continue
        existing = find_customer(customer, "", draft.project.id if customer.match_in_project else None, master)
        if existing is None:
            existing = CustomerInfo(next(ids), "", draft.project.id)
            created.append((existing.id, draft))
            by_email[customer.email_key] = (*by_email.get(customer.email_key, ()), existing)
            by_name[customer.name_key] = (*by_name.get(customer.name_key, ()), existing)
        chosen.append(existing.id)
    drawn = numbers.draw(session, None, "customer", len(created))
    rows = [_customer_row(draft, id, number) for (id, draft), number in zip(created, drawn, strict=True)]
    insert_rows(session, Customer, rows)
    return chosen


def _meanwhile(
    session: Session, customers: Sequence[DraftCustomer]
) -> tuple[dict[str, tuple[CustomerInfo, ...]], dict[str, tuple[CustomerInfo, ...]]]:
    """Look again for customers that another worker created since the rules looked.

    The lock on the range of customer numbers makes workers that create customers take turns until they commit.
    """
    if not customers:
        return {}, {}
    numbers.hold(session, None, "customer")
    emails = {customer.email_key for customer in customers}
    names = {customer.name_key for customer in customers}
    _, by_email, by_name = find_customers(session, numbers=set(), emails=emails, names=names)
    return by_email, by_name


def _customer_row(draft: OrderDraft, customer_id: int, number: str) -> Row:
    customer = draft.customer
    return {
        "id": customer_id,
        "number": number,
        "project_id": draft.project.id,
        "name": customer.name,
        "company": customer.company,
        "email": customer.email,
        "phone": customer.phone,
        "street": customer.street,
        "postcode": customer.postcode,
        "city": customer.city,
        "country": customer.country,
        "vat_id": customer.vat_id,
        "language": customer.language,
        "is_guest": customer.is_guest,
        "email_key": customer.email_key,
        "name_key": customer.name_key,
        "created_at": _NOW,
    }


# --- orders ---------------------------------------------------------------------------------------------------------


def _order_row(draft: OrderDraft, integration_id: str, order_id: int, number: str, customer_id: int) -> Row:
    paid, given_back = sums_of(draft.payments)
    return {
        "id": order_id,
        "number": number,
        "integration_id": integration_id,
        "external_id": draft.external_id,
        "external_number": draft.external_number,
        "project_id": draft.project.id,
        "customer_id": customer_id,
        "ordered_at": draft.ordered_at,
        "clerk": draft.clerk,
        "language": draft.language,
        "currency": draft.currency,
        "exchange_rate": draft.exchange_rate,
        "exchange_rate_at": draft.exchange_rate_at,
        "prices_include_tax": draft.prices_include_tax,
        "total": draft.total,
        "total_tax": draft.total_tax,
        "channel_total": draft.channel_total,
        "is_total_fixed": draft.is_total_fixed,
        "refunded": draft.refunded,
        "paid": paid - given_back,
        "fulfilled_by": draft.fulfilled_by,
        "is_pos": draft.is_pos,
        "is_b2b": draft.is_b2b,
        "payment_method_id": draft.payment_method.id if draft.payment_method else None,
        "payment_value": draft.payment_value,
        "transaction_id": draft.transaction_id,
        "paid_at": draft.paid_at,
        "payment_state": draft.payment_state,
        "expires_at": draft.expires_at,
        "shipping_method_id": draft.shipping_method.id if draft.shipping_method else None,
        "shipping_value": draft.shipping_value,
        "delivery_term_id": draft.delivery_term.id if draft.delivery_term else None,
        "fast_lane": draft.fast_lane,
        "billing": draft.billing,
        "delivery": draft.delivery,
        "vat_id": draft.vat_id,
        "vat_id_trusted": draft.vat_id_trusted,
        "tax_kind": draft.tax_kind,
        "tax_country": draft.tax_country,
        "free_text": draft.free_text,
        "internal_label": draft.internal_label,
        "autoship": draft.autoship,
        "autoship_documents": draft.autoship_documents,
        "holds": draft.holds,
        "fulfilment_state": "open",
        "is_cancelled": False,
        "settings_revision": draft.settings_revision,
        "created_at": _NOW,
    }


def _lines(session: Session, drafts: Sequence[OrderDraft], order_ids: Sequence[int]) -> set[int]:
    """Write all lines, and reservations for stock articles where the project reserves; returns the ordered stock articles.

    Those that nobody reserves count, too: a shop's settings may subtract open orders instead (D§2.10).
    """
    line_ids = iter(_ids(session, "sales_order_line", sum(len(draft.lines) for draft in drafts)))
    rows: list[Row] = []
    reservations: list[Row] = []
    ordered: set[int] = set()
    for draft, order_id in zip(drafts, order_ids, strict=True):
        ids = [next(line_ids) for _ in draft.lines]
        for position, line in enumerate(draft.lines, start=1):
            line_id = ids[position - 1]
            parent_id = None if line.parent is None else ids[line.parent]
            rows.append(_line_row(line, line_id, order_id, position, parent_id))
            article = line.article
            if article is None or not article.is_stock_article or line.kind not in DELIVERED:
                continue
            ordered.add(article.id)
            if draft.reserves_stock:
                reservations.append(
                    {
                        "order_line_id": line_id,
                        "order_id": order_id,
                        "article_id": article.id,
                        "quantity": line.quantity,
                    }
                )
    insert_rows(session, OrderLine, rows)
    insert_rows(session, Reservation, reservations)
    return ordered


def _line_row(line: DraftLine, line_id: int, order_id: int, position: int, parent_id: int | None) -> Row:
    return {
        "id": line_id,
        "order_id": order_id,
        "position": position,
        "kind": line.kind,
        "parent_id": parent_id,
        "article_id": line.article.id if line.article else None,
        "line_ref": line.line_ref,
        "line_refs": line.line_refs,
        "title": line.title,
        "description": line.description,
        "quantity": line.quantity,
        "net": line.net,
        "tax": line.tax,
        "gross": line.gross,
        "tax_rate": line.tax_rate,
        "properties": [{"name": name, "value": value} for name, value in line.properties],
        "shipped": 0,
        "cancelled": 0,
        "returned": 0,
    }


def _payments(session: Session, drafts: Sequence[OrderDraft], order_ids: Sequence[int]) -> None:
    """Write the money that the channel says has come in or gone back; it is never reported to the channel again."""
    rows: list[Row] = [
        {
            "order_id": order_id,
            "kind": payment.kind,
            "amount": payment.amount,
            "payment_method_id": payment.method.id if payment.method else None,
            "reference": payment.reference,
            "state": "executed" if payment.kind == REFUND else "booked",
            "origin": "channel",
            "note": "",
            "actor": "",
            "at": payment.at,
            "executed_at": payment.at if payment.kind == REFUND else None,
        }
        for draft, order_id in zip(drafts, order_ids, strict=True)
        for payment in draft.payments
    ]
    insert_rows(session, Payment, rows)


def _journal(session: Session, context: "ImportContext", drafts: Sequence[OrderDraft], drawn: Sequence[str]) -> None:
    journal.write(
        session,
        [
            journal.event(
                context.integration_id,
                FEATURE,
                "booked",
                hop="hub_to_erp",
                record=draft.external_id,
                params={"number": number},
                run_id=context.run_id,
            )
            for draft, number in zip(drafts, drawn, strict=True)
        ],
    )
