"""Returns: what can come back, opening, approving, declining, processing with or without a refund, closing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.shopify import lines, refunding
from sandbox.shopify.errors import Refused
from sandbox.shopify.mutating import mutation, order_to_change
from sandbox.shopify.paging import listed
from sandbox.shopify.read_orders import line_of, order_of
from sandbox.shopify.read_shop import constant
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.store import Json, gid, kind_of, number_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

REASONS = (
    *("UNKNOWN", "SIZE_TOO_SMALL", "SIZE_TOO_LARGE", "UNWANTED", "NOT_AS_DESCRIBED", "WRONG_ITEM", "DEFECTIVE"),
    *("STYLE", "COLOR", "OTHER"),
)
RETURNED = {
    "RESTOCKED": "RETURN",
    "NOT_RESTOCKED": "NO_RESTOCK",
    "PROCESSING_REQUIRED": "NO_RESTOCK",
    "MISSING": "NO_RESTOCK",
}


def returnable(order: Json) -> Iterable[tuple[Json, Json, int]]:
    """Lines of fulfilments with the pieces that can still come back."""
    for fulfillment in order["fulfillments"]:
        if fulfillment["status"] != "SUCCESS":
            continue
        for row in fulfillment["lines"]:
            line = line_of(order, row["lineItemId"])
            left = min(row["quantity"] - row["returned"], lines.current_quantity(line))
            if left > 0:
                yield fulfillment, row, left


def open_return(shop: ShopifyShop, order: Json, wanted: list[Json], status: str) -> Json:
    """A new return with its lines; raises Refused for pieces that cannot come back."""
    known = {row["id"]: (row, left) for _, row, left in returnable(order)}
    rows = []
    for index, item in enumerate(wanted):
        path = ("returnInput", "returnLineItems", str(index))
        if item["fulfillmentLineItemId"] not in known:
            raise Refused("Fulfillment line item is not returnable.", *path, "fulfillmentLineItemId", code="NOT_FOUND")
        row, left = known[item["fulfillmentLineItemId"]]
        if not 0 < item["quantity"] <= left:
            raise Refused("Quantity is not available for return.", *path, "quantity", code="INVALID")
        row["returned"] += item["quantity"]
        rows.append(
            {
                "id": shop.store.next_id("ReturnLineItem"),
                "fulfillmentLineItemId": row["id"],
                "lineItemId": row["lineItemId"],
                "quantity": item["quantity"],
                "processed": 0,
                "refunded": 0,
                "reason": item.get("returnReason") or reason_by_id(item.get("returnReasonDefinitionId")),
                "note": item.get("returnReasonNote") or "",
            }
        )
    if not rows:
        raise Refused("Return must have at least one line item.", "returnInput", "returnLineItems", code="BLANK")
    moment = shop.moment()
    found = {
        "id": shop.store.next_id("Return"),
        "name": f"{order['name']}-R{len(order['returns']) + 1}",
        "status": status,
        "createdAt": moment,
        "closedAt": None,
        "requestApprovedAt": moment if status == "OPEN" else None,
        "decline": None,
        "lines": rows,
    }
    order["returns"].append(found)
    return found


def request_return(shop: ShopifyShop, order_id: str, sku: str, quantity: int, reason: str = "UNWANTED") -> str:
    """A customer asks for a return of shipped pieces; returns the return's global id. Raises Refused where none can come back."""
    with shop.changes():
        order = shop.store.table("Order")[order_id]
        row = next((r for _, r, left in returnable(order) if line_of(order, r["lineItemId"])["sku"] == sku), None)
        wanted = {"fulfillmentLineItemId": row["id"] if row else "", "quantity": quantity, "returnReason": reason}
        found = open_return(shop, order, [wanted], "REQUESTED")
        shop.save_order(order, "update")
        return str(found["id"])


def _create(call: Call, args: Json) -> Json:
    wanted = args["returnInput"]
    order = order_to_change(call, wanted["orderId"])
    found = open_return(call.shop, order, wanted["returnLineItems"], "OPEN")
    return _saved(call, order, found, "OPEN")


def _saved(call: Call, order: Json, found: Json, value: str) -> Json:
    call.shop.save_order(order, "update")
    call.shop.record("return", order["id"], value, call.request_id)
    return {"return": found}


