"""Reporting order status and tracking: each report is made once, also when an earlier try was not answered."""

from collections.abc import Sequence

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StatusKind
from canonical.settings import ExportTrigger
from connectors.shopify.cancellations import cancel
from connectors.shopify.fulfillments import Fulfilling, tracking_of
from connectors.shopify.graph import Graph, is_ref
from connectors.shopify.returns import report_return
from connectors.shopify.settings import ShopifyShipmentSettings


def send(graph: Graph, settings: ShopifyShipmentSettings, statuses: Sequence[OrderStatus]) -> PushAnswer:
    """Report one after the other.

    A failure of the whole channel stops: what is done keeps its result, and the rest comes back rejected with that failure,
    so that the caller repeats it. Only if nothing was done yet the failure is raised.
    """
    results: list[PushResult] = []
    for index, status in enumerate(statuses):
        try:
            results.append(_report(graph, settings, status))
        except FailureError as error:
            failure = error.failure
            if failure.kind is Kind.SKIP:
                results.append(_result(status, Outcome.SKIPPED, failure))
                continue
            if failure.kind is not Kind.REJECT and not results:
                raise
            results.append(_result(status, Outcome.REJECTED, failure))
            if failure.kind is not Kind.REJECT:
                results += [_result(rest, Outcome.REJECTED, failure) for rest in statuses[index + 1 :]]
                break
    return PushAnswer(results=tuple(results))


def _result(status: OrderStatus, outcome: Outcome, failure: Failure | None = None) -> PushResult:
    return PushResult(key=status.key, outcome=outcome, ref=status.order_ref, failure=failure)


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
    return _result(status, Outcome.ACCEPTED if done else Outcome.SKIPPED)


def _ship(graph: Graph, settings: ShopifyShipmentSettings, status: OrderStatus) -> bool:
    """Fulfil what is in the shipment; when only complete orders are reported, the last shipment stands for all of it."""
    waits = settings.export_trigger is ExportTrigger.COMPLETED
    if waits and not status.completes_order:
        return False
    tracking = tracking_of(status, settings) if settings.send_tracking else None
    lines = () if waits else status.lines
    Fulfilling(graph, status, tracking, lines, notify=settings.notify_customer).run()
    return True
