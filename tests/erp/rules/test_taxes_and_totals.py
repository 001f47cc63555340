"""The cent check, taxes, and what stops auto-ship."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from canonical.failure import Severity
from canonical.order import Address, ChannelOrder, Charge, ChargeKind, LineKind, Payment, StatedTax
from erp.rules import OrderDraft, Outcome, decide
from erp.rules.model import Decision
from tests.erp.order_kit import (
    ANNA,
    NOW,
    charge,
    codes,
    context,
    discounted,
    judge,
    line,
    order,
    stated,
    stating,
    world,
)

UNTAXED = {"tax": D(0), "tax_rate": None}


def draft_of(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def to(country: str, *lines: object, vat_id: str = "", **values: object) -> ChannelOrder:
    address = ANNA.model_copy(update={"country": country, "vat_id": vat_id, "phone": "+49 40 1234"})
    return order(*lines, billing=address, delivery=address, **values)


def test_tax_that_does_not_fit_its_rate_is_refused() -> None:
    of = order(line(net="10.00", tax=D("1.92")))
    decision = judge(of)
    assert codes(decision) == ["TAX_MISMATCH"]
    assert decision.findings[0].params == {"where": "Article A-1", "stated": "1.92", "computed": "1.90"}


def test_a_cent_of_rounding_is_allowed_per_line() -> None:
    assert judge(to("FR", line(net="46.64", rate="5.5", tax=D("2.56")), shipping=())).outcome is Outcome.IMPORT
    assert judge(order(line(net="10.00", tax=D("1.91")))).outcome is Outcome.IMPORT


def test_the_tax_of_the_discounted_line_must_fit_too() -> None:
    of = order(line(net="10.00", discount_net=D("5.00"), discount_tax=D("0.10")))
    assert codes(judge(of)) == ["TAX_MISMATCH"]


def test_tax_without_a_rate_is_refused() -> None:
    of = order(line(rate=None, tax=D("1.90")))
    assert codes(judge(of)) == ["TAX_MISSING"]


def test_shipping_and_fees_are_checked_as_well() -> None:
    wrong = charge("4.12").model_copy(update={"tax": D("0.90")})
    assert codes(judge(order(shipping=(wrong,)))) == ["TAX_MISMATCH"]
    assert codes(judge(order(fees=(wrong,)))) == ["TAX_MISMATCH"]


def test_shipping_that_a_channel_states_per_line_may_be_off_by_a_cent_per_line() -> None:
    two = charge("1.94").model_copy(update={"tax": D("0.38"), "parts": 2})
    assert codes(judge(order(shipping=(two,)))) == []
    assert codes(judge(order(shipping=(two.model_copy(update={"parts": 1}),)))) == ["TAX_MISMATCH"]


@pytest.mark.parametrize(
    ("sum", "what"),
    [
        ("total", "total"), ("total_tax", "tax"), ("shipping_net", "shipping"), ("discount_net", "discount"),
        ("discount_tax", "discount tax"),
    ],
)  # fmt: skip
def test_a_stated_sum_that_the_lines_do_not_give_parks_the_order(sum: str, what: str) -> None:
    of = order(discounted("A-1", "20.00", "19", "2.00"))
    decision = judge(stating(of, **{sum: getattr(of.stated, sum) + D("0.01")}))
    assert decision.outcome is Outcome.REJECT
    assert [finding.params["what"] for finding in decision.findings] == [what]
    assert decision.findings[0].params["difference"] == "0.01"


def test_a_stated_tax_per_rate_is_compared() -> None:
    of = order(line(), line("A-2", "10.00", "7"))
    wrong = tuple(
        entry.model_copy(update={"tax": entry.tax + D("0.01")}) for entry in of.stated.taxes if entry.rate == 7
    )
    decision = judge(stating(of, taxes=wrong))
    assert [finding.params["what"] for finding in decision.findings] == ["tax 19 %", "tax 7 %"]


def test_a_channel_that_states_no_tax_per_rate_is_not_asked_for_it() -> None:
    assert judge(stating(order(), taxes=())).outcome is Outcome.IMPORT


def test_a_fixed_total_closes_the_gap_with_a_line_and_explains_it() -> None:
    of = order()
    of = stating(of, total=of.stated.total + D("0.02"), shipping_net=of.stated.shipping_net + D("0.02"))
    decision = judge(of, fix_total=True)
    draft = draft_of(decision)
    assert (draft.total, draft.is_total_fixed, draft.autoship) == (of.stated.total, True, True)
    assert sum(item.gross for item in draft.lines) == of.stated.total
    assert [(item.kind, item.gross, item.tax_rate) for item in draft.lines[-1:]] == [("rounding", D("0.02"), D(0))]
    assert codes(decision) == ["TOTAL_FIXED"]
    assert decision.findings[0].params["explanation"] == "shipping: 4.14 / 4.12"


def test_above_the_largest_difference_the_total_is_not_fixed_and_a_person_looks() -> None:
    of = order()
    decision = judge(stating(of, total=of.stated.total + D("0.06")), fix_total=True)
    draft = draft_of(decision)
    assert codes(decision) == ["TOTAL_DIFFERENCE"]
    assert (draft.total, draft.channel_total) == (of.stated.total, of.stated.total + D("0.06"))
    assert (draft.is_total_fixed, draft.autoship, draft.holds) == (False, False, ("total_difference",))


def test_a_large_difference_of_a_partial_sum_is_not_hidden_by_an_equal_total() -> None:
    of = order()
    decision = judge(stating(of, total_tax=of.stated.total_tax + D("1.00")), fix_total=True)
    assert codes(decision) == ["TOTAL_DIFFERENCE"]
    assert decision.findings[0].params["difference"] == "1.00"


def test_a_rounding_of_a_partial_sum_needs_no_line_when_the_total_agrees() -> None:
    of = order()
    decision = judge(stating(of, total_tax=of.stated.total_tax + D("0.01")), fix_total=True)
    assert (decision.outcome, codes(decision), draft_of(decision).is_total_fixed) == (Outcome.IMPORT, [], False)


@pytest.mark.parametrize(
    ("country", "rate", "vat_id", "kind", "tax_country"),
    [
        ("DE", "19", "", "domestic", "DE"),
        ("DE", "19", "DE123", "domestic", "DE"),
        ("FR", "20", "", "eu", "FR"),
        ("FR", "20", "FR123", "eu", "FR"),
        ("FR", "0", "FR40303265045", "reverse_charge", "FR"),
        ("CH", "0", "", "export", "CH"),
        ("US", "0", "X1", "export", "US"),
    ],
)
def test_the_country_of_delivery_decides_the_kind_of_tax(
    country: str, rate: str, vat_id: str, kind: str, tax_country: str
) -> None:
    draft = draft_of(judge(to(country, line(rate=rate), shipping=(), vat_id=vat_id)))
    assert (draft.tax_kind, draft.tax_country) == (kind, tax_country)


def test_the_delivery_address_counts_and_not_the_billing_address() -> None:
    of = order(line(rate="20"), shipping=(), delivery=ANNA.model_copy(update={"country": "FR"}))
    assert draft_of(judge(of)).tax_kind == "eu"


def test_a_rate_that_the_country_does_not_know_stops_auto_ship() -> None:
    decision = judge(order(line(rate="16")))
    assert codes(decision) == ["TAX_RATE_UNKNOWN"]
    assert (draft_of(decision).holds, draft_of(decision).autoship) == (("tax_rate_unknown",), False)


def test_an_order_without_tax_in_a_taxable_country_needs_an_explanation() -> None:
    of = order(line(rate="0"), shipping=())
    decision = judge(of)
    assert codes(decision) == ["TAX_FREE_UNEXPLAINED"]
    assert draft_of(decision).holds == ("tax_free_unexplained",)


def test_exempt_articles_explain_an_order_without_tax() -> None:
    master, settings = world()
    assert codes(decide(order(line("EXEMPT", rate="0"), shipping=()), context(settings), master)) == []


def test_reverse_charge_waits_for_the_check_of_the_vat_id_unless_it_is_trusted() -> None:
    of = to("FR", line(rate="0"), shipping=(), vat_id="FR40303265045")
    decision = judge(of)
    assert codes(decision) == ["VAT_ID_UNCHECKED"]
    assert (draft_of(decision).holds, draft_of(decision).vat_id_trusted) == (("vat_id_unchecked",), False)
    trusted = judge(of, vat_id_trusted=True)
    assert (codes(trusted), draft_of(trusted).vat_id_trusted, draft_of(trusted).autoship) == ([], True, True)


def test_a_foreign_currency_needs_a_rate() -> None:
    of = to("US", line(rate="0"), shipping=(), currency="USD")
    decision = judge(of)
    assert (codes(decision), draft_of(decision).holds) == (["CURRENCY_RATE_MISSING"], ("exchange_rate",))
    master, settings = world(of)
    known = decide(of, context(settings), replace(master, exchange_rates={"USD": D("1.08")}))
    assert (codes(known), draft_of(known).exchange_rate) == ([], D("1.08"))


def test_a_foreign_currency_is_booked_with_its_rate_and_the_day_of_the_rate() -> None:
    of = to("US", line(rate="0"), shipping=(), currency="USD")
    master, settings = world(of)
    master = replace(master, exchange_rates={"USD": D("1.08")}, exchange_rates_since={"USD": NOW})
    draft = draft_of(decide(of, context(settings), master))
    assert (draft.currency, draft.exchange_rate, draft.exchange_rate_at) == ("USD", D("1.08"), NOW)


@pytest.mark.parametrize(
    ("currency", "net", "is_possible"),
    [
        ("JPY", "1000", True), ("JPY", "1000.00", True), ("JPY", "1000.50", False),
        ("KWD", "1.250", True), ("KWD", "1.255", False), ("EUR", "1.25", True), ("EUR", "1.255", False),
    ],
)  # fmt: skip
def test_amounts_must_fit_the_smallest_unit_of_their_currency(currency: str, net: str, is_possible: bool) -> None:
    of = to("JP", line(net=net, rate="0"), shipping=(), currency=currency)
    refused = [finding.code for finding in judge(of).findings if finding.severity is Severity.REJECT]
    assert refused == ([] if is_possible else ["DOCUMENT_INVALID"])


def test_an_order_without_cents_rounds_its_taxes_to_whole_yen() -> None:
    yen = line(net="1003", rate="10", tax=D("101"))
    assert "TAX_MISMATCH" not in codes(judge(to("JP", yen, shipping=(), currency="JPY")))
    assert "TAX_MISMATCH" in codes(judge(to("JP", yen, shipping=(), currency="EUR")))


def test_a_total_below_zero_is_refused() -> None:
    decision = judge(order(line(net="5.00"), shipping=(), fees=(charge("-10.00", title="Voucher"),)))
    assert decision.outcome is Outcome.REJECT
    assert "TOTAL_NEGATIVE" in codes(decision)


def test_a_rounding_difference_is_explained_by_sum_and_by_how_the_shop_rounded() -> None:
    of = order(*(line(f"A-{n}", "0.13") for n in range(3)), shipping=())
    tax = of.stated.total_tax + D("0.01")
    assert (of.stated.total_tax, tax) == (D("0.06"), D("0.07"))
    wrong = stating(of, total=of.stated.total + D("0.01"), total_tax=tax, taxes=(StatedTax(rate=D(19), tax=tax),))
    decision = judge(wrong, fix_total=True)
    assert decision.findings[0].params["explanation"] == "tax: 0.07 / 0.06; tax 19 %: 0.07 / 0.06 (Σ 0.07)"
    assert sum(item.gross for item in draft_of(decision).lines) == wrong.stated.total


def test_missing_tax_information_is_refused_by_line() -> None:
    of = order(line(rate=None), line("EXEMPT", rate=None), shipping=(charge("1.00").model_copy(update=UNTAXED),))
    of = stating(of, **stated(of).model_dump())
    decision = judge(of)
    assert [finding.params for finding in decision.findings if finding.code == "TAX_MISSING"] == [
        {"line": "Article A-1"},
        {"line": "DHL"},
    ]
    abroad = to("CH", line(rate=None), shipping=())
    assert "TAX_MISSING" not in codes(judge(abroad))


def test_missing_tax_information_means_zero_percent_where_the_settings_say_so() -> None:
    of = order(line(rate=None), shipping=())
    decision = judge(of, exempt_if_tax_missing=True)
    assert (codes(decision), draft_of(decision).lines[0].tax_rate, draft_of(decision).holds) == ([], D(0), ())
    said = order(line(rate="0"), shipping=())
    assert codes(judge(said, exempt_if_tax_missing=True)) == ["TAX_FREE_UNEXPLAINED"]


def test_gift_cards_and_tips_need_no_tax_rate() -> None:
    tip = Charge(ref="t", title="Tip", net=D("2.00"), tax=D(0), tax_rate=None, kind=ChargeKind.TIP)
    of = order(line(), line("A-2", rate=None, kind=LineKind.GIFT_CARD), fees=(tip,))
    assert "TAX_MISSING" not in codes(judge(of))


def test_the_draft_totals_are_the_sums_of_its_lines() -> None:
    draft = draft_of(judge(order(discounted("A-1", "20.00", "19", "2.00"), fees=(charge("1.00", "7"),))))
    assert draft.total == sum(item.gross for item in draft.lines)
    assert draft.total_tax == sum(item.tax for item in draft.lines)


def test_a_net_shop_keeps_net_amounts_and_says_so() -> None:
    of = order(line(net="10.00"), shipping=(), prices_include_tax=False)
    draft = draft_of(judge(of))
    assert (draft.prices_include_tax, draft.lines[0].net, draft.lines[0].gross) == (False, D("10.00"), D("11.90"))
    assert draft_of(judge(order())).prices_include_tax is True
    assert draft_of(judge(order(), calc_net=True)).prices_include_tax is False


def test_gross_is_leading_for_consumers_whatever_rate_the_country_has() -> None:
    """119.00 stays 119.00 in France, too: the shop's rate is taken, never a net price with our rate upon it."""
    at_home = draft_of(judge(order(line(net="100.00", rate="19"), shipping=())))
    abroad = draft_of(judge(to("FR", line(net="99.17", rate="20"), shipping=())))
    assert at_home.total == abroad.total + D("0.00") == D("119.00")


