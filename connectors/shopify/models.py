"""Lean models of what is read of an order, as the GraphQL interface writes it; unknown fields and values do no harm."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from canonical.money import ZERO
from connectors.shopify.selections import completed_line, completed_tax


def _text(value: Any) -> Any:
    """Null and numbers as text; without the byte that a database does not take."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def _rows(value: Any) -> Any:
    """A list of a connection, in either of its forms, or as it is; null is empty."""
    rows = value
    if isinstance(value, dict):
        edges = value.get("edges")
        rows = value.get("nodes", value)
        if "nodes" not in value and isinstance(edges, list):
            rows = [edge.get("node") if isinstance(edge, dict) else edge for edge in edges]
    return [] if rows is None else rows


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("date out of range") from error


LARGEST = Decimal(10) ** 12

Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Number = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(ge=0, le=1000, allow_inf_nan=False)]


def _filled(fill: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """Complete an object before it is read; what is none is refused by the reading."""
    return lambda value: fill(value) if isinstance(value, dict) else value


class _Raw(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True)


class RawMoney(_Raw):
    """An amount in some currency."""

    amount: Number = ZERO
    currency_code: Text = ""


class RawBag(_Raw):
    """The same amount in the shop's and in the buyer's currency; only the shop's is read."""

    shop_money: RawMoney

    @property
    def amount(self) -> Decimal:
        """In the shop's currency."""
        return self.shop_money.amount


NO_MONEY = RawBag(shop_money=RawMoney())
Bag = Annotated[RawBag, BeforeValidator(lambda value: NO_MONEY if value is None else value)]


class RawAttribute(_Raw):
    """A field that the shop's theme or an app wrote."""

    key: Text = ""
    value: Text = ""


Attributes = Annotated[tuple[RawAttribute, ...], BeforeValidator(_rows)]


class RawTax(_Raw):
    """A tax with its rate: a percent, or a fraction."""

    title: Text = ""
    rate: Rate | None = None
    rate_percentage: Rate | None = None
    channel_liable: bool | None = None
    price_set: Bag = NO_MONEY

    @property
    def percent(self) -> Decimal | None:
        """The rate in percent."""
        if self.rate_percentage is not None:
            return self.rate_percentage
        return None if self.rate is None else self.rate * 100


Tax = Annotated[RawTax, BeforeValidator(_filled(completed_tax))]
Taxes = Annotated[tuple[Tax, ...], BeforeValidator(_rows)]


class RawApplication(_Raw):
    """The discount behind an allocation."""

    index: int | None = None
    code: Text = ""
    title: Text = ""


class RawAllocation(_Raw):
    """A discount's share of a line."""

    allocated_amount_set: Bag = NO_MONEY
    discount_application: RawApplication = RawApplication()


class RawRef(_Raw):
    """Something that is only pointed to."""

    id: Text = ""


Ref = Annotated[RawRef, BeforeValidator(lambda value: RawRef() if value is None else value)]


class RawLine(_Raw):
    """A line; quantity, total, taxes and discounts are those of the order as it was placed."""

    id: Text
    sku: Text = ""
    name: Text = ""
    quantity: Number
    current_quantity: Number | None = None
    is_gift_card: bool = False
    is_tip: bool = False
    """Only the REST form says so."""
    requires_shipping: bool = True
    taxable: bool = True
    original_total_set: RawBag
    tax_lines: Taxes = ()
    discount_allocations: Annotated[tuple[RawAllocation, ...], BeforeValidator(_rows)] = ()
    custom_attributes: Attributes = ()
    product: Ref = RawRef()
    variant: Ref = RawRef()


Line = Annotated[RawLine, BeforeValidator(_filled(completed_line))]


class RawShipping(_Raw):
    """A shipping line; `discounted_price_set` is what remains to be paid."""

    id: Text = ""
    title: Text = ""
    code: Text = ""
    original_price_set: Bag = NO_MONEY
    discounted_price_set: RawBag | None = None
    tax_lines: Taxes = ()
    is_removed: bool = False
    """Taken out by an order edit; it is part of no sum any more."""


class RawFee(_Raw):
    """An additional fee."""

    id: Text = ""
    name: Text = ""
    price: Bag = NO_MONEY
    tax_lines: Taxes = ()


class RawTransaction(_Raw):
    """A movement of money."""

    kind: Text = ""
    status: Text = ""
    gateway: Text = ""
    formatted_gateway: Text = ""
    payment_id: Text = ""
    processed_at: Moment | None = None
    amount_set: Bag = NO_MONEY


class RawRounding(_Raw):
    """What a payment in cash was rounded by."""

    payment_set: Bag = NO_MONEY


class RawAddress(_Raw):
    """A billing or delivery address."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address1: Text = Field(default="", alias="address1")
    address2: Text = Field(default="", alias="address2")
    zip: Text = ""
    city: Text = ""
    province_code: Text = ""
    country_code: Text = Field(default="", alias="countryCodeV2")
    phone: Text = ""


Place = Annotated[RawAddress, BeforeValidator(lambda value: RawAddress() if value is None else value)]


class RawTaxSettings(_Raw):
    """The tax number of a company's location (Shopify Plus)."""

    tax_registration_id: Text = ""


class RawLocation(_Raw):
    """A company's location."""

    tax_settings: RawTaxSettings | None = None


class RawBuyer(_Raw):
    """The company that bought; empty for a private customer."""

    company: dict[str, Any] | None = None
    location: RawLocation | None = None


class RawOrder(_Raw):
    """One order."""

    legacy_resource_id: Text = Field(pattern=r"^\d+$")
    name: Text = ""
    created_at: Moment
    processed_at: Moment | None = None
    updated_at: Moment
    cancelled_at: Moment | None = None
    taxes_included: bool
    tax_exempt: bool = False
    duties_included: bool = False
    currency_code: str = Field(pattern=r"^[A-Z]{3}$")
    customer_locale: Text = ""
    source_name: Text = ""
    note: Text = ""
    tags: Annotated[tuple[Text, ...], BeforeValidator(_rows)] = ()
    email: Text = ""
    phone: Text = ""
    display_financial_status: Text = ""
    display_fulfillment_status: Text = ""
    payment_gateway_names: Annotated[tuple[Text, ...], BeforeValidator(_rows)] = ()
    custom_attributes: Attributes = ()
    billing_address: Place = RawAddress()
    shipping_address: Place = RawAddress()
    customer: Ref = RawRef()
    purchasing_entity: RawBuyer | None = None
    total_price_set: RawBag
    total_price_again: RawBag | None = None
    """The REST form states the total twice."""
    total_tax_set: Bag = NO_MONEY
    total_refunded_set: Bag = NO_MONEY
    total_tip_received_set: Bag = NO_MONEY
    original_total_duties_set: Bag = NO_MONEY
    total_cash_rounding_adjustment: RawRounding | None = None
    tax_lines: Taxes = ()
    additional_fees: Annotated[tuple[RawFee, ...], BeforeValidator(_rows)] = ()
    transactions: Annotated[tuple[RawTransaction, ...], BeforeValidator(_rows)] = ()
    shipping_lines: Annotated[tuple[RawShipping, ...], BeforeValidator(_rows)] = ()
    line_items: Annotated[tuple[Line, ...], BeforeValidator(_rows)]

    @model_validator(mode="after")
    def _has_one_currency(self) -> Self:
        """Sums of different currencies say nothing; amounts without a currency are in that of the order."""
        bags = [self.total_price_set, *(line.original_total_set for line in self.line_items)]
        if {bag.shop_money.currency_code for bag in bags} - {"", self.currency_code}:
            raise ValueError("amounts in another currency than the order's")
        return self

    @property
    def ordered_at(self) -> datetime:
        """When the buyer ordered; imported orders were created later than they were placed."""
        return self.processed_at or self.created_at

    @property
    def modified_at(self) -> datetime:
        """The last change."""
        return self.updated_at
