"""The states of an order: which transitions exist, what may be done when, and what money makes of it."""

from decimal import Decimal as D
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.failure import FailureError
from canonical.money import cents
from erp.rules.order_life import ACTIONS, NAMES, TRANSITIONS, Action, Part, States, allowed, demand, move, payment_state

FULFILMENT = ("open", "packed", "partial", "shipped", "returned")
MONEY = st.decimals(min_value=0, max_value=500, places=2)


@pytest.mark.parametrize("part", Part)
def test_a_transition_that_is_no_pair_is_refused_and_names_the_state(part: Part) -> None:
    names = {name for pair in TRANSITIONS[part] for name in pair}
    for state, target in product(names, names):
        if state == target or (state, target) in TRANSITIONS[part]:
            assert move(part, state, target) == target
        else:
            with pytest.raises(FailureError) as refused:
                move(part, state, target)
            assert (refused.value.failure.code, refused.value.failure.params) == (
                "STATE_FORBIDS",
                {"state": NAMES.get(state, state)},
            )


def test_what_left_never_comes_back_to_open_and_what_is_cancelled_stays_so() -> None:
    for state, target in (("partial", "open"), ("shipped", "open"), ("returned", "shipped"), ("shipped", "partial")):
        assert (state, target) not in TRANSITIONS[Part.FULFILMENT]
    assert ("cancelled", "live") not in TRANSITIONS[Part.CANCELLATION]


def test_every_action_is_refused_where_it_is_not_allowed() -> None:
    for fulfilment, is_cancelled, holds in product(FULFILMENT, (False, True), ((), ("hold_by_hand",))):
        states = States(fulfilment, is_cancelled, holds)
        for action in Action:
            if action in allowed(states):
                demand(action, states)
            else:
                with pytest.raises(FailureError, match="STATE_FORBIDS"):
                    demand(action, states)


@pytest.mark.parametrize(
    ("action", "states", "named"),
    [
        (Action.CANCEL, States("shipped", False), "shipped"),
        (Action.CANCEL, States("partial", False), "partly shipped"),
        (Action.SHIP, States("open", True, ("X",)), "cancelled"),
        (Action.SHIP, States("open", False, ("X", "Y")), "on hold"),
        (Action.CHANGE, States("packed", False, ("X",)), "packed"),
    ],
)
def test_a_refusal_names_what_stands_in_the_way(action: Action, states: States, named: str) -> None:
    with pytest.raises(FailureError) as refused:
        demand(action, states)
    assert refused.value.failure.params == {"state": named}


def test_a_hold_stops_shipping_and_only_a_held_order_is_released() -> None:
    free, held = allowed(States("open", False)), allowed(States("open", False, ("X",)))
    assert free - held == {Action.SHIP, Action.AUTOSHIP}
    assert held - free == {Action.RELEASE}


def test_before_shipping_an_order_is_cancelled_after_a_part_the_rest_and_then_it_is_returned() -> None:
    cancels = {Action.CANCEL, Action.CANCEL_REST, Action.RETURN}
    found = {state: allowed(States(state, False)) & cancels for state in FULFILMENT}
    assert found == {
        "open": {Action.CANCEL},
        "packed": set(),
        "partial": {Action.CANCEL_REST, Action.RETURN},
        "shipped": {Action.RETURN},
        "returned": {Action.RETURN},
    }


def test_of_a_cancelled_order_only_its_money_is_left() -> None:
    assert allowed(States("open", True, ("X",))) == {Action.PAY, Action.REFUND}


def test_every_action_exists_somewhere() -> None:
    assert {action for action, _ in ACTIONS} == set(Action)


@pytest.mark.parametrize(
    ("total", "paid", "refunded", "state"),
    [
        ("30", "0", "0", "open"),
        ("30", "10", "0", "partial"),
        ("30", "30", "0", "paid"),
        ("30", "40", "0", "paid"),
        ("30", "30", "10", "paid"),
        ("30", "30", "30", "refunded"),
        ("30", "10", "10", "refunded"),
        ("30", "60", "30", "paid"),
        ("0", "0", "0", "paid"),
        ("20", "20", "0", "paid"),
    ],
)
def test_the_payment_state_follows_the_money(total: str, paid: str, refunded: str, state: str) -> None:
    assert payment_state(D(total), D(paid), D(refunded)) == state


@settings(deadline=None)
@given(MONEY, MONEY, MONEY, st.integers(0, 100))
def test_more_money_never_makes_an_order_less_paid(total: D, paid: D, more: D, percent: int) -> None:
    order, refunded = ("refunded", "open", "partial", "paid"), cents(paid * percent / 100)
    before, after = payment_state(total, paid, refunded), payment_state(total, paid + more, refunded)
    assert order.index(after) >= order.index(before)


@settings(deadline=None)
@given(MONEY, MONEY, MONEY, MONEY, st.integers(0, 100))
def test_whatever_money_does_is_a_transition_that_exists(total: D, paid: D, more: D, back: D, percent: int) -> None:
    refunded = cents(paid * percent / 100)
    before = payment_state(total, paid, refunded)
    for after in (payment_state(total, paid + more, refunded), payment_state(total, paid, refunded + back)):
        assert move(Part.PAYMENT, before, after) == after


def test_a_refusal_says_the_state_in_the_readers_language() -> None:
    with pytest.raises(FailureError) as refused:
        demand(Action.CANCEL, States("partial", False))
    assert "teilweise versendet" in refused.value.failure.text("de")
    assert "partly shipped" in refused.value.failure.text("en")
