"""Cancelling orders and lines, only while they are unshipped (D§2.6)."""

from decimal import Decimal
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.money import cents
from canonical.push import OrderStatus
from connectors.mirakl.api import Api
from connectors.mirakl.lines import removed
from connectors.mirakl.models import MiraklLine, MiraklOrder, MiraklTax, Taxes
from connectors.mirakl.settings import MiraklShipmentSettings

SHIPPED = ("SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED")
NOTHING_LEFT = ("REFUSED", "CANCELED")


def cancel(api: Api, settings: MiraklShipmentSettings, status: OrderStatus, order: MiraklOrder) -> None:
    """Cancel the whole order (OR29), or lines with a reason (OR30); what is cancelled already is not cancelled again.

    With a reason in the settings whole orders are cancelled by lines, too: many marketplaces want to know why.
    """
    if order.order_state in SHIPPED:
        raise FailureError(Failure.of("CANCEL_AFTER_SHIPPING", order=order.order_id))
    if order.order_state in NOTHING_LEFT:
        return
    if not status.lines and not settings.cancel_reason:
        _may_cancel(order)
        api.put("OR29", f"/orders/{order.order_id}/cancel")
        return
    if not settings.cancel_reason:
        raise FailureError(Failure.of("SETTINGS_INCOMPLETE", fields="cancel_reason"))
    parts = [
        _cancelation(settings, order, line, quantity) for line, quantity in _open_parts(status, order) if quantity > 0
    ]
    if parts:
        _may_cancel(order)
        body = {"order_tax_mode": order.order_tax_mode, "cancelations": parts}
        api.put("OR30", "/orders/cancel", {name: value for name, value in body.items() if value})


def _may_cancel(order: MiraklOrder) -> None:
    if order.can_cancel is False:
        raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=order.order_id, state=order.order_state))


def _open_parts(status: OrderStatus, order: MiraklOrder) -> list[tuple[MiraklLine, Decimal]]:
    """How much of each line is still to cancel.

    The marketplace keeps no key of ours: for a repeat, what is cancelled of a line counts as this report's.
    """
    asked = {line.line_ref: line.quantity for line in status.lines}
    unknown = asked.keys() - {line.order_line_id for line in order.order_lines}
    if unknown:
        reason = ", ".join(sorted(unknown))
        raise FailureError(Failure.of("ITEM_REFUSED", record=order.order_id, reason=reason))
    parts = []
    for line in order.order_lines:
        left = line.quantity - removed(line)
        wanted = asked.get(line.order_line_id, Decimal(0)) if asked else left
        if asked and status.is_repeat:
            wanted -= removed(line)
        parts.append((line, min(wanted, left)))
    return parts


def _cancelation(
    settings: MiraklShipmentSettings, order: MiraklOrder, line: MiraklLine, quantity: Decimal
) -> dict[str, Any]:
    """One line's part in amounts; the last pieces take what rounding has left over."""
    share = quantity / line.quantity
    part: dict[str, Any] = {
        "order_line_id": line.order_line_id,
        "quantity": int(quantity),
        "reason_code": settings.cancel_reason,
        "amount": float(cents(line.price * share)),
        "shipping_amount": float(cents(line.shipping_price * share)),
        "currency_iso_code": order.currency_iso_code,
    }
    if line.taxes:
        part["taxes"] = shared(line.taxes, share)
    if line.shipping_taxes:
        part["shipping_taxes"] = shared(line.shipping_taxes, share)
    if line.fees:
        part["fees"] = [{"code": fee.code, "amount": float(cents(fee.amount * share))} for fee in line.fees]
    return part


def shared(taxes: Taxes, share: Decimal) -> list[dict[str, Any]]:
    """The share of each tax; amounts are numbers on the wire, with two decimals."""
    return [_tax(tax, cents(tax.amount * share)) for tax in taxes]


def _tax(tax: MiraklTax, amount: Decimal) -> dict[str, Any]:
    return {"code": tax.code, "amount": float(amount)}
