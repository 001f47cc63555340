"""What goes out: records to send, and the channel's answer for each."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

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


class OrderStatus(_Frozen):
    """A report about one order: shipped with its parcels, or cancelled."""

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
