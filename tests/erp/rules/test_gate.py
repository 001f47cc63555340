"""Which documents are looked at, and which are impossible as such."""

from datetime import timedelta
from decimal import Decimal

import pytest

from canonical.order import ChannelState
from erp.rules import Outcome, decide
from tests.erp.order_kit import NOW, charge, codes, context, judge, line, order, stating, world


def test_an_ordinary_order_is_imported_without_a_word() -> None:
    decision = judge(order())
    assert (decision.outcome, decision.findings) == (Outcome.IMPORT, ())


@pytest.mark.parametrize(
    ("state", "word", "code"),
    [
        (ChannelState.CANCELLED, "cancelled", "CANCELLED_BEFORE_IMPORT"),
        (ChannelState.REFUNDED, "refunded", "REFUNDED_BEFORE_IMPORT"),
        (ChannelState.SHIPPED, "completed", "ALREADY_SHIPPED"),
        (ChannelState.OPEN, "pending", "STATE_FILTERED"),
    ],
)
def test_a_state_that_is_not_imported_is_skipped(state: ChannelState, word: str, code: str) -> None:
    decision = judge(order(state=state, channel_state=word))
    assert decision.outcome is Outcome.SKIP
    assert codes(decision) == [code]


def test_a_cancelled_order_is_skipped_even_if_its_state_is_chosen() -> None:
    decision = judge(
        order(state=ChannelState.CANCELLED, channel_state="cancelled"), import_states=frozenset({"cancelled"})
    )
    assert codes(decision) == ["CANCELLED_BEFORE_IMPORT"]


def test_a_completed_order_that_is_chosen_is_imported_on_hold_and_reserves_nothing() -> None:
    decision = judge(
        order(state=ChannelState.SHIPPED, channel_state="completed"), import_states=frozenset({"completed"})
    )
    assert decision.draft is not None
    assert (decision.draft.holds, decision.draft.autoship) == (("already_shipped",), False)
    assert decision.draft.reserves_stock is False


def test_an_open_order_that_is_refunded_in_full_is_skipped() -> None:
    of = order()
    assert codes(judge(of.model_copy(update={"refunded": of.stated.total}))) == ["REFUNDED_BEFORE_IMPORT"]


def test_a_zero_order_without_refund_is_not_taken_for_refunded() -> None:
    assert judge(order(line(net="0.00"), shipping=())).outcome is Outcome.IMPORT


def test_an_order_changed_before_the_start_is_too_old_unless_somebody_asks_for_it() -> None:
    of = order(modified_at=NOW - timedelta(days=9))
    master, settings = world(of)
    start = NOW - timedelta(days=1)
    assert codes(decide(of, context(settings, start_at=start), master)) == ["TOO_OLD"]
    assert decide(of, context(settings, start_at=start, by_hand=True), master).outcome is Outcome.IMPORT


def test_a_date_in_the_future_is_refused_but_a_wrong_time_zone_is_not() -> None:
    assert judge(order(ordered_at=NOW + timedelta(hours=20))).outcome is Outcome.IMPORT
    assert codes(judge(order(ordered_at=NOW + timedelta(days=2)))) == ["DATE_IN_FUTURE"]


def test_an_order_without_lines_is_refused() -> None:
    of = order(shipping=())
    assert codes(judge(order(line(), shipping=()).model_copy(update={"lines": (), "stated": of.stated}))) == [
        "NO_LINES",
        "TOTAL_MISMATCH",
        "TOTAL_MISMATCH",
        "TOTAL_MISMATCH",
    ]


def test_the_same_line_id_twice_is_refused_and_named_once() -> None:
    decision = judge(order(line(ref="7"), line("A-2", ref="7"), line("A-3", ref="8")))
    assert codes(decision) == ["LINE_DUPLICATE"]
    assert decision.findings[0].params == {"ref": "7"}


def test_an_unknown_currency_word_is_refused_instead_of_breaking_the_booking() -> None:
    assert "DOCUMENT_INVALID" in codes(judge(order(currency="EURO")))


@pytest.mark.parametrize("amount", ["0.125", "123456789012.00"])
def test_an_amount_that_no_account_can_hold_is_refused(amount: str) -> None:
    decision = judge(order(line(net=amount, rate="0"), shipping=()))
    assert "DOCUMENT_INVALID" in codes(decision)
    assert amount in decision.findings[0].params["problems"]


def test_trailing_zeros_do_no_harm() -> None:
    assert judge(order(line(net="10.0000"), shipping=(charge("4.1200"),))).outcome is Outcome.IMPORT


def test_every_problem_is_named_at_once() -> None:
    of = order(
        line("NEW-1"), line("", ref="2"), line("NEW-2", quantity="-1"),
        payment=order().payment.model_copy(update={"method": "moon"}),
        shipping=(charge("4.12", method="rocket"),),
        billing=order().billing.model_copy(update={"city": ""}),
    )  # fmt: skip
    of = stating(of, total=of.stated.total + Decimal("0.01"))
    master, settings = world()
    decision = decide(of, context(settings), master)
    assert sorted(codes(decision)) == [
        "CUSTOMER_ADDRESS_INCOMPLETE",
        "PAYMENT_UNMAPPED",
        "PRODUCT_UNKNOWN",
        "PRODUCT_WITHOUT_SKU",
        "QUANTITY_INVALID",
        "SHIPPING_UNMAPPED",
        "TOTAL_MISMATCH",
    ]
    waits = {key for finding in decision.findings for key in finding.waits_for}
    assert {"article:NEW-1", "article:NEW-2", "payment:moon", "shipping:rocket"} <= waits
