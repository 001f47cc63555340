"""Money in and out: payments and refunds of orders."""

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, moment, money, prose, word


class Payment(SQLModel, table=True):
    """Money of an order: a payment that came in, a redeemed gift card, or a refund that goes out; always positive."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "reference"),
        CheckConstraint("amount > 0", name="ck_payment_amount"),
        Index("ix_payment_state", "kind", "state"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    order_id: int = Field(foreign_key="sales_order.id", sa_type=BigInteger)
    kind: str = Field(max_length=20)
    """payment, gift_card or refund."""
    amount: Decimal = money()
    """In the order's currency."""
    payment_method_id: int | None = Field(default=None, foreign_key="payment_method.id")
    reference: str = Field(max_length=120)
    """The idempotency key within order and kind: the channel's transaction, a bank reference, the credit note's number."""
    document_id: int | None = Field(default=None, foreign_key="document.id", sa_type=BigInteger)
    """The credit note or cancellation invoice that a refund settles."""
    state: str = word(20, "booked")
    """booked; a refund is open, released, executed or failed (D§2.8)."""
    origin: str = word(20, "erp")
    """channel: the shop says so, it is never reported back; erp: entered or made here (D§10.5, loops)."""
    note: str = prose()
    actor: str = word(120)
    at: Moment = filled_now()
    executed_at: Moment | None = moment()