def _loaded(call: Call, return_id: str, *states: str) -> tuple[Json, Json]:
    owner = call.shop.store.owner(return_id)
    if owner is None:
        raise Refused("Return does not exist.", "id", code="NOT_FOUND")
    order = order_to_change(call, owner["id"])
    found = next(r for r in order["returns"] if r["id"] == return_id)
    if found["status"] not in states:
        raise Refused(f"Return is {found['status'].lower()}.", "id", code="INVALID_STATE")
    return order, found


def _approve(call: Call, args: Json) -> Json:
    order, found = _loaded(call, args["input"]["id"], "REQUESTED")
    found |= {"status": "OPEN", "requestApprovedAt": call.shop.moment()}
    return _saved(call, order, found, "OPEN")


def _decline(call: Call, args: Json) -> Json:
    order, found = _loaded(call, args["input"]["id"], "REQUESTED")
    reason = {"reason": args["input"]["declineReason"], "note": args["input"].get("declineNote")}
    found |= {"status": "DECLINED", "decline": reason}
    _release(order, found)
    return _saved(call, order, found, "DECLINED")


def _close(call: Call, args: Json) -> Json:
    order, found = _loaded(call, args["id"], "OPEN")
    found |= {"status": "CLOSED", "closedAt": call.shop.moment()}
    return _saved(call, order, found, "CLOSED")


def _release(order: Json, found: Json) -> None:
    by_id = {row["id"]: row for f in order["fulfillments"] for row in f["lines"]}
    for row in found["lines"]:
        by_id[row["fulfillmentLineItemId"]]["returned"] -= row["quantity"]


def _process(call: Call, args: Json) -> Json:
    wanted = args["input"]
    order, found = _loaded(call, wanted["returnId"], "OPEN")
    by_id = {row["id"]: row for row in found["lines"]}
    rows = []
    for index, item in enumerate(wanted.get("returnLineItems") or ()):
        path = ("input", "returnLineItems", str(index))
        row = by_id.get(item["id"])
        if row is None:
            raise Refused("Return line item does not exist.", *path, "id", code="NOT_FOUND")
        if not 0 < item["quantity"] <= row["quantity"] - row["processed"]:
            raise Refused("Quantity exceeds the unprocessed quantity.", *path, "quantity", code="INVALID")
        row["processed"] += item["quantity"]
        row["refunded"] += item["quantity"]
        first: Json = next(iter(item.get("dispositions") or ()), {"dispositionType": "RESTOCKED"})
        restock = RETURNED[first["dispositionType"]]
        line = line_of(order, row["lineItemId"])
        rows.append(refunding.line_refund(order, line, item["quantity"], restock, first.get("locationId")))
    shipping = refunding.shipping_refund(order, _shipping(wanted.get("refundShipping")))
    transfer = (wanted.get("financialTransfer") or {}).get("issueRefund") or {}
    payments = refunding.parents(
        order, [_as_transaction(order, row) for row in transfer.get("orderTransactions") or ()]
    )
    refund = refunding.book(call, order, rows, shipping, payments, note=wanted.get("note"), return_id=found["id"])
    if all(row["processed"] == row["quantity"] for row in found["lines"]):
        found |= {"status": "CLOSED", "closedAt": call.shop.moment()}
    if refund["totalRefundedSet"]:
        call.shop.record("refund", order["id"], refund["totalRefundedSet"].shop, call.request_id)
    return _saved(call, order, found, f"processed {sum(row['quantity'] for row in rows)}")


def _shipping(wanted: Json | None) -> Json | None:
    if not wanted:
        return None
    amount = (wanted.get("shippingRefundAmount") or {}).get("amount")
    return {"fullRefund": wanted.get("fullRefund"), "amount": amount}


def _as_transaction(order: Json, row: Json) -> Json:
    parent = next((t for t in order["transactions"] if t["id"] == row["parentId"]), None)
    amount = Decimal(str(row["transactionAmount"]["amount"]))
    return {
        "kind": "REFUND",
        "parentId": row["parentId"],
        "gateway": parent["gateway"] if parent else "",
        "amount": amount,
    }


def reason_by_id(definition_id: str | None) -> str:
    """The reason that a definition's id stands for."""
    number = number_of(definition_id or "")
    return REASONS[number - 1] if 0 < number <= len(REASONS) else "UNKNOWN"


