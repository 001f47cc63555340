"""What follows an order on a Mirakl marketplace: shipments, cancellations, documents, refunds; each once."""

from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest

from canonical.codes import Kind
from canonical.failure import FailureError
from canonical.push import (
    OrderStatus,
    OutgoingDocument,
    Parcel,
    PushAnswer,
    Refund,
    RefundLine,
    ShippedLine,
    StatusKind,
)
from tests.connectors.test_mirakl_orders import line, order, page, tax
from tests.connectors.test_mirakl_support import Market, answer, market

__all__ = ["market"]

NOTHING = answer(status=204)
DHL = Parcel(tracking_number="JJD1", carrier="DHL", tracking_url="https://dhl.example/JJD1")


def report(ref: str = "W1-A", **fields: Any) -> OrderStatus:
    known: dict[str, Any] = {"key": f"LS-{ref}", "order_ref": ref, "kind": StatusKind.SHIPPED, "parcels": (DHL,)}
    return OrderStatus(**(known | fields))


def codes(found: PushAnswer) -> list[str]:
    return [entry.failure.code if entry.failure else entry.outcome.value for entry in found.results]


def bodies(market: Market) -> list[Any]:
    return [request.json for request in market.requests if request.method != "GET" and request.body]


# --- shipments ---------------------------------------------------------------------------------------------------------


@pytest.mark.proves("mirakl", "tracking", "shipped_status")
def test_tracking_goes_before_the_shipment(market: Market) -> None:
    market.answers(page(order()), NOTHING, NOTHING)
    found = market.connect(shipments={"carrier_map": {"DHL": "DHL-DE"}}).send_shipments([report()])
    assert codes(found) == ["accepted"] and found.results[0].ref == "W1-A"
    assert market.calls == ["OR11", "OR23", "OR24"]
    assert bodies(market) == [{"carrier_code": "DHL-DE", "tracking_number": "JJD1"}]


def test_a_carrier_that_the_marketplace_does_not_know_needs_a_link(market: Market) -> None:
    market.answers(page(order(), order(order_id="W2-A")), NOTHING, NOTHING)
    bare = report("W2-A", parcels=(Parcel(tracking_number="1", carrier="Bote"),))
    found = market.connect().send_shipments([report(), bare])
    assert codes(found) == ["accepted", "CARRIER_UNMAPPED"]
    assert bodies(market) == [
        {"carrier_name": "DHL", "carrier_url": "https://dhl.example/JJD1", "tracking_number": "JJD1"}
    ]


def test_a_carrier_may_come_as_the_marketplaces_code(market: Market) -> None:
    market.answers(page(order()), NOTHING, NOTHING)
    parcel = Parcel(tracking_number="1", carrier="DHL-DE")
    market.connect(shipments={"carrier_map": {"paket": "DHL-DE"}}).send_shipments([report(parcels=(parcel,))])
    assert bodies(market) == [{"carrier_code": "DHL-DE", "tracking_number": "1"}]


@pytest.mark.proves("mirakl", "several_tracking")
def test_numbers_of_several_parcels_are_joined_behind_earlier_ones(market: Market) -> None:
    market.answers(page(order(shipping_tracking="A0")), NOTHING, NOTHING)
    parcels = (DHL, Parcel(tracking_number="JJD2"), DHL)
    market.connect(shipments={"carrier_map": {"DHL": "D"}}).send_shipments([report(parcels=parcels)])
    assert bodies(market) == [{"carrier_code": "D", "tracking_number": "A0, JJD1, JJD2"}]


def test_a_part_is_tracked_and_the_order_stays_open(market: Market) -> None:
    market.answers(page(order(), order(order_id="W2-A")), NOTHING)
    part = {"completes_order": False}
    found = market.connect().send_shipments([report(**part), report("W2-A", parcels=(), **part)])
    assert codes(found) == ["accepted", "TRACKING_MISSING"] and market.calls == ["OR11", "OR23"]


def test_without_a_number_the_order_is_only_shipped(market: Market) -> None:
    market.answers(page(order(), order(order_id="W2-A")), NOTHING, NOTHING)
    connector = market.connect(shipments={"send_tracking": False})
    assert codes(connector.send_shipments([report(), report("W2-A", parcels=())])) == ["accepted", "accepted"]
    assert market.calls == ["OR11", "OR24", "OR24"]


