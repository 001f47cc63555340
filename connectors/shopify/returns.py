"""Reporting goods that came back: a return is opened and processed at once, because the goods are here already."""

from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus
from connectors.shopify.graph import Graph, gid, mapping, nodes, number_of, user_errors
from connectors.shopify.shipment_documents import CREATE_RETURN, PROCESS_RETURN, RETURNABLE, RETURNS

ENDED = frozenset({"CANCELED", "DECLINED"})


def report_return(graph: Graph, status: OrderStatus) -> None:
    """Report one return; raises `FailureError`. The money is not touched: that is the feature refunds.

    The shop has no key for it: a repeat first looks for a return of the same lines.
    """
    wanted = {line.line_ref: int(line.quantity) for line in status.lines}
    name = status.order_number or status.order_ref
    if status.is_repeat:
        earlier = _earlier(graph, status, wanted, name)
        if earlier is not None:
            _process(graph, earlier, name)
            return
    rows = _returnable(graph, status)
    items = _take(rows, wanted)
    if not items:
        raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=name, state="nothing returnable"))
    entries = [
        {"fulfillmentLineItemId": item, "quantity": quantity, "returnReason": "UNKNOWN"} for item, quantity in items
    ]
    variables = {"input": {"orderId": gid("Order", status.order_ref), "returnLineItems": entries}}
    payload = graph.run(CREATE_RETURN, variables).part("returnCreate")
    _confirm(payload, name)
    _process(graph, mapping(payload.get("return")), name)


def _returnable(graph: Graph, status: OrderStatus) -> list[dict[str, Any]]:
    reply = graph.run(RETURNABLE, {"order": gid("Order", status.order_ref)})
    fulfillments = nodes(reply.data.get("returnableFulfillments"))
    return [line for each in fulfillments for line in nodes(each.get("returnableFulfillmentLineItems"))]


def _take(rows: list[dict[str, Any]], wanted: dict[str, int]) -> list[tuple[str, int]]:
    """Which fulfilled lines come back, and how much of each; a report without lines means all."""
    left = dict(wanted)
    taken = []
    for row in rows:
        item = mapping(row.get("fulfillmentLineItem"))
        line, most = number_of(mapping(item.get("lineItem")).get("id")), int(row.get("quantity") or 0)
        quantity = min(most, left.get(line, 0)) if wanted else most
        if quantity > 0:
            taken.append((str(item["id"]), quantity))
            if wanted:
                left[line] -= quantity
    return taken


def _earlier(graph: Graph, status: OrderStatus, wanted: dict[str, int], name: str) -> dict[str, Any] | None:
    """A return of exactly these lines."""
    order = graph.run(RETURNS, {"id": gid("Order", status.order_ref)}).part("order")
    if not order:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=name))
    for each in nodes(order.get("returns")):
        quantities: dict[str, int] = {}
        for line in nodes(each.get("returnLineItems")):
            ref = number_of(mapping(mapping(line.get("fulfillmentLineItem")).get("lineItem")).get("id"))
            quantities[ref] = quantities.get(ref, 0) + int(line.get("quantity") or 0)
        if each.get("status") not in ENDED and quantities and (quantities == wanted or not wanted):
            return each
    return None


def _process(graph: Graph, created: dict[str, Any], name: str) -> None:
    lines = [
        {"id": line["id"], "quantity": left}
        for line in nodes(created.get("returnLineItems"))
        if (left := int(line.get("unprocessedQuantity", line.get("quantity")) or 0)) > 0
    ]
    if not lines:
        return
    variables = {"input": {"returnId": created["id"], "returnLineItems": lines, "notifyCustomer": False}}
    _confirm(graph.run(PROCESS_RETURN, variables).part("returnProcess"), name)


def _confirm(payload: dict[str, Any], name: str) -> None:
    errors = user_errors(payload)
    if errors or not payload.get("return"):
        reason = errors[0].message or errors[0].code if errors else "not confirmed"
        raise FailureError(Failure.of("ITEM_REFUSED", record=name, reason=reason))
