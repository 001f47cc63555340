"""From a basket to an order document: discounts, net lines, taxes per rate and totals as WooCommerce computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from sandbox.woocommerce import taxes
from sandbox.woocommerce.basket import ADDRESS_FIELDS, PAYMENT_TITLES, Basket, BasketLine, Coupon, Postage
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.model import line_name
from sandbox.woocommerce.taxes import TaxRate

NextId = Callable[[str], int]
ZERO = Decimal("0.00")
COUPON_ORDER = {"fixed_product": 0, "percent": 1, "fixed_cart": 2}
CURRENCY_SYMBOLS = {"EUR": "€", "USD": "$", "CHF": "CHF"}


@dataclass(slots=True)
class PricedLine:
    """A basket line with its entered price and what each coupon takes off, both in the way prices are entered."""

    source: BasketLine
    entered: Decimal
    discounts: dict[str, Decimal] = field(default_factory=dict)

    @property
    def rest(self) -> Decimal:
        """What is left after all coupons so far."""
        return self.entered - sum(self.discounts.values(), ZERO)


def build_order(basket: Basket, order_id: int, next_id: NextId, *, includes_tax: bool, version: str) -> Json:
    """Make the document of a new order, without status, dates and links; amounts are text, line totals net."""
    country = basket.tax_country
    priced = _discounted(basket)
    lines = [_line_item(line, country, next_id, includes_tax) for line in priced]
    classes = {line.source.product.tax_class for line in priced if line.source.product.tax_status == "taxable"}
    order: Json = {
        "id": order_id,
        "parent_id": 0,
        "status": "pending",
        "currency": basket.currency,
        "version": version,
        "prices_include_tax": includes_tax,
        **dict.fromkeys(_DATES_AND_TOTALS),
        "customer_id": basket.customer_id,
        "order_key": f"wc_order_{order_id:013x}",
        "billing": _address(basket.billing, with_email=True),
        "shipping": _address(basket.shipping, with_email=False),
        "payment_method": basket.payment_method,
        "payment_method_title": basket.payment_title or PAYMENT_TITLES.get(basket.payment_method, ""),
        "transaction_id": "",
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": basket.created_via,
        "customer_note": basket.customer_note,
        "date_completed": None,
        "date_paid": None,
        "cart_hash": "",
        "number": str(order_id),
        "meta_data": [{"id": next_id("meta"), "key": m["key"], "value": m["value"]} for m in basket.meta_data],
        "line_items": lines,
        "tax_lines": [],
        "shipping_lines": [_shipping_line(p, country, classes, next_id, includes_tax) for p in basket.postage],
        "fee_lines": [
            _fee_line(name, net, country, lines, next_id=next_id, includes_tax=includes_tax)
            for name, net in basket.fees
        ],
        "coupon_lines": [_coupon_line(coupon, priced, country, next_id, includes_tax) for coupon in basket.coupons],
        "refunds": [],
        "payment_url": "",
        **dict.fromkeys(("is_editable", "needs_payment", "needs_processing")),
        **dict.fromkeys(("date_created_gmt", "date_modified_gmt", "date_completed_gmt", "date_paid_gmt")),
        "currency_symbol": CURRENCY_SYMBOLS.get(basket.currency, basket.currency),
    }
    total_up(order, next_id)
    return order


_DATES_AND_TOTALS = (
    *("date_created", "date_modified", "discount_total", "discount_tax", "shipping_total", "shipping_tax"),
    *("cart_tax", "total", "total_tax"),
)


def add_line(order: Json, line: BasketLine, next_id: NextId) -> None:
    """Add a product to an existing order at today's price; the caller totals up."""
    country = order["shipping"]["country"] or order["billing"]["country"]
    priced = PricedLine(line, Decimal(line.product.price or 0) * line.quantity)
    order["line_items"].append(_line_item(priced, country, next_id, order["prices_include_tax"]))


