"""Data protection: what is known of one customer, and making a customer anonymous while the books stay."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.tables import Customer, Erasure

BLANK_CUSTOMERS = (
    "UPDATE customer SET name = '', company = '', email = '', phone = '', street = '', postcode = '', city = '', vat_id = '',"
    " email_key = '', name_key = '', lock_reason = '', vat_id_checked_at = NULL, erased_at = now() WHERE id = ANY(:ids)"
)
"""Takes off what tells who a customer is; number, country and language stay for the books."""

_OF_ORDERS: Mapping[str, str] = {
    # A snapshot keeps the country: it decided the tax.
    "orders": (
        "UPDATE sales_order SET billing = jsonb_strip_nulls(jsonb_build_object('country', billing ->> 'country')),"
        " delivery = jsonb_strip_nulls(jsonb_build_object('country', delivery ->> 'country')),"
        " vat_id = '', transaction_id = '', free_text = '', internal_label = '' WHERE id = ANY(:orders)"
    ),
    "texts_on_lines": (
        "UPDATE sales_order_line SET properties = '[]' WHERE order_id = ANY(:orders) AND properties <> '[]'"
    ),
    "changes": "UPDATE order_change SET before = '{}', after = '{}' WHERE order_id = ANY(:orders)",
    "channel_documents": (
        "UPDATE inbox_document SET body = '', findings = '[]', state = 'erased' WHERE order_id = ANY(:orders)"
        " AND state <> 'erased'"
    ),
    "mails": "UPDATE mail SET recipient = '' WHERE order_id = ANY(:orders) AND recipient <> ''",
    "payments": "UPDATE payment SET note = '' WHERE order_id = ANY(:orders) AND note <> ''",
    "labels": (
        "UPDATE parcel SET label = NULL WHERE label IS NOT NULL AND shipment_id IN"
        " (SELECT id FROM shipment WHERE order_id = ANY(:orders))"
    ),
    "returns": "UPDATE order_return SET reason = '' WHERE order_id = ANY(:orders) AND reason <> ''",
}
"""What is erased of orders, by the name that the log counts it under."""  # fmt: skip

# The country stays: it decided the tax. What a buyer had engraved stands on the lines.
_BLANK_DOCUMENT = (
    "UPDATE document SET content = content || jsonb_build_object("
    "'buyer', jsonb_strip_nulls(jsonb_build_object('country', content -> 'buyer' ->> 'country')), 'recipient', NULL,"
    " 'buyer_vat_id', '', 'notes', '[]'::jsonb, 'reason', '', 'lines', coalesce((SELECT jsonb_agg(line - 'properties')"
    " FROM jsonb_array_elements(content -> 'lines') line), '[]')) WHERE id = ANY(:documents)"
)
_BLANK_FILE = "UPDATE document_file SET pdf = NULL, xml = NULL, state = 'erased' WHERE document_id = ANY(:documents)"

DELIVERY_PAPERS = ("delivery_note", "pick_list")
"""No law asks to keep these where there is an invoice; invoices stay until their retention ends."""


def erase_customer(session: Session, customer_id: int, by: str) -> Mapping[str, int]:
    """Make a customer anonymous and say how many records of each kind that touched; the books stay.

    Amounts, taxes, countries, numbers and dates remain, and so do invoices and credit notes until the law no longer asks
    for them (`erp/retention.py`). Raises `LookupError`, and `FailureError` CUSTOMER_HAS_OPEN_ORDERS while something is
    still to be delivered or paid back. Erasing again changes nothing.
    """
    customer = session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
    if customer is None:
        raise LookupError(customer_id)
    if customer.erased_at is not None:
        return {}
    if open_orders := _open_orders(session, customer_id):
        raise FailureError(Failure.of("CUSTOMER_HAS_OPEN_ORDERS", numbers=", ".join(open_orders)))
    orders = session.execute(
        text("SELECT id FROM sales_order WHERE customer_id = :id ORDER BY id FOR UPDATE"), {"id": customer_id}
    ).scalars().all()  # fmt: skip
    counts = erase_orders(session, orders) | {"documents": erase_papers(session, customer_id)}
    session.execute(text(BLANK_CUSTOMERS), {"ids": [customer_id]})
    session.add(Erasure(kind="customer", customer_id=customer_id, counts=counts, actor=by))
    session.flush()
    session.refresh(customer)
    return counts


def _open_orders(session: Session, customer_id: int) -> Sequence[str]:
    query = text(
        "SELECT o.number FROM sales_order o WHERE o.customer_id = :id AND ("
        " NOT o.is_cancelled AND o.fulfilment_state IN ('open', 'packed', 'partial')"
        " OR EXISTS (SELECT FROM payment p WHERE p.order_id = o.id AND p.kind = 'refund' AND p.state <> 'executed')"
        " OR EXISTS (SELECT FROM order_return r WHERE r.order_id = o.id AND r.state IN ('announced', 'received')))"
        " ORDER BY o.id LIMIT 10"
    )
    return session.execute(query, {"id": customer_id}).scalars().all()


def erase_orders(session: Session, order_ids: Sequence[int]) -> dict[str, int]:
    """Take everything personal off orders and what hangs on them; returns how many rows of each kind were touched."""
    if not order_ids:
        return {}
    given = {"orders": list(order_ids)}
    return {name: _count(session, statement, given) for name, statement in _OF_ORDERS.items()}


def erase_papers(session: Session, customer_id: int) -> int:
    """Erase the buyer from a customer's delivery notes and pick lists."""
    query = text("SELECT id FROM document WHERE customer_id = :id AND kind = ANY(:kinds)")
    documents = session.execute(query, {"id": customer_id, "kinds": list(DELIVERY_PAPERS)}).scalars().all()
    return erase_documents(session, documents)


