"""Documents as data: what a delivery note, an invoice or a credit note says, frozen when it is issued."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from canonical.money import ZERO


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentKind(StrEnum):
    """What a document is; also the kind of its number range and of its template."""

    INVOICE = "invoice"
    CANCELLATION = "cancellation_invoice"
    CREDIT_NOTE = "credit_note"
    DELIVERY_NOTE = "delivery_note"
    PICK_LIST = "pick_list"

    @property
    def is_invoice(self) -> bool:
        """Whether the document states tax, so that it is a PDF/A-3 with its data as XML."""
        return self in (DocumentKind.INVOICE, DocumentKind.CANCELLATION, DocumentKind.CREDIT_NOTE)


class TaxCategory(StrEnum):
    """The tax category of EN 16931 (UNTDID 5305)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"


class Issuer(_Frozen):
    """Who issues the documents of a project; what the law asks of an invoice must be filled (§ 14 UStG)."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(default="", max_length=120)
    street: str = Field(default="", max_length=120)
    postcode: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=80)
    country: str = Field(default="", pattern="^([A-Z]{2})?$")
    """ISO 3166 alpha-2."""
    vat_id: str = Field(default="", max_length=20)
    tax_number: str = Field(default="", max_length=30)
    register_entry: str = Field(default="", max_length=120)
    """Court and number of the commercial register."""
    managing_directors: str = Field(default="", max_length=160)
    iban: str = Field(default="", max_length=42)
    bic: str = Field(default="", max_length=11)
    bank: str = Field(default="", max_length=80)
    email: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=40)
    website: str = Field(default="", max_length=120)

    def missing(self, *, crosses_border: bool = False) -> tuple[str, ...]:
        """Name the fields that an invoice needs and that are empty.

        VAT id or tax number; an untaxed delivery across a border needs the VAT id (§ 14a UStG, BR-IC-02, BR-G-02).
        """
        lacking = [name for name in ("name", "street", "postcode", "city", "country") if not getattr(self, name)]
        if not self.vat_id and (crosses_border or not self.tax_number):
            lacking.append("vat_id")
        return tuple(lacking)


class PostalAddress(_Frozen):
    """A buyer's or recipient's address as it stood on the order."""

    name: str = ""
    company: str = ""
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

    @property
    def addressee(self) -> str:
        """The company, else the person."""
        return self.company or self.name


class DocumentLine(_Frozen):
    """A line of a document; amounts in its currency, `net` + `tax` = `gross`, discounts negative."""

    line_id: int
    """The order line."""
    kind: str
    """As in `erp.tables.OrderLine`: article, component, shipping, discount, surcharge or rounding."""
    parent_id: int | None = None
    """The bundle's line that a component belongs to."""
    article: str = ""
    title: str = ""
    description: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    ean: str = ""
    unit: str = ""
    """As the article names it; empty: pieces."""
    quantity: Decimal
    ordered: Decimal = Decimal(0)
    """What the order had of it, where a delivery brings less."""
    net: Decimal = ZERO
    tax: Decimal = ZERO
    gross: Decimal = ZERO
    tax_rate: Decimal = Decimal(0)
    """Percent."""
    category: TaxCategory = TaxCategory.STANDARD


class TaxSum(_Frozen):
    """What the lines of one tax category and rate add up to."""

    category: TaxCategory
    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


class References(_Frozen):
    """What a document refers to; empty where there is nothing."""

    order: str
    shop_order: str = ""
    ordered_on: date | None = None
    delivery_notes: tuple[str, ...] = ()
    return_number: str = ""
    invoice: str = ""
    """The invoice that is cancelled or partly credited."""
    invoiced_on: date | None = None


class Parcel(_Frozen):
    """A parcel of a delivery."""

    carrier: str = ""
    tracking_number: str = ""


class DocumentContent(_Frozen):
    """All that a document says: rendering, e-invoice and mails read nothing else, so what was issued stays as it was.

    Amounts are in `currency`; those of credit notes and cancellation invoices are positive, the kind says which way the
    money goes. `total` = `net` + `tax` = the sum of the lines' gross; `rounding` is the part of it that is no price.
    """

    kind: DocumentKind
    number: str
    issued_on: date
    language: str
    currency: str
    issuer: Issuer
    buyer: PostalAddress
    buyer_vat_id: str = ""
    recipient: PostalAddress | None = None
    """Where the goods went, when that is not the buyer's address."""
    customer_number: str = ""
    references: References
    lines: tuple[DocumentLine, ...] = ()
    taxes: tuple[TaxSum, ...] = ()
    shows_gross: bool = True
    """Whether the lines are printed with tax, as the shop showed them, or without (business customers)."""
    net: Decimal = ZERO
    tax: Decimal = ZERO
    total: Decimal = ZERO
    rounding: Decimal = ZERO
    paid: Decimal = ZERO
    """What was paid when the document was issued."""
    due: Decimal = ZERO
    due_on: date | None = None
    payment: str = ""
    """The payment method's name."""
    shipping: str = ""
    """The shipping method's name."""
    delivery_term: str = ""
    parcels: tuple[Parcel, ...] = ()
    supplied_from: date | None = None
    supplied_to: date | None = None
    """First and last day of the supply; for an invoice without deliveries the day it was issued."""
    tax_kind: str = "domestic"
    """As in `erp.tables.Order`."""
    tax_country: str = ""
    delivery_country: str = ""
    exemption: str = ""
    """Why a category is untaxed, in the document's language."""
    notes: tuple[str, ...] = ()
    reason: str = ""
    """Why the document was cancelled or the goods came back, as a person wrote it."""

    def stored(self) -> Mapping[str, Any]:
        """Give the JSON that the database keeps; decimals and dates as texts, so that nothing is lost."""
        return self.model_dump(mode="json")
