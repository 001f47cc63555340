"""Changes of booked orders: those that were made in the shop and wait for a decision, and addresses corrected here (D§10.1)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.order import ChannelOrder
from erp.bulk import Row, insert_rows
from erp.cancellation import cancel_lines, cancel_order, line_states, lines_of
from erp.orders import lift_holds, lock_order, lock_orders, states_of, tell
from erp.payments import note_refund_in_channel
from erp.push_refunds import paid_out
from erp.rules.address import delivery_of, snapshot
from erp.rules.cancelling import cancellable
from erp.rules.changes import are_lines_changed, is_total_changed
from erp.rules.model import BookedOrder
from erp.rules.order_life import Action, allowed, demand
from erp.rules.takeover import OurLine, Ours, Plan, plan
from erp.tables import Order, OrderChange, OrderLine

HOLD = "changed_in_channel"
CANCELLED_THERE = "cancelled_in_channel"
UNSHIPPED = ("open", "packed", "partial")
COUNTRY_LETTERS = 2

Which = Literal["billing", "delivery"]


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """What the shop changed of a booked order: `before` is ours and `after` the shop's, both by part.

    Parts are amount and refund (amounts as texts), lines (a list of ref, title, quantity, net and tax), billing and
    delivery (address snapshots).
    """

    order_id: int
    parts: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class AddressForm(BaseModel):
    """An address of an order as a person corrects it; the fields are those of the order's snapshot."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    company: str = Field(default="", max_length=200)
    first_name: str = Field(default="", max_length=120)
    last_name: str = Field(default="", max_length=120)
    street: str = Field(min_length=1, max_length=200)
    street2: str = Field(default="", max_length=200)
    postcode: str = Field(default="", max_length=20)
    city: str = Field(min_length=1, max_length=120)
    state: str = Field(default="", max_length=120)
    country: str = Field(min_length=COUNTRY_LETTERS, max_length=COUNTRY_LETTERS)
    email: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=60)
    post_number: str = Field(default="", max_length=20)

    @field_validator("country")
    @classmethod
    def _large(cls, value: str) -> str:
        return value.upper()


# --- what the shop changed ------------------------------------------------------------------------------------------


def changed_order(order: ChannelOrder, booked: BookedOrder) -> ChangedOrder:
    """Put what the shop says now beside what is booked, for the parts that differ; pure."""
    before = {
        "amount": str(booked.channel_total),
        "refund": str(booked.refunded),
        "lines": [_shown(line.ref, line.quantity, line.net, line.tax, line.refs) for line in _sorted(booked.lines)],
        "billing": dict(booked.billing),
        "delivery": dict(booked.delivery),
    }
    after = {
        "amount": str(order.stated.total),
        "refund": str(order.refunded),
        "lines": [
            _shown(line.ref, line.quantity, line.net, line.tax) | {"title": line.title} for line in _sorted(order.lines)
        ],
        "billing": snapshot(order.billing),
        "delivery": snapshot(delivery_of(order)),
    }
    differs = {
        "amount": is_total_changed(order, booked),
        "refund": not booked.explains_refund(order.refunded),
        "lines": are_lines_changed(order, booked),
        "billing": before["billing"] != after["billing"],
        "delivery": before["delivery"] != after["delivery"],
    }
    parts = tuple(name for name, is_different in differs.items() if is_different)
    return ChangedOrder(booked.id, parts, {name: before[name] for name in parts}, {name: after[name] for name in parts})


def _sorted(lines: Iterable[Any]) -> list[Any]:
    return sorted(lines, key=lambda line: str(line.ref))


def _shown(ref: str, quantity: Decimal, net: Decimal, tax: Decimal, refs: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "ref": ref, "refs": list(refs or (ref,)), "quantity": f"{quantity.normalize():f}", "net": str(net), "tax": str(tax),
    }  # fmt: skip


