"""The fields of Shopware's order that are used, read leniently where the shop breaks its own schema."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LARGEST = Decimal(10) ** 12
NOISE = Decimal("0.0001")
"""How far a binary fraction of PHP's may be off the amount that it stands for."""


def _text(value: object) -> object:
    """A missing text is an empty one; a NUL cannot be stored and means nothing."""
    if value is None or value is False:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def _blank_is_zero(value: object) -> object:
    return 0 if value in (None, "") else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _list(value: object) -> object:
    """PHP writes an empty map for an empty list, and a map with numbers as keys for a list with gaps."""
    if value in (None, "", {}):
        return []
    return list(value.values()) if isinstance(value, dict) else value


def _map(value: object) -> object:
    """PHP writes an empty list for an empty map."""
    return {} if value in (None, "", []) else value


def _missing(value: object) -> object:
    return None if value in ("", []) else value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("date out of range") from error


Str = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Str, ...], BeforeValidator(_list)]
Moment = Annotated[datetime, AfterValidator(_utc)]
MaybeMoment = Annotated[Moment | None, BeforeValidator(_blank_is_none)]
_Amount = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST)]
Money = Annotated[_Amount, BeforeValidator(_blank_is_zero)]
"""A number as PHP computes it; it may have more decimals than money has, and is rounded where it is used."""
Id = Annotated[str, Field(min_length=1, max_length=64)]
Map = Annotated[dict[str, Any], BeforeValidator(_map)]


