"""Orders of other people's queries: a GraphQL answer has the fields that were asked for, under one of several names."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.shopify.graph import number_of

Node = Mapping[str, Any]


def completed(order: Node) -> dict[str, Any]:
    """Fill what our own query asks for from what says the same; pure. What is there stays, what nobody says stays out."""
    fallback = {
        "legacyResourceId": number_of(order.get("id")) or None,
        "updatedAt": order.get("processedAt") or order.get("createdAt"),
        "createdAt": order.get("processedAt"),
        "totalPriceSet": order.get("currentTotalPriceSet") or _bag(order.get("totalPrice")),
        "totalTaxSet": order.get("currentTotalTaxSet") or _bag(order.get("totalTax")),
        "shippingLines": [order["shippingLine"]] if order.get("shippingLine") else None,
    }
    made = _filled(order, fallback)
    if made.get("currencyCode") is None:
        made["currencyCode"] = _currency(made.get("totalPriceSet"))
    return made


def completed_line(line: Node) -> dict[str, Any]:
    """The same for a line of an order; its total may only be there as the price of one."""
    variant = line.get("variant")
    fallback = {
        "name": line.get("title"),
        "sku": variant.get("sku") if isinstance(variant, dict) else None,
        "originalTotalSet": _times(line.get("originalUnitPriceSet"), line.get("quantity"))
        or _bag(line.get("originalTotal")),
    }
    return _filled(line, fallback)


def completed_tax(tax: Node) -> dict[str, Any]:
    """The same for a tax line."""
    return _filled(tax, {"priceSet": _bag(tax.get("price"))})


def _filled(node: Node, fallback: Node) -> dict[str, Any]:
    return {**node, **{name: value for name, value in fallback.items() if value is not None and node.get(name) is None}}


def _bag(amount: object) -> dict[str, Any] | None:
    """A plain amount, as older fields have it; it is in the shop's currency."""
    return {"shopMoney": {"amount": amount}} if isinstance(amount, str | int | float) else None


def _money(bag: object) -> Node:
    money = bag.get("shopMoney") if isinstance(bag, dict) else None
    return money if isinstance(money, dict) else {}


def _currency(bag: object) -> object:
    return _money(bag).get("currencyCode")


def _times(bag: object, quantity: object) -> dict[str, Any] | None:
    money = _money(bag)
    try:
        amount = Decimal(str(money["amount"])) * Decimal(str(quantity))
    except (KeyError, InvalidOperation):
        return None
    return {"shopMoney": {**money, "amount": str(amount)}}
