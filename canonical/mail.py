"""Mails as data: what a mail to a buyer tells, and the letter that it becomes."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from canonical.document import Issuer
from canonical.money import ZERO


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class MailKind(StrEnum):
    """What a mail is about; its template's kind is `mail_` and this."""

    INVOICE = "invoice"
    CANCELLATION = "cancellation_invoice"
    CREDIT_NOTE = "credit_note"
    SHIPMENT = "shipment"
    REMINDER = "payment_reminder"


class MailParcel(_Frozen):
    """A parcel that is on its way."""

    carrier: str
    number: str
    url: str = ""


class MailFacts(_Frozen):
    """What a mail's template may tell; amounts in `currency`."""

    kind: MailKind
    language: str
    name: str
    """The buyer's."""
    order: str
    shop_order: str = ""
    document: str = ""
    """The number of the document that is attached."""
    total: Decimal = ZERO
    due: Decimal = ZERO
    currency: str = "EUR"
    due_on: date | None = None
    parcels: tuple[MailParcel, ...] = ()
    issuer: Issuer


class Attachment(_Frozen):
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes


class Letter(_Frozen):
    """A mail that is written: one line of subject, the same words as text and as HTML."""

    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    sender_name: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