def total_up(order: Json, next_id: NextId) -> None:
    """Recompute an order's tax lines and totals from its lines, each rounded to the cent."""
    goods, postage = [*order["line_items"], *order["fee_lines"]], order["shipping_lines"]
    kept = {line["rate_id"]: line for line in order["tax_lines"]}
    order["tax_lines"] = [
        _tax_line(rate, goods, postage, kept.get(rate.id, {}).get("id") or next_id("item"))
        for rate in _rates_used([*goods, *postage])
    ]
    cart_tax, shipping_tax = _sum(goods, "total_tax"), _sum(postage, "total_tax")
    net, shipping = _sum(goods, "total"), _sum(postage, "total")
    lines = order["line_items"]
    order["discount_total"] = str(_sum(lines, "subtotal") - _sum(lines, "total"))
    order["discount_tax"] = str(_sum(lines, "subtotal_tax") - _sum(lines, "total_tax"))
    order["shipping_total"], order["shipping_tax"] = str(shipping), str(shipping_tax)
    order["cart_tax"], order["total_tax"] = str(cart_tax), str(cart_tax + shipping_tax)
    order["total"] = str(net + shipping + cart_tax + shipping_tax)


def _sum(lines: Iterable[Json], key: str) -> Decimal:
    return sum((Decimal(line[key]) for line in lines), ZERO)


def _rates_used(lines: Iterable[Json]) -> list[TaxRate]:
    used = dict.fromkeys(tax["id"] for line in lines for tax in line["taxes"])
    by_id = {rate.id: rate for rate in taxes.TAX_RATES}
    return [by_id[rate_id] for rate_id in used if rate_id in by_id]


def _tax_line(rate: TaxRate, goods: list[Json], postage: list[Json], line_id: int) -> Json:
    def tax_of(lines: list[Json]) -> str:
        return str(sum((Decimal(t["total"] or 0) for line in lines for t in line["taxes"] if t["id"] == rate.id), ZERO))

    return {
        "id": line_id,
        "rate_code": rate.code,
        "rate_id": rate.id,
        "label": rate.name,
        "compound": False,
        "tax_total": tax_of(goods),
        "shipping_tax_total": tax_of(postage),
        "rate_percent": int(rate.percent) if rate.percent == int(rate.percent) else float(rate.percent),
        "meta_data": [],
    }


def _address(given: object, *, with_email: bool) -> Json:
    values = dict(given) if isinstance(given, dict) else {}
    address = {key: values.get(key, "") for key in ADDRESS_FIELDS}
    if with_email:
        phone = address.pop("phone")
        address |= {"email": values.get("email", ""), "phone": phone}
    return address


def _discounted(basket: Basket) -> list[PricedLine]:
    priced = [PricedLine(line, Decimal(line.product.price or 0) * line.quantity) for line in basket.lines]
    for coupon in sorted(basket.coupons, key=lambda coupon: COUPON_ORDER[coupon.kind]):
        for line, share in zip(priced, _shares(coupon, priced), strict=True):
            line.discounts[coupon.code] = min(share, line.rest)
    return priced


def _shares(coupon: Coupon, priced: Sequence[PricedLine]) -> list[Decimal]:
    quantities = [line.source.quantity for line in priced]
    if coupon.kind == "percent":
        return taxes.split_percent_discount([line.entered for line in priced], coupon.amount)
    if coupon.kind == "fixed_cart":
        return taxes.split_cart_discount([line.rest for line in priced], quantities, coupon.amount)
    return [coupon.amount * quantity for quantity in quantities]


def _line_item(line: PricedLine, country: str, next_id: NextId, includes_tax: bool) -> Json:
    product, parent, quantity = line.source.product, line.source.parent, line.source.quantity
    taxable = product.tax_status == "taxable"
    rate = taxes.rate_for(country, product.tax_class) if taxable else None

    def net(entered: Decimal) -> Decimal:
        return taxes.net_amount(entered, product.tax_class, is_taxable=taxable, includes_tax=includes_tax)

    by_hand = line.source.total
    subtotal, total = (net(line.entered), net(line.rest)) if by_hand is None else (by_hand, by_hand)
    subtotal_tax = taxes.tax_on(subtotal, rate, includes_tax=includes_tax)
    total_tax = taxes.tax_on(total, rate, includes_tax=includes_tax)
    return {
        "id": next_id("item"),
        "name": line_name(product, parent),
        "product_id": parent.id if parent else product.id,
        "variation_id": product.id if parent else 0,
        "quantity": quantity,
        "tax_class": product.tax_class,
        "subtotal": str(taxes.cents(subtotal)),
        "subtotal_tax": str(subtotal_tax),
        "total": str(taxes.cents(total)),
        "total_tax": str(total_tax),
        "taxes": [{"id": rate.id, "total": str(total_tax), "subtotal": str(subtotal_tax)}] if rate else [],
        "meta_data": [_option_meta(attribute, next_id) for attribute in (product.attributes if parent else [])],
        "sku": product.sku,
        "global_unique_id": product.gtin,
        "price": unit_price(total, quantity),
        "image": {"id": 0 if parent else "", "src": ""},
        "parent_name": parent.name if parent else None,
    }


