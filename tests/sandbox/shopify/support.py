"""What the tests of the simulated Shopify share: a client, a small range of articles, and one query for each list."""

from __future__ import annotations

import itertools
from typing import Any

import httpx

from sandbox.shopify import Entry, ShopifyShop

Json = dict[str, Any]
PATH = "/admin/api/2026-10/graphql.json"


class Api:
    """A client of one shop's Admin API."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"X-Shopify-Access-Token": token}, timeout=20, trust_env=False)
        self._keys = itertools.count(1)

    def post(self, query: str, **variables: Any) -> Json:
        """The whole answer."""
        answer: Json = self.client.post(PATH, json={"query": query, "variables": variables}).json()
        return answer

    def data(self, query: str, **variables: Any) -> Json:
        """The data of an answer without errors."""
        answer = self.post(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    def change(self, name: str, arguments: str, payload: str, types: str = "", **variables: Any) -> Json:
        """Run a mutation with a fresh idempotency key; returns its payload."""
        errors = {"orderCancel": "orderCancelUserErrors", "productReorderMedia": "mediaUserErrors"}.get(
            name, "userErrors"
        )
        if name in {"productCreateMedia", "productDeleteMedia"}:
            errors = "mediaUserErrors"
        code = "" if name in WITHOUT_CODE else " code"
        keyed = f' @idempotent(key: "k{next(self._keys)}")' if name in KEYED else ""
        head = f"mutation({types})" if types else "mutation"
        text = f"{head} {{ {name}({arguments}){keyed} {{ {payload} {errors} {{ field message{code} }} }} }}"
        payload_: Json = self.data(text, **variables)[name]
        payload_["errors"] = payload_.pop(errors)
        return payload_


KEYED = {"inventorySetQuantities", "inventoryAdjustQuantities", "inventoryActivate", "refundCreate"}
WITHOUT_CODE = {
    *(
        "inventoryActivate",
        "inventoryItemUpdate",
        "productCreate",
        "productUpdate",
        "productDelete",
        "metafieldsDelete",
    ),
    *("publishablePublish", "publishableUnpublish", "fulfillmentCreate", "fulfillmentTrackingInfoUpdate"),
    *("fulfillmentCancel", "orderUpdate", "orderMarkAsPaid", "orderClose", "refundCreate", "webhookSubscriptionCreate"),
    *("webhookSubscriptionUpdate", "webhookSubscriptionDelete", "bulkOperationCancel", "stagedUploadsCreate"),
    *("collectionAddProducts", "collectionRemoveProducts", "collectionCreate", "tagsAdd", "tagsRemove"),
}


def fill(shop: ShopifyShop) -> ShopifyShop:
    """A cup, a book at the reduced rate, and a shirt in three sizes."""
    shop.add_product("Kaffeebecher", [Entry("KB-300", "12.90", 50, "4006381333931", elsewhere=5)])
    shop.add_product("Kochbuch", [Entry("BU-1001", "24.95", 30)], taxClass="reduced")
    sizes = [Entry(f"TS-{size}", "19.90", 8, options={"Größe": size}) for size in ("S", "M", "L")]
    shop.add_product("T-Shirt", sizes, matrixSku="TS")
    return shop


def item_id(shop: ShopifyShop, sku: str) -> str:
    """The inventory item of an SKU."""
    return str(shop.variant(sku)["item"]["id"])


def level(item: str, quantity: int, *, location: int = 1, before: int | None = None) -> Json:
    """One row of `inventorySetQuantities`."""
    place = f"gid://shopify/Location/{location}"
    return {"inventoryItemId": item, "locationId": place, "quantity": quantity, "changeFromQuantity": before}


def levels(*rows: Json) -> Json:
    """The input of `inventorySetQuantities`."""
    return {"name": "available", "reason": "correction", "quantities": list(rows)}


def set_levels(api: Api, *rows: Json, **changes: Any) -> Json:
    """Set levels; returns the payload."""
    return api.change(
        "inventorySetQuantities",
        "input: $i",
        "inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange } }",
        "$i: InventorySetQuantitiesInput!",
        i=levels(*rows) | changes,
    )


def ship(api: Api, order: Json, *, lines: Json | None = None, number: str = "00340434161094") -> Json:
    """Ship an order's first fulfilment order, whole or only some pieces by SKU; returns the payload."""
    document = order["fulfillmentOrders"][0]
    rows = None
    if lines is not None:
        skus = {line["id"]: line["sku"] for line in order["lineItems"]}
        wanted = [
            (part, lines[skus[part["lineItemId"]]]) for part in document["lines"] if skus[part["lineItemId"]] in lines
        ]
        rows = [{"id": part["id"], "quantity": count} for part, count in wanted]
    group = {"fulfillmentOrderId": document["id"], "fulfillmentOrderLineItems": rows}
    return api.change(
        "fulfillmentCreate",
        "fulfillment: $f",
        "fulfillment { id status totalQuantity trackingInfo { number company url } fulfillmentLineItems(first: 9) "
        "{ nodes { id quantity lineItem { sku } } } }",
        "$f: FulfillmentInput!",
        f={"lineItemsByFulfillmentOrder": [group], "trackingInfo": {"company": "DHL", "number": number}},
    )


def cancel(api: Api, order_id: str, *, restock: bool = True, refund: bool = True) -> Json:
    """Cancel an order; returns the payload."""
    return api.change(
        "orderCancel",
        "orderId: $o, reason: OTHER, restock: $r, refundMethod: {originalPaymentMethodsRefund: $b}",
        "job { id done }",
        "$o: ID!, $r: Boolean!, $b: Boolean!",
        o=order_id,
        r=restock,
        b=refund,
    )


def quantities(**changes: Any) -> Json:
    """The input of `quantityPricingByVariantUpdate`: nothing but the changes."""
    names = ("pricesToAdd", "pricesToDeleteByVariantId", "quantityPriceBreaksToAdd", "quantityPriceBreaksToDelete")
    return {name: [] for name in (*names, "quantityRulesToAdd", "quantityRulesToDeleteByVariantId")} | changes


def price_row(variant: str, amount: str, currency: str = "EUR", **values: Any) -> Json:
    """A fixed price, or with `minimumQuantity` a quantity price break."""
    return {"variantId": variant, "price": {"amount": amount, "currencyCode": currency}, **values}


def set_quantities(api: Api, *, price_list: int = 1, **changes: Any) -> Json:
    """Change prices, price breaks and quantity rules of a price list; returns the payload."""
    return api.change(
        "quantityPricingByVariantUpdate",
        f'priceListId: "gid://shopify/PriceList/{price_list}", input: $i',
        "productVariants { id sku }",
        "$i: QuantityPricingByVariantUpdateInput!",
        i=quantities(**changes),
    )


def refund(api: Api, **values: Any) -> Json:
    """Refund; returns the payload."""
    payload = "refund { id totalRefundedSet { shopMoney { amount } } } order { id displayFinancialStatus }"
    return api.change("refundCreate", "input: $i", payload, "$i: RefundInput!", i=values)
