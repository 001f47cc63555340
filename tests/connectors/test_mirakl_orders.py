"""Orders of a Mirakl marketplace: fetching, accepting and refusing, incidents."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

import connectors.mirakl
from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.order import ChannelOrder
from canonical.push import AnswerKind, OrderAnswer, Outcome
from connectors.mirakl.orders import Cursor
from tests.connectors.test_mirakl_support import Market, answer, market

__all__ = ["market"]

SINCE = "2026-03-01T00:00:00Z"
ADDRESS = {
    "firstname": "Anna",
    "lastname": "Weiß",
    "street_1": "Hauptstr. 1",
    "zip_code": "20095",
    "city": "Hamburg",
    "country": "Deutschland",
    "country_iso_code": "DEU",
}


def tax(amount: float, rate: float | None = 19, **more: Any) -> dict[str, Any]:
    return {"code": "VAT", "amount": amount, "rate": rate, **more}


def line(number: int = 1, **fields: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "order_line_id": f"W1-A-{number}",
        "order_line_state": "SHIPPING",
        "offer_sku": "MUG",
        "product_title": "Becher",
        "quantity": 1,
        "price_unit": 11.9,
        "price": 11.9,
        "shipping_price": 0,
        "total_price": 11.9,
        "taxes": [tax(1.9)],
        "shipping_taxes": [],
        "cancelations": [],
        "refunds": [],
        "promotions": [],
    }
    return known | fields


def order(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    lines = lines or (line(),)
    known: dict[str, Any] = {
        "order_id": "W1-A",
        "commercial_id": "W1",
        "order_state": "SHIPPING",
        "created_date": "2026-03-01T08:00:00Z",
        "last_updated_date": "2026-03-01T09:00:00Z",
        "currency_iso_code": "EUR",
        "order_tax_mode": "TAX_INCLUDED",
        "order_lines": list(lines),
        "total_price": round(sum(entry["total_price"] for entry in lines), 2),
        "channel": {"code": "DE", "label": "Website"},
        "customer": {
            "customer_id": "C7",
            "firstname": "Anna",
            "lastname": "Weiß",
            "locale": "de_DE",
            "billing_address": ADDRESS,
            "shipping_address": ADDRESS,
        },
        "customer_notification_email": "n+1@notification.mirakl.net",
        "customer_debited_date": "2026-03-01T08:30:00Z",
        "payment_type": "PayPal",
        "transaction_number": "T-1",
        "shipping_type_code": "STD",
        "shipping_type_label": "Standard",
        "shipping_deadline": "2026-03-03T22:59:59.999Z",
        "can_cancel": True,
    }
    return known | fields


def read(*lines: dict[str, Any], **fields: Any) -> ChannelOrder:
    found: ChannelOrder = connectors.mirakl.reader().read_order(orjson.dumps(order(*lines, **fields)))
    return found


def page(*orders: dict[str, Any], total: int | None = None, date: str = "") -> bytes:
    headers = {"date": date} if date else {}
    return answer({"orders": list(orders), "total_count": len(orders) if total is None else total}, **headers)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(FailureError) as caught:
        call()
    return caught.value.failure.code


def balances(found: ChannelOrder) -> bool:
    return found.computed_total == found.stated.total and found.computed_tax == found.stated.total_tax


# --- fetching --------------------------------------------------------------------------------------------------------


@pytest.mark.proves("mirakl", "duplicate_by_id")
def test_one_call_a_minute_and_the_window_goes_on(market: Market) -> None:
    market.answers(
        page(*(order(order_id=f"A{n}") for n in range(100)), total=150),
        page(*(order(order_id=f"B{n}") for n in range(50)), total=150),
        page(*(order(order_id=f"B{n}") for n in range(50))),
    )
    connector = market.connect(shop_id="2003")
    first = connector.fetch_orders(connector.first_cursor(SINCE), 500)
    assert (len(first.documents), first.more, first.ask_again_after) == (100, True, 60)
    second = connector.fetch_orders(first.cursor, 500)
    assert (len(second.documents), second.more, second.ask_again_after) == (50, True, 60)
    third = connector.fetch_orders(second.cursor, 500)
    assert (len(third.documents), third.more, third.ask_again_after) == (50, False, 0)
    known = {"max": "100", "shop_id": "2003"}
    assert [request.query for request in market.requests] == [
        {"start_update_date": SINCE, "offset": "0", **known},
        {"start_update_date": SINCE, "offset": "100", **known},
        {"start_update_date": "2026-03-01T08:58:30Z", "offset": "0", **known},
    ]
    assert third.cursor == "2026-03-01T09:00:00Z"


def test_a_poll_without_news_leaves_the_cursor(market: Market) -> None:
    market.answers(page(order()), page(order()), page())
    connector = market.connect()
    end = connector.fetch_orders(connector.first_cursor(SINCE), 100).cursor
    assert connector.fetch_orders(end, 100).cursor == end
    assert connector.fetch_orders(end, 100).cursor == end
    assert [request.query["start_update_date"] for request in market.requests] == [SINCE, end, end]


def test_the_next_window_begins_before_this_one_was_begun(market: Market) -> None:
    """What changes while a window is read may lie before the offset: it is only seen by the next window."""
    begun = "Sun, 01 Mar 2026 12:00:00 GMT"
    rows = [order(order_id=f"A{n}", last_updated_date="2026-03-01T12:00:30Z") for n in range(2)]
    market.answers(page(rows[0], total=2, date=begun), page(rows[1], total=2, date="Sun, 01 Mar 2026 12:01:00 GMT"))
    connector = market.connect()
    first = connector.fetch_orders(connector.first_cursor(SINCE), 1)
    assert connector.fetch_orders(first.cursor, 1).cursor == "2026-03-01T11:58:30Z"


def test_a_change_in_the_far_future_does_not_hide_what_comes_now(market: Market) -> None:
    market.answers(page(order(last_updated_date="2099-01-01T00:00:00Z")))
    connector = market.connect()
    cursor = connector.fetch_orders(connector.first_cursor(SINCE), 100).cursor
    assert Cursor.parse(cursor).since <= datetime.now(UTC)


def test_rows_that_leave_the_window_push_no_other_out_of_sight(market: Market) -> None:
    rows = [order(order_id=f"A{n}") for n in range(5)]
    market.answers(page(*rows[:2], total=5), page(rows[3], total=4), page(*rows[3:], total=4))
    connector = market.connect()
    cursor, seen = connector.first_cursor(SINCE), []
    for _ in range(3):
        fetched = connector.fetch_orders(cursor, 2)
        cursor = fetched.cursor
        seen.append(market.requests[-1].query["offset"])
    assert seen == ["0", "2", "2"]


def test_a_window_that_lost_all_that_was_read_begins_again(market: Market) -> None:
    market.answers(page(order(), total=5), page(order(), total=2))
    connector = market.connect()
    second = connector.fetch_orders(connector.fetch_orders(connector.first_cursor(SINCE), 1).cursor, 1)
    assert second.more and second.cursor == SINCE


def test_single_orders_come_by_their_number_in_the_order_asked_for(market: Market) -> None:
    market.answers(page(order(order_id="W1-A"), order(order_id="W2-A")))
    found = market.connect().fetch_orders_by_number(["W2-A", "#W1-A", "a,b", "W9-A", "W2-A"])
    assert [document.number for document in found.documents] == ["W2-A", "W1-A"]
    assert market.requests[0].query["order_ids"] == "W2-A,W1-A,W9-A"


def test_more_than_a_hundred_numbers_are_asked_for_in_hundreds(market: Market) -> None:
    market.answers(page(), page())
    market.connect().fetch_orders_by_number([f"W{n}-A" for n in range(150)])
    assert [request.query["order_ids"].count(",") for request in market.requests] == [99, 49]


def test_an_order_without_an_id_is_kept_and_fails_when_it_is_read(market: Market) -> None:
    market.answers(page(order(order_id=None)))
    connector = market.connect()
    document = connector.fetch_orders(connector.first_cursor(SINCE), 100).documents[0]
    assert document.external_id.startswith("unreadable-")
    assert code_of(lambda: connector.read_order(document.body)) == "DOCUMENT_INVALID"


@pytest.mark.parametrize(
    ("told", "code", "kind"),
    [
        (answer({"message": "x"}, 401), "ACCESS", Kind.OPERATOR),
        (answer({"message": "x"}, 403), "ACCESS", Kind.OPERATOR),
        (answer({"status": 429}, 429, retry_after="17"), "RATE_LIMITED", Kind.RETRY),
        (answer({}, 503), "SERVER_ERROR", Kind.RETRY),
        (answer(b"<html>Wartung</html>"), "NOT_JSON", Kind.RETRY),
        (answer(b"<html>Forbidden</html>", 403), "NOT_JSON", Kind.RETRY),
        (answer([]), "NOT_JSON", Kind.RETRY),
        (answer({"orders": []}), "NOT_JSON", Kind.RETRY),
    ],
)
def test_each_kind_of_trouble_is_told_apart(market: Market, told: bytes, code: str, kind: Kind) -> None:
    market.answers(told)
    connector = market.connect()
    with pytest.raises(FailureError) as caught:
        connector.fetch_orders(connector.first_cursor(SINCE), 100)
    assert (caught.value.failure.code, caught.value.failure.kind) == (code, kind)
    if code == "RATE_LIMITED":
        assert caught.value.failure.retry_after == timedelta(seconds=17)


# --- accepting -------------------------------------------------------------------------------------------------------


def reply(
    kind: AnswerKind = AnswerKind.ACCEPT,
    ref: str = "W1-A",
    *,
    lines: tuple[str, ...] = ("W1-A-1", "W1-A-2"),
    is_repeat: bool = False,
) -> OrderAnswer:
    return OrderAnswer(key=f"{kind}-{ref}", order_ref=ref, kind=kind, lines=lines, is_repeat=is_repeat)


@pytest.mark.parametrize(("kind", "accepted"), [(AnswerKind.ACCEPT, True), (AnswerKind.REFUSE, False)])
def test_every_line_is_decided_in_one_call(market: Market, kind: AnswerKind, accepted: bool) -> None:
    market.answers(answer(status=204))
    result = market.connect().answer_orders([reply(kind)]).results[0]
    assert result.outcome is Outcome.ACCEPTED and result.ref == "W1-A"
    assert market.calls == ["OR21"]
    assert market.requests[0].json == {"order_lines": [{"id": f"W1-A-{n}", "accepted": accepted} for n in (1, 2)]}


def test_lines_that_are_not_named_are_looked_up(market: Market) -> None:
    market.answers(page(order(line(1), line(2), order_state="WAITING_ACCEPTANCE")), answer(status=204))
    market.connect().answer_orders([reply(lines=())])
    assert [entry["id"] for entry in market.requests[1].json["order_lines"]] == ["W1-A-1", "W1-A-2"]


@pytest.mark.parametrize(
    ("kind", "state", "outcome", "calls"),
    [
        (AnswerKind.ACCEPT, "WAITING_DEBIT", "accepted", ["OR11"]),
        (AnswerKind.ACCEPT, "SHIPPING", "accepted", ["OR11"]),
        (AnswerKind.ACCEPT, "REFUSED", "rejected", ["OR11"]),
        (AnswerKind.REFUSE, "REFUSED", "accepted", ["OR11"]),
        (AnswerKind.REFUSE, "SHIPPING", "rejected", ["OR11"]),
        (AnswerKind.ACCEPT, "WAITING_ACCEPTANCE", "accepted", ["OR11", "OR21"]),
    ],
)
def test_a_repeat_looks_first(market: Market, kind: AnswerKind, state: str, outcome: str, calls: list[str]) -> None:
    market.answers(page(order(order_state=state)), answer(status=204))
    result = market.connect().answer_orders([reply(kind, is_repeat=True)]).results[0]
    assert (result.outcome, market.calls) == (outcome, calls)
    if result.failure:
        assert result.failure.code == "ORDER_STATE_FORBIDS"


def test_an_order_that_was_answered_meanwhile_is_judged_by_its_state(market: Market) -> None:
    market.answers(answer({"message": "ORDER_INVALID_STATE"}, 400), page(order(order_state="SHIPPING")))
    assert market.connect().answer_orders([reply()]).results[0].outcome is Outcome.ACCEPTED
    assert market.calls == ["OR21", "OR11"]


def test_a_refusal_of_one_order_rejects_only_it(market: Market) -> None:
    refused = answer({"message": "Partial acceptance is disabled"}, 400)
    market.answers(refused, page(order(order_state="WAITING_ACCEPTANCE")), answer({}, 404), page(), answer(status=204))
    results = (
        market.connect().answer_orders([reply(), reply(ref="W9-A"), reply(ref="W2-A"), reply(ref="x/../y")]).results
    )
    assert [entry.failure.code if entry.failure else entry.outcome for entry in results] == [
        "ITEM_REFUSED",
        "ORDER_NOT_IN_SHOP",
        "accepted",
        "ORDER_NOT_IN_SHOP",
    ]


def test_what_was_answered_before_an_outage_keeps_its_result(market: Market) -> None:
    market.answers(answer(status=204), answer({}, 503))
    results = market.connect().answer_orders([reply(), reply(ref="W2-A"), reply(ref="W3-A")]).results
    assert [entry.outcome for entry in results] == ["accepted", "rejected", "rejected"]
    assert [entry.failure.kind for entry in results[1:] if entry.failure] == [Kind.RETRY, Kind.RETRY]
    assert len(market.requests) == 2


# --- incidents -------------------------------------------------------------------------------------------------------


def test_open_incidents_are_tasks(market: Market) -> None:
    market.answers(
        page(
            order(line(1, order_line_state="INCIDENT_OPEN", order_line_state_reason_label="Nicht angekommen"), line(2))
        )
    )
    found = market.connect().fetch_tasks()
    assert [(task.order_ref, task.kind, task.text) for task in found] == [
        ("W1-A", "incident", "Becher: Nicht angekommen")
    ]
    assert market.requests[0].query["has_incident"] == "true"
