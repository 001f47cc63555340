"""Reporting shipped and cancelled orders: every batch begins with the orders' current state, so nothing is done twice."""

from collections.abc import Sequence

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StatusKind
from connectors.answers import RefusedError
from connectors.mirakl.answers import refusal_of
from connectors.mirakl.api import Api
from connectors.mirakl.cancellations import SHIPPED, cancel
from connectors.mirakl.carriers import numbers_of, tracking
from connectors.mirakl.models import MiraklOrder
from connectors.mirakl.orders import read_by_id
from connectors.mirakl.parcels import send_parcel
from connectors.mirakl.settings import MiraklShipmentSettings
from connectors.one_by_one import one_by_one


def send(api: Api, settings: MiraklShipmentSettings, statuses: Sequence[OrderStatus]) -> PushAnswer:
    """Report one after the other, after one call that reads all their orders."""
    orders = read_by_id(api, [status.order_ref for status in statuses if _is_wanted(settings, status)])
    return one_by_one(statuses, lambda status: _send(api, settings, status, orders.get(status.order_ref)))


def _is_wanted(settings: MiraklShipmentSettings, status: OrderStatus) -> bool:
    """Cancellations are only reported where the merchant wants it; returns never: the marketplace handles them itself."""
    if status.kind is StatusKind.CANCELLED:
        return settings.cancel_in_channel
    return status.kind is StatusKind.SHIPPED


def _send(api: Api, settings: MiraklShipmentSettings, status: OrderStatus, order: MiraklOrder | None) -> PushResult:
    """One report; raises `FailureError`, with a code of kind reject where only this order is refused."""
    done = PushResult(key=status.key, outcome=Outcome.ACCEPTED, ref=status.order_ref)
    if not _is_wanted(settings, status):
        return done.model_copy(update={"outcome": Outcome.SKIPPED})
    if order is None:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=status.order_number or status.order_ref))
    try:
        if status.kind is StatusKind.CANCELLED:
            cancel(api, settings, status, order)
        elif settings.multi_shipment:
            send_parcel(api, settings, status, order)
        else:
            _ship_whole(api, settings, status, order)
    except RefusedError as error:
        failure = refusal_of(error, order.order_id)
        if failure is None:
            raise
        raise FailureError(failure) from error
    return done


def _ship_whole(api: Api, settings: MiraklShipmentSettings, status: OrderStatus, order: MiraklOrder) -> None:
    """Tracking by OR23, which overwrites, then OR24; the order has one number, so several are joined (D§10.5)."""
    is_shipped = order.order_state in SHIPPED
    if not is_shipped and order.order_state != "SHIPPING":
        raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=order.order_id, state=order.order_state))
    numbers = numbers_of(status) if settings.send_tracking else []
    if not status.completes_order and not numbers:
        raise FailureError(Failure.of("TRACKING_MISSING", order=order.order_id))
    earlier = [number.strip() for number in order.shipping_tracking.split(",") if number.strip()]
    if set(numbers) - set(earlier):
        joined = ", ".join(dict.fromkeys([*earlier, *numbers]))
        api.put("OR23", f"/orders/{order.order_id}/tracking", tracking(settings, status, joined, url="carrier_url"))
    if status.completes_order and not is_shipped:
        api.put("OR24", f"/orders/{order.order_id}/ship")
