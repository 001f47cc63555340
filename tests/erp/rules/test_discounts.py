"""Discounts: over mixed rates, larger than the goods, never taken twice."""

from decimal import Decimal as D

from canonical.order import ChannelOrder, Charge
from erp.rules.discounts import split_over_rates
from erp.rules.model import OrderDraft
from tests.erp.order_kit import charge, code, codes, discounted, judge, line, order


def drafted(of: ChannelOrder, **changes: object) -> OrderDraft:
    decision = judge(of, **changes)
    assert decision.draft is not None, decision.findings
    return decision.draft


def discounts(of: ChannelOrder) -> list[tuple[str, D, D, D]]:
    """Title, rate, tax and gross of the discount lines."""
    lines = [item for item in drafted(of).lines if item.kind == "discount"]
    return [(item.title, item.tax_rate, item.tax, item.gross) for item in lines]


def untaxed_fee(net: str) -> object:
    return charge(net, "0", title="Voucher", ref="f1").model_copy(update={"tax_rate": None})


def test_one_line_per_discount_and_tax_rate_with_the_code_as_text() -> None:
    of = order(
        discounted("A-1", "20.00", "19", "2.00"),
        discounted("A-2", "10.00", "7", "1.00"),
        discounts=(code("SUMMER", "2.00"), code("FRIEND", "1.00")),
    )
    assert [(title, rate) for title, rate, _, _ in discounts(of)] == [
        ("SUMMER", D(19)), ("FRIEND", D(19)), ("SUMMER", D(7)), ("FRIEND", D(7)),
    ]  # fmt: skip
    assert drafted(of).total == of.stated.total


def test_a_discount_over_mixed_rates_is_split_by_gross_and_the_last_rate_takes_the_cent() -> None:
    of = order(
        line("A-1", "10.00", "19"), line("A-2", "10.00", "7"), line("EXEMPT", "10.00", "0"), shipping=(),
        fees=(untaxed_fee("-1.00"),),
    )  # fmt: skip
    assert discounts(of) == [
        ("Voucher", D(0), D("0.00"), D("-0.31")),
        ("Voucher", D(7), D("-0.02"), D("-0.33")),
        ("Voucher", D(19), D("-0.06"), D("-0.36")),
    ]
    assert drafted(of).total == of.stated.total == D("31.60")
    assert codes(judge(of)) == []


def test_the_last_part_takes_the_cent() -> None:
    parts = split_over_rates(D("-1.00"), {D(0): D(1), D(7): D(1), D(19): D(1)}, D("0.01"))
    assert [net + tax for _, net, tax in parts] == [D("-0.33"), D("-0.33"), D("-0.34")]


def test_a_discount_without_goods_has_no_tax() -> None:
    assert split_over_rates(D("-1.00"), {}, D("0.01")) == [(D("0.00"), D("-1.00"), D("0.00"))]


def test_a_discount_in_yen_is_split_into_whole_yen() -> None:
    of = order(
        line("A-1", "1001", "10", tax=D(100), discount_net=D(101), discount_tax=D(10)),
        shipping=(), currency="JPY", discounts=(code("A", "50"), code("B", "51")),
    )  # fmt: skip
    lines = [item for item in judge(of).draft.lines if item.kind == "discount"]
    assert [(item.net, item.tax) for item in lines] == [(D(-50), D(-5)), (D(-51), D(-5))]


def test_what_the_line_price_has_already_is_not_taken_off_again() -> None:
    of = order(line("A-1", "9.00"), discounts=(code("TEN", "1.00"),))
    assert discounts(of) == []
    assert drafted(of).total == of.stated.total


def test_a_voucher_larger_than_the_goods_is_looked_at_by_a_person() -> None:
    of = order(line("A-1", "5.00"), shipping=(charge("10.00"),), fees=(charge("-8.00", title="Voucher", ref="f1"),))
    decision = judge(of)
    assert [(finding.code, finding.params) for finding in decision.findings] == [
        ("DISCOUNT_TOO_LARGE", {"rate": "19", "discount": "9.52", "goods": "5.95"})
    ]
    assert drafted(of).holds == ("discount_too_large",)
    assert drafted(of).total == of.stated.total


def test_a_voucher_that_takes_all_of_the_goods_is_ordinary() -> None:
    of = order(discounted("A-1", "5.00", "19", "5.00"))
    assert codes(judge(of)) == []
    assert drafted(of).total == of.stated.total


def test_a_negative_fee_is_a_discount_at_its_own_rate() -> None:
    of = order(line("A-1", "50.00"), fees=(charge("-2.00", "19", title="", ref="f1"),), language="en")
    assert discounts(of) == [("Discount", D(19), D("-0.38"), D("-2.38"))]


def test_a_total_that_is_rounded_down_to_five_cents_is_no_discount_without_goods() -> None:
    def rounded(amount: str) -> Charge:
        return Charge(ref="r", title="Rundung", net=D(amount), tax=D(0), tax_rate=D(0))

    assert codes(judge(order(fees=(rounded("-0.05"),)))) == []
    assert codes(judge(order(fees=(rounded("-0.06"),)))) == ["DISCOUNT_TOO_LARGE"]