@pytest.mark.parametrize("is_repeat", [False, True])
def test_what_took_effect_is_not_done_again(market: Market, is_repeat: bool) -> None:
    market.answers(page(order(order_state="SHIPPED", shipping_tracking="JJD1")))
    assert codes(market.connect().send_shipments([report(is_repeat=is_repeat)])) == ["accepted"]
    assert market.calls == ["OR11"]


def test_a_report_whose_answer_was_lost_is_taken_up_where_it_broke(market: Market) -> None:
    market.answers(page(order()), NOTHING, b"", page(order(shipping_tracking="JJD1")), NOTHING)
    connector = market.connect()
    with pytest.raises(FailureError) as caught:
        connector.send_shipments([report()])
    assert caught.value.failure.kind is Kind.RETRY
    assert codes(connector.send_shipments([report(is_repeat=True)])) == ["accepted"]
    assert market.calls == ["OR11", "OR23", "OR24", "OR11", "OR24"]


def test_a_number_that_is_corrected_later_is_added(market: Market) -> None:
    market.answers(page(order(order_state="SHIPPED", shipping_tracking="OLD")), NOTHING)
    assert codes(market.connect().send_shipments([report()])) == ["accepted"]
    assert bodies(market)[0]["tracking_number"] == "OLD, JJD1" and market.calls == ["OR11", "OR23"]


@pytest.mark.parametrize("state", ["WAITING_ACCEPTANCE", "WAITING_DEBIT", "CANCELED", "SOMETHING_NEW"])
def test_an_order_in_another_state_is_not_shipped(market: Market, state: str) -> None:
    market.answers(page(order(order_state=state)))
    assert codes(market.connect().send_shipments([report()])) == ["ORDER_STATE_FORBIDS"]


def test_one_bad_order_is_rejected_alone(market: Market) -> None:
    refused = answer({"message": "Tracking invalid"}, 400)
    market.answers(page(order(), order(order_id="W2-A")), refused, NOTHING, NOTHING)
    found = market.connect().send_shipments(
        [report(), report("W9-A"), report("x/../y"), report("W2-A"), report(kind=StatusKind.RETURNED)]
    )
    assert codes(found) == ["ITEM_REFUSED", "ORDER_NOT_IN_SHOP", "ORDER_NOT_IN_SHOP", "accepted", "skipped"]
    assert found.results[0].failure is not None and found.results[0].failure.params["reason"] == "Tracking invalid"


def test_what_was_reported_before_an_outage_keeps_its_result(market: Market) -> None:
    market.answers(
        page(*(order(order_id=f"W{n}-A") for n in (1, 2, 3))), NOTHING, NOTHING, answer({}, 429, retry_after="60")
    )
    found = market.connect().send_shipments([report(f"W{n}-A") for n in (1, 2, 3)])
    assert codes(found) == ["accepted", "RATE_LIMITED", "RATE_LIMITED"] and len(market.requests) == 4


# --- several shipments -------------------------------------------------------------------------------------------------

MULTI = {"multi_shipment": True, "carrier_map": {"DHL": "D"}}


def made(name: str = "shipment_success", **fields: Any) -> bytes:
    return answer({name: [{"id": "S-1", **fields}]}, 201)


def shipment(status: str = "SHIPPED", number: str | None = "JJD1", **lines: int) -> dict[str, Any]:
    rows = [{"order_line_id": name.replace("_", "-"), "quantity": quantity} for name, quantity in lines.items()]
    return {
        "id": "S-1",
        "order_id": "W1-A",
        "status": status,
        "tracking": {"tracking_number": number},
        "shipment_lines": rows,
    }