def unit_price(total: Decimal, quantity: int) -> float | int:
    """The net price of one piece as the shop shows it: a float, or an integer where it is whole."""
    price = total / quantity
    return int(price) if price == int(price) else float(price)


def _option_meta(attribute: Json, next_id: NextId) -> Json:
    return {
        "id": next_id("meta"),
        "key": attribute["slug"],
        "value": str(attribute["option"]).lower(),
        "display_key": attribute["name"],
        "display_value": attribute["option"],
    }


def _shipping_line(postage: Postage, country: str, classes: set[str], next_id: NextId, includes_tax: bool) -> Json:
    # "Shipping tax class based on cart items": the standard rate as soon as one item has it, else the items' own.
    tax_class = "" if "" in classes or not classes else min(classes)
    rate = taxes.rate_for(country, tax_class)
    tax = taxes.tax_on(postage.net, rate, includes_tax=includes_tax)
    return {
        "id": next_id("item"),
        "method_title": postage.title,
        "method_id": postage.method_id,
        "instance_id": postage.instance_id,
        "total": str(taxes.cents(postage.net)),
        "total_tax": str(tax),
        "taxes": [{"id": rate.id, "total": str(tax), "subtotal": ""}] if rate else [],
        "tax_status": "taxable",
        "meta_data": [],
    }


def _fee_line(
    name: str, net: Decimal, country: str, lines: Sequence[Json], *, next_id: NextId, includes_tax: bool
) -> Json:
    per_rate = {
        rate.id: taxes.tax_on(part, rate, includes_tax=includes_tax)
        for tax_class, part in _fee_parts(net, lines).items()
        if (rate := taxes.rate_for(country, tax_class))
    }
    return {
        "id": next_id("item"),
        "name": name,
        "tax_class": "",
        "tax_status": "taxable",
        "amount": "",
        "total": str(taxes.cents(net)),
        "total_tax": str(sum(per_rate.values(), ZERO)),
        "taxes": [{"id": rate_id, "total": str(tax), "subtotal": ""} for rate_id, tax in per_rate.items()],
        "meta_data": [],
    }


def _fee_parts(net: Decimal, lines: Sequence[Json]) -> dict[str, Decimal]:
    """A surcharge is taxed at the standard rate; a negative fee in the proportion of the goods' tax classes."""
    goods: dict[str, Decimal] = {}
    for line in lines:
        if line["taxes"]:
            goods[line["tax_class"]] = goods.get(line["tax_class"], ZERO) + Decimal(line["total"])
    whole = sum(goods.values(), ZERO)
    if net >= 0 or not whole:
        return {"": net}
    return {name: (net * part / whole).quantize(taxes.MICRO, ROUND_HALF_UP) for name, part in goods.items()}


def _coupon_line(
    coupon: Coupon, priced: Sequence[PricedLine], country: str, next_id: NextId, includes_tax: bool
) -> Json:
    net = tax = Decimal(0)
    for line in priced:
        product, share = line.source.product, line.discounts[coupon.code]
        taxable = product.tax_status == "taxable"
        part = taxes.net_amount(share, product.tax_class, is_taxable=taxable, includes_tax=includes_tax)
        rate = taxes.rate_for(country, product.tax_class) if taxable else None
        net, tax = net + part, tax + (part * rate.percent / 100 if rate else 0)
    return {
        "id": next_id("item"),
        "code": coupon.code,
        "discount": str(taxes.cents(net)),
        "discount_tax": str(taxes.cents(tax)),
        "meta_data": [
            {
                "id": next_id("meta"),
                "key": "coupon_info",
                "value": coupon.info,
                "display_key": "coupon_info",
                "display_value": coupon.info,
            }
        ],
        "discount_type": coupon.kind,
        "nominal_amount": int(coupon.amount) if coupon.amount == int(coupon.amount) else float(coupon.amount),
        "free_shipping": False,
    }
