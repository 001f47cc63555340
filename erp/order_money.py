"""The money of orders added up: what is owed, what came in, what goes back, and the payment state that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from canonical.money import ZERO
from erp.rules.order_life import payment_state


@dataclass(frozen=True, slots=True)
class Money:
    """The money of one order, in its currency; all amounts are positive."""

    order_id: int
    total: Decimal
    credited: Decimal
    """What credit notes gave back of the total."""
    came: Decimal
    """Payments and gift cards."""
    went: Decimal
    """Executed refunds."""
    promised: Decimal
    """Refunds that are open or released."""
    is_cancelled: bool

    @property
    def owed(self) -> Decimal:
        """What the buyer owes in all; nothing once the order is cancelled."""
        return ZERO if self.is_cancelled else max(ZERO, self.total - self.credited)

    @property
    def rest(self) -> Decimal:
        """What is still to come in."""
        return max(ZERO, self.owed - self.came)

    @property
    def refundable(self) -> Decimal:
        """What could go back at most."""
        return max(ZERO, self.came - self.went - self.promised)

    @property
    def excess(self) -> Decimal:
        """What came in beyond what is owed and is not going back yet."""
        return max(ZERO, self.refundable - self.owed)

    @property
    def state(self) -> str:
        """The payment state; a cancelled order stays as unpaid as it was."""
        return payment_state(self.total - self.credited, self.came, self.went)


_MONEY = text(
    """
    SELECT o.id, o.total,
        coalesce((SELECT sum(d.total) FROM document d WHERE d.order_id = o.id AND d.kind = 'credit_note'), 0) AS credited,
        coalesce(sum(p.amount) FILTER (WHERE p.kind <> 'refund'), 0) AS came,
        coalesce(sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.state = 'executed'), 0) AS went,
        coalesce(sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.state IN ('open', 'released')), 0) AS promised,
        o.is_cancelled
    FROM sales_order o LEFT JOIN payment p ON p.order_id = o.id WHERE o.id = ANY(:ids) GROUP BY o.id ORDER BY o.id
    """
)
# The moment of payment stays when more money comes in, and goes when a payment is missing again.
_SETTLE = text(
    """
    UPDATE sales_order o SET paid = g.paid, payment_state = g.state,
        paid_at = CASE WHEN g.state = 'paid' THEN coalesce(o.paid_at, g.at) WHEN g.state = 'refunded' THEN o.paid_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:paid AS numeric[]), CAST(:states AS text[]), CAST(:moments AS timestamptz[]))
        AS g(id, paid, state, at)
    WHERE o.id = g.id
    """
)


def money_of(session: Session, order_ids: Sequence[int]) -> dict[int, Money]:
    """Add up the money of orders, in one statement."""
    return {row[0]: Money(*row) for row in session.execute(_MONEY, {"ids": list(order_ids)})}


def settle(session: Session, moments: Mapping[int, datetime]) -> dict[int, Money]:
    """Bring `paid`, payment state and moment of orders into line with their payments and totals, and return the sums.

    Takes for each order, which the caller holds, the moment that counts if it is paid now. Two statements for any number of
    orders; rows that the session knows are stale afterwards.
    """
    moneys = money_of(session, list(moments))
    session.execute(
        _SETTLE,
        {
            "ids": list(moneys),
            "paid": [money.came - money.went for money in moneys.values()],
            "states": [money.state for money in moneys.values()],
            "moments": [moments[order_id] for order_id in moneys],
        },
    )
    return moneys
