"""An order in the form of REST and webhooks reads as the same order of the GraphQL interface."""

from typing import Any

import orjson

from canonical.order import ChannelState, ChargeKind
from connectors import shopify
from tests.connectors.test_shopify_mapping import balanced, discounted, read
from tests.connectors.test_shopify_support import line, money, tax

REST = {
    "id": 1001,
    "admin_graphql_api_id": "gid://shopify/Order/1001",
    "name": "#1001",
    "created_at": "2026-03-01T09:00:00+01:00",
    "processed_at": "2026-03-01T09:00:00+01:00",
    "updated_at": "2026-03-01T09:00:00+01:00",
    "cancelled_at": None,
    "test": False,
    "taxes_included": True,
    "tax_exempt": False,
    "currency": "EUR",
    "customer_locale": "de-DE",
    "source_name": "web",
    "note": None,
    "tags": "b2b, eilig",
    "email": "anna@example.org",
    "phone": None,
    "financial_status": "paid",
    "fulfillment_status": None,
    "payment_gateway_names": ["shopify_payments"],
    "note_attributes": [{"name": "vat_id", "value": "DE811907980"}],
    "billing_address": {
        "first_name": "Anna",
        "last_name": "Weiß",
        "address1": "Hauptstr. 1",
        "zip": "20095",
        "city": "Hamburg",
        "country_code": "DE",
        "province_code": None,
        "phone": None,
        "company": None,
    },
    "shipping_address": None,
    "customer": {"id": 7},
    "total_price": "16.80",
    "total_price_set": {"shop_money": {"amount": "16.80", "currency_code": "EUR"}},
    "total_tax": "2.68",
    "total_tip_received": "0.00",
    "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": "2.68"}],
    "discount_applications": [{"type": "discount_code", "code": "HALB"}],
    "refunds": [
        {
            "transactions": [
                {"kind": "refund", "status": "success", "amount": "5.00"},
                {"kind": "void", "amount": "1.00"},
            ]
        }
    ],
    "shipping_lines": [
        {
            "id": 5,
            "title": "DHL Paket",
            "code": "dhl",
            "price": "9.90",
            "discounted_price": "4.90",
            "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": "0.78"}],
        }
    ],
    "line_items": [
        {
            "id": 1,
            "sku": "MUG",
            "name": "Becher",
            "title": "Becher",
            "quantity": 2,
            "current_quantity": 1,
            "price": "11.90",
            "gift_card": False,
            "requires_shipping": True,
            "taxable": True,
            "product_id": 11,
            "variant_id": 22,
            "properties": [{"name": "Gravur", "value": "Oma"}],
            "tax_lines": [{"title": "MwSt", "rate": 0.19, "price": "1.90"}],
            "discount_allocations": [{"amount": "11.90", "discount_application_index": 0}],
        }
    ],
}


def test_the_rest_form_reads_as_the_graphql_form() -> None:
    reader: Any = shopify.reader()
    result = balanced(reader.read_order(orjson.dumps(REST)))
    graphql = read(
        tags=["b2b", "eilig"],
        shippingAddress=None,
        customAttributes=[{"key": "vat_id", "value": "DE811907980"}],
        totalPriceSet=money("16.80"),
        totalTaxSet=money("2.68"),
        taxLines=[tax("2.68")],
        totalRefundedSet=money("5.00"),
        lines=[
            line(
                quantity=2,
                currentQuantity=1,
                total="23.80",
                discountAllocations=[discounted("11.90", code="HALB")],
                customAttributes=[{"key": "Gravur", "value": "Oma"}],
            )
        ],
        shippingLines={
            "nodes": [
                {
                    "id": "gid://shopify/ShippingLine/5",
                    "title": "DHL Paket",
                    "code": "dhl",
                    "originalPriceSet": money("9.90"),
                    "discountedPriceSet": money("4.90"),
                    "taxLines": [tax("0.78")],
                }
            ]
        },
    )
    assert result == graphql


def test_a_tip_in_the_rest_form_is_a_line_with_a_mark() -> None:
    tip = {
        **REST["line_items"][0],
        "id": 2,
        "sku": None,
        "price": "2.00",
        "quantity": 1,
        "current_quantity": 1,
        "tip": {},
    }  # type: ignore[index]
    tip |= {"tax_lines": [], "discount_allocations": [], "taxable": False}
    reader: Any = shopify.reader()
    document = REST | {
        "line_items": [*REST["line_items"], tip],
        "total_tip_received": "2.00",
        "total_price_set": None,
        "total_price": "18.80",
    }  # type: ignore[misc]
    result = balanced(reader.read_order(orjson.dumps(document)))
    assert len(result.lines) == 1 and [each.kind for each in result.fees] == [ChargeKind.TIP]


def test_a_shipped_or_cancelled_order_in_the_rest_form() -> None:
    reader: Any = shopify.reader()
    shipped = reader.read_order(orjson.dumps(REST | {"fulfillment_status": "fulfilled"}))
    cancelled = reader.read_order(orjson.dumps(REST | {"cancelled_at": "2026-03-01T10:00:00+01:00"}))
    assert (shipped.state, cancelled.state) == (ChannelState.SHIPPED, ChannelState.CANCELLED)
