"""What somebody buys, before it is an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Buyer:
    """A customer; an empty `number` makes a guest. Addresses hold the fields of `order_address` and `country` (ISO, two letters)."""

    billing: Mapping[str, str]
    shipping: Mapping[str, str]
    email: str
    number: str = ""
    vat_ids: tuple[str, ...] = ()
    salutation: str = "not_specified"


ERIKA = Buyer(
    billing={
        "firstName": "Erika",
        "lastName": "Mustermann",
        "street": "Heidestraße 17",
        "zipcode": "51147",
        "city": "Köln",
        "country": "DE",
    },
    shipping={
        "firstName": "Erika",
        "lastName": "Mustermann",
        "street": "Heidestraße 17",
        "zipcode": "51147",
        "city": "Köln",
        "country": "DE",
    },
    email="erika@example.org",
)


@dataclass(frozen=True)
class Basket:
    """Lines are (SKU, quantity); `promotion` is a code with its percent, `credit` a negative amount in the order's mode.

    `bundle` are (SKU, quantity) that stand nested below one container line. `free_shipping` adds the second delivery with
    negative costs that a shipping promotion makes. `failed_payments` are earlier tries that failed.
    """

    lines: Sequence[tuple[str, int]]
    buyer: Buyer = ERIKA
    payment: str = "paypal"
    payment_state: str = "paid"
    shipping: str = "standard"
    channel: str = "storefront"
    tax_status: str = "gross"
    currency: str = "EUR"
    promotion: tuple[str, Decimal] | None = None
    credit: Decimal | None = None
    custom: tuple[str, Decimal] | None = None
    bundle: Sequence[tuple[str, int]] = ()
    free_shipping: bool = False
    failed_payments: int = 0
    comment: str = ""
    tags: Sequence[str] = ()
    at: datetime | None = None
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
