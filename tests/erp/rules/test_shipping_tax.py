"""Shipping costs and fees: which tax they bear, how several become one line, what they are called."""

from decimal import Decimal as D

import pytest

from canonical.order import ChannelOrder, Charge, ChargeKind
from canonical.settings import ShippingTax
from erp.rules import DraftLine
from erp.rules.model import OrderDraft
from tests.erp.order_kit import charge, codes, discounted, judge, line, order


def drafted(of: ChannelOrder, **changes: object) -> OrderDraft:
    decision = judge(of, **changes)
    assert decision.draft is not None, decision.findings
    return decision.draft


def shipping(of: ChannelOrder, **changes: object) -> list[tuple[D, D, D, D]]:
    """Rate, net, tax and gross of the shipping lines."""
    lines = [item for item in drafted(of, **changes).lines if item.kind == "shipping"]
    return [(item.tax_rate, item.net, item.tax, item.gross) for item in lines]


def fee(kind: ChargeKind, net: str = "2.00", rate: str | None = None, **values: object) -> Charge:
    given = charge(net, rate or "0", title="", method="", ref="f1")
    return given.model_copy(update={"kind": kind, "tax_rate": None if rate is None else D(rate)} | values)


def surcharges(of: ChannelOrder) -> list[DraftLine]:
    return [item for item in drafted(of).lines if item.kind == "surcharge"]


MIXED = order(line("A-1", "30.00", "19"), line("A-2", "60.00", "7"), shipping=(charge("5.00", "19"),))
"""35.70 gross at 19 % and 64.20 at 7 %; 5.95 postage."""


def test_the_channels_tax_on_shipping_is_kept_by_default() -> None:
    assert shipping(MIXED) == [(D(19), D("5.00"), D("0.95"), D("5.95"))]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (ShippingTax.HIGHEST, [(D(19), D("5.00"), D("0.95"), D("5.95"))]),
        (ShippingTax.LARGEST_SHARE, [(D(7), D("5.56"), D("0.39"), D("5.95"))]),
        (ShippingTax.SPLIT, [(D(7), D("3.57"), D("0.25"), D("3.82")), (D(19), D("1.79"), D("0.34"), D("2.13"))]),
    ],
)
def test_shipping_of_mixed_goods_is_taxed_as_the_settings_say(mode: ShippingTax, expected: list[tuple[D, ...]]) -> None:
    draft = drafted(MIXED, shipping_tax=mode)
    assert shipping(MIXED, shipping_tax=mode) == expected
    assert draft.total == MIXED.stated.total
    assert draft.total_tax == sum(item.tax for item in draft.lines)
    assert codes(judge(MIXED, shipping_tax=mode)) == []


def test_shipping_of_reduced_goods_alone_is_reduced_too() -> None:
    of = order(line(rate="7"), shipping=(charge("5.00", "19"),))
    assert shipping(of, shipping_tax=ShippingTax.HIGHEST) == [(D(7), D("5.56"), D("0.39"), D("5.95"))]
    assert shipping(of) == [(D(19), D("5.00"), D("0.95"), D("5.95"))]


def test_the_largest_share_is_measured_after_discounts() -> None:
    of = order(discounted("A-1", "100.00", "19", "95.00"), line("A-2", "60.00", "7"), shipping=(charge("5.00", "19"),))
    assert [rate for rate, *_ in shipping(of, shipping_tax=ShippingTax.LARGEST_SHARE)] == [D(7)]


def test_goods_without_a_price_decide_nothing() -> None:
    of = order(line(net="0.00", rate="7"), shipping=(charge("5.00", "19"),))
    assert shipping(of, shipping_tax=ShippingTax.HIGHEST) == [(D(19), D("5.00"), D("0.95"), D("5.95"))]


def test_several_shipping_lines_are_summed_by_tax_rate() -> None:
    of = order(
        line(),
        shipping=(charge("3.00", "19", "DHL", ref="a"), charge("2.00", "19", "DPD", ref="b"), charge("1.00", "7", ref="c")),
    )  # fmt: skip
    lines = [item for item in drafted(of).lines if item.kind == "shipping"]
    assert [(item.title, item.gross, item.tax_rate, item.line_ref, item.line_refs) for item in lines] == [
        ("DHL + DPD", D("5.95"), D(19), "a", ("a", "b")),
        ("DHL", D("1.07"), D(7), "c", ()),
    ]


def test_a_discount_on_shipping_is_a_negative_line_of_its_own() -> None:
    of = order(line(), shipping=(charge("5.00", "19", "DHL"), charge("-2.00", "19", "Free above 50", ref="s2")))
    lines = [item for item in drafted(of).lines if item.kind == "shipping"]
    assert [(item.title, item.gross, item.article and item.article.number) for item in lines] == [
        ("DHL", D("5.95"), "PORTO"),
        ("Free above 50", D("-2.38"), "PORTO"),
    ]
    assert drafted(of).total == of.stated.total


def test_a_cash_on_delivery_fee_is_a_line_of_its_own_beside_the_postage() -> None:
    of = order(line(), shipping=(charge("5.00"),), fees=(fee(ChargeKind.COD, "4.00", "19"),))
    lines = drafted(of).lines
    assert [(item.kind, item.title, item.gross) for item in lines[1:]] == [
        ("shipping", "DHL", D("5.95")),
        ("surcharge", "Nachnahmegebühr", D("4.76")),
    ]


def test_a_payment_fee_is_a_surcharge_line() -> None:
    (item,) = surcharges(order(fees=(fee(ChargeKind.PAYMENT, "1.00", "19"),)))
    assert (item.title, item.gross, item.article and item.article.number) == ("Zahlungsgebühr", D("1.19"), "ZUSCHLAG")


def test_a_tip_is_a_tax_free_surcharge() -> None:
    decision = judge(order(fees=(fee(ChargeKind.TIP),), language="en"))
    assert codes(decision) == []
    (item,) = surcharges(order(fees=(fee(ChargeKind.TIP),), language="en"))
    assert (item.title, item.gross, item.tax, item.tax_rate) == ("Tip", D("2.00"), D("0.00"), D(0))


def test_a_deposit_is_a_surcharge_with_or_without_tax() -> None:
    (taxed,) = surcharges(order(fees=(fee(ChargeKind.DEPOSIT, "0.25", "19"),)))
    (free,) = surcharges(order(fees=(fee(ChargeKind.DEPOSIT, "0.25"),)))
    assert (taxed.title, taxed.tax, free.tax) == ("Pfand", D("0.05"), D("0.00"))


def test_gift_wrap_belongs_to_its_line() -> None:
    of = order(line("A-1"), line("A-2"), fees=(fee(ChargeKind.SERVICE, "1.00", "19", line_ref="l-A-2"),))
    (item,) = surcharges(of)
    assert item.parent == 1
    assert drafted(of).lines[1].line_ref == "l-A-2"
    (alone,) = surcharges(order(fees=(fee(ChargeKind.SERVICE, "1.00", "19", line_ref="nobody"),)))
    assert alone.parent is None


def test_a_fee_without_tax_information_is_refused_unless_it_needs_none() -> None:
    assert codes(judge(order(fees=(fee(ChargeKind.FEE, title="Small order"),)))) == ["TAX_MISSING"]
    assert codes(judge(order(fees=(fee(ChargeKind.DEPOSIT),)))) == []
