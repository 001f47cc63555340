"""The canonical order: what a channel's order says, before any rule of ours; amounts as the channel states them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from canonical.money import ZERO


class ChannelState(StrEnum):
    """What the channel's own state means for us."""

    OPEN = "open"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Fulfiller(StrEnum):
    """Who ships the goods."""

    MERCHANT = "merchant"
    CHANNEL = "channel"
    """The marketplace, from its own warehouse (FBA)."""


class LineKind(StrEnum):
    """What an article line of a channel sells."""

    GOODS = "goods"
    GIFT_CARD = "gift_card"
    """A value voucher: untaxed, never stocked, never shipped (D§10.2)."""


class ChargeKind(StrEnum):
    """What a fee is for."""

    FEE = "fee"
    COD = "cod"
    PAYMENT = "payment"
    """A surcharge for a way to pay (PayPal)."""
    TIP = "tip"
    DEPOSIT = "deposit"
    SERVICE = "service"
    """Gift wrap, engraving: belongs to a line."""
    MARKETPLACE_TAX = "marketplace_tax"
    """Tax that the marketplace collects and pays (UK GST)."""


class PaymentKind(StrEnum):
    """How a part of an order is paid."""

    PAYMENT = "payment"
    GIFT_CARD = "gift_card"


class Address(_Frozen):
    """A billing or delivery address as the channel states it; `country` is ISO 3166 alpha-2."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    postcode: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    post_number: str = ""
    """The customer's own number at a parcel locker (Packstation)."""

    @property
    def name(self) -> str:
        """The person's full name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_empty(self) -> bool:
        """Whether nothing that could be delivered to is given."""
        return not (self.name or self.company or self.street or self.city)


class Property(_Frozen):
    """A choice or personal text on a line, such as a variant's option or an engraving."""

    name: str
    value: str
    is_personal: bool = False
    """The buyer's own words (an engraving), not the option of a variant."""


class OrderLine(_Frozen):
    """One article line; `net` and `tax` are before discount, the discount's share is positive."""

    ref: str
    sku: str
    title: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_rate: Decimal | None
    """Percent; None when the channel states tax without a rate."""
    tax_parts: int = 1
    """How many amounts its tax is made of, each rounded by itself: taxes of a state and a city, its share of a promotion."""
    discount_net: Decimal = ZERO
    discount_tax: Decimal = ZERO
    properties: tuple[Property, ...] = ()
    product_ref: str = ""
    kind: LineKind = LineKind.GOODS
    parent_ref: str = ""
    """The line of the bundle that this line is a part of, where the channel sends bundles taken apart."""
    removed: Decimal = Decimal(0)
    """How much of `quantity` was taken out again before the import: order edits, refunds, cancelled items (D§10.2)."""
    was_charged: bool = True
    """Whether the buyer paid for what was removed; not for what was refused or cancelled before the channel charged it."""


class Charge(_Frozen):
    """A shipping or fee amount; fees may be negative (a cash discount)."""

    ref: str
    title: str
    method: str = ""
    """The channel's value that the mapping tables know, for shipping lines."""
    net: Decimal
    tax: Decimal
    tax_rate: Decimal | None
    kind: ChargeKind = ChargeKind.FEE
    line_ref: str = ""
    """The line that a service belongs to."""
    parts: int = 1
    """How many amounts of the channel it adds up, each rounded by itself."""


class Discount(_Frozen):
    """A voucher or other discount as named by the channel; its amounts are already inside the lines' discount shares."""

    code: str
    net: Decimal
    tax: Decimal


class StatedTax(_Frozen):
    """The tax sum per rate that the channel states, compared with the lines' sum."""

    rate: Decimal
    tax: Decimal


class Payment(_Frozen):
    """How the order is paid."""

    method: str
    title: str = ""
    transaction_id: str = ""
    paid_at: datetime | None = None


class PaymentPart(_Frozen):
    """One of several payments of an order, gross in the order's currency; a redeemed gift card is one (D§10.2)."""

    kind: PaymentKind = PaymentKind.PAYMENT
    method: str = ""
    amount: Decimal
    reference: str = ""


