"""State machines of orders, deliveries, transactions, captures and refunds, with the moves the vendor's migrations install."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.shopware6 import errors
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.store import Row, Store

TRANSITIONS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    # machine: (action, states it starts from, state it leads to)
    "order.state": (
        ("cancel", "open in_progress", "cancelled"),
        ("complete", "in_progress", "completed"),
        ("process", "open", "in_progress"),
        ("reopen", "cancelled completed", "open"),
    ),
    "order_delivery.state": (
        ("cancel", "open shipped shipped_partially", "cancelled"),
        ("reopen", "cancelled shipped shipped_partially returned returned_partially", "open"),
        ("retour", "shipped shipped_partially returned_partially", "returned"),
        ("retour_partially", "shipped shipped_partially", "returned_partially"),
        ("ship", "open shipped_partially", "shipped"),
        ("ship_partially", "open", "shipped_partially"),
    ),
    "order_transaction.state": (
        ("authorize", "open in_progress reminded unconfirmed", "authorized"),
        (
            "cancel",
            "open reminded paid_partially paid refunded_partially in_progress authorized chargeback unconfirmed",
            "cancelled",
        ),
        ("chargeback", "paid paid_partially", "chargeback"),
        ("do_pay", "failed open reminded paid_partially", "in_progress"),
        ("fail", "in_progress failed open authorized unconfirmed", "failed"),
        ("paid", "in_progress failed open authorized chargeback cancelled unconfirmed", "paid"),
        ("paid_partially", "in_progress failed open authorized chargeback unconfirmed", "paid_partially"),
        ("pay", "open reminded paid_partially failed", "paid"),
        ("pay_partially", "open reminded in_progress failed", "paid_partially"),
        ("process_unconfirmed", "open reminded failed cancelled paid_partially", "unconfirmed"),
        ("refund", "paid_partially paid refunded_partially cancelled", "refunded"),
        ("refund_partially", "paid_partially paid cancelled", "refunded_partially"),
        ("remind", "open paid_partially", "reminded"),
        ("reopen", "cancelled in_progress failed reminded paid_partially paid refunded_partially unconfirmed", "open"),
    ),
    "order_transaction_capture.state": (
        ("complete", "pending", "completed"),
        ("fail", "pending", "failed"),
        ("reopen", "completed failed", "pending"),
    ),
    "order_transaction_capture_refund.state": (
        ("process", "open", "in_progress"),
        ("cancel", "open in_progress", "cancelled"),
        ("fail", "open in_progress", "failed"),
        ("complete", "open in_progress", "completed"),
        ("reopen", "cancelled failed completed", "open"),
    ),
}
INITIAL = {"order_transaction_capture.state": "pending"}
"""Where a machine begins that does not begin with `open`."""
MACHINE_OF = {
    "order": "order.state",
    "order_delivery": "order_delivery.state",
    "order_transaction": "order_transaction.state",
}
GERMAN = {
    "open": "Offen",
    "in_progress": "In Bearbeitung",
    "completed": "Abgeschlossen",
    "cancelled": "Abgebrochen",
    "shipped": "Versandt",
    "shipped_partially": "Teilweise versandt",
    "returned": "Retour",
    "returned_partially": "Teilretour",
    "pending": "Ausstehend",
    "paid": "Bezahlt",
    "paid_partially": "Teilweise bezahlt",
    "authorized": "Autorisiert",
    "reminded": "Erinnert",
    "refunded": "Erstattet",
    "refunded_partially": "Teilweise erstattet",
    "failed": "Fehlgeschlagen",
    "unconfirmed": "Unbestätigt",
    "chargeback": "Rückbuchung",
}


def states_of(machine: str) -> list[str]:
    """All states of a machine, sorted."""
    return sorted({state for _, sources, target in TRANSITIONS[machine] for state in (*sources.split(), target)})


def state_id(machine: str, state: str) -> str:
    """The id of a state."""
    return id_of("state", machine, state)


def state_name(store: Store, row: Row) -> str:
    """The technical name of the state of an order, delivery or transaction."""
    return str(store.tables["state_machine_state"][row["stateId"]]["technicalName"])


def next_state(machine: str, current: str, action: str) -> str:
    """Where an action leads; the state itself if the action's target is reached already, which the shop takes for done.

    Raises the vendor's refusal, which names the id of the present state and the possible actions.
    """
    possible = []
    for name, sources, target in TRANSITIONS[machine]:
        if current in sources.split():
            possible.append(name)
        if name == action and (target == current or current in sources.split()):
            return target
    detail = (
        f'Illegal transition "{action}" from state "{state_id(machine, current)}". '
        f"Possible transitions are: {', '.join(possible)}"
    )
    raise errors.refusal(
        400,
        "SYSTEM__ILLEGAL_STATE_TRANSITION",
        detail,
        transition=action,
        currentState=state_id(machine, current),
        possibleTransitionsString=", ".join(possible),
        possibleTransitions=possible,
    )
