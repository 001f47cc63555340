"""Reporting order status and tracking: each report is made once, because the order is read before it is changed."""

from collections.abc import Sequence
from decimal import Decimal

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StatusKind
from canonical.settings import ExportTrigger
from connectors.answers import RefusedError
from connectors.one_by_one import one_by_one
from connectors.shopware6.orders import order_of
from connectors.shopware6.products import is_ref
from connectors.shopware6.search import Row, items, part
from connectors.shopware6.settings import Shopware6ShipmentSettings
from connectors.shopware6.transitions import move, move_order, of_this_order, state_of
from connectors.transport import Calls

ASSOCIATIONS = (
    "lineItems",
    "stateMachineState",
    "deliveries.stateMachineState",
    "transactions.stateMachineState",
)
UNPAID = frozenset({"open", "reminded", "in_progress", "authorized"})
"""States from which a payment that did not come in can be cancelled."""
SENT = frozenset({"shipped", "returned", "returned_partially"})


def send(calls: Calls, settings: Shopware6ShipmentSettings, statuses: Sequence[OrderStatus]) -> PushAnswer:
    """Report one after the other."""
    return one_by_one(statuses, lambda status: _Report(calls, settings, status).send())


class _Report:
    """One report about one order."""

    def __init__(self, calls: Calls, settings: Shopware6ShipmentSettings, status: OrderStatus) -> None:
        self._calls = calls
        self._settings = settings
        self._status = status
        self._name = status.order_number or status.order_ref

    def send(self) -> PushResult:
        """Make it; raises `FailureError`, with a code of kind reject where only this order is refused."""
        try:
            done = self._report()
        except RefusedError as error:
            raise of_this_order(error, self._name) from error
        outcome = Outcome.ACCEPTED if done else Outcome.SKIPPED
        return PushResult(key=self._status.key, outcome=outcome, ref=self._status.order_ref)

    def _report(self) -> bool:
        """What is to be said; False where these settings or this shop have no way to say it."""
        match self._status.kind:
            case StatusKind.SHIPPED:
                waits = self._settings.export_trigger is ExportTrigger.COMPLETED
                return False if waits and not self._status.completes_order else self._ship(self._order())
            case StatusKind.CANCELLED:
                return self._settings.cancel_in_channel and self._cancel(self._order())
            case _:
                return False

    def _order(self) -> Row:
        order = order_of(self._calls, self._status.order_ref, *ASSOCIATIONS) if is_ref(self._status.order_ref) else None
        if order is None:
            raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=self._name))
        return order

    def _ship(self, order: Row) -> bool:
        """Add the numbers, move the delivery, then complete the order if nothing more will follow."""
        codes = [parcel.tracking_number for parcel in self._status.parcels if parcel.tracking_number]
        codes = codes if self._settings.send_tracking else []
        if not self._status.completes_order and self._settings.send_tracking and not codes:
            raise FailureError(Failure.of("TRACKING_MISSING", order=self._name))
        state = state_of(order)
        if state == "cancelled":
            raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=self._name, state=state))
        delivery = _main_delivery(order)
        if delivery is not None:
            self._track(delivery, codes)
            self._move(delivery)
        if self._status.completes_order:
            move_order(self._calls, self._status.order_ref, self._name, state, "completed", notify=False)
        return True

    def _track(self, delivery: Row, codes: Sequence[str]) -> None:
        """Add our numbers to those that are there; the list is replaced as a whole, so a repeat changes nothing."""
        stated = delivery.get("trackingCodes")
        earlier = [str(code) for code in stated] if isinstance(stated, list) else []
        wanted = list(dict.fromkeys([*earlier, *codes]))
        if wanted != earlier:
            self._calls.patch(f"/order-delivery/{delivery['id']}", {"trackingCodes": wanted})

    def _move(self, delivery: Row) -> None:
        state = state_of(delivery)
        goal = "shipped" if self._status.completes_order else "shipped_partially"
        if state in SENT or state == goal:
            return
        if state not in ("open", "shipped_partially"):
            raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=self._name, state=state))
        action = "ship" if self._status.completes_order else "ship_partially"
        move(self._calls, "order_delivery", str(delivery["id"]), action, notify=self._settings.notify_customer)

    def _cancel(self, order: Row) -> bool:
        """Cancel all of the order; a part of it cannot be cancelled in Shopware, and goods that left neither."""
        if self._is_part(order):
            return False
        state = state_of(order)
        deliveries = items(order, "deliveries")
        if state == "completed" or any(state_of(each) in (*SENT, "shipped_partially") for each in deliveries):
            raise FailureError(Failure.of("CANCEL_AFTER_SHIPPING", order=self._name))
        for delivery in deliveries:
            if state_of(delivery) == "open":
                move(self._calls, "order_delivery", str(delivery["id"]), "cancel")
        for transaction in items(order, "transactions"):
            if state_of(transaction) in UNPAID:
                move(self._calls, "order_transaction", str(transaction["id"]), "cancel")
        move_order(
            self._calls, self._status.order_ref, self._name, state, "cancelled", notify=self._settings.notify_customer
        )
        return True

    def _is_part(self, order: Row) -> bool:
        """Whether the report names less than all goods."""
        if not self._status.lines:
            return False
        named = {line.line_ref: line.quantity for line in self._status.lines}
        goods = [
            line for line in items(order, "lineItems") if line.get("type") == "product" and not line.get("parentId")
        ]
        return any(named.get(str(line.get("id")), Decimal(0)) < Decimal(str(line.get("quantity", 0))) for line in goods)


def _main_delivery(order: Row) -> Row | None:
    """The delivery that goods go with: the primary one (6.7), else the dearest; a discount on shipping is one, too."""
    deliveries = [each for each in items(order, "deliveries") if each.get("id")]
    primary = [each for each in deliveries if each["id"] == order.get("primaryOrderDeliveryId")]
    by_costs = sorted(deliveries, key=lambda each: Decimal(str(part(each, "shippingCosts").get("totalPrice") or 0)))
    found = primary or by_costs
    return found[-1] if found else None
