"""What a channel offers to choose from, what it tells by webhooks, and how an account is authorised: pure data."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from canonical.failure import Failure
from canonical.feature import Feature


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ChannelChoice(_Frozen):
    """One entry of an option list that is fetched from the channel ("reload options", D§2)."""

    value: str
    label: str


class WebhookHint(_Frozen):
    """What a verified webhook says: something of this feature changed. The payload is never mapped."""

    delivery_id: str
    """The vendor's id of the delivery, or the digest of its body; a repeated one changes nothing."""
    topic: str
    feature: Feature | None
    """None for a topic that means nothing to us: it is answered and forgotten."""
    records: tuple[str, ...] = ()
    """Numbers or ids of what changed, where the payload names them; only for the journal."""


class WebhookReport(_Frozen):
    """What a connector found and mended at the channel's subscriptions."""

    created: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    """Subscriptions that were disabled or pointed elsewhere."""
    active: tuple[str, ...] = ()
    failure: Failure | None = None
    """Why some could not be had, for instance a missing permission."""


class Token(_Frozen):
    """An access token with its end; `refresh` where the vendor gives one, `scopes` as granted."""

    access: str
    expires_at: datetime | None = None
    refresh: str = ""
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


class GrantKind(StrEnum):
    """How an account is authorised at the vendor's own page."""

    REDIRECT = "redirect"
    """The browser comes back with a code, which is exchanged (OAuth 2)."""
    CALLBACK = "callback"
    """The shop sends the keys to us, the browser comes back without them (WooCommerce)."""


class ChannelTask(_Frozen):
    """Something that a person must know about an order in the channel: an incident, a deadline, a message."""

    order_ref: str
    kind: str
    text: str = ""
    due_at: datetime | None = None
