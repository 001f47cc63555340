"""Unpaid orders are followed until they are paid or expire: a reminder by mail, then the goods are free again (D§10.4)."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from canonical.runs import HouseDone
from erp import journal
from erp.cancellation import cancel_locked
from erp.mails import MailRequest, queue_mails
from erp.orders import event_of, lock_orders

BY = "unpaid"
"""Who the journal names for what the house does by itself."""
EXPIRED = "UNPAID_EXPIRED"

# An order that expires now is not reminded any more. Orders that another worker holds are left for the next time.
_DUE = text(
    """
    SELECT o.id FROM sales_order o JOIN payment_method m ON m.id = o.payment_method_id
    WHERE o.payment_state IN ('open', 'partial') AND NOT o.is_cancelled AND o.reminded_at IS NULL
      AND m.remind_days IS NOT NULL
      AND coalesce(o.ordered_at, o.created_at) + make_interval(days => m.remind_days) <= :now
      AND (o.expires_at IS NULL OR o.expires_at > :now) AND o.fulfilled_by <> 'channel' AND NOT o.is_pos
    ORDER BY o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
    """
)
# Money that came in part is for a person to judge, and goods that left are not taken back by a clock.
_EXPIRED = text(
    """
    SELECT o.id FROM sales_order o
    WHERE o.payment_state = 'open' AND NOT o.is_cancelled AND o.expires_at <= :now AND o.fulfilment_state = 'open'
    ORDER BY o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
    """
)


def follow_unpaid(session: Session, limit: int, now: datetime | None = None) -> HouseDone:
    """Remind the buyers of unpaid orders once, after the days of their payment method, and cancel orders that expired.

    Set-based: a fixed number of statements for up to `limit` orders of each kind. Two callers at once take different
    orders. A buyer without an e-mail address is not reminded, the order expires all the same. `left` tells that another
    call may find more.
    """
    moment = now or datetime.now(UTC)
    reminded = remind_due(session, limit, moment)
    expired = expire_due(session, limit, moment)
    return HouseDone(done=reminded + expired, left=limit in {reminded, expired})


def remind_due(session: Session, limit: int, now: datetime) -> int:
    """Queue the payment reminders that are due, once per order; returns of how many orders."""
    ids = list(session.execute(_DUE, {"now": now, "limit": limit}).scalars())
    if not ids:
        return 0
    session.execute(text("UPDATE sales_order SET reminded_at = :now WHERE id = ANY(:ids)"), {"now": now, "ids": ids})
    orders = lock_orders(session, ids)
    named = [order for order in orders if order.billing.get("email")]
    queue_mails(
        session,
        [
            MailRequest(
                "payment_reminder", order.id or 0, order.id or 0, order.billing["email"], order.language or "de"
            )
            for order in named
        ],
    )
    journal.write(session, [event_of(order, "reminded", BY) for order in named])
    return len(ids)


def expire_due(session: Session, limit: int, now: datetime) -> int:
    """Cancel the unpaid orders whose time is over; returns how many."""
    ids = list(session.execute(_EXPIRED, {"now": now, "limit": limit}).scalars())
    cancel_locked(session, lock_orders(session, ids), EXPIRED, BY)
    return len(ids)
