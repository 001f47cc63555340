"""Telling the shop that an order is being worked on (D§2.5.1)."""

from collections.abc import Sequence

from canonical.codes import Kind
from canonical.failure import Failure, FailureError
from canonical.push import AnswerKind, OrderAnswer, Outcome, PushAnswer, PushResult
from connectors.answers import RefusedError
from connectors.shopware6.orders import order_of
from connectors.shopware6.products import is_ref
from connectors.shopware6.transitions import move_order, of_this_order, state_of
from connectors.transport import Calls

FURTHER = frozenset({"in_progress", "completed"})


def send(calls: Calls, answers: Sequence[OrderAnswer]) -> PushAnswer:
    """Report one after the other; what is done before a failure of the whole channel keeps its result."""
    results: list[PushResult] = []
    for index, answer in enumerate(answers):
        try:
            results.append(_send(calls, answer))
        except FailureError as error:
            if error.failure.kind is not Kind.REJECT and not results:
                raise
            results.append(_rejected(answer, error.failure))
            if error.failure.kind is not Kind.REJECT:
                results += [_rejected(rest, error.failure) for rest in answers[index + 1 :]]
                break
    return PushAnswer(results=tuple(results))


def _send(calls: Calls, answer: OrderAnswer) -> PushResult:
    """Set the order to "in progress", unless it is there or further; Shopware knows no other answer."""
    if answer.kind is not AnswerKind.IN_PROGRESS:
        return PushResult(key=answer.key, outcome=Outcome.SKIPPED, ref=answer.order_ref)
    order = order_of(calls, answer.order_ref, "stateMachineState") if is_ref(answer.order_ref) else None
    if order is None:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=answer.order_ref))
    name = str(order.get("orderNumber") or answer.order_ref)
    state = state_of(order)
    if state not in FURTHER:
        try:
            move_order(calls, answer.order_ref, name, state, "in_progress", notify=answer.notify)
        except RefusedError as error:
            raise of_this_order(error, name) from error
    return PushResult(key=answer.key, outcome=Outcome.ACCEPTED, ref=answer.order_ref)


def _rejected(answer: OrderAnswer, failure: Failure) -> PushResult:
    return PushResult(key=answer.key, outcome=Outcome.REJECTED, ref=answer.order_ref, failure=failure)
