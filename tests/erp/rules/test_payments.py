"""Money that came in before the import: gift cards, several methods, parts, and when an unpaid order expires (D§10.2, D§10.4)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest

from canonical.order import ChannelOrder, Payment, PaymentKind, PaymentPart
from erp.rules import Decision, OrderDraft, PaymentInfo, decide
from tests.erp.order_kit import NOW, codes, context, judge, line, order, world

FIFTY = {"lines": (line("A-1", "42.02", tax=D("7.98")),), "shipping": ()}
UNPAID = Payment(method="bacs")


def draft_of(decision: Decision) -> OrderDraft:
    assert decision.draft is not None, decision.findings
    return decision.draft


def fifty(*parts: PaymentPart, payment: Payment = UNPAID, **values: object) -> ChannelOrder:
    """An order of 50.00."""
    return order(payments=parts, payment=payment, **(FIFTY | values))


def paid(amount: str, method: str = "paypal", reference: str = "") -> PaymentPart:
    return PaymentPart(method=method, amount=D(amount), reference=reference)


def card(amount: str, reference: str = "") -> PaymentPart:
    return PaymentPart(kind=PaymentKind.GIFT_CARD, amount=D(amount), reference=reference)


def money(draft: OrderDraft) -> list[tuple[str, D, str, str]]:
    return [(row.kind, row.amount, row.method.code if row.method else "–", row.reference) for row in draft.payments]


def test_what_the_channel_says_is_paid_is_one_payment_of_the_whole() -> None:
    at = NOW - timedelta(hours=3)
    draft = draft_of(judge(fifty(payment=Payment(method="paypal", transaction_id="T-1", paid_at=at))))
    assert (money(draft), draft.payments[0].at) == ([("payment", D(50), "paypal", "T-1")], at)
    assert draft.payment_state == "paid"
    assert money(draft_of(judge(fifty()))) == []


def test_a_redeemed_gift_card_is_a_payment_and_the_total_stays() -> None:
    of = fifty(card("20.00", "GIFT-1"), payment=Payment(method="paypal", transaction_id="T-1", paid_at=NOW))
    decision = judge(of)
    draft = draft_of(decision)
    assert (codes(decision), draft.total, draft.payment_state) == ([], D(50), "paid")
    assert money(draft) == [("gift_card", D(20), "–", "GIFT-1"), ("payment", D(30), "paypal", "T-1")]
    assert [item.kind for item in draft.lines] == ["article"]
    waiting = draft_of(judge(fifty(card("20.00"))))
    assert (waiting.payment_state, money(waiting)) == ("partial", [("gift_card", D(20), "–", "100")])


def test_an_order_that_gift_cards_paid_needs_no_payment_method() -> None:
    draft = draft_of(judge(fifty(card("30.00"), card("20.00"), payment=Payment(method=""))))
    assert (draft.payment_method, draft.payment_state) == (None, "paid")
    assert [row[3] for row in money(draft)] == ["100", "100 #2"]
    assert codes(judge(fifty(card("49.99"), payment=Payment(method="")))) == ["VALUE_EMPTY_NO_DEFAULT"]


def test_of_several_methods_the_first_is_mapped_all_are_recorded_and_auto_ship_stops() -> None:
    decision = judge(fifty(paid("20.00", "stripe", "S-1"), paid("30.00", "paypal", "P-1"), paid("0.00", "cod")))
    draft = draft_of(decision)
    assert codes(decision) == ["PAID_BY_SEVERAL"]
    assert (draft.payment_method and draft.payment_method.code, draft.payment_value) == ("card", "stripe")
    assert money(draft) == [("payment", D(20), "card", "S-1"), ("payment", D(30), "paypal", "P-1")]
    assert (draft.autoship, draft.holds, draft.payment_state) == (False, (), "paid")


def test_a_further_payment_method_that_is_not_mapped_is_recorded_without_one() -> None:
    draft = draft_of(judge(fifty(paid("20.00"), paid("30.00", "moon"))))
    assert [row[2] for row in money(draft)] == ["paypal", "–"]
    assert codes(judge(fifty(paid("20.00", "moon"), paid("30.00")))) == ["PAYMENT_UNMAPPED", "PAID_BY_SEVERAL"]


def test_an_order_that_is_paid_in_part_waits() -> None:
    draft = draft_of(judge(fifty(paid("20.00"))))
    assert (draft.payment_state, draft.total) == ("partial", D(50))


def test_what_went_back_before_the_import_is_a_refund_in_the_books() -> None:
    of = order(line("A-1"), line("A-2", "5.00", removed=D(1)), shipping=(), refunded=D("5.95"))
    draft = draft_of(judge(of))
    assert [row[:2] for row in money(draft)] == [("payment", D("17.85")), ("refund", D("5.95"))]
    assert (draft.total, draft.payment_state, draft.holds) == (D("11.90"), "paid", ())


@pytest.mark.parametrize(("days", "expected"), [(14, NOW + timedelta(days=14)), (None, None)])
def test_an_unpaid_order_expires_after_the_days_of_its_payment_method(days: int | None, expected: object) -> None:
    master, settings = world(fifty())
    master = replace(
        master,
        payment_methods=dict(master.payment_methods) | {"prepayment": PaymentInfo(9, "prepayment", expire_days=days)},
    )
    assert draft_of(decide(fifty(), context(settings), master)).expires_at == expected
    settled = fifty(payment=Payment(method="bacs", paid_at=NOW))
    assert draft_of(decide(settled, context(settings), master)).expires_at is None
