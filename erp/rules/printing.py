"""A draft as JSON for people and scripts: decimals as strings, master data by code."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from erp.rules.model import DraftCustomer, DraftLine, DraftPayment, OrderDraft

OWN_FORM = ("project", "customer", "payment_method", "shipping_method", "delivery_term", "lines", "payments")
"""The parts that are printed in a form of their own."""


def draft_to_json(draft: OrderDraft) -> dict[str, Any]:
    """Print a draft as plain JSON values."""
    printed: dict[str, Any] = {
        name: _plain(getattr(draft, name)) for name in OrderDraft.__dataclass_fields__ if name not in OWN_FORM
    }
    return printed | {
        "project": draft.project.code,
        "payment_method": draft.payment_method.code if draft.payment_method else None,
        "shipping_method": draft.shipping_method.code if draft.shipping_method else None,
        "delivery_term": draft.delivery_term.code if draft.delivery_term else None,
        "customer": _customer(draft.customer),
        "lines": [_line(line) for line in draft.lines],
        "payments": [_payment(payment) for payment in draft.payments],
    }


def _customer(customer: DraftCustomer) -> dict[str, Any]:
    if customer.id is not None:
        return {"number": customer.number, "is_new": False}
    shown = ("name", "company", "email", "phone", "street", "postcode", "city", "country", "vat_id", "is_guest")
    return {"number": None, "is_new": True} | {name: getattr(customer, name) for name in shown}


def _line(line: DraftLine) -> dict[str, Any]:
    printed = {
        name: _plain(getattr(line, name))
        for name in DraftLine.__dataclass_fields__
        if name not in ("article", "properties")
    }
    properties = [{"name": name, "value": value} for name, value in line.properties]
    return printed | {"article": line.article.number if line.article else None, "properties": properties}


def _payment(payment: DraftPayment) -> dict[str, Any]:
    printed = {name: _plain(getattr(payment, name)) for name in ("kind", "amount", "reference", "at")}
    return printed | {"method": payment.method.code if payment.method else None}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
