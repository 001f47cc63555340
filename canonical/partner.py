"""What is exchanged with a fulfilment provider: orders out, tracking in, and what a test of the connection finds."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from canonical.failure import Failure
from canonical.order import Address


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class HandedLine(_Frozen):
    """A line that the provider delivers; `line_id` comes back with a partial delivery."""

    line_id: int
    article: str
    ean: str
    name: str
    quantity: Decimal


class HandedOrder(_Frozen):
    """An order as the provider gets it: only what is needed to deliver, no price, no e-mail address, no phone number."""

    number: str
    ordered_at: datetime
    shipping_method: str
    delivery: Address
    lines: tuple[HandedLine, ...]


class OrderFile(_Frozen):
    """One file for a provider; its number counts on without gaps, so that a missing file is noticed."""

    partner: str
    number: int
    orders: tuple[HandedOrder, ...] = ()
    cancellations: tuple[str, ...] = ()
    """Numbers of orders that were handed over before and must not be delivered any more."""


class TrackedParcel(_Frozen):
    """One parcel; without a carrier it is the order's shipping method that says who brings it."""

    number: str
    carrier: str = ""
    url: str = ""


class TrackedLine(_Frozen):
    """How much of a line was delivered, by our line id or by the article's number."""

    line_id: int | None = None
    article: str = ""
    quantity: Decimal


class TrackingRecord(_Frozen):
    """What a provider says of one order: delivered with these parcels, or not deliverable for a reason."""

    line: int
    """Where it begins in the file, counted from 1."""
    order: str = ""
    delivery_note: str = ""
    """Instead of the order: our delivery note, whose parcels are named later."""
    shipped_at: datetime | None = None
    parcels: tuple[TrackedParcel, ...] = ()
    lines: tuple[TrackedLine, ...] = ()
    """Empty: everything that is still open."""
    refusal: str = ""

    @property
    def name(self) -> str:
        """How a report calls it."""
        return self.order or self.delivery_note


class RefusedRecord(_Frozen):
    """A record that could not be taken: where it is, which order it is about, and why."""

    line: int
    order: str
    failure: Failure


class ReadTracking(_Frozen):
    """A tracking file as it was read: good records, and those that cannot be understood."""

    records: tuple[TrackingRecord, ...]
    refused: tuple[RefusedRecord, ...]


class PartnerCheck(_Frozen):
    """What a test of the connection found; nothing was transferred."""

    files: tuple[str, ...] = ()
    """Names of the files that wait to be taken."""
    failure: Failure | None = None
    host_key: str = ""
    """The key that the server shows while it is not confirmed."""
    fingerprint: str = ""
