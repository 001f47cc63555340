"""What a customer puts together before an order exists, and what the shop offers: payment, postage, coupons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.model import Product

EU_ZONE = frozenset({"AT", "FR", "NL", "BE", "IT", "PL"})
PAYMENT_TITLES = {
    "bacs": "Banküberweisung",
    "ppcp-gateway": "PayPal",
    "stripe": "Kreditkarte (Stripe)",
    "cod": "Nachnahme",
    "cheque": "Scheck",
}
# Gateways through which the shop itself can give money back (`api_refund`).
REFUNDING_GATEWAYS = frozenset({"ppcp-gateway", "stripe"})
UNPAID_GATEWAYS = frozenset({"bacs", "cheque", "cod"})
ADDRESS_FIELDS = (
    *("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country"),
    "phone",
)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount code: `percent`, `fixed_cart` or `fixed_product`; the amount in the shop's currency or in percent."""

    id: int
    code: str
    kind: str
    amount: Decimal

    @property
    def info(self) -> str:
        """The `coupon_info` meta value as recorded: a fixed cart discount's type is written as null."""
        kind = "null" if self.kind == "fixed_cart" else f'"{self.kind}"'
        return f'[{self.id},"{self.code}",{kind},{self.amount.normalize():f}]'


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Some pieces of a product; `total` is the line's net amount where it was set by hand."""

    product: Product
    quantity: int
    parent: Product | None = None
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Postage:
    """A chosen shipping method with its net price."""

    method_id: str
    title: str
    instance_id: str
    net: Decimal


@dataclass(frozen=True, slots=True)
class Basket:
    """Everything an order is made from; fees are (name, net amount), negative ones are discounts."""

    lines: Sequence[BasketLine]
    billing: Mapping[str, str]
    shipping: Mapping[str, str] = field(default_factory=dict)
    postage: Sequence[Postage] = ()
    coupons: Sequence[Coupon] = ()
    fees: Sequence[tuple[str, Decimal]] = ()
    payment_method: str = "bacs"
    payment_title: str = ""
    customer_id: int = 0
    customer_note: str = ""
    currency: str = "EUR"
    created_via: str = "checkout"
    is_vat_exempt: bool = False
    """A business with a VAT id of another EU country: the shop takes the tax out of its prices."""
    meta_data: Sequence[Json] = ()

    @property
    def tax_country(self) -> str:
        """Where the goods are taxed: the delivery address, without one the billing address; pick-up is at home; else nowhere."""
        if self.is_vat_exempt:
            return ""
        if any(postage.method_id == "local_pickup" for postage in self.postage):
            return "DE"
        return self.shipping.get("country") or self.billing.get("country", "")


def postage_for(method: str, country: str) -> Postage:
    """The shop's own tariff for `flat_rate`, `free_shipping`, `local_pickup` or `freight`, by country of delivery."""
    if method == "free_shipping":
        return Postage("free_shipping", "Versandkostenfrei", "2", Decimal("0.00"))
    if method == "local_pickup":
        return Postage("local_pickup", "Selbstabholung Berlin", "3", Decimal("0.00"))
    if method == "freight":
        return Postage("flat_rate", "Spedition", "", Decimal("65.55"))
    if country == "DE":
        return Postage("flat_rate", "DHL Paket", "1", Decimal("4.12"))
    if country in EU_ZONE:
        return Postage("flat_rate", "DHL Paket EU", "4", Decimal("10.84"))
    return Postage("flat_rate", "Post CH" if country == "CH" else "Intl", "", Decimal("19.00"))


DEFAULT_COUPONS = (
    ("willkommen10", "percent", "10"),
    ("fuenf", "fixed_cart", "5"),
    ("stueck2", "fixed_product", "2"),
    ("alles", "percent", "100"),
)


def vat_metas(vat_id: str) -> list[Json]:
    """What an order keeps of a VAT id that the checkout accepted."""
    if not vat_id:
        return []
    return [{"key": "is_vat_exempt", "value": "yes"}, {"key": "_billing_vat_number", "value": vat_id}]
