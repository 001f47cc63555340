"""What people do with booked orders while they live: hold, release, let ship by itself, note something."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import Session, col, select

from erp import journal
from erp.rules.order_life import Action, States, demand
from erp.tables import Order

HELD_BY_HAND = "hold_by_hand"
"""The hold that a person puts on, followed by a colon and the reason."""


def lock_order(session: Session, order_id: int) -> Order:
    """Load an order and hold it until the transaction ends; raises `LookupError`."""
    found = lock_orders(session, [order_id])
    if not found:
        raise LookupError(order_id)
    return found[0]


def lock_orders(session: Session, order_ids: Collection[int]) -> Sequence[Order]:
    """Load orders and hold them until the transaction ends, by id, so that two callers never wait for each other."""
    query = (
        select(Order)
        .where(col(Order.id).in_(order_ids))
        .order_by(col(Order.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(query).all()


def states_of(order: Order) -> States:
    """What decides what may be done with an order."""
    return States(order.fulfilment_state, order.is_cancelled, tuple(order.holds))


def hold_order(session: Session, order_id: int, reason: str, by: str) -> None:
    """Stop shipping of an order until a person lifts the hold; the same reason twice is one hold.

    Raises `FailureError` STATE_FORBIDS where nothing is left to ship.
    """
    order = lock_order(session, order_id)
    demand(Action.HOLD, states_of(order))
    hold = f"{HELD_BY_HAND}:{reason.strip()[:200]}"
    if hold in order.holds:
        return
    order.holds, order.autoship = [*order.holds, hold], False
    session.add(order)
    session.flush()
    tell(session, order, "held", by, reason=reason.strip()[:200])


def lift_holds(session: Session, order_id: int, holds: Collection[str], by: str) -> None:
    """Take holds off an order; holds it does not have are passed over.

    Lifting the last one is a person's release: auto-ship, which the holds had stopped, may take the order.
    """
    order = lock_order(session, order_id)
    lifted = [hold for hold in order.holds if hold in holds]
    if not lifted:
        return
    order.holds = [hold for hold in order.holds if hold not in holds]
    order.autoship = order.autoship or not order.holds
    session.add(order)
    session.flush()
    tell(session, order, "hold_lifted", by, holds=", ".join(hold.removeprefix(f"{HELD_BY_HAND}:") for hold in lifted))


def set_autoship(session: Session, order_id: int, autoship: bool, by: str) -> None:
    """Let auto-ship take an order, or keep it from it; saying the same again changes nothing."""
    order = lock_order(session, order_id)
    if order.autoship == autoship:
        return
    order.autoship = autoship
    session.add(order)
    session.flush()
    tell(session, order, "autoship_on" if autoship else "autoship_off", by)


def add_note(session: Session, order_id: int, note: str, by: str) -> None:
    """Add a line to an order's internal label; the journal knows that, not what it says."""
    order = lock_order(session, order_id)
    order.internal_label = f"{order.internal_label}\n{note.strip()[:1000]}".strip()
    session.add(order)
    session.flush()
    tell(session, order, "noted", by)


def event_of(order: Order, event: str, by: str, **params: Any) -> dict[str, Any]:
    """Make the journal's event about an order; its number is always among the values."""
    return journal.event(
        order.integration_id,
        "orders",
        event,
        hop="hub_to_erp",
        status="info",
        record=order.external_id,
        params={"number": order.number} | params,
        actor=by,
    )


def tell(session: Session, order: Order, event: str, by: str, **params: Any) -> None:
    """Write one event about an order into the journal."""
    journal.write(session, [event_of(order, event, by, **params)])
