"""Reading orders with everything that lies inside them."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import lines, refunding
from sandbox.shopify.errors import bad_request
from sandbox.shopify.lists import Listing, connection, count
from sandbox.shopify.paging import in_order, listed, page
from sandbox.shopify.read_shop import COUNTRIES, ID, channel_app, channel_number, constant, reference, visible_since
from sandbox.shopify.schema import Call, Resolver
from sandbox.shopify.search import Field
from sandbox.shopify.store import Json, gid, kind_of, number_of


def status_of(order: Json) -> str:
    """The state that the search calls `status`."""
    return "cancelled" if order["cancelledAt"] else "closed" if order["closedAt"] else "open"


def _statuses(order: Json) -> list[str]:
    own = status_of(order)
    return [own, "any", *(["not_closed"] if own != "closed" else [])]


FULFILLMENT_WORDS = {
    "UNFULFILLED": ("unfulfilled", "unshipped"),
    "PARTIALLY_FULFILLED": ("partial", "unfulfilled"),
    "FULFILLED": ("fulfilled", "shipped"),
    "ON_HOLD": ("on_hold", "unfulfilled"),
}

ORDERS = Listing(
    "Order",
    {
        "id": ID,
        "updated_at": Field("time", lambda d: d["updatedAt"]),
        "created_at": Field("time", lambda d: d["createdAt"]),
        "processed_at": Field("time", lambda d: d["processedAt"]),
        "status": Field("words", _statuses),
        "financial_status": Field("text", lambda d: d["displayFinancialStatus"]),
        "fulfillment_status": Field("words", lambda d: FULFILLMENT_WORDS.get(d["displayFulfillmentStatus"], ())),
        "return_status": Field("text", lambda d: d["returnStatus"]),
        "name": Field("words", lambda d: (d["name"], d["name"].lstrip("#"))),
        "confirmation_number": Field("text", lambda d: d["confirmationNumber"]),
        "email": Field("text", lambda d: d["email"]),
        "customer_id": Field("id", lambda d: number_of(d["customerId"] or "")),
        "test": Field("flag", lambda d: d["test"]),
        "tag": Field("words", lambda d: d["tags"]),
        "sku": Field("words", lambda d: [line["sku"] for line in d["lineItems"]]),
        "gateway": Field("words", lambda d: d["paymentGatewayNames"]),
        "channel": Field("text", lambda d: d["channel"]["handle"]),
        "sales_channel": Field("text", lambda d: d["channel"]["handle"]),
        "source_name": Field("text", lambda d: d["sourceName"]),
        "po_number": Field("text", lambda d: d["poNumber"]),
        "discount_code": Field("words", lambda d: [x["code"] for x in d["discounts"]]),
        "current_total_price": Field("number", lambda d: d["currentTotalPriceSet"].shop),
    },
    lambda d: " ".join(str(x) for x in (d["name"], d["email"], (d["billingAddress"] or {}).get("name"), *d["tags"])),
    {
        "ID": lambda d: number_of(d["id"]),
        "UPDATED_AT": lambda d: d["updatedAt"],
        "CREATED_AT": lambda d: d["createdAt"],
        "PROCESSED_AT": lambda d: d["processedAt"],
        "ORDER_NUMBER": lambda d: d["number"],
        "TOTAL_PRICE": lambda d: float(d["totalPriceSet"].shop),
        "CURRENT_TOTAL_PRICE": lambda d: float(d["currentTotalPriceSet"].shop),
        "FINANCIAL_STATUS": lambda d: d["displayFinancialStatus"],
        "FULFILLMENT_STATUS": lambda d: d["displayFulfillmentStatus"],
    },
    "PROCESSED_AT",
)


def _orders(call: Call, _source: Any, args: Json) -> Json:
    since = visible_since(call)
    return connection(call, ORDERS, args, (lambda d: d["createdAt"] >= since) if since else None, since[:10])


def _orders_count(call: Call, _source: Any, args: Json) -> Json:
    since = visible_since(call)
    return count(call, ORDERS, args, (lambda d: d["createdAt"] >= since) if since else None, since[:10])


def _order(call: Call, _source: Any, args: Json) -> Json | None:
    found = call.shop.store.get(args["id"]) if kind_of(args["id"]) == "Order" else None
    return found if found and found["createdAt"] >= visible_since(call) else None


def _order_by_identifier(call: Call, _source: Any, args: Json) -> Json | None:
    identifier = args["identifier"]
    if identifier.get("id"):
        return _order(call, None, {"id": identifier["id"]})
    raise bad_request("identifiers by custom id need a metafield definition with unique values")


def order_of(call: Call, source: Json) -> Json:
    """The order in which something lies."""
    found = call.shop.store.owner(source["id"])
    assert found is not None
    return found


def line_of(order: Json, line_id: str) -> Json:
    """A line of an order by its id."""
    found: Json = next(line for line in order["lineItems"] if line["id"] == line_id)
    return found


def _inside(name: str) -> Resolver:
    """A connection over a list inside the document."""
    return lambda _call, source, args: listed(source.get(name, ()), args)


def _first_of(name: str) -> Resolver:
    """A plain list that takes only `first`."""
    return lambda _call, source, args: source[name][: args.get("first") or None]


def _protected(name: str) -> Resolver:
    """A field with personal data: null without approved access to protected customer data."""
    return lambda call, source, _args: source.get(name) if call.shop.protected_data else None


def _customer(call: Call, source: Json, _args: Json) -> Json | None:
    return call.shop.store.get(source["customerId"] or "")


def _purchaser(call: Call, source: Json, _args: Json) -> Json | None:
    location = call.shop.store.get(source["companyLocationId"] or "")
    if location is not None:
        company = call.shop.store.get(location["companyId"])
        return {"__typename": "PurchasingCompany", "company": company, "location": location, "contact": None}
    return _customer(call, source, {})


def _formatted(_call: Call, source: Json, args: Json) -> list[str]:
    parts = [source.get("name") if args.get("withName") else None]
    parts.append(source.get("company") if args.get("withCompany", True) else None)
    city = f"{source.get('zip') or ''} {source.get('city') or ''}".strip()
    return [str(p) for p in (*parts, source.get("address1"), source.get("address2"), city, source.get("country")) if p]


def _channel(_call: Call, source: Json, _args: Json) -> Json:
    channel = source["channel"]
    number = channel_number(channel["handle"])
    definition = {
        "id": gid("ChannelDefinition", number),
        "handle": channel["handle"],
        "channelName": channel["name"],
        "subChannelName": channel["name"],
        "isMarketplace": channel["handle"] not in {"web", "pos", "shopify_draft_order"},
    }
    return {
        "id": gid("ChannelInformation", number_of(source["id"])),
        "channelId": gid("Channel", number),
        "displayName": channel["name"],
        "channelDefinition": definition,
        "app": channel_app(channel),
    }


def _app(_call: Call, source: Json, _args: Json) -> Json:
    return {"id": gid("App", channel_number(source["channel"]["handle"])), "name": source["channel"]["name"]}


def _count(name: str) -> Resolver:
    return lambda _call, source, _args: {"count": len(source[name]), "precision": "EXACT"}


def _any_line(test: Any) -> Resolver:
    return lambda _call, source, _args: any(test(line) for line in source["lineItems"])


def _weight(current: bool) -> Resolver:
    def read(call: Call, source: Json, _args: Json) -> str:
        grams = 0.0
        for line in source["lineItems"]:
            variant = call.shop.store.get(line["variantId"] or "")
            pieces = line["currentQuantity"] if current else line["quantity"]
            grams += (variant["item"]["weight"]["value"] * 1000 if variant else 0) * pieces
        return str(round(grams))

    return read


def _address_field(name: str, fallback: Any = None) -> Resolver:
    return lambda call, source, _args: source.get(name, fallback) if call.shop.protected_data else fallback


def _discounted_total(_call: Call, source: Json, args: Json) -> Any:
    kinds = {"AutomaticDiscountApplication", "ManualDiscountApplication"}
    return _line_discounted(
        _call, source, kinds | ({"DiscountCodeApplication"} if args.get("withCodeDiscounts") else set())
    )


def _line_discounted(call: Call, source: Json, kinds: set[str]) -> Any:
    """The line's amount after discounts of its own; those on the whole order are left out."""
    discounts = order_of(call, source)["discounts"]

    def counts(allocation: Json) -> bool:
        application = discounts[allocation["index"]]
        return application["targetSelection"] != "ALL" and application["__typename"] in kinds

    return lines.original(source) - lines.allocated(source, counts)


