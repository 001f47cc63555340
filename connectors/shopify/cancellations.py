"""Cancelling in the shop: a whole order, or pieces of lines that have not left. Money goes back by the feature refunds, not here."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus
from connectors.shopify.graph import Graph, gid, mapping, nodes, number_of, user_errors
from connectors.shopify.refunds import CREATE_REFUND
from connectors.shopify.settings import ShopifyShipmentSettings
from connectors.shopify.shipment_documents import CANCEL_ORDER, CANCELLABLE, CANCELLED_LINES, ORDER_STATE

SHIPPED = frozenset({"FULFILLED", "PARTIALLY_FULFILLED"})
LOOKS = 6
PAUSE = 0.5
"""Seconds between looks: the shop cancels in the background, usually at once."""


def cancel(graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> None:
    """Cancel what the report names; saying it twice changes nothing.

    Raises `FailureError`: CANCEL_AFTER_SHIPPING, ORDER_NOT_IN_SHOP, ITEM_REFUSED, CONFLICT while the shop is still at it.
    """
    if status.lines:
        _Pieces(graph, settings, status).cancel()
    else:
        _whole(graph, settings, status)


def _name(status: OrderStatus) -> str:
    return status.order_number or status.order_ref


def _whole(graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> None:
    """Cancel the whole order, unless something of it has left."""
    order_id = gid("Order", status.order_ref)
    if _is_cancelled(graph, status, order_id):
        return
    payload = graph.run(CANCEL_ORDER, {"id": order_id, "notify": settings.notify_customer}).part("orderCancel")
    errors = user_errors(payload, "orderCancelUserErrors")
    if errors:
        raise FailureError(Failure.of("ITEM_REFUSED", record=_name(status), reason=errors[0].message or errors[0].code))
    for look in range(LOOKS):
        if _is_cancelled(graph, status, order_id):
            return
        if look + 1 < LOOKS:
            time.sleep(PAUSE)
    raise FailureError(Failure.of("CONFLICT"))


def _is_cancelled(graph: Graph, status: OrderStatus, order_id: str) -> bool:
    order = graph.run(ORDER_STATE, {"id": order_id}).part("order")
    if not order:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=_name(status)))
    if order.get("cancelledAt"):
        return True
    if order.get("displayFulfillmentStatus") in SHIPPED:
        raise FailureError(Failure.of("CANCEL_AFTER_SHIPPING", order=_name(status)))
    return False


class _Pieces:
    """A part cancellation: the shop knows it as a refund of unfulfilled pieces without money.

    A report names all pieces of an order that were ever cancelled. What was said before is found again by a mark in the
    refunds' notes, so that only the rest is cancelled now.
    """

    def __init__(self, graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> None:
        self._graph, self._settings, self._status = graph, settings, status
        self._mark = f"[cancelled {status.key}]"
        self._wanted: Counter[str] = Counter()
        for line in status.lines:
            self._wanted[line.line_ref] += int(line.quantity)

    def cancel(self) -> None:
        order = self._graph.run(CANCELLABLE, {"id": gid("Order", self._status.order_ref)}).part("order")
        if not order:
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=_name(self._status)))
        if order.get("cancelledAt"):
            return
        done = self._done(order)
        there = {number_of(row.get("id")): row for row in nodes(order.get("lineItems"))}
        rest = {
            ref: pieces
            for ref, wanted in self._wanted.items()
            if wanted > done[ref] and (pieces := self._left(wanted - done[ref], there.get(ref)))
        }
        if rest:
            self._create(order, rest)

    def _done(self, order: Mapping[str, Any]) -> Counter[str]:
        """What earlier reports of this order cancelled, by line."""
        found: Counter[str] = Counter()
        for refund in nodes(order.get("refunds")):
            if self._mark in str(refund.get("note") or ""):
                lines = self._graph.run(CANCELLED_LINES, {"id": refund.get("id")}).part("refund")
                for row in nodes(lines.get("refundLineItems")):
                    found[number_of(mapping(row.get("lineItem")).get("id"))] += int(row.get("quantity") or 0)
        return found

    def _left(self, pieces: int, line: Mapping[str, Any] | None) -> int:
        """Pieces that can be cancelled now; fewer where the shop took some out itself, none that it has shipped."""
        if line is None:
            return pieces
        waiting, left = int(line.get("unfulfilledQuantity") or 0), int(line.get("currentQuantity") or 0)
        if pieces > waiting and left > waiting:
            raise FailureError(Failure.of("CANCEL_AFTER_SHIPPING", order=_name(self._status)))
        return min(pieces, waiting)

    def _create(self, order: Mapping[str, Any], rest: Mapping[str, int]) -> None:
        made: dict[str, Any] = {
            "orderId": gid("Order", self._status.order_ref),
            "note": self._mark,
            "notify": self._settings.notify_customer,
            # Only pieces that are cancelled leave the fulfillment orders; those that are merely not restocked stay in them.
            "refundLineItems": [
                {"lineItemId": gid("LineItem", ref), "quantity": pieces, "restockType": "CANCEL"}
                for ref, pieces in sorted(rest.items())
            ],
        }
        if order.get("presentmentCurrencyCode") != order.get("currencyCode"):
            made["currency"] = order.get("presentmentCurrencyCode")
        said = sorted(self._wanted.items())
        key = str(uuid5(NAMESPACE_URL, f"{self._graph.host}/cancel/{self._status.order_ref}/{self._status.key}/{said}"))
        payload = self._graph.run(CREATE_REFUND, {"input": made, "key": key}).part("refundCreate")
        errors = user_errors(payload)
        if errors or not mapping(payload.get("refund")).get("id"):
            reason = errors[0].message if errors else "not confirmed"
            raise FailureError(Failure.of("ITEM_REFUSED", record=_name(self._status), reason=reason))
