"""Refunds: what could be given back, and giving it back with stock returned or not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.shopify import lines, orders, stock, totals
from sandbox.shopify.errors import Refused
from sandbox.shopify.money import Bag, total
from sandbox.shopify.store import Json

if TYPE_CHECKING:
    from sandbox.shopify.schema import Call

SETTLED = totals.SETTLED


def line_refund(
    order: Json, line: Json, quantity: int, restock: str = "NO_RESTOCK", location: str | None = None
) -> Json:
    """The part of a refund that pieces of one line account for; taxes of net prices come on top of the subtotal."""
    before = lines.gone(line)
    subtotal = lines.discounted(line).pieces(before, quantity, line["quantity"])
    tax = total((t["priceSet"].pieces(before, quantity, line["quantity"]) for t in line["taxLines"]), order["zero"])
    return {
        "lineItemId": line["id"],
        "line": line,
        "quantity": quantity,
        "restockType": restock,
        "restocked": restock != "NO_RESTOCK",
        "locationId": location,
        "priceSet": lines.discounted(line).share(1, line["quantity"]),
        "subtotalSet": subtotal,
        "totalTaxSet": tax,
    }


def shipping_refund(order: Json, wanted: Json | None) -> tuple[Bag, Bag]:
    """Shipping and its tax to give back for a `ShippingRefundInput`; raises Refused for more than is left."""
    zero = order["zero"]
    left = order["currentShippingPriceSet"]
    taxes = total((t["priceSet"] for s in order["shippingLines"] for t in s["taxLines"]), zero)
    tax_left = taxes - totals.refunded_shipping_tax(order)
    if not wanted:
        return zero, zero
    if wanted.get("fullRefund"):
        return left, tax_left
    amount = Decimal(str(wanted.get("amount") or 0))
    if amount > left.shop:
        raise Refused("Shipping refund amount exceeds the refundable shipping.", "input", "shipping", "amount")
    if not left.shop:
        return zero, zero
    part = left.times(amount / left.shop)
    return part, tax_left.times(amount / left.shop)


def due(order: Json, rows: Sequence[Json], shipping: tuple[Bag, Bag]) -> Bag:
    """What the customer gets for lines and shipping: gross prices contain the tax, net prices do not."""
    subtotal = total((row["subtotalSet"] for row in rows), order["zero"]) + shipping[0]
    if order["taxesIncluded"]:
        return subtotal
    return subtotal + total((row["totalTaxSet"] for row in rows), order["zero"]) + shipping[1]


def refundable_by(order: Json, transaction: Json) -> Bag:
    """What is left of a payment to give back."""
    given = [
        t["amountSet"] for t in order["transactions"] if t["parentId"] == transaction["id"] and t["kind"] == "REFUND"
    ]
    bag: Bag = transaction["amountSet"] - total(given, order["zero"])
    return bag


def spread(order: Json, amount: Bag) -> list[tuple[Json, Bag]]:
    """Which payments give how much of an amount back, oldest first."""
    found, left = [], amount
    for transaction in order["transactions"]:
        if transaction["kind"] not in SETTLED or transaction["status"] != "SUCCESS":
            continue
        part = refundable_by(order, transaction).at_most(left)
        if part.shop > 0:
            found.append((transaction, part))
            left = left - part
    return found


def suggested(_call: Call, order: Json, args: Json) -> Json:
    """What a refund of lines and shipping would amount to (`Order.suggestedRefund`)."""
    rows = _suggested_rows(order, args)
    shipping_wanted: Json | None = None
    if args.get("suggestFullRefund") or args.get("refundShipping"):
        shipping_wanted = {"fullRefund": True}
    elif args.get("shippingAmount") is not None:
        shipping_wanted = {"amount": args["shippingAmount"]}
    shipping = shipping_refund(order, shipping_wanted)
    amount = due(order, rows, shipping).at_most(order["netPaymentSet"])
    zero = order["zero"]
    before = total((lines.original(r["line"]).share(r["quantity"], r["line"]["quantity"]) for r in rows), zero)
    subtotal = total((row["subtotalSet"] for row in rows), zero)
    return {
        "amountSet": amount,
        "maximumRefundableSet": order["netPaymentSet"],
        "subtotalSet": subtotal,
        "discountedSubtotalSet": subtotal,
        "totalCartDiscountAmountSet": before - subtotal,
        "totalDutiesSet": zero,
        "totalTaxSet": total((row["totalTaxSet"] for row in rows), zero) + shipping[1],
        "refundLineItems": rows,
        "refundDuties": [],
        "shipping": {
            "amountSet": shipping[0],
            "taxSet": shipping[1],
            "maximumRefundableSet": order["currentShippingPriceSet"],
        },
        "suggestedTransactions": [_suggestion(order, t, part) for t, part in spread(order, amount)],
    }


def _suggested_rows(order: Json, args: Json) -> list[Json]:
    by_id = {line["id"]: line for line in order["lineItems"]}
    if args.get("suggestFullRefund"):
        pairs = [(line, lines.current_quantity(line)) for line in order["lineItems"]]
    else:
        pairs = [
            (by_id[r["lineItemId"]], r["quantity"])
            for r in args.get("refundLineItems") or ()
            if r["lineItemId"] in by_id
        ]
    return [
        line_refund(
            order, line, min(count, lines.current_quantity(line)), "CANCEL" if line["unfulfilledQuantity"] else "RETURN"
        )
        for line, count in pairs
        if min(count, lines.current_quantity(line)) > 0
    ]


def _suggestion(order: Json, transaction: Json, part: Bag) -> Json:
    kept = {name: transaction[name] for name in ("gateway", "formattedGateway")}
    return {
        **kept,
        "kind": "SUGGESTED_REFUND",
        "amountSet": part,
        "accountNumber": None,
        "maximumRefundableSet": refundable_by(order, transaction),
        "parentTransaction": transaction,
    }


def book(
    call: Call,
    order: Json,
    rows: Sequence[Json],
    shipping: tuple[Bag, Bag],
    payments: Sequence[tuple[Json | None, str, Bag]],
    *,
    note: str | None = None,
    return_id: str | None = None,
) -> Json:
    """Write a refund into an order: lines and stock, shipping, payments as (parent, gateway, amount); returns the refund."""
    shop = call.shop
    moment = shop.moment()
    refund_id = shop.store.next_id("Refund")
    for row in rows:
        take_back(call, order, row)
    given = []
    for parent, gateway, amount in payments:
        parent_id = parent["id"] if parent else None
        new = orders.transaction(shop, gateway, "REFUND", "SUCCESS", amount, at=shop.clock(), parent=parent_id)
        given.append(new)
    order["transactions"] += given
    refund = {
        "id": refund_id,
        "note": note,
        "createdAt": moment,
        "updatedAt": moment,
        "processedAt": moment,
        "returnId": return_id,
        "lines": [
            {k: v for k, v in row.items() if k != "line"} | {"id": shop.store.next_id("RefundLineItem")} for row in rows
        ],
        "shippingId": shop.store.next_id("RefundShippingLine"),
        "shippingSubtotal": shipping[0],
        "shippingTax": shipping[1],
        "transactionIds": [t["id"] for t in given],
        "totalRefundedSet": total((t["amountSet"] for t in given), order["zero"]),
    }
    order["refunds"].append(refund)
    return refund


def take_back(call: Call, order: Json, row: Json) -> None:
    """Count a row's pieces as refunded and, if wanted, put them back on the shelf."""
    line, quantity = row["line"], row["quantity"]
    line["refunded"] += quantity
    cancelled = min(quantity, line["unfulfilledQuantity"]) if row["restockType"] in {"CANCEL", "NO_RESTOCK"} else 0
    if cancelled:
        line["unfulfilledQuantity"] -= cancelled
        _reduce(order, line, cancelled)
    location = row["locationId"] or line.get("locationId", "")
    back = quantity if row["restockType"] in {"CANCEL", "RETURN", "LEGACY_RESTOCK"} else 0
    deltas = {stock.AVAILABLE: back, stock.COMMITTED: -cancelled}
    if any(deltas.values()):
        stock.move(call.shop, line["variantId"], location, **deltas)


