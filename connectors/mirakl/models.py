"""The fields of Mirakl's order that are used, read leniently: instances differ, and new fields and states come without notice."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LARGEST = Decimal(10) ** 12


def _text(value: object) -> object:
    """A missing text is an empty one; a NUL cannot be stored and means nothing."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def _zero(value: object) -> object:
    return 0 if value in (None, "") else value


def _none(value: object) -> object:
    return None if value == "" else value


def _list(value: object) -> object:
    """A list without the nulls in it; nothing is an empty one."""
    return [entry for entry in value if entry is not None] if isinstance(value, list) else value or []


def _flag(value: object) -> object:
    return bool(value)


def _map(value: object) -> object:
    """An object that is not there has no fields."""
    return {} if value is None else value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("date out of range") from error


Str = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[datetime, AfterValidator(_utc)]
MaybeMoment = Annotated[Moment | None, BeforeValidator(_none)]
_Amount = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST, decimal_places=8)]
Money = Annotated[_Amount, BeforeValidator(_zero)]
MaybeMoney = Annotated[_Amount | None, BeforeValidator(_none)]


class _Lean(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MiraklAddress(_Lean):
    """A billing or delivery address; `country` is a label in some language, `country_iso_code` alpha-3."""

    firstname: Str = ""
    lastname: Str = ""
    company: Str = ""
    company_2: Str = ""
    street_1: Str = ""
    street_2: Str = ""
    additional_info: Str = ""
    zip_code: Str = ""
    city: Str = ""
    state: Str = ""
    country: Str = ""
    country_iso_code: Str = ""
    phone: Str = ""
    phone_secondary: Str = ""


class MiraklOrganization(_Lean):
    """The company that buys, on marketplaces for businesses."""

    name: Str = ""
    tax_identification_number: Str = ""


class MiraklCustomer(_Lean):
    """Who buys; the addresses are null until the order is accepted or paid."""

    customer_id: Str = ""
    firstname: Str = ""
    lastname: Str = ""
    locale: Str = ""
    organization: MiraklOrganization | None = None
    billing_address: MiraklAddress | None = None
    shipping_address: MiraklAddress | None = None


class MiraklPart(_Lean):
    """A part of an amount, and whether the seller gets it."""

    amount: Money = Decimal(0)
    payable_to_shop: bool | None = None


class MiraklBreakdown(_Lean):
    """How an amount is made up."""

    parts: Annotated[tuple[MiraklPart, ...], BeforeValidator(_list)] = ()


class MiraklTax(_Lean):
    """One tax on a line's goods or shipping; `rate` in percent, often missing."""

    code: Str = ""
    amount: Money = Decimal(0)
    rate: Annotated[Decimal | None, Field(ge=0, le=1000), BeforeValidator(_none)] = None
    amount_breakdown: Annotated[MiraklBreakdown, BeforeValidator(_map)] = MiraklBreakdown()


Taxes = Annotated[tuple[MiraklTax, ...], BeforeValidator(_list)]


class MiraklFee(_Lean):
    """A fee on a line; its amount is part of the line's total."""

    code: Str = ""
    amount: Money = Decimal(0)


Fees = Annotated[tuple[MiraklFee, ...], BeforeValidator(_list)]


class MiraklTakenBack(_Lean):
    """A cancelation or a refund of a part of a line; `quantity` is informative only, as the specification says."""

    id: Str = ""
    order_refund_id: Str = ""
    amount: Money = Decimal(0)
    shipping_amount: Money = Decimal(0)
    quantity: Money = Decimal(0)
    taxes: Taxes = ()
    shipping_taxes: Taxes = ()
    fees: Fees = ()


TakenBack = Annotated[tuple[MiraklTakenBack, ...], BeforeValidator(_list)]


class MiraklPromotion(_Lean):
    """A promotion that reduced a line."""

    id: Str = ""
    promo_code: Str = ""
    deduced_amount: Money = Decimal(0)


class MiraklLine(_Lean):
    """One order line; `price` is what the goods cost in all, without shipping and fees, after promotions."""

    order_line_id: Name
    order_line_state: Str = ""
    offer_sku: Str = ""
    product_title: Str = ""
    quantity: _Amount
    price_unit: MaybeMoney = None
    price: _Amount
    shipping_price: Money = Decimal(0)
    total_price: MaybeMoney = None
    taxes: Taxes = ()
    shipping_taxes: Taxes = ()
    fees: Fees = ()
    cancelations: TakenBack = ()
    refunds: TakenBack = ()
    promotions: Annotated[tuple[MiraklPromotion, ...], BeforeValidator(_list)] = ()


class MiraklCode(_Lean):
    """Something that has a code: a channel, a centre."""

    code: Str = ""


class MiraklFulfillment(_Lean):
    """From which centre the goods come."""

    center: Annotated[MiraklCode, BeforeValidator(_map)] = MiraklCode()


class MiraklOrder(_Lean):
    """One order of one seller; several may belong to one purchase (`commercial_id`)."""

    order_id: Name
    commercial_id: Str = ""
    order_state: Str = ""
    created_date: Moment
    last_updated_date: Moment
    currency_iso_code: Annotated[str, BeforeValidator(_text), Field(pattern="^[A-Z]{3}$")]
    order_tax_mode: Str = ""
    total_price: _Amount
    order_lines: Annotated[tuple[MiraklLine, ...], BeforeValidator(_list)] = ()
    channel: MiraklCode | None = None
    customer: Annotated[MiraklCustomer, BeforeValidator(_map)] = MiraklCustomer()
    customer_notification_email: Str = ""
    customer_debited_date: MaybeMoment = None
    transaction_number: Str = ""
    payment_type: Str = ""
    paymentType: Str = ""
    payment_workflow: Str = ""
    shipping_type_code: Str = ""
    shipping_type_label: Str = ""
    shipping_deadline: MaybeMoment = None
    shipping_tracking: Str = ""
    fulfillment: MiraklFulfillment | None = None
    fully_refunded: Flag = False
    can_cancel: bool | None = None
    can_shop_ship: bool | None = None

    @property
    def is_net(self) -> bool:
        """Whether all prices of the order are without tax."""
        return self.order_tax_mode == "TAX_EXCLUDED"
