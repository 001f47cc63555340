"""Fulfilling what is in a shipment: the shop's fulfilment orders tell at which location each line waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, ShippedLine
from connectors.shopify.graph import Graph, gid, mapping, next_page, nodes, number_of, user_errors
from connectors.shopify.settings import ShopifyShipmentSettings
from connectors.shopify.shipment_documents import (
    CREATE_FULFILLMENT,
    FULFILLMENT_ORDER_LINES,
    FULFILLMENT_ORDERS,
    FULFILLMENTS,
    UPDATE_TRACKING,
)

READY = frozenset({"OPEN", "IN_PROGRESS"})
WAITING = frozenset({"ON_HOLD", "SCHEDULED"})
DEAD = frozenset({"CANCELLED", "ERROR", "FAILURE"})
MOST_LINES = 512
"""Lines of one call, by the documentation of `fulfillmentCreate`."""

Tracking = dict[str, Any]


def tracking_of(status: OrderStatus, settings: ShopifyShipmentSettings) -> Tracking | None:
    """The parcels as the shop wants them: one number, or several; the carrier by its name there."""
    parcels = [parcel for parcel in status.parcels if parcel.tracking_number]
    if not parcels:
        return None
    carrier = next((parcel.carrier for parcel in parcels if parcel.carrier), "")
    numbers = [parcel.tracking_number for parcel in parcels]
    urls = [parcel.tracking_url for parcel in parcels]
    tracking: Tracking = {"number": numbers[0]} if len(numbers) == 1 else {"numbers": numbers}
    if carrier:
        tracking["company"] = settings.carrier_map.get(carrier, carrier)
    if all(urls):
        tracking |= {"url": urls[0]} if len(urls) == 1 else {"urls": urls}
    return tracking


def _numbers(tracking: Tracking | None) -> set[str]:
    return set() if tracking is None else set(tracking.get("numbers") or [tracking["number"]])


@dataclass
class _Open:
    """A line that waits in a fulfilment order."""

    order: str
    location: str
    id: str
    line: str
    remaining: int


@dataclass(frozen=True)
class _Done:
    """A fulfilment that is there."""

    id: str
    numbers: frozenset[str]
    quantities: dict[str, int]


class Fulfilling:
    """One shipment's report."""

    def __init__(
        self,
        graph: Graph,
        status: OrderStatus,
        tracking: Tracking | None,
        lines: Sequence[ShippedLine],
        *,
        notify: bool,
    ) -> None:
        self._graph = graph
        self._status = status
        self._tracking = tracking
        self._wanted = {line.line_ref: int(line.quantity) for line in lines}
        self._notify = notify
        self._order_id = gid("Order", status.order_ref)
        self._has_orders = False
        self._held = ""

    @property
    def _name(self) -> str:
        return self._status.order_number or self._status.order_ref

    def run(self) -> None:
        """Fulfil, or correct the tracking of what is fulfilled; raises `FailureError`.

        The shop has no key that would make a repeat harmless: what an earlier try did is found by its tracking numbers.
        """
        if self._status.is_repeat and self._is_done():
            return
        waiting = self._waiting()
        taken = self._take(waiting)
        if taken:
            self._fulfill(taken)
        elif not self._correct():
            raise FailureError(self._why_nothing(waiting))

    def _is_done(self) -> bool:
        """Look what an earlier try has done, and leave that out of what is wanted."""
        numbers = _numbers(self._tracking)
        ours = [done for done in self._fulfilled() if numbers and numbers <= done.numbers]
        if not self._wanted:
            return bool(ours) and not any(line.remaining for line in self._waiting())
        for done in ours:
            for line, quantity in done.quantities.items():
                if line in self._wanted:
                    self._wanted[line] -= quantity
        self._wanted = {line: quantity for line, quantity in self._wanted.items() if quantity > 0}
        return not self._wanted

    # --- reading ------------------------------------------------------------------------------------------------------

    def _waiting(self) -> list[_Open]:
        """The lines that can be fulfilled, of all fulfilment orders."""
        found: list[_Open] = []
        after = ""
        while True:
            order = self._graph.run(FULFILLMENT_ORDERS, {"id": self._order_id, "after": after or None}).part("order")
            if not order:
                raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
            if order.get("cancelledAt"):
                raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=self._name, state="CANCELLED"))
            for row in nodes(order.get("fulfillmentOrders")):
                self._has_orders = True
                found += self._lines_of(row)
            after = next_page(order.get("fulfillmentOrders"))
            if not after:
                return found

    def _lines_of(self, row: dict[str, Any]) -> list[_Open]:
        status = str(row.get("status"))
        if status not in READY:
            self._held = status if status in WAITING else self._held
            return []
        location = number_of(mapping(mapping(row.get("assignedLocation")).get("location")).get("id"))
        lines = nodes(row.get("lineItems"))
        after = next_page(row.get("lineItems"))
        while after:
            reply = self._graph.run(FULFILLMENT_ORDER_LINES, {"id": row["id"], "after": after})
            more = reply.part("fulfillmentOrder").get("lineItems")
            lines += nodes(more)
            after = next_page(more)
        return [
            _Open(
                order=str(row["id"]),
                location=location,
                id=str(line["id"]),
                line=number_of(mapping(line.get("lineItem")).get("id")),
                remaining=int(line.get("remainingQuantity") or 0),
            )
            for line in lines
        ]

    def _fulfilled(self) -> list[_Done]:
        order = self._graph.run(FULFILLMENTS, {"id": self._order_id}).part("order")
        found = []
        for row in nodes(order.get("fulfillments")):
            if row.get("status") in DEAD:
                continue
            numbers = frozenset(str(info.get("number")) for info in nodes(row.get("trackingInfo")))
            quantities: dict[str, int] = {}
            for line in nodes(row.get("fulfillmentLineItems")):
                ref = number_of(mapping(line.get("lineItem")).get("id"))
                quantities[ref] = quantities.get(ref, 0) + int(line.get("quantity") or 0)
            found.append(_Done(str(row["id"]), numbers, quantities))
        return found

    # --- writing ------------------------------------------------------------------------------------------------------

    def _take(self, waiting: Iterable[_Open]) -> list[tuple[_Open, int]]:
        """How much of each waiting line is in the shipment; a report without lines means all that is left."""
        left = dict(self._wanted)
        taken = []
        for line in waiting:
            quantity = min(line.remaining, left.get(line.line, 0)) if self._wanted else line.remaining
            if quantity > 0:
                taken.append((line, quantity))
                if self._wanted:
                    left[line.line] -= quantity
        return taken

    def _fulfill(self, taken: Sequence[tuple[_Open, int]]) -> None:
        """Create a fulfilment per location: the shop takes only one in a call."""
        by_location: dict[str, list[tuple[_Open, int]]] = {}
        for line, quantity in taken:
            by_location.setdefault(line.location, []).append((line, quantity))
        for group in by_location.values():
            for start in range(0, len(group), MOST_LINES):
                self._create(group[start : start + MOST_LINES])

    def _create(self, group: Sequence[tuple[_Open, int]]) -> None:
        by_order: dict[str, list[dict[str, Any]]] = {}
        for line, quantity in group:
            by_order.setdefault(line.order, []).append({"id": line.id, "quantity": quantity})
        fulfillment: dict[str, Any] = {
            "lineItemsByFulfillmentOrder": [
                {"fulfillmentOrderId": order, "fulfillmentOrderLineItems": lines} for order, lines in by_order.items()
            ],
            "notifyCustomer": self._notify,
        }
        if self._tracking is not None:
            fulfillment["trackingInfo"] = self._tracking
        payload = self._graph.run(CREATE_FULFILLMENT, {"fulfillment": fulfillment}).part("fulfillmentCreate")
        self._confirm(payload)

    def _correct(self) -> bool:
        """All is fulfilled already: with other numbers than ours, the tracking was corrected; whether there was such a one."""
        numbers = _numbers(self._tracking)
        done = self._fulfilled()
        if not numbers or self._tracking is None or not done:
            return False
        if any(numbers <= each.numbers for each in done):
            return True
        fitting = [each for each in done if self._wanted and all(line in each.quantities for line in self._wanted)]
        target = fitting if self._wanted else done
        if len(target) != 1:
            return False
        variables = {"id": target[0].id, "tracking": self._tracking, "notify": self._notify}
        self._confirm(self._graph.run(UPDATE_TRACKING, variables).part("fulfillmentTrackingInfoUpdate"))
        return True

    def _confirm(self, payload: dict[str, Any]) -> None:
        """Only a fulfilment in the answer counts as done."""
        errors = user_errors(payload)
        if errors or not payload.get("fulfillment"):
            reason = errors[0].message if errors else "not confirmed"
            raise FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=reason))

    def _why_nothing(self, waiting: Sequence[_Open]) -> Failure:
        if not self._has_orders:
            return Failure.of("NO_FULFILLMENT_ORDER", order=self._name)
        if self._held and not any(line.remaining for line in waiting):
            return Failure.of("ORDER_STATE_FORBIDS", order=self._name, state=self._held)
        return Failure.of("NOTHING_TO_FULFILL", order=self._name)
