"""From a basket to an order whose amounts add up to the cent, as the shop system computes them.

Discounts are allocated to lines, taxes are computed per line from the discounted amount and rounded there; totals are sums of
rounded amounts. With taxes included all prices are gross and the tax is contained, else prices are net and the tax comes on top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.shopify import lines
from sandbox.shopify.money import Bag, gross_part, rounded, total
from sandbox.shopify.store import Json

RATES: dict[str, dict[str, Decimal]] = {
    "DE": {"standard": Decimal("0.19"), "reduced": Decimal("0.07")},
    "AT": {"standard": Decimal("0.20"), "reduced": Decimal("0.10")},
    "FR": {"standard": Decimal("0.20"), "reduced": Decimal("0.055")},
}
TAX_TITLES = {"DE": "DE MwSt", "AT": "AT USt", "FR": "FR TVA"}
NO_SHIPPING = {lines.TIP, lines.GIFT_CARD}


@dataclass(frozen=True)
class Item:
    """A line of a basket: a variant of a product, or a tip or gift card without one; `price` overrides the variant's."""

    quantity: int
    variant: Json | None = None
    product: Json | None = None
    price: Decimal | None = None
    title: str = ""
    kind: str = "product"
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Discount:
    """A discount: `percent` or `amount`; `source` code, automatic or manual; `target` order, shipping or one SKU."""

    title: str
    percent: Decimal | None = None
    amount: Decimal = Decimal(0)
    source: str = "code"
    target: str = "order"


@dataclass(frozen=True)
class Postage:
    """A shipping method with its price as the shop shows it."""

    title: str = "DHL Paket"
    price: Decimal = Decimal("4.90")
    code: str = "dhl_paket"


@dataclass(frozen=True)
class Payment:
    """How it is paid: `kind` SALE or AUTHORIZATION, `status` SUCCESS or PENDING, `gift_card` pays a part first."""

    gateway: str = "shopify_payments"
    kind: str = "SALE"
    status: str = "SUCCESS"
    gift_card: Decimal = Decimal(0)


@dataclass(frozen=True)
class Basket:
    """What somebody buys, where to and how; addresses have the API's names (firstName, address1, countryCodeV2 …)."""

    items: Sequence[Item]
    billing: Json | None
    shipping: Json | None
    postage: Postage | None = Postage()
    discounts: Sequence[Discount] = ()
    payment: Payment = Payment()
    email: str = ""
    phone: str = ""
    note: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    customer_id: str | None = None
    company_location_id: str | None = None
    is_tax_exempt: bool = False
    taxes_included: bool = True
    presentment_currency: str = "EUR"
    presentment_rate: Decimal = Decimal(1)
    channel: str = "web"
    is_test: bool = False


def order_body(basket: Basket, next_id: Callable[[str], str], currency: str = "EUR") -> Json:
    """The part of an order that its basket decides: lines, shipping, discounts and taxes."""
    zero = Bag(Decimal(0), Decimal(0), currency, basket.presentment_currency)
    country = str((basket.shipping or basket.billing or {}).get("countryCodeV2") or "DE")
    items = [_line(basket, item, zero, next_id) for item in basket.items]
    shipping = [_shipping_line(basket, zero, next_id)] if basket.postage else []
    discounts = [_application(discount, index, zero) for index, discount in enumerate(basket.discounts)]
    for index, discount in enumerate(basket.discounts):
        _allocate(basket, discount, index, items=items, shipping=shipping, zero=zero)
    rates = {} if basket.is_tax_exempt else RATES.get(country, {})
    for line in items:
        rate = rates.get(line["taxClass"]) if line["taxable"] else None
        line["taxLines"] = _taxes(lines.discounted(line), rate, country, basket)
    used = [Decimal(str(t["rate"])) for line in items for t in line["taxLines"]]
    for line in shipping:
        rate = max(used, default=rates.get("standard"))
        line["taxLines"] = _taxes(lines.shipping_after_discount(line), rate, country, basket)
    return {"lineItems": items, "shippingLines": shipping, "discounts": discounts, "zero": zero}


def bag_of(amount: Decimal, basket: Basket, zero: Bag) -> Bag:
    """An amount in the shop's currency with its counterpart in the buyer's."""
    return zero.of(rounded(amount), rounded(amount * basket.presentment_rate))


