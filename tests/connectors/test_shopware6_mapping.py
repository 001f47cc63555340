"""Amounts of Shopware's orders that need a decision: several rates in one line, numbers finer than money, broken documents."""

from decimal import Decimal
from typing import Any

import pytest

from canonical.failure import FailureError
from canonical.order import ChargeKind
from tests.connectors.test_shopware6_orders import read

GROSS = {"taxStatus": "gross"}


def taxed(total: float, *taxes: tuple[float, float, float]) -> dict[str, Any]:
    """A price of which each tax is (tax, rate, amount that bears it)."""
    rows = [{"tax": tax, "taxRate": rate, "price": price} for tax, rate, price in taxes]
    return {"totalPrice": total, "calculatedTaxes": rows}


def sold(price: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "l1",
        "type": "product",
        "label": "Set",
        "price": price,
        "payload": {"productNumber": "SET"},
        **fields,
    }


def test_a_line_of_several_rates_is_the_goods_and_a_service_for_what_bears_another_rate() -> None:
    price = taxed(22.6, (1.9, 19, 11.9), (0.7, 7, 10.7))
    found = read(lineItems=[sold(price, quantity=2)], amountTotal=22.6, price={**price, **GROSS})
    assert [(line.sku, line.quantity, line.net, line.tax, line.tax_rate) for line in found.lines] == [
        ("SET", 2, Decimal("10.00"), Decimal("1.90"), 19)
    ]
    assert [(fee.title, fee.kind, fee.line_ref, fee.net, fee.tax, fee.tax_rate) for fee in found.fees] == [
        ("Set", ChargeKind.SERVICE, "l1", Decimal("10.00"), Decimal("0.70"), 7)
    ]
    assert found.computed_total == found.stated.total == Decimal("22.60")
    assert {each.rate: each.tax for each in found.stated.taxes} == found.computed_taxes()


@pytest.mark.parametrize(
    ("currency", "total", "stated"),
    [
        ("EUR", 11.900000000000002, "11.90"),
        ("EUR", 11.905, "11.905"),
        ("JPY", 12.0, "12"),
        ("JPY", 11.9, "11.9"),
        ("KWD", 11.905, "11.905"),
    ],
)
def test_only_the_noise_of_a_number_is_rounded_away_from_the_total(currency: str, total: float, stated: str) -> None:
    found = read(currency={"isoCode": currency}, amountTotal=total)
    assert found.stated.total == Decimal(stated)


def test_a_line_whose_two_totals_differ_is_no_order() -> None:
    price = taxed(11.9, (1.9, 19, 11.9))
    assert read(lineItems=[sold(price, totalPrice=11.9)]).computed_total == Decimal("11.90")
    with pytest.raises(FailureError, match="totalPrice differ"):
        read(lineItems=[sold(price, totalPrice=11.91)])


@pytest.mark.parametrize("state", ["completed", "shipped"])
def test_what_the_shop_has_sent_is_in_the_state_that_chooses_such_orders(state: str) -> None:
    paid = {"id": "t", "stateMachineState": {"technicalName": "paid"}}
    sent = {"id": "d", "stateMachineState": {"technicalName": state}}
    changes = {"stateMachineState": {"technicalName": state}} if state == "completed" else {"deliveries": [sent]}
    assert read(transactions=[paid], **changes).channel_state == "completed"
    assert read(transactions=[paid]).channel_state == "paid"