def erase_documents(session: Session, document_ids: Sequence[int]) -> int:
    """Erase the buyer from documents and drop their files; number, date, amounts and taxes stay.

    The only way to change an issued document: the transaction says so to the trigger that refuses everything else.
    """
    if not document_ids:
        return 0
    given = {"documents": list(document_ids)}
    session.execute(text("SELECT set_config('connect.erasing', 'on', true)"))
    count = _count(session, _BLANK_DOCUMENT, given)
    session.execute(text("SELECT set_config('connect.erasing', 'off', true)"))
    session.execute(text(_BLANK_FILE), given)
    return count


def _count(session: Session, statement: str, given: Mapping[str, Any]) -> int:
    done = session.execute(text(statement), given)
    return int(done.rowcount)  # type: ignore[attr-defined]


# --- what is known of a customer ------------------------------------------------------------------------------------

_KNOWN: Mapping[str, str] = {
    "orders": (
        "SELECT number, external_number, ordered_at, currency, total, total_tax, payment_state, fulfilment_state, is_cancelled,"
        " billing, delivery, vat_id, transaction_id, free_text, internal_label FROM sales_order WHERE customer_id = :id ORDER BY id"
    ),
    "lines": (
        'SELECT o.number AS "order", l.position, l.kind, l.title, l.quantity, l.net, l.tax, l.gross, l.tax_rate, l.properties'
        " FROM sales_order_line l JOIN sales_order o ON o.id = l.order_id WHERE o.customer_id = :id ORDER BY o.id, l.position"
    ),
    "payments": (
        'SELECT o.number AS "order", p.kind, p.amount, o.currency, p.reference, p.state, p.at FROM payment p'
        " JOIN sales_order o ON o.id = p.order_id WHERE o.customer_id = :id ORDER BY p.id"
    ),
    "shipments": (
        'SELECT s.number, o.number AS "order", s.shipped_at, p.carrier, p.tracking_number FROM shipment s'
        " JOIN sales_order o ON o.id = s.order_id LEFT JOIN parcel p ON p.shipment_id = s.id"
        " WHERE o.customer_id = :id ORDER BY s.id, p.id"
    ),
    "documents": "SELECT kind, number, issued_on, currency, net, tax, total FROM document WHERE customer_id = :id ORDER BY id",
    "mails": (
        "SELECT m.kind, m.recipient, m.subject, m.state, m.sent_at FROM mail m JOIN sales_order o ON o.id = m.order_id"
        " WHERE o.customer_id = :id ORDER BY m.id"
    ),
    "returns": (
        'SELECT r.number, o.number AS "order", r.state, r.reason, r.created_at FROM order_return r'
        " JOIN sales_order o ON o.id = r.order_id WHERE o.customer_id = :id ORDER BY r.id"
    ),
}


def export_customer(session: Session, customer_id: int) -> dict[str, Any]:
    """Give everything that is stored of one customer as plain JSON values (GDPR, article 15 and 20); raises `LookupError`.

    The documents' files and the shop's own documents are not in it: they are downloaded on their pages.
    """
    customer = session.exec(select(Customer).where(col(Customer.id) == customer_id)).one_or_none()
    if customer is None:
        raise LookupError(customer_id)
    own = customer.model_dump(exclude={"id", "email_key", "name_key", "project_id", "group_id"})
    found: dict[str, Any] = {"customer": {name: _plain(value) for name, value in own.items()}}
    for name, query in _KNOWN.items():
        rows = session.execute(text(query), {"id": customer_id}).mappings()
        found[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime | date) else value
