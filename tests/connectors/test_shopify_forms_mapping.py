"""Shopify's orders of other people's queries, of older versions, and documents that contradict themselves."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.failure import FailureError
from canonical.order import ChannelOrder, ChargeKind
from connectors import shopify
from tests.connectors.test_shopify_mapping import balanced, read, yens
from tests.connectors.test_shopify_support import line, money, order, tax


def without(node: dict[str, Any], *names: str, **instead: Any) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in names} | instead


def read_document(document: dict[str, Any]) -> ChannelOrder:
    reader: Any = shopify.reader()
    result: ChannelOrder = reader.read_order(orjson.dumps(document))
    return result


def test_a_query_that_chose_other_fields_reads_as_the_same_order() -> None:
    sold = without(line(), "name", "sku", "originalTotalSet", title="Becher", originalUnitPriceSet=money("11.90"))
    sold |= {"variant": {"id": "gid://shopify/ProductVariant/22", "sku": "MUG"}}
    sold |= {"taxLines": [without(tax("1.90"), "priceSet", price="1.90")]}
    postage = {"id": "gid://shopify/ShippingLine/5", "title": "DHL", "originalPriceSet": money("0.00")}
    given = order(shippingLines=[postage])
    names = (
        "legacyResourceId",
        "updatedAt",
        "currencyCode",
        "totalPriceSet",
        "totalTaxSet",
        "lineItems",
        "shippingLines",
    )
    chosen = without(given, *names, shippingLine=postage, lineItems={"edges": [{"cursor": "a", "node": sold}]})
    assert balanced(read_document(chosen)) == balanced(read_document(given))


def test_the_rest_form_without_a_date_of_change_or_a_currency_is_read_by_what_it_has() -> None:
    found = read_document(in_rest(updated_at=None, currency=None))
    assert (found.modified_at, found.currency) == (found.ordered_at, "EUR")


def test_what_is_there_is_never_replaced_by_what_says_nearly_the_same() -> None:
    refunded = read(currentTotalPriceSet=money("0.00"), currentTotalTaxSet=money("0.00"))
    assert refunded.stated.total == Decimal("11.90")
    assert read(lines=[line(title="Andere", originalUnitPriceSet=money("1.00"))]).lines[0].title == "Becher"


def test_a_shipping_line_that_an_edit_took_out_is_part_of_no_sum() -> None:
    postage = {"id": "1", "title": "DHL", "discountedPriceSet": money("4.90"), "taxLines": [tax("0.78")]}
    assert balanced(read(shippingLines={"nodes": [{**postage, "isRemoved": True}]})).shipping == ()


def test_several_taxes_are_told_so_that_each_may_be_rounded() -> None:
    several = [tax("0.06", 0.55)] * 3
    postage = {"id": "1", "title": "DHL", "discountedPriceSet": money("10.00"), "taxLines": several}
    found = read(taxesIncluded=False, lines=[line(total="10.00", taxLines=several)], shippingLines=[postage])
    assert (found.lines[0].tax_parts, found.shipping[0].parts) == (3, 3)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"currencyCode": "USD"}, "another currency"),
        ({"lines": [line() | {"originalTotalSet": yens("11")}]}, "another currency"),
        ({"currencyCode": "eur"}, "currencyCode"),
        ({"processedAt": "0001-01-01T00:00:00+14:00"}, "processedAt"),
        ({"totalPriceSet": money("1e30")}, "totalPriceSet"),
        ({"lines": [line(taxLines=[tax("1.90", -100)])]}, "ratePercentage"),
    ],
)
def test_what_no_sum_can_be_made_of_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(FailureError) as caught:
        read(**fields)
    assert caught.value.failure.code == "DOCUMENT_INVALID" and problem in caught.value.failure.params["problems"]


def in_rest(**fields: Any) -> dict[str, Any]:
    """One mug in the form of REST, every amount stated twice."""
    price = {"shop_money": {"amount": "11.90", "currency_code": "EUR"}}
    sold = {"id": 1, "sku": "MUG", "name": "Becher", "quantity": 2, "price": "11.90", "price_set": price}
    sold |= {"tax_lines": [{"rate": 0.19, "price": "3.80"}]}
    twice = {"shop_money": {"amount": "23.80", "currency_code": "EUR"}}
    given = {"id": 1, "name": "#1", "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z"}
    given |= {"taxes_included": True, "currency": "EUR", "financial_status": "paid", "total_tax": "3.80"}
    return given | {"total_price": "23.80", "total_price_set": twice, "line_items": [sold]} | fields


@pytest.mark.parametrize(
    "fields",
    [
        {"total_price": "23.81"},
        {"total_price_set": {"shop_money": {"amount": "23.81", "currency_code": "EUR"}}},
        {"line_items": [in_rest()["line_items"][0] | {"price": "11.91"}]},
    ],
)
def test_a_cent_more_in_either_of_two_places_is_no_balanced_order(fields: dict[str, Any]) -> None:
    balanced(read_document(in_rest()))
    found = read_document(in_rest(**fields))
    assert found.stated.total != found.computed_total


def test_older_versions_name_what_is_left_of_a_line_only_in_the_refunds() -> None:
    refunds = [{"refund_line_items": [{"line_item_id": 1, "quantity": 1}, {"line_item_id": 2, "quantity": 1}]}]
    assert [each.removed for each in read_document(in_rest(refunds=refunds)).lines] == [1]
    newer = in_rest()["line_items"][0] | {"current_quantity": 2}
    assert [each.removed for each in read_document(in_rest(refunds=refunds, line_items=[newer])).lines] == [0]


def test_what_was_taken_out_of_an_order_in_yen_is_whole_yen() -> None:
    removed = line(quantity=3, currentQuantity=2, taxLines=[tax("91", 10.0)])
    found = read(
        currencyCode="JPY",
        lines=[removed | {"originalTotalSet": yens("1000")}],
        totalPriceSet=yens("667"),
        totalTaxSet=money("61"),
        taxLines=[tax("61", 10.0)],
    )
    assert found.stated.total == found.computed_total == 1000


def test_a_payment_in_cash_that_was_rounded_is_read_of_the_rest_form_too() -> None:
    rounded = {"shop_money": {"amount": "0.02", "currency_code": "EUR"}}
    total = {"total_price": "23.82", "total_price_set": None, "total_cash_rounding_payment_adjustment_set": rounded}
    found = read_document(in_rest(**total))
    assert [fee.title for fee in found.fees] == ["Cash rounding"] and found.computed_total == found.stated.total


def test_a_sum_of_discounts_stands_in_for_shares_that_are_left_out() -> None:
    sold = in_rest()["line_items"][0] | {"total_discount": "2.38", "tax_lines": [{"rate": 0.19, "price": "3.42"}]}
    total = {"total_price": "21.42", "total_price_set": None, "total_tax": "3.42"}
    found = balanced(read_document(in_rest(line_items=[sold], **total)))
    assert found.lines[0].discount_net + found.lines[0].discount_tax == Decimal("2.38")
    shared = sold | {"discount_allocations": [{"amount": "2.38", "discount_application_index": 0}]}
    assert balanced(read_document(in_rest(line_items=[shared], **total))).lines == found.lines


def test_a_shipping_price_is_lowered_by_its_discounts_where_only_these_are_stated() -> None:
    postage = {"id": 5, "title": "DHL", "price": "4.90", "tax_lines": [{"rate": 0.19, "price": "0.00"}]}
    free = postage | {"discount_allocations": [{"amount": "4.90"}]}
    assert balanced(read_document(in_rest(shipping_lines=[free]))).shipping[0].net == 0


def test_a_tip_is_the_sum_of_its_lines_where_the_order_does_not_state_it() -> None:
    tip = {"id": 2, "title": "Tip", "quantity": 1, "price": "2.00", "taxable": False, "tip": {"payment_gateway": "x"}}
    lines = [*in_rest()["line_items"], tip]
    found = balanced(read_document(in_rest(line_items=lines, total_price="25.80", total_price_set=None)))
    assert [(fee.kind, fee.net) for fee in found.fees] == [(ChargeKind.TIP, Decimal("2.00"))]


def test_full_price_and_rest_of_a_discounted_line_both_fit_its_rate() -> None:
    third = {"allocatedAmountSet": money("3.33"), "discountApplication": {"code": "X"}}
    found = read(lines=[line(total="10.00", taxLines=[tax("1.06")], discountAllocations=[third])]).lines[0]
    assert (found.tax, found.tax - found.discount_tax) == (Decimal("1.60"), Decimal("1.06"))
