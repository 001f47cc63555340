"""The fields of WooCommerce's order that are used, read leniently where the shop breaks its own schema."""

from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LARGEST = Decimal(10) ** 12
REFUNDS_KEY = "connect_refunds"
"""The key of ours under which a fetched order holds the lines of its refunds; the shop's own `refunds` names only totals."""


def _text(value: object) -> object:
    """A missing text is an empty one; a NUL cannot be stored and means nothing."""
    if value is None or value is False:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def _title(value: object) -> object:
    """Titles come with the entities of a web page."""
    text = _text(value)
    return unescape(text).replace("\x00", "") if isinstance(text, str) else text


def _blank_is_zero(value: object) -> object:
    return "0" if value in (None, "") else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _list(value: object) -> object:
    """PHP writes an empty map for an empty list in some plug-ins' fields."""
    return [] if value in (None, "", {}) else value


def _map(value: object) -> object:
    """PHP writes an empty list for an empty map."""
    return {} if value in (None, "", []) else value


def _utc(value: datetime) -> datetime:
    """The fields that end in `_gmt` name no zone."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("date out of range") from error


Str = Annotated[str, BeforeValidator(_text)]
Title = Annotated[str, BeforeValidator(_title)]
Moment = Annotated[datetime, AfterValidator(_utc)]
Ref = Annotated[int, Field(ge=0, lt=2**63)]
_Amount = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST, decimal_places=8)]
Money = Annotated[_Amount, BeforeValidator(_blank_is_zero)]
MaybeMoney = Annotated[_Amount | None, BeforeValidator(_blank_is_none)]
"""A tax amount; blank says that this rate does not apply to the line."""


class _Lean(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class WooAddress(_Lean):
    """A billing or shipping address; only billing has an e-mail."""

    first_name: Str = ""
    last_name: Str = ""
    company: Str = ""
    address_1: Str = ""
    address_2: Str = ""
    postcode: Str = ""
    city: Str = ""
    state: Str = ""
    country: Str = ""
    email: Str = ""
    phone: Str = ""


class WooMeta(_Lean):
    """An additional field; plug-ins put any JSON into the value."""

    key: Str = ""
    value: Any = None
    display_key: Any = None
    display_value: Any = None


class WooLineTax(_Lean):
    """The share of one tax in a line."""

    id: Ref = 0
    total: MaybeMoney = None
    subtotal: MaybeMoney = None


Taxes = Annotated[tuple[WooLineTax, ...], BeforeValidator(_list)]
Metas = Annotated[tuple[WooMeta, ...], BeforeValidator(_list)]


class WooLine(_Lean):
    """An article line; all amounts are net with the tax beside them, `subtotal` before and `total` after discount."""

    id: Ref
    name: Title = ""
    product_id: Annotated[Ref, BeforeValidator(_blank_is_zero)] = 0
    variation_id: Annotated[Ref, BeforeValidator(_blank_is_zero)] = 0
    quantity: _Amount
    subtotal: _Amount
    subtotal_tax: Money
    total: _Amount
    total_tax: Money
    taxes: Taxes = ()
    meta_data: Metas = ()
    sku: Str = ""


class WooCharge(_Lean):
    """A shipping or fee line."""

    id: Ref
    name: Title = ""
    method_title: Title = ""
    method_id: Str = ""
    total: Money
    total_tax: Money = Decimal(0)
    taxes: Taxes = ()


class WooTaxLine(_Lean):
    """One tax of the order; lines refer to it by `rate_id`."""

    rate_id: Ref
    compound: bool = False
    tax_total: Money
    shipping_tax_total: Money = Decimal(0)
    rate_percent: Annotated[Decimal | None, Field(ge=0, le=1000), BeforeValidator(_blank_is_none)] = None


class WooCoupon(_Lean):
    """A voucher; its amounts are already inside the lines."""

    code: Title = ""
    discount: Money = Decimal(0)
    discount_tax: Money = Decimal(0)


class WooGiftCard(_Lean):
    """A redeemed gift card (extension Gift Cards); `amount` is gross."""

    code: Title = ""
    amount: Money = Decimal(0)


class WooRefund(_Lean):
    """A refund; the total is negative and gross."""

    total: Money


class WooRefundedLine(_Lean):
    """A line of a refund; its quantity is negative, and a field names the order's line."""

    quantity: Annotated[_Amount, BeforeValidator(_blank_is_zero)] = Decimal(0)
    meta_data: Metas = ()


class WooRefundDetail(_Lean):
    """A refund with its lines, as fetched besides the order."""

    line_items: Annotated[tuple[WooRefundedLine, ...], BeforeValidator(_list)] = ()


Charges = Annotated[tuple[WooCharge, ...], BeforeValidator(_list)]


class WooOrder(_Lean):
    """An order; times without a zone are the shop's local ones, so only the `_gmt` fields are read."""

    id: Annotated[int, Field(gt=0, lt=2**63)]
    number: Str = ""
    status: Annotated[Str, Field(min_length=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    prices_include_tax: bool
    date_created_gmt: Moment
    date_modified_gmt: Annotated[Moment | None, BeforeValidator(_blank_is_none)] = None
    date_paid_gmt: Annotated[Moment | None, BeforeValidator(_blank_is_none)] = None
    discount_total: Money
    discount_tax: Money
    shipping_total: Money
    total: _Amount
    total_tax: Money
    customer_id: Annotated[Ref, BeforeValidator(_blank_is_zero)] = 0
    billing: Annotated[WooAddress, BeforeValidator(_map)] = WooAddress()
    shipping: Annotated[WooAddress, BeforeValidator(_map)] = WooAddress()
    payment_method: Str = ""
    payment_method_title: Title = ""
    transaction_id: Str = ""
    created_via: Str = ""
    customer_note: Str = ""
    meta_data: Metas = ()
    line_items: tuple[WooLine, ...]
    tax_lines: Annotated[tuple[WooTaxLine, ...], BeforeValidator(_list)] = ()
    shipping_lines: Charges = ()
    fee_lines: Charges = ()
    coupon_lines: Annotated[tuple[WooCoupon, ...], BeforeValidator(_list)] = ()
    refunds: Annotated[tuple[WooRefund, ...], BeforeValidator(_list)] = ()
    gift_cards: Annotated[tuple[WooGiftCard, ...], BeforeValidator(_list)] = ()
    connect_refunds: Annotated[tuple[WooRefundDetail, ...], BeforeValidator(_list)] = ()
    """`REFUNDS_KEY`; empty in documents that were not fetched by us, such as those of webhooks."""