def _definition(reason: str) -> Json:
    number = REASONS.index(reason) + 1 if reason in REASONS else 1
    name = reason.replace("_", " ").capitalize()
    return {
        "id": gid("ReturnReasonDefinition", number),
        "handle": reason.lower().replace("_", "-"),
        "name": name,
        "deleted": False,
    }


def _definitions(_call: Call, _source: Any, args: Json) -> Json:
    rows = [_definition(reason) for reason in REASONS]
    if args.get("handles"):
        rows = [row for row in rows if row["handle"] in args["handles"]]
    return listed(rows, args)


def _returnable(call: Call, _source: Any, args: Json) -> Json:
    order = call.shop.store.table("Order").get(args["orderId"])
    rows: dict[str, Json] = {}
    for fulfillment, row, left in returnable(order) if order else ():
        entry = rows.setdefault(
            fulfillment["id"],
            {"id": gid("ReturnableFulfillment", number_of(fulfillment["id"])), "fulfillment": fulfillment, "rows": []},
        )
        entry["rows"].append({"fulfillmentLineItem": row, "quantity": left})
    return listed(list(rows.values()), args)


def _one_returnable(call: Call, _source: Any, args: Json) -> Json | None:
    fulfillment = gid("Fulfillment", number_of(args["id"]))
    owner = call.shop.store.owner(fulfillment) if kind_of(args["id"]) == "ReturnableFulfillment" else None
    if owner is None:
        return None
    page: Json = _returnable(call, None, {"orderId": owner["id"], "first": 250})
    return next((row for row in page["nodes"] if row["id"] == args["id"]), None)


def _return_by_id(call: Call, _source: Any, args: Json) -> Json | None:
    owner = call.shop.store.owner(args["id"])
    return next((r for r in owner["returns"] if r["id"] == args["id"]), None) if owner else None


def _shipped_line(call: Call, source: Json, _args: Json) -> Json:
    order = order_of(call, source)
    found: Json = next(
        row for f in order["fulfillments"] for row in f["lines"] if row["id"] == source["fulfillmentLineItemId"]
    )
    return found


def _line_total(call: Call, source: Json, _args: Json) -> Any:
    line = line_of(order_of(call, source), source["lineItemId"])
    return lines.discounted(line).share(source["quantity"], line["quantity"])


def _open_pieces(_call: Call, source: Json, _args: Json) -> int:
    return int(source["quantity"] - source["processed"])


RESOLVERS: dict[str, Resolver] = {
    "Mutation.returnCreate": mutation(_create),
    "Mutation.returnApproveRequest": mutation(_approve),
    "Mutation.returnDeclineRequest": mutation(_decline),
    "Mutation.returnProcess": mutation(_process),
    "Mutation.returnClose": mutation(_close),
    "QueryRoot.return": _return_by_id,
    "QueryRoot.returnableFulfillments": _returnable,
    "QueryRoot.returnableFulfillment": _one_returnable,
    "QueryRoot.returnReasonDefinitions": _definitions,
    "ReturnableFulfillment.returnableFulfillmentLineItems": lambda _call, source, args: listed(source["rows"], args),
    "Return.order": lambda call, source, _args: order_of(call, source),
    "Return.totalQuantity": lambda _call, source, _args: sum(row["quantity"] for row in source["lines"]),
    "Return.returnLineItems": lambda _call, source, args: listed(source["lines"], args),
    "Return.refunds": lambda call, source, args: listed(
        [r for r in order_of(call, source)["refunds"] if r["returnId"] == source["id"]], args
    ),
    "ReturnLineItem.customerNote": constant(None),
    "ReturnLineItem.fulfillmentLineItem": _shipped_line,
    "ReturnLineItem.processableQuantity": _open_pieces,
    "ReturnLineItem.unprocessedQuantity": _open_pieces,
    "ReturnLineItem.processedQuantity": lambda _call, source, _args: source["processed"],
    "ReturnLineItem.refundedQuantity": lambda _call, source, _args: source["refunded"],
    "ReturnLineItem.refundableQuantity": lambda _call, source, _args: source["quantity"] - source["refunded"],
    "ReturnLineItem.returnReasonNote": lambda _call, source, _args: source["note"],
    "ReturnLineItem.returnReason": lambda _call, source, _args: source["reason"],
    "ReturnLineItem.returnReasonDefinition": lambda _call, source, _args: _definition(source["reason"]),
    "ReturnLineItem.withCodeDiscountedTotalPriceSet": _line_total,
}
