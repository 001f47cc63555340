"""Order status, tracking, returns and refunds for Shopify: each report is made once, at the location where the line waits."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.failure import FailureError
from canonical.push import OrderStatus, Outcome, Parcel, PushAnswer, ShippedLine, StatusKind
from canonical.settings import ExportTrigger
from connectors.shopify.client import Shopify
from connectors.shopify.settings import ShopifyShipmentSettings
from tests.connectors.test_shopify_support import FakeShop, Wire, errors

PARCELS = (
    Parcel(tracking_number="JJD1", carrier="DHL Paket", tracking_url="https://dhl.example/JJD1"),
    Parcel(tracking_number="JJD2", carrier="DHL Paket", tracking_url="https://dhl.example/JJD2"),
)
NO_MORE = {"hasNextPage": False, "endCursor": None}


class Dispatch:
    """One order of the shop: what waits at which location, and what was fulfilled."""

    def __init__(self, shop: FakeShop) -> None:
        self.orders = {"1": [("10", "L1", "OPEN", [("1", 2), ("2", 1)]), ("11", "L2", "OPEN", [("3", 1)])]}
        self.left: dict[tuple[str, str], int] = {}
        self.fulfillments: list[dict[str, Any]] = []
        self.cancelled: set[str] = set()
        self.returns: list[dict[str, Any]] = []
        self.error = ""
        shop.scripts |= {
            "FulfillmentOrders": self.waiting,
            "Fulfillments": lambda asked: {
                "order": {"fulfillments": self.fulfillments if asked["id"].endswith("/1") else []}
            },
            "CreateFulfillment": self.fulfill,
            "UpdateTracking": self.track,
            "OrderState": self.state,
            "CancelOrder": self.cancel,
            "Returnable": self.returnable,
            "Returns": lambda _: {"order": {"id": "gid://shopify/Order/1", "returns": {"nodes": self.returns}}},
            "CreateReturn": self.create_return,
            "ProcessReturn": self.process_return,
        }

    def waiting(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = asked["id"].rpartition("/")[2]
        if number not in self.orders:
            return {"order": None}
        rows = [
            {
                "id": f"gid://shopify/FulfillmentOrder/{ref}",
                "status": status,
                "assignedLocation": {"location": {"id": f"gid://shopify/Location/{location[1:]}"}},
                "lineItems": {
                    "nodes": [
                        {
                            "id": f"gid://shopify/FulfillmentOrderLineItem/{ref}{line}",
                            "remainingQuantity": self.left.get((ref, line), quantity),
                            "lineItem": {"id": f"gid://shopify/LineItem/{line}"},
                        }
                        for line, quantity in lines
                    ],
                    "pageInfo": NO_MORE,
                },
            }
            for ref, location, status, lines in self.orders[number]
        ]
        stamp = "2026-03-01T08:00:00Z" if number in self.cancelled else None
        return {
            "order": {
                "id": asked["id"],
                "cancelledAt": stamp,
                "fulfillmentOrders": {"nodes": rows, "pageInfo": NO_MORE},
            }
        }

    def fulfill(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.error:
            return {"fulfillmentCreate": {"userErrors": [{"field": ["fulfillment"], "message": self.error}]}}
        info = asked["fulfillment"].get("trackingInfo", {})
        numbers = info.get("numbers") or [number for number in [info.get("number")] if number]
        lines = []
        for part in asked["fulfillment"]["lineItemsByFulfillmentOrder"]:
            ref = part["fulfillmentOrderId"].rpartition("/")[2]
            for entry in part["fulfillmentOrderLineItems"]:
                line = entry["id"].rpartition("/")[2][len(ref) :]
                have = dict(next(row[3] for row in self.orders["1"] if row[0] == ref))[line]
                self.left[ref, line] = self.left.get((ref, line), have) - entry["quantity"]
                lines.append(
                    {
                        "id": f"gid://shopify/FulfillmentLineItem/5{line}",
                        "quantity": entry["quantity"],
                        "lineItem": {"id": f"gid://shopify/LineItem/{line}"},
                    }
                )
        row = {
            "id": f"gid://shopify/Fulfillment/{len(self.fulfillments) + 1}",
            "status": "SUCCESS",
            "trackingInfo": [{"number": number, "company": info.get("company"), "url": None} for number in numbers],
            "fulfillmentLineItems": {"nodes": lines},
        }
        self.fulfillments.append(row)
        return {"fulfillmentCreate": {"fulfillment": row, "userErrors": []}}

    def track(self, asked: dict[str, Any]) -> dict[str, Any]:
        row = next(row for row in self.fulfillments if row["id"] == asked["id"])
        row["trackingInfo"] = [{"number": asked["tracking"]["number"]}]
        return {"fulfillmentTrackingInfoUpdate": {"fulfillment": row, "userErrors": []}}

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = asked["id"].rpartition("/")[2]
        if number not in self.orders:
            return {"order": None}
        status = "FULFILLED" if self.fulfillments else "UNFULFILLED"
        stamp = "2026-03-01T08:00:00Z" if number in self.cancelled else None
        return {"order": {"id": asked["id"], "cancelledAt": stamp, "displayFulfillmentStatus": status}}

    def cancel(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.cancelled.add(asked["id"].rpartition("/")[2])
        return {"orderCancel": {"job": {"id": "gid://shopify/Job/1", "done": True}, "orderCancelUserErrors": []}}

    def returnable(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {"quantity": line["quantity"], "fulfillmentLineItem": line}
            for row in self.fulfillments
            for line in row["fulfillmentLineItems"]["nodes"]
        ]
        return {"returnableFulfillments": {"nodes": [{"returnableFulfillmentLineItems": {"nodes": rows}}]}}

    def create_return(self, asked: dict[str, Any]) -> dict[str, Any]:
        lines = [
            {
                "__typename": "ReturnLineItem",
                "id": f"gid://shopify/ReturnLineItem/{index}",
                "quantity": entry["quantity"],
                "unprocessedQuantity": entry["quantity"],
                "fulfillmentLineItem": {
                    "id": entry["fulfillmentLineItemId"],
                    "lineItem": {"id": f"gid://shopify/LineItem/{entry['fulfillmentLineItemId'][-1]}"},
                },
            }
            for index, entry in enumerate(asked["input"]["returnLineItems"])
        ]
        row = {"id": "gid://shopify/Return/1", "status": "OPEN", "returnLineItems": {"nodes": lines}}
        self.returns.append(row)
        return {"returnCreate": {"return": row, "userErrors": []}}

    def process_return(self, asked: dict[str, Any]) -> dict[str, Any]:
        for entry in asked["input"]["returnLineItems"]:
            for line in self.returns[0]["returnLineItems"]["nodes"]:
                if line["id"] == entry["id"]:
                    line["unprocessedQuantity"] -= entry["quantity"]
        return {"returnProcess": {"return": {"id": "gid://shopify/Return/1", "status": "CLOSED"}, "userErrors": []}}


@pytest.fixture
def shop() -> Iterator[FakeShop]:
    with FakeShop() as running:
        yield running


@pytest.fixture
def dispatch(shop: FakeShop) -> Dispatch:
    return Dispatch(shop)


def connect(shop: FakeShop, **settings: Any) -> Shopify:
    return shop.connect(
        shipments=ShopifyShipmentSettings.model_validate({"cancel_in_channel": True, "send_returns": True, **settings})
    )


def report(**fields: Any) -> OrderStatus:
    return OrderStatus(
        **{"key": "LS-1", "order_ref": "1", "kind": StatusKind.SHIPPED, "parcels": PARCELS[:1], **fields}
    )


def lines(**quantities: int) -> tuple[ShippedLine, ...]:
    return tuple(ShippedLine(line_ref=ref[1:], quantity=Decimal(quantity)) for ref, quantity in quantities.items())


def codes(answer: PushAnswer) -> list[str]:
    return [result.failure.code if result.failure else result.outcome.value for result in answer.results]


def numbers(dispatch: Dispatch) -> list[list[str]]:
    return [[info["number"] for info in row["trackingInfo"]] for row in dispatch.fulfillments]


# --- shipped ----------------------------------------------------------------------------------------------------------


@pytest.mark.proves("shopify", "tracking", "shipped_status", "customer_mail", "several_tracking")
def test_a_whole_order_is_fulfilled_once_per_location(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop, notify_customer=True, carrier_map={"DHL Paket": "DHL Express"})
    assert codes(connector.send_shipments([report(parcels=PARCELS)])) == ["accepted"]
    sent = [asked["fulfillment"] for asked in shop.sent("CreateFulfillment")]
    assert len(sent) == 2 and all(row["notifyCustomer"] for row in sent)
    assert sent[0]["trackingInfo"] == {
        "company": "DHL Express",
        "numbers": ["JJD1", "JJD2"],
        "urls": ["https://dhl.example/JJD1", "https://dhl.example/JJD2"],
    }
    assert numbers(dispatch) == [["JJD1", "JJD2"]] * 2


@pytest.mark.proves("shopify", "line_tracking")
def test_only_what_is_in_the_shipment_is_fulfilled(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)
    assert codes(connector.send_shipments([report(lines=lines(l1=1), completes_order=False)])) == ["accepted"]
    second = report(key="LS-2", lines=lines(l1=1, l2=1), parcels=PARCELS[1:])
    assert codes(connector.send_shipments([second])) == ["accepted"]
    assert [row["fulfillmentLineItems"]["nodes"][0]["quantity"] for row in dispatch.fulfillments] == [1, 1]
    assert shop.sent("CreateFulfillment")[0]["fulfillment"]["trackingInfo"] == {
        "number": "JJD1",
        "company": "DHL Paket",
        "url": "https://dhl.example/JJD1",
    }
    assert dispatch.left == {("10", "1"): 0, ("10", "2"): 0}


def test_a_report_whose_answer_was_lost_is_not_made_twice(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)

    def lose(asked: dict[str, Any]) -> Wire:
        dispatch.fulfill(asked)
        return Wire(503)

    shop.scripts["CreateFulfillment"] = lose
    with pytest.raises(FailureError):
        connector.send_shipments([report()])
    shop.scripts["CreateFulfillment"] = dispatch.fulfill
    assert len(dispatch.fulfillments) == 1
    repeat = report(is_repeat=True, lines=lines(l1=2, l2=1, l3=1))
    assert codes(connector.send_shipments([repeat])) == ["accepted"]
    assert codes(connector.send_shipments([repeat, report(is_repeat=True)])) == ["accepted"] * 2
    assert numbers(dispatch) == [["JJD1"]] * 2 and dispatch.left == {("10", "1"): 0, ("10", "2"): 0, ("11", "3"): 0}


def test_a_corrected_number_replaces_the_one_before(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)
    first = report(lines=lines(l1=2), completes_order=False)
    connector.send_shipments([first])
    corrected = first.model_copy(update={"parcels": PARCELS[1:]})
    assert codes(connector.send_shipments([corrected, corrected])) == ["accepted"] * 2
    assert numbers(dispatch) == [["JJD2"]] and len(shop.sent("UpdateTracking")) == 1


def test_why_nothing_could_be_fulfilled_is_told_apart(shop: FakeShop, dispatch: Dispatch) -> None:
    dispatch.orders |= {
        "2": [],
        "3": [("30", "L1", "CLOSED", [("1", 0)])],
        "4": [("40", "L1", "ON_HOLD", [("1", 1)])],
        "5": [],
    }
    dispatch.cancelled.add("5")
    refs = ("1", "2", "3", "4", "5", "999999", "x/../y")
    answer = connect(shop).send_shipments([report(key=f"LS-{ref}", order_ref=ref) for ref in refs])
    assert codes(answer) == [
        "accepted",
        "NO_FULFILLMENT_ORDER",
        "NOTHING_TO_FULFILL",
        "ORDER_STATE_FORBIDS",
        "ORDER_STATE_FORBIDS",
        "ORDER_NOT_IN_SHOP",
        "ORDER_NOT_IN_SHOP",
    ]
    assert answer.results[2].outcome is Outcome.SKIPPED


def test_what_the_shop_refuses_concerns_one_order(shop: FakeShop, dispatch: Dispatch) -> None:
    dispatch.error = "Line items can't be fulfilled"
    answer = connect(shop).send_shipments([report()])
    assert codes(answer) == ["ITEM_REFUSED"] and "fulfilled" in answer.results[0].failure.params["reason"]  # type: ignore[union-attr]


def test_what_was_reported_before_an_outage_keeps_its_result(shop: FakeShop, dispatch: Dispatch) -> None:
    waiting = dispatch.waiting
    shop.scripts["FulfillmentOrders"] = lambda asked: (
        waiting(asked) if asked["id"].endswith("/1") else errors("THROTTLED")
    )
    answer = connect(shop).send_shipments(
        [report(), report(key="LS-2", order_ref="2"), report(key="LS-3", order_ref="3")]
    )
    assert codes(answer) == ["accepted", "RATE_LIMITED", "RATE_LIMITED"]
    with pytest.raises(FailureError):
        connect(shop).send_shipments([report(order_ref="2")])


def test_lines_may_wait_until_the_order_is_complete(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop, export_trigger=ExportTrigger.COMPLETED)
    part = report(lines=lines(l1=1), completes_order=False)
    assert codes(connector.send_shipments([part])) == ["skipped"] and dispatch.fulfillments == []
    assert codes(connector.send_shipments([report(lines=lines(l2=1))])) == ["accepted"]
    assert all(left == 0 for left in dispatch.left.values()) and len(dispatch.left) == 3


def test_without_tracking_only_the_status_is_reported(shop: FakeShop, dispatch: Dispatch) -> None:
    assert codes(connect(shop, send_tracking=False).send_shipments([report()])) == ["accepted"]
    assert all("trackingInfo" not in asked["fulfillment"] for asked in shop.sent("CreateFulfillment"))


def test_a_fulfilment_order_of_many_lines_is_read_to_its_end(shop: FakeShop, dispatch: Dispatch) -> None:
    waiting = dispatch.waiting

    def first(asked: dict[str, Any]) -> dict[str, Any]:
        found = waiting(asked)
        found["order"]["fulfillmentOrders"]["nodes"][1]["lineItems"]["pageInfo"] = {
            "hasNextPage": True,
            "endCursor": "c",
        }
        return found

    dispatch.orders["1"][1][3].append(("4", 2))
    last = {
        "id": "gid://shopify/FulfillmentOrderLineItem/114",
        "remainingQuantity": 2,
        "lineItem": {"id": "gid://shopify/LineItem/4"},
    }
    shop.scripts["FulfillmentOrders"] = first
    shop.scripts["FulfillmentOrderLines"] = {"fulfillmentOrder": {"lineItems": {"nodes": [last], "pageInfo": NO_MORE}}}
    connect(shop).send_shipments([report(lines=lines(l4=2))])
    assert dispatch.left[("11", "4")] == 0


# --- cancelled and returned -------------------------------------------------------------------------------------------


@pytest.mark.proves("shopify", "cancellation")
def test_an_order_is_cancelled_once_and_no_money_is_sent_back(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)
    cancelled = report(kind=StatusKind.CANCELLED, parcels=())
    assert codes(connector.send_shipments([cancelled, cancelled])) == ["accepted"] * 2
    assert shop.sent("CancelOrder") == [{"id": "gid://shopify/Order/1", "notify": False}]


def test_an_order_that_has_left_is_not_cancelled(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)
    cancelled = report(kind=StatusKind.CANCELLED, parcels=())
    connector.send_shipments([report()])
    missing = cancelled.model_copy(update={"order_ref": "77"})
    assert codes(connector.send_shipments([cancelled, missing])) == ["CANCEL_AFTER_SHIPPING", "ORDER_NOT_IN_SHOP"]
    off = connect(shop, cancel_in_channel=False)
    assert codes(off.send_shipments([cancelled])) == ["skipped"] and dispatch.cancelled == set()


@pytest.mark.proves("shopify", "returns_status")
def test_goods_that_came_back_are_a_return_that_is_processed(shop: FakeShop, dispatch: Dispatch) -> None:
    connector = connect(shop)
    connector.send_shipments([report()])
    back = report(key="RT-1", kind=StatusKind.RETURNED, parcels=(), lines=lines(l1=1))
    assert codes(connector.send_shipments([back])) == ["accepted"]
    assert codes(connector.send_shipments([back.model_copy(update={"is_repeat": True})])) == ["accepted"]
    assert len(dispatch.returns) == 1 and len(shop.sent("ProcessReturn")) == 1
    line = dispatch.returns[0]["returnLineItems"]["nodes"][0]
    assert (line["quantity"], line["unprocessedQuantity"]) == (1, 0)
    assert codes(connect(shop, send_returns=False).send_shipments([back])) == ["skipped"]


def test_a_return_of_what_was_never_sent_is_refused(shop: FakeShop, dispatch: Dispatch) -> None:
    back = report(kind=StatusKind.RETURNED, parcels=(), lines=lines(l1=1))
    assert codes(connect(shop).send_shipments([back])) == ["ORDER_STATE_FORBIDS"]
