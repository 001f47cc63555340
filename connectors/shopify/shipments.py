"""Reporting order status and tracking: each report is made once, also when an earlier try was not answered."""

from collections.abc import Sequence

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StatusKind
from canonical.settings import ExportTrigger
from connectors.one_by_one import one_by_one
from connectors.shopify.cancellations import cancel
from connectors.shopify.fulfillments import Fulfilling, tracking_of
from connectors.shopify.graph import Graph, is_ref
from connectors.shopify.returns import report_return
from connectors.shopify.settings import ShopifyShipmentSettings


def send(graph: Graph, settings: ShopifyShipmentSettings, statuses: Sequence[OrderStatus]) -> PushAnswer:
    """Report one after the other."""
    return one_by_one(statuses, lambda status: _report(graph, settings, status))


def _name(status: OrderStatus) -> str:
    return status.order_number or status.order_ref


def _report(graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> PushResult:
    """Make one report; raises `FailureError`, with a code of kind reject where only this order is refused."""
    if not is_ref("Order", status.order_ref):
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=_name(status)))
    match status.kind:
        case StatusKind.CANCELLED:
            done = settings.cancel_in_channel
            if done:
                cancel(graph, settings, status)
        case StatusKind.RETURNED:
            done = settings.send_returns
            if done:
                report_return(graph, status)
        case StatusKind.SHIPPED:
            done = _ship(graph, settings, status)
    return PushResult(key=status.key, outcome=Outcome.ACCEPTED if done else Outcome.SKIPPED, ref=status.order_ref)


def _ship(graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> bool:
    """Fulfil what is in the shipment; when only complete orders are reported, the last shipment stands for all of it."""
    waits = settings.export_trigger is ExportTrigger.COMPLETED
    if waits and not status.completes_order:
        return False
    tracking = tracking_of(status, settings) if settings.send_tracking else None
    lines = () if waits else status.lines
    Fulfilling(graph, status, tracking, lines, notify=settings.notify_customer).run()
    return True
