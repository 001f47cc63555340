"""Placing orders: the basket's amounts, payment, stock committed at a location, fulfilment orders per location."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.shopify import stock, totals
from sandbox.shopify.checkout import Basket, bag_of, order_body
from sandbox.shopify.lines import TIP
from sandbox.shopify.store import Json, gid, number_of
from sandbox.shopify.times import text_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

AUTHORIZATION_DAYS = 7
MANUAL_GATEWAYS = frozenset({"Bank Deposit", "Vorkasse", "Rechnung", "Nachnahme", "manual", "Cash on Delivery (COD)"})
CHANNELS = {
    "web": ("Online Store", "web"),
    "pos": ("Point of Sale", "pos"),
    "shopify_draft_order": ("Draft Orders", "shopify_draft_order"),
    "tiktok": ("TikTok", "4383523"),
}


def place(shop: ShopifyShop, basket: Basket, created: datetime, modified: datetime | None = None) -> Json:
    """Turn a basket into an order, stock committed; call it inside `shop.changes()`."""
    order = order_body(basket, shop.store.next_id, shop.currency)
    shop.order_number += 1
    order_id = shop.store.next_id("Order")
    order = _head(shop, basket, order_id, text_of(created)) | order
    totals.refresh(order)
    order["transactions"] = _transactions(shop, basket, order, created)
    order["paymentGatewayNames"] = list(dict.fromkeys(t["gateway"] for t in order["transactions"]))
    order["fulfillmentOrders"] = _fulfillment_orders(shop, order)
    order["updatedAt"] = text_of(modified or created)
    shop.save_order(order, "create", touch=False)
    return order


def _head(shop: ShopifyShop, basket: Basket, order_id: str, moment: str) -> Json:
    title, source = CHANNELS.get(basket.channel, (basket.channel, basket.channel))
    return {
        "id": order_id,
        "name": f"#{shop.order_number}",
        "number": shop.order_number,
        "confirmationNumber": f"C{number_of(order_id):08X}",
        "createdAt": moment,
        "updatedAt": moment,
        "processedAt": moment,
        "closedAt": None,
        "cancelledAt": None,
        "cancelReason": None,
        "cancelNote": None,
        "test": basket.is_test,
        "note": basket.note or None,
        "poNumber": None,
        "tags": sorted(basket.tags),
        "email": basket.email or None,
        "phone": basket.phone or None,
        "customerLocale": "de-DE",
        "currencyCode": shop.currency,
        "presentmentCurrencyCode": basket.presentment_currency,
        "taxesIncluded": basket.taxes_included,
        "taxExempt": basket.is_tax_exempt,
        "edited": False,
        "customerId": basket.customer_id,
        "companyLocationId": basket.company_location_id,
        "billingAddress": _address(shop, basket.billing),
        "shippingAddress": _address(shop, basket.shipping),
        "customAttributes": [{"key": key, "value": value} for key, value in basket.attributes.items()],
        "channel": {"handle": basket.channel, "name": title},
        "sourceName": source,
        "fulfillments": [],
        "refunds": [],
        "returns": [],
        "transactions": [],
        "fulfillmentOrders": [],
        "metafields": [],
    }


def _address(shop: ShopifyShop, address: Json | None) -> Json | None:
    if address is None:
        return None
    name = " ".join(part for part in (address.get("firstName"), address.get("lastName")) if part)
    return {"id": f"{shop.store.next_id('MailingAddress')}?model_name=Address", "name": name or None, **address}


def _transactions(shop: ShopifyShop, basket: Basket, order: Json, created: datetime) -> list[Json]:
    payment, due = basket.payment, order["totalPriceSet"]
    found = []
    if payment.gift_card:
        part = bag_of(payment.gift_card, basket, order["zero"]).at_most(due)
        found.append(transaction(shop, "gift_card", "SALE", "SUCCESS", part, at=created, is_test=basket.is_test))
        due = due - part
    if due:
        found.append(
            transaction(shop, payment.gateway, payment.kind, payment.status, due, at=created, is_test=basket.is_test)
        )
    return found


def transaction(
    shop: ShopifyShop,
    gateway: str,
    kind: str,
    status: str,
    amount: object,
    *,
    at: datetime,
    parent: str | None = None,
    is_test: bool = False,
) -> Json:
    """A new transaction of an order."""
    new = shop.store.next_id("OrderTransaction")
    ends = text_of(at + timedelta(days=AUTHORIZATION_DAYS)) if kind == "AUTHORIZATION" else None
    return {
        "id": new,
        "kind": kind,
        "status": status,
        "gateway": gateway,
        "formattedGateway": gateway.replace("_", " ").title() if gateway.islower() else gateway,
        "amountSet": amount,
        "createdAt": text_of(at),
        "processedAt": text_of(at),
        "parentId": parent,
        "paymentId": f"c{number_of(new)}.1",
        "manualPaymentGateway": gateway in MANUAL_GATEWAYS,
        "authorizationExpiresAt": ends,
        "test": is_test,
        "open": kind == "AUTHORIZATION",
    }


def _fulfillment_orders(shop: ShopifyShop, order: Json) -> list[Json]:
    """One per location and way of delivery; a line goes to the first location that has all its pieces."""
    groups: dict[tuple[str, str], list[Json]] = {}
    for line in order["lineItems"]:
        if line["kind"] == TIP:
            continue
        location = _location_for(shop, line)
        groups.setdefault((location, "SHIPPING" if line["requiresShipping"] else "NONE"), []).append(line)
        line["locationId"] = location
        stock.move(shop, line["variantId"], location, available=-line["quantity"], committed=line["quantity"])
    return [
        new_fulfillment_order(shop, order, *key, [(x, x["quantity"]) for x in found]) for key, found in groups.items()
    ]


def new_fulfillment_order(
    shop: ShopifyShop, order: Json, location_id: str, method: str, pieces: list[tuple[Json, int]]
) -> Json:
    """A fulfilment order for pieces of lines at a location."""
    return {
        "id": shop.store.next_id("FulfillmentOrder"),
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "locationId": location_id,
        "method": method,
        "deliveryId": shop.store.next_id("DeliveryMethod"),
        "createdAt": order["createdAt"],
        "updatedAt": order["createdAt"],
        "fulfillAt": order["createdAt"],
        "fulfillBy": None,
        "holds": [],
        "lines": [
            {
                "id": shop.store.next_id("FulfillmentOrderLineItem"),
                "lineItemId": line["id"],
                "totalQuantity": count,
                "remainingQuantity": count,
                "fulfilled": 0,
            }
            for line, count in pieces
        ],
    }


def _location_for(shop: ShopifyShop, line: Json) -> str:
    variant = shop.store.get(line["variantId"] or "")
    locations: list[str] = [
        x["id"] for x in shop.store.table("Location").values() if x["isActive"] and x["fulfillsOnlineOrders"]
    ]
    stocked = variant["item"]["levels"] if variant else {}
    for location in locations:
        level = stocked.get(location)
        if level and level["isActive"] and level.get(stock.AVAILABLE, 0) >= line["quantity"]:
            return location
    active = [location for location in locations if location in stocked and stocked[location]["isActive"]]
    return active[0] if active else locations[0] if locations else gid("Location", 1)


def pay(shop: ShopifyShop, order: Json) -> None:
    """What is outstanding arrives; pending payments succeed. Call it inside `shop.changes()`."""
    pending = [t for t in order["transactions"] if t["status"] == "PENDING"]
    for waiting in pending:
        waiting["status"] = "SUCCESS"
        waiting["processedAt"] = shop.moment()
    if not pending and order["totalOutstandingSet"].shop > Decimal(0):
        amount = order["totalOutstandingSet"]
        order["transactions"].append(transaction(shop, "manual", "SALE", "SUCCESS", amount, at=shop.clock()))
    shop.save_order(order, "paid")
