"""Fulfilment orders and fulfilments: reading them, shipping, tracking numbers, taking a fulfilment back."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import lines, stock
from sandbox.shopify.errors import Refused
from sandbox.shopify.lists import Listing, connection
from sandbox.shopify.mutating import mutation, order_to_change
from sandbox.shopify.orders import new_fulfillment_order
from sandbox.shopify.paging import listed
from sandbox.shopify.read_orders import line_of, order_of
from sandbox.shopify.read_shop import ID, constant, reference
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, number_of

MAX_LINES = 512
SHIPPABLE = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED"})
CLOSED = frozenset({"CLOSED", "CANCELLED"})
FULFILLMENT_ORDERS = Listing(
    "Order",
    {
        "id": ID,
        "status": Field("text", lambda d: d["status"]),
        "updated_at": Field("time", lambda d: d["updatedAt"]),
        "assigned_location_id": Field("id", lambda d: number_of(d["locationId"])),
    },
    lambda d: d["id"],
    {
        "ID": lambda d: number_of(d["id"]),
        "CREATED_AT": lambda d: d["createdAt"],
        "UPDATED_AT": lambda d: d["updatedAt"],
    },
    items=lambda store: (d for order in store.table("Order").values() for d in order["fulfillmentOrders"]),
)


# --- shipping ---------------------------------------------------------------------------------------------------------------


def _create(call: Call, args: Json) -> Json:
    wanted = args["fulfillment"]
    groups = wanted["lineItemsByFulfillmentOrder"]
    if not groups:
        raise Refused("At least one fulfillment order has to be given.", "fulfillment", "lineItemsByFulfillmentOrder")
    first = call.shop.store.owner(groups[0]["fulfillmentOrderId"])
    if first is None:
        raise Refused("Fulfillment order does not exist.", "fulfillment")
    order = order_to_change(call, first["id"])
    if order["cancelledAt"]:
        raise Refused("The order has been cancelled.", "fulfillment")
    plan, locations = [], set[str]()
    for group in groups:
        document = _fulfillment_order(order, group["fulfillmentOrderId"])
        locations.add(document["locationId"])
        plan.append((document, _pieces(document, group.get("fulfillmentOrderLineItems"))))
    if len(locations) > 1:
        raise Refused("All fulfillment orders must be assigned to the same location.", "fulfillment")
    fulfillment = _ship(call, order, plan, locations.pop(), _tracking(wanted.get("trackingInfo")))
    call.shop.save_order(order, "fulfilled")
    numbers = ", ".join(t["number"] or "" for t in fulfillment["tracking"])
    call.shop.record("tracking", order["id"], numbers, call.request_id)
    call.shop.record("order_status", order["id"], order["displayFulfillmentStatus"], call.request_id)
    call.shop.webhooks.fulfillment_changed(order, fulfillment, "create")
    return {"fulfillment": fulfillment}


def _fulfillment_order(order: Json, wanted: str) -> Json:
    for document in order["fulfillmentOrders"]:
        if document["id"] == wanted:
            if document["status"] not in SHIPPABLE:
                message = (
                    f"Fulfillment order {number_of(wanted)} has an unfulfillable status= {document['status'].lower()}."
                )
                raise Refused(message, "fulfillment")
            found: Json = document
            return found
    raise Refused("All fulfillment orders must belong to the same order.", "fulfillment")


def _pieces(document: Json, wanted: list[Json] | None) -> list[tuple[Json, int]]:
    """Which lines with how many pieces; none given means all that remain."""
    if wanted is not None and len(wanted) > MAX_LINES:
        raise Refused(f"The number of line items exceeds the limit of {MAX_LINES}.", "fulfillment")
    if not wanted:
        found = [(line, line["remainingQuantity"]) for line in document["lines"] if line["remainingQuantity"]]
    else:
        by_id = {line["id"]: line for line in document["lines"]}
        found = []
        for row in wanted:
            line = by_id.get(row["id"])
            if line is None:
                raise Refused("Fulfillment order line item does not exist.", "fulfillment")
            if row["quantity"] < 1 or row["quantity"] > line["remainingQuantity"]:
                raise Refused("Invalid fulfillment order line item quantity requested.", "fulfillment")
            found.append((line, row["quantity"]))
    if not found:
        raise Refused("The fulfillment order has no line items left to fulfill.", "fulfillment")
    return found


def _ship(
    call: Call, order: Json, plan: list[tuple[Json, list[tuple[Json, int]]]], location_id: str, tracking: list[Json]
) -> Json:
    shop, moment = call.shop, call.shop.moment()
    shipped = []
    for document, pieces in plan:
        document["updatedAt"] = moment
        for part, count in pieces:
            part["remainingQuantity"] -= count
            part["fulfilled"] += count
            line = line_of(order, part["lineItemId"])
            line["unfulfilledQuantity"] -= count
            line["fulfilled"] += count
            stock.move(shop, line["variantId"], location_id, committed=-count)
            new = shop.store.next_id("FulfillmentLineItem")
            row = {"id": new, "lineItemId": line["id"], "quantity": count, "returned": 0}
            shipped.append({**row, "fulfillmentOrderLineId": part["id"]})
    number = len(order["fulfillments"]) + 1
    fulfillment = {
        "id": shop.store.next_id("Fulfillment"),
        "name": f"{order['name']}-F{number}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "createdAt": moment,
        "updatedAt": moment,
        "locationId": location_id,
        "tracking": tracking,
        "fulfillmentOrderIds": [document["id"] for document, _ in plan],
        "lines": shipped,
    }
    order["fulfillments"].append(fulfillment)
    return fulfillment


def _tracking(wanted: Json | None) -> list[Json]:
    if not wanted:
        return []
    numbers = wanted.get("numbers") or ([wanted["number"]] if wanted.get("number") else [])
    urls = wanted.get("urls") or ([wanted["url"]] if wanted.get("url") else [])
    count = max(len(numbers), len(urls))
    return [
        {
            "company": wanted.get("company"),
            "number": numbers[i] if i < len(numbers) else None,
            "url": urls[i] if i < len(urls) else None,
        }
        for i in range(count)
    ]


def _found(call: Call, fulfillment_id: str, field: str) -> tuple[Json, Json]:
    owner = call.shop.store.owner(fulfillment_id)
    if owner is None:
        raise Refused("Fulfillment does not exist.", field)
    order = order_to_change(call, owner["id"])
    return order, next(f for f in order["fulfillments"] if f["id"] == fulfillment_id)


def _update_tracking(call: Call, args: Json) -> Json:
    order, fulfillment = _found(call, args["fulfillmentId"], "fulfillmentId")
    if fulfillment["status"] == "CANCELLED":
        raise Refused("The fulfillment has been cancelled.", "fulfillmentId")
    fulfillment["tracking"] = _tracking(args["trackingInfoInput"])
    fulfillment["updatedAt"] = call.shop.moment()
    call.shop.save_order(order, "update")
    numbers = ", ".join(t["number"] or "" for t in fulfillment["tracking"])
    call.shop.record("tracking", order["id"], numbers, call.request_id)
    call.shop.webhooks.fulfillment_changed(order, fulfillment, "update")
    return {"fulfillment": fulfillment}


def _cancel(call: Call, args: Json) -> Json:
    order, fulfillment = _found(call, args["id"], "id")
    if fulfillment["status"] == "CANCELLED":
        raise Refused("Fulfillment is already cancelled.", "id")
    if any(row["returned"] for row in fulfillment["lines"]):
        raise Refused("The fulfillment has items that are being returned.", "id")
    fulfillment |= {"status": "CANCELLED", "displayStatus": "CANCELED", "updatedAt": call.shop.moment()}
    by_line = {part["id"]: (d, part) for d in order["fulfillmentOrders"] for part in d["lines"]}
    anew: dict[str, list[tuple[Json, int]]] = {}
    for row in fulfillment["lines"]:
        document, part = by_line[row["fulfillmentOrderLineId"]]
        line = line_of(order, row["lineItemId"])
        line["unfulfilledQuantity"] += row["quantity"]
        line["fulfilled"] -= row["quantity"]
        stock.move(call.shop, line["variantId"], fulfillment["locationId"], committed=row["quantity"])
        part["fulfilled"] -= row["quantity"]
        if document["status"] == "CLOSED":
            # What was shipped whole stays closed; a new fulfilment order takes the pieces.
            part["totalQuantity"] -= row["quantity"]
            anew.setdefault(document["method"], []).append((line, row["quantity"]))
        else:
            part["remainingQuantity"] += row["quantity"]
    for method, pieces in anew.items():
        order["fulfillmentOrders"].append(
            new_fulfillment_order(call.shop, order, fulfillment["locationId"], method, pieces)
        )
    call.shop.save_order(order, "update")
    call.shop.record("fulfillment", order["id"], "cancelled", call.request_id)
    return {"fulfillment": fulfillment}


# --- reading ----------------------------------------------------------------------------------------------------------------


def _list(call: Call, _source: Any, args: Json) -> Json:
    with_closed = bool(args.get("includeClosed"))
    keep = None if with_closed else lambda d: d["status"] not in CLOSED
    return connection(call, FULFILLMENT_ORDERS, args, keep, str(with_closed))


def _one(kind: str) -> Resolver:
    def read(call: Call, _source: Any, args: Json) -> Json | None:
        owner = call.shop.store.owner(args["id"])
        return next((d for d in owner[kind] if d["id"] == args["id"]), None) if owner else None

    return read


def _location(call: Call, source: Json, _args: Json) -> Json:
    found = call.shop.store.get(source["locationId"]) or {}
    kept = {name: found.get(name) for name in ("name", "address1", "city", "zip")}
    return {**kept, "countryCode": "DE", "location": found or None}


def _destination(call: Call, source: Json, _args: Json) -> Json | None:
    order = order_of(call, source)
    address = order["shippingAddress"]
    if address is None or source["method"] != "SHIPPING":
        return None
    if not call.shop.protected_data:
        return {"id": address["id"], "city": address.get("city"), "countryCode": address.get("countryCodeV2")}
    return {**address, "countryCode": address.get("countryCodeV2"), "email": order["email"]}


def _actions(_call: Call, source: Json, _args: Json) -> list[Json]:
    names = {"OPEN": ("CREATE_FULFILLMENT", "HOLD", "MOVE"), "IN_PROGRESS": ("CREATE_FULFILLMENT",)}
    names["ON_HOLD"] = ("RELEASE_HOLD",)
    return [{"action": name, "externalUrl": None} for name in names.get(source["status"], ())]


def _delivery(call: Call, source: Json, _args: Json) -> Json:
    postage = next(iter(order_of(call, source)["shippingLines"]), {"title": None, "code": None})
    return {
        "id": source["deliveryId"],
        "methodType": source["method"],
        "presentedName": postage["title"] if source["method"] == "SHIPPING" else None,
        "serviceCode": postage["code"],
    }


def _line(call: Call, source: Json, _args: Json) -> Json:
    return line_of(order_of(call, source), source["lineItemId"])


def _from_line(name: str) -> Resolver:
    return lambda call, source, _args: _line(call, source, {})[name]


def _item_id(call: Call, source: Json, _args: Json) -> str | None:
    variant = call.shop.store.get(_line(call, source, {})["variantId"] or "")
    return variant["item"]["id"] if variant else None


def _amount(read: Any) -> Resolver:
    def of(call: Call, source: Json, _args: Json) -> Any:
        line = _line(call, source, {})
        return read(line).share(source["quantity"], line["quantity"])

    return of


def _inside(name: str) -> Resolver:
    return lambda _call, source, args: listed(source[name], args)


def _linked(name: str, kind: str) -> Resolver:
    """A connection to documents of the same order that one refers to or is referred to by."""

    def read(call: Call, source: Json, args: Json) -> Json:
        order = order_of(call, source)
        if kind == "fulfillmentOrders":
            found = [d for d in order[kind] if d["id"] in source[name]]
        else:
            found = [d for d in order[kind] if source["id"] in d[name]]
        return listed(found, args)

    return read


RESOLVERS: dict[str, Resolver] = {
    "Mutation.fulfillmentCreate": mutation(_create),
    "Mutation.fulfillmentTrackingInfoUpdate": mutation(_update_tracking),
    "Mutation.fulfillmentCancel": mutation(_cancel),
    "QueryRoot.fulfillmentOrders": _list,
    "QueryRoot.fulfillmentOrder": _one("fulfillmentOrders"),
    "QueryRoot.fulfillment": _one("fulfillments"),
    "FulfillmentOrder.order": lambda call, source, _args: order_of(call, source),
    "FulfillmentOrder.orderId": lambda call, source, _args: order_of(call, source)["id"],
    "FulfillmentOrder.orderName": lambda call, source, _args: order_of(call, source)["name"],
    "FulfillmentOrder.orderProcessedAt": lambda call, source, _args: order_of(call, source)["processedAt"],
    "FulfillmentOrder.assignedLocation": _location,
    "FulfillmentOrder.destination": _destination,
    "FulfillmentOrder.deliveryMethod": _delivery,
    "FulfillmentOrder.fulfillmentHolds": lambda _call, source, _args: source["holds"],
    "FulfillmentOrder.fulfillments": _linked("fulfillmentOrderIds", "fulfillments"),
    "FulfillmentOrder.lineItems": _inside("lines"),
    "FulfillmentOrder.supportedActions": _actions,
    "FulfillmentOrderLineItem.lineItem": _line,
    "FulfillmentOrderLineItem.inventoryItemId": _item_id,
    "FulfillmentOrderLineItem.productTitle": _from_line("title"),
    "FulfillmentOrderLineItem.variantTitle": _from_line("variantTitle"),
    "FulfillmentOrderLineItem.sku": _from_line("sku"),
    "FulfillmentOrderLineItem.vendor": _from_line("vendor"),
    "FulfillmentOrderLineItem.requiresShipping": _from_line("requiresShipping"),
    "FulfillmentOrderLineItem.variant": lambda call, source, _args: call.shop.store.get(
        _line(call, source, {})["variantId"] or ""
    ),
    "Fulfillment.order": lambda call, source, _args: order_of(call, source),
    "Fulfillment.location": reference("locationId"),
    "Fulfillment.requiresShipping": constant(True),
    "Fulfillment.totalQuantity": lambda _call, source, _args: sum(row["quantity"] for row in source["lines"]),
    "Fulfillment.trackingInfo": lambda _call, source, args: source["tracking"][: args.get("first") or None],
    "Fulfillment.fulfillmentLineItems": _inside("lines"),
    "Fulfillment.fulfillmentOrders": _linked("fulfillmentOrderIds", "fulfillmentOrders"),
    "FulfillmentLineItem.lineItem": _line,
    "FulfillmentLineItem.originalTotalSet": _amount(lines.original),
    "FulfillmentLineItem.discountedTotalSet": _amount(lines.discounted),
}
