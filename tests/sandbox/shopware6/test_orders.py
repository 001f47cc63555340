"""Orders: amounts that add up, stock that goes down, states, and what only an association shows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.server import SandboxServer
from sandbox.shopware6 import Basket, Shopware6Shop
from sandbox.shopware6.machines import state_id
from tests.sandbox.shopware6.support import api_client, fill, first

EVERYTHING = {
    "lineItems": {},
    "deliveries": {"associations": {"stateMachineState": {}}},
    "transactions": {"associations": {"stateMachineState": {}}},
    "orderCustomer": {"associations": {"customer": {}}},
    "stateMachineState": {},
    "tags": {},
}


@pytest.fixture(scope="module")
def shop() -> Shopware6Shop:
    shop = fill(Shopware6Shop())
    shop.seed(articles=60, orders=250, seed=5)
    return shop


@pytest.fixture(scope="module")
def client(shop: Shopware6Shop) -> Iterator[httpx.Client]:
    with SandboxServer(shop), api_client(shop) as client:
        yield client


def order(client: httpx.Client, row_id: str) -> Any:
    return first(client, "order", ids=[row_id], associations=EVERYTHING)


def money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def test_a_gross_order_has_the_vendors_amounts(shop: Shopware6Shop, client: httpx.Client) -> None:
    found = order(client, shop.place_order(Basket([("KB-300", 2), ("BU-9", 1)], promotion=("ZEHN", Decimal(10)))))
    assert [(line["type"], line["unitPrice"], line["totalPrice"]) for line in by_position(found)] == [
        ("product", 12.9, 25.8),
        ("product", 24.95, 24.95),
        ("promotion", -5.08, -5.08),
    ]
    assert (found["positionPrice"], found["shippingTotal"], found["amountTotal"]) == (45.67, 4.99, 50.66)
    taxes = {tax["taxRate"]: tax["tax"] for tax in found["price"]["calculatedTaxes"]}
    # 19 %: 4.12 − 0.41 + 0.41; 7 %: 1.63 − 0.16 + 0.16
    assert taxes == {19.0: 4.12, 7.0: 1.63}
    assert (found["amountNet"], found["taxStatus"]) == (44.91, "gross")


def test_a_net_order_adds_its_taxes(shop: Shopware6Shop, client: httpx.Client) -> None:
    found = order(client, shop.place_order(Basket([("KB-300", 3)], tax_status="net", channel="b2b")))
    (line,) = found["lineItems"]
    assert (line["unitPrice"], line["totalPrice"], line["price"]["calculatedTaxes"][0]["tax"]) == (10.84, 32.52, 6.18)
    assert (found["amountNet"], found["amountTotal"]) == (36.71, 43.69)


def test_a_tax_free_order_has_no_taxes(shop: Shopware6Shop, client: httpx.Client) -> None:
    found = order(client, shop.place_order(Basket([("KB-300", 1)], tax_status="tax-free", currency="CHF")))
    assert found["price"]["calculatedTaxes"] == []
    assert (found["amountNet"], found["currencyFactor"]) == (found["amountTotal"], 0.95)


def by_position(found: Any) -> list[Any]:
    return sorted(found["lineItems"], key=lambda line: line["position"])


def test_every_seeded_order_adds_up_to_the_cent(shop: Shopware6Shop, client: httpx.Client) -> None:
    found = client.post("/search/order", json={"limit": 500, "associations": EVERYTHING}).json()["data"]
    kinds = set()
    for one in found:
        lines = [line for line in one["lineItems"] if line["parentId"] is None]
        kinds |= {line["type"] for line in one["lineItems"]} | {one["taxStatus"], len(one["deliveries"])}
        shipping = sum(money(d["shippingCosts"]["totalPrice"]) for d in one["deliveries"])
        tax = sum(money(t["tax"]) for t in one["price"]["calculatedTaxes"])
        position = sum(money(line["totalPrice"]) for line in lines)
        assert money(one["positionPrice"]) == position
        added = tax if one["taxStatus"] == "net" else Decimal(0)
        assert money(one["amountTotal"]) == position + shipping + added
        assert money(one["amountNet"]) == money(one["amountTotal"]) - tax
        assert all(line["unitPrice"] * line["quantity"] == pytest.approx(line["totalPrice"]) for line in lines)
    assert kinds >= {"product", "promotion", "credit", "container", "gross", "net", "tax-free", 1, 2}


def test_stock_goes_down_with_the_order_and_comes_back_with_its_cancellation(
    shop: Shopware6Shop, client: httpx.Client
) -> None:
    before = shop.ledger().stock["TS-S"]
    placed = shop.buy([("TS-S", 3)])
    assert first(client, "product", filter=[equals("productNumber", "TS-S")])["availableStock"] == before - 3
    client.post(f"/_action/order/{placed}/state/cancel")
    assert shop.ledger().stock["TS-S"] == before
    assert shop.ledger().orders[placed].is_cancelled


def equals(field: str, value: Any) -> dict[str, Any]:
    return {"type": "equals", "field": field, "value": value}


def test_states_and_parts_show_only_with_their_association(shop: Shopware6Shop, client: httpx.Client) -> None:
    placed = shop.buy([("KB-300", 1)])
    plain = first(client, "order", ids=[placed])
    assert [plain[name] for name in ("stateMachineState", "lineItems", "orderCustomer")] == [None, None, None]
    full = order(client, placed)
    assert full["stateMachineState"]["technicalName"] == "open"
    assert full["transactions"][0]["stateMachineState"]["technicalName"] == "paid"


def test_an_order_is_acknowledged_shipped_and_completed(shop: Shopware6Shop, client: httpx.Client) -> None:
    placed = shop.buy([("KB-300", 1)])
    delivery = order(client, placed)["deliveries"][0]["id"]
    client.patch(f"/order-delivery/{delivery}", json={"trackingCodes": ["A", "B"]})
    answers = [
        client.post(f"/_action/order/{placed}/state/process"),
        client.post(f"/_action/order_delivery/{delivery}/state/ship"),
        client.post(f"/_action/order/{placed}/state/complete"),
    ]
    assert [answer.json()["technicalName"] for answer in answers] == ["in_progress", "shipped", "completed"]
    facts = shop.ledger().orders[placed]
    assert (facts.is_shipped, facts.is_acknowledged, facts.tracking) == (True, True, ("A", "B"))


def test_a_transition_that_was_made_already_changes_nothing(shop: Shopware6Shop, client: httpx.Client) -> None:
    placed = shop.buy([("KB-300", 1)])
    client.post(f"/_action/order/{placed}/state/process")
    changed, effects = order(client, placed)["updatedAt"], len(shop.effects)
    again = client.post(f"/_action/order/{placed}/state/process")
    assert (again.status_code, again.json()["technicalName"]) == (200, "in_progress")
    assert (order(client, placed)["updatedAt"], len(shop.effects)) == (changed, effects)


def test_a_refund_is_noted(shop: Shopware6Shop, client: httpx.Client) -> None:
    placed = shop.buy([("KB-300", 1)])
    transaction = order(client, placed)["transactions"][0]["id"]
    client.post(f"/_action/order_transaction/{transaction}/state/refund")
    facts = shop.ledger().orders[placed]
    assert facts.refunded == facts.total == Decimal("17.89")


def test_a_guest_an_account_and_a_second_payment(shop: Shopware6Shop, client: httpx.Client) -> None:
    found = order(
        client, shop.place_order(Basket([("KB-300", 1)], failed_payments=1, tags=("Eilig",), comment="Hallo"))
    )
    assert found["orderCustomer"]["customer"]["guest"] is True
    assert {one["stateMachineState"]["technicalName"] for one in found["transactions"]} == {"failed", "paid"}
    assert ([tag["name"] for tag in found["tags"]], found["customerComment"]) == (["Eilig"], "Hallo")
    seeded = first(client, "order", filter=[equals("orderCustomer.customer.guest", False)])
    assert seeded["orderNumber"]


def test_a_payment_provider_notes_captures_and_their_refunds(shop: Shopware6Shop, client: httpx.Client) -> None:
    placed = shop.buy([("KB-300", 1)])
    payment = order(client, placed)["transactions"][0]
    nested: Any = {"stateMachineState": {}, "refunds": {"associations": {"stateMachineState": {}, "positions": {}}}}
    asked = {"transactions": {"associations": {"captures": {"associations": nested}}}}
    assert first(client, "order", ids=[placed], associations=asked)["transactions"][0]["captures"] == []
    part = {"orderLineItemId": order(client, placed)["lineItems"][0]["id"], "quantity": 1, "amount": payment["amount"]}
    refund = {"stateId": state_id("order_transaction_capture_refund.state", "completed"), "amount": payment["amount"]}
    capture = {
        "orderTransactionId": payment["id"],
        "stateId": state_id("order_transaction_capture.state", "completed"),
        "amount": payment["amount"],
        "refunds": [{**refund, "externalReference": "R-1", "reason": "Retoure", "positions": [part]}],
    }
    assert client.post("/order-transaction-capture", json=capture).status_code == 204
    (found,) = first(client, "order", ids=[placed], associations=asked)["transactions"][0]["captures"]
    (given,) = found["refunds"]
    assert (given["externalReference"], given["reason"]) == ("R-1", "Retoure")
    assert given["stateMachineState"]["technicalName"] == "completed"
    assert [one["quantity"] for one in given["positions"]] == [1]
