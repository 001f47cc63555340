"""The form of an order in webhooks, exports and the older REST interface, made to the form of the GraphQL interface."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

FULFILLED = {"fulfilled": "FULFILLED", "partial": "PARTIALLY_FULFILLED"}


def is_rest(document: object) -> bool:
    """Whether a document is of the REST form: its fields are in snake case."""
    return isinstance(document, dict) and "line_items" in document


def as_graphql(order: Mapping[str, Any]) -> dict[str, Any]:
    """Rename and reshape; pure. What the REST form does not hold (payments' parts, a company's tax number) stays out."""
    customer = order.get("customer")
    return {
        "legacyResourceId": order.get("id"),
        "name": order.get("name"),
        "createdAt": order.get("created_at"),
        "processedAt": order.get("processed_at"),
        "updatedAt": order.get("updated_at"),
        "cancelledAt": order.get("cancelled_at"),
        "taxesIncluded": order.get("taxes_included"),
        "taxExempt": bool(order.get("tax_exempt")),
        "dutiesIncluded": bool(order.get("duties_included")),
        "currencyCode": order.get("currency"),
        "customerLocale": order.get("customer_locale"),
        "sourceName": order.get("source_name"),
        "note": order.get("note"),
        "tags": [tag.strip() for tag in str(order.get("tags") or "").split(",") if tag.strip()],
        "email": order.get("email") or order.get("contact_email"),
        "phone": order.get("phone"),
        "displayFinancialStatus": str(order.get("financial_status") or "").upper(),
        "displayFulfillmentStatus": FULFILLED.get(str(order.get("fulfillment_status")), "UNFULFILLED"),
        "paymentGatewayNames": order.get("payment_gateway_names"),
        "customAttributes": _attributes(order.get("note_attributes")),
        "billingAddress": _address(order.get("billing_address")),
        "shippingAddress": _address(order.get("shipping_address")),
        "customer": _ref("Customer", customer.get("id")) if isinstance(customer, dict) else None,
        "totalPriceSet": _bag(order, "total_price"),
        "totalPriceAgain": _bag({"total_price_set": order.get("total_price_set")}, "total_price"),
        "totalTaxSet": _bag(order, "total_tax"),
        "totalRefundedSet": _refunded(order),
        "totalCashRoundingAdjustment": {"paymentSet": _bag(order, "total_cash_rounding_payment_adjustment")},
        "totalTipReceivedSet": _bag(order, "total_tip_received"),
        "originalTotalDutiesSet": order.get("original_total_duties_set"),
        "taxLines": _taxes(order.get("tax_lines")),
        "additionalFees": [_fee(fee) for fee in _rows(order.get("additional_fees"))],
        "shippingLines": [_shipping(line) for line in _rows(order.get("shipping_lines")) if not line.get("is_removed")],
        "lineItems": [_line(line, order) for line in _rows(order.get("line_items"))],
    }


def _rows(value: object) -> Iterable[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _bag(row: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """An amount: the plain one, which is in the shop's currency, else that of the set of both currencies."""
    stated = row.get(f"{name}_set")
    money = stated.get("shop_money") if isinstance(stated, dict) else None
    of_set = money if isinstance(money, dict) else {}
    plain = row.get(name)
    amount = of_set.get("amount") if plain is None else plain
    return None if amount is None else {"shopMoney": {"amount": amount, "currencyCode": of_set.get("currency_code")}}


def _ref(kind: str, number: object) -> dict[str, str] | None:
    return {"id": f"gid://shopify/{kind}/{number}"} if number else None


def _attributes(rows: object) -> list[dict[str, Any]]:
    return [{"key": row.get("name"), "value": row.get("value")} for row in _rows(rows)]


def _address(raw: object) -> dict[str, Any] | None:
    if not isinstance(raw, dict):
        return None
    names = {
        "firstName": "first_name",
        "lastName": "last_name",
        "company": "company",
        "address1": "address1",
        "address2": "address2",
        "zip": "zip",
        "city": "city",
        "provinceCode": "province_code",
        "countryCodeV2": "country_code",
        "phone": "phone",
    }
    return {name: raw.get(stated) for name, stated in names.items()}


