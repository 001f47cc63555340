"""WooCommerce's orders with more decimals than money has, with several taxes at once, and without a date of change."""

from decimal import Decimal

import orjson
import pytest

from canonical.order import ChannelOrder
from connectors.woocommerce.mapping import read_order
from tests.connectors.test_woocommerce_mapping import Recorded, changed, orders, plain

__all__ = ["orders", "plain"]


@pytest.mark.parametrize("number", ["54", "83"])
def test_more_decimals_than_money_has_are_rounded_as_the_shop_rounds_them(
    recorded: Recorded, orders: dict[str, ChannelOrder], number: str
) -> None:
    fine = next(each for each in orjson.loads(recorded("orders_dp4")) if each["number"] == number)
    assert any(len(line["total"].partition(".")[2].rstrip("0")) > 2 for line in fine["line_items"])
    assert read_order(orjson.dumps(fine)) == orders[number]


def test_net_prices_with_more_decimals_are_rounded_line_by_line(plain: bytes) -> None:
    line = orjson.loads(plain)["line_items"][0]
    fine = {"total": "10.8449", "subtotal": "10.8449", "total_tax": "2.0605", "subtotal_tax": "2.0605"}
    taxes = [{"id": 1, "total": "2.0605", "subtotal": "2.0605"}]
    body = changed(plain, prices_include_tax=False, total="17.8000", line_items=[line | fine | {"taxes": taxes}])
    found = read_order(body).lines[0]
    assert (found.net, found.tax) == (Decimal("10.84"), Decimal("2.06"))


def test_a_total_that_is_finer_than_money_is_left_for_the_rules_to_refuse(plain: bytes) -> None:
    assert read_order(changed(plain, total="17.8050")).stated.total == Decimal("17.805")


def test_an_order_that_names_no_change_was_changed_when_it_was_placed(plain: bytes) -> None:
    found = read_order(changed(plain, date_modified_gmt=None))
    assert found.modified_at == found.ordered_at


def test_several_taxes_of_a_line_are_told_so_that_each_may_be_rounded(plain: bytes) -> None:
    document = orjson.loads(plain)
    taxes = [{"id": each, "total": "0.06", "subtotal": "0.06"} for each in (1, 2, 3)]
    rates = [{"rate_id": each, "rate_percent": 0.55, "tax_total": "0.06"} for each in (1, 2, 3)]
    line = document["line_items"][0] | {"taxes": taxes, "total_tax": "0.18", "subtotal_tax": "0.18"}
    ship = document["shipping_lines"][0] | {"taxes": taxes, "total": "10.90", "total_tax": "0.18"}
    found = read_order(changed(plain, line_items=[line], shipping_lines=[ship], tax_lines=rates))
    assert (found.lines[0].tax_parts, found.shipping[0].parts) == (3, 3)


def test_a_tax_on_top_of_another_bears_on_the_whole_postage(plain: bytes) -> None:
    document = orjson.loads(plain)
    rates = [
        {"rate_id": 1, "rate_percent": 5, "tax_total": "0", "shipping_tax_total": "5.00"},
        {"rate_id": 2, "rate_percent": 10, "compound": True, "tax_total": "0", "shipping_tax_total": "10.50"},
    ]
    taxes = [{"id": 1, "total": "5.00"}, {"id": 2, "total": "10.50"}]
    postage = document["shipping_lines"][0] | {"total": "100.00", "total_tax": "15.50", "taxes": taxes}
    (found,) = read_order(changed(plain, shipping_lines=[postage], tax_lines=rates)).shipping
    assert (found.net, found.tax, found.tax_rate) == (Decimal(100), Decimal("15.50"), Decimal("15.5"))
