"""The REST-shaped JSON documents that webhooks deliver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.shopify import lines, stock
from sandbox.shopify.money import Bag
from sandbox.shopify.store import Json, number_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

FULFILLMENT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def narrowed(document: Json, fields: Sequence[str]) -> Json:
    """The document with the fields that a subscription includes, all where it names none."""
    if not fields:
        return document
    wanted = {name.split(".")[0] for name in fields}
    return {name: value for name, value in document.items() if name in wanted}


def amount(bag: Bag) -> str:
    """The amount in the shop's currency."""
    return f"{bag.shop:.2f}"


def both(bag: Bag) -> Json:
    """An amount in both currencies."""
    return {
        "shop_money": {"amount": f"{bag.shop:.2f}", "currency_code": bag.currency},
        "presentment_money": {"amount": f"{bag.presentment:.2f}", "currency_code": bag.presentment_currency},
    }


def order_document(shop: ShopifyShop, order: Json) -> Json:
    """An order."""
    protected = shop.protected_data
    return {
        "id": number_of(order["id"]),
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "number": order["number"] - 1000,
        "order_number": order["number"],
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "closed_at": order["closedAt"],
        "cancelled_at": order["cancelledAt"],
        "cancel_reason": order["cancelReason"].lower() if order["cancelReason"] else None,
        "test": order["test"],
        "note": order["note"],
        "note_attributes": [{"name": a["key"], "value": a["value"]} for a in order["customAttributes"]],
        "tags": ", ".join(order["tags"]),
        "email": order["email"] if protected else None,
        "currency": order["currencyCode"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "taxes_included": order["taxesIncluded"],
        "financial_status": order["displayFinancialStatus"].lower(),
        "fulfillment_status": FULFILLMENT.get(order["displayFulfillmentStatus"]),
        **_amounts(order),
        "payment_gateway_names": order["paymentGatewayNames"],
        "source_name": order["sourceName"],
        "customer": {"id": number_of(order["customerId"])} if order["customerId"] else None,
        "billing_address": _address(order["billingAddress"]) if protected else None,
        "shipping_address": _address(order["shippingAddress"]) if protected else None,
        "line_items": [_line(line) for line in order["lineItems"]],
        "shipping_lines": [_shipping(line) for line in order["shippingLines"]],
        "tax_lines": [_tax(tax) for tax in order["taxLines"]],
        "fulfillments": [fulfillment_document(order, f) for f in order["fulfillments"]],
        "refunds": [refund_document(order, r) for r in order["refunds"]],
    }


def _amounts(order: Json) -> Json:
    return {
        "total_price": amount(order["totalPriceSet"]),
        "total_price_set": both(order["totalPriceSet"]),
        "current_total_price": amount(order["currentTotalPriceSet"]),
        "subtotal_price": amount(order["subtotalPriceSet"]),
        "total_tax": amount(order["totalTaxSet"]),
        "total_discounts": amount(order["totalDiscountsSet"]),
    }


def _line(line: Json) -> Json:
    return {
        "id": number_of(line["id"]),
        "admin_graphql_api_id": line["id"],
        "product_id": number_of(line["productId"]) if line["productId"] else None,
        "variant_id": number_of(line["variantId"]) if line["variantId"] else None,
        "sku": line["sku"],
        "title": line["title"],
        "variant_title": line["variantTitle"],
        "name": line["name"],
        "quantity": line["quantity"],
        "current_quantity": lines.current_quantity(line),
        "fulfillable_quantity": line["unfulfilledQuantity"],
        "price": amount(line["unit"]),
        "total_discount": amount(lines.allocated(line)),
        "gift_card": line["isGiftCard"],
        "taxable": line["taxable"],
        "requires_shipping": line["requiresShipping"],
        "tax_lines": [_tax(tax) for tax in line["taxLines"]],
        "properties": [{"name": a["key"], "value": a["value"]} for a in line["customAttributes"]],
    }


def _shipping(line: Json) -> Json:
    return {
        "id": number_of(line["id"]),
        "title": line["title"],
        "code": line["code"],
        "price": amount(line["originalPriceSet"]),
        "tax_lines": [_tax(tax) for tax in line["taxLines"]],
    }


def _tax(tax: Json) -> Json:
    return {
        "title": tax["title"],
        "rate": tax["rate"],
        "price": amount(tax["priceSet"]),
        "price_set": both(tax["priceSet"]),
    }


def _address(address: Json | None) -> Json | None:
    if address is None:
        return None
    names = {"first_name": "firstName", "last_name": "lastName", "country_code": "countryCodeV2"}
    plain = ("name", "company", "address1", "address2", "city", "zip", "country", "phone")
    return {theirs: address.get(ours) for theirs, ours in names.items()} | {name: address.get(name) for name in plain}


def fulfillment_document(order: Json, fulfillment: Json) -> Json:
    """A fulfilment."""
    numbers = [t["number"] for t in fulfillment["tracking"] if t["number"]]
    return {
        "id": number_of(fulfillment["id"]),
        "admin_graphql_api_id": fulfillment["id"],
        "order_id": number_of(order["id"]),
        "status": fulfillment["status"].lower(),
        "tracking_company": next((t["company"] for t in fulfillment["tracking"]), None),
        "tracking_numbers": numbers,
        "created_at": fulfillment["createdAt"],
        "updated_at": fulfillment["updatedAt"],
    }


def refund_document(order: Json, refund: Json) -> Json:
    """A refund."""
    return {
        "id": number_of(refund["id"]),
        "admin_graphql_api_id": refund["id"],
        "order_id": number_of(order["id"]),
        "created_at": refund["createdAt"],
        "note": refund["note"],
        "refund_line_items": [
            {
                "line_item_id": number_of(row["lineItemId"]),
                "quantity": row["quantity"],
                "subtotal": amount(row["subtotalSet"]),
            }
            for row in refund["lines"]
        ],
    }


def product_document(shop: ShopifyShop, product: Json) -> Json:
    """A product with its variants."""
    variants: list[Any] = [
        {
            "id": number_of(v["id"]),
            "sku": v["sku"],
            "price": v["price"],
            "title": v["title"],
            "inventory_item_id": number_of(v["item"]["id"]),
            "inventory_quantity": stock.available(v),
        }
        for v in shop.variants_of(product)
    ]
    return {
        "id": number_of(product["id"]),
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "vendor": product["vendor"],
        "updated_at": product["updatedAt"],
        "variants": variants,
    }


def level_document(variant: Json, location_id: str) -> Json:
    """A stock level."""
    level = variant["item"]["levels"][location_id]
    return {
        "inventory_item_id": number_of(variant["item"]["id"]),
        "location_id": number_of(location_id),
        "available": level.get(stock.AVAILABLE, 0),
        "updated_at": level["updatedAt"],
    }


def bulk_document(operation: Json) -> Json:
    """A finished bulk operation."""
    return {
        "admin_graphql_api_id": operation["id"],
        "status": operation["status"].lower(),
        "error_code": None,
        "completed_at": operation["completedAt"],
        "created_at": operation["createdAt"],
        "type": operation["type"].lower(),
    }
