"""Mutations of orders: refunds, cancelling, notes and attributes, payment, closing; and reading refunds."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import lines, orders, refunding
from sandbox.shopify.errors import Refused
from sandbox.shopify.metafields import set_metafields
from sandbox.shopify.money import total
from sandbox.shopify.mutating import idempotent, mutation, order_to_change
from sandbox.shopify.paging import listed
from sandbox.shopify.read_orders import line_of, order_of
from sandbox.shopify.read_shop import constant, reference
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json, gid, number_of

MAX_NOTE = 5000


def _refund(call: Call, args: Json) -> Json:
    wanted = args["input"]
    order = order_to_change(call, wanted["orderId"])
    rows = [_row(order, row, index) for index, row in enumerate(wanted.get("refundLineItems") or ())]
    shipping = refunding.shipping_refund(order, wanted.get("shipping"))
    payments = refunding.parents(order, wanted.get("transactions") or ())
    if not rows and not payments and not any(shipping):
        raise Refused("Refund must have line items, shipping or transactions.", "input")
    given = total((amount for _, _, amount in payments), order["zero"])
    if given.shop > order["netPaymentSet"].shop and not wanted.get("allowOverRefunding"):
        message = "Refund amount is more than the maximum refundable amount."
        raise Refused(message, "input", "transactions")
    refund = refunding.book(call, order, rows, shipping, payments, note=wanted.get("note"))
    call.shop.save_order(order, "refund")
    call.shop.record("refund", order["id"], refund["totalRefundedSet"].shop, call.request_id)
    return {"refund": refund, "order": order}


def _row(order: Json, row: Json, index: int) -> Json:
    path = ("input", "refundLineItems", str(index))
    line = next((x for x in order["lineItems"] if x["id"] == row["lineItemId"]), None)
    if line is None:
        raise Refused("Line item does not exist.", *path, "lineItemId")
    if row["quantity"] < 1 or row["quantity"] > lines.current_quantity(line):
        message = "Quantity cannot refund more items than were purchased."
        raise Refused(message, *path, "quantity")
    restock = row.get("restockType") or "NO_RESTOCK"
    if restock == "CANCEL" and row["quantity"] > line["unfulfilledQuantity"]:
        raise Refused("Quantity of items to cancel exceeds the unfulfilled ones.", *path, "restockType")
    if restock == "RETURN" and row["quantity"] > line["fulfilled"]:
        raise Refused("Quantity of items to return exceeds the fulfilled ones.", *path, "restockType")
    return refunding.line_refund(order, line, row["quantity"], restock, row.get("locationId"))


def _cancel(call: Call, args: Json) -> Json:
    order = order_to_change(call, args["orderId"])
    _check_cancel(order, args)
    shop, job_id = call.shop, call.shop.store.next_id("Job")
    method = args.get("refundMethod") or {}
    rows = []
    for line in order["lineItems"]:
        count = lines.current_quantity(line)
        if count:
            restock = "CANCEL" if args["restock"] and line["variantId"] else "NO_RESTOCK"
            rows.append(refunding.line_refund(order, line, count, restock))
    shipping = refunding.shipping_refund(order, {"fullRefund": True})
    amount = order["netPaymentSet"] if method.get("originalPaymentMethodsRefund") else order["zero"]
    payments = [(t, t["gateway"], part) for t, part in refunding.spread(order, amount)]
    refund = refunding.book(call, order, rows, shipping, payments, note=None)
    for transaction in [t for t in order["transactions"] if t["open"]]:
        transaction["open"] = False
        bag, parent = transaction["amountSet"], transaction["id"]
        order["transactions"].append(
            orders.transaction(shop, transaction["gateway"], "VOID", "SUCCESS", bag, at=shop.clock(), parent=parent)
        )
    for document in order["fulfillmentOrders"]:
        if document["status"] not in {"CLOSED"}:
            document["status"] = "CANCELLED"
    moment = shop.moment()
    order |= {"cancelledAt": moment, "cancelReason": args["reason"], "cancelNote": args.get("staffNote")}
    order["closedAt"] = moment
    shop.save_order(order, "cancelled")
    shop.record("order_status", order["id"], "CANCELLED", call.request_id)
    if refund["totalRefundedSet"]:
        shop.record("refund", order["id"], refund["totalRefundedSet"].shop, call.request_id)
    result = {"id": gid("OrderCancelJobResult", number_of(job_id)), "done": False, "status": "STARTED"}
    return {"job": {"id": job_id, "done": False}, "jobResult": {**result, "errors": [], "order": order}}


def _check_cancel(order: Json, args: Json) -> None:
    if order["cancelledAt"]:
        raise Refused("Order has already been cancelled", "orderId", code="INVALID")
    if any(f["status"] == "SUCCESS" for f in order["fulfillments"]):
        raise Refused("Cannot cancel an order that has fulfillments", "orderId", code="INVALID")
    if any(r["status"] in {"OPEN", "REQUESTED"} for r in order["returns"]):
        raise Refused("Cannot cancel an order with returns in progress", "orderId", code="INVALID")
    if len(args.get("staffNote") or "") > 255:
        raise Refused("Staff note is too long", "staffNote", code="INVALID")


def _update(call: Call, args: Json) -> Json:
    wanted = args["input"]
    order = order_to_change(call, wanted["id"], "id")
    if len(wanted.get("note") or "") > MAX_NOTE:
        raise Refused("Note is too long", "note")
    for name in ("note", "email", "phone", "poNumber"):
        if name in wanted:
            order[name] = wanted[name]
    if wanted.get("tags") is not None:
        order["tags"] = sorted(set(wanted["tags"]))
    if wanted.get("customAttributes") is not None:
        order["customAttributes"] = [dict(row) for row in wanted["customAttributes"]]
    if wanted.get("shippingAddress"):
        address = {k: v for k, v in wanted["shippingAddress"].items() if k not in {"countryCode", "provinceCode"}}
        code = wanted["shippingAddress"].get("countryCode")
        order["shippingAddress"] = {
            **(order["shippingAddress"] or {}),
            **address,
            **({"countryCodeV2": code} if code else {}),
        }
    set_metafields(call, order, wanted.get("metafields") or ())
    call.shop.save_order(order, "update")
    call.shop.record("order", order["id"], ", ".join(sorted(set(wanted) - {"id"})), call.request_id)
    return {"order": order}


def _mark_paid(call: Call, args: Json) -> Json:
    order = order_to_change(call, args["input"]["id"], "id")
    if order["cancelledAt"] or order["totalOutstandingSet"].shop <= 0:
        raise Refused("Order cannot be marked as paid.", "id")
    orders.pay(call.shop, order)
    call.shop.record("order_status", order["id"], order["displayFinancialStatus"], call.request_id)
    return {"order": order}


def _close(call: Call, args: Json) -> Json:
    order = order_to_change(call, args["input"]["id"], "id")
    order["closedAt"] = call.shop.moment()
    call.shop.save_order(order, "update")
    call.shop.record("order_status", order["id"], "CLOSED", call.request_id)
    return {"order": order}


def _refunded_transactions(call: Call, source: Json, args: Json) -> Json:
    found = [t for t in order_of(call, source)["transactions"] if t["id"] in source["transactionIds"]]
    return listed(found, args)


def _shipping_lines(call: Call, source: Json, args: Json) -> Json:
    order = order_of(call, source)
    rows = []
    if source["shippingSubtotal"] and order["shippingLines"]:
        rows.append(
            {
                "id": source["shippingId"],
                "shippingLine": order["shippingLines"][0],
                "subtotalAmountSet": source["shippingSubtotal"],
                "taxAmountSet": source["shippingTax"],
            }
        )
    return listed(rows, args)


def _refund_line(call: Call, source: Json, _args: Json) -> Json:
    if "line" in source:
        found: Json = source["line"]
        return found
    return line_of(order_of(call, source), source["lineItemId"])


def _refund_by_id(call: Call, _source: Any, args: Json) -> Json | None:
    owner = call.shop.store.owner(args["id"])
    return next((r for r in owner["refunds"] if r["id"] == args["id"]), None) if owner else None


def _return_of(call: Call, source: Json, _args: Json) -> Json | None:
    return next((r for r in order_of(call, source)["returns"] if r["id"] == source["returnId"]), None)


RESOLVERS: dict[str, Resolver] = {
    "Mutation.refundCreate": idempotent("refundCreate", _refund),
    "Mutation.orderCancel": mutation(_cancel, "orderCancelUserErrors"),
    "Mutation.orderUpdate": mutation(_update),
    "Mutation.orderMarkAsPaid": mutation(_mark_paid),
    "Mutation.orderClose": mutation(_close),
    "QueryRoot.refund": _refund_by_id,
    "Refund.order": lambda call, source, _args: order_of(call, source),
    "Refund.return": _return_of,
    "Refund.duties": constant([]),
    "Refund.refundLineItems": lambda _call, source, args: listed(source["lines"], args),
    "Refund.refundShippingLines": _shipping_lines,
    "Refund.orderAdjustments": lambda _call, _source, args: listed([], args),
    "Refund.transactions": _refunded_transactions,
    "RefundLineItem.lineItem": _refund_line,
    "RefundLineItem.location": reference("locationId"),
}