def _line(basket: Basket, item: Item, zero: Bag, next_id: Callable[[str], str]) -> Json:
    variant, product = item.variant or {}, item.product or {}
    is_gift_card = item.kind == lines.GIFT_CARD
    price = item.price if item.price is not None else Decimal(variant["price"])
    title = item.title or product.get("title", "")
    variant_title = variant.get("title") if variant and variant["title"] != "Default Title" else None
    is_fulfillable = item.kind != lines.TIP
    return {
        "id": next_id("LineItem"),
        "kind": item.kind,
        "title": title,
        "variantTitle": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "sku": variant.get("sku"),
        "vendor": product.get("vendor"),
        "quantity": item.quantity,
        "currentQuantity": item.quantity,
        "unfulfilledQuantity": item.quantity if is_fulfillable else 0,
        "fulfilled": 0,
        "refunded": 0,
        "removed": 0,
        "requiresShipping": item.kind not in NO_SHIPPING
        and bool(variant.get("item", {}).get("requiresShipping", True)),
        "taxable": item.kind == "product" and bool(variant.get("taxable", True)),
        "taxClass": product.get("taxClass", "standard"),
        "isGiftCard": is_gift_card,
        "merchantEditable": is_fulfillable,
        "productId": product.get("id"),
        "variantId": variant.get("id"),
        "customAttributes": _attributes(item.attributes),
        "unit": bag_of(price, basket, zero),
        "allocations": [],
        "taxLines": [],
    }


def _shipping_line(basket: Basket, zero: Bag, next_id: Callable[[str], str]) -> Json:
    assert basket.postage is not None
    return {
        "id": next_id("ShippingLine"),
        "title": basket.postage.title,
        "code": basket.postage.code,
        "source": "shopify",
        "carrierIdentifier": None,
        "custom": False,
        "deliveryCategory": None,
        "phone": None,
        "isRemoved": False,
        "originalPriceSet": bag_of(basket.postage.price, basket, zero),
        "allocations": [],
        "taxLines": [],
    }


def _application(discount: Discount, index: int, zero: Bag) -> Json:
    kinds = {"code": "DiscountCodeApplication", "automatic": "AutomaticDiscountApplication"}
    is_shipping = discount.target == "shipping"
    value: Json = {"__typename": "PricingPercentageValue", "percentage": float(discount.percent or 0)}
    if discount.percent is None:
        value = lines.money(discount.amount, zero.currency)
    return {
        "__typename": kinds.get(discount.source, "ManualDiscountApplication"),
        "index": index,
        "code": discount.title,
        "title": discount.title,
        "description": None,
        "allocationMethod": "ACROSS" if discount.target == "order" else "EACH",
        "targetSelection": "ALL" if discount.target in {"order", "shipping"} else "ENTITLED",
        "targetType": "SHIPPING_LINE" if is_shipping else "LINE_ITEM",
        "value": value,
    }


def _allocate(
    basket: Basket, discount: Discount, index: int, *, items: Sequence[Json], shipping: Sequence[Json], zero: Bag
) -> None:
    if discount.target == "shipping":
        for line in shipping:
            whole = lines.shipping_after_discount(line)
            part = whole.times(discount.percent / 100) if discount.percent is not None else whole
            line["allocations"].append({"amount": part, "index": index})
        return
    targets = [line for line in items if line["kind"] == "product" and discount.target in {"order", line["sku"]}]
    amounts = [lines.discounted(line) for line in targets]
    whole = total(amounts, zero)
    wanted = bag_of(discount.amount, basket, zero).at_most(whole)
    left = wanted
    for number, (line, amount) in enumerate(zip(targets, amounts, strict=True), start=1):
        if discount.percent is not None:
            part = amount.times(discount.percent / 100)
        elif number == len(targets):
            part = left
        else:
            part = _portion(wanted, amount, whole).at_most(left)
        left = left - part
        if part:
            line["allocations"].append({"amount": part, "index": index})


def _portion(wanted: Bag, amount: Bag, whole: Bag) -> Bag:
    shop = rounded(wanted.shop * amount.shop / whole.shop) if whole.shop else Decimal(0)
    other = rounded(wanted.presentment * amount.presentment / whole.presentment) if whole.presentment else Decimal(0)
    return wanted.of(shop, other)


def _taxes(amount: Bag, rate: Decimal | None, country: str, basket: Basket) -> list[Json]:
    if not rate:
        return []
    price = gross_part(amount, rate) if basket.taxes_included else amount.times(rate)
    title = TAX_TITLES.get(country, "VAT")
    return [{"title": title, "rate": float(rate), "priceSet": price, "source": "Shopify", "channelLiable": False}]


def _attributes(values: Mapping[str, Any]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]