def _taxes(rows: object) -> list[dict[str, Any]]:
    return [
        {
            "title": row.get("title"),
            "rate": row.get("rate"),
            "channelLiable": row.get("channel_liable"),
            "priceSet": _bag(row, "price"),
        }
        for row in _rows(rows)
    ]


def _fee(row: Mapping[str, Any]) -> dict[str, Any]:
    name = row.get("name")
    return {"id": row.get("id"), "name": name, "price": _bag(row, "price"), "taxLines": _taxes(row.get("tax_lines"))}


def _shipping(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.get("id"),
        "title": row.get("title"),
        "code": row.get("code"),
        "originalPriceSet": _bag(row, "price"),
        "discountedPriceSet": _bag(row, "discounted_price") or _discounted(row),
        "taxLines": _taxes(row.get("tax_lines")),
    }


def _discounted(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is left of a shipping price after its discounts, where only these are stated."""
    bags = [_bag(row, "price"), *(_bag(each, "amount") for each in _rows(row.get("discount_allocations")))]
    try:
        price, *off = [Decimal(str(bag["shopMoney"]["amount"])) for bag in bags if bag]
    except (InvalidOperation, ValueError):
        return None
    return {"shopMoney": {"amount": str(price - sum(off, Decimal(0)))}}


def _line(row: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.get("id"),
        "sku": row.get("sku"),
        "name": row.get("name") or row.get("title"),
        "quantity": row.get("quantity"),
        "currentQuantity": row.get("current_quantity", _left(row, order)),
        "isGiftCard": bool(row.get("gift_card")),
        "isTip": isinstance(row.get("tip"), dict),
        "requiresShipping": row.get("requires_shipping") is not False,
        "taxable": row.get("taxable") is not False,
        "originalTotalSet": _total(row),
        "taxLines": _taxes(row.get("tax_lines")),
        "discountAllocations": _allocations(row, order),
        "customAttributes": _attributes(row.get("properties")),
        "product": _ref("Product", row.get("product_id")),
        "variant": _ref("ProductVariant", row.get("variant_id")),
    }


def _left(row: Mapping[str, Any], order: Mapping[str, Any]) -> object:
    """What the refunds leave of a line's quantity; versions before 2023 do not state it."""
    rows = [each for refund in _rows(order.get("refunds")) for each in _rows(refund.get("refund_line_items"))]
    gone = [each.get("quantity") for each in rows if each.get("line_item_id") == row.get("id")]
    quantity = row.get("quantity")
    if not isinstance(quantity, int) or not gone:
        return quantity
    return quantity - sum(each for each in gone if isinstance(each, int))


def _total(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The REST form has the price of one; the text of the product of two decimal texts is exact."""
    bag = _bag(row, "price")
    try:
        amount = Decimal(str(bag["shopMoney"]["amount"])) * Decimal(str(row.get("quantity"))) if bag else None
    except InvalidOperation:
        return None
    return None if amount is None else {"shopMoney": {"amount": str(amount)}}


def _allocations(row: Mapping[str, Any], order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line's shares of discounts; what leaves them out may still state their sum."""
    if row.get("discount_allocations") is None and row.get("total_discount"):
        return [{"allocatedAmountSet": _bag(row, "total_discount"), "discountApplication": {}}]
    return [_allocation(each, order) for each in _rows(row.get("discount_allocations"))]


def _allocation(row: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    applications = list(_rows(order.get("discount_applications")))
    index = row.get("discount_application_index")
    found = applications[index] if isinstance(index, int) and 0 <= index < len(applications) else {}
    named = {"index": index, "code": found.get("code"), "title": found.get("title") or found.get("description")}
    return {"allocatedAmountSet": _bag(row, "amount"), "discountApplication": named}


def _refunded(order: Mapping[str, Any]) -> dict[str, Any]:
    """What was paid back: the successful refund transactions of all refunds."""
    total = Decimal(0)
    for refund in _rows(order.get("refunds")):
        for entry in _rows(refund.get("transactions")):
            if entry.get("kind") == "refund" and entry.get("status") == "success":
                try:
                    total += Decimal(str(entry.get("amount")))
                except InvalidOperation:
                    continue
    return {"shopMoney": {"amount": str(total)}}
