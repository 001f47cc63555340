"""The life of an order: three independent states, which transitions exist, and what may be done when (D§10.5).

Payment, fulfilment and cancellation never decide each other; what a person or a house task may do is a set of pairs, too,
so that a page shows exactly the buttons whose pair exists.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from canonical.failure import Failure, FailureError


class Part(StrEnum):
    """What has states: the three of an order, and those of the refunds and returns that hang on it."""

    PAYMENT = "payment"
    FULFILMENT = "fulfilment"
    CANCELLATION = "cancellation"
    REFUND = "refund"
    RETURN = "return"


PAYMENT: frozenset[tuple[str, str]] = frozenset(
    {
        ("open", "partial"), ("open", "paid"), ("open", "refunded"),
        ("partial", "paid"), ("partial", "refunded"), ("partial", "open"),
        ("paid", "refunded"), ("paid", "partial"), ("paid", "open"),
        ("refunded", "partial"), ("refunded", "paid"),
    }
)  # fmt: skip
"""Money decides by itself: a payment more, a refund, or a total that a change made smaller."""

FULFILMENT: frozenset[tuple[str, str]] = frozenset(
    {
        ("open", "packed"), ("open", "partial"), ("open", "shipped"),
        ("packed", "open"), ("packed", "partial"), ("packed", "shipped"),
        ("partial", "packed"), ("partial", "shipped"),
        ("shipped", "returned"),
    }
)  # fmt: skip
"""What left never comes back to open: goods come back as a return."""

CANCELLATION: frozenset[tuple[str, str]] = frozenset({("live", "cancelled")})
"""A cancelled order stays cancelled: the shop was told."""

REFUND: frozenset[tuple[str, str]] = frozenset(
    {("open", "released"), ("open", "failed"), ("released", "executed"), ("released", "failed"), ("failed", "released")}
)
"""A refund goes out in two steps, release and execution (D§2.8); what is executed is gone."""

RETURN: frozenset[tuple[str, str]] = frozenset(
    {("announced", "received"), ("announced", "cancelled"), ("received", "settled")}
)
"""Goods that are here are not announced again: what was received is settled."""

TRANSITIONS = {
    Part.PAYMENT: PAYMENT,
    Part.FULFILMENT: FULFILMENT,
    Part.CANCELLATION: CANCELLATION,
    Part.REFUND: REFUND,
    Part.RETURN: RETURN,
}


class Action(StrEnum):
    """What may be done with an order; each is a button of its page or a step of a house task."""

    SHIP = "ship"
    CHANGE = "change"
    CORRECT_ADDRESS = "correct_address"
    CANCEL = "cancel"
    CANCEL_REST = "cancel_rest"
    HOLD = "hold"
    RELEASE = "release"
    AUTOSHIP = "autoship"
    RETURN = "return"
    PAY = "pay"
    REFUND = "refund"


ACTIONS: frozenset[tuple[Action, str]] = frozenset(
    {
        (Action.SHIP, "open"), (Action.SHIP, "partial"),
        (Action.CHANGE, "open"), (Action.CHANGE, "partial"),
        (Action.CORRECT_ADDRESS, "open"), (Action.CORRECT_ADDRESS, "partial"),
        (Action.CANCEL, "open"),
        (Action.CANCEL_REST, "partial"),
        (Action.HOLD, "open"), (Action.HOLD, "partial"),
        (Action.RELEASE, "open"), (Action.RELEASE, "partial"),
        (Action.AUTOSHIP, "open"), (Action.AUTOSHIP, "partial"),
        (Action.RETURN, "partial"), (Action.RETURN, "shipped"), (Action.RETURN, "returned"),
        *((action, state) for action in (Action.PAY, Action.REFUND)
          for state in ("open", "packed", "partial", "shipped", "returned")),
    }
)  # fmt: skip
"""The fulfilment states in which an action exists. A packed order waits for its label: its goods are taken already."""

AFTER_CANCELLATION = frozenset({Action.PAY, Action.REFUND})
"""What is left of a cancelled order: money that still comes in, and money that goes back."""

WHILE_HELD = frozenset(Action) - {Action.SHIP, Action.AUTOSHIP}
"""A hold stops shipping and nothing else."""


NAMES = {"partial": "partly shipped"}
"""What people call a state where its name says too little; German is in `canonical/wording.py`."""


@dataclass(frozen=True, slots=True)
class States:
    """An order's states, as far as they decide what may be done."""

    fulfilment: str
    is_cancelled: bool
    holds: Collection[str] = ()


def allowed(states: States) -> frozenset[Action]:
    """Say what may be done with an order now; pure."""
    actions = {action for action, state in ACTIONS if state == states.fulfilment}
    if states.is_cancelled:
        actions &= AFTER_CANCELLATION
    if states.holds:
        actions &= WHILE_HELD
    else:
        actions.discard(Action.RELEASE)
    return frozenset(actions)


def demand(action: Action, states: States) -> None:
    """Refuse what may not be done now: raises `FailureError` STATE_FORBIDS with the state that stands in the way; pure."""
    if action in allowed(states):
        return
    if states.is_cancelled:
        state = "cancelled"
    elif states.holds and (action, states.fulfilment) in ACTIONS and action not in WHILE_HELD:
        state = "on hold"
    else:
        state = states.fulfilment
    raise FailureError(Failure.of("STATE_FORBIDS", state=NAMES.get(state, state)))


def may(part: Part, state: str, target: str) -> bool:
    """Say whether there is a way from one state to another; pure."""
    return (state, target) in TRANSITIONS[part]


def move(part: Part, state: str, target: str) -> str:
    """Go from one state to another and return it; staying is no transition. Raises `FailureError` STATE_FORBIDS; pure."""
    if state != target and not may(part, state, target):
        raise FailureError(Failure.of("STATE_FORBIDS", state=NAMES.get(state, state)))
    return target


def payment_state(total: Decimal, paid: Decimal, refunded: Decimal) -> str:
    """Say the payment state from the money: `paid` is all that came in, `refunded` all that went back; pure.

    What came in decides whether the order is paid: a refund for returned goods does not make it unpaid again. Where all
    money went back it is refunded; an order that costs nothing is paid.
    """
    if paid > 0 and refunded >= paid:
        return "refunded"
    if paid >= total:
        return "paid"
    return "partial" if paid > 0 else "open"
