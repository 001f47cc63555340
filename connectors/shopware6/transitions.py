"""Moving orders and deliveries from state to state; what is there already is done."""

from collections.abc import Mapping

from canonical.failure import Failure, FailureError
from connectors.answers import RefusedError
from connectors.shopware6.answers import complaints, reason_of
from connectors.shopware6.search import Row, part
from connectors.transport import Calls

ONE_ORDER_REFUSED = (400, 404, 409, 422)

ORDER_PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("open", "in_progress"): ("process",),
    ("open", "completed"): ("process", "complete"),
    ("in_progress", "completed"): ("complete",),
    ("open", "cancelled"): ("cancel",),
    ("in_progress", "cancelled"): ("cancel",),
}
"""The actions from one state of an order to another; there is no way from open to completed at once."""


def state_of(row: Row) -> str:
    """The technical name of a record's state."""
    return str(part(row, "stateMachineState").get("technicalName") or "")


def move_order(calls: Calls, order_ref: str, name: str, state: str, goal: str, *, notify: bool) -> None:
    """Bring an order to a state; raises `ORDER_STATE_FORBIDS` where no way leads there. Only the last step may mail."""
    if state == goal:
        return
    actions = ORDER_PATHS.get((state, goal))
    if actions is None:
        raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=name, state=state))
    for index, action in enumerate(actions):
        may_mail = notify and index == len(actions) - 1
        calls.post(f"/_action/order/{order_ref}/state/{action}", {"sendMail": may_mail})


def move(calls: Calls, kind: str, record_id: str, action: str, *, notify: bool = False) -> None:
    """Do one transition of a delivery (`order_delivery`) or payment (`order_transaction`)."""
    calls.post(f"/_action/{kind}/{record_id}/state/{action}", {"sendMail": notify})


def of_this_order(error: RefusedError, name: str) -> FailureError:
    """Tell what concerns this order from what concerns the whole channel."""
    found = complaints(error.answer)
    if error.answer.status in ONE_ORDER_REFUSED and found:
        reason = reason_of(error.answer, found)
        return FailureError(Failure.of("ITEM_REFUSED", record=name, reason=reason))
    return error