@pytest.mark.proves("mirakl", "line_tracking")
def test_each_delivery_note_is_a_shipment_of_its_lines(market: Market) -> None:
    market.answers(page(order(line(1), line(2, quantity=3))), answer({"data": []}), made(), made())
    part = report(lines=(ShippedLine(line_ref="W1-A-2", quantity=Decimal(2)),), completes_order=False)
    assert codes(market.connect(shipments=MULTI).send_shipments([part])) == ["accepted"]
    assert market.calls == ["OR11", "ST11", "ST01", "ST24"]
    sent = bodies(market)[0]["shipments"][0]
    assert sent["shipment_lines"] == [{"order_line_id": "W1-A-2", "quantity": 2}]
    assert sent["tracking"] == {"carrier_code": "D", "tracking_number": "JJD1"}


def test_the_rest_is_what_no_shipment_has(market: Market) -> None:
    there = shipment(number="X", W1_A_1=1, W1_A_2=1)
    market.answers(page(order(line(1), line(2, quantity=3))), answer({"data": [there]}), made(), made())
    market.connect(shipments=MULTI).send_shipments([report()])
    assert bodies(market)[0]["shipments"][0]["shipment_lines"] == [{"order_line_id": "W1-A-2", "quantity": 2}]


@pytest.mark.parametrize(
    ("there", "calls"),
    [
        (shipment(W1_A_1=1), ["OR11", "ST11"]),
        (shipment("SHIPPING", W1_A_1=1), ["OR11", "ST11", "ST24"]),
        (shipment("SHIPPING", None, W1_A_1=1), ["OR11", "ST11", "ST23", "ST24"]),
        (shipment("RECEIVED", "OTHER", W1_A_1=1), ["OR11", "ST11", "ST01", "ST24"]),
        (shipment("SHIPPED", "JJD1", W1_A_2=1), ["OR11", "ST11", "ST01", "ST24"]),
    ],
)
def test_a_shipment_that_is_there_is_not_made_twice(market: Market, there: dict[str, Any], calls: list[str]) -> None:
    market.answers(page(order(line(1, quantity=2))), answer({"data": [there]}), made(), made())
    status = report(lines=(ShippedLine(line_ref="W1-A-1", quantity=Decimal(1)),), is_repeat=True)
    assert codes(market.connect(shipments=MULTI).send_shipments([status])) == ["accepted"]
    assert market.calls == calls


def test_what_the_marketplace_does_not_confirm_is_not_done(market: Market) -> None:
    refused = answer({"shipment_errors": [{"order_id": "W1-A", "message": "too many"}], "shipment_success": []}, 201)
    market.answers(page(order()), answer({"data": []}), refused)
    found = market.connect(shipments=MULTI).send_shipments([report()])
    assert codes(found) == ["ITEM_REFUSED"] and found.results[0].failure is not None
    assert found.results[0].failure.params["reason"] == "too many"


def test_an_order_that_is_shipped_whole_has_nothing_left(market: Market) -> None:
    market.answers(page(order()), answer({"data": [shipment(number="X", W1_A_1=1)]}))
    found = market.connect(shipments=MULTI).send_shipments([report()])
    assert [entry.outcome for entry in found.results] == ["skipped"] and codes(found) == ["NOTHING_TO_FULFILL"]


# --- cancellations -----------------------------------------------------------------------------------------------------

CANCEL = {"cancel_in_channel": True}


def cancelled(*lines: tuple[str, int], **fields: Any) -> OrderStatus:
    named = tuple(ShippedLine(line_ref=ref, quantity=Decimal(quantity)) for ref, quantity in lines)
    return report(kind=StatusKind.CANCELLED, parcels=(), lines=named, **fields)


@pytest.mark.proves("mirakl", "cancellation")
def test_a_whole_order_is_cancelled_where_the_merchant_wants_it(market: Market) -> None:
    market.answers(page(order()), NOTHING)
    assert codes(market.connect(shipments=CANCEL).send_shipments([cancelled()])) == ["accepted"]
    assert codes(market.connect().send_shipments([cancelled()])) == ["skipped"]
    assert market.calls == ["OR11", "OR29"]


