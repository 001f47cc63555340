"""Several shipments per order, where the operator allows them: one for each delivery note (ST01), found again by ST11."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus
from connectors.mirakl.api import Api, object_of, rows_in
from connectors.mirakl.carriers import numbers_of, tracking
from connectors.mirakl.lines import removed
from connectors.mirakl.models import MiraklOrder
from connectors.mirakl.settings import MiraklShipmentSettings

UNSHIPPED = ("SHIPPING", "READY_FOR_PICK_UP", "SHIPMENT_PREPARED")


def send_parcel(api: Api, settings: MiraklShipmentSettings, status: OrderStatus, order: MiraklOrder) -> None:
    """Create the shipment with its tracking and mark it shipped; one that is there already is only brought up to date."""
    number = ", ".join(numbers_of(status)) if settings.send_tracking else ""
    lines = _lines(status, order)
    existing = _shipments(api, order.order_id)
    known = next((row for row in existing if _is_same(row, number, lines, is_repeat=status.is_repeat)), None)
    shipment = str(known["id"]) if known else _create(api, settings, status, number, lines or _rest(order, existing))
    if known and number and _number(known) != number:
        body = {"shipments": [{"id": shipment, "tracking": tracking(settings, status, number, url="tracking_url")}]}
        _confirm(object_of(api.post("ST23", "/shipments/tracking", body)), status)
    if known is None or known.get("status") in UNSHIPPED:
        _confirm(object_of(api.put("ST24", "/shipments/ship", {"shipments": [{"id": shipment}]})), status)


def _shipments(api: Api, order_id: str) -> list[dict[str, Any]]:
    return rows_in(api.get("ST11", "/shipments", {"order_id": order_id}), "data")


def _number(shipment: Mapping[str, Any]) -> str:
    known = shipment.get("tracking")
    return str(known.get("tracking_number") or "") if isinstance(known, dict) else ""


def _is_same(shipment: Mapping[str, Any], number: str, lines: Mapping[str, int], *, is_repeat: bool) -> bool:
    """Whether a shipment is that of this report: by its tracking number and goods; for a repeat also an untracked one."""
    stated = _number(shipment)
    has_same_goods = not lines or _goods(shipment) == lines
    if number and stated:
        return stated == number and has_same_goods
    return is_repeat and bool(lines) and not stated and has_same_goods


def _goods(shipment: Mapping[str, Any]) -> dict[str, int]:
    rows = [row for row in shipment.get("shipment_lines") or [] if isinstance(row, dict)]
    return {str(row.get("order_line_id")): int(row.get("quantity") or 0) for row in rows}


def _lines(status: OrderStatus, order: MiraklOrder) -> dict[str, int]:
    """The pieces per line that the report names; for a report of all of an order without lines, nothing."""
    known = {line.order_line_id for line in order.order_lines}
    unknown = [line.line_ref for line in status.lines if line.line_ref not in known]
    if unknown:
        raise FailureError(Failure.of("ITEM_REFUSED", record=order.order_id, reason=", ".join(unknown)))
    return {line.line_ref: int(line.quantity) for line in status.lines}


def _rest(order: MiraklOrder, existing: list[dict[str, Any]]) -> dict[str, int]:
    """What no shipment has yet."""
    rest = {line.order_line_id: line.quantity - removed(line) for line in order.order_lines}
    for shipment in existing:
        for line, quantity in _goods(shipment).items():
            rest[line] = rest.get(line, Decimal(0)) - quantity
    left = {line: int(quantity) for line, quantity in rest.items() if quantity > 0}
    if not left:
        raise FailureError(Failure.of("NOTHING_TO_FULFILL", order=order.order_id))
    return left


def _create(
    api: Api, settings: MiraklShipmentSettings, status: OrderStatus, number: str, lines: Mapping[str, int]
) -> str:
    shipment: dict[str, Any] = {
        "order_id": status.order_ref,
        "shipment_lines": [{"order_line_id": line, "quantity": quantity} for line, quantity in lines.items()],
    }
    if number:
        shipment["tracking"] = tracking(settings, status, number, url="tracking_url")
    body = object_of(api.post("ST01", "/shipments", {"shipments": [shipment]}))
    created = [row for row in body.get("shipment_success") or [] if isinstance(row, dict) and row.get("id")]
    if not created:
        raise FailureError(_refusal(body, status))
    return str(created[0]["id"])


def _confirm(body: Mapping[str, Any], status: OrderStatus) -> None:
    """Only what the marketplace lists as a success counts as done."""
    if not body.get("shipment_success"):
        raise FailureError(_refusal(body, status))


def _refusal(body: Mapping[str, Any], status: OrderStatus) -> Failure:
    errors = [error for error in body.get("shipment_errors") or [] if isinstance(error, dict)]
    reason = "; ".join(str(error.get("message") or "") for error in errors) or "?"
    return Failure.of("ITEM_REFUSED", record=status.order_ref, reason=reason[:200])
