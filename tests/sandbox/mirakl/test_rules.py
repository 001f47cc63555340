"""Every sentence the sandbox says it enforces is broken once here, and refused with nothing changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox.mirakl import MiraklShop
from sandbox.mirakl.rules import RULES
from sandbox.server import SandboxServer
from tests.sandbox.mirakl.support import api_client, csv_file, fill

JSON = {"Content-Type": "application/json"}
SEVERAL_IDS = ",".join(str(number) for number in range(101))


@dataclass
class Bench:
    """A shop with an order to decide about, one to ship and one that was shipped."""

    shop: MiraklShop
    client: httpx.Client
    waiting: str
    shipping: str
    shipped: str

    def accept(self, *lines: Any) -> httpx.Response:
        """Decide about the waiting order."""
        return self.client.put(f"/orders/{self.waiting}/accept", json={"order_lines": list(lines)})

    def track(self, **body: str) -> httpx.Response:
        """State tracking of the order that can be shipped."""
        return self.client.put(f"/orders/{self.shipping}/tracking", json=body)

    def refund(self, line: str, amount: float = 1.0, reason: str = "17") -> httpx.Response:
        """Refund a part of a line."""
        entry = {"order_line_id": line, "amount": amount, "shipping_amount": 0, "reason_code": reason}
        return self.client.put("/orders/refund", json={"refunds": [entry]})

    def cancel(self, line: str, reason: str = "34") -> httpx.Response:
        """Cancel a part of a line."""
        entry = {"order_line_id": line, "amount": 1, "shipping_amount": 0, "quantity": 0, "reason_code": reason}
        return self.client.put("/orders/cancel", json={"cancelations": [entry]})


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    shop = fill(MiraklShop())
    waiting = shop.place_order([("CUP", 1), ("COFFEE", 1)], state="WAITING_ACCEPTANCE")["order_id"]
    shipped = shop.place_order([("CUP", 1)], state="SHIPPED")["order_id"]
    shipping = shop.buy([("CUP", 1)])
    with SandboxServer(shop) as server, api_client(server.url, shop) as client:
        yield Bench(shop, client, waiting, shipping, shipped)


def line(order_id: str, index: int, accepted: Any = True) -> dict[str, Any]:
    return {"id": f"{order_id}-{index}", "accepted": accepted}


STATE = "ORDER_INVALID_STATE"
# Rule → (wrong request, expected status, expected code).
WRONG: dict[str, tuple[Callable[[Bench], httpx.Response], int, str]] = {
    "no_key": (lambda b: httpx.get(f"{b.client.base_url}orders", trust_env=False), 401, ""),
    "bearer": (lambda b: b.client.get("/orders", headers={"Authorization": f"Bearer {b.shop.api_key}"}), 401, ""),
    "other_shop": (lambda b: b.client.get("/orders?shop_id=7"), 403, ""),
    "unknown_operation": (lambda b: b.client.get("/sales"), 404, ""),
    "wrong_method": (lambda b: b.client.post(f"/orders/{b.shipping}/ship"), 405, ""),
    "page_size": (lambda b: b.client.get("/orders?max=101"), 400, "VALIDATION_ERROR"),
    "too_many_ids": (lambda b: b.client.get("/orders", params={"order_ids": SEVERAL_IDS}), 400, "VALIDATION_ERROR"),
    "unknown_state_filter": (lambda b: b.client.get("/orders?order_state_codes=SENT"), 400, "VALIDATION_ERROR"),
    "bad_date": (lambda b: b.client.get("/orders?start_date=2026-03-01T08:00:00"), 400, "VALIDATION_ERROR"),
    "bad_token": (lambda b: b.client.get("/offers/pricing/imports?page_token=abc"), 400, "VALIDATION_ERROR"),
    "bad_json": (
        lambda b: b.client.put(f"/orders/{b.shipping}/tracking", content=b"{", headers=JSON),
        400,
        "VALIDATION_ERROR",
    ),
    "no_json": (lambda b: b.client.put(f"/orders/{b.shipping}/tracking", content=b"a=b"), 415, ""),
    "unknown_order": (lambda b: b.client.put("/orders/X-A/ship"), 404, "ORDER_NOT_FOUND"),
    "accept_twice": (
        lambda b: b.client.put(f"/orders/{b.shipping}/accept", json={"order_lines": [line(b.shipping, 1)]}),
        400,
        STATE,
    ),
    "accept_incomplete": (lambda b: b.accept(line(b.waiting, 1)), 400, "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"),
    "accept_duplicate": (
        lambda b: b.accept(line(b.waiting, 1), line(b.waiting, 1)),
        400,
        "ORDER_LINE_DUPLICATE_ID",
    ),
    "accept_foreign_line": (lambda b: b.accept(line(b.shipping, 1)), 400, "ORDER_LINE_NOT_FOUND"),
    "accept_null": (lambda b: b.accept(line(b.waiting, 1), None), 400, "ORDER_LINE_NULL_ELEMENT"),
    "accept_untyped": (lambda b: b.accept(line(b.waiting, 1, "yes")), 400, "VALIDATION_ERROR"),
    "ship_twice": (lambda b: b.client.put(f"/orders/{b.shipped}/ship"), 400, STATE),
    "ship_unaccepted": (lambda b: b.client.put(f"/orders/{b.waiting}/ship"), 400, STATE),
    "unknown_carrier": (lambda b: b.track(carrier_code="UPS", tracking_number="1"), 400, "VALIDATION_ERROR"),
    "no_tracking_number": (lambda b: b.track(carrier_code="DHL"), 400, "VALIDATION_ERROR"),
    "no_carrier_name": (lambda b: b.track(tracking_number="1"), 400, "VALIDATION_ERROR"),
    "cancel_shipped": (lambda b: b.client.put(f"/orders/{b.shipped}/cancel"), 400, STATE),
    "cancel_lines_shipped": (lambda b: b.cancel(f"{b.shipped}-1"), 400, STATE),
    "cancel_reason": (lambda b: b.cancel(f"{b.shipping}-1", "17"), 400, "VALIDATION_ERROR"),
    "refund_too_high": (lambda b: b.refund(f"{b.shipped}-1", 500), 400, "VALIDATION_ERROR"),
    "refund_reason": (lambda b: b.refund(f"{b.shipped}-1", reason="14"), 400, "VALIDATION_ERROR"),
    "refund_unknown_line": (lambda b: b.refund(f"{b.shipped}-9"), 404, "ORDER_LINE_NOT_FOUND"),
    "refund_unpaid": (lambda b: b.refund(f"{b.waiting}-1"), 400, STATE),
    "too_many_references": (
        lambda b: b.client.put("/orders", json={"orders": [{"order_id": b.shipping}] * 101}),
        400,
        "VALIDATION_ERROR",
    ),
    "no_documents": (
        lambda b: b.client.post(f"/orders/{b.shipping}/documents", files={"files": ("a.pdf", b"x")}),
        400,
        "VALIDATION_ERROR",
    ),
    "no_multi_shipment": (lambda b: b.client.get("/shipments"), 403, ""),
    "no_file": (
        lambda b: b.client.post("/offers/stock/imports", files={"data": ("a.csv", b"x")}),
        400,
        "VALIDATION_ERROR",
    ),
    "import_no_form": (lambda b: b.client.post("/offers/stock/imports", json={}), 415, ""),
    "import_mode": (lambda b: b.client.post("/offers/imports", files=csv_file("sku")), 400, "VALIDATION_ERROR"),
    "offer_fields": (
        lambda b: b.client.post("/offers", json={"offers": [{"shop_sku": "CUP", "quantity": 3}]}),
        400,
        "VALIDATION_ERROR",
    ),
    "unknown_import": (lambda b: b.client.get("/offers/stock/imports/1/status"), 404, ""),
    "unknown_values_list": (lambda b: b.client.get("/values_lists?code=moods"), 404, ""),
    "unknown_reason_type": (lambda b: b.client.get("/reasons/MOOD"), 400, "VALIDATION_ERROR"),
}


def test_every_rule_has_a_wrong_request() -> None:
    assert {rule.id for rule in RULES} == set(WRONG)
    assert len(RULES) == len(WRONG)


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_a_wrong_request_is_refused_and_changes_nothing(rule: str, bench: Bench) -> None:
    send, status, code = WRONG[rule]
    before = dict(bench.shop.orders)
    answer = send(bench)
    assert (answer.status_code, answer.json()["status"], answer.json().get("code", "")) == (status, status, code)
    assert answer.json()["message"]
    assert (bench.shop.effects, bench.shop.orders) == ([], before)