def _unit(read: Any) -> Resolver:
    return lambda call, source, _args: read(call, source, {}).share(1, source["quantity"])


def _line_discount(call: Call, source: Json, _args: Json) -> Any:
    return lines.original(source) - _discounted_total(call, source, {"withCodeDiscounts": True})


def _allocations(call: Call, source: Json, _args: Json) -> list[Json]:
    discounts = order_of(call, source)["discounts"]
    return [
        {"allocatedAmountSet": a["amount"], "discountApplication": discounts[a["index"]]} for a in source["allocations"]
    ]


def _line_weight(call: Call, source: Json, _args: Json) -> Json | None:
    variant = call.shop.store.get(source["variantId"] or "")
    return variant["item"]["weight"] if variant else None


def _refundable(_call: Call, source: Json, _args: Json) -> int:
    return lines.current_quantity(source)


def _open_share(read: Any) -> Resolver:
    def of(call: Call, source: Json, _args: Json) -> Any:
        bag = read(call, source, {})
        return bag.share(source["unfulfilledQuantity"], source["quantity"])

    return of


RESOLVERS: dict[str, Resolver] = {
    "QueryRoot.orders": _orders,
    "QueryRoot.ordersCount": _orders_count,
    "QueryRoot.order": _order,
    "QueryRoot.orderByIdentifier": _order_by_identifier,
    "Order.lineItems": _inside("lineItems"),
    "Order.nonFulfillableLineItems": lambda _call, source, args: listed(
        [line for line in source["lineItems"] if line["unfulfilledQuantity"] == 0], args
    ),
    "Order.shippingLines": _inside("shippingLines"),
    "Order.shippingLine": lambda _call, source, _args: next(iter(source["shippingLines"]), None),
    "Order.discountApplications": _inside("discounts"),
    "Order.discountCodes": lambda _call, source, _args: [
        d["code"] for d in source["discounts"] if d["__typename"] == "DiscountCodeApplication"
    ],
    "Order.discountCode": lambda _call, source, _args: next(
        (d["code"] for d in source["discounts"] if d["__typename"] == "DiscountCodeApplication"), None
    ),
    "Order.transactions": _first_of("transactions"),
    "Order.transactionsCount": _count("transactions"),
    "Order.fulfillments": _first_of("fulfillments"),
    "Order.fulfillmentsCount": _count("fulfillments"),
    "Order.fulfillmentOrders": _inside("fulfillmentOrders"),
    "Order.refunds": _first_of("refunds"),
    "Order.returns": _inside("returns"),
    "Order.suggestedRefund": refunding.suggested,
    "Order.customer": _customer,
    "Order.purchasingEntity": _purchaser,
    "Order.email": _protected("email"),
    "Order.phone": _protected("phone"),
    "Order.displayAddress": lambda _call, source, _args: source["shippingAddress"] or source["billingAddress"],
    "Order.billingAddressMatchesShippingAddress": lambda _call, source, _args: _same_address(source),
    "Order.localizedFields": lambda _call, _source, args: page(in_order([]), args),
    "Order.cancellation": lambda _call, source, _args: (
        {"staffNote": source["cancelNote"]} if source["cancelledAt"] else None
    ),
    "Order.channelInformation": _channel,
    "Order.attribution": lambda _call, source, _args: {
        "displayName": source["channel"]["name"],
        "handle": source["channel"]["handle"],
    },
    "Order.app": _app,
    "Order.statusPageUrl": lambda call, source, _args: (
        f"https://{call.shop.domain}/{number_of(source['id'])}/orders/status" if call.shop.protected_data else ""
    ),
    "Order.additionalFees": constant([]),
    "Order.closed": lambda _call, source, _args: bool(source["closedAt"]),
    "Order.confirmed": constant(True),
    "Order.dutiesIncluded": constant(False),
    "Order.estimatedTaxes": constant(False),
    "Order.hasTimelineComment": constant(False),
    "Order.refundable": lambda _call, source, _args: source["netPaymentSet"].shop > 0,
    "Order.capturable": lambda _call, source, _args: bool(source["totalCapturableSet"]),
    "Order.canMarkAsPaid": lambda _call, source, _args: (
        not source["cancelledAt"] and source["totalOutstandingSet"].shop > 0
    ),
    "Order.requiresShipping": _any_line(lambda line: line["requiresShipping"]),
    "Order.fulfillable": _any_line(lambda line: line["unfulfilledQuantity"] > 0),
    "Order.restockable": _any_line(lambda line: line["variantId"] and lines.current_quantity(line) > 0),
    "Order.totalWeight": _weight(False),
    "Order.currentTotalWeight": _weight(True),
    "Order.totalCashRoundingAdjustment": lambda _call, source, _args: {
        "paymentSet": source["zero"],
        "refundSet": source["zero"],
    },
    "LineItem.currentQuantity": lambda _call, source, _args: lines.current_quantity(source),
    "LineItem.refundableQuantity": _refundable,
    "LineItem.fulfillableQuantity": lambda _call, source, _args: source["unfulfilledQuantity"],
    "LineItem.nonFulfillableQuantity": lambda _call, source, _args: source["quantity"] - source["unfulfilledQuantity"],
    "LineItem.restockable": lambda _call, source, _args: bool(source["variantId"]),
    "LineItem.product": reference("productId"),
    "LineItem.variant": reference("variantId"),
    "LineItem.taxLines": _first_of("taxLines"),
    "LineItem.duties": constant([]),
    "LineItem.weight": _line_weight,
    "LineItem.originalUnitPriceSet": lambda _call, source, _args: source["unit"],
    "LineItem.originalTotalSet": lambda _call, source, _args: lines.original(source),
    "LineItem.discountedTotalSet": _discounted_total,
    "LineItem.discountedUnitPriceSet": _unit(_discounted_total),
    "LineItem.discountedUnitPriceAfterAllDiscountsSet": _unit(lambda _call, source, _args: lines.discounted(source)),
    "LineItem.totalDiscountSet": _line_discount,
    "LineItem.unfulfilledDiscountedTotalSet": _open_share(_discounted_total),
    "LineItem.unfulfilledOriginalTotalSet": _open_share(lambda _call, source, _args: lines.original(source)),
    "LineItem.discountAllocations": _allocations,
    "ShippingLine.discountAllocations": _allocations,
    "ShippingLine.discountedPriceSet": lambda _call, source, _args: lines.shipping_after_discount(source),
    "ShippingLine.currentDiscountedPriceSet": lambda call, source, _args: (
        lines.shipping_after_discount(source) - order_of(call, source)["totalRefundedShippingSet"]
    ),
    "TaxLine.ratePercentage": lambda _call, source, _args: round(source["rate"] * 100, 4),
    "OrderTransaction.order": lambda call, source, _args: order_of(call, source),
    "OrderTransaction.parentTransaction": lambda call, source, _args: next(
        (t for t in order_of(call, source)["transactions"] if t["id"] == source["parentId"]), None
    ),
    "OrderTransaction.manuallyCapturable": lambda _call, source, _args: source["open"],
    "OrderTransaction.multiCapturable": constant(False),
    "OrderTransaction.totalUnsettledSet": lambda _call, source, _args: (
        source["amountSet"] if source["open"] else source["amountSet"].zero()
    ),
    "MailingAddress.country": lambda _call, source, _args: COUNTRIES.get(
        source.get("countryCodeV2") or "", source.get("country")
    ),
    "MailingAddress.formatted": lambda call, source, args: (
        _formatted(call, source, args) if call.shop.protected_data else []
    ),
    "MailingAddress.formattedArea": lambda _call, source, _args: f"{source.get('city')}, {source.get('country')}",
    **{
        f"MailingAddress.{name}": _address_field(name)
        for name in ("name", "firstName", "lastName", "address1", "address2", "zip", "phone")
    },
}


def _same_address(order: Json) -> bool:
    first, second = order["billingAddress"] or {}, order["shippingAddress"] or {}
    return {k: v for k, v in first.items() if k != "id"} == {k: v for k, v in second.items() if k != "id"}