def _reduce(order: Json, line: Json, pieces: int) -> None:
    """Take pieces out of the fulfilment orders that still wait for them."""
    for document in order["fulfillmentOrders"]:
        for part in document["lines"]:
            taken = min(pieces, part["remainingQuantity"]) if part["lineItemId"] == line["id"] else 0
            part["remainingQuantity"] -= taken
            part["totalQuantity"] -= taken
            pieces -= taken


def parents(order: Json, wanted: Sequence[Any]) -> list[tuple[Json | None, str, Bag]]:
    """The payments that a refund's `transactions` name; raises Refused for an unknown one or too much."""
    found: list[tuple[Json | None, str, Bag]] = []
    by_id = {t["id"]: t for t in order["transactions"]}
    for index, row in enumerate(wanted):
        path = ("input", "transactions", str(index))
        if row["kind"] != "REFUND":
            raise Refused("Kind must be refund.", *path, "kind")
        parent = by_id.get(row.get("parentId") or "")
        if row.get("parentId") and parent is None:
            raise Refused("Parent transaction does not exist.", *path, "parentId")
        amount = bag_like(order, Decimal(str(row["amount"])))
        if parent is not None and amount.shop > refundable_by(order, parent).shop:
            raise Refused("Refund amount exceeds the amount that can be refunded.", *path, "amount")
        if amount.shop <= 0:
            raise Refused("Amount must be greater than zero.", *path, "amount")
        found.append((parent, row["gateway"], amount))
    return found


def bag_like(order: Json, amount: Decimal) -> Bag:
    """An amount in the shop's currency with its counterpart at the rate of the order's total."""
    whole: Bag = order["totalPriceSet"]
    rate = whole.presentment / whole.shop if whole.shop else Decimal(1)
    one = whole.of(Decimal(1), rate)
    return one.times(amount)
