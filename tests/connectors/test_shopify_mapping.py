"""Shopify's order in both of its forms to the canonical one: amounts to the cent, and what real orders have (D§10)."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.failure import FailureError
from canonical.order import ChannelOrder, ChannelState, ChargeKind, LineKind, PaymentKind
from connectors import shopify
from tests.connectors.test_shopify_support import ANNA, line, money, order, tax


def read(**fields: Any) -> ChannelOrder:
    reader: Any = shopify.reader()
    result: ChannelOrder = reader.read_order(orjson.dumps(order(**fields)))
    return result


def balanced(result: ChannelOrder) -> ChannelOrder:
    assert result.computed_total == result.stated.total, (result.computed_total, result.stated.total)
    assert result.computed_tax == result.stated.total_tax
    if result.stated.taxes:
        computed = {rate: amount for rate, amount in result.computed_taxes().items() if amount}
        assert {each.rate: each.tax for each in result.stated.taxes} == computed
    return result


def discounted(amount: str, **application: Any) -> dict[str, Any]:
    return {"allocatedAmountSet": money(amount), "discountApplication": {"index": 0, **application}}


@pytest.mark.proves(
    "shopify",
    "duplicate_by_id",
    "order_addresses",
    "order_customers",
    "line_text_shop",
    "channel_projects",
    "order_mappings",
)
def test_an_order_is_read_whole() -> None:
    result = balanced(read(note="Bitte klingeln", tags=["b2b", "eilig"], shippingAddress={**ANNA, "lastName": "Braun"}))
    assert (result.external_id, result.number, result.currency) == ("gid://shopify/Order/1001", "1001", "EUR")
    assert (result.billing.name, result.billing.country, result.billing.email) == (
        "Anna Weiß",
        "DE",
        "anna@example.org",
    )
    assert result.delivery.last_name == "Braun"
    assert (result.sales_channel, result.language, result.customer_ref) == ("web", "de-DE", "7")
    assert (result.comment, result.payment.method) == ("Bitte klingeln", "shopify_payments")
    assert (result.state, result.channel_state) == (ChannelState.OPEN, "PAID")
    only = result.lines[0]
    assert (only.ref, only.sku, only.title, only.product_ref) == ("1", "MUG", "Becher", "11/22")
    assert (only.net, only.tax, only.tax_rate) == (Decimal("10.00"), Decimal("1.90"), Decimal("19.0"))


@pytest.mark.proves("shopify", "tag_projects")
def test_tags_are_kept_in_their_order() -> None:
    assert read(tags=["b2b", "eilig"]).tags == ("b2b", "eilig")


@pytest.mark.proves("shopify", "order_discounts", "order_shipping")
@pytest.mark.parametrize("is_gross", [True, False])
def test_discounts_are_shares_of_lines_before_discount(is_gross: bool) -> None:
    gross, net = ("23.80", "11.90"), ("20.00", "10.00")
    total, off = gross if is_gross else net
    shipping = "4.90" if is_gross else "4.12"
    result = balanced(
        read(
            taxesIncluded=is_gross,
            lines=[
                line(
                    quantity=2, total=total, taxLines=[tax("1.90")], discountAllocations=[discounted(off, code="HALB")]
                ),
            ],
            shippingLines={
                "nodes": [
                    {
                        "id": "gid://shopify/ShippingLine/5",
                        "title": "DHL Paket",
                        "code": "dhl",
                        "originalPriceSet": money("9.90"),
                        "discountedPriceSet": money(shipping),
                        "taxLines": [tax("0.78")],
                    }
                ]
            },
            totalPriceSet=money("16.80"),
            totalTaxSet=money("2.68"),
            taxLines=[tax("2.68")],
        )
    )
    only = result.lines[0]
    assert (only.net, only.tax) == (Decimal("20.00"), Decimal("3.80"))
    assert (only.discount_net, only.discount_tax) == (Decimal("10.00"), Decimal("1.90"))
    assert [(each.code, each.net, each.tax) for each in result.discounts] == [
        ("HALB", Decimal("10.00"), Decimal("1.90"))
    ]
    assert [(each.method, each.net, each.tax) for each in result.shipping] == [
        ("DHL Paket", Decimal("4.12"), Decimal("0.78"))
    ]
    assert len(result.stated.taxes) == 1


def test_free_shipping_is_a_line_of_nothing() -> None:
    free = {
        "id": None,
        "title": "Gratis",
        "originalPriceSet": money("4.90"),
        "discountedPriceSet": money("0.00"),
        "taxLines": [],
    }
    result = balanced(read(shippingLines={"nodes": [free]}))
    assert [(each.net, each.tax, each.tax_rate) for each in result.shipping] == [(0, 0, 0)]


def test_mixed_rates_add_up_per_rate() -> None:
    lines = [line(), line(2, "TEE", "10.70", taxLines=[tax("0.70", 7.0)])]
    result = balanced(
        read(
            lines=lines,
            totalPriceSet=money("22.60"),
            totalTaxSet=money("2.60"),
            taxLines=[tax("1.90"), tax("0.70", 7.0)],
        )
    )
    assert result.computed_taxes() == {Decimal("19.0"): Decimal("1.90"), Decimal("7.0"): Decimal("0.70")}


def test_lines_taken_out_by_an_edit_are_named_and_the_total_is_that_of_all_lines() -> None:
    lines = [line(), line(2, "GONE", currentQuantity=0)]
    edited = read(lines=lines, totalPriceSet=money("11.90"), totalTaxSet=money("1.90"))
    refunded = read(
        lines=lines, totalPriceSet=money("23.80"), totalTaxSet=money("3.80"), totalRefundedSet=money("11.90")
    )
    for result in (edited, refunded):
        assert [each.removed for each in result.lines] == [0, 1]
        assert result.computed_total == result.stated.total == Decimal("23.80")
        assert result.computed_tax == result.stated.total_tax
    assert (edited.refunded, refunded.refunded) == (0, Decimal("11.90"))


@pytest.mark.parametrize(
    ("fields", "state", "channel_state"),
    [
        ({"cancelledAt": "2026-03-02T08:00:00Z"}, ChannelState.CANCELLED, "PAID"),
        ({"displayFinancialStatus": "VOIDED"}, ChannelState.CANCELLED, "VOIDED"),
        ({"displayFinancialStatus": "REFUNDED"}, ChannelState.REFUNDED, "REFUNDED"),
        ({"displayFinancialStatus": "PENDING"}, ChannelState.OPEN, "PENDING"),
        ({"displayFulfillmentStatus": "PARTIALLY_FULFILLED"}, ChannelState.OPEN, "PAID"),
        ({"displayFulfillmentStatus": "FULFILLED"}, ChannelState.SHIPPED, "FULFILLED"),
        ({"displayFinancialStatus": None}, ChannelState.OPEN, "PENDING"),
    ],
)
def test_states(fields: dict[str, Any], state: ChannelState, channel_state: str) -> None:
    result = read(**fields)
    assert (result.state, result.channel_state) == (state, channel_state)


@pytest.mark.proves("shopify", "value_vouchers")
def test_a_sold_gift_card_is_a_line_and_a_redeemed_one_a_payment() -> None:
    card = line(2, "CARD", "50.00", isGiftCard=True, taxable=False, requiresShipping=False, taxLines=[])
    paid = [
        transaction("gift_card", "SALE", "20.00"),
        transaction("paypal", "AUTHORIZATION", "41.90"),
        transaction("paypal", "CAPTURE", "41.90"),
        transaction("paypal", "SALE", "9.99", status="FAILURE"),
    ]
    result = balanced(
        read(
            lines=[line(), card],
            totalPriceSet=money("61.90"),
            transactions=paid,
            paymentGatewayNames=["gift_card", "paypal"],
        )
    )
    assert [(each.kind, each.tax_rate) for each in result.lines] == [(LineKind.GOODS, 19), (LineKind.GIFT_CARD, 0)]
    assert [(part.kind, part.method, part.amount) for part in result.payments] == [
        (PaymentKind.GIFT_CARD, "", Decimal("20.00")),
        (PaymentKind.PAYMENT, "paypal", Decimal("41.90")),
    ]
    assert (result.payment.method, result.payment.title) == ("paypal", "Paypal")
    assert result.payment.paid_at is not None


def transaction(gateway: str, kind: str, amount: str, status: str = "SUCCESS") -> dict[str, Any]:
    return {
        "kind": kind,
        "status": status,
        "gateway": gateway,
        "formattedGateway": gateway.capitalize(),
        "paymentId": "p-1",
        "processedAt": "2026-03-01T08:00:05Z",
        "amountSet": money(amount),
    }


def test_one_way_of_payment_has_no_parts() -> None:
    result = read(transactions=[transaction("shopify_payments", "SALE", "11.90")])
    assert result.payments == () and result.payment.transaction_id == "p-1"


@pytest.mark.proves("shopify", "order_fees")
def test_tips_duties_and_fees_are_charges() -> None:
    tip = line(
        9, "", "2.00", name="Tip", taxable=False, requiresShipping=False, taxLines=[], product=None, variant=None
    )
    fee = {"id": "gid://shopify/AdditionalFee/1", "name": "Pfand", "price": money("1.19"), "taxLines": [tax("0.19")]}
    result = balanced(
        read(
            lines=[line(), tip],
            totalTipReceivedSet=money("2.00"),
            originalTotalDutiesSet=money("3.00"),
            additionalFees=[fee],
            totalPriceSet=money("18.09"),
            totalTaxSet=money("2.09"),
            taxLines=[tax("2.09")],
        )
    )
    assert len(result.lines) == 1
    assert {each.title: each.kind for each in result.fees} == {
        "Tip": ChargeKind.TIP,
        "Pfand": ChargeKind.FEE,
        "Duties": ChargeKind.FEE,
    }
    assert balanced(read(totalTipReceivedSet=money("2.00"), totalPriceSet=money("13.90"))).fees[0].net == 2


def test_cash_rounding_is_a_fee_only_where_it_is_part_of_the_total() -> None:
    rounded = {"totalCashRoundingAdjustment": {"paymentSet": money("0.02")}}
    assert [each.net for each in balanced(read(**rounded, totalPriceSet=money("11.92"))).fees] == [Decimal("0.02")]
    assert balanced(read(**rounded)).fees == ()


def test_amounts_are_those_of_the_shops_own_currency() -> None:
    foreign = line(
        originalTotalSet=money("11.90", "13.09"), taxLines=[{**tax("1.90"), "priceSet": money("1.90", "2.09")}]
    )
    result = balanced(read(lines=[foreign], totalPriceSet=money("11.90", "13.09"), totalTaxSet=money("1.90", "2.09")))
    assert (result.currency, result.stated.total) == ("EUR", Decimal("11.90"))


def yens(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "JPY"}}


def test_a_currency_without_cents_stays_whole() -> None:
    yen = line(taxLines=[tax("91", 10.0)], discountAllocations=[discounted("100", title="Sale")])
    result = balanced(
        read(
            currencyCode="JPY",
            lines=[yen | {"originalTotalSet": yens("1100")}],
            totalPriceSet=yens("1000"),
            totalTaxSet=money("91"),
            taxLines=[tax("91", 10.0)],
        )
    )
    assert all(amount == amount.to_integral_value() for amount in (result.lines[0].net, result.lines[0].discount_tax))
    assert result.discounts[0].code == "Sale"


@pytest.mark.proves("shopify", "order_vat_id")
def test_the_vat_id_is_the_companys_or_a_field_of_the_order() -> None:
    named = read(
        customAttributes=[{"key": "VAT ID", "value": "DE811907980"}, {"key": "Lieferdatum", "value": "morgen"}]
    )
    assert named.billing.vat_id == "DE811907980" and named.delivery.vat_id == ""
    company = {"company": {"name": "ACME"}, "location": {"taxSettings": {"taxRegistrationId": "ATU12345678"}}}
    assert read(purchasingEntity=company).billing.vat_id == "ATU12345678"
    assert read(purchasingEntity={}, taxExempt=True).billing.vat_id == ""


def test_tax_that_is_not_stated_is_missing_and_not_zero() -> None:
    silent = read(lines=[line(taxLines=[])], totalTaxSet=money("0.00"), taxLines=[])
    assert silent.lines[0].tax_rate is None and silent.lines[0].net == Decimal("11.90")
    assert read(taxExempt=True, lines=[line(taxLines=[])]).lines[0].tax_rate == 0
    assert read(lines=[line(taxLines=[], taxable=False)]).lines[0].tax_rate == 0
    zero = read(lines=[line(taxLines=[tax("0.00", 0.0)])], totalTaxSet=money("0.00"))
    assert zero.lines[0].tax_rate == 0


def test_an_order_at_the_till_without_a_buyer() -> None:
    result = balanced(
        read(
            sourceName="pos",
            billingAddress=None,
            shippingAddress=None,
            customer=None,
            email=None,
            displayFulfillmentStatus="FULFILLED",
        )
    )
    assert result.is_pos and result.is_guest and result.billing.is_empty and result.state is ChannelState.SHIPPED


def test_an_order_of_another_channel_without_a_billing_address_keeps_its_delivery_address() -> None:
    result = read(sourceName="tiktok", billingAddress=None)
    assert result.billing.is_empty and result.delivery.name == "Anna Weiß"


def test_marketplaces_that_owe_the_tax_are_told_apart() -> None:
    owed = {**tax("1.90"), "channelLiable": True}
    assert read(lines=[line(taxLines=[owed])]).is_tax_owed_by_channel
    assert not read().is_tax_owed_by_channel


def test_what_the_buyer_wrote_on_a_line_is_personal() -> None:
    fields = [{"key": "Gravur", "value": "Für Oma"}, {"key": "_app", "value": "x"}, {"key": "leer", "value": None}]
    result = read(lines=[line(customAttributes=fields)])
    assert [(each.name, each.value, each.is_personal) for each in result.lines[0].properties] == [
        ("Gravur", "Für Oma", True)
    ]


def test_a_deleted_product_has_no_ref() -> None:
    only = read(lines=[line(sku=None, product=None, variant=None)]).lines[0]
    assert (only.sku, only.product_ref) == ("", "")


def test_unknown_values_and_fields_do_no_harm() -> None:
    result = read(displayFinancialStatus="NEW_STATE", somethingNew={"a": 1}, note="null\x00byte", customerLocale=None)
    assert (result.channel_state, result.comment, result.language) == ("NEW_STATE", "nullbyte", "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "legacyResourceId"),
        (b"[]", "document"),
        (b"not json", "document"),
        (orjson.dumps(order(totalPriceSet=None, currentTotalPriceSet=None)), "totalPriceSet"),
        (orjson.dumps(order(lines=[line(quantity="viele")])), "quantity"),
        (orjson.dumps(order(updatedAt="Anna Weiß")), "updatedAt"),
    ],
)
def test_what_cannot_be_booked_is_refused_by_the_name_of_its_fields(body: bytes, field: str) -> None:
    reader: Any = shopify.reader()
    with pytest.raises(FailureError) as caught:
        reader.read_order(body)
    assert caught.value.failure.code == "DOCUMENT_INVALID"
    assert field in caught.value.failure.params["problems"] and "Weiß" not in str(caught.value)