class StatedTotals(_Frozen):
    """The channel's own sums: never trusted, always compared with what the lines give."""

    total: Decimal
    total_tax: Decimal
    shipping_net: Decimal
    discount_net: Decimal
    discount_tax: Decimal
    taxes: tuple[StatedTax, ...] = ()


class ChannelOrder(_Frozen):
    """One order of a channel. Line, shipping and fee amounts are net plus tax; `total` is gross, in `currency`."""

    external_id: str
    number: str
    state: ChannelState
    channel_state: str
    """The channel's own word for the state, which the import's state filter compares."""
    sales_channel: str = ""
    ordered_at: datetime
    modified_at: datetime
    currency: str
    prices_include_tax: bool
    customer_ref: str = ""
    """The channel's customer account; empty for a guest."""
    billing: Address
    delivery: Address
    payment: Payment
    lines: tuple[OrderLine, ...]
    shipping: tuple[Charge, ...] = ()
    fees: tuple[Charge, ...] = ()
    discounts: tuple[Discount, ...] = ()
    refunded: Decimal = ZERO
    """Gross amount already given back, positive."""
    comment: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    awaits_answer: bool = False
    """The channel waits for the merchant to accept the order; until then it cannot be imported (Mirakl)."""
    answer_until: datetime | None = None
    """When the channel gives up waiting for the acceptance."""
    ship_until: datetime | None = None
    """The channel's own deadline for shipping."""
    fulfilled_by: Fulfiller = Fulfiller.MERCHANT
    is_pos: bool = False
    """Sold over the counter."""
    is_tax_owed_by_channel: bool = False
    """The marketplace is the deemed supplier: no VAT on the seller's invoice (D§10.4)."""
    is_tax_left_to_seller: bool = False
    """All amounts are gross and no tax is stated at all: net holds the whole amount until the seller takes its tax out."""
    payments: tuple[PaymentPart, ...] = ()
    """The parts, where the channel names them; empty: `payment` paid all of it."""
    stated: StatedTotals

    @property
    def is_guest(self) -> bool:
        """Whether the buyer has no account in the channel."""
        return not self.customer_ref

    @property
    def computed_total(self) -> Decimal:
        """The gross total as the sum of lines, discounts, shipping and fees."""
        goods = sum((line.net + line.tax - line.discount_net - line.discount_tax for line in self.lines), ZERO)
        return goods + sum((charge.net + charge.tax for charge in self.shipping + self.fees), ZERO)

    @property
    def computed_tax(self) -> Decimal:
        """The tax of all lines, discounts, shipping and fees."""
        goods = sum((line.tax - line.discount_tax for line in self.lines), ZERO)
        return goods + sum((charge.tax for charge in self.shipping + self.fees), ZERO)

    def computed_taxes(self) -> dict[Decimal, Decimal]:
        """The tax per rate, from the lines."""
        sums: dict[Decimal, Decimal] = {}
        for line in self.lines:
            if line.tax_rate is not None:
                sums[line.tax_rate] = sums.get(line.tax_rate, ZERO) + line.tax - line.discount_tax
        for charge in self.shipping + self.fees:
            if charge.tax_rate is not None:
                sums[charge.tax_rate] = sums.get(charge.tax_rate, ZERO) + charge.tax
        return sums


class RawDocument(_Frozen):
    """A vendor's document as it came, with the little that the inbox needs to know of it."""

    external_id: str
    number: str = ""
    modified_at: datetime | None = None
    body: bytes


class DocumentPage(_Frozen):
    """What one fetch brings: documents, where to go on, and whether there is more."""

    documents: tuple[RawDocument, ...]
    cursor: str
    """Opaque to everyone but the connector; stored with the documents in one transaction."""
    more: bool
    ask_again_after: float = Field(default=0, ge=0)
    """Seconds to wait before the next call, for channels that prepare a report first."""
