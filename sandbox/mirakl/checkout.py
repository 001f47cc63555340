"""Turn a basket of a marketplace's customer into the order that its seller sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.mirakl.amounts import HUNDRED, INCLUDED, add_commission, add_sums, cents, taxes_on
from sandbox.mirakl.model import CURRENCY, TAX_CODES, TAX_RATES, Offer, Product, text

Json = dict[str, Any]
SHIPPING_TYPES = {"STD": "Standard", "EXP": "Express", "PICKUP": "Paketshop"}
COUNTRIES = {"DEU": "Deutschland", "AUT": "Österreich", "FRA": "Frankreich", "CHE": "Schweiz"}
SHIPPING_DAYS = 2


@dataclass(frozen=True)
class Promotion:
    """A seller's percentage off, as a customer redeemed it."""

    id: str
    percent: Decimal
    promo_code: str | None = None


@dataclass(frozen=True)
class Basket:
    """What somebody buys: lines are (offer, its product, pieces); addresses in the API's field names."""

    lines: Sequence[tuple[Offer, Product, int]]
    billing: Mapping[str, str]
    shipping: Mapping[str, str]
    customer_id: str
    shipping_type: str = "STD"
    postage: Decimal = Decimal("4.95")
    payment_type: str = "CARD"
    channel: str = ""
    organization: Mapping[str, str] | None = None
    promotion: Promotion | None = None
    order_fields: Sequence[Json] = ()
    line_fields: Sequence[Json] = ()
    pickup_point: str | None = None


@dataclass(frozen=True)
class Terms:
    """How the instance is set up, as far as orders depend on it."""

    tax_mode: str = INCLUDED
    has_taxes: bool = True
    currency: str = CURRENCY
    channels: Mapping[str, str] = field(default_factory=dict)
    has_novelties: bool = False
    """Orders have fields and values that the specification does not know yet, which clients must tolerate."""


def build_order(basket: Basket, commercial_id: str, suffix: str, created: datetime, terms: Terms) -> Json:
    """A new order in state STAGING; its id is the commercial order's with `-A`, `-B` … behind it."""
    order_id = f"{commercial_id}-{suffix}"
    order: Json = {
        **_nothing_yet(),
        "channel": {"code": basket.channel, "label": terms.channels[basket.channel]} if basket.channel else None,
        "commercial_id": commercial_id,
        "created_date": text(created),
        "currency_iso_code": terms.currency,
        "customer": _customer(basket),
        "customer_notification_email": f"notification+{order_id.lower()}@notification.mirakl.net",
        "delivery_date": {
            "earliest": text(created + timedelta(days=SHIPPING_DAYS + 1)),
            "latest": text(created + timedelta(days=SHIPPING_DAYS + 3)),
        },
        "last_updated_date": text(created),
        "leadtime_to_ship": SHIPPING_DAYS,
        "order_additional_fields": [dict(entry) for entry in basket.order_fields],
        "order_id": order_id,
        "order_lines": [_line(basket, index, order_id, created, terms) for index in range(1, len(basket.lines) + 1)],
        "order_tax_mode": terms.tax_mode,
        "paymentType": basket.payment_type,
        "payment_type": basket.payment_type,
        "references": {"order_reference_for_customer": commercial_id, "order_reference_for_seller": None},
        "shipping_deadline": text(created + timedelta(days=SHIPPING_DAYS)),
        "shipping_pudo_id": basket.pickup_point,
        "shipping_type_code": basket.shipping_type,
        "shipping_type_label": SHIPPING_TYPES[basket.shipping_type],
        "shipping_type_standard_code": f"CU_ADD-{basket.shipping_type}",
        "shipping_zone_code": basket.shipping["country_iso_code"][:2],
        "shipping_zone_label": COUNTRIES[basket.shipping["country_iso_code"]],
    }
    order["promotions"] = _order_promotions(order["order_lines"])
    if terms.has_novelties:
        order |= {"payment_workflow": "PAY_IN_PARTS", "carbon_footprint": {"grams": 412}}
        order["order_additional_fields"].append({"code": "colour", "type": "COLOUR", "value": {"hex": "#aabbcc"}})
    add_sums(order)
    return order


def _nothing_yet() -> Json:
    """The fields of an order to which nothing has happened."""
    return {
        "acceptance_decision_date": None,
        "can_cancel": False,
        "can_shop_ship": False,
        "customer_debited_date": None,
        "customer_directly_pays_seller": False,
        "discount_campaigns": [],
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "fully_refunded": False,
        "has_customer_message": False,
        "has_incident": False,
        "has_invoice": False,
        "invoice_details": None,
        "order_refunds": [],
        "order_state": "STAGING",
        "order_state_reason_code": None,
        "order_state_reason_label": None,
        "order_taxes": [],
        "payment_duration": None,
        "payment_workflow": "PAY_ON_ACCEPTANCE",
        "quote_id": None,
        "shipping_carrier_code": None,
        "shipping_carrier_standard_code": None,
        "shipping_company": None,
        "shipping_tracking": None,
        "shipping_tracking_url": None,
        "transaction_date": None,
        "transaction_number": None,
    }