def test_a_partial_refund_is_looked_at_by_a_person() -> None:
    decision = judge(order(refunded=D("3.00")))
    assert (codes(decision), draft_of(decision).holds) == (["PARTIALLY_REFUNDED"], ("partly_refunded",))


def test_a_payment_in_the_list_and_a_comment_stop_auto_ship_without_a_hold() -> None:
    by_payment = judge(order(), payments_without_autoship=frozenset({"paypal"}))
    by_comment = judge(order(comment="ring twice"), comment_stops_autoship=True)
    for decision, code in ((by_payment, "PAYMENT_STOPS_AUTOSHIP"), (by_comment, "COMMENT_STOPS_AUTOSHIP")):
        assert codes(decision) == [code]
        assert (draft_of(decision).autoship, draft_of(decision).holds) == (False, ())


def test_an_order_is_paid_when_the_channel_says_so_or_nothing_is_to_pay() -> None:
    unpaid = Payment(method="bacs")
    assert draft_of(judge(order())).payment_state == "paid"
    assert draft_of(judge(order(payment=unpaid))).payment_state == "open"
    assert draft_of(judge(order(line(net="0.00"), shipping=(), payment=unpaid))).payment_state == "paid"


def test_an_empty_delivery_address_means_the_billing_address() -> None:
    draft = draft_of(judge(order(delivery=Address())))
    assert draft.delivery == draft.billing


def test_stated_sums_are_what_this_kit_computes() -> None:
    of = order(discounted("A-1", "20.00", "19", "2.00"), fees=(charge("1.00", "7"),))
    assert of.stated == stated(of)


def test_a_line_that_bears_several_taxes_may_be_off_by_a_cent_for_each() -> None:
    of = order(line(net="10.00", rate="2.2", tax=D("0.24"), tax_parts=4), shipping=())
    assert "TAX_MISMATCH" not in codes(judge(of))
    assert "TAX_MISMATCH" in codes(judge(order(line(net="10.00", rate="2.2", tax=D("0.24")), shipping=())))