def note_changes(session: Session, changes: Sequence[ChangedOrder]) -> set[int]:
    """Keep what shops changed of booked orders as conflicts, hold orders that have not shipped; returns which are new.

    Set-based and idempotent: a part that is known with the same content, decided or not, is no change, so that a decision
    stands however often the order is read. Cancelled orders are left alone; a shipped order is only noted.
    """
    orders = {order.id or 0: order for order in lock_orders(session, {change.order_id for change in changes})}
    known = _known(session, orders)
    rows = [
        row
        for change in changes
        if change.order_id in orders and not orders[change.order_id].is_cancelled
        if (row := _row(change, known)) is not None
    ]
    ending = "ON CONFLICT (order_id, digest) DO NOTHING RETURNING order_id"
    news = set(insert_rows(session, OrderChange, rows, ending=ending))
    held = [id for id in news if orders[id].fulfilment_state in UNSHIPPED]
    if held:
        session.execute(
            text(
                "UPDATE sales_order SET autoship = false, holds = array_append(array_remove(holds, :hold), :hold)"
                " WHERE id = ANY(:ids)"
            ),
            {"ids": held, "hold": HOLD},
        )
        session.expire_all()
    return news


def _known(session: Session, order_ids: Iterable[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    """What shops said last about each part, per order, with the id of the newest change."""
    found: dict[int, tuple[int, dict[str, Any]]] = {}
    query = select(OrderChange).where(col(OrderChange.order_id).in_(order_ids)).order_by(col(OrderChange.id))
    for change in session.exec(query):
        said = found.get(change.order_id, (0, {}))[1]
        found[change.order_id] = (change.id or 0, said | change.after)
    return found


def _row(change: ChangedOrder, known: Mapping[int, tuple[int, dict[str, Any]]]) -> Row | None:
    newest, said = known.get(change.order_id, (0, {}))
    parts = [part for part in change.parts if said.get(part) != change.after[part]]
    if not parts:
        return None
    after = {part: change.after[part] for part in parts}
    digest = hashlib.sha256(orjson.dumps([newest, after], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return {
        "order_id": change.order_id,
        "digest": digest,
        "parts": parts,
        "before": {part: change.before[part] for part in parts},
        "after": after,
        "state": "open",
        "found_at": "now",
        "decided_by": "",
    }


# --- the decision ---------------------------------------------------------------------------------------------------


def open_changes(session: Session, order_id: int) -> Sequence[OrderChange]:
    """The changes of an order that wait for a decision, the oldest first; a later one counts where both name a part."""
    wanted = (col(OrderChange.order_id) == order_id, col(OrderChange.state) == "open")
    return session.exec(select(OrderChange).where(*wanted).order_by(col(OrderChange.id))).all()


def plan_for(session: Session, order: Order, changes: Sequence[OrderChange]) -> Plan:
    """Say what taking changes over would do, and what is left for a person."""
    lines = lines_of(session, order.id or 0)
    left = cancellable(line_states(lines))
    after: dict[str, Any] = {}
    for change in changes:
        after |= change.after
    ours = Ours(
        lines=[
            OurLine(
                id=line.id or 0,
                refs=_refs(line),
                title=line.title,
                quantity=line.quantity,
                gone=line.cancelled + line.returned,
                cancellable=left.get(line.id or 0, Decimal(0)),
                net=line.net,
            )
            for line, _ in lines
            if line.kind == "article"
        ],
        parts=frozenset(ref for line, _ in lines if line.kind != "article" for ref in _refs(line)),
        countries={"billing": order.billing.get("country", ""), "delivery": order.delivery.get("country", "")},
        refunded=order.refunded + paid_out(session, order.id or 0),
        can_change=Action.CHANGE in allowed(states_of(order)),
    )
    return plan(ours, after)


def _refs(line: OrderLine) -> tuple[str, ...]:
    return tuple(line.line_refs) or (line.line_ref,)


def take_change(session: Session, order_id: int, by: str) -> Plan:
    """Take the open changes of an order over as far as it goes, and return what was done and what is left for a person.

    Addresses are copied, smaller quantities cancelled like a change by hand, refunds recorded as made in the channel. The
    hold is lifted once nothing is left to do by hand. Decided once: raises `FailureError` STATE_FORBIDS afterwards.
    """
    order = lock_order(session, order_id)
    changes = _demand_open(session, order)
    decided = plan_for(session, order, changes)
    after: dict[str, Any] = {}
    for change in changes:
        after |= change.after
    for which in decided.addresses:
        setattr(order, which, after[which])
    if "amount" in after:
        order.channel_total = Decimal(after["amount"])
    if "refund" in after:
        order.refunded = max(Decimal(0), Decimal(after["refund"]) - paid_out(session, order_id))
    session.add(order)
    session.flush()
    _decide(session, changes, "taken", by, [list(each) for each in decided.by_hand])
    tell(session, order, "change_taken", by)
    if decided.refund:
        note_refund_in_channel(session, order_id, decided.refund, f"channel {after['refund']}", by)
    if not decided.by_hand:
        lift_holds(session, order_id, [HOLD], by)
    if decided.cancel:
        cancel_lines(session, order_id, decided.cancel, by, reason="CHANGED_IN_CHANNEL", tells_channel=False)
    return decided


def keep_ours(session: Session, order_id: int, by: str) -> None:
    """Leave an order as it is, whatever the shop changed, and lift the hold.

    Decided once: raises `FailureError` STATE_FORBIDS afterwards.
    """
    order = lock_order(session, order_id)
    _decide(session, _demand_open(session, order), "kept", by, [])
    tell(session, order, "change_kept", by)
    lift_holds(session, order_id, [HOLD], by)


def follow_cancellation(session: Session, order_id: int, by: str) -> None:
    """Cancel an order because the shop cancelled it; the shop is not told, because it knows (D§10.5, loops)."""
    cancel_order(session, order_id, by, reason="CANCELLED_IN_CHANNEL", tells_channel=False)


def _demand_open(session: Session, order: Order) -> Sequence[OrderChange]:
    changes = open_changes(session, order.id or 0)
    if not changes or order.is_cancelled:
        raise FailureError(Failure.of("STATE_FORBIDS", state="cancelled" if order.is_cancelled else "decided"))
    return changes


def _decide(session: Session, changes: Sequence[OrderChange], state: str, by: str, by_hand: list[Any]) -> None:
    for change in changes:
        change.state, change.decided_at, change.decided_by = state, datetime.now(UTC), by
        change.by_hand = by_hand
        session.add(change)
    session.flush()


# --- what we change -------------------------------------------------------------------------------------------------


def correct_address(session: Session, order_id: int, which: Which, form: AddressForm, by: str) -> list[str]:
    """Correct an address of an order that has not left; returns which fields changed, which is all the journal is told.

    Master data stays untouched (D§10.1). What the shop says stays known, so that our correction is no change of the
    shop's. Raises `LookupError` and `FailureError`: STATE_FORBIDS, COUNTRY_FIXED because another country would change the
    tax of the lines.
    """
    order = lock_order(session, order_id)
    demand(Action.CORRECT_ADDRESS, states_of(order))
    before: dict[str, Any] = order.billing if which == "billing" else order.delivery
    if (country := before.get("country", "")) and form.country != country:
        raise FailureError(Failure.of("COUNTRY_FIXED", country=country, wanted=form.country))
    given = form.model_dump()
    changed = [name for name, value in given.items() if value != before.get(name, "")]
    if not changed:
        return []
    # What the form does not show, such as a VAT id, stays.
    after = {name: value for name, value in before.items() if name not in given}
    after |= {name: value for name, value in given.items() if value}
    _remember_theirs(session, order, which, after, by)
    setattr(order, which, after)
    session.add(order)
    session.flush()
    tell(session, order, f"{which}_corrected", by, fields=", ".join(changed))
    return changed


def _remember_theirs(session: Session, order: Order, which: Which, ours: dict[str, Any], by: str) -> None:
    """Keep the address that the shop gave, where no change said it yet, as one that was decided for ours."""
    order_id = order.id or 0
    known = _known(session, [order_id])
    if which in known.get(order_id, (0, {}))[1]:
        return
    theirs = order.billing if which == "billing" else order.delivery
    row = _row(ChangedOrder(order_id, (which,), {which: ours}, {which: theirs}), known)
    if row is not None:
        insert_rows(session, OrderChange, [row | {"state": "kept", "decided_at": "now", "decided_by": by}])