class _Lean(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Named(_Lean):
    """A record with a name and its translation: a payment or shipping method, a sales channel, a tag, a country."""

    id: Str = ""
    name: Str = ""
    technical_name: Annotated[Str, Field(alias="technicalName")] = ""
    translated: Map = {}

    @property
    def title(self) -> str:
        """The translated name; the plain one may be empty in the reader's language."""
        return str(self.translated.get("name") or self.name).strip()

    @property
    def key(self) -> str:
        """What mapping tables know it by: the technical name does not change with the language."""
        return self.technical_name or self.title or self.id


MaybeNamed = Annotated[Named | None, BeforeValidator(_missing)]


class Country(Named):
    """A country; `iso` is alpha-2."""

    iso: Str = ""

    @property
    def code(self) -> str:
        """The ISO code; the name where the shop has none."""
        return self.iso.upper() or self.title


class OrderAddress(_Lean):
    """An address of an order."""

    id: Str = ""
    first_name: Annotated[Str, Field(alias="firstName")] = ""
    last_name: Annotated[Str, Field(alias="lastName")] = ""
    company: Str = ""
    department: Str = ""
    street: Str = ""
    line1: Annotated[Str, Field(alias="additionalAddressLine1")] = ""
    line2: Annotated[Str, Field(alias="additionalAddressLine2")] = ""
    zipcode: Str = ""
    city: Str = ""
    phone: Annotated[Str, Field(alias="phoneNumber")] = ""
    vat_id: Annotated[Str, Field(alias="vatId")] = ""
    country: Annotated[Country | None, BeforeValidator(_missing)] = None
    country_state: Annotated[MaybeNamed, Field(alias="countryState")] = None


MaybeAddress = Annotated[OrderAddress | None, BeforeValidator(_missing)]


class CalculatedTax(_Lean):
    """The tax of one rate in a price; `price` is gross or net as the order is."""

    tax: Money
    rate: Annotated[Decimal, Field(alias="taxRate", ge=0, le=1000), BeforeValidator(_blank_is_zero)]
    price: Money


Taxes = Annotated[tuple[CalculatedTax, ...], Field(alias="calculatedTaxes"), BeforeValidator(_list)]


class Price(_Lean):
    """A calculated price of a line or of shipping."""

    total: Annotated[Money, Field(alias="totalPrice")] = Decimal(0)
    taxes: Taxes = ()


class CartPrice(_Lean):
    """The order's own sums."""

    total: Annotated[Money, Field(alias="totalPrice")] = Decimal(0)
    raw_total: Annotated[_Amount | None, Field(alias="rawTotal")] = None
    status: Annotated[Str, Field(alias="taxStatus")] = ""
    taxes: Taxes = ()


class Line(_Lean):
    """A line; `price.total` is for the whole quantity, promotions are negative lines of their own."""

    id: Id
    parent_id: Annotated[Str, Field(alias="parentId")] = ""
    type: Str = ""
    label: Str = ""
    quantity: Money = Decimal(1)
    payload: Map = {}
    price: Annotated[Price, BeforeValidator(_map)] = Price()
    total: Annotated[Money, Field(alias="totalPrice")] = Decimal(0)
    product_id: Annotated[Str, Field(alias="productId")] = ""
    position: Money = Decimal(0)
    children: Annotated[tuple["Line", ...], BeforeValidator(_list)] = ()

    @property
    def sku(self) -> str:
        """The product number at the time of the order."""
        number = self.payload.get("productNumber")
        return str(number).replace("\x00", "").strip() if isinstance(number, str | int) else ""

    @model_validator(mode="after")
    def _has_one_total(self) -> Self:
        """The shop's database makes one of the other; where both are there and differ, the document is broken."""
        if self.price.total and self.total and abs(self.price.total - self.total) > NOISE:
            raise ValueError("totalPrice and price.totalPrice differ")
        return self

    @property
    def amount(self) -> Decimal:
        """The line's total as the shop states it."""
        return self.price.total or self.total


Lines = Annotated[tuple[Line, ...], BeforeValidator(_list)]


class Delivery(_Lean):
    """A delivery with its costs; a discount on shipping is a second one with negative costs."""

    id: Str = ""
    costs: Annotated[Price, Field(alias="shippingCosts"), BeforeValidator(_map)] = Price()
    method: Annotated[MaybeNamed, Field(alias="shippingMethod")] = None
    address: Annotated[MaybeAddress, Field(alias="shippingOrderAddress")] = None
    state: Annotated[MaybeNamed, Field(alias="stateMachineState")] = None


class Refund(_Lean):
    """A refund of a captured payment."""

    amount: Annotated[Price, BeforeValidator(_map)] = Price()
    state: Annotated[MaybeNamed, Field(alias="stateMachineState")] = None


class Capture(_Lean):
    """A captured payment."""

    refunds: Annotated[tuple[Refund, ...], BeforeValidator(_list)] = ()


class Transaction(_Lean):
    """One try to pay; after a failed one there are several."""

    id: Str = ""
    amount: Annotated[Price, BeforeValidator(_map)] = Price()
    method: Annotated[MaybeNamed, Field(alias="paymentMethod")] = None
    state: Annotated[MaybeNamed, Field(alias="stateMachineState")] = None
    custom_fields: Annotated[Map, Field(alias="customFields")] = {}
    created_at: Annotated[MaybeMoment, Field(alias="createdAt")] = None
    updated_at: Annotated[MaybeMoment, Field(alias="updatedAt")] = None
    captures: Annotated[tuple[Capture, ...], BeforeValidator(_list)] = ()

    @property
    def state_name(self) -> str:
        """The technical name of its state; a shop may have its own."""
        return self.state.technical_name if self.state else ""


class Account(_Lean):
    """The customer's account."""

    guest: bool | None = None


class Customer(_Lean):
    """Who ordered, as of then."""

    customer_id: Annotated[Str, Field(alias="customerId")] = ""
    number: Annotated[Str, Field(alias="customerNumber")] = ""
    email: Str = ""
    company: Str = ""
    vat_ids: Annotated[Texts, Field(alias="vatIds")] = ()
    account: Annotated[Account | None, Field(alias="customer"), BeforeValidator(_missing)] = None


class Currency(_Lean):
    """The order's currency."""

    iso: Annotated[str, Field(alias="isoCode", pattern=r"^[A-Z]{3}$")]


class Locale(_Lean):
    """A locale such as de-DE."""

    code: Str = ""


class Language(_Lean):
    """The language of the order."""

    locale: Annotated[Locale | None, BeforeValidator(_missing)] = None


class Order(_Lean):
    """An order."""

    id: Id
    number: Annotated[Str, Field(alias="orderNumber")] = ""
    ordered_at: Annotated[Moment, Field(alias="orderDateTime")]
    created_at: Annotated[MaybeMoment, Field(alias="createdAt")] = None
    updated_at: Annotated[MaybeMoment, Field(alias="updatedAt")] = None
    price: CartPrice
    amount_total: Annotated[_Amount | None, Field(alias="amountTotal")] = None
    tax_status: Annotated[Str, Field(alias="taxStatus")] = ""
    tax_calculation: Annotated[Str, Field(alias="taxCalculationType")] = ""
    shipping_costs: Annotated[Price | None, Field(alias="shippingCosts"), BeforeValidator(_missing)] = None
    comment: Annotated[Str, Field(alias="customerComment")] = ""
    sales_channel_id: Annotated[Str, Field(alias="salesChannelId")] = ""
    billing_address_id: Annotated[Str, Field(alias="billingAddressId")] = ""
    primary_delivery_id: Annotated[Str, Field(alias="primaryOrderDeliveryId")] = ""
    primary_transaction_id: Annotated[Str, Field(alias="primaryOrderTransactionId")] = ""
    currency: Currency
    state: Annotated[Named, Field(alias="stateMachineState")]
    customer: Annotated[Customer | None, Field(alias="orderCustomer"), BeforeValidator(_missing)] = None
    billing: Annotated[MaybeAddress, Field(alias="billingAddress")] = None
    addresses: Annotated[tuple[OrderAddress, ...], BeforeValidator(_list)] = ()
    language: Annotated[Language | None, BeforeValidator(_missing)] = None
    sales_channel: Annotated[MaybeNamed, Field(alias="salesChannel")] = None
    tags: Annotated[tuple[Named, ...], BeforeValidator(_list)] = ()
    lines: Annotated[Lines, Field(alias="lineItems")]
    deliveries: Annotated[tuple[Delivery, ...], BeforeValidator(_list)] = ()
    transactions: Annotated[tuple[Transaction, ...], BeforeValidator(_list)] = ()
