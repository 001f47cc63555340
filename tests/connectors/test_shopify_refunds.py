"""Refunds through Shopify: paid out once, spread over the payments, explained by what is left of the lines."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.push import PushAnswer, Refund, RefundLine
from connectors.shopify.settings import ShopifyRefundSettings
from tests.connectors.test_shopify_support import FakeShop, Wire, money


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


def codes(answer: PushAnswer) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]


class Till:
    """An order paid by two ways, with what can be given back of each."""

    def __init__(self, shop: FakeShop) -> None:
        self.refunds: list[dict[str, Any]] = []
        self.presented = 1
        self.paid = {"gift_card": Decimal("10.00"), "paypal": Decimal("30.00")}
        shop.scripts |= {"RefundedOrder": self.order, "SuggestedRefund": self.suggest, "CreateRefund": self.refund}
        self.left = 1

    def order(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked["id"].endswith("/1"):
            return {"order": None}
        return {
            "order": {
                "id": asked["id"],
                "currencyCode": "EUR",
                "presentmentCurrencyCode": "CHF" if self.presented != 1 else "EUR",
                "refunds": self.refunds,
                "lineItems": {"nodes": [{"id": "gid://shopify/LineItem/1", "refundableQuantity": self.left}]},
            }
        }

    def suggest(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {
                "gateway": gateway,
                "parentTransaction": {"id": f"gid://shopify/OrderTransaction/{gateway}"},
                "amountSet": self.bag(amount),
                "maximumRefundableSet": self.bag(amount),
            }
            for gateway, amount in self.paid.items()
        ]
        return {
            "order": {
                "id": asked["id"],
                "suggestedRefund": {"maximumRefundableSet": money("40.00"), "suggestedTransactions": rows},
            }
        }

    def bag(self, amount: Decimal) -> dict[str, Any]:
        return money(str(amount), str(amount * self.presented) if self.presented != 1 else None)

    def refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = {
            "id": f"gid://shopify/Refund/{len(self.refunds) + 1}",
            "note": asked["input"]["note"],
            "totalRefundedSet": money("1.00"),
        }
        if asked["key"] not in {row.get("key") for row in self.refunds}:
            self.refunds.append({**made, "key": asked["key"]})
        return {"refundCreate": {"refund": made, "userErrors": []}}


@pytest.fixture
def till(shop: FakeShop) -> Till:
    return Till(shop)


def refund(amount: str, **fields: Any) -> Refund:
    return Refund(**{"key": "ER-1", "order_ref": "1", "amount": Decimal(amount), "currency": "EUR", **fields})


@pytest.mark.proves("shopify", "refunds")
def test_a_refund_is_paid_out_once_and_explained_by_its_lines(shop: FakeShop, till: Till) -> None:
    connector = shop.connect(refunds=ShopifyRefundSettings(restock=True, notify_customer=True))
    line = RefundLine(line_ref="1", quantity=Decimal(1), amount=Decimal("11.90"))
    sent = refund("16.80", lines=(line,), shipping=Decimal("4.90"), note="Kulanz", restocks=True)
    assert codes(connector.send_refunds([sent])) == ["accepted"]
    made = shop.sent("CreateRefund")[0]["input"]
    assert made["refundLineItems"] == [
        {"lineItemId": "gid://shopify/LineItem/1", "quantity": 1, "restockType": "RETURN"}
    ]
    assert [(row["gateway"], row["amount"]) for row in made["transactions"]] == [
        ("gift_card", "10.00"),
        ("paypal", "6.80"),
    ]
    assert made["shipping"] == {"amount": "4.90"} and made["notify"] and "discrepancyReason" not in made
    again = connector.send_refunds([sent.model_copy(update={"is_repeat": True})])
    assert codes(again) == ["accepted"] and again.results[0].ref == "1"
    assert len(till.refunds) == 1 and len(shop.sent("CreateRefund")) == 1


def test_two_tries_of_one_refund_have_one_key_and_two_refunds_two(shop: FakeShop, till: Till) -> None:
    def lost(_: dict[str, Any]) -> Wire:
        return Wire(503)

    shop.scripts["CreateRefund"] = lost
    for sent in (refund("1.00"), refund("1.00"), refund("1.00", key="ER-2")):
        with pytest.raises(FailureError):
            shop.connect().send_refunds([sent])
    keys = [asked["key"] for asked in shop.sent("CreateRefund")]
    assert keys[0] == keys[1] != keys[2]


def test_what_came_back_already_is_paid_as_an_amount(shop: FakeShop, till: Till) -> None:
    till.left = 0
    line = RefundLine(line_ref="1", quantity=Decimal(1), amount=Decimal("11.90"))
    assert codes(shop.connect().send_refunds([refund("11.90", lines=(line,))])) == ["accepted"]
    made = shop.sent("CreateRefund")[0]["input"]
    assert (made["refundLineItems"], made["discrepancyReason"]) == ([], "OTHER")


def test_goodwill_has_no_lines_and_says_so(shop: FakeShop, till: Till) -> None:
    shop.connect().send_refunds([refund("5.00")])
    made = shop.sent("CreateRefund")[0]["input"]
    assert (made["refundLineItems"], made["discrepancyReason"], made["note"]) == ([], "OTHER", "[ER-1]")


def test_a_foreign_buyer_gets_the_amount_in_the_currency_of_the_payment(shop: FakeShop, till: Till) -> None:
    till.presented = Decimal("0.95")  # type: ignore[assignment]
    till.paid = {"paypal": Decimal("40.00")}
    shop.connect().send_refunds([refund("20.00")])
    made = shop.sent("CreateRefund")[0]["input"]
    assert (made["currency"], made["transactions"][0]["amount"]) == ("CHF", "19.00")


def test_one_bad_refund_is_rejected_alone(shop: FakeShop, till: Till) -> None:
    sent = [
        refund("40.01"),
        refund("1.00", key="ER-2", currency="USD"),
        refund("1.00", key="ER-3", order_ref="999"),
        refund("1.00", key="ER-4", order_ref="x"),
        refund("1.00", key="ER-5"),
    ]
    answer = shop.connect().send_refunds(sent)
    assert codes(answer) == ["REFUND_TOO_HIGH", "NO_CURRENCY_MAP", "ORDER_NOT_IN_SHOP", "ORDER_NOT_IN_SHOP", "accepted"]
    refused = [{"field": ["transactions"], "message": "no"}]
    shop.scripts["CreateRefund"] = {"refundCreate": {"refund": None, "userErrors": refused}}
    assert codes(shop.connect().send_refunds([refund("1.00", key="ER-6")])) == ["ITEM_REFUSED"]


def test_what_was_paid_before_an_outage_keeps_its_result(shop: FakeShop, till: Till) -> None:
    order = till.order
    shop.scripts["RefundedOrder"] = lambda asked: order(asked) if asked["id"].endswith("/1") else Wire(500)
    answer = shop.connect().send_refunds([refund("1.00"), refund("1.00", key="ER-2", order_ref="2")])
    assert codes(answer) == ["accepted", "SERVER_ERROR"]
    assert answer.results[1].failure is not None and answer.results[1].failure.kind is Kind.RETRY
