"""Labels (Paketmarken): what a carrier is asked for a parcel, and what it answers."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Recipient(BaseModel):
    """Where a parcel goes."""

    model_config = ConfigDict(frozen=True)

    company: str = ""
    name: str = ""
    street: str = ""
    street2: str = ""
    post_number: str = ""
    """The recipient's own number at a parcel locker."""
    postcode: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    """ISO 3166 alpha-2."""
    email: str = ""
    phone: str = ""


class LabelRequest(BaseModel):
    """The request for one parcel's label; `key` names the parcel for good, so a request that comes twice is one parcel."""

    model_config = ConfigDict(frozen=True)

    key: str
    shipment: str
    """The delivery note's number."""
    order: str
    method: str
    """The shipping method's code."""
    carrier: str = ""
    weight: Decimal | None = None
    """Kilogrammes."""
    recipient: Recipient


class LabelAnswer(BaseModel):
    """A carrier's answer: a tracking number, usually with a label, or why there is none."""

    model_config = ConfigDict(frozen=True)

    key: str
    tracking_number: str = ""
    tracking_url: str = ""
    label: bytes | None = None
    media_type: str = ""
    error: str = Field(default="", max_length=300)
