"""What a Mirakl instance knows of products and offers, and how an offer is shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
CURRENCY = "EUR"
SHOP_ID = 2042
NEW_STATE = "11"
TAX_RATES = {"standard": Decimal(19), "reduced": Decimal(7), "zero": Decimal(0)}
TAX_CODES = {"standard": "DE_VAT_19", "reduced": "DE_VAT_7", "zero": "DE_VAT_0"}


def utc_now() -> datetime:
    """The present moment, aware UTC, to the second as the instance shows it."""
    return datetime.now(UTC).replace(microsecond=0)


def text(moment: datetime) -> str:
    """A moment as the API shows it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(value: str) -> datetime:
    """The inverse of `text`, for any ISO 8601 text with or without a zone; raises ValueError."""
    parsed = datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@dataclass
class Product:
    """A product of the operator's catalogue; `family` is the parent SKU of a variant."""

    product_sku: str
    title: str
    ean: str
    category: str
    brand: str = ""
    description: str = ""
    family: str = ""


@dataclass
class Offer:
    """What this seller offers of a product. Prices are gross where the instance's prices include tax, else net."""

    offer_id: int
    sku: str
    product_sku: str
    price: Decimal
    quantity: int = 0
    tax_class: str = "standard"
    state: str = NEW_STATE
    description: str = ""
    internal_description: str = ""
    discount: Json | None = None
    channel_prices: list[Json] = field(default_factory=list)
    volume_prices: list[Json] = field(default_factory=list)
    warehouses: dict[str, int] = field(default_factory=dict)
    leadtime: int = 1
    min_quantity_alert: int = 0
    logistic_class: str = "S"
    additional_fields: list[Json] = field(default_factory=list)

    def set_stock(self, quantity: int, warehouse: str = "") -> None:
        """Set the global level, or one warehouse's, in which case the level is the warehouses' sum."""
        if warehouse:
            self.warehouses[warehouse] = quantity
            self.quantity = sum(self.warehouses.values())
        else:
            self.warehouses.clear()
            self.quantity = quantity

    def take(self, quantity: int) -> None:
        """Count sold pieces down, never below zero, from the fullest warehouse first."""
        self.quantity = max(0, self.quantity - quantity)
        for code in sorted(self.warehouses, key=lambda c: -self.warehouses[c]):
            taken = min(quantity, self.warehouses[code])
            self.warehouses[code] -= taken
            quantity -= taken

    def price_at(self, now: datetime) -> Decimal:
        """The price a customer pays at a moment: the discount's while it lasts."""
        return _discounted(self.price, self.discount, now)

    def as_record(self) -> Json:
        """The offer as written to the state file."""
        return asdict(self)


def _discounted(price: Decimal, discount: Json | None, now: datetime) -> Decimal:
    if discount is None:
        return price
    start, end = discount.get("start"), discount.get("end")
    is_on = (not start or moment(start) <= now) and (not end or now <= moment(end))
    return Decimal(str(discount["price"])) if is_on else price


def offer_document(offer: Offer, product: Product, now: datetime, category_label: str) -> Json:
    """An offer as OF21 and OF22 show it."""
    price = offer.price_at(now)
    reasons = ["ZERO_QUANTITY"] if offer.quantity <= 0 else []
    return {
        "active": not reasons,
        "all_prices": [_price(offer.price, offer.discount, offer.volume_prices, None, now)]
        + [_price(p["price"], p.get("discount"), [], p["channel"], now) for p in offer.channel_prices],
        "allow_quote_requests": False,
        "applicable_pricing": _price(offer.price, offer.discount, offer.volume_prices, None, now),
        "available_end_date": None,
        "available_start_date": None,
        "category_code": product.category,
        "category_label": category_label,
        "channels": [],
        "currency_iso_code": CURRENCY,
        "description": offer.description or None,
        "discount": _discount(offer),
        "eco_contributions": [],
        "favorite_rank": None,
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "inactivity_reasons": reasons,
        "internal_description": offer.internal_description or None,
        "leadtime_to_ship": offer.leadtime,
        "logistic_class": {"code": offer.logistic_class, "label": "Paket"},
        "max_order_quantity": None,
        "min_order_quantity": None,
        "min_quantity_alert": offer.min_quantity_alert,
        "min_shipping_price": Decimal("4.95"),
        "min_shipping_price_additional": Decimal(0),
        "min_shipping_type": "STD",
        "min_shipping_zone": "DE",
        "msrp": None,
        "offer_additional_fields": offer.additional_fields,
        "offer_id": offer.offer_id,
        "package_quantity": None,
        "price": price,
        "price_additional_info": None,
        "product_brand": product.brand or None,
        "product_description": product.description or None,
        "product_references": [{"reference": product.ean, "reference_type": "EAN"}] if product.ean else [],
        "product_sku": product.product_sku,
        "product_tax_code": None,
        "product_title": product.title,
        "quantity": offer.quantity,
        "shipping_deadline": text(now + timedelta(days=offer.leadtime)),
        "shop_sku": offer.sku,
        "state_code": offer.state,
        "total_price": price + Decimal("4.95"),
        "warehouses": [{"code": code, "quantity": level} for code, level in sorted(offer.warehouses.items())],
    }


def _price(price: Decimal, discount: Json | None, volumes: list[Json], channel: str | None, now: datetime) -> Json:
    reduced = None if discount is None else Decimal(str(discount["price"]))
    current = _discounted(price, discount, now)
    first = {
        "price": current,
        "quantity_threshold": 1,
        "unit_discount_price": reduced,
        "unit_origin_price": price,
    }
    shown: Json = {
        "channel_code": channel,
        "discount_end_date": (discount or {}).get("end"),
        "discount_start_date": (discount or {}).get("start"),
        "price": current,
        "unit_discount_price": reduced,
        "unit_origin_price": price,
        "volume_prices": [
            first,
            *(
                {
                    "price": volume["price"],
                    "quantity_threshold": volume["threshold"],
                    "unit_discount_price": None,
                    "unit_origin_price": volume["price"],
                }
                for volume in volumes
            ),
        ],
    }
    return shown | ({"context": {"channel_codes": [channel]}} if channel else {})


def _discount(offer: Offer) -> Json | None:
    if offer.discount is None:
        return None
    price = Decimal(str(offer.discount["price"]))
    return {
        "discount_price": price,
        "end_date": offer.discount.get("end"),
        "origin_price": offer.price,
        "ranges": [{"price": price, "quantity_threshold": 1}],
        "start_date": offer.discount.get("start"),
    }
