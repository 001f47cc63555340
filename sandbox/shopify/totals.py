"""What follows from an order's lines, transactions and fulfilments: its amounts and states, worked out anew at each change."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.shopify import lines
from sandbox.shopify.money import Bag, total
from sandbox.shopify.store import Json

SETTLED = frozenset({"SALE", "CAPTURE"})


def refresh(order: Json) -> None:
    """Set every derived field of an order."""
    _ordered(order)
    _current(order)
    _paid(order)
    _states(order)


def refunded_shipping(order: Json) -> Bag:
    """Shipping given back so far, without its tax where prices are net."""
    return total((r["shippingSubtotal"] for r in order["refunds"]), order["zero"])


def refunded_shipping_tax(order: Json) -> Bag:
    """The tax of shipping given back so far."""
    return total((r["shippingTax"] for r in order["refunds"]), order["zero"])


def received(order: Json) -> Bag:
    """What the customer paid and the shop has."""
    return _money_of(order, lambda t: t["kind"] in SETTLED and t["status"] == "SUCCESS")


def refunded(order: Json) -> Bag:
    """What was given back."""
    return _money_of(order, lambda t: t["kind"] == "REFUND" and t["status"] == "SUCCESS")


def _money_of(order: Json, wanted: object) -> Bag:
    assert callable(wanted)
    return total((t["amountSet"] for t in order["transactions"] if wanted(t)), order["zero"])


def _ordered(order: Json) -> None:
    zero, items = order["zero"], lines.goods(order)
    shipping = total((lines.shipping_after_discount(s) for s in order["shippingLines"]), zero)
    taxed = [*order["lineItems"], *order["shippingLines"]]
    subtotal = total((lines.discounted(line) for line in items), zero)
    taxes = total((lines.tax(line) for line in taxed), zero)
    tip = lines.tip(order)
    whole = subtotal + shipping + tip + (zero if order["taxesIncluded"] else taxes)
    discounts = total((lines.allocated(line) for line in taxed), zero)
    order |= {
        "subtotalPriceSet": subtotal,
        "totalShippingPriceSet": shipping,
        "totalTaxSet": taxes,
        "totalPriceSet": whole,
        "originalTotalPriceSet": whole,
        "totalDiscountsSet": discounts,
        "cartDiscountAmountSet": total((_cart_discount(order, line) for line in taxed), zero),
        "totalTipReceivedSet": tip,
        "taxLines": lines.merged_taxes((t, t["priceSet"]) for line in taxed for t in line["taxLines"]),
        "subtotalLineItemsQuantity": sum(line["quantity"] for line in items),
    }


def _current(order: Json) -> None:
    zero, items = order["zero"], lines.goods(order)
    shipping_refund, shipping_tax_refund = refunded_shipping(order), refunded_shipping_tax(order)
    shipping = order["totalShippingPriceSet"] - shipping_refund
    subtotal = total((lines.current(lines.discounted(line), line) for line in items), zero)
    parts: list[tuple[Json, Bag]] = [
        (t, lines.current(t["priceSet"], line)) for line in order["lineItems"] for t in line["taxLines"]
    ]
    left = shipping_tax_refund
    for line in order["shippingLines"]:
        for tax in line["taxLines"]:
            taken = tax["priceSet"].at_most(left)
            left = left - taken
            parts.append((tax, tax["priceSet"] - taken))
    taxes = total((bag for _, bag in parts), zero)
    tips = total((lines.current(lines.original(t), t) for t in order["lineItems"] if t["kind"] == lines.TIP), zero)
    whole = subtotal + shipping + tips + (zero if order["taxesIncluded"] else taxes)
    order |= {
        "currentSubtotalPriceSet": subtotal,
        "currentShippingPriceSet": shipping,
        "currentTotalTaxSet": taxes,
        "currentTotalPriceSet": whole,
        "currentTotalDiscountsSet": total((lines.current(lines.allocated(line), line) for line in items), zero),
        "currentCartDiscountAmountSet": order["cartDiscountAmountSet"],
        "currentTaxLines": [t for t in lines.merged_taxes(parts) if t["priceSet"]],
        "currentSubtotalLineItemsQuantity": sum(lines.current_quantity(line) for line in items),
        "totalRefundedShippingSet": shipping_refund,
    }


def _cart_discount(order: Json, line: Json) -> Bag:
    return lines.allocated(line, lambda a: order["discounts"][a["index"]]["targetSelection"] == "ALL")


def _paid(order: Json) -> None:
    taken, given = received(order), refunded(order)
    authorized = _money_of(order, lambda t: t["kind"] == "AUTHORIZATION" and t["status"] == "SUCCESS" and t["open"])
    net = taken - given
    outstanding = order["currentTotalPriceSet"] - net
    order |= {
        "totalReceivedSet": taken,
        "totalRefundedSet": given,
        "netPaymentSet": net,
        "totalOutstandingSet": order["zero"] if order["cancelledAt"] else outstanding,
        "totalCapturableSet": authorized,
        "refundDiscrepancySet": order["zero"],
        "displayFinancialStatus": _financial(order, taken, given, authorized),
    }
    order["fullyPaid"] = not order["totalOutstandingSet"].shop > 0 and not authorized
    order["unpaid"] = taken.shop <= 0


def _financial(order: Json, taken: Bag, given: Bag, authorized: Bag) -> str:
    if given.shop > 0:
        return "REFUNDED" if given.shop >= taken.shop else "PARTIALLY_REFUNDED"
    if taken.shop > 0:
        return "PAID" if taken.shop >= order["currentTotalPriceSet"].shop else "PARTIALLY_PAID"
    if authorized:
        return "AUTHORIZED"
    if any(t["kind"] == "VOID" for t in order["transactions"]):
        return "VOIDED"
    return "PAID" if not order["totalPriceSet"] else "PENDING"


def _states(order: Json) -> None:
    shippable = [line for line in order["lineItems"] if line["kind"] != lines.TIP]
    for line in order["lineItems"]:
        line["currentQuantity"] = lines.current_quantity(line)
    for document in order["fulfillmentOrders"]:
        document["status"] = _fulfillment_order_status(document)
    open_pieces = sum(line["unfulfilledQuantity"] for line in shippable)
    fulfilled = sum(line["fulfilled"] for line in shippable)
    if open_pieces == 0 and fulfilled:
        status = "FULFILLED"
    elif fulfilled:
        status = "PARTIALLY_FULFILLED"
    elif _all(order["fulfillmentOrders"], "ON_HOLD"):
        status = "ON_HOLD"
    else:
        status = "UNFULFILLED"
    order["displayFulfillmentStatus"] = status
    order["returnStatus"] = _return_status(order["returns"])


def _fulfillment_order_status(document: Json) -> str:
    if document["status"] in {"CANCELLED", "ON_HOLD", "SCHEDULED"}:
        return str(document["status"])
    if all(line["remainingQuantity"] == 0 for line in document["lines"]):
        return "CLOSED"
    was_begun = any(line["fulfilled"] for line in document["lines"])
    return "IN_PROGRESS" if was_begun else "OPEN"


def _return_status(returns: Iterable[Json]) -> str:
    states = [r["status"] for r in returns]
    if "OPEN" in states:
        return "IN_PROGRESS"
    if "REQUESTED" in states:
        return "RETURN_REQUESTED"
    return "RETURNED" if "CLOSED" in states else "NO_RETURN"


def _all(documents: list[Json], status: str) -> bool:
    active = [d for d in documents if d["status"] not in {"CLOSED", "CANCELLED"}]
    return bool(active) and all(d["status"] == status for d in active)
