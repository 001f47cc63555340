"""Accepting and refusing orders by OR21: every line in one call, and an order that is decided already is not asked again."""

from collections.abc import Sequence

from canonical.failure import Failure, FailureError
from canonical.push import AnswerKind, OrderAnswer, Outcome, PushAnswer, PushResult
from connectors.answers import RefusedError
from connectors.mirakl.answers import ONE_RECORD_REFUSED, refusal_of
from connectors.mirakl.api import Api
from connectors.mirakl.mapping import AWAITING
from connectors.mirakl.models import MiraklOrder
from connectors.mirakl.orders import is_id, read_by_id
from connectors.one_by_one import one_by_one

NOT_TAKEN = ("REFUSED", "CANCELED")


def send(api: Api, answers: Sequence[OrderAnswer]) -> PushAnswer:
    """Answer one order after the other; repeats and those without lines are looked up first, all in one call."""
    unsure = [answer.order_ref for answer in answers if answer.is_repeat or not answer.lines]
    known = read_by_id(api, unsure)
    return one_by_one(answers, lambda answer: _answer(api, answer, known.get(answer.order_ref)))


def _answer(api: Api, answer: OrderAnswer, order: MiraklOrder | None) -> PushResult:
    if answer.kind is AnswerKind.IN_PROGRESS:
        return PushResult(key=answer.key, outcome=Outcome.SKIPPED, ref=answer.order_ref)
    if not is_id(answer.order_ref) or (order is None and (answer.is_repeat or not answer.lines)):
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=answer.order_ref))
    if order is not None and order.order_state != AWAITING:
        return _judged(answer, order)
    lines = [line.order_line_id for line in order.order_lines] if order is not None else answer.lines
    body = {"order_lines": [{"id": line, "accepted": answer.kind is AnswerKind.ACCEPT} for line in lines]}
    try:
        api.put("OR21", f"/orders/{answer.order_ref}/accept", body)
    except RefusedError as error:
        return _after_refusal(api, answer, error)
    return PushResult(key=answer.key, outcome=Outcome.ACCEPTED, ref=answer.order_ref)


def _after_refusal(api: Api, answer: OrderAnswer, error: RefusedError) -> PushResult:
    """The state decides, not the error's words: somebody may have answered the order in the marketplace meanwhile."""
    if error.answer.status not in ONE_RECORD_REFUSED:
        raise error
    order = read_by_id(api, [answer.order_ref]).get(answer.order_ref)
    if order is None:
        raise FailureError(Failure.of("ORDER_NOT_IN_SHOP", order=answer.order_ref)) from error
    if order.order_state == AWAITING:
        raise FailureError(refusal_of(error, answer.order_ref) or error.failure) from error
    return _judged(answer, order)


def _judged(answer: OrderAnswer, order: MiraklOrder) -> PushResult:
    """An order that is not waiting any more: the answer took effect, or another one was given before."""
    is_taken = order.order_state not in NOT_TAKEN
    if is_taken == (answer.kind is AnswerKind.ACCEPT):
        return PushResult(key=answer.key, outcome=Outcome.ACCEPTED, ref=answer.order_ref)
    raise FailureError(Failure.of("ORDER_STATE_FORBIDS", order=answer.order_ref, state=order.order_state))
