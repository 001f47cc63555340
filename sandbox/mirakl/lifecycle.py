"""The states an order passes, what each step changes, and how the order looks from outside at each of them."""

from __future__ import annotations

import copy
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.mirakl.amounts import GONE, decimal, entry_gross, gross
from sandbox.mirakl.model import text

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
BEFORE_SHIPPING = ("STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT")
CANCELLABLE = frozenset({*BEFORE_SHIPPING, "SHIPPING"})
REFUNDABLE = frozenset({"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "INCIDENT_OPEN"})
ACCEPTED = frozenset({"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
DEBIT_STEPS = {"WAITING_DEBIT": "WAITING_DEBIT_PAYMENT", "WAITING_DEBIT_PAYMENT": "SHIPPING"}


def changed(order: Json, now: datetime) -> Json:
    """A copy to change, marked as changed now; never before its last change, so that pollers see it."""
    copied = copy.deepcopy(order)
    copied["last_updated_date"] = max(text(now), order["last_updated_date"])
    return copied


def active_lines(order: Json) -> list[Json]:
    """The lines that are neither refused nor cancelled."""
    return [line for line in order["order_lines"] if line["order_line_state"] not in GONE]


def enter(order: Json, state: str, now: datetime) -> None:
    """Move an order and its remaining lines into a state, with the dates that come with it."""
    order["order_state"] = state
    for line in order["order_lines"]:
        if line["order_line_state"] in GONE or line["order_line_state"] == "REFUNDED":
            continue
        line["order_line_state"] = state
        line["last_updated_date"] = text(now)
        if state == "SHIPPING":
            line["debited_date"] = text(now)
        if state == "SHIPPED":
            line["shipped_date"] = text(now)
        if state == "RECEIVED":
            line["received_date"] = text(now)
    if state == "SHIPPING":
        order["customer_debited_date"] = order["transaction_date"] = text(now)
        order["transaction_number"] = f"TR-{order['order_id']}"


def decide(order: Json, accepted: dict[str, bool], now: datetime, *, is_debited: bool) -> None:
    """Note the seller's decision per line; what is accepted waits for the customer's money, or has it at once."""
    for line in order["order_lines"]:
        if not accepted[line["order_line_id"]]:
            line["order_line_state"], line["last_updated_date"] = "REFUSED", text(now)
    order["acceptance_decision_date"] = text(now)
    if not any(accepted.values()):
        order["order_state"] = "REFUSED"
        return
    enter(order, "WAITING_DEBIT", now)
    if is_debited:
        enter(order, "SHIPPING", now)


def advance(shop: MiraklShop) -> None:
    """Let time pass: orders wait for the customer's money one step less, refunds are paid out."""
    for order_id in sorted(shop.moving):
        order = changed(shop.orders[order_id], shop.clock())
        step = DEBIT_STEPS.get(order["order_state"])
        if step is not None:
            enter(order, step, shop.clock())
        for line in order["order_lines"]:
            _pay_refunds(line, shop.clock())
        if order["order_state"] not in DEBIT_STEPS:
            shop.moving.discard(order_id)
        shop.save_order(order)


def _pay_refunds(line: Json, now: datetime) -> None:
    for refund in line["refunds"]:
        if refund["refund_state"] != "REFUNDED":
            refund |= {"refund_state": "REFUNDED", "state": "REFUNDED", "transaction_date": text(now)}
            refund["transaction_number"] = f"RF-{refund['id']}"


def refundable(line: Json) -> Decimal:
    """What of a line, shipping included, was not yet refunded or cancelled, in the order's tax mode."""
    given = sum((decimal(p["amount"]) + decimal(p["shipping_amount"]) for p in _parts(line)), Decimal(0))
    return decimal(line["price"]) + decimal(line["shipping_price"]) - given


def refunded(order: Json) -> Decimal:
    """The gross amount of all refunds of an order."""
    return sum((entry_gross(order, r) for line in order["order_lines"] for r in line["refunds"]), Decimal(0))


def _parts(line: Json) -> list[Json]:
    return [*line["refunds"], *line["cancelations"]]


def shown(order: Json, *, hides_addresses: bool, has_invoice: bool) -> Json:
    """The order as the API shows it: what is allowed now, and no address before the seller may ship."""
    state = order["order_state"]
    customer = dict(order["customer"])
    if hides_addresses and state in BEFORE_SHIPPING:
        customer |= {"billing_address": None, "shipping_address": None, "organization": None}
    lines = [
        {
            **line,
            "can_refund": line["order_line_state"] in REFUNDABLE
            and line["order_line_state"] not in BEFORE_SHIPPING
            and not line["refunds"],
        }
        for line in order["order_lines"]
    ]
    total = gross(order, order["order_lines"])
    return {
        **order,
        "can_cancel": state in CANCELLABLE and state != "STAGING",
        "can_shop_ship": state == "SHIPPING",
        "customer": customer,
        "fully_refunded": bool(total) and refunded(order) >= total,
        "has_incident": any(line["order_line_state"] == "INCIDENT_OPEN" for line in lines),
        "has_invoice": has_invoice,
        "order_lines": lines,
    }