def test_lines_are_cancelled_with_a_reason_and_their_share_of_everything(market: Market) -> None:
    sold = line(
        1,
        quantity=3,
        price=35.7,
        taxes=[tax(5.7)],
        shipping_price=3,
        shipping_taxes=[tax(0.48)],
        fees=[{"code": "f", "amount": 0.3}],
    )
    market.answers(page(order(sold)), answer({"cancelations": []}))
    connector = market.connect(shipments=CANCEL | {"cancel_reason": "34"})
    assert codes(connector.send_shipments([cancelled(("W1-A-1", 2))])) == ["accepted"]
    assert market.calls == ["OR11", "OR30"]
    assert bodies(market)[0] == {
        "order_tax_mode": "TAX_INCLUDED",
        "cancelations": [
            {
                "order_line_id": "W1-A-1",
                "quantity": 2,
                "reason_code": "34",
                "amount": 23.8,
                "shipping_amount": 2.0,
                "currency_iso_code": "EUR",
                "taxes": [{"code": "VAT", "amount": 3.8}],
                "shipping_taxes": [{"code": "VAT", "amount": 0.32}],
                "fees": [{"code": "f", "amount": 0.2}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("fields", "status", "code", "calls"),
    [
        ({"order_state": "SHIPPED"}, cancelled(), "CANCEL_AFTER_SHIPPING", 1),
        ({"order_state": "CANCELED"}, cancelled(is_repeat=True), "accepted", 1),
        ({"can_cancel": False}, cancelled(), "ORDER_STATE_FORBIDS", 1),
        ({}, cancelled(("W1-A-9", 1)), "ITEM_REFUSED", 1),
        ({}, cancelled(), "accepted", 2),
    ],
)
def test_only_what_is_unshipped_and_there_is_cancelled(
    market: Market, fields: dict[str, Any], status: OrderStatus, code: str, calls: int
) -> None:
    market.answers(page(order(**fields)), answer({"cancelations": []}))
    found = market.connect(shipments=CANCEL | {"cancel_reason": "34"}).send_shipments([status])
    assert codes(found) == [code] and len(market.requests) == calls


def test_a_repeated_part_cancellation_cancels_only_what_is_missing(market: Market) -> None:
    half = line(1, quantity=3, price=35.7, cancelations=[{"id": "1", "amount": 23.8, "quantity": 2}])
    market.answers(page(order(half)), page(order(half)), answer({"cancelations": []}))
    connector = market.connect(shipments=CANCEL | {"cancel_reason": "34"})
    assert codes(connector.send_shipments([cancelled(("W1-A-1", 2), is_repeat=True)])) == ["accepted"]
    assert market.calls == ["OR11"]
    connector.send_shipments([cancelled(("W1-A-1", 1))])
    assert bodies(market)[0]["cancelations"][0]["quantity"] == 1


def test_lines_need_a_reason_in_the_settings(market: Market) -> None:
    market.answers(page(order()))
    with pytest.raises(FailureError) as caught:
        market.connect(shipments=CANCEL).send_shipments([cancelled(("W1-A-1", 1))])
    assert (caught.value.failure.code, caught.value.failure.kind) == ("SETTINGS_INCOMPLETE", Kind.OPERATOR)


# --- documents ---------------------------------------------------------------------------------------------------------


def invoice(
    number: str = "RE-1", ref: str = "W1-A", content: bytes = b"%PDF-1.7 \r\n--x", **fields: Any
) -> OutgoingDocument:
    return OutgoingDocument(
        key=number,
        order_ref=ref,
        number=number,
        file_name=f"{number}.pdf",
        issued_on=date(2026, 3, 1),
        total=Decimal("11.90"),
        currency="EUR",
        document_id=1,
        content=content,
        **fields,
    )


@pytest.mark.proves("mirakl", "invoice_pdf")
def test_an_invoice_is_handed_over_once(market: Market) -> None:
    there = {"order_documents": [{"id": 5, "order_id": "W1-A", "file_name": "RE-0.pdf", "type": "CUSTOMER_INVOICE"}]}
    market.answers(answer(there), answer({"errors_count": 0, "order_documents": []}))
    connector = market.connect(documents={"document_type": "INVOICE"})
    found = connector.send_documents([invoice("RE-0"), invoice("RE-1"), invoice("RE-1")])
    assert codes(found) == ["accepted"] * 3 and found.results[0].ref == "5"
    assert market.calls == ["OR72", "OR74"]
    parts = market.requests[1].parts()
    assert parts["files"] == ("RE-1.pdf", b"%PDF-1.7 \r\n--x")
    assert orjson.loads(parts["order_documents"][1]) == {
        "order_documents": [{"file_name": "RE-1.pdf", "type_code": "INVOICE"}]
    }


def test_a_type_that_the_marketplace_does_not_know_needs_a_person(market: Market) -> None:
    error = {"code": "valid_order_document.type", "field": "type_code", "message": "Unable to retrieve"}
    market.answers(
        answer({"order_documents": []}), answer({"errors_count": 1, "order_documents": [{"errors": [error]}]})
    )
    with pytest.raises(FailureError) as caught:
        market.connect().send_documents([invoice()])
    assert (caught.value.failure.code, caught.value.failure.kind) == ("DOCUMENT_TYPE_UNKNOWN", Kind.OPERATOR)


def test_other_refusals_concern_the_document(market: Market) -> None:
    full = [{"order_id": "W2-A", "file_name": f"{n}.pdf", "id": n} for n in range(50)]
    told = answer(
        {
            "errors_count": 1,
            "order_documents": [{"errors": [{"code": "size", "field": "files", "message": "too large"}]}],
        }
    )
    market.answers(answer({"order_documents": full}), told, answer({}, 404))
    found = market.connect().send_documents([invoice("A"), invoice("B"), invoice("C", "W2-A"), invoice("D", "a,b")])
    assert codes(found) == ["ITEM_REFUSED", "ITEM_REFUSED", "ITEM_REFUSED", "ORDER_NOT_IN_SHOP"]


def test_a_file_that_is_not_rendered_yet_waits(market: Market) -> None:
    market.answers(answer({"order_documents": []}))
    with pytest.raises(FailureError) as caught:
        market.connect().send_documents([invoice(content=b"")])
    assert (caught.value.failure.code, caught.value.failure.kind) == ("DOCUMENT_NOT_READY", Kind.RETRY)


# --- refunds -----------------------------------------------------------------------------------------------------------

REASON = {"reason": "15"}
SHIPPED = line(1, shipping_price=4.76, shipping_taxes=[tax(0.76)], total_price=16.66)


def refund(amount: str = "11.90", *lines: tuple[str, int, str], shipping: str = "0", **fields: Any) -> Refund:
    named = tuple(RefundLine(line_ref=ref, quantity=Decimal(count), amount=Decimal(part)) for ref, count, part in lines)
    known: dict[str, Any] = {"key": "G-1", "order_ref": "W1-A", "currency": "EUR"}
    return Refund(amount=Decimal(amount), shipping=Decimal(shipping), lines=named, **(known | fields))


def refunded(*lines: str) -> bytes:
    return answer(
        {
            "order_tax_mode": "TAX_INCLUDED",
            "refunds": [{"order_line_id": ref, "order_refund_id": "R-1", "refund_id": "7"} for ref in lines],
        }
    )


@pytest.mark.proves("mirakl", "refunds")
def test_a_refund_is_paid_per_line_with_its_reason(market: Market) -> None:
    market.answers(page(order(SHIPPED)), refunded("W1-A-1"))
    found = market.connect(refunds=REASON).send_refunds([refund("14.28", ("W1-A-1", 1, "11.90"), shipping="2.38")])
    assert codes(found) == ["accepted"] and found.results[0].ref == "R-1"
    assert bodies(market) == [
        {
            "order_tax_mode": "TAX_INCLUDED",
            "refunds": [
                {
                    "order_line_id": "W1-A-1",
                    "amount": 11.9,
                    "shipping_amount": 2.38,
                    "quantity": 1,
                    "reason_code": "15",
                    "currency_iso_code": "EUR",
                    "taxes": [{"code": "VAT", "amount": 1.9}],
                    "shipping_taxes": [{"code": "VAT", "amount": 0.38}],
                }
            ],
        }
    ]


def test_an_order_in_net_prices_is_refunded_in_net_amounts(market: Market) -> None:
    net = line(1, price=10, taxes=[tax(1.9)], total_price=10)
    market.answers(page(order(net, order_tax_mode="TAX_EXCLUDED")), refunded("W1-A-1"))
    market.connect(refunds=REASON).send_refunds([refund("5.95", ("W1-A-1", 1, "5.95"), reason="99")])
    row = bodies(market)[0]["refunds"][0]
    assert (row["amount"], row["taxes"], row["reason_code"]) == (5.0, [{"code": "VAT", "amount": 0.95}], "99")
    assert bodies(market)[0]["order_tax_mode"] == "TAX_EXCLUDED"


def test_goodwill_is_spread_over_the_lines_that_have_room(market: Market) -> None:
    spent = line(2, refunds=[{"id": "1", "amount": 11.9}])
    market.answers(page(order(line(1), spent, line(3, price=23.8))), refunded("W1-A-1", "W1-A-3"))
    assert codes(market.connect(refunds=REASON).send_refunds([refund("6.00")])) == ["accepted"]
    assert {row["order_line_id"]: row["amount"] for row in bodies(market)[0]["refunds"]} == {
        "W1-A-1": 2.0,
        "W1-A-3": 4.0,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (refund("12.00"), "REFUND_TOO_HIGH"),
        (refund("12.00", ("W1-A-1", 1, "12.00")), "REFUND_TOO_HIGH"),
        (refund("1.00", ("W1-A-9", 1, "1.00")), "ITEM_REFUSED"),
        (refund("1.00", shipping="1.00"), "REFUND_TOO_HIGH"),
        (refund("1.00", ("W1-A-1", 1, "2.00")), "ITEM_REFUSED"),
        (refund("1.00", currency="CHF"), "CURRENCY_DIFFERS"),
        (refund("1.00", order_ref="W9-A"), "ORDER_NOT_IN_SHOP"),
    ],
)
def test_what_cannot_be_refunded_is_said_before_anything_is_sent(market: Market, given: Refund, code: str) -> None:
    market.answers(page(order()))
    assert codes(market.connect(refunds=REASON).send_refunds([given])) == [code] and market.calls == ["OR11"]


def test_a_refund_without_any_reason_needs_a_setting(market: Market) -> None:
    market.answers(page(order()))
    with pytest.raises(FailureError) as caught:
        market.connect().send_refunds([refund()])
    assert caught.value.failure.code == "SETTINGS_INCOMPLETE"


BACK = {"id": "7", "order_refund_id": "R-1", "amount": 11.9, "shipping_amount": 0, "quantity": 1}


@pytest.mark.parametrize(
    ("lines", "expected", "calls"),
    [
        ([line(1, refunds=[BACK]), line(2, refunds=[BACK])], "accepted", ["OR11"]),
        ([line(1, refunds=[BACK]), line(2)], "REFUND_UNCLEAR", ["OR11"]),
        ([line(1), line(2)], "accepted", ["OR11", "OR28"]),
    ],
)
def test_a_refund_whose_answer_was_lost_is_not_paid_twice(
    market: Market, lines: Any, expected: str, calls: list[str]
) -> None:
    market.answers(page(order(*lines)), refunded("W1-A-1", "W1-A-2"))
    whole = refund("23.80", ("W1-A-1", 1, "11.90"), ("W1-A-2", 1, "11.90"), is_repeat=True)
    assert codes(market.connect(refunds=REASON).send_refunds([whole])) == [expected] and market.calls == calls


def test_a_refund_that_is_not_confirmed_for_every_line_is_unclear(market: Market) -> None:
    market.answers(page(order(line(1), line(2))), refunded("W1-A-1"))
    found = market.connect(refunds=REASON).send_refunds([refund("4.00")])
    assert codes(found) == ["REFUND_UNCLEAR"]


def test_a_refund_that_the_marketplace_refuses_is_refused_alone(market: Market) -> None:
    market.answers(
        page(order(), order(order_id="W2-A")),
        answer({"errors": [{"code": "X", "message": "not allowed"}]}, 400),
        refunded("W1-A-1"),
    )
    found = market.connect(refunds=REASON).send_refunds([refund(), refund(order_ref="W2-A", key="G-2")])
    assert codes(found) == ["ITEM_REFUSED", "accepted"] and found.results[0].failure is not None
    assert found.results[0].failure.params["reason"] == "not allowed"