def _customer(basket: Basket) -> Json:
    first, last = basket.billing.get("firstname", ""), basket.billing["lastname"]
    customer: Json = {
        "accounting_contact": None,
        "billing_address": _address(basket.billing),
        "civility": basket.billing.get("civility"),
        "customer_id": basket.customer_id,
        "delivery_contact": None,
        "firstname": first,
        "lastname": last,
        "locale": "de_DE",
        "organization": None,
        "shipping_address": _address(basket.shipping) | {"additional_info": basket.shipping.get("additional_info")},
    }
    if basket.organization:
        customer["organization"] = {
            "address": None,
            "identification_number": None,
            "name": basket.organization["name"],
            "organization_id": basket.organization["organization_id"],
            "tax_identification_number": basket.organization.get("tax_identification_number"),
        }
    return customer


ADDRESS_FIELDS = (
    *("city", "civility", "company", "company_2", "country", "country_iso_code", "firstname", "lastname", "phone"),
    *("phone_secondary", "state", "street_1", "street_2", "zip_code"),
)


def _address(given: Mapping[str, str]) -> Json:
    filled = {"country": COUNTRIES[given["country_iso_code"]], **given}
    return {name: filled.get(name) for name in ADDRESS_FIELDS}


def _line(basket: Basket, index: int, order_id: str, created: datetime, terms: Terms) -> Json:
    offer, product, quantity = basket.lines[index - 1]
    origin = offer.price_at(created)
    unit, promotions = _reduced(origin, quantity, basket.promotion)
    postage = _share_of_postage(basket.postage, index, len(basket.lines))
    percent, code = TAX_RATES[offer.tax_class], TAX_CODES[offer.tax_class]
    price = unit * quantity
    line: Json = {
        **_line_of_nothing(),
        "category_code": product.category,
        "category_label": product.category,
        "created_date": text(created),
        "last_updated_date": text(created),
        "offer_id": offer.offer_id,
        "offer_sku": offer.sku,
        "offer_state_code": offer.state,
        "order_line_additional_fields": [dict(entry) for entry in basket.line_fields],
        "order_line_id": f"{order_id}-{index}",
        "order_line_index": index,
        "origin_unit_price": origin,
        "price": price,
        "price_unit": unit,
        "product_shop_sku": offer.sku,
        "product_sku": product.product_sku,
        "product_title": product.title,
        "promotions": promotions,
        "quantity": quantity,
        "shipping_price": postage,
        "shipping_price_unit": postage,
        "shipping_taxes": taxes_on(postage, code, percent, terms.tax_mode) if terms.has_taxes and postage else [],
        "taxes": taxes_on(price, code, percent, terms.tax_mode) if terms.has_taxes else [],
    }
    add_commission(line)
    return line


def _line_of_nothing() -> Json:
    """The fields of a line to which nothing has happened."""
    return {
        "can_refund": False,
        "cancelations": [],
        "debited_date": None,
        "description": None,
        "discount_campaign": None,
        "eco_contributions": [],
        "fees": [],
        "measurement": None,
        "order_line_state": "STAGING",
        "order_line_state_reason_code": None,
        "order_line_state_reason_label": None,
        "price_additional_info": None,
        "product_medias": [],
        "received_date": None,
        "refunds": [],
        "shipped_date": None,
        "shipping_from": {
            "address": {
                **{"city": "Hamburg", "country_iso_code": "DEU", "state": None},
                **{"street_1": "Speicherweg 4", "street_2": None, "zip_code": "20457"},
            },
            "warehouse": None,
        },
        "shipping_price_additional_unit": Decimal(0),
        "tax_legal_notice": None,
    }


def _share_of_postage(postage: Decimal, index: int, count: int) -> Decimal:
    """Each line has its share of the postage; missing cents are on the first."""
    share = (postage / count).quantize(Decimal("0.01"), "ROUND_FLOOR")
    return share if index > 1 else postage - share * (count - 1)


def _reduced(origin: Decimal, quantity: int, promotion: Promotion | None) -> tuple[Decimal, list[Json]]:
    if promotion is None:
        return origin, []
    unit = cents(origin * (HUNDRED - promotion.percent) / HUNDRED)
    configuration = {
        "amount_off": None,
        "free_items_quantity": None,
        "internal_description": f"{promotion.percent} %",
        "percentage_off": promotion.percent,
        "reduced_unit_price": None,
        "type": "PERCENTAGE_OFF",
    }
    return unit, [
        {
            "apportioned": False,
            "configuration": configuration,
            "deduced_amount": (origin - unit) * quantity,
            "id": promotion.id,
            "offered_quantity": None,
            "promo_code": promotion.promo_code,
        }
    ]


def _order_promotions(lines: Sequence[Json]) -> Json:
    applied = [promotion for line in lines for promotion in line["promotions"]]
    total = sum((promotion["deduced_amount"] for promotion in applied), Decimal(0))
    merged = {promotion["id"]: promotion for promotion in applied}
    summed = [
        {**promotion, "deduced_amount": sum(p["deduced_amount"] for p in applied if p["id"] == key)}
        for key, promotion in merged.items()
    ]
    return {"applied_promotions": summed, "total_deduced_amount": total}
