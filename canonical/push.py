"""What goes out: records to send, and the channel's answer for each."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from canonical.failure import Failure


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class StockLevel(_Frozen):
    """The quantity that a channel may sell of one article: absolute, whole pieces, never negative."""

    key: str
    """Our article number; results come back under it."""
    sku: str
    """The number by which the channel knows the article."""
    ref: str = ""
    """The channel's id where it is already known; else the connector looks it up by `sku`."""
    quantity: int
    locations: tuple["LocationLevel", ...] = ()
    """Where a channel keeps several locations apart (D§2.3): one level for each mapped one; else empty."""


class LocationLevel(_Frozen):
    """The quantity of an article at one location of the channel."""

    location_ref: str
    quantity: int


class Parcel(_Frozen):
    """One parcel of a shipment."""

    tracking_number: str
    carrier: str = ""
    tracking_url: str = ""


class ShippedLine(_Frozen):
    """How much of a channel's order line is in the shipment."""

    line_ref: str
    quantity: Decimal


class StatusKind(StrEnum):
    """What is reported to the channel about an order."""

    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    """The whole order, or with `lines` only so much of them."""
    RETURNED = "returned"


class OrderStatus(_Frozen):
    """A report about one order: shipped with its parcels, cancelled, or goods that came back."""

    key: str
    """Idempotency key: our delivery note's number, or the order's for a cancellation (D§10.5)."""
    order_ref: str
    order_number: str = ""
    kind: StatusKind
    completes_order: bool = True
    parcels: tuple[Parcel, ...] = ()
    lines: tuple[ShippedLine, ...] = ()
    shipped_at: datetime | None = None
    is_repeat: bool = False
    """An earlier try was not answered: look whether it took effect before sending again."""


class AnswerKind(StrEnum):
    """What the channel is told about an order before goods leave."""

    ACCEPT = "accept"
    """The merchant takes the order (Mirakl); it can be imported afterwards."""
    REFUSE = "refuse"
    IN_PROGRESS = "in_progress"
    """The order was imported (Shopware: "in progress")."""


class OrderAnswer(_Frozen):
    """An answer to one order of the channel."""

    key: str
    """Idempotency key: kind and the channel's id of the order."""
    order_ref: str
    kind: AnswerKind
    lines: tuple[str, ...] = ()
    """The channel's refs of all lines of the order, where it wants each decided."""
    notify: bool = False
    """Whether the shop may mail the buyer."""
    is_repeat: bool = False


class OutgoingDocument(_Frozen):
    """A document of an order for the channel; its bytes are loaded only when it is sent."""

    key: str
    """Our document's number."""
    order_ref: str
    order_number: str = ""
    kind: str = "invoice"
    number: str
    file_name: str
    """US-ASCII."""
    media_type: str = "application/pdf"
    issued_on: date
    total: Decimal
    currency: str
    document_id: int
    content: bytes = Field(default=b"", exclude=True, repr=False)
    is_repeat: bool = False


class RefundLine(_Frozen):
    """A part of a refund that belongs to a line of the channel; the amount is gross."""

    line_ref: str
    quantity: Decimal
    amount: Decimal
    tax: Decimal = Decimal(0)


class Refund(_Frozen):
    """Money that goes back through the channel because a refund was executed in the ERP (D§2.8); gross, in `currency`.

    `amount` is the whole; lines and shipping explain it as far as they are known, what is left over is goodwill.
    """

    key: str
    """Idempotency key: our refund's id."""
    order_ref: str
    order_number: str = ""
    amount: Decimal
    currency: str
    lines: tuple[RefundLine, ...] = ()
    shipping: Decimal = Decimal(0)
    reason: str = ""
    """The channel's reason code, from the settings."""
    note: str = ""
    restocks: bool = False
    is_repeat: bool = False


class Outcome(StrEnum):
    """What the channel said of one record."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class PushResult(_Frozen):
    """The answer for one record; `ref` is the channel's id when it became known."""

    key: str
    outcome: Outcome
    ref: str = ""
    failure: Failure | None = None


class PushAnswer(_Frozen):
    """The answer for a batch: results now, or a ticket to ask for later (feeds, reports, files)."""

    results: tuple[PushResult, ...] = ()
    ticket: str = ""
    ask_again_after: float = 0
